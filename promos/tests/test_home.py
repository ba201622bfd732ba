"""The home page: what runs, what is missing, what to do next."""

from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agentiq.testing import make_member
from promos import alarms, home, sends
from promos.models import Membership, Product, Seller
from promos.rules.days import DAY, moscow_date, period


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def runs(make_code, code, **fields):
    today = moscow_date(timezone.now())
    starts_at, expires_at = period(today - DAY, today + 9 * DAY)
    return make_code(code, starts_at=starts_at, expires_at=expires_at, **fields)


def shown(seller):
    return home.home(seller, now=timezone.now(), suggested=lambda: False)


def test_a_new_shop_is_led_from_step_to_step(seller, make_code, wb):
    assert [step.is_done for step in shown(seller).steps] == [True] + [False] * 4
    runs(make_code, "CARE10")
    Product.objects.create(seller=seller, nm_id=4242, cost=100)

    page = shown(seller)

    assert [step.is_done for step in page.steps] == [True, True, True, False, False]
    assert page.next_step == page.steps[3]


def test_slots_and_coverage_are_counted(seller, make_code):
    runs(make_code, "CARE10", use_for_positive=False)
    runs(make_code, "CARE12", use_for_positive=False, use_for_pre_purchase=False)

    page = shown(seller)

    assert page.live == 2
    assert {one.use_case: one.codes for one in page.coverage} == {
        "UC1": 0,
        "UC2": 2,
        "UC3": 1,
    }


def test_the_page_asks_at_most_fifteen_times(desk, seller, make_code):
    for number in range(9):
        runs(make_code, f"CARE{number}AB")
    desk.get(reverse("admin:index"))

    with CaptureQueriesContext(connection) as asked:
        answer = desk.get(reverse("admin:index"))

    assert answer.status_code == 200
    assert len(asked) <= 15, [it["sql"][:100] for it in asked]


def test_dry_run_needs_the_owners_confirmation(desk, seller):
    page = reverse("admin:promos_seller_dry_run")

    desk.post(page, {})
    seller.refresh_from_db()
    assert not seller.dry_run
    desk.post(page, {"confirm": "on"})
    seller.refresh_from_db()
    assert seller.dry_run
    assert seller.history.first().dry_run


def test_a_manager_cannot_switch_the_dry_run(seller):
    client = Client()
    client.force_login(make_member(seller, "manager"))

    answer = client.post(reverse("admin:promos_seller_dry_run"), {"confirm": "on"})

    assert answer.status_code == 403


def test_the_keeper_opens_a_shop_and_owns_it(db, client):
    keeper = get_user_model().objects.create_superuser("keeper", password="x")
    client.force_login(keeper)

    client.post(reverse("admin:promos_seller_open"), {"name": "Новая"})

    assert Membership.objects.get(user=keeper).role == "owner"
    assert client.get(reverse("admin:index")).context["home"].live == 0


def test_loss_budgets_are_shown_as_estimates(desk, seller, make_code):
    code = runs(make_code, "CARE10", loss_budget=100)
    Seller.objects.filter(pk=seller.pk).update(loss_budget_day=60)
    sends.record(
        promo_code=code,
        snapshot={"discount_rub": "100.00"},
        chat_id="1:a",
        message_id="",
        sent_at=timezone.now(),
        intent="thanks",
        sentiment="positive",
        use_case="UC1",
        nm_id=None,
        operator=None,
        decision="accept",
        answer_seconds=5,
        key=uuid4(),
        auto_suggested=True,
        operator_approved=True,
    )

    with CaptureQueriesContext(connection) as asked:
        page = desk.get(reverse("admin:index"))

    # One send at 0.3 × 100 ₽.
    assert [(one.name, one.percent) for one in page.context["home"].budgets] == [
        ("Магазин, сегодня", 50),
        ("CARE10", 30),
    ]
    assert "30,00 ₽ из 60,00 ₽" in " ".join(page.content.decode().split())
    assert "оценка" in page.content.decode()
    assert len(asked) <= 17


def test_a_shops_budgets_are_set_in_its_settings(desk, seller):
    address = reverse("admin:promos_seller_change", args=[seller.pk])
    fields = desk.get(address).context["adminform"].form.initial
    typed = {name: value for name, value in fields.items() if value is not None}

    desk.post(
        address, typed | {"loss_budget_day": "1500,50", "loss_budget_loyalty": ""}
    )

    seller.refresh_from_db()
    assert (str(seller.loss_budget_day), seller.loss_budget_loyalty) == (
        "1500.50",
        None,
    )
    refused = desk.post(address, typed | {"loss_budget_day": "-1"})
    assert refused.context["adminform"].form.errors["loss_budget_day"]


def todo_of(seller):
    return [one.text for one in shown(seller).todo]


def test_codes_in_their_last_two_days_are_to_be_extended(seller, make_code):
    today = moscow_date(timezone.now())
    for code, days in (("TODAY10", 0), ("TOMORROW10", 1), ("LATER10", 2)):
        starts_at, expires_at = period(today - DAY, today + days * DAY)
        make_code(code, starts_at=starts_at, expires_at=expires_at)

    first, second = shown(seller).todo

    assert first.text == "TODAY10 действует последний день, до полуночи."
    assert second.text == "TOMORROW10 действует ещё сегодня и завтра."
    assert second.address.endswith("/extend/")


def test_what_is_left_without_a_code_is_said(seller, make_code):
    today = moscow_date(timezone.now())
    starts_at, expires_at = period(today - DAY, today + DAY)
    make_code("LAST10", starts_at=starts_at, expires_at=expires_at)
    runs(make_code, "CARE10", use_for_positive=False)

    (only,) = todo_of(seller)
    assert only == (
        "LAST10 действует ещё сегодня и завтра. После этого без кода останется: "
        "лояльность."
    )


def test_drafts_that_were_to_start_are_to_be_made(seller, make_code):
    today = moscow_date(timezone.now())
    for code, days in (("SOON10", 1), ("LATER10", 2)):
        starts_at, expires_at = period(today + days * DAY, today + 9 * DAY)
        make_code(code, starts_at=starts_at, expires_at=expires_at, is_draft=True)

    (only,) = shown(seller).todo

    assert only.text.startswith("Черновик SOON10 начинается")
    assert only.address.endswith("/made/")


def test_a_code_that_strangers_use_is_to_be_replaced(desk, seller, make_code):
    runs(make_code, "KNOWN10", is_leaked=True)

    page = desk.get(reverse("admin:index"))

    assert todo_of(seller) == [
        "Кодом KNOWN10 пользуются посторонние: замените его новым."
    ]
    assert "Продлить новым кодом" in page.content.decode()
    assert shown(seller).coverage[0].codes == 0


def test_an_alert_about_a_named_code_is_not_said_twice(seller, make_code):
    today = moscow_date(timezone.now())
    starts_at, expires_at = period(today - DAY, today)
    make_code("TODAY10", starts_at=starts_at, expires_at=expires_at)
    runs(make_code, "CARE10")

    alarms.watch(seller, now=timezone.now())

    assert [one for one in todo_of(seller) if "TODAY10" in one] == [
        "TODAY10 действует последний день, до полуночи."
    ]
