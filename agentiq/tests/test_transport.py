"""One call against a stub that answers, or fails, exactly as told."""

import socket
import threading
import traceback
from contextlib import contextmanager

import pytest

from agentiq.tests.conftest import RECEIPT, SIGN, TOKEN, ok, send
from agentiq.wb import errors
from agentiq.wb.client import Hosts, WbClient, new_session
from agentiq.wb.records import RateHeaders
from agentiq.wb.transport import Request

UNAUTHORIZED = {
    "title": "unauthorized",
    "detail": "token problem; token is malformed: could not base64 decode signature",
    "code": "07e4668e--a53a3d31f8b0",
    "requestId": "7b80742415072fe8b6b7f7761f1d1211",
    "origin": "s2s-api-auth-catalog",
    "status": 401,
    "statusText": "Unauthorized",
    "timestamp": "2024-09-30T06:52:38Z",
}


class Book:
    """A limiter that grants what it is told and remembers what it hears."""

    def __init__(self, wait=0.0):
        self.wait, self.heard = wait, []

    def acquire(self, method):
        self.heard.append(method)
        return self.wait

    def observe(self, method, headers, status):
        self.heard.append((method, headers, status))


def test_the_limiter_hears_of_every_answer(make_client, stub):
    book = Book()
    stub.script = [
        (200, {"X-RateLimit-Limit": "10", "x-ratelimit-remaining": "9"}, {}),
        (429, {"X-Ratelimit-Retry": "4"}, {}),
    ]
    stub_wb = make_client(limiter=book)

    stub_wb.events()
    with pytest.raises(errors.WbThrottled):
        stub_wb.events()

    assert book.heard == [
        "events",
        ("events", RateHeaders(10, 9, None, None), 200),
        "events",
        ("events", RateHeaders(None, None, None, 4), 429),
    ]


def test_a_refusal_of_our_own_limiter_never_leaves(make_client, stub):
    with pytest.raises(errors.WbThrottled) as caught:
        make_client(limiter=Book(wait=2.5)).events()

    assert caught.value.local
    assert caught.value.retry_after == 2.5
    assert stub.seen == []


def test_a_faulty_observer_does_not_lose_an_accepted_message(make_client, stub):
    class Faulty(Book):
        def observe(self, *args):
            raise RuntimeError

    def broken(report):
        raise RuntimeError

    stub.script = [ok(RECEIPT)]
    stub_wb = make_client(limiter=Faulty(), on_call=broken)

    assert stub_wb.send_message(reply_sign=SIGN, text="Да").chat_id == "1:641b"


def test_on_call_gets_each_call_with_its_outcome(make_client, stub):
    reports = []
    stub.script = [ok({}), (401, {}, UNAUTHORIZED), "hang up"]
    stub_wb = make_client(on_call=reports.append)

    stub_wb.events()
    for _ in range(2):
        with pytest.raises(errors.WbError):
            stub_wb.events()

    assert [(it.method, it.status) for it in reports] == [
        ("events", 200),
        ("events", 401),
        ("events", None),
    ]
    assert reports[1].request_id == UNAUTHORIZED["requestId"]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param((500, {}, b""), id="500"),
        pytest.param((503, {}, {"detail": "wave"}), id="503"),
        pytest.param((504, {}, b"<html>"), id="504"),
        pytest.param((302, {"Location": "/x"}, b""), id="a redirect"),
        pytest.param(ok(b'{"result": {"add'), id="cut JSON"),
        pytest.param(ok(b"<html>"), id="a page"),
        pytest.param(ok({"errors": None}), id="no result"),
        pytest.param((200, {"Content-Length": 500}, b"{"), id="a body cut off"),
        pytest.param("hang up", id="hung up after the request"),
    ],
)
def test_a_send_that_may_have_been_taken_is_unknown(stub_wb, stub, step):
    stub.script = [step]

    with pytest.raises(errors.WbUnknown):
        send(stub_wb)

    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    "step",
    [
        pytest.param((500, {}, b""), id="500"),
        pytest.param(ok(b'{"result": {"add'), id="cut JSON"),
        pytest.param(ok([1]), id="an array"),
        pytest.param(ok({"result": None, "errors": ["later"]}), id="only errors"),
        pytest.param(ok({"result": {"events": {}}}), id="events that are no array"),
        pytest.param((200, {"Content-Length": 500}, b"{"), id="a body cut off"),
        pytest.param("hang up", id="hung up"),
    ],
)
def test_a_read_that_failed_is_unavailable(stub_wb, stub, step):
    stub.script = [step]

    with pytest.raises(errors.WbUnavailable):
        stub_wb.events()


def test_a_message_in_a_dead_kept_connection_goes_out_on_a_new_one(stub_wb, stub):
    stub.script = [(200, {"Connection": "close"}, {}), ok(RECEIPT)]
    stub_wb.events()

    assert send(stub_wb).chat_id == "1:641b"


def test_a_silent_server_leaves_a_send_unknown(make_client):
    with silent_port() as url:
        stub_wb = WbClient(TOKEN, hosts=Hosts.all_at(url), timeout=(1, 0.2))
        with pytest.raises(errors.WbUnknown):
            send(stub_wb)
        with pytest.raises(errors.WbUnavailable):
            stub_wb.events()
        stub_wb.close()


def test_a_failed_tls_handshake_leaves_nothing_behind():
    with silent_port(reply=b"HTTP/1.1 400 plain\r\n\r\n") as url:
        secure = url.replace("http:", "https:")
        stub_wb = WbClient(TOKEN, hosts=Hosts.all_at(secure), timeout=(1, 1))
        with pytest.raises(errors.WbUnavailable):
            send(stub_wb)
        stub_wb.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://nowhere.invalid"]
)
def test_a_server_that_cannot_be_reached_took_nothing(url):
    stub_wb = WbClient(TOKEN, hosts=Hosts.all_at(url), timeout=(1, 1))

    with pytest.raises(errors.WbUnavailable):
        send(stub_wb)

    stub_wb.close()


@contextmanager
def silent_port(reply=b""):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def hold():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                held.append(peer)
                if reply:
                    peer.sendall(reply)

        threading.Thread(target=hold, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        for peer in held:
            peer.close()


def test_an_endless_answer_is_cut_off(stub_wb, stub):
    stub.script = [ok(b" " * 300_000)]
    request = Request("events", "GET", stub_wb.hosts.chat, max_bytes=100_000)

    with pytest.raises(errors.WbUnavailable, match="too large"):
        stub_wb.call(request)


def test_the_token_shows_nowhere(make_client, stub):
    echo = {"detail": f"bad header Bearer {TOKEN}", "requestId": TOKEN}
    stub.script = [(400, {}, echo), (500, {}, TOKEN.encode()), "hang up"]
    stub_wb = make_client(client_secret="canary-secret")
    shown = [repr(stub_wb), str(stub_wb.__dict__)]

    for _ in range(3):
        try:
            stub_wb.events()
        except errors.WbError as error:
            shown += [repr(error), str(error), error.body, str(error.__dict__)]
            shown.append("".join(traceback.format_exception(error)))

    assert len(shown) == 17
    assert not any("canary" in text for text in shown)


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "a b", "токен"])
def test_a_token_that_cannot_be_a_header_is_refused_unseen(token):
    with pytest.raises(errors.InvalidToken) as caught:
        WbClient(token)

    assert not token.strip() or token not in str(caught.value)


def test_netrc_does_not_replace_the_token(make_client, stub, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password person")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    stub.script = [ok({})]

    make_client().events()

    assert stub.seen[0]["headers"]["authorization"] == f"Bearer {TOKEN}"


def test_a_cookie_of_one_seller_is_not_sent_for_another(make_client, stub):
    session = new_session()
    stub.script = [(200, {"Set-Cookie": "x=1; Path=/"}, {}), ok({})]

    make_client(session=session).events()
    make_client(session=session).events()

    assert "cookie" not in stub.seen[1]["headers"]
    session.close()


def test_closing_a_client_leaves_a_shared_session_open(make_client, stub):
    session = new_session()
    stub.script = [ok({}), ok({})]
    make_client(session=session).events()
    make_client(session=session).close()

    make_client(session=session).events()

    assert stub.connections == 1
    session.close()


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    stub_wb = WbClient(TOKEN, timeout=(1, 1))

    with pytest.raises(errors.WbUnavailable, match="ProxyError"):
        send(stub_wb)

    stub_wb.close()
