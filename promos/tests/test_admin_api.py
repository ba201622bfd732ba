import re

import pytest
from django.urls import reverse
from django.utils import timezone

from promos import apikeys, webhooks
from promos.models import ApiKey, Webhook, WebhookDelivery

KEY = re.compile(r"<code>(\S+)</code>")


@pytest.fixture
def desk(client, owner):
    client.force_login(owner)
    return client


def address(model, name, *args):
    return reverse(f"admin:promos_{model._meta.model_name}_{name}", args=args)


def test_a_key_is_shown_once_and_opens(desk, seller, owner):
    answer = desk.post(
        address(ApiKey, "add"),
        {"name": "1C", "scopes": ["read", "send"], "rate_per_minute": "60"},
    )

    key = KEY.search(answer.content.decode())[1]
    row = apikeys.find(key, now=timezone.now())
    assert (row.seller, row.created_by, row.scopes) == (seller, owner, ["read", "send"])
    change = desk.get(address(ApiKey, "change", row.pk)).content.decode()
    assert key not in change
    assert row.prefix in change


def test_a_leaked_key_is_revoked(desk, seller):
    row, key = apikeys.issue(seller, name="1C", scopes=["read"], by=None)

    desk.post(
        address(ApiKey, "changelist"),
        {"action": "revoke", "_selected_action": [row.pk]},
    )

    assert apikeys.find(key, now=timezone.now()) is None


def test_a_webhook_shows_its_secret_once(desk):
    answer = desk.post(
        address(Webhook, "add"),
        {"url": "https://crm.example.com/in", "kinds": [], "is_active": "on"},
    )

    assert KEY.search(answer.content.decode())[1] == Webhook.objects.get().secret


def test_a_webhook_into_our_own_network_is_refused(desk):
    desk.post(address(Webhook, "add"), {"url": "https://127.0.0.1/", "kinds": []})

    assert not Webhook.objects.exists()


def test_an_event_is_told_again_from_the_list(desk, seller):
    webhooks.register(seller, url="https://crm.example.com/in", by=None)
    webhooks.emit(seller, "message.sent", {"n": 1}, "1:a")
    WebhookDelivery.objects.update(state=WebhookDelivery.State.GIVEN_UP)

    desk.post(
        address(WebhookDelivery, "changelist"),
        {
            "action": "replay",
            "_selected_action": list(
                WebhookDelivery.objects.values_list("pk", flat=True)
            ),
        },
    )

    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.WAITING
