"""
The worst day: answers lost, WB failing, workers killed, the database cut.

Replies are decided with double clicks while worker processes poll, send and settle
all at once. A proxy before WB drops answers after WB acted and fails without acting;
workers are killed with SIGKILL, database sessions ended. In the end WB's own feed is
counted: every reply once, none missing, every state final and explained.

WB is the simulator in a process of its own, or any stand-in: ``--url`` with the
``--token`` of each of its sellers, whose chats a buyer began.
"""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.marketplace import NotConnected, connect_all
from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.errors import WbError
from agentiq.wb.simulator import Remote
from agentiq.wb.tokens import decode_token
from chats import decisions, matching, outbox, polling, reasons, tasks
from chats.benchmarks import _scratch
from chats.models import Chat, Outgoing
from promos import tokens
from promos.models import PromoCode, PromoCodeSend, Seller

SENDS = 200
SELLER_SENDS = 10
CHAT_SENDS = 2
WORKERS = 3
NAME = "agentiq-chaos"
DROPPED = 0.2
FAILED = 0.1
UNDONE = 0.05
BROKEN = (DatabaseError, InterfaceError)
PACE = {
    "WB_READ_TIMEOUT": "3",
    "WB_SETTLE_POLLS": "2",
    "WB_SETTLE_SECONDS": "3",
    "WB_SENDING_SECONDS": "9",
    "WB_POLL_ACTIVE_SECONDS": "1",
    "WB_POLL_IDLE_SECONDS": "1",
    "LOG_LEVEL": "CRITICAL",
}
"""Patience, short enough for a test; longer than any call through the proxy takes."""


@dataclass
class Run:
    """One run: what was asked of it, what was done to it."""

    sends: int
    seed: int
    limit: float
    done: Counter[str] = field(default_factory=Counter)
    undone: set[uuid.UUID] = field(default_factory=set)
    keys: list[uuid.UUID] = field(default_factory=list)


def add_arguments(parser: ArgumentParser) -> None:
    """Add ``bench chaos``'s own arguments."""
    parser.add_argument("--sends", type=int, default=SENDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300, help="seconds")
    parser.add_argument("--url", default="", help="a stand-in for WB")
    parser.add_argument("--token", action="append", default=[], help="of its sellers")
    parser.add_argument("--nursery", action="store_true", help="for workers only")


def run(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the figures of one run; duplicates and lost have to be 0."""
    if options["nursery"]:
        nursery()
        return
    with _scratch.places("chaos"):
        yield chaos(
            sends=options["sends"],
            seed=options["seed"],
            limit=options["limit"],
            url=options["url"],
            tokens=options["token"],
        )


def chaos(
    *,
    sends: int,
    seed: int = 1,
    limit: float = 120,
    url: str = "",
    tokens: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what came of so many replies on the worst of days."""
    this = Run(sends, seed, limit)
    began = time.monotonic()
    simulator = None if url else _simulator(seed)
    try:
        url = url or simulator.stdout.readline().strip()
        tokens = tokens or _furnish(url, sends)
        with Proxy(url, seed) as proxy:
            settings.WB_HOSTS = dict.fromkeys(settings.WB_HOSTS, proxy.url)
            sellers = [_seller(token) for token in tokens]
            with Workers(proxy.url, seed) as workers:
                _act(this, sellers, workers)
                this.done |= proxy.done | workers.done
            return {
                "bench": "chaos",
                "seconds": round(time.monotonic() - began, 1),
                **dict(this.done),
                **_counted(this, url, tokens),
            }
    finally:
        if simulator:
            simulator.terminate()
            simulator.wait()


# WB and its people


def _simulator(seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentiq.wb.simulator", "--seed", str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_root())


def _root() -> Path:
    return Path(settings.BASE_DIR)


def _furnish(url: str, sends: int) -> list[str]:
    """Give the simulator sellers whose buyers wrote; return their tokens."""
    remote = Remote(url)
    tokens = []
    for _ in range(max(sends // SELLER_SENDS, 1)):
        sid = str(uuid.uuid4())
        token = remote.make_token(sid=sid)
        remote.add_seller(sid=sid)
        tokens.append(token)
        for _ in range(SELLER_SENDS // CHAT_SENDS):
            remote.new_chat(text="Здравствуйте! Какой размер выбрать?", seller=sid)
    return tokens


def _seller(token: str) -> Seller:
    facts = decode_token(token)
    seller = Seller.objects.create(name=f"Лавка {facts.seller_uuid[:8]}")
    tokens.enter(seller, token, by=None, now=timezone.now())
    now = timezone.now()
    with scope(seller=seller):
        PromoCode.objects.create(
            seller=seller,
            code="ZABOTA10",
            discount_percent=10,
            starts_at=now - timedelta(days=1),
            expires_at=now + timedelta(days=5),
        )
    return seller


class Proxy:
    """Stands before WB: loses answers after WB acted, and fails without acting."""

    def __init__(self, url: str, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._random, self._lock = Random(seed), threading.Lock()
        proxy, target = self, urlsplit(url)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.pass_on(self, target.hostname or "", target.port or 80)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *args: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def pass_on(self, handler: BaseHTTPRequestHandler, host: str, port: int) -> None:
        """Answer one request with WB's answer, or with what is left of it."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        sending = handler.command == "POST"
        with self._lock:
            draw = self._random.random() if sending else 1.0
        if draw < FAILED:
            self.done["failed_answers"] += 1
            handler.send_response(503)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        upstream = http.client.HTTPConnection(host, port, timeout=10)
        upstream.request(handler.command, handler.path, body, dict(handler.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if answer.status == 429:
            self.done["throttled"] += 1
        if draw < FAILED + DROPPED:
            self.done["dropped_answers"] += 1
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower().startswith(("content-", "x-ratelimit")):
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


# Workers, and what is done to them


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
            cwd=_root(),
            env=os.environ | _same_servers() | hosts | PACE,
        )

    def kill_one(self) -> None:
        """Kill a worker without a word and start another in its place."""
        place = self._random.randrange(WORKERS)
        os.kill(self._pids[place], signal.SIGKILL)
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
        self._nursery.stdin.write(f"{self._random.randrange(10**6)}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def __enter__(self) -> Self:
        self._pids = [self._bear() for _ in range(WORKERS)]
        return self

    def __exit__(self, *error: object) -> None:
        self._nursery.stdin.close()
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        self._nursery.wait()
        self._nursery.stdout.close()
        with connection.cursor() as cursor:  # a dead client's session may linger
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s",
                [NAME],
            )


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
    while os.getppid() == parent:
        try:
            _poll()
            with scopes_disabled():
                due = outbox.sellers_due(now=timezone.now())
            random.shuffle(due)
            for seller_id in due:
                tasks.send_seller(seller_id)
            tasks.settle_unknown()
        except BROKEN:
            connection.close()
        time.sleep(0.1)


def _poll() -> None:
    due = polling.claim(timezone.now())
    for start in range(0, len(due), polling.TOGETHER):
        read(due[start : start + polling.TOGETHER])


def read(seller_ids: Sequence[int]) -> None:
    """Do what tasks.poll_shops does, without asking for suggestions."""
    shops = connect_all(Seller.objects.filter(pk__in=seller_ids))
    ready = [it for it in shops if not isinstance(it[1], NotConnected)]
    polling.poll_many(ready, now=timezone.now(), done=lambda *_: None)


# People


def _act(this: Run, sellers: Sequence[Seller], workers: Workers) -> None:
    """Decide upon every reply while things go wrong, then wait for the last state."""
    random, ends = Random(this.seed), time.monotonic() + this.limit
    chats = _chats(this, sellers, ends)
    clicks = ThreadPoolExecutor(4)
    with clicks:
        for number in range(this.sends):
            chat, key = chats[number % len(chats)], uuid.uuid4()
            this.keys.append(key)
            with_code = number < len(chats) and random.random() < 0.3
            twins = number >= len(chats) and random.random() < 0.5
            text = _text(0 if twins else number, with_code)
            for _ in range(2):
                clicks.submit(_decide, chat, text, with_code, key)
            if random.random() < UNDONE:
                clicks.submit(_undo, this, chat.seller, key)
            if number % 10 == 9:
                _harm(random, workers)
        clicks.submit(lambda: None).result()
    while _open(this) and time.monotonic() < ends:
        _harm(random, workers)
        time.sleep(4)


def _harm(random: Random, workers: Workers) -> None:
    workers.kill_one()
    if random.random() < 0.3:
        workers.cut_database()


def _chats(this: Run, sellers: Sequence[Seller], ends: float) -> list[Chat]:
    """Wait until the workers have read the chats from the feed."""
    wanted = min(this.sends, len(sellers) * SELLER_SENDS // CHAT_SENDS)
    while time.monotonic() < ends:
        with scopes_disabled():
            rows = Chat.objects.filter(seller__in=sellers).exclude(reply_sign="")
            chats = list(rows.select_related("seller").order_by("pk"))
        if len(chats) >= wanted:
            return chats
        time.sleep(0.3)
    raise TimeoutError("the workers found no chats in the feed")


def _text(number: int, with_code: bool) -> str:
    if with_code:
        return (
            f"Здравствуйте! Спасибо за вопрос, это ответ {number}. Промокод ZABOTA10:"
            " скидка 10\u00a0% на все товары нашего магазина."
        )
    return f"Здравствуйте! Спасибо за вопрос, это ответ {number}, смотрим размеры."


def _decide(chat: Chat, text: str, with_code: bool, key: uuid.UUID) -> None:
    """Click as a person does: again, when nothing came back."""
    for _ in range(20):
        try:
            with scope(seller=chat.seller):
                code = PromoCode.objects.get() if with_code else None
                decisions.write(
                    chat,
                    text=text,
                    promo_code=code,
                    operator=None,
                    key=key,
                    seen_event_id=chat.last_event_id,
                    force=True,
                    now=timezone.now(),
                )
            return
        except BROKEN:
            continue
        finally:
            connection.close()


def _undo(this: Run, seller: Seller, key: uuid.UUID) -> None:
    try:
        with scope(seller=seller):
            outgoing = Outgoing.objects.filter(key=key).first()
            if outgoing and decisions.undo(outgoing, operator=None, now=timezone.now()):
                this.undone.add(key)
    finally:
        connection.close()


def _open(this: Run) -> bool:
    try:
        with scopes_disabled():
            rows = Outgoing.objects.filter(key__in=this.keys)
            unseen = rows.filter(status="sent", message=None)
            return rows.unsettled().exists() or unseen.exists()
    except BROKEN:
        connection.close()
        return True


# Counting


def _counted(this: Run, url: str, tokens: Sequence[str]) -> dict[str, Any]:
    """Return the books: what was wanted against what WB's own feed shows."""
    shown = sum((_shown(url, token) for token in tokens), Counter())
    with scopes_disabled():
        rows = list(
            Outgoing.objects.filter(key__in=this.keys)
            .select_related("chat")
            .prefetch_related("changes")
        )
        coded = sum(
            row.promo_code_id is not None and row.status == "sent" for row in rows
        )
        recorded = PromoCodeSend.objects.filter(outgoing_key__in=this.keys).count()
    wanted = Counter(
        (row.chat.wb_chat_id, matching.tidy(row.text))
        for row in rows
        if row.status != "cancelled"
    )
    return {
        "decided": len(rows),
        "undone": sum(row.status == "cancelled" for row in rows),
        "states": dict(Counter(row.status for row in rows)),
        "shown": shown.total(),
        "duplicates": (shown - wanted).total(),
        "lost": (wanted - shown).total(),
        "unlinked": sum(
            row.status == "sent" and row.message_id is None for row in rows
        ),
        "unexplained": sum(not _explained(row) for row in rows),
        "codes_missing": coded - recorded,
    }


def _shown(url: str, token: str) -> Counter[tuple[str, str]]:
    """Count our messages in a seller's feed, read from its beginning."""
    client = WbClient(token, hosts=Hosts.all_at(url))
    found: Counter[tuple[str, str]] = Counter()
    seen, cursor = set(), None
    while True:
        page = _patiently(client, cursor)
        for event in page.events:
            ours = event.sender == "seller" and event.source == matching.API
            if ours and event.event_id not in seen:
                seen.add(event.event_id)
                found[event.chat_id, matching.tidy(event.text)] += 1
        if page.total == 0 or page.next == cursor:
            client.close()
            return found
        cursor = page.next


def _patiently(client: WbClient, cursor: int | None) -> Any:
    for _ in range(30):
        try:
            return client.events(cursor)
        except WbError:  # throttled: the workers read the same feed
            time.sleep(1)
    return client.events(cursor)


def _explained(row: Outgoing) -> bool:
    """Return whether the last change of a reply is its state, with a known reason."""
    changes = list(row.changes.all())
    final = row.status in ("sent", "failed", "cancelled", "dry")
    return bool(
        final
        and changes
        and changes[-1].status == row.status
        and changes[-1].reason in reasons.DELIVERY
    )
