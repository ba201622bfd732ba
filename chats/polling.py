"""
Whom to ask what is new, and when: many shops at once, each by one worker at a time.

Who is due stands on FeedCursor, so a tick that is lost or comes twice changes nothing.
A poll is mostly waiting for WB: a crew of threads waits, this thread stores. A shop
is held by a lock of the database session, which a worker that dies drops. No
transaction is open while WB is called.
"""

import contextlib
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from django.db import InterfaceError, OperationalError, connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django_scopes import scope, scopes_disabled

from agentiq import metering
from agentiq.marketplace import NotConnected, SellerClient
from chats import bulk, feed, live
from chats.feed import Poll, Polled
from chats.models import Chat, FeedCursor, Outgoing
from promos.models import Seller

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=0.5)  # who is due before the next tick is due now
LEASE = timedelta(seconds=20)  # a nudge that is lost is given again after that
TOGETHER = 40  # shops in one nudge
CREW = 32  # threads of a process that wait for WB
PATIENCE = 2.0  # seconds for a slow shop; then its thread goes on without the others
_LOCK = 0x5742 << 44  # beside other users of advisory locks
_BROKEN = (OperationalError, InterfaceError)
_SAVED = (
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
)
"""All but the place in the feed: that moves with its messages only."""

Shop: TypeAlias = tuple[Seller, SellerClient]
Done: TypeAlias = Callable[[int, Polled], None]


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
    _make_cursors(ids)
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
    Read one shop's feed here and now; see ``feed.read``.

    Somebody else polling the shop makes it ``busy``.
    """
    with _alone([seller.pk]) as held:
        jobs = _jobs([(seller, client)] if held else [], now)
        for job in jobs:
            job.go_on(None)
            while job.call:
                job.go_on(job.ask())
        _save(jobs)
    _note(jobs)
    return jobs[0].poll.polled if jobs else Polled(busy=True)


def poll_many(shops: Sequence[Shop], *, now: datetime, done: Done) -> None:
    """
    Read the feeds of many shops at once; ``done`` is told of each that was read.

    A shop whose WB is slow does not hold the others up: after PATIENCE seconds its
    own thread reads on, and tells ``done`` later.
    """
    with _alone([seller.pk for seller, _ in shops]) as held:
        jobs = _jobs([shop for shop in shops if shop[0].pk in held], now, done)
        finished = _drive(jobs, held)
        _save(finished)
    _note(finished)
    for job in finished:
        done(job.poll.seller.pk, job.poll.polled)


def not_connected(seller: Seller, error: NotConnected, *, now: datetime) -> None:
    """Note that the shop has no key to poll with, and look again later."""
    with scope(seller=seller):
        FeedCursor.objects.update_or_create(
            seller=seller,
            defaults={
                "tried_at": now,
                "due_at": now + timedelta(seconds=feed.NO_KEY),
                "problem": error.reason,
                "problem_detail": "",
            },
        )


@contextlib.contextmanager
def _alone(seller_ids: Sequence[int]) -> Iterator[set[int]]:
    """Hold the shops' locks for this database session, as many as are free."""
    held: set[int] = set()
    if seller_ids:
        query = (
            "SELECT id FROM unnest(%s::bigint[]) AS id "
            "WHERE pg_try_advisory_lock(%s + id)"
        )
        with connection.cursor() as cursor:
            cursor.execute(query, [list(seller_ids), _LOCK])
            held = {row[0] for row in cursor.fetchall()}
    try:
        yield held
    finally:
        with contextlib.suppress(*_BROKEN):  # then the locks are gone too
            _let_go(held)


def _let_go(held: set[int]) -> None:
    if not held:
        return
    query = "SELECT pg_advisory_unlock(%s + id) FROM unnest(%s::bigint[]) AS id"
    with connection.cursor() as cursor:
        cursor.execute(query, [_LOCK, list(held)])


# Jobs


@dataclass(eq=False)
class _Job:
    """A shop's reading under way: ``call`` is what to ask WB next, None at the end."""

    poll: Poll
    done: Done | None = None
    call: feed.Call | None = None
    future: Future[None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    left_alone: bool = False

    def __post_init__(self) -> None:
        self.steps = feed.read(self.poll)
        self.tried_before = self.poll.cursor.tried_at

    def ask(self) -> Any:
        """Return WB's answer, or the failure."""
        assert self.call
        try:
            return self.call()
        except Exception as error:  # noqa: BLE001  go_on raises it where it belongs
            return error

    def go_on(self, answer: Any) -> None:
        """Take in an answer, in this thread's database session."""
        with scope(seller=self.poll.seller):
            try:
                if isinstance(answer, Exception):
                    self.call = self.steps.throw(answer)
                else:
                    self.call = self.steps.send(answer)
            except StopIteration:
                self.call = None


def _jobs(shops: Sequence[Shop], now: datetime, done: Done | None = None) -> list[_Job]:
    if not shops:
        return []
    cursors = _cursors([seller.pk for seller, _ in shops])
    return [
        _Job(
            Poll(
                seller,
                client,
                cursor,
                now,
                doubt_since=cursor.doubt_since,
                unsigned_since=cursor.unsigned_since,
            ),
            done,
        )
        for seller, client in shops
        for cursor in [cursors[seller.pk]]
    ]


def _cursors(seller_ids: Sequence[int]) -> dict[int, Any]:
    """Return the shops' cursors with what a poll needs to know, in one query."""
    open_ones = (Outgoing.Status.SENDING, Outgoing.Status.UNKNOWN)
    with scopes_disabled():
        doubtful = (
            Outgoing.objects.filter(seller=OuterRef("seller"), status__in=open_ones)
            .order_by("pk")
            .values(since=Coalesce("sending_since", "created_at"))[:1]
        )
        unsigned = Chat.objects.filter(seller=OuterRef("seller"), reply_sign="")
        newest = unsigned.order_by("-created_at").values("created_at")[:1]
        rows = FeedCursor.objects.filter(seller__in=seller_ids).annotate(
            doubt_since=Subquery(doubtful), unsigned_since=Subquery(newest)
        )
        found = {row.seller_id: row for row in rows}
        if missing := [pk for pk in seller_ids if pk not in found]:
            _make_cursors(missing)
            found |= _cursors(missing)
    return found


def _make_cursors(seller_ids: Sequence[int]) -> None:
    with scopes_disabled():
        rows = FeedCursor.objects.filter(seller_id__in=seller_ids)
        known = set(rows.values_list("seller_id", flat=True))
        fresh = [FeedCursor(seller_id=it) for it in seller_ids if it not in known]
        FeedCursor.objects.bulk_create(fresh, ignore_conflicts=True)


def _save(jobs: Sequence[_Job]) -> None:
    rows = [
        {"id": cursor.pk} | {name: getattr(cursor, name) for name in _SAVED}
        for cursor in (job.poll.cursor for job in jobs)
    ]
    bulk.update(FeedCursor, rows)


def _note(jobs: Sequence[_Job]) -> None:
    outcomes = Counter(
        it.problem or ("complete" if it.complete else "part")
        for it in (job.poll.polled for job in jobs)
    )
    metering.add_all({("polls", word): count for word, count in outcomes.items()})
    polls = [job.poll for job in jobs if job.poll.polled.complete]
    live.read_out({it.seller.pk: it.now for it in polls})
    for job in jobs:
        polled = job.poll.polled
        if polled.new_messages or polled.problem:
            logger.info(
                "polled",
                extra={
                    "seller": job.poll.seller.pk,
                    "pages": polled.pages,
                    "messages": len(polled.new_messages),
                    "chats": polled.chats_with_new_buyer_turn[:50],
                    "problem": polled.problem,
                },
            )


# Many at once

_crews: dict[int, ThreadPoolExecutor] = {}


def _crew() -> ThreadPoolExecutor:
    """Return this process's threads: a fork has none of its parent's."""
    pid = os.getpid()
    if pid not in _crews:
        _crews[pid] = ThreadPoolExecutor(CREW, thread_name_prefix="poll")
    return _crews[pid]


def _drive(jobs: Sequence[_Job], held: set[int]) -> list[_Job]:
    """Take answers in as they come; return the jobs that ended in time."""
    answers: SimpleQueue[tuple[_Job, Any]] = SimpleQueue()
    under_way, finished = set[_Job](), list[_Job]()
    ends = time.monotonic() + PATIENCE

    def take(job: _Job, answer: Any) -> None:
        under_way.discard(job)
        if not _went_on(job, answer):
            return
        if job.call is None:
            finished.append(job)
        else:
            under_way.add(job)
            job.future = _crew().submit(_wait, job, answers)

    for job in jobs:
        take(job, None)
    while under_way:
        try:
            job, answer = answers.get(timeout=max(ends - time.monotonic(), 0))
        except Empty:
            break
        take(job, answer)
    finished += [job for job in under_way if not _left_alone(job, held)]
    with contextlib.suppress(Empty):  # answers that came this very moment
        while True:
            _crew().submit(_read_on, *answers.get_nowait())
    return finished


def _wait(job: _Job, answers: "SimpleQueue[tuple[_Job, Any]]") -> None:
    """Wait for WB in a thread of the crew; go on here if nobody waits any more."""
    answer = job.ask()
    with job.lock:
        if not job.left_alone:
            answers.put((job, answer))
            return
    _read_on(job, answer)


def _left_alone(job: _Job, held: set[int]) -> bool:
    """
    Leave a slow shop to its thread; False when no thread had time for it at all.

    Then it is due again at once.
    """
    assert job.future
    if job.future.cancel():
        job.poll.cursor.due_at = job.poll.now
        return False
    with job.lock:
        _let_go({job.poll.seller.pk})
        held.discard(job.poll.seller.pk)
        job.left_alone = True
    return True


def _went_on(job: _Job, answer: Any) -> bool:
    """Let one shop go on; what is wrong with it is not the others' trouble."""
    try:
        job.go_on(answer)
    except _BROKEN:
        raise
    except Exception:
        logger.exception("poll failed", extra={"seller": job.poll.seller.pk})
        return False
    return True


def _read_on(job: _Job, answer: Any) -> None:
    """Finish a slow shop in a thread of its own database session."""
    try:
        with _alone([job.poll.seller.pk]) as held:
            if not held:
                return
            job.go_on(answer)
            while job.call:
                job.go_on(job.ask())
            if not _saved_alone(job):
                return
        _note([job])
        if job.done:
            job.done(job.poll.seller.pk, job.poll.polled)
    except Exception:
        logger.exception("poll failed", extra={"seller": job.poll.seller.pk})
    finally:
        connection.close()


def _saved_alone(job: _Job) -> bool:
    """Save the cursor unless another worker has polled the shop meanwhile."""
    cursor = job.poll.cursor
    with scopes_disabled():
        untouched = FeedCursor.objects.filter(pk=cursor.pk).filter(
            Q(tried_at=job.tried_before)
            if job.tried_before
            else Q(tried_at__isnull=True)
        )
        values = {name: getattr(cursor, name) for name in _SAVED}
        return bool(untouched.update(**values))
