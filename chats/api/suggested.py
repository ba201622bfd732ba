"""Replies that are proposed, and what is decided about them."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging
from chats import decisions, suggestions
from chats.api.acts import A_REPLY, act, chat_of, decided
from chats.models import (
    Suggestion,
)
from chats.serializers import (
    AcceptIn,
    DecisionOut,
    EditIn,
    PromoSuggestion,
    SkipIn,
    SuggestionOut,
    SuggestionQuery,
    rejected,
    said,
)
from promos.endpoint import SEND, SUGGEST, Endpoint, idempotent, one
from promos.serializers import listing

TAG = "suggestions"


class PromoSuggestionOfChat(Endpoint):
    """The code proposed for a chat."""

    needs = {"GET": SUGGEST}

    @extend_schema(
        tags=[TAG],
        operation_id="promoSuggestion",
        summary=_("The code and the reply proposed for a chat"),
        description=_(
            "Made now if the newest message has none yet. “code” is null when no "
            "code should be offered; “reason” says why."
        ),
        responses={200: PromoSuggestion},
    )
    def get(self, request: Request, id: str) -> Response:
        made = suggestions.suggest(chat_of(id), now=timezone.now())
        if made is None or made.state != Suggestion.State.SHOWN:
            return Response(_nothing())
        return Response(_proposed(made))


class Suggestions(Endpoint):
    """Proposed replies."""

    needs = {"GET": SUGGEST}

    @extend_schema(
        tags=[TAG],
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
        tags=[TAG],
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
        tags=[TAG],
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
        tags=[TAG],
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
        tags=[TAG],
        operation_id="skipSuggestion",
        summary=_("Skip the suggestion"),
        request=SkipIn,
        responses={201: DecisionOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        suggestion = _suggestion(id)
        given = self.body(SkipIn)
        return decided(
            decisions.decide,
            suggestion,
            kind="skip",
            skip_reason=given["reason"],
            skip_note=given["note"],
            seen_event_id=suggestion.event_id,
            **act(self),
        )


def _suggestion(pk: str) -> Suggestion:
    """Return the suggestion, or raise Http404."""
    rows = Suggestion.objects.select_related("chat", "analysis", "promo_code")
    return one(rows, pk)


def _decide(
    view: Endpoint, suggestion: Suggestion, kind: str, given: Mapping[str, Any]
) -> Response:
    """Decide to send, in the suggested words or others."""
    return decided(
        decisions.decide,
        suggestion,
        kind=kind,
        text=given.get("text", ""),
        with_code=given["with_code"],
        seen_event_id=given.get("seen_event_id", suggestion.event_id),
        force=given["force"],
        undo_seconds=0,
        **act(view),
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
