"""The API of chats: what buyers wrote, what is suggested, and how the shop is doing."""

from typing import Any

from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging
from chats import suggestions
from chats.models import Chat, FeedCursor, Message, Outgoing, Suggestion
from chats.serializers import (
    ChatOut,
    ChatQuery,
    ChatWhole,
    HealthOut,
    MessageOut,
    MessageQuery,
    PromoSuggestion,
    SuggestionOut,
    SuggestionQuery,
    rejected,
    said,
)
from promos.endpoint import READ, SUGGEST, Endpoint
from promos.serializers import listing

CHATS, SUGGESTIONS = "chats", "suggestions"


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

    needs = {"GET": READ}

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
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    rows = Suggestion.objects.select_related("chat", "analysis", "promo_code")
    return get_object_or_404(rows, pk=int(pk))


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
