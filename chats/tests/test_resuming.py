from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from agentiq.limiter import RedisLimiter
from agentiq.wb.limits import EVENTS
from chats import gate, polling, resuming, tasks
from chats.models import FeedCursor, SendGate
from promos.models import WbToken


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def unpaid(seller, wb, simulator, now):
    """A shop whose calls WB stopped for want of money."""
    simulator.fault("402", method="events")
    tasks.poll_shops([seller.pk])
    gate.close(seller.pk, "unpaid", now=now, wait=gate.UNPAID_WAIT)


def test_a_button_goes_on_after_a_payment(client, seller, owner, unpaid, settings, now):
    client.force_login(owner)
    page = client.get(reverse("chats:status")).content.decode()
    assert "Исправлено, продолжить" in page

    client.post(reverse("chats:resume"))

    row = WbToken.objects.get()
    assert RedisLimiter.for_token(row, settings).acquire(EVENTS) == 0
    assert not SendGate.objects.filter(closed_until__gt=now).exists()
    assert polling.due(timezone.now()) == [seller.pk]
    tasks.poll_shops([seller.pk])
    assert FeedCursor.objects.get().problem == ""
    page = client.get(reverse("chats:status")).content.decode()
    assert "Исправлено, продолжить" not in page


def test_an_operator_is_not_asked_for_money(client, operator, unpaid):
    client.force_login(operator)

    assert "status-resume" not in client.get(reverse("chats:status")).content.decode()
    assert client.post(reverse("chats:resume")).status_code == 403


def test_a_refused_key_is_tried_once_more(seller, wb, simulator, now):
    simulator.fault("401", method="events", detail="token expired", times=2)
    tasks.poll_shops([seller.pk])
    assert WbToken.objects.get().refused_at

    resuming.resume(seller, now=now)
    tasks.poll_shops([seller.pk])

    assert WbToken.objects.get().refused_at
    assert simulator.calls["events"] == 2
    resuming.resume(seller, now=now)
    tasks.poll_shops([seller.pk])
    assert (FeedCursor.objects.get().problem, simulator.calls["events"]) == ("", 3)


def test_the_command_resumes_what_is_stopped(seller, unpaid, now):
    said = StringIO()
    call_command("resume", "--all", stdout=said)
    assert "снова обращаемся к WB" in said.getvalue()

    assert polling.due(timezone.now()) == [seller.pk]
    with pytest.raises(CommandError, match="Не все номера"):
        call_command("resume", "999999", stdout=said)
    with pytest.raises(CommandError, match="--all"):
        call_command("resume", stdout=said)
