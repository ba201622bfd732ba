"""
Client and simulator against WB's own OpenAPI files, wherever a copy is at hand.

Set AGENTIQ_WB_OPENAPI to a folder of WB's YAML files. One folder is one edition;
of several, named by their dates at the end, the newest is taken. What is held here
is the state of October 2026: an older edition differs where WB has changed since.
"""

import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from agentiq.tests.conftest import NOON
from agentiq.wb import cards, chat, finance, limits, orders, voices, wire
from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.errors import WbError
from agentiq.wb.records import Attachment, Category, TokenKind
from agentiq.wb.simulator import Simulator, http, serve
from agentiq.wb.simulator.routes import ROUTES

FOLDER = os.environ.get("AGENTIQ_WB_OPENAPI")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="AGENTIQ_WB_OPENAPI does not point at WB's OpenAPI files"
)

CATEGORIES = {
    Category.CHAT: "buyerchat",
    Category.PRICES: "discountsandprices",
    Category.CONTENT: "content",
    Category.FINANCE: "finance",
    Category.STATISTICS: "statistics",
    Category.FEEDBACKS: "questionsandfeedback",
    Category.RETURNS: "returns",
    Category.ANALYTICS: "analytics",
    None: "commonapi",
}
# Methods that editions before that day do not have.
ADDED = {"/api/analytics/v1/order-feed": "2026-08-08"}
UNPUBLISHED = "/api/v1/seller/chats/{id}/messages"


def path_of(route):
    """A route's path as OpenAPI writes it; uploads answer two paths."""
    return re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", route.pattern.pattern).rstrip(
        "$"
    )


@pytest.fixture(scope="module")
def documents():
    yaml = pytest.importorskip("yaml")
    root = Path(FOLDER)
    if not list(root.glob("*.yaml")):
        editions = [it for it in root.iterdir() if list(it.glob("*.yaml"))]
        root = max(editions, key=lambda it: it.name[-10:])
    return [
        yaml.safe_load(path.read_text("utf-8")) for path in sorted(root.glob("*.yaml"))
    ]


@pytest.fixture(scope="module")
def operations(documents):
    """(verb, path) → (operation, its document)."""
    return {
        (verb.upper(), path): (operation, document)
        for document in documents
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if verb in ("get", "post")
    }


def published(operations, verb, path):
    if path in ADDED and (verb, path) not in operations:
        pytest.skip(f"this edition is older than {ADDED[path]}")
    return operations[verb, path]


def published_paths(route):
    path = path_of(route)
    if "{place}" in path:
        return [path.replace("{place}", place) for place in ("history", "buffer")]
    return [path]


@pytest.mark.parametrize("route", ROUTES, ids=lambda it: f"{it.verb} {path_of(it)}")
def test_every_route_is_published_with_its_category(operations, route):
    if path_of(route) == UNPUBLISHED:
        assert ("POST", UNPUBLISHED) not in operations
        return
    for path in published_paths(route):
        operation, _ = published(operations, route.verb, path)
        assert operation.get("x-category") in (None, CATEGORIES[route.category])
        closed = "x-token-types" in operation
        assert route.closed_to_base == closed


SECONDS = {"мс": 0.001, "сек": 1, "мин": 60, "ч": 3600}
KINDS = {
    "Персональный": (TokenKind.PERSONAL, False),
    "Сервисный": (TokenKind.SERVICE, False),
    "Базовый с секретом": (TokenKind.BASE, True),
    "Базовый": (TokenKind.BASE, False),
}


def seconds(written):
    number, unit = written.split()
    return float(number) * SECONDS[unit]


LIMIT = re.compile(
    r"\|(?: ([А-Я][а-я ]+) \|)? (\d+ (?:сек|мин|ч)) \| (\d+) запрос\w* "
    r"\| (\d+ (?:мс|сек|мин|ч)) \| (\d+) запрос"
)


def published_limits(description):
    """Rows of the limit table; without a column of kinds they are for Personal."""
    for kind, period, limit, interval, burst in LIMIT.findall(description):
        numbers = (seconds(period), int(limit), seconds(interval), int(burst))
        yield KINDS[kind or "Персональный"], numbers


@pytest.mark.parametrize("route", ROUTES, ids=lambda it: f"{it.verb} {path_of(it)}")
def test_every_limit_is_the_published_one(operations, route):
    if path_of(route) == UNPUBLISHED:
        pytest.skip("not a method of WB")
    for path in published_paths(route):
        description = published(operations, route.verb, path)[0]["description"]
        rows = list(published_limits(description))
        assert rows
        for (kind, with_secret), expected in rows:
            ours = limits.limit_for(route.method, kind, with_secret=with_secret)
            assert (ours.period, ours.limit, ours.interval, ours.burst) == expected


def test_what_is_asked_of_the_report_is_in_its_rows(documents):
    names = set()
    for document in documents:
        row = document.get("components", {}).get("schemas", {})
        names |= set(row.get("SalesReportsDetailedRes", {}).get("properties", {}))

    assert set(finance.REPORT_FIELDS) <= names


def examples_of(operations, verb, path):
    operation, document = operations[verb, path]
    response = resolve(document, operation["responses"]["200"])
    for kind in response["content"].values():
        if "example" in kind:
            yield kind["example"]
        for named in kind.get("examples", {}).values():
            yield resolve(document, named)["value"]


@pytest.mark.parametrize(
    ("verb", "path", "rows", "read"),
    [
        ("GET", "/api/v1/seller/chats", ("result",), chat.chat_card),
        ("GET", "/api/v1/seller/events", ("result", "events"), chat.chat_event),
        ("POST", "/content/v2/get/cards/list", ("cards",), cards.card),
        ("GET", "/api/v1/tariffs/commission", ("report",), cards.commission),
        ("GET", "/api/v1/supplier/sales", (), orders.supplier_sale),
        ("GET", "/api/v1/supplier/orders", (), orders.supplier_order),
        ("GET", "/api/v1/feedbacks", ("data", "feedbacks"), voices.feedback),
        ("GET", "/api/v1/questions", ("data", "questions"), voices.question),
        ("GET", "/api/v1/claims", ("claims",), voices.claim),
    ],
)
def test_every_published_example_is_read_whole(operations, verb, path, rows, read):
    found = list(examples_of(operations, verb, path))
    if not found:
        pytest.skip("this edition has no example")
    for example in found:
        value = wire.load(json.dumps(example, default=str).encode())
        for key in rows:
            value = value[key]
        records, skipped = wire.readable(value, read)
        assert records
        assert skipped == 0


class Tape:
    """A simulator's WSGI app that keeps what was asked and what was answered."""

    def __init__(self, simulator):
        self.simulator, self.heard = simulator, []

    def __call__(self, environ, start_response):
        request = http.read(environ)
        reply = self.simulator.answer(request)
        body = reply.encoded()
        if "json" in reply.content_type and body:
            reply.body = json.loads(body)
        self.heard.append((request, environ["QUERY_STRING"], reply))
        start_response(
            f"{reply.status} X",
            [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))],
        )
        return [body]


@pytest.fixture(scope="module")
def tape():
    """A full shop, walked with every call of the client."""
    sim = Simulator(clock=lambda: NOON, window="off")
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    fill(sim)
    tape = Tape(sim)
    with serve(tape) as running:
        client = WbClient(token, hosts=Hosts.all_at(running.url))
        walk(client, sim)
        client.close()
    return tape


def fill(sim):
    chat_id = sim.new_chat("Здравствуйте!")
    files = [("a.png", "image/png", b"\x89PNG"), ("b.pdf", "application/pdf", b"%PDF")]
    sim.buyer_says(chat_id, "фото", files=files)
    sim.portal_reply(chat_id, "из кабинета")
    sim.add_good(1, discount=10)
    sim.add_promotion({1: 30})
    sim.add_promotion({1: 30}, starts_at=NOON + timedelta(days=1))
    day = "2026-11-20T12:00:00+03:00"
    sim.add("feed-orders", {"createdAt": day})
    sim.add("claims", {"dt": day[:19]})
    for kind in ("commission", "report-lines", "reports", "sales", "orders"):
        sim.add(kind)
    for kind in ("feedbacks", "questions", "news"):
        sim.add(kind)


def walk(client, sim):
    sign = client.chats()[0].reply_sign
    client.events()
    client.events(5)
    client.send_message(reply_sign=sign, text="Да")
    client.send_message(
        reply_sign=sign, files=[Attachment("a.png", b"\x89PNG", "image/png")]
    )
    refused(client.send_message, reply_sign="x", text="Да")
    file_id = sim.seller().of("files")[0]["id"]
    sim.fault("pending", "download")
    client.download(file_id)
    refused(client.download, "x")
    sim.fault("blocked", "download")
    refused(client.download, file_id)
    client.goods()
    client.goods_by_nm([1])
    refused(client.goods_by_nm, [])
    client.cards(client.cards(limit=1).next, limit=1)
    client.commission()
    client.promotions(NOON, NOON + timedelta(days=3))
    client.promotion_details([100, 101])
    client.promotion_goods(100, in_action=False)
    refused(client.promotion_goods, 7, in_action=False)
    now = client.promotion_upload(100, [1], now=True)
    later = client.promotion_upload(101, [1], now=False)
    for ticket, waiting in ((now, False), (later, True)):
        assert client.upload_status(ticket.upload_id, waiting=waiting)
        assert client.upload_goods(ticket.upload_id, waiting=waiting)
    span = (date(2026, 3, 16), date(2026, 3, 22))
    assert client.sales_report(*span).lines
    assert client.sales_report(*span, fields=()).lines
    assert client.sales_reports(*span)
    refused(client.sales_report, span[1], span[0])
    assert client.supplier_sales(datetime(2026, 3, 1, tzinfo=UTC))
    assert client.supplier_orders(date(2026, 3, 1))
    refused(client.supplier_sales, "x")
    assert client.order_feed(NOON - timedelta(days=5), NOON, nm_ids=[47254354]).orders
    assert client.feedbacks(answered=False, since=NOON - timedelta(days=300))
    assert client.questions(answered=False)
    refused(client.feedbacks, answered=False, take=9999)
    assert client.claims().claims
    assert client.news(date(2026, 1, 1))
    client.seller_info()
    for kind in ("401", "402", "403", "429"):
        sim.fault(kind, "events")
        refused(client.events)


def refused(call, *args, **kwargs):
    with pytest.raises(WbError):
        call(*args, **kwargs)


def operation_of(operations, request):
    for (verb, path), found in operations.items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if verb == request.verb and re.fullmatch(pattern, request.path):
            return path, *found
    if request.path in ADDED:
        return request.path, {"responses": {}, "description": ""}, {}
    raise AssertionError(f"not published: {request.verb} {request.path}")


def resolve(document, value):
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def problems(document, schema, value):
    """
    What is wrong with a value, by the schema and the document it refers to.

    Null is let pass everywhere: WB's own examples have it where its schemas, and
    more so the copies generated from them, do not allow it.
    """
    validator = pytest.importorskip("openapi_schema_validator").OAS30Validator
    whole = {**schema, "components": document.get("components", {})}
    found = validator(whole).iter_errors(value)
    return [error.message for error in found if not _excused(error)]


def _excused(error):
    """Null, and a oneOf that fits more than one of its near-equal schemas."""
    return error.instance is None or (error.validator == "oneOf" and not error.context)


def test_every_answer_of_the_simulator_has_the_published_shape(operations, tape):
    wrong = []
    for request, _, reply in tape.heard:
        path, operation, document = operation_of(operations, request)
        if reply.status == 204 or isinstance(reply.body, bytes) or not document:
            continue
        response = operation["responses"].get(str(reply.status))
        if response is None:
            wrong.append((path, reply.status, "status is not published"))
            continue
        for media in resolve(document, response).get("content", {}).values():
            if "application" in reply.content_type and "schema" in media:
                schema = resolve(document, media["schema"])
                if schema.get("format") == "binary":
                    continue
                found = problems(document, schema, reply.body)
                if b'"fields"' in request.body:  # who asks for some gets only some
                    found = [it for it in found if "is a required property" not in it]
                wrong += [(path, reply.status, it) for it in found]

    assert sorted(set(wrong)) == []
    assert len(tape.heard) > 40


def test_every_question_of_the_client_has_the_published_shape(operations, tape):
    wrong = []
    for request, query, reply in tape.heard:
        if reply.status >= 400:
            continue
        path, operation, document = operation_of(operations, request)
        if not document:
            continue
        known = [resolve(document, it) for it in operation.get("parameters", [])]
        names = {it["name"] for it in known if it["in"] == "query"}
        needed = {
            it["name"] for it in known if it["in"] == "query" and it.get("required")
        }
        asked = set(parse_qs(query, keep_blank_values=True))
        if not needed <= asked <= names:
            wrong.append((path, asked, names))
        body = operation.get("requestBody")
        if body and "json" in request.headers["content-type"]:
            content = resolve(document, body)["content"]
            schema = resolve(document, content["application/json"]["schema"])
            found = problems(document, schema, json.loads(request.body))
            wrong += [(path, "body", it) for it in found]

    assert sorted(set(wrong)) == []


def test_every_url_is_at_its_published_host(operations, monkeypatch):
    """The hosts of WbClient are the servers that the paths name."""
    asked = []

    def note(self, request):
        asked.append(request)
        raise WbError("noted")

    monkeypatch.setattr(WbClient, "call", note)
    client = WbClient("a.b.c")
    span = (date(2026, 3, 16), date(2026, 3, 22))
    for call in (
        client.chats,
        client.events,
        lambda: client.send_message(reply_sign="a", text="b"),
        lambda: client.download("x"),
        client.goods,
        lambda: client.goods_by_nm([1]),
        lambda: client.upload_status(1),
        lambda: client.upload_goods(1, waiting=True),
        client.cards,
        client.commission,
        lambda: client.promotions(NOON, NOON),
        lambda: client.promotion_details([1]),
        lambda: client.promotion_goods(1, in_action=True),
        lambda: client.promotion_upload(1, [1], now=True),
        lambda: client.sales_report(*span),
        lambda: client.sales_reports(*span),
        lambda: client.supplier_sales("2026-03-01"),
        lambda: client.supplier_orders("2026-03-01"),
        lambda: client.order_feed(NOON),
        lambda: client.feedbacks(answered=True),
        lambda: client.questions(answered=True),
        client.claims,
        client.seller_info,
        lambda: client.news(NOON.date()),
    ):
        refused(call)
    for request in asked:
        url = urlsplit(request.url)
        for (verb, path), (operation, document) in operations.items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", path)
            if verb == request.verb and re.fullmatch(pattern, url.path):
                servers = operation.get("servers") or document["paths"][path].get(
                    "servers"
                )
                hosts = {it["url"] for it in servers or []}
                assert not hosts or f"https://{url.netloc}" in hosts
                break
        else:
            assert url.path in ADDED


def test_no_method_makes_promo_codes_yet(operations):
    words = re.compile(r"promo.?code|промокод", re.IGNORECASE)

    assert [path for _, path in operations if words.search(path)] == []
