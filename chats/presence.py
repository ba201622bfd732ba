"""Who has a chat open, and whose it is for the next minutes."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from chats import live
from chats.conversation import PRESENT
from chats.models import Chat, ChatAct, Presence

LEASE = timedelta(minutes=5)


def claim(chat: Chat, operator: Any, *, now: datetime) -> bool:
    """
    Take the chat for the length of the lease; True when it is the operator's now.

    One conditional UPDATE: of many at once exactly one wins, the holder renews.
    """
    free = (
        Q(claimed_by=None)
        | Q(claimed_by=operator)
        | Q(claimed_until=None)
        | Q(claimed_until__lte=now)
    )
    taken = Chat.objects.filter(free, pk=chat.pk).update(
        claimed_by=operator, claimed_until=now + LEASE, changed_at=now
    )
    if taken:
        live.bump(chat.seller_id)
    return bool(taken)


def take_over(chat: Chat, operator: Any, *, reason: str, now: datetime) -> None:
    """Take the chat from whoever holds it; the reason is kept."""
    held = Chat.objects.filter(pk=chat.pk).values_list("claimed_by", flat=True)
    before = {"claimed_by": held.first()}
    Chat.objects.filter(pk=chat.pk).update(
        claimed_by=operator, claimed_until=now + LEASE, changed_at=now
    )
    ChatAct.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        operator=operator,
        kind=ChatAct.Kind.TAKE_OVER,
        reason=reason,
        before=before,
        at=now,
    )
    live.bump(chat.seller_id)


def release(chat: Chat, operator: Any) -> None:
    """Give the chat back; only its holder can."""
    mine = Chat.objects.filter(pk=chat.pk, claimed_by=operator)
    if mine.update(claimed_by=None, claimed_until=None):
        live.bump(chat.seller_id)


def seen(
    seller: Any, operator: Any, *, chat: Chat | None, state: str, now: datetime
) -> None:
    """
    Note where the operator is; an active holder's lease is renewed.

    Also forgets those whose desk has not been heard of, so that others see it.
    """
    gone = Presence.objects.filter(seller=seller, seen_at__lte=now - PRESENT)
    elsewhere = Presence.objects.filter(seller=seller, operator=operator)
    if chat:
        elsewhere = elsewhere.exclude(chat=chat)
    changed = gone.delete()[0] + elsewhere.delete()[0]
    if chat:
        changed += _note(chat, operator, state, now)
        if state != Presence.State.AWAY:
            Chat.objects.filter(
                pk=chat.pk, claimed_by=operator, claimed_until__gt=now
            ).update(claimed_until=now + LEASE)
    if changed:
        live.bump(seller.pk)


def _note(chat: Chat, operator: Any, state: str, now: datetime) -> int:
    """Return whether others should hear of it: a mere sign of life is no news."""
    mine = Presence.objects.filter(chat=chat, operator=operator)
    before = mine.values_list("state", flat=True).first()
    Presence.objects.update_or_create(
        chat=chat,
        operator=operator,
        defaults={"seller_id": chat.seller_id, "state": state, "seen_at": now},
    )
    return int(before != state)
