"""
What the desk's pages cost, beside the least Django page that shows the same rows.

Each size gets a database and a Redis of its own: that many chats with ten messages each, one of
them with five thousand. Both servers run on two gunicorn workers. CPU is read from
/proc, so server and database must be on this machine.
"""

import gzip
import os
import socket
import subprocess
import sys
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scopes_disabled

from chats import desk, live
from chats.analyzer.taxonomy import Intent, Sentiment
from chats.benchmarks import _scratch
from chats.models import Chat
from promos.models import Membership, Seller

Figures = dict[str, Any]
PASSWORD = "bench-only"
WORKERS = 2
LONG = 5000
STATICS = (
    "chats/desk.css",
    "chats/desk.js",
    "chats/icon.svg",
    "django_htmx/htmx-2.min.js",
)
TICK = os.sysconf("SC_CLK_TCK")

MESSAGES = """
INSERT INTO chats_message (seller_id, chat_id, event_id, event_type, sender, source,
                           text, added_at, stored_at)
SELECT seller_id, id, id || '-' || n, 'message',
       CASE WHEN n %% 2 = 1 THEN 'client' ELSE 'seller' END, '',
       (ARRAY['Здравствуйте, когда приедет заказ?', 'Добрый день! Посылка в пути.',
              'Размер не подошёл, как оформить возврат?', 'Спасибо, всё отлично!',
              'Подскажите, подойдёт ли чехол?'])[1 + (id + n) %% 5]
       || CASE WHEN id %% 500 = 0 THEN ' промокод не сработал' ELSE '' END,
       last_at - n * interval '1 minute', now()
FROM chats_chat, generate_series(1, %s) AS n WHERE id BETWEEN %s AND %s
"""
FLOOR = """
CREATE TABLE floor_floormessage (id bigserial PRIMARY KEY, text text NOT NULL);
INSERT INTO floor_floormessage (id, text) SELECT id, preview FROM chats_chat;
CREATE TABLE floor_floorchat (id bigserial PRIMARY KEY, buyer text NOT NULL,
    preview text NOT NULL, due_at timestamptz NOT NULL, last_id bigint NOT NULL);
INSERT INTO floor_floorchat (id, buyer, preview, due_at, last_id)
    SELECT id, buyer_name, preview, due_at, id FROM chats_chat;
CREATE INDEX ON floor_floorchat (due_at, id);
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what ``bench desk`` takes."""
    parser.add_argument(
        "--chats", type=int, nargs="+", default=[1_000, 10_000, 100_000]
    )
    parser.add_argument("--requests", type=int, default=200, help="per page")


def run(options: Figures) -> Iterator[Figures]:
    """Yield a line for each page and size, then how each page grew."""
    first: dict[str, Figures] = {}
    for size in options["chats"]:
        with _scratch.places("desk") as places, scopes_disabled():
            _seed(size)
            for figures in _measured(places, size, options["requests"]):
                yield figures
                before = first.setdefault(figures["page"], figures)
                if before is not figures:
                    growth = figures["cpu_ms"] / max(before["cpu_ms"], 0.01)
                    grown = {"from": before["chats"], "to": size}
                    yield {"page": figures["page"], **grown, "growth": round(growth, 2)}


def _seed(size: int) -> None:
    seller = Seller.objects.create(name="Bench")
    user = get_user_model().objects.create_user("bench", password=PASSWORD)
    Membership.objects.create(seller=seller, user=user, role=Membership.Role.OPERATOR)
    now = timezone.now()
    intents, moods = list(Intent), list(Sentiment)
    for start in range(0, size, 5_000):
        Chat.objects.bulk_create(
            Chat(
                seller=seller,
                wb_chat_id=f"1:{number}",
                buyer_name=f"Покупатель {number}",
                reply_sign="sign",
                last_event_id="",
                preview="Здравствуйте, когда приедет заказ?",
                intent=intents[number % len(intents)],
                sentiment=moods[number % len(moods)],
                waiting_since=now if number % 3 else None,
                due_at=now + timedelta(minutes=number),
                last_at=now - timedelta(seconds=number),
            )
            for number in range(start, min(start + 5_000, size))
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM chats_chat")
        low, high = cursor.fetchone()
        cursor.execute(MESSAGES, [LONG, low, low])
        for start in range(low + 1, high + 1, 20_000):
            cursor.execute(MESSAGES, [10, start, min(start + 19_999, high)])
        cursor.execute(FLOOR)
        cursor.execute("VACUUM ANALYZE")
    desk.tidy(seller.pk)


def _measured(places: dict[str, str], size: int, count: int) -> Iterator[Figures]:
    user = get_user_model().objects.get(username="bench")
    seller = Seller.objects.get()
    environment = os.environ | {
        **places,
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "agentiq.settings",
        "LOG_LEVEL": "ERROR",
    }
    with _server("agentiq.wsgi", environment) as (base, pids):
        session = _signed_in(base)
        with _server("chats.benchmarks._floor", environment) as (floor, floor_pids):
            least = _load(count, floor_pids, lambda n: _get(session, f"{floor}/"))
            yield {"page": "floor", "chats": size, **least}
        client = Client()
        client.force_login(user)
        for page, (path, headers) in _pages(seller, user, session, base).items():
            got = _load(
                count, pids, lambda n, to=base + path, h=headers: _get(session, to, h)
            )
            yield _line(page, size, got, least) | _weight(client, path, headers)
        chats = list(Chat.objects.order_by("due_at").values_list("pk", flat=True))
        got = _load(count, pids, lambda n: _reply(session, base, chats[n % len(chats)]))
        yield _line("reply", size, got, least)


def _pages(
    seller: Seller, user: Any, session: requests.Session, base: str
) -> dict[str, tuple[str, dict[str, str]]]:
    long_one = Chat.objects.order_by("pk").first()
    ticket = live.ticket(seller.pk, user.pk)
    poll = f"/live/?ticket={ticket}"
    tag = session.get(base + poll).headers["ETag"]
    htmx = {"HX-Request": "true"}
    return {
        "list": ("/", {}),
        "filter": ("/list/?intent=thanks", htmx),
        "search": ("/list/?query=промокода", htmx),
        "open": (f"/chats/{long_one.pk}/" if long_one else "/", htmx),
        "poll": (poll, {"If-None-Match": tag}),
    }


def _line(page: str, size: int, got: Figures, least: Figures) -> Figures:
    times = got["cpu_ms"] / max(least["cpu_ms"], 0.01)
    return {"page": page, "chats": size, **got, "times_floor": round(times, 2)}


def _weight(client: Client, path: str, headers: dict[str, str]) -> Figures:
    """Return the queries and the bytes of a page; the first one warms it up."""
    client.get(path, headers=headers)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, headers=headers)
    zipped = len(gzip.compress(answer.content))
    figures = {"queries": len(captured), "bytes": len(answer.content)}
    if path == "/":
        files = (Path(str(finders.find(name))).read_bytes() for name in STATICS)
        zipped += sum(len(gzip.compress(content)) for content in files)
    return figures | {"gzipped": zipped}


@contextmanager
def _server(
    module: str, environment: dict[str, str]
) -> Iterator[tuple[str, list[int]]]:
    """A gunicorn of two workers; its address and the processes to account for."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", f"{module}:application"]
    command += ["-b", f"127.0.0.1:{port}", "-w", str(WORKERS), "--log-level", "error"]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, process)
        yield base, [process.pid, *_children(process.pid)]
    finally:
        process.terminate()
        process.wait(20)


def _wait(base: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn stopped with {process.returncode}")
        try:
            requests.get(f"{base}/", timeout=5, allow_redirects=False)
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError("gunicorn does not answer")


def _signed_in(base: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{base}/login/")
    form = {
        "username": "bench",
        "password": PASSWORD,
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    session.post(f"{base}/login/", form).raise_for_status()
    return session


def _get(
    session: requests.Session, url: str, headers: dict[str, str] | None = None
) -> None:
    session.get(url, headers=headers, timeout=60).raise_for_status()


def _reply(session: requests.Session, base: str, chat: int) -> None:
    form = {
        "key": str(uuid.uuid4()),
        "seen": "",
        "text": "Здравствуйте! Посылка уже в пути, ждите её на этой неделе.",
        "force": "1",
    }
    headers = {
        "X-CSRFToken": session.cookies["csrftoken"],
        "Referer": base,
        "HX-Request": "true",
    }
    url = f"{base}/chats/{chat}/reply/"
    session.post(url, form, headers=headers, timeout=60).raise_for_status()


def _load(count: int, pids: list[int], ask: Callable[[int], None]) -> Figures:
    """Ask ``count`` times over two connections; milliseconds and requests a second."""
    for number in range(4):
        ask(number)
    database = _database_pids()
    before = _cpu(pids), _cpu(database)
    began = time.perf_counter()

    def timed(number: int) -> float:
        start = time.perf_counter()
        ask(number)
        return (time.perf_counter() - start) * 1000

    with ThreadPoolExecutor(WORKERS) as pool:
        took = list(pool.map(timed, range(4, count + 4)))
    seconds = time.perf_counter() - began
    server, store = _cpu(pids) - before[0], _cpu(database) - before[1]
    return {
        "p50_ms": round(median(took), 2),
        "p95_ms": round(quantiles(took, n=20)[-1], 2),
        "per_second": round(count / seconds, 1),
        "server_cpu_ms": round(server * 1000 / count, 2),
        "database_cpu_ms": round(store * 1000 / count, 2),
        "cpu_ms": round((server + store) * 1000 / count, 2),
    }


def _database_pids() -> list[int]:
    """The database's processes that serve this benchmark, told by the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in cursor.fetchall()]


def _cpu(pids: list[int]) -> float:
    """Seconds of processor time the processes have used so far."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]
