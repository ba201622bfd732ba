"""WB on the worst day: a stand-in, and a proxy before it that loses answers."""

import base64
import contextlib
import http.client
import json
import multiprocessing
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlsplit

from django.conf import settings

from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.errors import WbError, WbForbidden
from agentiq.wb.simulator import Remote
from agentiq.wb.tokens import Category
from chats import matching

SELLER_SENDS = 20
CHAT_SENDS = 2
DROPPED = 0.2
FAILED = 0.1
_COUNTED = ("failed_answers", "dropped_answers", "throttled")


class NoStandIn(Exception):
    """The address given cannot be used; the sentence says what to do."""


class StandIn:
    """
    Something that answers as WB's chat: a simulator of our own, or one at an address.

    One that has our simulator's controls is given shops and buyers. Any other is
    used as it is, with the tokens given or one made up: the chats its feed shows,
    and of what it has done only what its feed shows afterwards.
    """

    def __init__(self, url: str, tokens: Sequence[str], sends: int, seed: int) -> None:
        self._process: subprocess.Popen[str] | None = None
        if not url:
            self._process = _simulator(seed)
            assert self._process.stdout
            url = self._process.stdout.readline().strip()
        elif (urlsplit(url).hostname or "").endswith(".wildberries.ru"):
            raise NoStandIn("this is WB itself: chaos sends to stand-ins only")
        self.url = url.rstrip("/")
        self.is_ours = _has_controls(self.url)
        self.tokens = list(tokens) or self._furnished(sends)
        # An earlier run may have written there.
        self._before: Counter[tuple[str, str]] = Counter()
        self._before = Counter() if self.is_ours else self.shown()

    def shown(self) -> Counter[tuple[str, str]]:
        """Count the messages of this run in the feeds, read from their beginning."""
        found = sum((_shown(self.url, token) for token in self.tokens), Counter())
        return found - self._before

    def close(self) -> None:
        """End the simulator, if it is this one's own."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout
            self._process.stdout.close()

    def _furnished(self, sends: int) -> list[str]:
        if not self.is_ours:
            return [_made_up()]
        remote, tokens = Remote(self.url), []
        for _ in range(max(sends // SELLER_SENDS, 1)):
            sid = str(uuid.uuid4())
            tokens.append(remote.make_token(sid=sid))
            remote.add_seller(sid=sid)
            for _ in range(min(sends, SELLER_SENDS) // CHAT_SENDS):
                remote.new_chat(text="Здравствуйте! Какой размер выбрать?", seller=sid)
        return tokens


def _simulator(seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentiq.wb.simulator", "--seed", str(seed)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    )


def _has_controls(url: str) -> bool:
    try:
        return isinstance(Remote(url).sellers(), list)
    except URLError as error:
        raise NoStandIn(f"{url} does not answer: {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


def _made_up() -> str:
    """Return a token of the shape WB issues, for a stand-in that takes any."""
    claims = {
        "acc": 3,
        "exp": int(time.time()) + 86_400,
        "for": "self",
        "id": str(uuid.uuid4()),
        "s": 1 << Category.CHAT,
        "sid": str(uuid.uuid4()),
    }
    parts = ({"alg": "ES256", "typ": "JWT"}, claims, "chaos")
    texts = (base64.urlsafe_b64encode(json.dumps(it).encode()) for it in parts)
    return ".".join(text.decode().rstrip("=") for text in texts)


def _shown(url: str, token: str) -> Counter[tuple[str, str]]:
    """Count our messages in a seller's feed."""
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
    for _ in range(60):
        try:
            return client.events(cursor)
        except WbForbidden:
            raise NoStandIn("the stand-in refuses the token: name one of its own")
        except WbError:  # throttled: the workers read the same feed
            time.sleep(1)
    return client.events(cursor)


class Proxy:
    """
    Stands before WB, in a process of its own.

    Of the sends it loses a share of the answers after WB acted, and fails another
    share without acting.
    """

    def __init__(self, url: str, seed: int) -> None:
        context = multiprocessing.get_context("fork")
        self._counts = {name: context.Value("i", 0) for name in _COUNTED}
        self._server = _Server(url, seed, self._counts)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._process = context.Process(target=self._server.serve_forever, daemon=True)

    @property
    def done(self) -> Counter[str]:
        """What it did so far, by name."""
        return Counter({name: count.value for name, count in self._counts.items()})

    def __enter__(self) -> Self:
        self._process.start()
        self._server.server_close()  # the child listens
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, url: str, seed: int, counts: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(url)
        self.counts = counts
        self._random, self._lock = Random(seed), threading.Lock()

    def draw(self) -> float:
        """Return a number between 0 and 1, in an order that the seed decides."""
        with self._lock:
            return self._random.random()

    def count(self, name: str) -> None:
        """Count what was done."""
        with self.counts[name].get_lock():
            self.counts[name].value += 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who was killed hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server
    upstream: http.client.HTTPConnection | None = None

    def do_GET(self) -> None:
        """Answer with WB's answer, or with what is left of it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        draw = self.server.draw() if self.command == "POST" else 1.0
        if draw < FAILED:
            self.server.count("failed_answers")
            self._answer(503, [], b"")
            return
        status, headers, content = self._ask(body)
        if status == 429:
            self.server.count("throttled")
        if draw < FAILED + DROPPED:
            self.server.count("dropped_answers")
            self.close_connection = True
            return
        self._answer(status, headers, content)

    do_POST = do_GET

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = self.server.target
        if self.upstream is None:
            kind = (
                http.client.HTTPSConnection
                if target.scheme == "https"
                else http.client.HTTPConnection
            )
            self.upstream = kind(target.netloc, timeout=10)
        headers = {
            name: value for name, value in self.headers.items() if name != "Host"
        }
        self.upstream.request(self.command, target.path + self.path, body, headers)
        answer = self.upstream.getresponse()
        content = answer.read()
        if answer.will_close or self.command == "POST":
            # A kept connection may be closed when next used; a send gets a new one.
            self.upstream.close()
            self.upstream = None
        return answer.status, answer.getheaders(), content

    def _answer(
        self, status: int, headers: Sequence[tuple[str, str]], content: bytes
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower().startswith(("content-type", "x-ratelimit")):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def finish(self) -> None:
        """Hang up on both sides."""
        with contextlib.suppress(OSError):
            super().finish()
        if self.upstream:
            self.upstream.close()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
