"""What colleagues do to chats without writing to the buyer, and how it is undone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.dateparse import parse_datetime

from chats import live
from chats.models import Chat, ChatAct


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
    )
    chats = []
    for act in acts:
        before = dict(act.before)
        if before.get("snoozed_until"):
            before["snoozed_until"] = parse_datetime(before["snoozed_until"])
        for name, value in before.items():
            setattr(act.chat, name, value)
        act.chat.changed_at = now
        chats.append(act.chat)
    Chat.objects.bulk_update(chats, ["assignee", "snoozed_until", "tags", "changed_at"])
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
    name = values.get("tag")
    tagged = bool(name) and all(name in chat.tags for chat in chats)
    for chat in chats:
        if name:
            rest = [tag for tag in chat.tags if tag != name]
            chat.tags = rest if tagged else [*rest, name]
        else:
            for field, value in values.items():
                setattr(chat, field, value)
        chat.changed_at = now
    Chat.objects.bulk_update(chats, ["assignee", "snoozed_until", "tags", "changed_at"])
    ChatAct.objects.bulk_create(acts)
    live.bump(seller.pk)
    return batch


def _before(chat: Chat) -> dict[str, Any]:
    until = chat.snoozed_until
    return {
        "assignee_id": chat.assignee_id,
        "snoozed_until": until.isoformat() if until else None,
        "tags": list(chat.tags),
    }
