"""
How fast messages come in, how much of WB's limits is used, whether polls keep time.

Runs in a database and a Redis of its own, gone afterwards; the limits are the simulator's, which counts every request too many as a 429.
``cpu`` figures count this process and its PostgreSQL session together, so they say
what one core does even on a machine that is busy with other things.
"""

import builtins
import json
import multiprocessing
import threading
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app, shared_task
from celery.contrib.testing.worker import start_worker
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from agentiq import limiter
from agentiq.limiter import RedisLimiter
from agentiq.marketplace import connect
from agentiq.wb import chat, limits, wire
from agentiq.wb.errors import WbThrottled
from agentiq.wb.records import EventPage
from agentiq.wb.simulator import Simulator
from agentiq.wb.tokens import TokenKind
from chats import polling, tasks
from chats.benchmarks import _cpu, _fleet, _polls, _scratch, _shops
from chats.feed import Polled
from chats.models import FeedCursor
from promos.models import Seller

Figures = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
PROCESSES = 4
_lags: list[float] = []


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what ``bench delivery`` takes."""
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--page", type=int, default=50, help="events in a page")
    parser.add_argument(
        "--seconds", type=float, default=25, help="of saturation, more than ten"
    )
    parser.add_argument(
        "--fleet-seconds", type=float, default=60, help="of workers at saturation"
    )
    parser.add_argument("--sellers", type=int, default=1000, help="shops to poll")
    parser.add_argument("--workers", type=int, default=2, help="processes that poll")
    parser.add_argument(
        "--latency", type=float, default=100, help="of WB's answers, milliseconds"
    )
    parser.add_argument(
        "--only",
        choices=("limits", "fleet", "ingest", "tasks", "polls"),
        help="leave the others out",
    )


def run(options: Figures) -> Iterator[Figures]:
    """Yield the figures, in scratch places that are gone afterwards."""
    only = options["only"]
    with _scratch.places("delivery") as places:
        if only in (None, "limits"):
            yield _decisions()
            yield from _saturation(options["seconds"])
        if only in (None, "ingest"):
            yield from _ingest(options["events"], options["page"])
        if only in (None, "fleet"):
            yield from _fleet.fairness(places, options["fleet_seconds"])
            yield _fleet.restarts(places)
        if only in (None, "tasks"):
            yield from _tasks()
        if only in (None, "polls"):
            latency = options["latency"] / 1000
            yield _polls.schedule(options["sellers"], options["workers"], latency)


def _parallel(count: int, work: Callable[..., None], *args: Any) -> list[Any]:
    """Run ``work(queue, *args)`` in processes of their own; return what each put."""
    connection.close()  # a child must not end its parent's session
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=work, args=(queue, *args)) for _ in range(count)]
    for child in children:
        child.start()
    found = [queue.get(timeout=300) for _ in children]
    for child in children:
        child.join()
    return found


# Limits


def _decisions() -> Figures:
    rates = _parallel(PROCESSES, _decide, time.monotonic() + 0.5)
    rate = round(sum(rates))
    return {"figure": "limiter decisions/s", "processes": PROCESSES, "value": rate}


def _decide(queue: Any, start: float) -> None:
    mine = [RedisLimiter(f"s{n}", TokenKind.PERSONAL) for n in range(50)]
    while time.monotonic() < start:
        time.sleep(0.001)
    count, begun = 0, time.monotonic()
    while time.monotonic() < begun + 3:
        for one in mine:
            one.acquire(limits.SEND)
        count += len(mine)
    queue.put(count / (time.monotonic() - begun))


def _saturation(seconds: float) -> Iterator[Figures]:
    """Send whenever the limiter lets; WB counts in either way."""
    for window in ("sliding", "bucket"):
        simulator = Simulator(window=window)
        with _shops.online(simulator, 2) as shops:
            chats = [simulator.new_chat(_shops.TEXTS[0], seller=it.sid) for it in shops]
            signs = [simulator._find(it)[1].signs[-1] for it in chats]
            moments: list[list[float]] = [[] for _ in shops]
            threads = [
                threading.Thread(
                    target=_press, args=(shops[n].seller, signs[n], moments[n], seconds)
                )
                for n in (0, 0, 1)
            ]
            _run(threads)
        for shop, times in zip(("two workers", "one worker"), moments, strict=True):
            times.sort()
            spent = times[-1] - times[0]
            yield {
                "figure": "saturation",
                "wb_counts": window,
                "shop": shop,
                "sent": len(times),
                "seconds": round(spent, 1),
                # After the first ten, one a second is what WB allows.
                "share_of_allowed_rate": round((len(times) - 10) / spent, 3),
                "answers_429": sum(simulator.throttled.values()),
            }


def _press(seller: Seller, sign: str, times: list[float], seconds: float) -> None:
    client = connect(seller)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            client.send_message(reply_sign=sign, text="Да")
            times.append(time.monotonic())
        except WbThrottled as error:
            time.sleep(min(error.retry_after, 0.5))
    connection.close()


# Ingest


def _ingest(events: int, size: int) -> Iterator[Figures]:
    """Read feeds of that many events from WB's JSON to committed rows."""
    seller = Seller.objects.create(name="bench")
    pages = [_body(n, size) for n in range(max(events // size, 1))]
    _read(
        seller, [_body(10**6 + n, size) for n in range(12)]
    )  # first use of each query
    for name in ("new", "again"):
        wall, cpu = _read(seller, pages)
        count = len(pages) * size
        yield {
            "figure": "ingest events/s",
            "events": name,
            "page": size,
            "messages_a_chat": 4,
            "wall": round(count / wall),
            "cpu": round(count / max(cpu, 0.01)),
        }


class _Feed:
    """A client whose feed is a row of pages, as bytes from the wire."""

    def __init__(self, pages: list[bytes]) -> None:
        self._pages = iter(pages)

    def events(self, next: int | None) -> EventPage:
        """Return the next page, then an empty one."""
        return chat.event_page(wire.load(builtins.next(self._pages, _END)))


def _read(seller: Seller, pages: list[bytes]) -> tuple[float, float]:
    """Poll until the feed is read; return seconds, and those of the processor."""
    feed_of_pages: Any = _Feed(pages)
    now = timezone.now()
    start = {"next": None, "chats_read_at": now, "overlap_at": now}
    with scopes_disabled():
        FeedCursor.objects.update_or_create(seller=seller, defaults=start)
    backend = _cpu.backend()
    wall, cpu = time.perf_counter(), _cpu.spent(backend)
    polled = Polled()
    while not polled.complete:
        now = timezone.now()
        polled = polling.poll(seller, client=feed_of_pages, now=now)
    return time.perf_counter() - wall, _cpu.spent(backend) - cpu


_END = b'{"result": {"next": 0, "totalEvents": 0, "events": []}, "errors": null}'


def _body(number: int, size: int) -> bytes:
    first = number * size
    events = [_event(first + place) for place in range(size)]
    result = {
        "next": events[-1]["addTimestamp"],
        "newestEventTime": events[-1]["addTime"],
        "oldestEventTime": events[0]["addTime"],
        "totalEvents": size,
        "events": events,
    }
    body = {"result": result, "errors": None}
    return json.dumps(body, ensure_ascii=False).encode()


def _event(number: int) -> dict[str, Any]:
    by_buyer = number % 4 != 1
    at = START + timedelta(seconds=number)
    event = {
        "chatID": f"1:{number // 4}",
        "eventID": f"event-{number}",
        "eventType": "message",
        "message": {"text": _shops.TEXTS[number % 4]},
        "source": "rusite" if by_buyer else "seller-portal",
        "addTimestamp": int(at.timestamp() * 1000),
        "addTime": at.isoformat(),
        "sender": "client" if by_buyer else "seller",
    }
    if by_buyer:
        event["clientName"] = "Анна"
    if number % 4 == 0:
        event |= {"isNewChat": True, "replySign": f"1:{number // 4}:sign"}
    return event


# Tasks


@shared_task
def nothing() -> None:
    """The empty task that others are measured against."""


@shared_task
def late(sent_at: float) -> None:
    """Notes how long a task was on its way."""
    _lags.append(time.time() - sent_at)


def _tasks() -> Iterator[Figures]:
    """Compare a poll that finds no shop with an empty task, in the same worker."""
    queue, count = f"bench-{uuid.uuid4().hex[:8]}", 500
    with start_worker(
        current_app,
        queues=[queue],
        pool="solo",
        concurrency=1,
        perform_ping_check=False,
        loglevel="ERROR",
    ):
        empty = _costs(nothing, (), queue, count)
        ours = _costs(tasks.poll_shops, ([0],), queue, count)
        for _ in range(200):
            late.apply_async((time.time(),), queue=queue)
            time.sleep(0.01)
        _drained(queue)
    yield {
        "figure": "task overhead",
        "empty_cpu_ms": round(empty * 1000, 2),
        "poll_shops_cpu_ms": round(ours * 1000, 2),
        "ratio": round(ours / empty, 2),
        "shops_a_task": polling.TOGETHER,
        "cpu_ms_a_shop": round(ours * 1000 / polling.TOGETHER, 3),
    }
    yield {"figure": "task lag p95, ms", "value": _shops.p95(_lags, 1000)}


def _costs(task: Any, args: tuple[Any, ...], queue: str, count: int) -> float:
    """Return the seconds of this process's processor for one task, sent and run."""
    for _ in range(20):
        task.apply_async(args, queue=queue)
    _drained(queue)
    begun = time.process_time()
    for _ in range(count):
        task.apply_async(args, queue=queue)
    _drained(queue)
    return (time.process_time() - begun) / count


def _drained(queue: str) -> None:
    end = time.monotonic() + 60
    while limiter.connection().llen(queue) and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(0.01)


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
