from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentiq.wb import (
    account,
    calendar,
    cards,
    chat,
    finance,
    orders,
    prices,
    voices,
    wire,
)
from agentiq.wb.records import FileRef, GoodCard

CHAT = "1:1e265a58-a120-b178-008c-60af2460207c"

# WB's published example of /seller/events, shortened.
EVENTS = {
    "result": {
        "next": 1698045576000,
        "newestEventTime": "2023-10-23T07:19:36Z",
        "oldestEventTime": "2023-10-23T05:02:20Z",
        "totalEvents": 4,
        "events": [
            {
                "chatID": CHAT,
                "eventID": "55adee45-11f0-33b6-b847-4ccb17a0d3e7",
                "eventType": "message",
                "isNewChat": True,
                "message": {
                    "attachments": {
                        "goodCard": {
                            "nmID": 12345678,
                            "price": 500,
                            "priceCurrency": "RUB",
                            "rid": "2fb52cd9e25e52538a5f05994e688ae5",
                            "size": "0",
                        },
                        "files": [
                            {
                                "contentType": "application/pdf",
                                "date": "2023-10-23T08:02:19.594Z",
                                "downloadID": "ecae4cd4",
                                "name": "Чек.pdf",
                                "url": "https://chat-basket-01.wbbasket.ru/a",
                                "size": 1046143,
                            }
                        ],
                        "images": [
                            {
                                "date": "2023-10-23T08:02:20.717Z",
                                "downloadID": "fd6b0a0f",
                                "url": "https://chat-basket-01.wbbasket.ru/b",
                            }
                        ],
                    },
                    "text": "Здравствуйте! У меня вопрос по товару",
                },
                "source": "rusite",
                "addTimestamp": 1698037340000,
                "addTime": "2023-10-23T05:02:20Z",
                "replySign": CHAT + ":66f136",
                "sender": "client",
                "clientName": "Алёна",
            },
            {
                "chatID": CHAT,
                "eventID": "fd22d1c0",
                "eventType": "message",
                "message": {"text": "Здравствуйте"},
                "source": "seller-public-api",
                "addTimestamp": 1698038124000,
                "addTime": "2023-10-23T05:15:24Z",
                "sender": "seller",
            },
            {
                "chatID": CHAT,
                "eventID": "cef9aa10",
                "eventType": "message",
                "addTimestamp": 1698045576000,
                "addTime": "2023-10-23T07:19:36Z",
                "sender": "seller",
            },
        ],
    },
    "errors": None,
}


def test_the_published_first_event_is_read_whole():
    event = chat.event_page(EVENTS).events[0]

    assert event.chat_id == CHAT
    assert event.text == "Здравствуйте! У меня вопрос по товару"
    assert event.added_at == datetime(2023, 10, 23, 5, 2, 20, tzinfo=UTC)
    assert event.is_new_chat
    assert event.reply_sign == CHAT + ":66f136"
    assert event.client_name == "Алёна"
    assert event.good_card == GoodCard(
        12345678, Decimal(500), "RUB", "2fb52cd9e25e52538a5f05994e688ae5", "0"
    )
    assert event.files[0] == FileRef(
        "ecae4cd4",
        "Чек.pdf",
        "application/pdf",
        1046143,
        "https://chat-basket-01.wbbasket.ru/a",
        "file",
    )
    assert (event.files[1].kind, event.files[1].size) == ("image", None)


def test_the_page_keeps_wbs_cursor_and_bounds():
    page = chat.event_page(EVENTS)

    assert page.next == 1698045576000
    assert page.total == 4
    assert page.oldest_at == datetime(2023, 10, 23, 5, 2, 20, tzinfo=UTC)
    assert page.newest_at == datetime(2023, 10, 23, 7, 19, 36, tzinfo=UTC)
    assert page.skipped == 0


def test_an_event_without_message_and_source_is_an_event():
    bare = chat.event_page(EVENTS).events[2]

    assert (bare.text, bare.source, bare.client_name) == ("", "", "")
    assert not bare.is_new_chat
    assert bare.reply_sign is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"chatID": None}, id="no chat"),
        pytest.param({"eventID": ""}, id="empty id"),
        pytest.param({"eventID": 7}, id="an id that is a number"),
        pytest.param({"addTimestamp": "soon", "addTime": None}, id="no time"),
        pytest.param({"addTimestamp": 10**20, "addTime": None}, id="no such time"),
    ],
)
def test_one_bad_event_is_counted_and_the_rest_stay(change):
    good = EVENTS["result"]["events"][1]
    page = chat.event_page({"result": {"events": [good | change, good]}})

    assert page.skipped == 1
    assert [event.event_id for event in page.events] == ["fd22d1c0"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"eventType": "refund"}, id="a former type"),
        pytest.param({"sender": "robot"}, id="an unknown sender"),
        pytest.param({"surprise": {"a": 1}}, id="an unknown key"),
        pytest.param({"message": None, "source": None}, id="nulls"),
        pytest.param({"message": {"attachments": []}}, id="attachments as array"),
        pytest.param(
            {"message": {"text": "x", "attachments": {"goodCard": {"nmID": "?"}}}},
            id="an unreadable good card",
        ),
        pytest.param(
            {"message": {"attachments": {"files": [None, {"name": "no id"}]}}},
            id="files without an id",
        ),
        pytest.param({"addTimestamp": None}, id="the time in ISO only"),
        pytest.param({"addTimestamp": 10**20}, id="a time out of range"),
        pytest.param({"message": {"text": ["a"]}}, id="a text that is an array"),
        pytest.param({"isNewChat": "yes"}, id="a flag that is a string"),
        pytest.param({"source": 7, "sender": {}}, id="a source that is a number"),
    ],
)
def test_an_odd_event_is_still_read(change):
    good = EVENTS["result"]["events"][1]
    page = chat.event_page({"result": {"events": [good | change]}})

    assert page.skipped == 0
    assert page.events[0].raw == good | change


@pytest.mark.parametrize(
    ("message", "text"), [("Да", "Да"), ({"text": 12}, "12"), ({"text": None}, "")]
)
def test_words_are_read_wherever_they_stand(message, text):
    good = EVENTS["result"]["events"][1]

    assert chat.chat_event(good | {"message": message}).text == text


@pytest.mark.parametrize(
    ("extra", "errors"),
    [
        ({"errors": "file too big"}, ("file too big",)),
        ({"errors": {"file": "bad"}}, ("{'file': 'bad'}",)),
        ({"errors": []}, ()),
        ({"result": {"addTime": "2026-11-23T10:00:00Z", "sign": 5}}, ()),
    ],
)
def test_an_odd_receipt_is_a_receipt(extra, errors):
    receipt = chat._receipt({"result": {"chatID": "1:a"}} | extra, "1:a")

    assert (receipt.chat_id, receipt.errors) == ("1:a", errors)


@pytest.mark.parametrize("document", [{}, {"result": None}, {"result": {}}, None])
def test_an_empty_answer_is_an_empty_page(document):
    page = chat.event_page(document)

    assert (page.events, page.next, page.total) == ((), None, 0)


def test_the_published_chat_is_read():
    card = chat.chat_card(
        {
            "chatID": "1:4019cd7d-cca8-4e90-8b11-f78afbea42e3",
            "replySign": "1:4019cd7d-cca8-4e90-8b11-f78afbea42e3:1744639821:9c0a",
            "clientName": "Александр",
            "goodCard": {"nmID": 12345678, "price": 1410, "priceCurrency": "RUB"},
            "lastMessage": {"text": "спасибо", "addTimestamp": 1765181391000},
        }
    )

    assert card.good_card == GoodCard(12345678, Decimal(1410), "RUB", None, None)
    assert card.last_text == "спасибо"
    assert card.last_at == datetime(2025, 12, 8, 8, 9, 51, tzinfo=UTC)


def test_a_chat_without_a_signature_has_none():
    assert chat.chat_card({"chatID": CHAT, "replySign": ""}).reply_sign is None


def test_what_postgresql_cannot_store_is_replaced():
    body = rb'{"text": "a\u0000b\ud83d c \ud83d\ude00", "k\u0000": [1]}'

    assert wire.load(body) == {"text": "a\ufffdb\ufffd c \U0001f600", "k\ufffd": [1]}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b"1" * 5000]
)
def test_what_is_not_json_is_bad_shape(body):
    with pytest.raises(wire.BadShape):
        wire.load(body)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023-10-23T07:19:36Z", datetime(2023, 10, 23, 7, 19, 36, tzinfo=UTC)),
        ("2024-05-01T10:00:00+03:00", datetime(2024, 5, 1, 7, tzinfo=UTC)),
        (
            "2025-10-06T10:56:04.335060746Z",
            datetime(2025, 10, 6, 10, 56, 4, 335060, tzinfo=UTC),
        ),
        ("", None),
        (None, None),
    ],
)
def test_instants_are_aware_utc(written, expected):
    assert wire.instant(written) == expected


def test_a_time_without_a_zone_is_moscow_where_wb_says_so():
    moment = wire.instant("2026-03-16T00:30:00", zone_hours=3)

    assert moment == datetime(2026, 3, 15, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("376.99", "376.99"), (376.99, "376.99"), (0, "0"), ("", None), (None, None)],
)
def test_numbers_are_exact_however_they_are_written(value, expected):
    number = wire.number({"a": value}, "a")

    assert number == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("value", [True, "12,5", "NaN", "Infinity", [], {}])
def test_what_is_no_number_is_noticed(value):
    with pytest.raises(wire.BadShape):
        wire.number({"a": value}, "a")


WORDS = sorted(
    set(EVENTS["result"]["events"][0])
    | set(EVENTS["result"]["events"][0]["message"]["attachments"])
    | {"message", "text", "attachments", "nmID", "nmId", "id", "srid", "sizes", "price"}
    | {"photos", "productDetails", "answer", "types", "date", "dt", "createdDate"}
    | set(finance.REPORT_FIELDS[:12])
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["2026-03-04T18:08:31Z", "0001-01-01T00:00:00", "9999-12-31"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
    ),
    max_leaves=30,
)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_or_counted_and_never_breaks(value):
    readers = [
        chat.chat_event,
        chat.chat_card,
        prices.price,
        prices.upload_good,
        cards.card,
        cards.commission,
        calendar.promotion_detail,
        calendar.promotion_good,
        finance.report_line,
        finance.sales_report,
        orders.supplier_sale,
        orders.supplier_order,
        orders.feed_order,
        voices.feedback,
        voices.question,
        voices.claim,
        account.news_item,
    ]
    for read in readers:
        records, skipped = wire.readable([value], read)
        assert len(records) + skipped == 1
