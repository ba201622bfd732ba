"""
What the desk's pages cost, each beside the least Django page that shows the same rows.

Each size gets a database of its own: that many chats with ten messages each, one of
them with five thousand, two thirds of them waiting with a suggestion. Desk and floor
run on two gunicorn workers each. They are asked in turns, a few requests at a time
and all sizes in each turn, so that whatever else the machine does hits all alike.
CPU is read from /proc, so servers, database and Redis must be on this machine.
"""

import gzip
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from chats import live
from chats.benchmarks import _rows, _scratch, _stand
from chats.models import Chat
from promos.models import Seller

Figures = dict[str, Any]
Ask = Callable[[int], requests.Response]
TURN = 10
"""Requests to one server before the next one has its turn."""
CONNECTIONS = 2
TIMES_FLOOR, POLL_TIMES_FLOOR, QUERIES, GZIPPED = 3.0, 1.5, 12, 60_000
GROWTH, SEARCH_GROWTH = 1.3, 2.5
ANSWER = "Здравствуйте! Посылка уже в пути, ждите её на этой неделе."
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
"""Statements around a transaction: they ask nothing."""
PAGES = ("list", "filter", "search", "open", "poll", "reply")
HTMX = {"HX-Request": "true"}
STATICS = (
    "chats/desk.css",
    "chats/desk.js",
    "chats/icon.svg",
    "django_htmx/htmx-2.min.js",
)


@dataclass(slots=True)
class Spent:
    """What the requests to one page took so far, in seconds."""

    count: int = 0
    seconds: float = 0.0
    server: float = 0.0
    store: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Processor time of a request, of the server and what it asks."""
        return (self.server + self.store) * 1000 / max(self.count, 1)

    def figures(self) -> Figures:
        """Return milliseconds for each request, and requests a second."""
        each = 1000 / max(self.count, 1)
        return {
            "p50_ms": round(median(self.times) * 1000, 2),
            "p95_ms": round(quantiles(self.times, n=20)[-1] * 1000, 2),
            "per_second": round(self.count / self.seconds, 1),
            "server_cpu_ms": round(self.server * each, 2),
            "database_cpu_ms": round(self.store * each, 2),
            "cpu_ms": round(self.cpu_ms, 2),
        }


@dataclass(frozen=True, slots=True)
class Stand:
    """One size: its database, and the two servers that read it."""

    size: int
    database: str
    desk: _stand.Server
    floor: _stand.Server
    waiting: list[int]
    long_one: int
    ticket: str


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what ``bench desk`` takes."""
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000]
    )
    parser.add_argument("--requests", type=int, default=200, help="per page and size")
    parser.add_argument("--long", type=int, default=5_000, help="messages of one chat")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))


def run(options: Figures) -> Iterator[Figures]:
    """Yield a line for each page and size, then how each page grew."""
    with _scratch.redis(), ExitStack() as stack, scopes_disabled():
        empty = stack.enter_context(_stand.database("empty"))
        stands = [
            stack.enter_context(_prepared(size, options["long"], like=empty))
            for size in options["sizes"]
        ]
        for page in options["pages"]:
            yield from measured(page, stands, options["requests"])


@contextmanager
def _prepared(size: int, long: int, *, like: str) -> Iterator[Stand]:
    """Seed a database of that size and let both servers read it."""
    with _stand.database(str(size), like=like) as name, ExitStack() as stack:
        with _stand.using(name):
            _rows.write(size, long=long)
        environment = _stand.environment(name)
        desk = stack.enter_context(_stand.server("agentiq.wsgi", environment))
        with _stand.using(name):
            plain = _stand.plain_session(desk.session)
        floor = stack.enter_context(
            _stand.server("chats.benchmarks._floor", environment, plain)
        )
        with _stand.using(name):
            ready = stand(size, desk, floor)
        yield ready


def stand(size: int, desk: _stand.Server, floor: _stand.Server) -> Stand:
    """Return what is measured of the database at hand."""
    who = Seller.objects.get().pk, get_user_model().objects.get().pk
    return Stand(
        size=size,
        database=connection.settings_dict["NAME"],
        desk=desk,
        floor=floor,
        waiting=list(Chat.objects.waiting().values_list("pk", flat=True)),
        long_one=Chat.objects.earliest("pk").pk,
        ticket=live.ticket(*who),
    )


def measured(
    page: str, stands: list[Stand], count: int, turn: int = TURN
) -> Iterator[Figures]:
    """Ask desk and floor of every size in turns; a line for each size and growth."""
    asked = [
        (stand, server, _asking(page, stand, server), Spent())
        for stand in stands
        for server in (stand.floor, stand.desk)
    ]
    for _, _, ask, _ in asked:  # both workers have seen the page before it counts
        _load(range(turn), ask)
    for first in range(turn, count + turn, turn):
        for stand, server, ask, spent in asked:
            _turn(range(first, first + turn), stand, server, ask, spent)
    pairs = zip(asked[::2], asked[1::2], strict=True)
    lines = [
        _line(page, stand, floor, ours) | _weight(page, stand)
        for (stand, _, _, floor), (_, _, _, ours) in pairs
    ]
    yield from lines
    for line in lines[1:]:
        yield grown(lines[0], line)


def _turn(
    numbers: range, stand: Stand, server: _stand.Server, ask: Ask, spent: Spent
) -> None:
    store = _stand.store_pids(stand.database)
    before = _stand.cpu(server.pids), _stand.cpu(store)
    began = perf_counter()
    spent.times += _load(numbers, ask)
    spent.seconds += perf_counter() - began
    spent.server += _stand.cpu(server.pids) - before[0]
    spent.store += _stand.cpu(store) - before[1]
    spent.count += len(numbers)


def _load(numbers: range, ask: Ask) -> list[float]:
    """Return how long each of the requests took, over two connections at once."""

    def timed(number: int) -> float:
        start = perf_counter()
        ask(number).raise_for_status()
        return perf_counter() - start

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(timed, numbers))


def _asking(page: str, stand: Stand, server: _stand.Server) -> Ask:
    """Return how a page is asked for, at the desk or of the floor."""
    session, base = server.session, server.base
    ours = server is stand.desk
    if page == "reply":
        return _replying(stand, server)
    path = (_desk_paths if ours else _floor_paths)(stand)[page]
    headers = HTMX if ours and page != "list" else {}
    if page == "poll":
        headers = {"If-None-Match": session.get(base + path).headers["ETag"]}
    return lambda number: session.get(base + path, headers=headers, timeout=60)


def _desk_paths(stand: Stand) -> dict[str, str]:
    return {
        "list": "/",
        "filter": "/list/?intent=thanks",
        "search": "/list/?query=промокода",
        "open": f"/chats/{stand.long_one}/",
        "poll": f"/live/?ticket={stand.ticket}",
    }


def _floor_paths(stand: Stand) -> dict[str, str]:
    return {
        "list": "/",
        "filter": "/?intent=thanks",
        "search": "/?query=промокода",
        "open": f"/chats/{stand.long_one}/",
        "poll": "/poll/",
    }


def _replying(stand: Stand, server: _stand.Server) -> Ask:
    """Answer one waiting chat after the other, and go on to the next."""
    session = server.session
    ours = server is stand.desk
    headers = {"X-CSRFToken": session.cookies["csrftoken"], "Referer": server.base}
    headers |= HTMX if ours else {}

    def ask(number: int) -> requests.Response:
        chat = stand.waiting[number % len(stand.waiting)]
        url = f"{server.base}/chats/{chat}/reply/" if ours else f"/reply/{chat}/"
        url = url if ours else server.base + url
        form = _form(chat) if ours else {"text": ANSWER}
        # The desk's form may carry files, so it always comes in parts.
        parts = {name: (None, value) for name, value in form.items()} if ours else None
        data = None if ours else form
        return session.post(url, data, files=parts, headers=headers, timeout=60)

    return ask


def _form(chat: int) -> dict[str, str]:
    """What the page posts: the words, the act's key, and to go on afterwards."""
    return {
        "key": str(uuid.uuid4()),
        "seen": f"{chat}-1",
        "suggestion": "",
        "saved": "",
        "text": ANSWER,
        "promo_code": "",
        "go_on": "1",
        "list": "",
    }


def _line(page: str, stand: Stand, floor: Spent, ours: Spent) -> Figures:
    least = floor.figures()
    times = ours.cpu_ms / max(floor.cpu_ms, 0.001)
    bar = POLL_TIMES_FLOOR if page == "poll" else TIMES_FLOOR
    return {
        "page": page,
        "chats": stand.size,
        **ours.figures(),
        "floor_p50_ms": least["p50_ms"],
        "floor_per_second": least["per_second"],
        "floor_cpu_ms": least["cpu_ms"],
        "times_floor": round(times, 2),
        "bar": bar,
        "met": times <= bar,
    }


def grown(small: Figures, large: Figures) -> Figures:
    """Return how a page's cost grew with the size of the database."""
    bar = SEARCH_GROWTH if small["page"] == "search" else GROWTH
    growth = large["cpu_ms"] / max(small["cpu_ms"], 0.001)
    return {
        "page": small["page"],
        "from": small["chats"],
        "to": large["chats"],
        "growth": round(growth, 2),
        "bar": bar,
        "met": growth <= bar,
    }


def _weight(page: str, stand: Stand) -> Figures:
    """Return the queries and the bytes of a page; the first answer warms it up."""
    with _stand.using(stand.database):
        client = Client()
        client.force_login(get_user_model().objects.get())
        for turn in (-3, -2):  # of chats with one after them
            with CaptureQueriesContext(connection) as captured:
                content = _content(page, stand, client, turn)
    queries = sum(not one["sql"].startswith(FRAME) for one in captured)
    zipped = len(gzip.compress(content))
    if page == "list":
        files = (Path(str(finders.find(name))).read_bytes() for name in STATICS)
        zipped += sum(len(gzip.compress(file)) for file in files)
    return {
        "queries": queries,
        "bytes": len(content),
        "gzipped": zipped,
        "light": queries <= QUERIES and zipped <= GZIPPED,
    }


def _content(page: str, stand: Stand, client: Client, turn: int) -> bytes:
    if page == "reply":
        chat = stand.waiting[turn]
        answer = client.post(f"/chats/{chat}/reply/", _form(chat), headers=HTMX)
        return bytes(answer.content)
    headers = {} if page == "list" else HTMX
    path = _desk_paths(stand)[page]
    return bytes(client.get(path, headers=headers).content)
