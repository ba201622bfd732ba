"""What colleagues do to chats without writing to the buyer, and how it is undone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.dateparse import parse_datetime

from chats import clocks, live
from chats.models import Chat, ChatAct

CHANGED = ("assignee", "snoozed_until", "tags", "low_rated_at", "due_at", "changed_at")
MOMENTS = ("snoozed_until", "low_rated_at")


def assign(chats: Iterable[int], assignee: Any, **who: Any) -> UUID:
    """Give the chats to a person, or to nobody. Returns what undoes it."""
    return _change(chats, ChatAct.Kind.ASSIGN, {"assignee": assignee}, **who)


def snooze(chats: Iterable[int], until: datetime, **who: Any) -> UUID:
    """Put the chats off until a moment or the buyer's next message."""
    return _change(chats, ChatAct.Kind.SNOOZE, {"snoozed_until": until}, **who)


def wake(chats: Iterable[int], **who: Any) -> UUID:
    """Take up chats that were put off."""
    return _change(chats, ChatAct.Kind.WAKE, {"snoozed_until": None}, **who)


def tag(chats: Iterable[int], name: str, **who: Any) -> UUID:
    """Put a tag on the chats; where all have it, take it off."""
    return _change(chats, ChatAct.Kind.TAG, {"tag": name}, **who)


def rate_low(chats: Iterable[int], at: datetime | None, **who: Any) -> UUID:
    """
    Note that the buyers left a low rating at a moment; None takes the mark off.

    From then on WB's 72 hours run in the chat, beside the clocks of every chat.
    """
    return _change(chats, ChatAct.Kind.LOW_RATING, {"low_rated_at": at}, **who)


def wake_due(seller: Any, *, now: datetime) -> int:
    """Bring back chats whose time has come."""
    due = Chat.objects.filter(seller=seller, snoozed_until__lte=now)
    woken = due.update(snoozed_until=None, changed_at=now)
    if woken:
        live.bump(seller.pk)
    return woken


@transaction.atomic
def undo(seller: Any, batch: UUID, *, operator: Any, now: datetime) -> int:
    """Put the chats of one act back as they were; the number of chats."""
    acts = list(
        ChatAct.objects.filter(seller=seller, batch=batch, operator=operator)
        .exclude(kind=ChatAct.Kind.UNDO)
        .select_related("chat")
        .select_for_update(of=("chat",), no_key=True)
        .order_by("chat_id")
    )
    chats, own = [], clocks.of(seller.pk)
    for act in acts:
        for name, value in act.before.items():
            value = parse_datetime(value) if value and name in MOMENTS else value
            setattr(act.chat, name, value)
        if act.kind == ChatAct.Kind.LOW_RATING:
            act.chat.due_at = clocks.due_at(act.chat, own)
        act.chat.changed_at = now
        chats.append(act.chat)
    Chat.objects.bulk_update(chats, CHANGED)
    ChatAct.objects.bulk_create(
        ChatAct(
            seller=seller, chat=chat, operator=operator, kind=ChatAct.Kind.UNDO, at=now
        )
        for chat in chats
    )
    live.bump(seller.pk)
    return len(chats)


@transaction.atomic
def _change(
    pks: Iterable[int],
    kind: str,
    values: dict[str, Any],
    *,
    seller: Any,
    operator: Any,
    now: datetime,
) -> UUID:
    """Change the chats and keep how each was before, as one batch."""
    batch = uuid4()
    rows = Chat.objects.select_for_update().filter(seller=seller, pk__in=list(pks))
    chats = list(rows.order_by("pk"))
    acts = [
        ChatAct(
            seller=seller,
            chat=chat,
            operator=operator,
            kind=kind,
            before=_before(chat),
            batch=batch,
            at=now,
        )
        for chat in chats
    ]
    name, own = values.get("tag"), clocks.of(seller.pk)
    tagged = bool(name) and all(name in chat.tags for chat in chats)
    for chat in chats:
        if name:
            rest = [tag for tag in chat.tags if tag != name]
            chat.tags = rest if tagged else [*rest, name]
        else:
            for field, value in values.items():
                setattr(chat, field, value)
        if kind == ChatAct.Kind.LOW_RATING:
            chat.due_at = clocks.due_at(chat, own)
        chat.changed_at = now
    Chat.objects.bulk_update(chats, CHANGED)
    ChatAct.objects.bulk_create(acts)
    live.bump(seller.pk)
    return batch


def _before(chat: Chat) -> dict[str, Any]:
    moments = {name: getattr(chat, name) for name in MOMENTS}
    return {
        "assignee_id": chat.assignee_id,
        "tags": list(chat.tags),
        **{name: at.isoformat() if at else None for name, at in moments.items()},
    }
