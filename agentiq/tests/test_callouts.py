import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep

import pytest

from agentiq import callouts


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.7/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://localhost/",
        "https://redis/",
        "https://db.internal/",
    ],
)
def test_an_address_inside_is_refused_when_it_is_entered(url):
    with pytest.raises(callouts.Forbidden, match="private_address"):
        callouts.check(url)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "https://", "//example.com", ""],
)
def test_only_https_is_called(url):
    with pytest.raises(callouts.Forbidden):
        callouts.check(url)


def test_a_password_in_the_address_is_refused():
    with pytest.raises(callouts.Forbidden, match="malformed"):
        callouts.check("https://user:pass@example.com/")


def test_a_public_name_may_be_entered():
    callouts.check("https://hooks.example.com:8443/in?shop=1")


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "::1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_called(monkeypatch, inside):
    def resolve(host, port, **kwargs):
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
        hidden = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (inside, port))
        return [public, hidden]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(callouts.Forbidden, match="private_address"):
        callouts.post("https://rebinding.example.com/", b"{}", {})


@pytest.fixture
def redirecting():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/in", asked
    server.shutdown()
    server.server_close()


def test_a_redirect_is_an_answer_and_not_followed(redirecting, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    url, asked = redirecting

    status, _ = callouts.post(url, b"{}", {})

    assert (status, asked) == (302, ["/in"])


@contextmanager
def dripping(head):
    """A server that says ``head`` at once and the rest over half a minute."""
    rest = b"HTTP/1.1 503 No\r\nContent-Length: 500\r\n\r\n".removeprefix(head)

    def drip():
        caller, _ = server.accept()
        with caller, suppress(OSError):
            caller.sendall(head)
            for place in range(500):
                sleep(0.05)
                caller.sendall((rest + b"x" * 500)[place : place + 1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_an_answer_that_drips_is_not_waited_for(settings, monkeypatch):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    monkeypatch.setattr(callouts, "LONGEST", 0.3)

    with dripping(b"HTTP/1.1") as url, pytest.raises(callouts.Unreachable):
        callouts.post(url, b"{}", {})


def test_of_a_refusal_that_drips_what_came_is_kept(settings, monkeypatch):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    monkeypatch.setattr(callouts, "LONGEST", 0.3)

    with dripping(b"HTTP/1.1 503 No\r\nContent-Length: 500\r\n\r\nxx") as url:
        status, text = callouts.post(url, b"{}", {})

    assert status == 503
    assert text.startswith("xx")
    assert len(text) < 500


def test_an_address_without_an_answer_is_unreachable(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(callouts.Unreachable):
        callouts.post(f"http://127.0.0.1:{port}/", b"{}", {})
