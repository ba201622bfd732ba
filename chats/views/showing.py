"""Contexts that several pages of the desk share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from chats import conversation, desk, labels, lines, live, reasons, whynot
from chats.access import may_write
from chats.desk import Filters
from chats.forms import FilterForm
from chats.models import Chat, Presence, Suggestion


def filters_of(request: HttpRequest) -> Filters:
    """Return the list's filters, from the address or from the page that posts."""
    posted = QueryDict(request.POST.get("list", ""))
    return FilterForm(posted if request.method == "POST" else request.GET).filters()


def chat_of(request: HttpRequest, pk: int) -> Chat:
    """Return the shop's chat; another shop's does not exist here."""
    seller = request.seller  # type: ignore[attr-defined]
    found = conversation.named(seller.pk, pk)
    if found is None:
        raise Http404
    found.seller = seller
    return found


def list_context(request: HttpRequest) -> dict[str, Any]:
    """Return one page of the list, its filters with their counts, who is where."""
    now = timezone.now()
    seller, filters = request.seller, filters_of(request)  # type: ignore[attr-defined]
    user = request.user
    page = desk.page(
        seller, filters, operator_id=user.pk, after=request.GET.get("after", "")
    )
    present = conversation.present(seller, now=now, but=user.pk)
    counts = desk.tallies(seller)
    kept = request.GET.copy()
    kept.pop("after", None)
    return {
        "page": page,
        "lines": lines.chats(
            page.chats,
            kept=kept.urlencode(),
            present=present,
            operator_id=user.pk,
            can_write=may_write(request),
            now=now,
        ),
        "filters": filters,
        "scopes": lines.scopes(filters, counts, mine=f"mine:{user.pk}"),
        "facets": lines.facets(filters, counts),
        "waiting": counts.get("waiting", 0),
        "kept": kept.urlencode(),
        "ticket": live.ticket(seller.pk, user.pk),
        "version": live.version(seller.pk),
        "can_write": may_write(request),
    }


def chat_context(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """Return an open chat: its last messages, the card, the composer."""
    now = timezone.now()
    suggestion = conversation.open_suggestion(chat)
    messages, earlier = conversation.last(chat)
    conversation.mark(messages, suggestion.analysis if suggestion else None)
    beside = conversation.beside(chat, operator_id=request.user.pk, now=now)
    return {
        "chat": chat,
        "timeline": messages,
        "messages_shown": lines.messages(messages, chat),
        "earlier": earlier,
        "newest": max((message.pk for message in messages), default=0),
        "outgoing": conversation.under_way(chat) if beside.under_way else (),
        "notes": list(chat.notes.select_related("author").order_by("pk"))
        if beside.notes
        else (),
        "draft": beside.draft,
        "present": present_in(request, chat, now) if beside.others else (),
        "can_write": may_write(request),
        "now": now,
        "write_key": uuid4(),
        **card_context(suggestion, now=now),
        **no_card(chat, suggestion),
    }


def no_card(chat: Chat, suggestion: Suggestion | None) -> dict[str, bool]:
    """Return why there is no card: it is still made, or was decided upon."""
    waits = suggestion is None and chat.waiting_since is not None
    return {"decided": waits and conversation.is_decided(chat)}


def present_in(request: HttpRequest, chat: Chat, now: datetime) -> Sequence[Presence]:
    """Return who else has the chat open."""
    seller, me = request.seller, request.user.pk  # type: ignore[attr-defined]
    return conversation.present(seller, now=now, but=me).get(chat.pk, ())


def card_context(suggestion: Suggestion | None, *, now: datetime) -> dict[str, Any]:
    """Return what the card shows, all of it from the stored snapshot."""
    if suggestion is None:
        return {"suggestion": None, "key": uuid4()}
    snapshot = suggestion.snapshot
    analysis = suggestion.analysis
    rejected = [
        {
            **one,
            "why": whynot.against(one),
            "usable": not one.get("reasons"),
        }
        for one in snapshot.get("rejected", ())
    ]
    return {
        "suggestion": suggestion,
        "analysis": analysis,
        "code": suggestion.promo_code,
        "why": reasons.suggestion(suggestion.reason),
        "rejected": rejected,
        "snapshot": snapshot,
        "intent_sure": labels.confidence(analysis.intent_confidence),
        "mood_sure": labels.confidence(analysis.sentiment_confidence),
        "flags": [labels.flag(word) for word in snapshot.get("flags", ())],
        "text": suggestion.text,
        "key": uuid4(),
        "skips": reasons.SKIPS.items(),
        "intents": labels.INTENTS.items(),
        "moods": labels.MOODS.items(),
        "cautions": labels.FLAGS.items(),
    }
