"""Whether a thousand shops of all paces are polled in time."""

import multiprocessing
import time
from datetime import timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone
from django_scopes import scopes_disabled

from agentiq.wb.simulator import Simulator, serve
from chats import polling
from chats.benchmarks import _chaos_workers, _shops
from chats.models import FeedCursor
from promos.models import Seller

Figures = dict[str, Any]


def schedule(
    count: int, workers: int, latency: float, seconds: float = 45.0
) -> Figures:
    """Poll shops of all paces for a while, WB being slow; say how polls kept time."""
    simulator = Simulator()
    simulator.fault("slow", seconds=latency, times=None)
    with scopes_disabled():
        FeedCursor.objects.all().delete()
    Seller.objects.all().update(is_active=False)
    for number in range(count):
        shop = _shops.add(simulator, f"bench {number}")
        at = timezone.now() - _silence(number)
        simulator.new_chat(_shops.TEXTS[0], seller=shop.sid, at=at)
    connection.close()
    context = multiprocessing.get_context("fork")
    port, stop = context.Value("i", 0), context.Event()
    wb = context.Process(target=_serve, args=(simulator, port, stop))
    wb.start()
    while not port.value:
        time.sleep(0.01)
    hosts = dict.fromkeys(settings.WB_HOSTS, f"http://127.0.0.1:{port.value}")
    try:
        with override_settings(WB_HOSTS=hosts):
            _polled(workers, 25)  # the first one, of all at once
            found = _polled(workers, seconds)
    finally:
        stop.set()
        wb.join()
    late_by = [it for late, _ in found for it in late]
    cpu = sum(spent for _, spent in found)
    return {
        "figure": "poll schedule",
        "shops": count,
        "paces": "5% every 2 s, 25% every 5 s, 70% every 15 s",
        "wb_latency_ms": round(latency * 1000),
        "workers": workers,
        "polls_per_second": round(len(late_by) / seconds, 1),
        "worker_cpu_ms_a_poll": round(1000 * cpu / max(len(late_by), 1), 2),
        "late_median_ms": round(1000 * median(late_by)) if late_by else None,
        "late_p95_ms": _shops.p95(late_by, 1000),
    }


def _silence(number: int) -> timedelta:
    """How long a shop's buyers have been silent: few are busy, most are quiet."""
    place = number % 20
    return timedelta(hours=0 if place == 0 else 1 if place < 6 else 48)


def _serve(simulator: Simulator, port: Any, stop: Any) -> None:
    with serve(simulator) as running:
        port.value = running.port
        stop.wait()


def _polled(workers: int, seconds: float) -> list[tuple[list[float], float]]:
    """Nudge workers once a second, as beat does; return how late each poll was."""
    context = multiprocessing.get_context("fork")
    todo, done = context.Queue(), context.Queue()
    children = [
        context.Process(target=_poll, args=(todo, done)) for _ in range(workers)
    ]
    for child in children:
        child.start()
    tick, end = time.monotonic(), time.monotonic() + seconds
    while tick < end:
        with scopes_disabled():
            wanted = dict(FeedCursor.objects.values_list("seller_id", "due_at"))
        ids = polling.claim(timezone.now())
        for start in range(0, len(ids), polling.TOGETHER):
            some = ids[start : start + polling.TOGETHER]
            todo.put([(it, wanted.get(it)) for it in some])
        tick += 1
        time.sleep(max(tick - time.monotonic(), 0))
    connection.close()
    for _ in children:
        todo.put(None)
    found = [done.get(timeout=120) for _ in children]
    for child in children:
        child.join()
    return found


def _poll(todo: Any, done: Any) -> None:
    late_by: list[float] = []
    began = time.process_time()
    while (nudge := todo.get()) is not None:
        now = timezone.now()
        _chaos_workers.read([seller_id for seller_id, _ in nudge])
        late_by += [(now - due_at).total_seconds() for _, due_at in nudge if due_at]
    connection.close()
    done.put((late_by, time.process_time() - began))
