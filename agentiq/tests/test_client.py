"""The client against a server that answers, or fails, exactly as told."""

import json
import socket
import threading
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agentiq.wb import errors, limits
from agentiq.wb.client import Hosts, WbClient, new_session
from agentiq.wb.errors import ForbiddenCause
from agentiq.wb.records import Attachment, DownloadPending, RateHeaders, TokenKind
from agentiq.wb.transport import Request

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
def server():
    server = Server(("127.0.0.1", 0), Scripted)
    server.seen, server.script = [], []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def make_client(server):
    made = []

    def make(**options):
        url = f"http://127.0.0.1:{server.server_address[1]}"
        made.append(WbClient(TOKEN, hosts=Hosts.all_at(url), **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client(timeout=(1, 1))


def ok(body):
    return 200, {}, body


RECEIPT = {
    "errors": [],
    "result": {"addTime": 1712848270018, "chatID": "1:641b", "sign": "1:641b:abc"},
}


def test_a_message_is_multipart_even_without_files(client, server):
    server.script = [ok(RECEIPT)]

    receipt = client.send_message(reply_sign=SIGN, text="Добрый день!\nСкидка 10 % 🎁")

    seen = server.seen[0]
    assert (seen["verb"], seen["path"]) == ("POST", "/api/v1/seller/message")
    assert seen["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert "Добрый день!\nСкидка 10 % 🎁".encode() in seen["body"]
    assert b'name="replySign"' in seen["body"]
    assert b"filename" not in seen["body"]
    assert (receipt.chat_id, receipt.sign, receipt.errors) == (
        "1:641b",
        "1:641b:abc",
        (),
    )
    assert receipt.added_at.isoformat() == "2024-04-11T15:11:10.018000+00:00"


def test_files_go_under_one_repeated_part(client, server):
    server.script = [ok({**RECEIPT, "errors": ["a.png: too big"]})]

    receipt = client.send_message(
        reply_sign=SIGN,
        files=[
            Attachment("a.png", b"\x89PNG", "image/png"),
            Attachment("b.pdf", b"%PDF", "application/pdf"),
        ],
    )

    assert server.seen[0]["body"].count(b'name="file"; filename=') == 2
    assert b'name="message"' not in server.seen[0]["body"]
    assert receipt.errors == ("a.png: too big",)


def test_the_chat_path_profile_writes_json_to_the_chat(make_client, server):
    server.script = [ok(RECEIPT)]

    make_client(send_profile="chat-path").send_message(
        reply_sign=SIGN, text="Да", chat_id="1:64/1b"
    )

    assert server.seen[0]["path"] == "/api/v1/seller/chats/1:64%2F1b/messages"
    assert json.loads(server.seen[0]["body"]) == {"message": "Да"}


def test_a_message_without_text_and_files_never_leaves(client, server):
    with pytest.raises(ValueError, match="needs a text or a file"):
        client.send_message(reply_sign=SIGN)

    assert server.seen == []


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, f"Bearer {TOKEN}"),
        ({"prefix": ""}, TOKEN),
    ],
)
def test_the_prefix_of_the_token_is_a_setting(make_client, server, options, header):
    server.script = [ok({"result": []})]

    make_client(**options).chats()

    assert server.seen[0]["headers"]["authorization"] == header
    assert "x-client-secret" not in server.seen[0]["headers"]


def test_a_client_secret_has_its_own_header(make_client, server):
    server.script = [ok({"result": []})]

    make_client(client_secret="shh").chats()

    assert server.seen[0]["headers"]["x-client-secret"] == "shh"


@pytest.mark.parametrize(
    ("cursor", "path"),
    [
        (None, "/api/v1/seller/events"),
        (0, "/api/v1/seller/events"),
        (1698045576000, "/api/v1/seller/events?next=1698045576000"),
    ],
)
def test_a_zero_cursor_is_never_sent(client, server, cursor, path):
    server.script = [ok({"result": {"next": 5, "totalEvents": 0, "events": None}})]

    page = client.events(cursor)

    assert server.seen[0]["path"] == path
    assert (page.next, page.total) == (5, 0)


def test_downloads_are_whole_pending_or_blocked(client, server):
    server.script = [
        (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        (202, {}, {"moderationState": "pending", "retrySeconds": 45}),
        (451, {}, {"status": 451, "detail": "moderation error", "requestId": "r1"}),
    ]

    done = client.download("a/b")
    assert (done.content, done.content_type) == (b"\x89PNG", "image/png")
    assert server.seen[0]["path"] == "/api/v1/seller/download/a%2Fb"
    assert client.download("c") == DownloadPending(45)
    with pytest.raises(errors.WbDownloadBlocked, match="moderation error"):
        client.download("d")


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


@pytest.mark.parametrize(
    ("status", "body", "message", "kind"),
    [
        pytest.param(
            400,
            {
                "status": 400,
                "title": "Bad Request",
                "detail": "Invalid signature",
                "requestId": "1b21",
                "error": "Invalid signature",
            },
            "Invalid signature",
            errors.WbRejected,
            id="chat",
        ),
        pytest.param(
            422,
            {"errorText": "Promotion is automatic"},
            "Promotion is automatic",
            errors.WbRejected,
            id="calendar",
        ),
        pytest.param(
            400,
            {"data": None, "error": True, "errorText": "Invalid limit"},
            "Invalid limit",
            errors.WbRejected,
            id="prices, where error is a boolean",
        ),
        pytest.param(
            400,
            {"errors": ["dateFrom: required", "flag: int"]},
            "dateFrom: required; flag: int",
            errors.WbRejected,
            id="statistics as array",
        ),
        pytest.param(
            400,
            {"errors": "(api-new) bad date"},
            "(api-new) bad date",
            errors.WbRejected,
            id="statistics as string",
        ),
        pytest.param(
            402,
            {"title": "payment required", "detail": "insufficient funds"},
            "insufficient funds",
            errors.WbPaymentRequired,
            id="payment",
        ),
        pytest.param(
            404,
            {"detail": "This method is temporarily disabled"},
            "This method is temporarily disabled",
            errors.WbDisabled,
            id="disabled",
        ),
        pytest.param(404, {"title": "gone"}, "gone", errors.WbRejected, id="title"),
        pytest.param(413, b"too large", "too large", errors.WbRejected, id="text"),
        pytest.param(400, b"", "HTTP 400", errors.WbRejected, id="nothing at all"),
        pytest.param(503, b"<html>", "<html>", errors.WbUnavailable, id="a wave"),
        pytest.param(302, b"", "HTTP 302", errors.WbUnavailable, id="a redirect"),
    ],
)
def test_every_shape_of_error_body_gives_its_message(
    client, server, status, body, message, kind
):
    server.script = [(status, {"Location": "http://127.0.0.1:1/"}, body)]

    with pytest.raises(errors.WbError) as caught:
        client.events()

    assert type(caught.value) is kind
    assert caught.value.message == message
    assert caught.value.status == status
    assert caught.value.method == limits.EVENTS
    assert len(server.seen) == 1


def test_the_request_id_and_code_are_kept(client, server):
    server.script = [(401, {}, UNAUTHORIZED)]

    with pytest.raises(errors.WbForbidden) as caught:
        client.chats()

    assert caught.value.request_id == "7b80742415072fe8b6b7f7761f1d1211"
    assert caught.value.code == "07e4668e--a53a3d31f8b0"
    assert "7b80742415072fe8b6b7f7761f1d1211" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "detail", "cause"),
    [
        (401, UNAUTHORIZED["detail"], ForbiddenCause.TOKEN_INVALID),
        (401, "no words at all", ForbiddenCause.TOKEN_INVALID),
        (401, "token expired", ForbiddenCause.TOKEN_EXPIRED),
        (401, "token scope not allowed", ForbiddenCause.CATEGORY),
        (403, "scope is not allowed for this resource", ForbiddenCause.CATEGORY),
        (401, "read-only token scope not allowed", ForbiddenCause.READ_ONLY),
        (401, "token withdrawn", ForbiddenCause.WITHDRAWN),
        (403, "base token is not allowed", ForbiddenCause.TOKEN_TYPE),
        (
            403,
            "token does not satisfy additional requirements",
            ForbiddenCause.TOKEN_TYPE,
        ),
        (403, "blocked by order", ForbiddenCause.OTHER),
    ],
)
def test_a_refused_token_is_refused_for_a_cause(client, server, status, detail, cause):
    server.script = [(status, {}, {"title": "unauthorized", "detail": detail})]

    with pytest.raises(errors.WbForbidden) as caught:
        client.chats()

    assert caught.value.cause is cause


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Ratelimit-Retry": "3598"}, 3598),
        ({"x-RATELIMIT-retry": "2"}, 2),
        ({"X-Ratelimit-Retry": "0"}, 1),
        ({"X-Ratelimit-Retry": "999999"}, 86400),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
        ({"X-Ratelimit-Retry": "soon", "Retry-After": "never"}, 1),
        ({}, 1),
    ],
)
def test_a_429_says_how_long_from_a_second_to_a_day(client, server, headers, seconds):
    server.script = [(429, headers, {"detail": "limited by c122"})]

    with pytest.raises(errors.WbThrottled) as caught:
        client.events()

    assert caught.value.retry_after == seconds
    assert not caught.value.local


class Book:
    """A limiter that grants what it is told and remembers what it hears."""

    def __init__(self, wait=0.0):
        self.wait, self.heard = wait, []

    def acquire(self, method):
        self.heard.append(method)
        return self.wait

    def observe(self, method, headers, status):
        self.heard.append((method, headers, status))


def test_the_limiter_hears_of_every_answer(make_client, server):
    book = Book()
    server.script = [
        (200, {"X-RateLimit-Limit": "10", "x-ratelimit-remaining": "9"}, {}),
        (429, {"X-Ratelimit-Retry": "4"}, {}),
    ]
    client = make_client(limiter=book)

    client.events()
    with pytest.raises(errors.WbThrottled):
        client.events()

    assert book.heard == [
        "events",
        ("events", RateHeaders(10, 9, None, None), 200),
        "events",
        ("events", RateHeaders(None, None, None, 4), 429),
    ]


def test_a_refusal_of_our_own_limiter_never_leaves(make_client, server):
    with pytest.raises(errors.WbThrottled) as caught:
        make_client(limiter=Book(wait=2.5)).events()

    assert caught.value.local
    assert caught.value.retry_after == 2.5
    assert server.seen == []


def test_a_faulty_observer_does_not_lose_an_accepted_message(make_client, server):
    class Faulty(Book):
        def observe(self, *args):
            raise RuntimeError

    def broken(report):
        raise RuntimeError

    server.script = [ok(RECEIPT)]
    client = make_client(limiter=Faulty(), on_call=broken)

    assert client.send_message(reply_sign=SIGN, text="Да").chat_id == "1:641b"


def test_on_call_gets_each_call_with_its_outcome(make_client, server):
    reports = []
    server.script = [ok({}), (401, {}, UNAUTHORIZED), "hang up"]
    client = make_client(on_call=reports.append)

    client.events()
    for _ in range(2):
        with pytest.raises(errors.WbError):
            client.events()

    assert [(it.method, it.status) for it in reports] == [
        ("events", 200),
        ("events", 401),
        ("events", None),
    ]
    assert reports[1].request_id == UNAUTHORIZED["requestId"]


def send(client):
    return client.send_message(reply_sign=SIGN, text="Да")


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
        pytest.param(ok({"result": {"addTime": "x"}}), id="an odd time"),
        pytest.param((200, {"Content-Length": 500}, b"{"), id="a body cut off"),
        pytest.param("hang up", id="hung up after the request"),
    ],
)
def test_a_send_that_may_have_been_taken_is_unknown(client, server, step):
    server.script = [step]

    with pytest.raises(errors.WbUnknown):
        send(client)

    assert len(server.seen) == 1


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
def test_a_read_that_failed_is_unavailable(client, server, step):
    server.script = [step]

    with pytest.raises(errors.WbUnavailable):
        client.events()


def test_a_message_in_a_dead_kept_connection_goes_out_on_a_new_one(client, server):
    server.script = [(200, {"Connection": "close"}, {}), ok(RECEIPT)]
    client.events()

    assert send(client).chat_id == "1:641b"


def test_a_silent_server_leaves_a_send_unknown(make_client):
    with silent_port() as url:
        client = WbClient(TOKEN, hosts=Hosts.all_at(url), timeout=(1, 0.2))
        with pytest.raises(errors.WbUnknown):
            send(client)
        with pytest.raises(errors.WbUnavailable):
            client.events()
        client.close()


def test_a_failed_tls_handshake_leaves_nothing_behind():
    with silent_port(reply=b"HTTP/1.1 400 plain\r\n\r\n") as url:
        secure = url.replace("http:", "https:")
        client = WbClient(TOKEN, hosts=Hosts.all_at(secure), timeout=(1, 1))
        with pytest.raises(errors.WbUnavailable):
            send(client)
        client.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://nowhere.invalid"]
)
def test_a_server_that_cannot_be_reached_took_nothing(url):
    client = WbClient(TOKEN, hosts=Hosts.all_at(url), timeout=(1, 1))

    with pytest.raises(errors.WbUnavailable):
        send(client)

    client.close()


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


def test_an_endless_answer_is_cut_off(client, server):
    server.script = [ok(b" " * 300_000)]
    request = Request("events", "GET", client.hosts.chat, max_bytes=100_000)

    with pytest.raises(errors.WbUnavailable, match="too large"):
        client.call(request)


def test_the_token_shows_nowhere(make_client, server):
    echo = {"detail": f"bad header Bearer {TOKEN}", "requestId": TOKEN}
    server.script = [(400, {}, echo), (500, {}, TOKEN.encode()), "hang up"]
    client = make_client(client_secret="canary-secret")
    shown = [repr(client), str(client.__dict__)]

    for _ in range(3):
        try:
            client.events()
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


def test_netrc_does_not_replace_the_token(make_client, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password person")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    server.script = [ok({})]

    make_client().events()

    assert server.seen[0]["headers"]["authorization"] == f"Bearer {TOKEN}"


def test_a_cookie_of_one_seller_is_not_sent_for_another(make_client, server):
    session = new_session()
    server.script = [(200, {"Set-Cookie": "x=1; Path=/"}, {}), ok({})]

    make_client(session=session).events()
    make_client(session=session).events()

    assert "cookie" not in server.seen[1]["headers"]
    session.close()


def test_closing_a_client_leaves_a_shared_session_open(make_client, server):
    session = new_session()
    server.script = [ok({}), ok({})]
    make_client(session=session).events()
    make_client(session=session).close()

    make_client(session=session).events()

    assert server.connections == 1
    session.close()


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    client = WbClient(TOKEN, timeout=(1, 1))

    with pytest.raises(errors.WbUnavailable, match="ProxyError"):
        send(client)

    client.close()


@pytest.mark.parametrize(
    ("method", "kind", "expected"),
    [
        ("send", TokenKind.PERSONAL, limits.Limit(10, 10, 1, 10, "send")),
        ("send", TokenKind.SERVICE, limits.Limit(10, 10, 1, 10, "send")),
        ("send", TokenKind.BASE, limits.Limit(3600, 1, 3600, 1, "send")),
        ("download", TokenKind.BASE, limits.Limit(3600, 10, 360, 1, "download")),
        ("goods", TokenKind.PERSONAL, limits.Limit(6, 10, 0.6, 5, "prices")),
        ("uploads", TokenKind.BASE, limits.Limit(3600, 4, 900, 1, "prices")),
        ("promotions", TokenKind.UNKNOWN, limits.Limit(6, 10, 0.6, 5, "calendar")),
        ("questions", TokenKind.PERSONAL, limits.Limit(1, 3, 0.333, 6, "feedbacks")),
        (
            "sales-report",
            TokenKind.BASE,
            limits.Limit(86400, 2, 43200, 1, "sales-report"),
        ),
        ("sales-reports", TokenKind.BASE, None),
        ("ping:chat", TokenKind.BASE, limits.Limit(30, 3, 10, 3, "ping:chat")),
    ],
)
def test_the_published_limit_of_a_method(method, kind, expected):
    assert limits.limit_for(method, kind) == expected


def test_a_secret_lifts_a_base_token_to_the_usual_limits():
    limit = limits.limit_for("send", TokenKind.BASE, with_secret=True)

    assert limit == limits.limit_for("send", TokenKind.PERSONAL)
    assert limits.limit_for("sales-reports", TokenKind.BASE, with_secret=True) is None


def test_every_bucket_refills_no_faster_than_the_limit_of_its_period():
    for method in limits.METHODS:
        for kind in TokenKind:
            limit = limits.limit_for(method, kind)
            if limit:
                per_period = limit.period / limit.interval
                assert per_period == pytest.approx(limit.limit, rel=0.01)
