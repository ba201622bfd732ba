"""Alerts at the desk and in the header: seen, handled, and only one's own."""

import pytest
from django_scopes import scope

from agentiq.testing import NOON, make_member, make_seller
from promos import alerts
from promos.alerts import Cause, Kind
from promos.models import Alert

LIST = "/admin/promos/alert/"
CAUSE = Cause(kind=Kind.NO_CODE, key="UC1", params={"use_case": "UC1"}, link="/admin/")


@pytest.fixture
def desk(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def alert(seller, owner):
    return alerts.raise_once(seller, CAUSE, now=NOON)


def act(client, alert, name):
    return client.post(LIST, {"action": name, "_selected_action": [alert.pk]})


def test_the_list_says_what_to_do_with_a_link(desk, alert):
    body = desk.get(LIST).content.decode()
    assert "Сейчас нет промокода для: лояльность" in body
    assert "Создайте промокод в кабинете WB" in body


@pytest.mark.parametrize(
    ("action", "state"), [("acknowledge", "acknowledged"), ("put_off", "snoozed")]
)
def test_acts_of_the_list(desk, alert, action, state):
    act(desk, alert, action)
    alert.refresh_from_db()
    assert alert.state == state
    assert desk.get("/alerts/").context["count"] == 0


def test_somebody_takes_charge(desk, alert, owner):
    act(desk, alert, "take_charge")
    alert.refresh_from_db()
    assert alert.assigned_to == owner


def test_closed_ones_are_out_of_sight_until_asked_for(desk, alert, seller):
    alerts.resolve(seller, Kind.NO_CODE, "UC1", now=NOON)
    assert "лояльность" not in desk.get(LIST).content.decode()
    assert "лояльность" in desk.get(f"{LIST}?standing=closed").content.decode()


def test_the_bell_as_json_and_as_a_partial(desk, alert):
    found = desk.get("/alerts/", headers={"accept": "application/json"}).json()
    assert found["count"] == 1
    assert found["alerts"][0]["title"] == "Сейчас нет промокода для: лояльность"
    assert 'id="alerts"' in desk.get("/alerts/").content.decode()


def test_a_stranger_neither_sees_nor_handles_it(client, alert):
    other = make_seller("Чужая")
    with scope(seller=other):
        client.force_login(make_member(other, "owner", "stranger"))
    assert "лояльность" not in client.get(LIST).content.decode()
    assert client.get("/alerts/").context["count"] == 0
    act(client, alert, "acknowledge")
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize(
    "page",
    ["alertdelivery", "notificationrule", "notificationsettings"]
    + ["telegrambot", "telegramlink"],
)
def test_every_page_opens(desk, alert, page):
    assert desk.get(f"/admin/promos/{page}/").status_code == 200
    if page != "alertdelivery":
        assert desk.get(f"/admin/promos/{page}/add/").status_code == 200
