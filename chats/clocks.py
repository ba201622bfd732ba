"""
By when a buyer is to be answered: the earliest of three clocks, kept on the chat.

WB gives ten days for any answer, and 72 hours after a low rating; the shop may set
itself a target in working minutes. WB's review feed names neither chat nor buyer, so
the second clock runs only from what a person marked on the chat.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from chats import bulk, live
from chats.hours import Hours
from chats.models import AnswerTarget, Chat
from chats.models.clocks import AFTER_RATING, ANSWER_WITHIN

AT_ONCE = 2000
CLOSED = Hours(((),) * 7)


@dataclass(frozen=True, slots=True)
class Clocks:
    """A shop's clocks; ``first`` and ``later`` are None where it has no target."""

    hours: Hours
    first: timedelta | None = None
    later: timedelta | None = None

    def due(
        self,
        since: datetime,
        *,
        answered_at: datetime | None,
        low_rated_at: datetime | None,
    ) -> datetime:
        """
        Return by when the buyer who waits ``since`` is to be answered.

        ``answered_at`` is the shop's last message, None when it never wrote.
        """
        ends = [since + ANSWER_WITHIN]
        if low_rated_at and low_rated_at + AFTER_RATING > since:
            ends.append(low_rated_at + AFTER_RATING)
        target = self.later if answered_at else self.first
        own = self.hours.after(since, target) if target else None
        return min([*ends, own] if own else ends)


def of(seller_id: int) -> Clocks:
    """Return the shop's clocks; one query."""
    found = AnswerTarget.objects.filter(seller=seller_id).first()
    if found is None:
        return Clocks(CLOSED)
    return Clocks(
        found.hours(), _minutes(found.first_minutes), _minutes(found.later_minutes)
    )


def due_at(chat: Chat, clocks: Clocks | None = None) -> datetime | None:
    """Return by when the chat is to be answered; None when nobody waits."""
    if chat.waiting_since is None:
        return None
    return (clocks or of(chat.seller_id)).due(
        chat.waiting_since,
        answered_at=chat.last_seller_at,
        low_rated_at=chat.low_rated_at,
    )


def reset(seller: Any, *, now: datetime) -> int:
    """Count every deadline of the shop anew: its targets changed. Number of chats."""
    clocks, last, changed = of(seller.pk), 0, 0
    waiting = Chat.objects.filter(seller=seller, waiting_since__isnull=False)
    while chats := _some(waiting, last, clocks, now):
        last, changed = chats[0], changed + chats[1]
    live.bump(seller.pk)
    return changed


@transaction.atomic
def _some(
    waiting: Any, after: int, clocks: Clocks, now: datetime
) -> tuple[int, int] | None:
    """Move the deadlines of the next chats; return the last one's key, how many."""
    rows = waiting.filter(pk__gt=after).order_by("pk").select_for_update(no_key=True)
    chats = list(rows[:AT_ONCE])
    if not chats:
        return None
    moved = [
        {"id": chat.pk, "due_at": due, "changed_at": now}
        for chat in chats
        if (due := due_at(chat, clocks)) != chat.due_at
    ]
    bulk.update(Chat, moved)
    return chats[-1].pk, len(moved)


def _minutes(number: int | None) -> timedelta | None:
    return timedelta(minutes=number) if number else None
