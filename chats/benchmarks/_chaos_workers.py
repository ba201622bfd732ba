"""Worker processes that poll, send and settle all at once, and what is done to them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone
from django_scopes import scopes_disabled

from agentiq.marketplace import NotConnected, connect_all
from chats import outbox, polling, tasks
from chats.feed import Polled
from promos.models import Seller

WORKERS = 3
NAME = "agentiq-chaos"
SWEEP = 3.0
"""Seconds between looks at all that is unsettled; events of our own settle at once."""
BROKEN = (DatabaseError, InterfaceError)
PACE = {
    "WB_READ_TIMEOUT": "3",
    "WB_SETTLE_POLLS": "2",
    "WB_SETTLE_SECONDS": "3",
    "WB_SENDING_SECONDS": "9",
    "WB_PROBE_SECONDS": "1",
    "WB_POLL_ACTIVE_SECONDS": "1",
    "WB_POLL_IDLE_SECONDS": "1",
    "LOG_LEVEL": "CRITICAL",
}
"""Patience, short enough for a test; longer than any call through the proxy takes."""


class Workers:
    """Worker processes, forked from one that has everything loaded."""

    def __init__(self, url: str, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._random, self._pids = Random(seed), [0] * WORKERS
        hosts = {f"WB_{name.upper()}_URL": url for name in settings.WB_HOSTS}
        command = [sys.executable, "manage.py", "bench", "chaos", "--nursery"]
        self._nursery = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
            env=os.environ | _same_servers() | hosts | PACE,
        )

    def kill_one(self) -> None:
        """Kill a worker without a word and start another in its place."""
        place = self._random.randrange(WORKERS)
        _kill(self._pids[place])
        self._pids[place] = self._bear()
        self.done["killed_workers"] += 1

    def cut_database(self) -> None:
        """End a database session of somebody else, whatever it does."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' ORDER BY random() LIMIT 1"
            )
            self.done["cut_sessions"] += cursor.rowcount

    def _bear(self) -> int:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(f"{self._random.randrange(10**6)}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def __enter__(self) -> Self:
        self._pids = [self._bear() for _ in range(WORKERS)]
        return self

    def __exit__(self, *error: object) -> None:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.close()
        for pid in self._pids:
            _kill(pid)
        self._nursery.wait()
        self._nursery.stdout.close()
        with connection.cursor() as cursor:  # a dead client's session may linger
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s",
                [NAME],
            )


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _same_servers() -> dict[str, str]:
    """Return the environment that leads a process to this one's database."""
    made = connection.get_connection_params()
    host, port = made.get("host", ""), made.get("port", "")
    place = f"&host={host}" if str(host).startswith("/") else ""
    name = f"{made['user']}:{made.get('password', '')}@"
    netloc = name if place else f"{name}{host}"
    netloc += f":{port}" if port else ""
    return {
        "DATABASE_URL": f"postgresql://{netloc}/{made['dbname']}?application_name={NAME}{place}",
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_PREFIX": settings.REDIS_PREFIX,
        "AGENTIQ_ENV": "test",
    }


def nursery() -> None:
    """Fork a worker for each line of stdin (its seed) and print its process id."""
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                _work(Random(int(line)), parent)
            finally:
                os._exit(0)
        print(pid, flush=True)


def _work(random: Random, parent: int) -> None:
    """Do what workers do, over and over, until the nursery is gone."""
    sweep_at = 0.0
    while os.getppid() == parent:
        try:
            for seller_id in _poll():
                tasks.settle_seller(seller_id)
            with scopes_disabled():
                due = outbox.sellers_due(now=timezone.now())
            random.shuffle(due)
            for seller_id in due:
                tasks.send_seller(seller_id)
            if time.monotonic() > sweep_at:
                tasks.settle_unknown()
                sweep_at = time.monotonic() + SWEEP
        except Exception:  # noqa: BLE001  a task that fails does not end a worker
            connection.close()
        time.sleep(0.05)


def _poll() -> set[int]:
    """Read the feeds that are due; return the shops that saw messages of their own."""
    own: set[int] = set()

    def done(seller_id: int, polled: Polled) -> None:
        if polled.own_events:
            own.add(seller_id)

    due = polling.claim(timezone.now())
    for start in range(0, len(due), polling.TOGETHER):
        read(due[start : start + polling.TOGETHER], done)
    return own


def read(
    seller_ids: Sequence[int], done: Callable[[int, Polled], Any] = lambda *_: None
) -> None:
    """Do what tasks.poll_shops does, without asking for suggestions."""
    shops = connect_all(Seller.objects.filter(pk__in=seller_ids))
    ready = [it for it in shops if not isinstance(it[1], NotConnected)]
    polling.poll_many(ready, now=timezone.now(), done=done)
