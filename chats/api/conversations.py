"""Chats and what was said in them."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging, problems
from agentiq.problems import FieldError, Problem
from chats import decisions
from chats.api.acts import A_REPLY, act, chat_of, decided
from chats.models import (
    Chat,
    Message,
    Outgoing,
)
from chats.serializers import (
    ChatOut,
    ChatQuery,
    ChatWhole,
    DecisionOut,
    MessageOut,
    MessageQuery,
    OutgoingOut,
    WriteIn,
)
from promos.endpoint import READ, SEND, Endpoint, idempotent, one
from promos.models import PromoCode
from promos.serializers import listing

TAG = "chats"


class Chats(Endpoint):
    """Chats of the shop."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="listChats",
        summary=_("Chats, newest first"),
        parameters=[ChatQuery],
        responses={200: listing(ChatOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(ChatQuery)
        found = Chat.objects.select_related("assignee")
        if given["waiting"] is not None:
            found = found.filter(waiting_since__isnull=not given["waiting"])
        if "nm_id" in given:
            found = found.filter(nm_id=given["nm_id"])
        if "intent" in given:
            found = found.filter(intent=given["intent"])
        if "changed_since" in given:
            found = found.filter(changed_at__gte=given["changed_since"])
        return self.listed(
            found, paging.Order(), given, lambda rows: ChatOut(rows, many=True).data
        )


class OneChat(Endpoint):
    """One chat."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="readChat",
        summary=_("One chat with its orders"),
        description=_("“id” is ours or WB's."),
        responses={200: ChatWhole},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(ChatWhole(chat_of(id)).data)


class Messages(Endpoint):
    """What was said in a chat."""

    needs = {"GET": READ, "POST": SEND}

    @extend_schema(
        tags=[TAG],
        operation_id="listMessages",
        summary=_("Messages of a chat, oldest first"),
        parameters=[MessageQuery],
        responses={200: listing(MessageOut)},
    )
    def get(self, request: Request, id: str) -> Response:
        given = self.query(MessageQuery)
        found = Message.objects.filter(chat=chat_of(id)).prefetch_related("attachments")
        if "since" in given:
            found = found.since(given["since"])
        return self.listed(
            found,
            paging.Order("added_at", newest_first=False),
            given,
            lambda rows: MessageOut(rows, many=True).data,
        )

    @extend_schema(
        tags=[TAG],
        operation_id="writeMessage",
        summary=_("Write to the buyer"),
        description=_(
            "Queued at once, sent within seconds; read /api/outgoing/{id} for what "
            "became of it. Give an Idempotency-Key: a buyer must not read it twice."
        ),
        request=WriteIn,
        responses={201: DecisionOut},
        examples=[A_REPLY],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        chat = chat_of(id)
        given = self.body(WriteIn)
        return decided(
            decisions.write,
            chat,
            text=given["text"],
            promo_code=_code(given.get("promo_code_id")),
            seen_event_id=given.get("seen_event_id", chat.last_event_id),
            force=given["force"],
            undo_seconds=0,
            **act(self),
        )


class OneOutgoing(Endpoint):
    """A reply on its way."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="readOutgoing",
        summary=_("What became of a reply"),
        responses={200: OutgoingOut},
    )
    def get(self, request: Request, id: str) -> Response:
        rows = Outgoing.objects.select_related("promo_code")
        return Response(OutgoingOut(one(rows, id)).data)


def _code(pk: int | None) -> PromoCode | None:
    """Return the code to go with a text. Raises Problem for one that is not there."""
    if pk is None:
        return None
    found = PromoCode.objects.filter(pk=pk).first()
    if found is None:
        messages = problems.in_languages(_("The shop has no such code."), {})
        error = FieldError(("promo_code_id",), "not_found", messages)
        raise Problem("invalid", errors=[error])
    return found
