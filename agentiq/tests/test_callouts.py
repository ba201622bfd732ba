import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


def test_an_address_without_an_answer_is_unreachable(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(callouts.Unreachable):
        callouts.post(f"http://127.0.0.1:{port}/", b"{}", {})
