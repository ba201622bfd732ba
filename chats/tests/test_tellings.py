import pytest

from agentiq.testing import NOON
from agentiq.wb.records import EventPage
from chats import inbox, suggestions
from chats.tests.test_inbox import event
from promos import alerts, webhooks
from promos.models import Alert, WebhookDelivery


@pytest.fixture
def webhook(seller):
    return webhooks.register(seller, url="https://crm.example.com/in", by=None)[0]


def told():
    rows = WebhookDelivery.objects.order_by("pk")
    return [(row.kind, row.chat_key, row.payload) for row in rows]


def receive(seller, *events):
    inbox.receive(
        seller, EventPage(tuple(events), 1, len(events), None, None, 0), now=NOON
    )


def test_what_buyers_write_is_told_in_their_order(seller, webhook):
    receive(
        seller,
        event(2, "Второе"),
        event(1, "Первое"),
        event(3, "Наш ответ", sender="seller"),
    )

    assert [(kind, chat, data["text"]) for kind, chat, data in told()] == [
        ("message.received", "1:a", "Первое"),
        ("message.received", "1:a", "Второе"),
    ]


def test_the_same_page_twice_is_told_once(seller, webhook):
    receive(seller, event(1))
    receive(seller, event(1))

    assert len(told()) == 1


def test_a_suggestion_is_told_with_its_code(webhook, make_chat, make_code):
    make_code()
    chat = make_chat(
        "Платье просто чудесное, ткань приятная, сидит идеально! Очень довольна!"
    )
    chat.refresh_from_db()

    made = suggestions.suggest(chat, now=NOON)

    kind, key, data = told()[-1]
    assert (kind, key) == ("suggestion.made", chat.wb_chat_id)
    assert (data["suggestion_id"], data["code"]) == (made.pk, "SALE10")


def test_an_alert_is_told_once(seller, webhook):
    cause = alerts.Cause(kind=Alert.Kind.TOKEN_REFUSED, params={"refusal": ""})
    for _ in range(2):
        alerts.raise_once(seller, cause, now=NOON)

    assert [kind for kind, _, _ in told()] == ["alert.raised"]
