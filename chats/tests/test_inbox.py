import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from agentiq.testing import NOON, make_seller
from agentiq.wb.records import ChatCard, ChatEvent, EventPage, FileRef, GoodCard
from chats import inbox, listing
from chats.models import (
    Analysis,
    Attachment,
    Chat,
    ChatOrder,
    FeedCursor,
    Message,
    Outgoing,
    Suggestion,
)

CARD = GoodCard(777, Decimal("1410.50"), "RUB", "rid-1", "42")


def minute(number):
    return NOON + timedelta(minutes=number)


def event(number, text="Где заказ?", **changes):
    return replace(
        ChatEvent(
            chat_id="1:a",
            event_id=f"e{number}",
            event_type="message",
            sender="client",
            source="rusite",
            text=text,
            added_at=minute(number),
            is_new_chat=False,
            reply_sign=None,
            client_name="Анна",
            good_card=None,
            files=(),
            raw={},
        ),
        **changes,
    )


def portal(number, text="Уже в пути.", **changes):
    changes = {"sender": "seller", "source": "seller-portal", "client_name": ""} | (
        changes
    )
    return event(number, text, **changes)


def own(number, text="Уже в пути.", **changes):
    return portal(number, text, source="seller-public-api", **changes)


def page(*events, next=None):
    newest = max((int(it.added_at.timestamp() * 1000) for it in events), default=None)
    return EventPage(events, next or newest, len(events), None, None, 0)


def card(sign="sign-1", chat_id="1:a", **fields):
    values = {
        "client_name": "Анна",
        "good_card": CARD,
        "last_text": "",
        "last_at": None,
    }
    return ChatCard(chat_id=chat_id, reply_sign=sign, **(values | fields))


@pytest.fixture
def receive(seller):
    return lambda *events, **more: inbox.receive(
        seller, page(*events, **more), now=minute(60)
    )


@pytest.fixture
def suggestion(seller, receive):
    received = receive(event(0))
    chat = Chat.objects.get()
    analysis = Analysis.objects.create(
        seller=seller,
        chat=chat,
        message_id=received.new_messages[0],
        intent="delivery_status",
        sentiment="neutral",
        scenario="none",
        intent_confidence=0.9,
        sentiment_confidence=0.9,
        scenario_confidence=0.9,
        confident=True,
        reading={},
        version="test",
    )
    return Suggestion.objects.create(
        seller=seller,
        chat=chat,
        analysis=analysis,
        event_id="e0",
        text="Да",
        reason="x",
    )


def test_a_question_makes_a_chat_that_waits_ten_days_at_most(receive):
    received = receive(event(3, good_card=CARD, reply_sign="s", is_new_chat=True))

    chat = Chat.objects.get()
    assert (chat.wb_chat_id, chat.buyer_name, chat.reply_sign) == ("1:a", "Анна", "s")
    assert (chat.preview, chat.nm_id, chat.message_count) == ("Где заказ?", 777, 1)
    assert chat.last_message_id == received.new_messages[0]
    assert chat.last_event_id == "e3"
    assert chat.waiting_since == chat.last_at == chat.last_buyer_at == minute(3)
    assert chat.due_at == minute(3) + timedelta(days=10)
    assert chat.changed_at == minute(60)
    assert received.chats_with_new_buyer_turn == (chat.pk,)
    assert received.chats_without_sign == ()


def test_the_same_event_twice_is_one_message(receive):
    receive(event(0), event(0), event(1))
    before = Chat.objects.values().get()

    again = receive(event(0), event(1))

    assert again == inbox.Received()
    assert Message.objects.count() == 2
    assert Chat.objects.values().get() == before
    assert before["message_count"] == 2


def test_the_cursor_moves_with_the_messages_and_never_back(receive):
    receive(event(0), next=500)
    receive(next=0)
    receive(event(1), next=400)

    cursor = FeedCursor.objects.get()
    assert cursor.next == 500
    assert cursor.last_event_at == minute(1)


def test_a_crash_halfway_leaves_neither_messages_nor_cursor(receive):
    receive(event(0), next=500)
    bad = event(1, files=(FileRef("d", "чек.pdf", "application/pdf", 1, "", "x" * 9),))

    with pytest.raises(Exception, match="too long"):
        receive(bad, next=900)

    assert Message.objects.count() == 1
    assert Chat.objects.get().message_count == 1
    assert FeedCursor.objects.get().next == 500


@pytest.mark.parametrize(
    "odd",
    [
        event(1, "", sender="client"),
        event(1, "", event_type="refund-of-a-kind-nobody-has-told-us-about"),
        event(1, sender="somebody-new-of-wildberries"),
        event(1, source="s" * 80, client_name="Я" * 900),
        event(1, chat_id="1:" + "c" * 300, event_id="e" * 300),
        event(1, reply_sign="s" * 900),
        event(1, added_at=NOON.replace(year=9999)),
        event(1, added_at=NOON.replace(year=1)),
        event(1, good_card=GoodCard(2**70, Decimal(10) ** 30, "РУБЛИ", "r" * 300, "")),
        event(1, files=(FileRef("d" * 400, "", "", 2**70, "", "file"),)),
        event(1, "Привет 👋🏽 \u202e %s %(x)s \\u0000 ' \" {}"),
        portal(1, "", source=""),
        event(1, " ".join(f"слово{n}" for n in range(200_000))),
    ],
)
def test_nothing_a_feed_may_bring_stops_it(receive, odd):
    receive(odd, event(2))

    assert Message.objects.count() == 2


def test_two_long_ids_stay_two(receive):
    receive(*(event(n, event_id="e" * 300 + str(n)) for n in (1, 2)))

    assert Message.objects.count() == 2


def test_an_answer_from_the_cabinet_ends_the_waiting(receive):
    receive(event(0), event(1), portal(5))

    chat = Chat.objects.get()
    assert (chat.waiting_since, chat.due_at) == (None, None)
    assert (chat.last_seller_at, chat.last_buyer_at) == (minute(5), minute(1))
    assert chat.preview == "Уже в пути."
    assert chat.buyer_name == "Анна"


@pytest.mark.parametrize(
    ("told", "since"),
    [
        pytest.param([event(0), event(4)], 0, id="the first question counts"),
        pytest.param([event(4), event(0)], 0, id="whichever comes first"),
        pytest.param([event(0), portal(2), event(4)], 4, id="asked again"),
        pytest.param([event(4), portal(2), event(0)], 4, id="backwards"),
        pytest.param([event(0), event(4), portal(2)], 4, id="a late answer"),
        pytest.param(
            [event(0), event(4), event(6), portal(2)], 4, id="late, two questions on"
        ),
        pytest.param([portal(5), event(0)], None, id="a question already answered"),
        pytest.param(
            [event(0), event(1, "Ваш отзыв важен", sender="wb")],
            0,
            id="WB answers none",
        ),
        pytest.param(
            [event(0), portal(1, "", source="")], 0, id="nor does an empty event"
        ),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_since_when_a_buyer_waits(receive, told, since, at_once):
    if at_once:
        receive(*told)
    else:
        for one in told:
            receive(one)

    waiting = Chat.objects.get().waiting_since
    assert waiting == (None if since is None else minute(since))


def test_the_newest_message_is_shown_whatever_came_last(receive):
    receive(event(9, "Ау?"))
    receive(event(3, "Здравствуйте"))

    chat = Chat.objects.select_related("last_message").get()
    assert (chat.preview, chat.last_event_id) == ("Ау?", "e9")
    assert chat.last_message.event_id == "e9"
    assert chat.message_count == 2


def test_an_answer_from_the_cabinet_voids_the_suggestion(receive, suggestion):
    receive(portal(4))

    suggestion.refresh_from_db()
    assert suggestion.state == "superseded"
    assert suggestion.closed_reason == "answered_elsewhere"
    assert suggestion.closed_at == minute(60)


def test_a_newer_question_supersedes_the_suggestion(receive, suggestion):
    received = receive(event(4, "И ещё вопрос"))

    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.closed_reason) == (
        "superseded",
        "newer_message",
    )
    assert received.chats_with_new_buyer_turn == (suggestion.chat_id,)


def test_an_older_answer_leaves_the_suggestion_open(receive, suggestion):
    receive(portal(-3))

    suggestion.refresh_from_db()
    assert suggestion.state == "shown"


@pytest.mark.parametrize(
    ("text", "state"), [("Уже в пути.", "shown"), ("Не наше", "superseded")]
)
def test_our_own_reply_leaves_the_suggestion_to_the_outbox(
    receive, suggestion, text, state
):
    Outgoing.objects.create(
        seller=suggestion.seller,
        chat=suggestion.chat,
        key="8d5b2b0e-3a8b-4a86-a3b4-0a6f0f6a5c11",
        text="Уже в пути.",
        status="sending",
        due_at=NOON,
    )

    received = receive(own(4, text))

    suggestion.refresh_from_db()
    assert suggestion.state == state
    assert received.own_events == received.new_messages
    assert received.chats_with_new_buyer_turn == ()


def test_a_question_wakes_a_chat_that_was_put_off(receive):
    receive(event(0))
    Chat.objects.update(snoozed_until=minute(900))

    receive(event(1))

    assert Chat.objects.get().snoozed_until is None


def test_a_chat_may_be_about_several_orders(receive):
    other = replace(CARD, rid="rid-2", nm_id=888)
    receive(
        event(0, good_card=CARD), event(1, good_card=CARD), event(2, good_card=other)
    )

    orders = ChatOrder.objects.order_by("pk").values_list("rid", "nm_id", "price")
    assert list(orders) == [
        ("rid-1", 777, Decimal("1410.50")),
        ("rid-2", 888, Decimal("1410.50")),
    ]
    assert Chat.objects.get().nm_id == 888
    assert list(Message.objects.in_order().values_list("nm_id", flat=True)) == [
        777,
        777,
        888,
    ]


def test_files_are_kept_by_what_fetches_them(receive):
    files = (
        FileRef("d1", "Чек.pdf", "application/pdf", 1046143, "https://wb/1", "file"),
        FileRef("d2", "", "", None, "https://wb/2", "image"),
    )
    receive(event(0, "", files=files))

    kept = Attachment.objects.order_by("pk").values_list("download_id", "kind", "size")
    assert list(kept) == [("d1", "file", 1046143), ("d2", "image", None)]
    assert Chat.objects.get().preview == "Чек.pdf"


def test_a_chat_known_from_the_feed_waits_for_its_signature(seller, receive):
    received = receive(event(0))
    chat = Chat.objects.get()
    assert not chat.can_reply
    assert received.chats_without_sign == (chat.pk,)

    listing.receive(seller, [card("sign-1")], now=minute(61))

    chat.refresh_from_db()
    assert (chat.reply_sign, chat.nm_id) == ("sign-1", 777)
    assert chat.changed_at == minute(61)
    assert FeedCursor.objects.get().chats_read_at == minute(61)


def test_a_new_signature_keeps_the_old_one_beside_it(seller):
    for sign in ("sign-1", "sign-2", "sign-1", None):
        listing.receive(seller, [card(sign)], now=NOON)

    chat = Chat.objects.get()
    assert (chat.reply_sign, chat.previous_sign) == ("sign-2", "sign-1")


def test_the_list_of_chats_creates_what_the_feed_never_told(seller):
    cards = [card(f"s{n}", f"1:{n}", last_text="Да", last_at=NOON) for n in range(3)]

    assert listing.receive(seller, cards, now=NOON) == 3
    assert listing.receive(seller, cards, now=NOON) == 0
    assert Chat.objects.filter(preview="Да", last_at=NOON).count() == 3
    assert ChatOrder.objects.count() == 3


def test_old_history_does_not_bring_back_an_old_signature(seller, receive):
    listing.receive(seller, [card("new")], now=NOON)

    receive(event(0, reply_sign="old", is_new_chat=True))

    assert Chat.objects.get().reply_sign == "new"


def test_two_shops_may_have_events_of_the_same_name(seller, receive):
    receive(event(0))

    other = make_seller("Другая")
    inbox.receive(other, page(event(0)), now=NOON)

    with scopes_disabled():
        assert Message.objects.filter(event_id="e0").count() == 2
    assert Message.objects.count() == 1


def test_a_page_costs_the_same_queries_whatever_its_size(seller, receive):
    def count(*events):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            receive(*events)
        return len(queries)

    count(event(0))
    few = count(*(event(n, chat_id=f"2:{n}", good_card=CARD) for n in range(1, 4)))
    many = count(*(event(n, chat_id=f"3:{n}", good_card=CARD) for n in range(10, 300)))
    again = count(*(event(n, chat_id=f"3:{n}", good_card=CARD) for n in range(10, 300)))

    assert many == few
    assert again < few


@pytest.mark.django_db(transaction=True)
def test_two_readers_of_one_page_store_it_once():
    seller = make_seller()
    pages = [page(*(event(n, chat_id=f"1:{n % 7}") for n in range(50)))] * 4
    stored = []

    def work(one):
        try:
            stored.append(len(inbox.receive(seller, one, now=NOON).new_messages))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(one,)) for one in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with scope(seller=seller):
        assert sorted(stored) == [0, 0, 0, 50]
        assert sum(Chat.objects.values_list("message_count", flat=True)) == 50


@pytest.mark.django_db(transaction=True)
def test_a_chat_that_the_list_makes_meanwhile_keeps_its_messages():
    seller = make_seller()
    stored = []

    def work():
        try:
            stored.append(inbox.receive(seller, page(event(1), event(2)), now=NOON))
        finally:
            connection.close()

    reader = threading.Thread(target=work)
    with scope(seller=seller):
        with transaction.atomic():
            listed = Chat.objects.create(
                seller=seller, wb_chat_id="1:a", reply_sign="s", created_at=NOON
            )
            reader.start()
            wait_until_blocked()
        reader.join()

        chat = Chat.objects.get()

    assert (chat.pk, chat.reply_sign, chat.message_count) == (listed.pk, "s", 2)
    assert stored[0].chats_with_new_buyer_turn == (chat.pk,)


def wait_until_blocked():
    """Wait until another session of the database waits for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    with connection.cursor() as cursor:
        for _ in range(3000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
