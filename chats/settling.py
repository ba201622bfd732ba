"""
settle(): a reply whose delivery is unknown becomes sent, or is sent again.

The event feed tells: WB shows what it took. Only when several complete polls after
the attempt show nothing is a reply sent once more.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from chats import matching, states
from chats.models import Attempt, FeedCursor, Message, Outgoing
from promos import sends
from promos.models import Seller

Status = Outgoing.Status
Outcome = Attempt.Outcome
MOST_TRIES = 5
"""Tries that ended without an answer; then a person has to look."""


def settle(seller: Seller, *, now: datetime) -> int:
    """
    Find our replies in the feed, and decide upon those it does not show.

    Returns how many replies changed. Sent ones learn their message; unknown ones
    become sent, or are sent again once the feed had time to show them and did not.
    """
    changed = sweep(seller, now=now)
    rows = Outgoing.objects.needs_settling(now).filter(seller=seller).order_by()
    for chat_id in rows.values_list("chat_id", flat=True).distinct()[:1000]:
        changed += settle_chat(chat_id, now=now)
    return changed


def settle_chat(chat_id: int, *, now: datetime) -> int:
    """Settle one chat's replies; return how many changed."""
    with transaction.atomic():
        replies = _unsettled(chat_id)
        found = matching.match(replies, now=now)
        for outgoing, message in found:
            _seen(outgoing, message, now)
        unseen = [one for one in replies if one.message is None]
        missing = [one for one in unseen if one.status == Status.UNKNOWN]
        return len(found) + sum(_not_shown(outgoing, now) for outgoing in missing)


def sweep(seller: Seller, *, now: datetime) -> int:
    """Turn replies whose worker died while sending to unknown; return how many."""
    stale = now - timedelta(seconds=settings.WB_SENDING_SECONDS)
    rows = Outgoing.objects.filter(
        seller=seller, status=Status.SENDING, sending_since__lte=stale
    )
    swept = 0
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            outgoing = states.locked(pk)
            if outgoing.status == Status.SENDING and outgoing.sending_since <= stale:
                _lost(outgoing, now)
                swept += 1
    return swept


def _lost(outgoing: Outgoing, now: datetime) -> None:
    """Its worker died: before the call nothing left, after that nobody knows."""
    open_ones = outgoing.attempts.filter(outcome=Outcome.OPEN)
    if not open_ones.exists():
        states.requeue(outgoing, "unavailable", now=now)
        return
    for attempt in open_ones:
        states.close(attempt, Outcome.UNKNOWN, now, None)
    states.change(outgoing, Status.UNKNOWN, "worker_lost", now=now)


def _unsettled(chat_id: int) -> list[Outgoing]:
    """Return, locked, the replies of a chat that an event may belong to, in order."""
    rows = Outgoing.objects.select_for_update(of=("self",)).filter(
        chat=chat_id, message=None
    )
    tried = Attempt.objects.filter(outgoing=OuterRef("pk"), outcome=Outcome.UNKNOWN)
    maybe = Q(status__in=(Status.UNKNOWN, Status.COPIED, Status.SENT))
    retried = Q(status__in=(Status.QUEUED, Status.FAILED)) & Exists(tried)
    related = ("chat", "seller", "promo_code", "operator", "decision")
    return list(rows.filter(maybe | retried).select_related(*related).order_by("pk"))


def _seen(outgoing: Outgoing, message: Message, now: datetime) -> None:
    """The feed shows the reply: whatever we thought, it is sent."""
    outgoing.message = message
    outgoing.save(update_fields=["message"])
    if outgoing.status != Status.SENT:
        states.sent(outgoing, "seen_in_feed", at=message.added_at, now=now)
    if outgoing.promo_code_id:
        sends.link(outgoing.key, message.event_id)


def _not_shown(outgoing: Outgoing, now: datetime) -> bool:
    """Send an unknown reply again once the feed had time to show it and did not."""
    attempt = outgoing.attempts.filter(outcome=Outcome.UNKNOWN).last()
    if attempt is None or attempt.finished_at is None:
        return False
    cursor = FeedCursor.objects.filter(seller=outgoing.seller_id).first()
    if cursor is None or cursor.polled_at is None:
        return False
    polls = cursor.polls - (attempt.polls_then or 0)
    patience = timedelta(seconds=settings.WB_SETTLE_SECONDS)
    if polls < settings.WB_SETTLE_POLLS or now - attempt.finished_at < patience:
        return False
    if outgoing.attempts.filter(outcome=Outcome.UNKNOWN).count() >= MOST_TRIES:
        states.failed(outgoing, "gave_up", now=now)
    else:
        states.requeue(outgoing, "not_delivered", now=now)
    return True
