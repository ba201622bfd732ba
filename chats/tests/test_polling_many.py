"""Many shops at once: one nudge, a crew of threads, nobody waits for the slow."""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from agentiq.marketplace import NotConnected, connect_all
from agentiq.testing import make_seller
from chats import polling, tasks
from chats.models import FeedCursor, Message
from promos import tokens
from promos.models import WbToken


@pytest.fixture
def shops(db, simulator, wb_server):
    """Five connected shops, each with a buyer who wrote."""
    made = []
    for number in range(5):
        token = simulator.make_token()
        sid = simulator.add_seller(token)
        simulator.new_chat("Здравствуйте", seller=sid)
        shop = make_seller(str(number))
        tokens.enter(shop, token, by=None, now=timezone.now())
        made.append((shop, sid))
    return made


@pytest.fixture
def poll(shops):
    found = {}

    def poll(held=None):
        """Poll all; calls of the shop ``held`` wait until ``release`` is set."""
        ready = connect_all([shop for shop, _ in shops])
        for shop, client in ready:
            if shop == held:
                client.events = _waiting(client.events, poll.release)
        found.clear()
        polling.poll_many(ready, now=datetime.now(UTC), done=found.__setitem__)
        return found

    poll.release = threading.Event()
    yield poll
    poll.release.set()
    for crew in polling._crews.values():
        crew.shutdown()
    polling._crews.clear()


def _waiting(call, event):
    def waiting(*args):
        event.wait(60)
        return call(*args)

    return waiting


def test_one_nudge_reads_every_shop(shops, poll):
    found = poll()

    assert set(found) == {shop.pk for shop, _ in shops}
    assert all(it.complete and len(it.new_messages) == 1 for it in found.values())
    with scopes_disabled():
        assert set(Message.objects.values_list("seller", flat=True)) == set(found)
        assert list(FeedCursor.objects.values_list("polls", flat=True)) == [1] * 5


def test_an_empty_feed_costs_the_database_a_share_of_five_statements(
    shops, poll, django_assert_max_num_queries
):
    poll()
    with django_assert_max_num_queries(5) as seen:
        found = poll()

    assert len(found) == 5
    assert sum("advisory" in one["sql"] for one in seen.captured_queries) == 2


def test_a_refused_key_and_a_failing_wb_are_their_own_shops_trouble(
    shops, poll, simulator
):
    simulator.fault("5xx", method="events", seller=shops[1][1])
    simulator.fault("401", method="events", seller=shops[3][1], detail="token expired")

    found = poll()

    assert [found[shop.pk].problem for shop, _ in shops] == [
        "",
        "unavailable",
        "",
        "expired",
        "",
    ]


def test_a_fault_of_ours_in_one_shop_leaves_the_others_alone(shops, poll, monkeypatch):
    broken = shops[2][0]
    right = polling.feed._receive

    def receive(seller, page, now):
        if seller == broken:
            raise KeyError("a fault of ours")
        return right(seller, page, now)

    monkeypatch.setattr(polling.feed, "_receive", receive)

    assert set(poll()) == {shop.pk for shop, _ in shops} - {broken.pk}


@pytest.mark.django_db(transaction=True)
def test_a_slow_shop_is_read_on_by_itself(shops, poll, monkeypatch):
    monkeypatch.setattr(polling, "PATIENCE", 0.3)
    slow, _ = shops[0]

    found = poll(held=slow)
    _until(lambda: len(found) == 4)
    assert slow.pk not in found

    poll.release.set()
    _until(lambda: slow.pk in found)
    assert found[slow.pk].complete
    with scopes_disabled():
        assert Message.objects.filter(seller=slow).count() == 1
        cursor = FeedCursor.objects.get(seller=slow)
    assert (cursor.polls, cursor.problem) == (1, "")
    assert _locks() == 0


@pytest.mark.django_db(transaction=True)
def test_a_shop_no_thread_had_time_for_is_due_again(shops, poll, monkeypatch):
    monkeypatch.setattr(polling, "CREW", 1)
    monkeypatch.setattr(polling, "PATIENCE", 0.1)

    found = dict(poll(held=shops[0][0]))

    waiting = {shop.pk for shop, _ in shops[1:]}
    assert set(found) == waiting
    assert not any(it.complete or it.problem for it in found.values())
    assert waiting <= set(polling.due(timezone.now()))


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_polled_meanwhile_is_not_overwritten(
    shops, poll, monkeypatch
):
    monkeypatch.setattr(polling, "PATIENCE", 0.1)
    slow, _ = shops[0]
    found = poll(held=slow)

    with scopes_disabled():
        FeedCursor.objects.filter(seller=slow).update(tried_at=timezone.now(), polls=7)
    poll.release.set()
    for crew in polling._crews.values():
        crew.shutdown()

    assert slow.pk not in found
    with scopes_disabled():
        assert FeedCursor.objects.get(seller=slow).polls == 7


def _until(true):
    ends = time.monotonic() + 60
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    assert true()


def test_the_tick_sends_shops_in_handfuls(shops, monkeypatch):
    monkeypatch.setattr(polling, "TOGETHER", 2)
    sent = []
    monkeypatch.setattr(
        tasks.poll_shops, "apply_async", lambda args, expires: sent.append(args[0])
    )

    tasks.poll_due()
    tasks.poll_due()

    assert [len(it) for it in sent] == [2, 2, 1]
    assert {pk for it in sent for pk in it} == {shop.pk for shop, _ in shops}


def test_a_shop_without_a_key_is_said_so(shops):
    WbToken.objects.filter(seller=shops[0][0]).update(is_active=False)

    [first, *others] = connect_all([shop for shop, _ in shops], category=9)

    assert isinstance(first[1], NotConnected)
    assert first[1].reason == "no_token"
    assert not any(isinstance(it, NotConnected) for _, it in others)


def _locks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return cursor.fetchone()[0]
