import hmac
import json
import socket
import threading
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos import webhooks
from promos.models import Webhook, WebhookDelivery

HOUR = timedelta(hours=1)


class Receiver:
    """Another system: notes what it is told, answers 200 unless told otherwise."""

    def __init__(self):
        self.calls = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def told(self):
        return [json.loads(body)["data"] for _, body in self.calls]


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def webhook(seller, receiver):
    return webhooks.register(seller, url=receiver.url, by=None)


def deliver_all(now):
    delivered = []
    while row := webhooks.claim(now=now):
        webhooks.deliver(row, now=now)
        delivered.append(row)
    return delivered


def test_a_call_proves_who_made_it(seller, webhook, receiver):
    webhooks.emit(seller, "message.received", {"text": "Привет"}, "1:a", now=NOON)

    deliver_all(NOON)

    headers, body = receiver.calls[0]
    signature = headers["AgentIQ-Signature"]
    assert webhooks.verify(webhook[1], signature, body, now=NOON)
    assert not webhooks.verify("whsec_other", signature, body, now=NOON)
    assert not webhooks.verify(webhook[1], signature, body + b" ", now=NOON)
    assert not webhooks.verify(webhook[1], signature, body, now=NOON + HOUR)
    assert json.loads(body) == {
        "id": headers["AgentIQ-Event-Id"],
        "type": "message.received",
        "created_at": "2026-03-02T09:00:00+00:00",
        "chat_id": "1:a",
        "data": {"text": "Привет"},
    }


def test_an_address_is_told_only_what_it_asked_for(seller, receiver):
    webhooks.register(seller, url=receiver.url, kinds=["message.failed"], by=None)

    assert webhooks.emit(seller, "message.sent", {}, now=NOON) == 0
    assert webhooks.emit(seller, "message.failed", {}, now=NOON) == 1


def test_what_did_not_happen_is_not_told(seller, webhook):
    with pytest.raises(RuntimeError), transaction.atomic():
        webhooks.emit(seller, "message.sent", {}, now=NOON)
        raise RuntimeError

    assert webhooks.claim(now=NOON) is None


def test_events_of_a_chat_wait_for_the_earlier_one(seller, webhook, receiver):
    receiver.status = 503
    for number in (1, 2):
        webhooks.emit(seller, "message.received", {"n": number}, "1:a", now=NOON)
    webhooks.emit(seller, "message.received", {"n": 3}, "1:b", now=NOON)

    deliver_all(NOON)
    assert receiver.told == [{"n": 1}, {"n": 3}]

    receiver.status = 200
    later = NOON + timedelta(seconds=5)
    deliver_all(later)

    assert receiver.told[2:] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_failed_call_is_tried_again_for_a_day_and_then_given_up(
    seller, webhook, receiver
):
    receiver.status = 500
    webhooks.emit(seller, "message.sent", {}, "1:a", now=NOON)

    tries = []
    while (row := WebhookDelivery.objects.get()).state == row.State.WAITING:
        tries.append(row.due_at - NOON)
        deliver_all(row.due_at)

    assert row.state == WebhookDelivery.State.GIVEN_UP
    assert deliver_all(NOON + 48 * HOUR) == []
    assert len(receiver.calls) == len(tries)
    assert tries[:4] == [timedelta(seconds=s) for s in (0, 5, 20, 80)]
    assert 23 * HOUR <= tries[-1] < 24 * HOUR


def test_a_replay_is_the_same_event(seller, webhook, receiver):
    webhooks.emit(seller, "message.sent", {"n": 1}, "1:a", now=NOON)
    deliver_all(NOON)

    webhooks.replay(WebhookDelivery.objects.get(), now=NOON + HOUR)
    deliver_all(NOON + HOUR)

    (first, body), (second, again) = receiver.calls
    assert first["AgentIQ-Event-Id"] == second["AgentIQ-Event-Id"]
    assert body == again


def test_an_address_is_called_by_one_worker_at_a_time(seller, webhook, receiver):
    for chat in ("1:a", "1:b"):
        webhooks.emit(seller, "message.sent", {}, chat, now=NOON)
    first = webhooks.claim(now=NOON)

    assert webhooks.claim(now=NOON) is None

    webhooks.deliver(first, now=NOON)
    assert webhooks.claim(now=NOON).chat_key == "1:b"


@pytest.mark.django_db(transaction=True)
def test_what_is_being_told_holds_up_no_delivery(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    seller = make_seller()
    with scope(seller=seller):
        webhooks.register(seller, url="http://127.0.0.1:9/", by=None)
    webhooks.emit(seller, "message.sent", {}, "1:a", now=NOON)
    claimed = []

    def claim():
        claimed.append(webhooks.claim(now=NOON))
        connection.close()

    with transaction.atomic():
        webhooks.emit(seller, "message.sent", {}, "1:b", now=NOON)
        worker = threading.Thread(target=claim)
        worker.start()
        worker.join()

    assert claimed[0].chat_key == "1:a"


def test_an_address_that_is_gone_rests_and_others_are_served(seller, webhook, receiver):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    lost, _secret = webhooks.register(seller, url=gone, by=None)
    for number in range(3):
        webhooks.emit(seller, "message.sent", {"n": number}, f"1:{number}", now=NOON)

    called = []
    for second in (0, 14, 15, 74, 75):
        rows = deliver_all(NOON + timedelta(seconds=second))
        called.append([row.webhook_id for row in rows].count(lost.pk))

    assert receiver.told == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert called == [1, 0, 1, 0, 1]  # rests of 15 and 60 seconds


def test_an_address_that_answers_again_is_told_all(seller, webhook, receiver):
    Webhook.objects.update(silent_calls=3)
    for number in range(3):
        webhooks.emit(seller, "message.sent", {"n": number}, f"1:{number}", now=NOON)

    deliver_all(NOON)

    assert receiver.told == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert Webhook.objects.get().silent_calls == 0


def test_a_worker_that_died_is_replaced_after_its_lease(seller, webhook):
    webhooks.emit(seller, "message.sent", {}, "1:a", now=NOON)
    first = webhooks.claim(now=NOON)

    assert webhooks.claim(now=NOON) is None
    assert webhooks.claim(now=NOON + webhooks.LEASE) == first


def test_an_address_inside_is_not_called_even_if_it_got_in(seller, webhook, settings):
    webhooks.emit(seller, "message.sent", {}, now=NOON)
    settings.WEBHOOK_ALLOW_PRIVATE = False

    row = webhooks.claim(now=NOON)

    assert not webhooks.deliver(row, now=NOON)
    assert WebhookDelivery.objects.get().problem == "not_https"


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_each_delivery_once(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    seller = make_seller()
    with scope(seller=seller):
        for _ in range(20):
            webhooks.register(seller, url="http://127.0.0.1:9/", by=None)
    webhooks.emit(seller, "message.sent", {}, "1:a", now=NOON)
    taken = Counter()

    def work():
        while row := webhooks.claim(now=NOON):
            taken[row.pk] += 1
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(taken) == 20
    assert set(taken.values()) == {1}


def test_the_check_of_the_readme_agrees(seller, webhook, receiver):
    text = (settings.BASE_DIR / "README.md").read_text()
    source = text.split("def is_from_agentiq")[1].split("```")[0]
    space = {"hmac": hmac, "time": SimpleNamespace(time=NOON.timestamp)}
    exec("def is_from_agentiq" + source, space)  # noqa: S102
    webhooks.emit(seller, "message.sent", {"text": "Привет"}, "1:a", now=NOON)
    deliver_all(NOON)

    headers, body = receiver.calls[0]
    check = space["is_from_agentiq"]

    assert check(webhook[1], headers["AgentIQ-Signature"], body)
    assert not check(webhook[1], headers["AgentIQ-Signature"], body + b" ")
