import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from agentiq.marketplace import connect
from agentiq.testing import NOON, make_seller
from agentiq.wb.chat import event_page
from chats import feed, polling, sizes, tasks
from chats.models import Chat, FeedCursor, Message, Outgoing
from promos.models import WbToken

SECOND = timedelta(seconds=1)


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def poll(seller, wb):
    return lambda now: polling.poll(seller, client=wb, now=now)


@pytest.fixture
def cursor(seller):
    return lambda: FeedCursor.objects.get(seller=seller)


def test_a_poll_reads_page_by_page_until_wb_has_no_more(poll, simulator, cursor, now):
    simulator.page_size = 2
    chat_id = simulator.new_chat("Один")
    for word in ("Два", "Три", "Четыре", "Пять"):
        simulator.buyer_says(chat_id, word)

    polled = poll(now)

    assert (polled.complete, polled.pages) == (True, 4)
    assert len(polled.new_messages) == Message.objects.count() == 5
    assert polled.chats_with_new_buyer_turn == [Chat.objects.get().pk]
    assert cursor().polls == 1
    assert cursor().polled_at == now


def test_an_empty_feed_leaves_no_cursor(poll, simulator, cursor, now):
    assert poll(now).complete
    assert cursor().next is None
    assert cursor().polls == 1


def test_a_cut_off_poll_goes_on_where_it_was(poll, simulator, cursor, now, monkeypatch):
    monkeypatch.setattr(feed, "PAGES", 2)
    simulator.page_size = 1
    chat_id = simulator.new_chat("Один")
    for word in ("Два", "Три"):
        simulator.buyer_says(chat_id, word)

    first = poll(now)
    assert (first.complete, cursor().polls, cursor().due_at) == (False, 0, now)

    second = poll(now + SECOND)
    assert (second.complete, Message.objects.count(), cursor().polls) == (True, 3, 1)


@pytest.mark.parametrize(
    ("fault", "problem", "wait"),
    [
        ({"kind": "429", "seconds": 40}, "throttled", 40),
        ({"kind": "429", "seconds": 86_400}, "throttled", 86_400),
        ({"kind": "5xx"}, "unavailable", 2),
        ({"kind": "drop-before"}, "unavailable", 2),
        ({"kind": "drop-after"}, "unavailable", 2),
        ({"kind": "not-json"}, "unavailable", 2),
        ({"kind": "truncated"}, "unavailable", 2),
        ({"kind": "402"}, "unpaid", 900),
        ({"kind": "401", "detail": "token expired"}, "expired", 30),
        ({"kind": "401", "detail": "token problem; withdrawn"}, "withdrawn", 30),
        ({"kind": "403"}, "category", 30),
        ({"kind": "403", "detail": "base token is not allowed"}, "type", 30),
        ({"kind": "disabled"}, "disabled", 60),
        ({"kind": "reject"}, "rejected", 2),
    ],
)
def test_a_failure_is_named_and_tried_again_in_time(
    poll, simulator, cursor, now, fault, problem, wait
):
    simulator.new_chat("Здравствуйте")
    simulator.fault(method="events", **fault)

    polled = poll(now)

    assert (polled.problem, polled.complete) == (problem, False)
    kept = cursor()
    assert (kept.problem, kept.polls, kept.failures) == (problem, 0, 1)
    assert kept.due_at == now + timedelta(seconds=wait)
    assert kept.problem_detail
    assert kept.next is None


def test_failures_in_a_row_slow_down_and_a_success_forgets_them(
    poll, simulator, cursor, now
):
    simulator.fault("5xx", method="events", times=7)
    waits = []
    for step in range(7):
        poll(now)
        waits.append((cursor().due_at - now).total_seconds())

    assert waits == [2, 4, 8, 16, 32, 60, 60]
    assert poll(now).complete
    assert (cursor().failures, cursor().problem) == (0, "")


def test_a_failure_halfway_keeps_what_was_read(poll, simulator, cursor, now):
    simulator.page_size = 2
    chat_id = simulator.new_chat("Один")
    for word in ("Два", "Три"):
        simulator.buyer_says(chat_id, word)
    simulator.fault("5xx", method="events", skip=1)

    polled = poll(now)

    assert (polled.problem, len(polled.new_messages)) == ("unavailable", 2)
    assert cursor().next == int(Message.objects.last().added_at.timestamp() * 1000)
    assert len(poll(now).new_messages) == 1


def test_a_refused_cursor_starts_the_feed_over_after_three_times(
    seller, poll, simulator, cursor, now
):
    simulator.new_chat("Здравствуйте")
    poll(now)
    simulator.fault(
        "reject", method="events", times=3, detail='Invalid value for "next"'
    )
    for _ in range(3):
        assert cursor().next
        poll(now)

    assert cursor().next is None
    polled = poll(now)
    assert (polled.complete, polled.new_messages) == (True, [])
    assert Message.objects.count() == 1


def test_ties_at_a_page_border_are_found_by_reading_over(poll, simulator, cursor, now):
    chat_id = simulator.new_chat("Один")
    poll(now)
    poll(now + SECOND)
    newest = simulator.seller().events[-1][0]
    simulator.buyer_says(
        chat_id, "В ту же миллисекунду", at=datetime.fromtimestamp(newest / 1000, UTC)
    )

    assert poll(now + 2 * SECOND).new_messages == []
    assert len(poll(now + timedelta(minutes=11)).new_messages) == 1
    assert cursor().next == newest


class Feed:
    """A shop's feed by time in pages; whether a page begins at ``next`` is its own."""

    def __init__(self, moments, size, inclusive=False):
        self._events = [
            {
                "chatID": "1:a",
                "eventID": f"e{n}",
                "addTimestamp": at,
                "sender": "client",
            }
            for n, at in enumerate(moments)
        ]
        self._size, self._inclusive, self.asked = size, inclusive, []

    def events(self, next):
        self.asked.append(next)
        first = (next or 0) + (0 if self._inclusive else 1)
        rows = [it for it in self._events if it["addTimestamp"] >= first]
        newest = rows[: self._size][-1]["addTimestamp"] if rows else next
        result = {"events": rows[: self._size], "next": newest}
        return event_page({"result": result})

    def chats(self):
        return ()


NEW_YEAR = 1_767_225_600_000


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize(
    ("moments", "size"),
    [
        pytest.param([NEW_YEAR + n // 3 for n in range(90)], 25, id="threes"),
        pytest.param([NEW_YEAR] * 24 + [NEW_YEAR + 9] * 2, 25, id="at the very end"),
        pytest.param([NEW_YEAR + n for n in range(50)], 25, id="whole pages"),
    ],
)
def test_a_page_cut_amid_a_millisecond_loses_nothing(
    seller, now, moments, size, inclusive
):
    wb_feed = Feed(moments, size, inclusive)

    polled = polling.poll(seller, client=wb_feed, now=now)

    assert polled.complete
    assert Message.objects.count() == len(moments)
    assert len(wb_feed.asked) <= 8


def test_a_millisecond_that_fills_pages_does_not_stop_the_feed(seller, now):
    wb_feed = Feed([NEW_YEAR] * 60 + [NEW_YEAR + 5], 25, inclusive=True)

    polled = polling.poll(seller, client=wb_feed, now=now)

    assert polled.complete
    assert Message.objects.filter(event_id="e60").exists()


def test_a_delivery_in_doubt_is_looked_for_from_before_its_try(seller, now):
    minute_ago = now - timedelta(minutes=1)
    place = int((now - timedelta(seconds=5)).timestamp() * 1000)
    FeedCursor.objects.create(seller=seller, next=place, overlap_at=minute_ago)
    chat = Chat.objects.create(seller=seller, wb_chat_id="1:a", created_at=minute_ago)
    Outgoing.objects.create(
        seller=seller, chat=chat, text="Да", key=uuid4(), due_at=minute_ago,
        status="unknown", sending_since=minute_ago,
    )  # fmt: skip
    wb_feed = Feed([], 50)

    for seconds in (0, 2, 10):
        polling.poll(seller, client=wb_feed, now=now + seconds * SECOND)

    before = int(minute_ago.timestamp() * 1000) - 5000
    assert wb_feed.asked == [before, place, place, before, place]


def test_an_inclusive_border_ends_the_poll_all_the_same(poll, simulator, now):
    simulator.border = "inclusive"
    chat_id = simulator.new_chat("Один")
    poll(now)
    simulator.buyer_says(chat_id, "Два")

    polled = poll(now + SECOND)

    assert (polled.complete, len(polled.new_messages)) == (True, 1)


@pytest.mark.parametrize(
    ("silence", "interval"),
    [
        (timedelta(minutes=1), 2),
        (timedelta(minutes=30), 5),
        (timedelta(days=2), 15),
    ],
)
def test_a_shop_is_asked_more_often_while_buyers_write(
    poll, simulator, cursor, now, silence, interval
):
    simulator.new_chat("Здравствуйте", at=now - silence)

    poll(now)

    wait = (cursor().due_at - now).total_seconds()
    assert interval * (0.9 if interval > 2 else 1) <= wait <= interval


def test_shops_that_were_due_at_once_drift_apart(seller, wb, now):
    waits = set()
    for shop in (make_seller(str(n)) for n in range(20)):
        poll = feed.Poll(shop, wb, FeedCursor(seller=shop), now)
        waits.add(round(feed.interval(poll), 1))

    assert len(waits) >= 10
    assert min(waits) >= 13.5
    assert max(waits) <= 15


def test_an_unsettled_reply_keeps_the_quick_pace(seller, poll, simulator, cursor, now):
    simulator.new_chat("Здравствуйте", at=now - timedelta(days=2))
    poll(now)
    Outgoing.objects.create(
        seller=seller,
        chat=Chat.objects.get(),
        key="8d5b2b0e-3a8b-4a86-a3b4-0a6f0f6a5c11",
        text="Да",
        status="unknown",
        due_at=now,
    )

    poll(now)

    assert cursor().due_at == now + 2 * SECOND


def test_a_signature_that_is_missing_is_fetched_without_flooding(
    poll, simulator, cursor, now
):
    simulator.fault("empty-chats", method="chats", times=2)
    first = simulator.new_chat("Здравствуйте")
    simulator.seller().events[0][2].pop("replySign")

    poll(now)
    assert not Chat.objects.get().can_reply
    for minutes in (1, 4, 9):
        poll(now + timedelta(minutes=minutes))
    assert simulator.calls["chats"] == 1

    poll(now + timedelta(minutes=10))
    poll(now + timedelta(minutes=20))
    assert simulator.calls["chats"] == 3
    assert Chat.objects.get(wb_chat_id=first).can_reply


def test_a_new_chat_without_signature_asks_for_it_within_a_minute(poll, simulator, now):
    poll(now)
    simulator.new_chat("Здравствуйте")
    simulator.seller().events[0][2].pop("replySign")

    poll(now + 2 * SECOND)
    assert simulator.calls["chats"] == 1
    poll(now + 62 * SECOND)

    assert simulator.calls["chats"] == 2
    assert Chat.objects.get().can_reply


def test_chats_that_fail_do_not_fail_the_poll(poll, simulator, now):
    simulator.fault("5xx", method="chats")
    simulator.new_chat("Здравствуйте")

    assert poll(now).complete


def test_our_own_limit_is_no_problem_to_show(poll, simulator, cursor, now):
    for _ in range(12):
        polled = poll(now)

    assert simulator.throttled == {}
    assert (polled.complete, polled.problem, cursor().problem) == (False, "", "")
    assert cursor().due_at > now + 5 * SECOND


def test_only_due_shops_are_polled_and_claimed_once(seller, db):
    late, early, resting, closed = (make_seller(name) for name in "абвг")
    with scopes_disabled():
        for shop, due_at in (
            (late, NOON - SECOND),
            (early, NOON - 9 * SECOND),
            (resting, NOON + 9 * SECOND),
        ):
            FeedCursor.objects.create(seller=shop, due_at=due_at)
    closed.is_active = False
    closed.save()

    assert polling.due(NOON) == [early.pk, late.pk, seller.pk]
    assert set(polling.claim(NOON)) == {early.pk, late.pk, seller.pk}
    assert polling.claim(NOON) == []
    assert seller.pk in polling.claim(NOON + polling.LEASE)


def test_a_shop_without_a_key_is_noted_and_left_for_a_while(seller, cursor):
    tasks.poll_shops([seller.pk])

    assert cursor().problem == "no_token"
    assert cursor().due_at > datetime.now(UTC) + 20 * SECOND
    assert cursor().polls == 0


def test_the_task_polls_and_a_refused_key_is_not_used_again(
    seller, wb, simulator, cursor
):
    simulator.withdraw(simulator_token(seller))

    tasks.poll_shops([seller.pk])
    assert cursor().problem == "withdrawn"
    assert WbToken.objects.get().refused_at
    tasks.poll_shops([seller.pk])

    assert cursor().problem == "no_token"
    assert simulator.calls["events"] == 1


def simulator_token(seller):
    from agentiq import crypto

    return crypto.unseal(WbToken.objects.get(seller=seller).sealed_token)


def test_an_event_nobody_can_store_does_not_stop_the_feed(
    poll, simulator, cursor, now, monkeypatch
):
    chat_id = simulator.new_chat("Один")
    simulator.buyer_says(chat_id, "Два")
    simulator.buyer_says(chat_id, "Три")
    # A field that will be longer than ours one day, in spite of all care.
    monkeypatch.setattr(
        sizes, "preview", lambda it: it.text * (100 if "Три" in it.text else 1)
    )

    polled = poll(now)

    assert (polled.complete, len(polled.new_messages)) == (True, 2)
    assert list(Message.objects.in_order().values_list("text", flat=True)) == [
        "Один",
        "Два",
    ]
    assert cursor().next == simulator.seller().newest_ms()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_poll_one_shop_at_a_time(seller, wb, simulator, now):
    simulator.new_chat("Здравствуйте")
    simulator.fault("slow", method="events", seconds=0.5)
    results = []

    def work():
        try:
            results.append(polling.poll(seller, client=connect(seller), now=now))
        finally:
            connection.close()

    first, second = threading.Thread(target=work), threading.Thread(target=work)
    first.start()
    time.sleep(0.25)
    second.start()
    first.join()
    second.join()

    assert sorted(it.busy for it in results) == [False, True]
    with scope(seller=seller):
        assert Message.objects.count() == 1
        assert FeedCursor.objects.get().polls == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_leaves_the_shop_to_the_others(seller, wb, now):
    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [polling._LOCK + seller.pk])
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    for _ in range(50):  # PostgreSQL notices the end of a session a moment later
        polled = polling.poll(seller, client=wb, now=now)
        if not polled.busy:
            break
        time.sleep(0.05)
    assert polled.complete
