"""The API of chats: what buyers wrote, what is suggested, and how the shop is doing."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging, problems
from agentiq.problems import FieldError, Problem
from chats import decisions, reasons, suggestions, tasks, wording
from chats.models import (
    Chat,
    Decision,
    FeedCursor,
    Message,
    Outgoing,
    Suggestion,
)
from chats.serializers import (
    AcceptIn,
    ChatOut,
    ChatQuery,
    ChatWhole,
    DecisionOut,
    EditIn,
    HealthOut,
    MessageOut,
    MessageQuery,
    OutgoingOut,
    PromoSuggestion,
    SkipIn,
    SuggestionOut,
    SuggestionQuery,
    WriteIn,
    rejected,
    said,
)
from promos.api import one
from promos.endpoint import READ, SEND, SUGGEST, Endpoint, idempotent
from promos.models import PromoCode
from promos.serializers import listing

CHATS, SUGGESTIONS = "chats", "suggestions"
WRONG_TEXT = frozenset({"policy", "too_long", "empty", "no_code", "code_not_in_text"})
A_REPLY = OpenApiExample(
    "THANKS10",
    value={"text": "Спасибо за отзыв! Дарим 10 % по промокоду THANKS10."},
    request_only=True,
)


class Chats(Endpoint):
    """Chats of the shop."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[CHATS],
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
        tags=[CHATS],
        operation_id="readChat",
        summary=_("One chat with its orders"),
        description=_("“id” is ours or WB's."),
        responses={200: ChatWhole},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(ChatWhole(_chat(id)).data)


class Messages(Endpoint):
    """What was said in a chat."""

    needs = {"GET": READ, "POST": SEND}

    @extend_schema(
        tags=[CHATS],
        operation_id="listMessages",
        summary=_("Messages of a chat, oldest first"),
        parameters=[MessageQuery],
        responses={200: listing(MessageOut)},
    )
    def get(self, request: Request, id: str) -> Response:
        given = self.query(MessageQuery)
        found = Message.objects.filter(chat=_chat(id)).prefetch_related("attachments")
        if "since" in given:
            found = found.since(given["since"])
        return self.listed(
            found,
            paging.Order("added_at", newest_first=False),
            given,
            lambda rows: MessageOut(rows, many=True).data,
        )

    @extend_schema(
        tags=[CHATS],
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
        chat = _chat(id)
        given = self.body(WriteIn)
        return _decided(
            decisions.write,
            chat,
            text=given["text"],
            promo_code=_code(given.get("promo_code_id")),
            seen_event_id=given.get("seen_event_id", chat.last_event_id),
            force=given["force"],
            undo_seconds=0,
            **_act(self),
        )


class PromoSuggestionOfChat(Endpoint):
    """The code proposed for a chat."""

    needs = {"GET": SUGGEST}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="promoSuggestion",
        summary=_("The code and the reply proposed for a chat"),
        description=_(
            "Made now if the newest message has none yet. “code” is null when no "
            "code should be offered; “reason” says why."
        ),
        responses={200: PromoSuggestion},
    )
    def get(self, request: Request, id: str) -> Response:
        made = suggestions.suggest(_chat(id), now=timezone.now())
        if made is None or made.state != Suggestion.State.SHOWN:
            return Response(_nothing())
        return Response(_proposed(made))


class Suggestions(Endpoint):
    """Proposed replies."""

    needs = {"GET": SUGGEST}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="listSuggestions",
        summary=_("Suggestions, newest first; open ones unless “state” is given"),
        parameters=[SuggestionQuery],
        responses={200: listing(SuggestionOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(SuggestionQuery)
        found = Suggestion.objects.select_related("chat", "analysis", "promo_code")
        if given["state"] != "all":
            found = found.filter(state=given["state"])
        return self.listed(
            found,
            paging.Order(),
            given,
            lambda rows: SuggestionOut(rows, many=True).data,
        )


class OneSuggestion(Endpoint):
    """One proposed reply."""

    needs = {"GET": SUGGEST}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="readSuggestion",
        summary=_("One suggestion"),
        responses={200: SuggestionOut},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(SuggestionOut(_suggestion(id)).data)


class Accept(Endpoint):
    """The suggestion as it is."""

    needs = {"POST": SEND}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="acceptSuggestion",
        summary=_("Send the suggestion"),
        description=_(
            "Refused with 409 stale and the news when the buyer wrote meanwhile."
        ),
        request=AcceptIn,
        responses={201: DecisionOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        suggestion = _suggestion(id)
        return _decide(self, suggestion, "accept", self.body(AcceptIn))


class Edit(Endpoint):
    """Other words than the suggested ones."""

    needs = {"POST": SEND}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="editSuggestion",
        summary=_("Send the suggestion in other words"),
        description=_(
            "What may not leave (contacts, links, promises, another discount) is "
            "refused, each with its pointer."
        ),
        request=EditIn,
        responses={201: DecisionOut},
        examples=[A_REPLY],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        suggestion = _suggestion(id)
        return _decide(self, suggestion, "edit", self.body(EditIn))


class Skip(Endpoint):
    """No answer."""

    needs = {"POST": SEND}

    @extend_schema(
        tags=[SUGGESTIONS],
        operation_id="skipSuggestion",
        summary=_("Skip the suggestion"),
        request=SkipIn,
        responses={201: DecisionOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        suggestion = _suggestion(id)
        given = self.body(SkipIn)
        return _decided(
            decisions.decide,
            suggestion,
            kind="skip",
            skip_reason=given["reason"],
            skip_note=given["note"],
            seen_event_id=suggestion.event_id,
            **_act(self),
        )


class OneOutgoing(Endpoint):
    """A reply on its way."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[CHATS],
        operation_id="readOutgoing",
        summary=_("What became of a reply"),
        responses={200: OutgoingOut},
    )
    def get(self, request: Request, id: str) -> Response:
        rows = Outgoing.objects.select_related("promo_code")
        return Response(OutgoingOut(one(rows, id)).data)


class Health(Endpoint):
    """How the shop is doing."""

    needs = {"GET": READ}

    @extend_schema(
        tags=["shop"],
        operation_id="health",
        summary=_("Whether messages come in and replies go out"),
        responses={200: HealthOut},
    )
    def get(self, request: Request) -> Response:
        feed = FeedCursor.objects.filter(seller=self.seller).first() or FeedCursor()
        rows = Outgoing.objects.unsettled().order_by().values_list("status")
        counts = dict(rows.annotate(count=Count("pk")).values_list("status", "count"))
        outgoing = {str(status): counts.get(status, 0) for status in Outgoing.OPEN}
        troubled = feed.failures or outgoing["unknown"]
        document = {
            "status": "degraded" if troubled else "ok",
            "feed": feed,
            "outgoing": outgoing,
            "waiting_chats": Chat.objects.waiting().count(),
        }
        return Response(HealthOut(document).data)


def _chat(pk: str) -> Chat:
    """Return the chat by our id or WB's, of the caller's shop, or raise Http404."""
    if "\0" in pk or len(pk) > 100:
        raise Http404
    rows = Chat.objects.select_related("assignee")
    if pk.isascii() and pk.isdigit() and len(pk) < 19:
        return get_object_or_404(rows, pk=int(pk))
    return get_object_or_404(rows, wb_chat_id=pk)


def _suggestion(pk: str) -> Suggestion:
    """Return the suggestion, or raise Http404."""
    rows = Suggestion.objects.select_related("chat", "analysis", "promo_code")
    return one(rows, pk)


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


def _act(view: Endpoint) -> dict[str, Any]:
    """Return who acts, when, and the key that makes the act one."""
    given = view.request.META.get("HTTP_IDEMPOTENCY_KEY")
    name = f"{view.seller.pk}:{view.caller.name}:{view.request.path}:{given}"
    key = uuid.uuid5(uuid.NAMESPACE_URL, name) if given else uuid.uuid4()
    return {"operator": view.caller.operator, "key": key, "now": timezone.now()}


def _decide(
    view: Endpoint, suggestion: Suggestion, kind: str, given: Mapping[str, Any]
) -> Response:
    """Decide to send, in the suggested words or others."""
    return _decided(
        decisions.decide,
        suggestion,
        kind=kind,
        text=given.get("text", ""),
        with_code=given["with_code"],
        seen_event_id=given.get("seen_event_id", suggestion.event_id),
        force=given["force"],
        undo_seconds=0,
        **_act(view),
    )


def _decided(act: Callable[..., Decision], *args: Any, **kwargs: Any) -> Response:
    """Take a decision and answer it; a refusal becomes a problem."""
    try:
        decision = act(*args, **kwargs)
    except decisions.Refused as refused:
        raise _refusal(refused) from None
    tasks.send_due.delay_on_commit()
    document = {
        "id": decision.pk,
        "kind": decision.kind,
        "decided_at": decision.decided_at,
        "outgoing": decision.outgoing.select_related("promo_code").first(),
    }
    return Response(DecisionOut(document).data, 201)


def _refusal(refused: decisions.Refused) -> Problem:
    """Return why a reply was not taken, with what to change or what is new."""
    errors = []
    for violation in refused.violations:
        messages = {}
        for language in problems.LANGUAGES:
            with translation.override(language):
                messages[language] = wording.advice(violation)
        errors.append(FieldError(("text",), violation.kind.value, messages))
    extra = {"news": MessageOut(refused.news, many=True).data} if refused.news else {}
    return Problem(
        refused.code,
        status=400 if refused.code in WRONG_TEXT else 409,
        sentence=reasons.REFUSED[refused.code],
        errors=errors,
        extra=extra,
    )


def _proposed(made: Suggestion) -> dict[str, Any]:
    """Return a suggestion under the names integrations were promised."""
    code = made.promo_code
    return PromoSuggestion(
        {
            "code": code.code if code else None,
            "discount_percent": code.discount_percent if code else None,
            "message_template": made.text,
            "reason": made.reason,
            "reason_text": said(made.reason),
            "expires_at": code.expires_at if code else None,
            "promo_code_id": code.pk if code else None,
            "suggestion_id": made.pk,
            "intent": made.analysis.intent,
            "sentiment": made.analysis.sentiment,
            "use_case": made.use_case or None,
            "rejected": rejected(made),
        }
    ).data


def _nothing() -> dict[str, Any]:
    """Return the answer for a chat whose buyer waits for nothing."""
    reason = "nothing_to_answer"
    empty = dict.fromkeys(PromoSuggestion().fields)
    return empty | {"reason": reason, "reason_text": said(reason), "rejected": []}
