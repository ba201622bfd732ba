"""
Workers and beat as they are run in production, against a simulated WB of their own.

One shop has far more to say than WB lets through, one has a withdrawn token, one is
calm. Then many shops send at once while each worker is stopped and replaced.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from django.conf import settings
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq import limiter
from agentiq.wb.simulator import Simulator, serve
from chats import health, tasks
from chats.benchmarks import _shops
from chats.models import Attempt, Chat, FeedCursor, Outgoing
from promos.models import Seller

Figures = dict[str, Any]
CELERY = str(Path(sys.executable).with_name("celery"))  # HUP starts it by this again
QUEUED = 5_000
CROWDED_CHATS = 200
CALM_EVERY = 1.5
WARM = 15  # replies until each process has loaded what it needs
WORKERS = 2
SHOPS, REPLIES = 12, 20
RESTARTS = 4
OPEN = ("queued", "sending", "unknown")


class Fleet:
    """Celery workers of two processes each, and beat, in processes of their own."""

    def __init__(self, places: dict[str, str], url: str, folder: Path) -> None:
        self._folder = folder
        self._env = (
            os.environ
            | places
            | {f"WB_{name.upper()}_URL": url for name in settings.WB_HOSTS}
            | {"AGENTIQ_ENV": "development", "LOG_LEVEL": "ERROR"}
        )
        self._number = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        self._beat: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.workers = [self.start() for _ in range(WORKERS)]
        schedule = str(self._folder / "beat")
        self._beat = self._run("beat", "--schedule", schedule, "--pidfile=")
        _until(lambda: limiter.connection().exists(health._heart()), 60)
        return self

    def __exit__(self, *error: object) -> None:
        running = [self._beat, *self.workers]
        for process in filter(None, running):
            process.terminate()
        for process in filter(None, running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start another worker."""
        self._number += 1
        name = f"bench-{self._number}@%h"
        return self._run("worker", "--concurrency", "2", "--hostname", name)

    def _run(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with open("/tmp/delivery/fleet.log", "ab") as log:
            return subprocess.Popen(
                [CELERY, "-A", "agentiq", *arguments],
                env=self._env | {"DATA_DIR": str(self._folder)},
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@contextlib.contextmanager
def _sailing(places: dict[str, str], simulator: Simulator) -> Iterator[Fleet]:
    with (
        TemporaryDirectory() as folder,
        serve(simulator) as running,
        Fleet(places, running.url, Path(folder)) as fleet,
    ):
        yield fleet


# One crowded, one broken, one calm


def fairness(places: dict[str, str], seconds: float) -> Iterator[Figures]:
    """Yield how the calm shop fares, and what the crowded one gets of WB's limit."""
    simulator = Simulator(window="sliding")
    crowded, broken, calm = (_shops.add(simulator, name) for name in "abc")
    simulator.withdraw(broken.token)
    for shop, replies, chats in ((crowded, QUEUED, CROWDED_CHATS), (broken, 100, 10)):
        _queue(shop.seller, _chats(simulator, shop, chats), replies)
    desks = _chats(simulator, calm, max(int(seconds / CALM_EVERY), 1))
    with _sailing(places, simulator):
        _until(lambda: len(simulator.sent) >= WARM, 60)
        ends = time.monotonic() + seconds
        for chat in desks:
            _queue(calm.seller, [chat], 1)
            tasks.send_due.delay()  # as the desk does
            time.sleep(max(min(CALM_EVERY, ends - time.monotonic()), 0))
        _until(lambda: not _left(calm.seller), 30)
    with scopes_disabled():
        replies = Outgoing.objects.filter(seller=calm.seller, status="sent")
        lags = [
            (sent - due).total_seconds()
            for due, sent in replies.values_list("due_at", "sent_at")
        ]
        attempts = Attempt.objects.filter(seller=crowded.seller, outcome="accepted")
        moments = sorted(attempts.values_list("finished_at", flat=True))
    # WB lets ten out in ten seconds: how long each took that had ten before it.
    tens = [
        (later - first).total_seconds()
        for first, later in zip(moments, moments[10:], strict=False)
    ]
    throttled = sum(simulator.throttled.values())
    yield {
        "figure": "fairness",
        "queued_elsewhere": QUEUED,
        "broken_token_beside": True,
        "calm_replies": f"{len(lags)} of {len(desks)}",
        "calm_lag_median_ms": round(1000 * sorted(lags)[len(lags) // 2]),
        "calm_lag_p95_ms": _shops.p95(lags, 1000),
    }
    yield {
        "figure": "saturation of workers",
        "sent": len(moments),
        "seconds": round((moments[-1] - moments[0]).total_seconds(), 1),
        "share_of_allowed_rate": round(10 * len(tens) / sum(tens), 3),
        "answers_429": throttled,
    }


# Restarts


def restarts(places: dict[str, str]) -> Figures:
    """Return what came of the replies of many shops whose workers were replaced."""
    simulator = Simulator(window="sliding")
    simulator.fault("slow", "send", seconds=0.4, times=None)
    shops = [_shops.add(simulator, f"r{number}") for number in range(SHOPS)]
    stopping: list[float] = []
    for shop in shops:
        _queue(shop.seller, _chats(simulator, shop, REPLIES), REPLIES)
    with _sailing(places, simulator) as fleet:
        for _ in range(RESTARTS):
            _amid_sending(simulator)
            fleet.workers.append(fleet.start())
            stopping.append(_stop(fleet.workers.pop(0)))
        for worker in fleet.workers:
            _amid_sending(simulator)
            worker.send_signal(signal.SIGHUP)  # begins anew by itself
        _until(lambda: not any(_left(shop.seller) for shop in shops), 120)
    with scopes_disabled():
        mine = Outgoing.objects.filter(seller__in=[shop.seller for shop in shops])
        states = Counter(mine.values_list("status", flat=True))
        doubtful = Attempt.objects.filter(outgoing__in=mine, outcome="unknown").count()
        wanted = Counter(mine.values_list("chat__wb_chat_id", "text"))
    shown = Counter((it["chatID"], it["message"]) for it in simulator.sent)
    return {
        "figure": "rolling restart",
        "restarts": f"{RESTARTS} by TERM, {WORKERS} by HUP, amid sending",
        "replies": wanted.total(),
        "states": dict(states),
        "duplicates": (shown - wanted).total(),
        "lost": (wanted - shown).total(),
        "in_doubt": doubtful,
        "stopped_within_s": round(max(stopping), 1),
    }


def _amid_sending(simulator: Simulator) -> None:
    sent = len(simulator.sent)
    _until(lambda: len(simulator.sent) > sent + 2, 30)


def _stop(process: "subprocess.Popen[bytes]") -> float:
    began = time.monotonic()
    process.terminate()
    process.wait(60)
    return time.monotonic() - began


# Rows


def _chats(simulator: Simulator, shop: _shops.Shop, count: int) -> list[Chat]:
    """Make chats whose beginnings were read long ago: nothing is to be suggested."""
    made = [simulator.new_chat(_shops.TEXTS[0], seller=shop.sid) for _ in range(count)]
    known = simulator.sellers[shop.sid].chats
    now = timezone.now()
    read = {"next": int(now.timestamp() * 1000), "overlap_at": now}
    with scope(seller=shop.seller):
        FeedCursor.objects.update_or_create(seller=shop.seller, defaults=read)
        return Chat.objects.bulk_create(
            Chat(
                seller=shop.seller,
                wb_chat_id=wb_chat_id,
                reply_sign=known[wb_chat_id].signs[-1],
                created_at=now,
            )
            for wb_chat_id in made
        )


def _queue(seller: Seller, chats: list[Chat], count: int) -> None:
    now = timezone.now()
    with scope(seller=seller):
        Outgoing.objects.bulk_create(
            Outgoing(
                seller=seller,
                chat=chats[number % len(chats)],
                text=f"Здравствуйте! Уточняем, ответ {number}.",
                key=uuid.uuid4(),
                due_at=now - timedelta(hours=1) if count > REPLIES else now,
            )
            for number in range(count)
        )


def _left(seller: Seller) -> bool:
    with scope(seller=seller):
        return Outgoing.objects.filter(seller=seller, status__in=OPEN).exists()


def _until(done: Any, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not done() and time.monotonic() < ends:
        time.sleep(0.1)
