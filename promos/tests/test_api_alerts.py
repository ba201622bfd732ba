"""Alerts are handled through the API as at the desk, by those who may."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import make_member, make_seller
from promos import alerts
from promos.alerts import Cause, Kind, Level
from promos.models import Alert
from promos.tests.test_api import Caller, key_of, problem

LATE = Cause(kind=Kind.POLL_BEHIND, params={"minutes": 6, "problem": "unavailable"})
GAP = Cause(
    kind=Kind.NO_CODE, key="UC1", level=Level.CRITICAL, params={"use_case": "UC1"}
)
ACTS = ("acknowledge", "snooze", "assign", "close", "reopen")


@pytest.fixture
def api(seller, owner):
    return Caller(key_of(seller, owner))


@pytest.fixture
def late(seller):
    return alerts.raise_once(seller, LATE, now=timezone.now())


def shown(api, query=""):
    found = api.get(f"alerts{query}")
    assert found.status_code == 200, found.content
    return [row["kind"] for row in found.json()["results"]]


def body_of(act, username):
    tomorrow = timezone.now() + timedelta(days=1)
    bodies = {"snooze": {"until": tomorrow.isoformat()}, "assign": {"to": username}}
    return bodies.get(act)


def test_an_alert_says_in_both_languages_what_to_do(api, late):
    told = api.get(f"alerts/{late.pk}").json()

    assert told["state"] == "open"
    assert "6" in told["title"]["ru"] + told["text"]["ru"]
    assert told["title"]["en"] != told["title"]["ru"]


def test_one_is_acknowledged_by_whoever_stands_behind_the_key(api, owner, late):
    told = api.post(f"alerts/{late.pk}/acknowledge").json()

    assert (told["state"], told["acknowledged_by"]) == ("acknowledged", owner.username)
    assert shown(api, "?state=pressing") == []
    assert shown(api) == ["poll_behind"]


def test_one_is_put_off_until_its_time(api, late):
    until = timezone.now() + timedelta(days=2)
    told = api.post(f"alerts/{late.pk}/snooze", {"until": until.isoformat()}).json()

    assert told["state"] == "snoozed"
    assert Alert.objects.get().snoozed_until == until


@pytest.mark.parametrize("days", [-1, 0, 91])
def test_a_pause_ends_within_ninety_days(api, late, days):
    until = timezone.now() + timedelta(days=days)
    refused = api.post(f"alerts/{late.pk}/snooze", {"until": until.isoformat()})

    assert problem(refused, 400)["errors"][0]["pointer"] == "#/until"
    assert Alert.objects.get().state == "open"


def test_a_person_of_the_shop_takes_charge(api, operator, late):
    told = api.post(f"alerts/{late.pk}/assign", {"to": operator.username}).json()
    assert told["assigned_to"] == operator.username
    assert shown(api, f"?assigned_to={operator.username}") == ["poll_behind"]
    assert shown(api, "?assigned_to=") == []

    told = api.post(f"alerts/{late.pk}/assign", {"to": None}).json()
    assert told["assigned_to"] is None
    assert shown(api, "?assigned_to=") == ["poll_behind"]


def test_nobody_of_another_shop_takes_charge(api, late):
    other = make_seller("Чужая")
    with scope(seller=other):
        make_member(other, "owner", "stranger")

    refused = api.post(f"alerts/{late.pk}/assign", {"to": "stranger"})

    assert problem(refused, 400)["errors"][0]["code"] == "not_found"


def test_closed_it_takes_no_more_acts_until_it_is_opened_again(api, owner, late):
    assert api.post(f"alerts/{late.pk}/close").json()["state"] == "closed"
    assert shown(api) == []
    refused = api.post(f"alerts/{late.pk}/acknowledge")
    assert problem(refused, 409)["code"] == "alert_closed"

    told = api.post(f"alerts/{late.pk}/reopen").json()

    assert (told["state"], told["closed_at"]) == ("open", None)
    assert shown(api, "?state=pressing") == ["poll_behind"]


def test_one_closed_too_early_comes_back_with_the_next_check(seller, api, late):
    api.post(f"alerts/{late.pk}/close")
    newer = alerts.raise_once(seller, LATE, now=timezone.now())

    refused = api.post(f"alerts/{late.pk}/reopen")

    assert newer is not None
    assert problem(refused, 409)["code"] == "alert_stands"
    assert Alert.objects.standing().count() == 1


def test_lists_are_narrowed(seller, api, late):
    alerts.raise_once(seller, GAP, now=timezone.now() - timedelta(days=3))

    assert shown(api) == ["poll_behind", "no_code"]
    assert shown(api, "?level=critical") == ["no_code"]
    assert shown(api, "?kind=no_code") == ["no_code"]
    since = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert shown(api, f"?since={since}") == ["poll_behind"]


def test_a_repeated_act_is_one_act(api, late):
    first = api.post(f"alerts/{late.pk}/acknowledge", Idempotency_Key="a-1")
    again = api.post(f"alerts/{late.pk}/acknowledge", Idempotency_Key="a-1")

    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.parametrize("act", ACTS)
def test_a_key_that_may_only_read_handles_nothing(seller, owner, late, act):
    reader = Caller(key_of(seller, owner, scopes=["read", "suggest", "send"]))

    refused = reader.post(f"alerts/{late.pk}/{act}", body_of(act, owner.username))

    assert problem(refused, 403)["code"] == "scope_missing"
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize("act", ("", *ACTS))
def test_an_alert_of_another_shop_is_not_there(late, act):
    other = make_seller("Чужая")
    stranger = Caller(key_of(other, make_member(other, "owner")))
    body = body_of(act, "x")

    address = f"alerts/{late.pk}/{act}".rstrip("/")
    refused = stranger.post(address, body) if act else stranger.get(address)

    assert problem(refused, 404)["code"] == "not_found"


def test_the_list_asks_no_question_for_each_alert(
    seller, api, django_assert_max_num_queries
):
    for number in range(5):
        cause = Cause(kind=Kind.NO_CODE, key=str(number), params={"use_case": "UC1"})
        alerts.raise_once(seller, cause, now=timezone.now())
    with django_assert_max_num_queries(6):
        assert len(shown(api)) == 5
