"""
When to ask WB what is new, and how far to read: a shop at a time, page by page.

Who is due stands on FeedCursor, so a tick that is lost or comes twice changes nothing.
A shop is read by one worker at a time, held by a lock of its database session: a
worker that dies drops it. No transaction is open while WB is called.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import psycopg
from django.conf import settings
from django.db import DataError, OperationalError, connection
from django.db.models import Max, Q
from django_scopes import scope, scopes_disabled

from agentiq import metering
from agentiq.marketplace import NotConnected, SellerClient
from agentiq.wb.errors import (
    WbDisabled,
    WbError,
    WbForbidden,
    WbPaymentRequired,
    WbRejected,
    WbThrottled,
)
from agentiq.wb.records import EventPage
from chats import inbox
from chats.inbox import Received
from chats.models import Chat, FeedCursor, Outgoing
from promos import tokens
from promos.models import Seller

logger = logging.getLogger(__name__)

PAGES = 50  # a poll: what is left waits for the next tick, other shops go first
TICK = timedelta(seconds=0.5)  # who is due before the next tick is due now
LEASE = timedelta(seconds=20)  # a nudge that is lost is given again after that
OVERLAP_EVERY = timedelta(minutes=10)
OVERLAP_MS = 5_000  # two events of one millisecond may stand at a page's border
ACTIVE = timedelta(minutes=10)  # since the last event: the quick pace
QUIET = timedelta(hours=2)  # since the last event: the slow pace
SLOWER = 3  # times the idle interval for a quiet shop
LONGEST = 60.0  # seconds between probes of a WB that fails
NO_KEY = 30.0  # seconds until a shop without a usable key is looked at again
UNPAID = 900.0
CARDS_AGAIN = timedelta(minutes=1)
CARDS_MISSING = timedelta(minutes=10)  # while some chats have no signature
CARDS_ANYWAY = timedelta(hours=6)
REFUSED_CURSOR = 3  # times in a row until the feed is read from its beginning
SPREAD = 0.1  # shops that were all due at once, as after an outage, drift apart
_GOLDEN = 0.618034  # multiples of it lie evenly between 0 and 1
_LOCK = 0x5742 << 44  # beside other users of advisory locks


@dataclass
class Polled:
    """What a poll brought, and whether the feed was read out."""

    complete: bool = False
    busy: bool = False
    pages: int = 0
    problem: str = ""
    new_messages: list[int] = field(default_factory=list)
    chats_with_new_buyer_turn: list[int] = field(default_factory=list)
    own_events: list[int] = field(default_factory=list)

    def add(self, received: Received) -> None:
        """Take in what a page brought."""
        self.new_messages += received.new_messages
        self.own_events += received.own_events
        known = set(self.chats_with_new_buyer_turn)
        self.chats_with_new_buyer_turn += [
            it for it in received.chats_with_new_buyer_turn if it not in known
        ]


def due(now: datetime) -> list[int]:
    """Return the shops to poll now, the longest due first."""
    waits = Q(feed_cursor__due_at__gt=now + TICK)
    with scopes_disabled():
        found = Seller.objects.filter(is_active=True).exclude(waits)
        ordered = found.order_by("feed_cursor__due_at", "pk")
        return list(ordered.values_list("pk", flat=True))


def claim(now: datetime) -> list[int]:
    """Return the shops to poll now, and no other caller gets them for a while."""
    ids = due(now)
    with scopes_disabled():
        known = set(
            FeedCursor.objects.filter(seller_id__in=ids).values_list(
                "seller_id", flat=True
            )
        )
        fresh = [FeedCursor(seller_id=it) for it in ids if it not in known]
        FeedCursor.objects.bulk_create(fresh, ignore_conflicts=True)
    query = (
        "UPDATE chats_feedcursor SET due_at = %s WHERE seller_id = ANY(%s) "
        "AND (due_at IS NULL OR due_at <= %s) RETURNING seller_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [now + LEASE, ids, now + TICK])
        won = {row[0] for row in cursor.fetchall()}
    return [it for it in ids if it in won]


def poll(seller: Seller, *, client: SellerClient, now: datetime) -> Polled:
    """
    Read the shop's feed until WB has no more, store it, and set the next time.

    A failure of WB is noted on the cursor and returned as a machine word; what was
    read before it is kept. Somebody else polling the shop makes it ``busy``.
    """
    polled = Polled()
    with scope(seller=seller), _alone(seller.pk) as alone:
        if not alone:
            polled.busy = True
            return polled
        cursor, _ = FeedCursor.objects.get_or_create(seller=seller)
        try:
            _read_out(seller, cursor, client, polled, now)
        except WbError as error:
            _fail(cursor, client, error, polled, now)
        else:
            _refresh_cards(seller, cursor, client, now)
            _succeed(cursor, polled, now)
    metering.add("polls", polled.problem or ("complete" if polled.complete else "part"))
    if polled.new_messages or polled.problem:
        logger.info(
            "polled",
            extra={
                "seller": seller.pk,
                "pages": polled.pages,
                "messages": len(polled.new_messages),
                "chats": polled.chats_with_new_buyer_turn[:50],
                "problem": polled.problem,
            },
        )
    return polled


def not_connected(seller: Seller, error: NotConnected, *, now: datetime) -> None:
    """Note that the shop has no key to poll with, and look again later."""
    with scope(seller=seller):
        FeedCursor.objects.update_or_create(
            seller=seller,
            defaults={
                "tried_at": now,
                "due_at": now + timedelta(seconds=NO_KEY),
                "problem": error.reason,
                "problem_detail": "",
            },
        )


@contextlib.contextmanager
def _alone(seller_id: int) -> Iterator[bool]:
    """Hold the shop's lock for this database session, or yield False at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK + seller_id])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with (
                contextlib.suppress(OperationalError),  # then the lock is gone too
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK + seller_id])


def _read_out(
    seller: Seller,
    cursor: FeedCursor,
    client: SellerClient,
    polled: Polled,
    now: datetime,
) -> None:
    overlapping = _overlaps(cursor, now)
    while polled.pages < PAGES:
        before = cursor.next
        start = before
        if overlapping and before:
            start = max(before - OVERLAP_MS, 1)
        page = client.events(start)
        polled.pages += 1
        if page.total == 0 and not page.events:
            polled.complete = not overlapping
        else:
            received = _receive(seller, page, now)
            polled.add(received)
            cursor.refresh_from_db(fields=["next", "last_event_at"])
            # A feed that repeats its last page for ever has nothing more to say.
            stuck = cursor.next == before and not received.new_messages
            polled.complete = stuck and not overlapping
        if polled.complete:
            return
        overlapping = False


def _overlaps(cursor: FeedCursor, now: datetime) -> bool:
    """Whether this poll reads a little of what it has read before."""
    if cursor.overlap_at is not None and now - cursor.overlap_at < OVERLAP_EVERY:
        return False
    first_time = cursor.overlap_at is None
    cursor.overlap_at = now
    return cursor.next is not None and not first_time


def _receive(seller: Seller, page: EventPage, now: datetime) -> Received:
    """
    Store a page. A deadlock with an operator's decision is worth a second try.

    A page that PostgreSQL refuses is stored event by event: what cannot be stored is
    logged and passed over, or it would stop the feed for ever.
    """
    try:
        return inbox.receive(seller, page, now=now)
    except DataError:
        return _piecemeal(seller, page, now)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        return inbox.receive(seller, page, now=now)


def _piecemeal(seller: Seller, page: EventPage, now: datetime) -> Received:
    stored: list[Received] = []
    for event in page.events:
        try:
            stored.append(
                inbox.receive(
                    seller, replace(page, events=(event,), next=None), now=now
                )
            )
        except DataError:
            logger.exception(
                "event passed over",
                extra={"seller": seller.pk, "event": event.event_id[:100]},
            )
    inbox.receive(seller, replace(page, events=()), now=now)  # the cursor alone
    return Received(
        *(tuple(chain.from_iterable(part)) for part in zip(*map(astuple, stored)))
    )


def _succeed(cursor: FeedCursor, polled: Polled, now: datetime) -> None:
    cursor.tried_at, cursor.failures = now, 0
    cursor.problem = cursor.problem_detail = ""
    if polled.complete:
        cursor.polls, cursor.polled_at = cursor.polls + 1, now
        cursor.due_at = now + timedelta(seconds=_interval(cursor, now))
    else:
        cursor.due_at = now  # more pages wait
    _save(cursor)


def _interval(cursor: FeedCursor, now: datetime) -> float:
    """Seconds until the next poll: buyers who write now are answered sooner."""
    silence = now - cursor.last_event_at if cursor.last_event_at else None
    if silence is not None and silence < ACTIVE:
        return float(settings.WB_POLL_ACTIVE_SECONDS)
    in_doubt = (Outgoing.Status.SENDING, Outgoing.Status.UNKNOWN)
    if Outgoing.objects.filter(status__in=in_doubt).exists():
        return float(settings.WB_POLL_ACTIVE_SECONDS)  # polls are the evidence
    idle = float(settings.WB_POLL_IDLE_SECONDS)
    if silence is None or silence >= QUIET:
        idle *= SLOWER
    return idle * (1 - SPREAD * (cursor.seller_id * _GOLDEN % 1))


def _fail(
    cursor: FeedCursor,
    client: SellerClient,
    error: WbError,
    polled: Polled,
    now: datetime,
) -> None:
    local = isinstance(error, WbThrottled) and error.local
    word, wait = _verdict(cursor, client, error, now)
    cursor.tried_at = now
    cursor.due_at = now + timedelta(seconds=wait)
    if not local:
        cursor.failures += 1
        cursor.problem_detail = str(error)[:500]
    if isinstance(error, WbRejected) and cursor.failures >= REFUSED_CURSOR:
        cursor.next = None  # what is known already is recognised
        FeedCursor.objects.filter(pk=cursor.pk).update(next=None)
    cursor.problem = polled.problem = word
    _save(cursor)


def _verdict(
    cursor: FeedCursor, client: SellerClient, error: WbError, now: datetime
) -> tuple[str, float]:
    """Return the machine word for a failed poll, and seconds until the next one."""
    if isinstance(error, WbThrottled):
        short = error.local and error.retry_after <= LONGEST
        word = cursor.problem if error.local else "throttled"
        return "" if short else (word or "throttled"), error.retry_after
    if isinstance(error, WbForbidden):
        return tokens.refuse(client.row, error, now=now) or "forbidden", NO_KEY
    if isinstance(error, WbPaymentRequired):
        return "unpaid", UNPAID
    active = float(settings.WB_POLL_ACTIVE_SECONDS)
    wait = min(active * 2 ** min(cursor.failures, 10), LONGEST)
    if isinstance(error, WbDisabled):
        return "disabled", LONGEST
    if isinstance(error, WbRejected):
        return "rejected", wait
    return "unavailable", wait


def _save(cursor: FeedCursor) -> None:
    """Write all but the place in the feed: that moves with its messages only."""
    cursor.save(
        update_fields=[
            "polls",
            "polled_at",
            "tried_at",
            "due_at",
            "failures",
            "problem",
            "problem_detail",
            "chats_read_at",
            "chats_tried_at",
            "overlap_at",
        ]
    )


def _refresh_cards(
    seller: Seller, cursor: FeedCursor, client: SellerClient, now: datetime
) -> None:
    """Read WB's list of chats when it is likely to know a signature we lack."""
    if not _wants_cards(cursor, now):
        return
    cursor.chats_tried_at = now
    try:
        inbox.receive_cards(seller, client.chats(), now=now)
    except WbForbidden as error:
        tokens.refuse(client.row, error, now=now)
    except WbError as error:
        logger.warning("chats not read: %s", error, extra={"seller": seller.pk})
    else:
        cursor.chats_read_at = now


def _wants_cards(cursor: FeedCursor, now: datetime) -> bool:
    if cursor.chats_tried_at and now - cursor.chats_tried_at < CARDS_AGAIN:
        return False
    if cursor.chats_read_at is None:
        return True
    age = now - cursor.chats_read_at
    if age >= CARDS_ANYWAY:
        return True
    unsigned: dict[str, Any] = Chat.objects.filter(reply_sign="").aggregate(
        newest=Max("created_at")
    )
    if unsigned["newest"] is None:
        return False
    return unsigned["newest"] > cursor.chats_read_at or age >= CARDS_MISSING
