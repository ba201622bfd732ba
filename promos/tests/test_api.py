import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from agentiq.problems import MEDIA_TYPE
from agentiq.testing import make_member, make_seller
from promos import apikeys, webhooks
from promos.models import (
    Alert,
    IdempotencyRecord,
    Product,
    PromoCode,
    WebhookDelivery,
)

ALL = ["read", "suggest", "send", "admin"]


class Caller:
    """An integration: JSON over Django's test client, under one key."""

    def __init__(self, key, word="Api-Key"):
        self.client = Client(headers={"Authorization": f"{word} {key}"})

    def get(self, address, **headers):
        return self.client.get(f"/api/{address}", headers=headers)

    def send(self, method, address, body=None, **headers):
        if method == "get":
            return self.get(address)
        data = body if isinstance(body, bytes | str) else json.dumps(body or {})
        call = getattr(self.client, method)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(
            f"/api/{address}", data, content_type="application/json", headers=headers
        )

    def post(self, address, body=None, **headers):
        return self.send("post", address, body, **headers)

    def patch(self, address, body):
        return self.send("patch", address, body)

    def delete(self, address):
        return self.send("delete", address)


def key_of(seller, by=None, scopes=ALL, **fields):
    with scope(seller=seller):
        return apikeys.issue(seller, name="CRM", scopes=scopes, by=by, **fields)[1]


@pytest.fixture
def api(seller, owner):
    return Caller(key_of(seller, owner))


@pytest.fixture
def stranger(db):
    other = make_seller("Чужая")
    return Caller(key_of(other, make_member(other, "owner")))


def a_code(**other):
    start = timezone.now() + timedelta(days=2)
    return {
        "code": "THANKS10",
        "discount_percent": "10.00",
        "starts_at": start.isoformat(),
        "expires_at": (start + timedelta(days=14)).isoformat(),
    } | other


def problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == MEDIA_TYPE
    document = response.json()
    assert set(document["messages"]) == {"ru", "en"}
    return document


def test_a_code_is_registered_listed_changed_and_switched_off(api, owner):
    made = api.post("promo-codes", a_code()).json()
    assert (made["code"], made["status"], made["warnings"]) == (
        "THANKS10",
        "planned",
        [],
    )
    assert PromoCode.objects.get().created_by == owner

    listed = api.get("promo-codes").json()
    assert [row["id"] for row in listed["results"]] == [made["id"]]
    assert listed["next"] is None

    changed = api.patch(f"promo-codes/{made['id']}", {"discount_percent": 12.5})
    assert changed.json()["discount_percent"] == "12.50"

    assert api.delete(f"promo-codes/{made['id']}").status_code == 204
    assert api.get("promo-codes").json()["results"] == []
    assert PromoCode.objects.get().is_active is False


@pytest.mark.parametrize(
    "address", ["promo-codes", "promo-codes/analytics", "sends", "products", "alerts"]
)
def test_a_slash_at_the_end_is_no_matter(api, address):
    assert api.get(address).status_code == 200
    assert api.get(f"{address}/").status_code == 200


def test_every_wrong_field_is_named_in_both_languages(api):
    document = problem(
        api.post("promo-codes", a_code(discount_percent="51", code="A")), 400
    )

    assert document["code"] == "invalid"
    found = [(one["pointer"], one["code"]) for one in document["errors"]]
    assert found == [("#/code", "length"), ("#/discount_percent", "range")]
    words = document["errors"][1]["messages"]
    assert "50" in words["ru"] and "50" in words["en"]
    assert not PromoCode.objects.exists()


@pytest.mark.parametrize("state", ["active", "live", "planned", "off", "all"])
def test_codes_are_listed_by_state(api, make_code, state):
    now = timezone.now()
    day = timedelta(days=1)
    make_code("LIVE", starts_at=now - day, expires_at=now + day)
    make_code("PLANNED", starts_at=now + day, expires_at=now + 3 * day)
    make_code("OFF", starts_at=now - day, expires_at=now + day, is_active=False)
    make_code("ENDED", starts_at=now - 3 * day, expires_at=now - day)

    rows = api.get(f"promo-codes?state={state}").json()["results"]

    assert {row["code"] for row in rows} == {
        "active": {"LIVE", "PLANNED"},
        "live": {"LIVE"},
        "planned": {"PLANNED"},
        "off": {"OFF"},
        "all": {"LIVE", "PLANNED", "OFF", "ENDED"},
    }[state]


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("promo-codes?page_size=1000000000", "page_size"),
        ("promo-codes?page_size=0", "page_size"),
        ("promo-codes?page_size=" + "9" * 5000, "page_size"),
        ("promo-codes?state=nonsense", "state"),
        ("sends?since=yesterday", "since"),
        ("promo-codes/analytics?first=2026-03-02", "last"),
        ("promo-codes/analytics?first=2026-03-02&last=2026-03-01", "last"),
        ("promo-codes/analytics?first=0001-01-01&last=9999-12-31", "last"),
    ],
)
def test_a_wrong_parameter_is_named(api, address, parameter):
    document = problem(api.get(address), 400)

    assert [one["parameter"] for one in document["errors"]] == [parameter]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "я",
        "e30",
        "bnVsbA",
        "WyItcGsiLCIiLC0xXQ",  # ["-pk","",-1]
        "WyItcGsiLCIiLDE4NDQ2NzQ0MDczNzA5NTUxNjE2XQ",  # 2**64
        "WyJwayIsIiIsMV0",  # of another order
        "W" * 400,
    ],
)
def test_a_broken_cursor_is_a_problem(api, cursor):
    assert problem(api.get(f"promo-codes?cursor={cursor}"), 400)["code"] == "bad_cursor"


def test_pages_follow_each_other_without_gap_or_repeat(api, make_code):
    now = timezone.now()
    for number in range(7):
        start = now + timedelta(days=2 * number)
        make_code(f"N{number}", starts_at=start, expires_at=start + timedelta(days=1))

    seen, address = [], "promo-codes?page_size=3"
    while address:
        page = api.get(address).json()
        seen += [row["code"] for row in page["results"]]
        address = page["next"] and page["next"].split("/api/")[1]

    assert seen == [f"N{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("{", "malformed", id="broken"),
        pytest.param(b"\xff\xfe", "malformed", id="not UTF-8"),
        pytest.param("[" * 100_000, "malformed", id="too deep"),
        pytest.param('{"code": NaN}', "malformed", id="NaN"),
        pytest.param("[]", "invalid", id="not an object"),
        pytest.param("null", "invalid", id="null"),
        pytest.param('{"code": "A\\u0000B"}', "invalid", id="NUL"),
        pytest.param('{"code": "\\ud800"}', "invalid", id="half a character"),
        pytest.param('{"discount_percent": 1e999}', "invalid", id="endless number"),
    ],
)
def test_any_json_gets_a_problem_and_does_nothing(api, body, code):
    assert problem(api.post("promo-codes", body), 400)["code"] == code
    assert not PromoCode.objects.exists()


def test_a_huge_body_is_refused_unread(api):
    body = json.dumps(a_code(description="я" * 300_000))

    assert problem(api.post("promo-codes", body), 413)["code"] == "too_large"


def test_only_json_is_read(api):
    response = api.client.post("/api/promo-codes", {"code": "SALE10"})

    assert problem(response, 415)["code"] == "unsupported_media_type"


@pytest.mark.django_db
@pytest.mark.parametrize("header", [{}, {"Authorization": "Api-Key aiq_00_x"}])
def test_without_a_valid_key_nothing_opens(header):
    response = Client(headers=header).get("/api/promo-codes")

    assert problem(response, 401)["code"] == "unauthenticated"
    assert response["WWW-Authenticate"] == "Api-Key"


def test_a_key_may_come_as_bearer(seller, owner):
    assert Caller(key_of(seller, owner), "Bearer").get("sends").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "method", "address", "needed"),
    [
        (["suggest"], "get", "promo-codes", "read"),
        (["read", "suggest", "send"], "post", "promo-codes", "admin"),
        (["read"], "delete", "promo-codes/1", "admin"),
        (["read"], "get", "webhooks", "admin"),
        (["read"], "get", "suggestions", "suggest"),
    ],
)
def test_a_key_does_only_what_it_was_made_for(seller, scopes, method, address, needed):
    response = Caller(key_of(seller, scopes=scopes)).send(method, address)

    document = problem(response, 403)
    assert (document["code"], document["scope"]) == ("scope_missing", needed)


@pytest.fixture
def rows(seller, make_code):
    webhook, _ = webhooks.register(seller, url="https://crm.example.com/", by=None)
    webhooks.emit(seller, "message.sent", {"n": 1}, "1:a")
    return {
        "code": make_code().pk,
        "webhook": webhook.pk,
        "delivery": WebhookDelivery.objects.get().pk,
    }


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "promo-codes/{code}"),
        ("patch", "promo-codes/{code}"),
        ("delete", "promo-codes/{code}"),
        ("get", "webhooks/{webhook}"),
        ("patch", "webhooks/{webhook}"),
        ("delete", "webhooks/{webhook}"),
        ("get", "webhooks/{webhook}/deliveries"),
        ("post", "deliveries/{delivery}/replay"),
    ],
)
def test_a_row_of_another_shop_is_not_there(stranger, rows, method, address):
    theirs = stranger.send(method, address.format(**rows))
    nobodys = stranger.send(
        method, address.format(**dict.fromkeys(rows, 999_999_999_999))
    )

    assert problem(theirs, 404)["code"] == problem(nobodys, 404)["code"] == "not_found"
    assert PromoCode.objects.get().is_active


@pytest.mark.parametrize("address", ["promo-codes?state=all", "webhooks", "products"])
def test_lists_hold_rows_of_the_callers_shop_only(
    stranger, rows, seller, address, owner
):
    Product.objects.create(seller=seller, nm_id=1)

    assert stranger.get(address).json()["results"] == []
    assert len(Caller(key_of(seller, owner)).get(address).json()["results"]) == 1


@pytest.mark.parametrize(
    "address",
    ["", "nothing", "promo-codes/x", "promo-codes/" + "9" * 50, "promo-codes/٣"],
)
def test_an_address_that_leads_nowhere_is_a_problem(api, address):
    problem(api.get(address), 404)


def test_a_method_that_is_not_known_is_a_problem(api):
    assert problem(api.send("put", "promo-codes"), 405)["code"] == "method_not_allowed"


def test_the_same_key_and_body_get_the_same_answer(api):
    body = a_code()
    first = api.post("promo-codes", body, Idempotency_Key="k1")
    again = api.post("promo-codes", dict(reversed(body.items())), Idempotency_Key="k1")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert PromoCode.objects.count() == 1


def test_a_refusal_is_repeated_as_well(api):
    body = a_code(discount_percent="51")
    first = api.post("promo-codes", body, Idempotency_Key="k1")
    again = api.post("promo-codes", body, Idempotency_Key="k1")

    assert problem(first, 400)["errors"] == problem(again, 400)["errors"]


def test_the_same_key_with_another_body_is_a_conflict(api):
    api.post("promo-codes", a_code(), Idempotency_Key="k1")

    other = api.post("promo-codes", a_code(code="OTHER"), Idempotency_Key="k1")

    assert problem(other, 409)["code"] == "idempotency_mismatch"
    assert PromoCode.objects.count() == 1


def test_a_key_of_another_integration_is_another_key(api, seller, owner):
    other = Caller(key_of(seller, owner))

    first = api.post("promo-codes", a_code(), Idempotency_Key="k1")
    second = other.post("promo-codes", a_code(code="OTHER"), Idempotency_Key="k1")

    assert (first.status_code, second.status_code) == (201, 201)


def test_after_a_day_a_key_is_free_again(api):
    api.post("promo-codes", a_code(), Idempotency_Key="k1")
    IdempotencyRecord.objects.update(
        created_at=timezone.now() - timedelta(hours=24, seconds=1)
    )

    other = api.post("promo-codes", a_code(code="OTHER"), Idempotency_Key="k1")

    assert other.status_code == 201


@pytest.mark.parametrize("key", ["", " ", "я", "x" * 256])
def test_a_strange_idempotency_key_is_refused(api, key):
    response = api.post("promo-codes", a_code(), Idempotency_Key=key)

    assert problem(response, 400)["code"] == "bad_idempotency_key"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_under_one_key_make_one_code():
    seller = make_seller()
    key = key_of(seller, make_member(seller, "owner"))
    body = json.dumps(a_code())
    statuses = []

    def call():
        try:
            answer = Caller(key).post("promo-codes", body, Idempotency_Key="k1")
            statuses.append((answer.status_code, answer.json().get("code")))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    with scope(seller=seller):
        assert PromoCode.objects.count() == 1
    assert set(statuses) <= {(201, "THANKS10"), (409, "in_progress")}
    assert (201, "THANKS10") in statuses


def test_what_did_not_change_is_not_sent_again(api, make_code):
    make_code()
    first = api.get("promo-codes?state=all")
    again = api.get("promo-codes?state=all", **{"If-None-Match": first["ETag"]})
    PromoCode.objects.update(description="новое")
    changed = api.get("promo-codes?state=all", **{"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_a_key_has_its_own_pace(seller, owner):
    slow = Caller(key_of(seller, owner, rate_per_minute=2))
    other = Caller(key_of(seller, owner))

    statuses = [slow.get("sends").status_code for _ in range(2)]
    refused = slow.get("sends")

    if refused.status_code == 200:  # the minute turned in between
        refused = [slow.get("sends") for _ in range(2)][-1]
    assert statuses == [200, 200]
    assert problem(refused, 429)["code"] == "throttled"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert other.get("sends").status_code == 200


def test_a_person_on_our_own_pages_needs_no_key(client, seller, owner, operator):
    client.force_login(operator)

    assert client.get("/api/promo-codes").status_code == 200
    assert problem(client.post("/api/promo-codes"), 403)["code"] == "scope_missing"


def test_a_write_with_a_session_needs_the_csrf_token(seller, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    answer = client.post("/api/promo-codes", "{}", content_type="application/json")

    assert problem(answer, 403)["code"] == "forbidden"


def test_a_code_that_went_out_gets_a_new_version(api, make_code):
    now = timezone.now()
    code = make_code(
        starts_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=13),
        first_sent_at=now,
    )

    new = api.patch(f"promo-codes/{code.pk}", {"discount_percent": 12}).json()
    late = problem(api.patch(f"promo-codes/{code.pk}", {"description": "x"}), 409)

    assert (new["version"], late["code"]) == (2, "replaced")
    assert late["replaced_by"] == new["id"]


def test_the_secret_of_a_webhook_is_shown_once(api):
    made = api.post("webhooks", {"url": "https://crm.example.com/in"})

    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in api.get(f"webhooks/{made.json()['id']}").json()


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://localhost/", "http://example.com/", "x", 5],
)
def test_a_webhook_never_leads_inside(api, url):
    document = problem(api.post("webhooks", {"url": url}), 400)

    assert [one["pointer"] for one in document["errors"]] == ["#/url"]


def test_an_event_is_told_again_on_request(api, rows):
    WebhookDelivery.objects.update(state=WebhookDelivery.State.GIVEN_UP)

    answer = api.post(f"deliveries/{rows['delivery']}/replay")

    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")


def test_alerts_that_stand_are_listed(api, seller):
    now = timezone.now()
    for state in (Alert.State.OPEN, Alert.State.CLOSED):
        Alert.objects.create(
            seller=seller,
            kind=Alert.Kind.NO_CODE,
            level=Alert.Level.WARNING,
            params={"use_case": "UC1"},
            state=state,
            raised_at=now,
            last_seen_at=now,
        )

    assert [row["state"] for row in api.get("alerts").json()["results"]] == ["open"]
    assert len(api.get("alerts?state=all").json()["results"]) == 2


@pytest.mark.parametrize(
    ("address", "most"), [("promo-codes?state=all", 4), ("products", 3), ("sends", 3)]
)
def test_a_list_asks_the_database_as_often_for_many_rows(
    api, seller, make_code, django_assert_max_num_queries, address, most
):
    now = timezone.now()
    for number in range(30):
        start = now + timedelta(days=2 * number)
        make_code(f"N{number}", starts_at=start, expires_at=start + timedelta(days=1))
        Product.objects.create(seller=seller, nm_id=number + 1)
    api.get(address)

    with django_assert_max_num_queries(most):
        api.get(address)
