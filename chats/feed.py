"""
One shop's feed, read to its end: page by page into the inbox, and when to look again.

``read`` is a generator: it yields each call to WB and is sent the answer, so that
whoever drives it may wait for many shops at once. Between two yields it only speaks
to the database; what it learns stands on the FeedCursor, which the driver saves.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import psycopg
from django.conf import settings
from django.db import DataError, OperationalError

from agentiq.marketplace import SellerClient
from agentiq.wb.errors import (
    WbDisabled,
    WbError,
    WbForbidden,
    WbPaymentRequired,
    WbRejected,
    WbThrottled,
)
from agentiq.wb.records import EventPage
from chats import inbox, listing
from chats.inbox import Received
from chats.models import FeedCursor
from promos import tokens
from promos.models import Seller

logger = logging.getLogger(__name__)

PAGES = 50  # a poll: what is left waits for the next tick, other shops go first
TOGETHER = 1000  # events of several pages that are stored at once
OVERLAP_EVERY = timedelta(minutes=10)
OVERLAP_MS = 5_000  # WB may show an event later than one that came after it
DOUBT_EVERY = timedelta(seconds=10)
DOUBT_MS = 600_000  # so far back at most a delivery is looked for
FULL = 20  # events that may be a whole page, cut amid a millisecond; WB shows 50
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

Call: TypeAlias = Callable[[], Any]
Steps: TypeAlias = Generator[Call, Any, None]


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


@dataclass
class Poll:
    """One reading of a shop's feed, with what is known of the shop before it."""

    seller: Seller
    client: SellerClient
    cursor: FeedCursor
    now: datetime
    doubt_since: datetime | None = None  # a reply whose delivery only the feed tells
    unsigned_since: datetime | None = None  # the newest chat without a signature
    polled: Polled = field(default_factory=Polled)


def read(poll: Poll) -> Steps:
    """
    Read the shop's feed until WB has no more, store it, and set the next time.

    A failure of WB is noted on the cursor and in ``polled`` as a machine word; what
    was read before it is kept.
    """
    try:
        yield from _read_out(poll)
    except WbError as error:
        _fail(poll, error)
    else:
        yield from _refresh_cards(poll)
        _succeed(poll)


def _read_out(poll: Poll) -> Steps:
    """Read page by page and store each; what was read before a failure is kept."""
    pages: list[EventPage] = []
    try:
        yield from _pages(poll, pages)
    except WbError:
        _store(poll, pages)
        raise
    _store(poll, pages)


def _pages(poll: Poll, pages: list[EventPage]) -> Steps:
    """
    Read until WB has no more, or enough for now.

    The first page is stored at once: somebody may be waiting for it. More of them are
    an outage caught up with, and are stored some hundred events at a time, always in
    one transaction with the cursor after them. What is left in ``pages`` is not.
    """
    polled, place = poll.polled, poll.cursor.next
    start = at = _start(poll)
    while polled.pages < PAGES and not polled.complete:
        page = yield partial(poll.client.events, start)
        polled.pages += 1
        before, is_full = at, len(page.events) >= FULL
        ended = page.total == 0 and not page.events
        if not ended:
            at = max(at or 0, page.next or 0) or None
            pages.append(page)
            if polled.pages == 1 or at == before or _many(pages):
                received = _store(poll, pages)
                # A feed that repeats its last page for ever has no more to say.
                ended = at == before and not received.new_messages and not is_full
        if ended:
            polled.complete = (at or 0) >= (place or 0)  # not while behind the place
            start = at = max(at or 0, place or 0) or None
        else:
            start = _onward(start, before, at) if is_full else at


def _onward(start: int | None, before: int | None, at: int | None) -> int | None:
    """
    Return where to read after a page that may have been cut at its end.

    Whether WB's feed begins at the cursor or behind it is unknown, and events of one
    millisecond may lie on both sides of the cut: they are asked for again. Where a
    page cannot get past one millisecond, the feed goes on after it.
    """
    if at is None:
        return None
    if at != before:
        return max(at - 1, 1)
    return at if start != at else at + 1


def _many(pages: Sequence[EventPage]) -> bool:
    return sum(len(page.events) for page in pages) >= TOGETHER


def _store(poll: Poll, pages: list[EventPage]) -> Received:
    """Store pages as one, in one transaction; the list is empty afterwards."""
    if not pages:
        return Received()
    events = tuple(chain.from_iterable(page.events for page in pages))
    after = max((page.next or 0 for page in pages), default=0) or None
    whole = replace(pages[-1], events=events, next=after)
    pages.clear()
    received = _receive(poll.seller, whole, poll.now)
    poll.polled.add(received)
    if received.chats_without_sign:
        poll.unsigned_since = poll.now
    poll.cursor.refresh_from_db(fields=["next", "last_event_at"])
    return received


def _start(poll: Poll) -> int | None:
    """
    Return where to read from: now and then a little before the place.

    While a delivery is in doubt, from before its first try: what the feed does not
    show is going to be sent again.
    """
    cursor, now = poll.cursor, poll.now
    every = DOUBT_EVERY if poll.doubt_since else OVERLAP_EVERY
    if cursor.overlap_at is not None and now - cursor.overlap_at < every:
        return cursor.next
    first_time = cursor.overlap_at is None
    cursor.overlap_at = now
    if cursor.next is None or (first_time and not poll.doubt_since):
        return cursor.next
    since = cursor.next
    if poll.doubt_since:
        tried = int(poll.doubt_since.timestamp() * 1000)
        since = max(min(since, tried), since - DOUBT_MS)
    return max(since - OVERLAP_MS, 1)


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


def _succeed(poll: Poll) -> None:
    cursor, now = poll.cursor, poll.now
    cursor.tried_at, cursor.failures = now, 0
    cursor.problem = cursor.problem_detail = ""
    if poll.polled.complete:
        cursor.polls, cursor.polled_at = cursor.polls + 1, now
        cursor.due_at = now + timedelta(seconds=interval(poll))
    else:
        cursor.due_at = now  # more pages wait


def interval(poll: Poll) -> float:
    """Seconds until the next poll: buyers who write now are answered sooner."""
    cursor = poll.cursor
    silence = poll.now - cursor.last_event_at if cursor.last_event_at else None
    if silence is not None and silence < ACTIVE:
        return float(settings.WB_POLL_ACTIVE_SECONDS)
    if poll.doubt_since:
        return float(settings.WB_POLL_ACTIVE_SECONDS)  # polls are the evidence
    idle = float(settings.WB_POLL_IDLE_SECONDS)
    if silence is None or silence >= QUIET:
        idle *= SLOWER
    return idle * (1 - SPREAD * (cursor.seller_id * _GOLDEN % 1))


def _fail(poll: Poll, error: WbError) -> None:
    cursor = poll.cursor
    local = isinstance(error, WbThrottled) and error.local
    word, wait = _verdict(poll, error)
    cursor.tried_at = poll.now
    cursor.due_at = poll.now + timedelta(seconds=wait)
    if not local:
        cursor.failures += 1
        cursor.problem_detail = str(error)[:500]
    if isinstance(error, WbRejected) and cursor.failures >= REFUSED_CURSOR:
        cursor.next = None  # what is known already is recognised
        FeedCursor.objects.filter(pk=cursor.pk).update(next=None)
    cursor.problem = poll.polled.problem = word


def _verdict(poll: Poll, error: WbError) -> tuple[str, float]:
    """Return the machine word for a failed poll, and seconds until the next one."""
    if isinstance(error, WbThrottled):
        short = error.local and error.retry_after <= LONGEST
        word = poll.cursor.problem if error.local else "throttled"
        return "" if short else (word or "throttled"), error.retry_after
    if isinstance(error, WbForbidden):
        refused = tokens.refuse(poll.client.row, error, now=poll.now)
        return refused or "forbidden", NO_KEY
    if isinstance(error, WbPaymentRequired):
        return "unpaid", UNPAID
    active = float(settings.WB_POLL_ACTIVE_SECONDS)
    wait = min(active * 2 ** min(poll.cursor.failures, 10), LONGEST)
    if isinstance(error, WbDisabled):
        return "disabled", LONGEST
    if isinstance(error, WbRejected):
        return "rejected", wait
    return "unavailable", wait


def _refresh_cards(poll: Poll) -> Steps:
    """Read WB's list of chats when it is likely to know a signature we lack."""
    if not _wants_cards(poll):
        return
    poll.cursor.chats_tried_at = poll.now
    try:
        cards = yield poll.client.chats
        listing.receive(poll.seller, cards, now=poll.now)
    except WbForbidden as error:
        tokens.refuse(poll.client.row, error, now=poll.now)
    except WbError as error:
        logger.warning("chats not read: %s", error, extra={"seller": poll.seller.pk})
    else:
        poll.cursor.chats_read_at = poll.now


def _wants_cards(poll: Poll) -> bool:
    cursor, now = poll.cursor, poll.now
    if cursor.chats_tried_at and now - cursor.chats_tried_at < CARDS_AGAIN:
        return False
    if cursor.chats_read_at is None:
        return True
    age = now - cursor.chats_read_at
    if age >= CARDS_ANYWAY:
        return True
    if poll.unsigned_since is None:
        return False
    return poll.unsigned_since > cursor.chats_read_at or age >= CARDS_MISSING
