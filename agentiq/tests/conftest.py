"""A simulated WB at noon in Moscow, a server that does as told, and clients of both."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.simulator import Simulator, serve

NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sim(clock):
    return Simulator(clock=clock, sleep=clock.pass_, control=True)


@pytest.fixture
def running(sim):
    with serve(sim) as running:
        yield running


@pytest.fixture
def connect(sim, running):
    made = []

    def connect(token=None, **options):
        token = token or sim.make_token(sid=sim.add_seller(sid="shop"))
        hosts = options.pop("hosts", Hosts.all_at(running.url))
        made.append(WbClient(token, hosts=hosts, timeout=(2, 2), **options))
        return made[-1]

    yield connect
    for client in made:
        client.close()


@pytest.fixture
def wb(connect):
    return connect()


def sign_of(sim, chat_id):
    return next(
        it.chats[chat_id].signs[-1]
        for it in sim.sellers.values()
        if chat_id in it.chats
    )


def texts(page):
    return [event.text for event in page.events]


TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJhY2MiOjN9.canary-canary-canary"


SIGN = "1:1e26:66f136"


class Scripted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        seen = {
            "verb": self.command,
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": self.rfile.read(size),
        }
        self.server.seen.append(seen)
        step = self.server.script.pop(0)
        if step == "hang up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = step
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)
        if int(headers.get("Content-Length", 0)) > len(body):
            self.close_connection = True

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # clients hang up on purpose here


@pytest.fixture
def stub():
    server = Server(("127.0.0.1", 0), Scripted)
    server.seen, server.script = [], []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def make_client(stub):
    made = []

    def make(**options):
        url = f"http://127.0.0.1:{stub.server_address[1]}"
        made.append(WbClient(TOKEN, hosts=Hosts.all_at(url), **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def stub_wb(make_client):
    return make_client(timeout=(1, 1))


def ok(body):
    return 200, {}, body


RECEIPT = {
    "errors": [],
    "result": {"addTime": 1712848270018, "chatID": "1:641b", "sign": "1:641b:abc"},
}


def send(client):
    return client.send_message(reply_sign=SIGN, text="Да")
