"""What an owner asks about the shop: WB's calls, legal questions, settings."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agentiq import limiter, metering
from agentiq.testing import make_member
from promos import legal, wbcalls
from promos.rules.days import moscow_date

TODAY = date(2026, 3, 2)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def called(seller, days_ago, method, count):
    day = TODAY - timedelta(days=days_ago)
    limiter.connection().hincrby(metering._daily(seller.pk, day), method, count)


def test_a_month_is_told_from_the_last_seven_whole_days(seller):
    """7 days of 100 calls: 3 000 a month; at 0.05 ₽ that is 150 ₽."""
    seller.call_price = Decimal("0.05")
    for days_ago in range(1, 8):
        called(seller, days_ago, "events", 80)
        called(seller, days_ago, "prices", 20)
    called(seller, 0, "events", 5)
    called(seller, 29, "events", 1000)
    called(seller, 30, "events", 9999)

    found = wbcalls.of(seller, today=TODAY)

    assert found.by_method == (("events", 1565), ("prices", 140))
    assert (found.total, found.today, found.month) == (1705, 5, 3000)
    assert (found.spent, found.month_cost) == (Decimal("85.25"), Decimal("150.00"))


def test_calls_without_a_price_cost_nothing_known(desk, seller):
    called(seller, 1, "events", 10)

    assert wbcalls.of(seller, today=TODAY).month_cost is None
    assert desk.get(reverse("admin:promos_seller_calls")).status_code == 200


def test_legal_questions_are_answered_by_nobody_here(desk, seller, owner):
    page = reverse("admin:promos_seller_legal")
    assert desk.get(page).content.decode().count("Нужна проверка юриста") == 9

    desk.post(page, {"asked": ["advertising", "made-up"]})

    seller.refresh_from_db()
    today = moscow_date(timezone.now())
    first = legal.questions(seller)[0]
    assert (first.asked_on, first.noted_by) == (today, owner.username)
    assert desk.get(page).content.decode().count("Нужна проверка юриста") == 8


@pytest.mark.parametrize("role", ["manager", "analyst"])
def test_the_owner_alone_notes_and_takes_data_out(seller, role):
    client = Client()
    client.force_login(make_member(seller, role))

    noted = client.post(reverse("admin:promos_seller_legal"), {"asked": ["staff"]})
    taken = client.post(reverse("admin:promos_seller_data"))

    assert (noted.status_code, taken.status_code) == (403, 403)


def test_two_owners_do_not_overwrite_each_others_settings(desk, seller):
    page = reverse("admin:promos_seller_change", args=[seller.pk])
    form = desk.get(page).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields}
    seller.name = "Назвал другой"
    seller.save()

    answer = desk.post(page, typed | {"margin_floor": "77"})

    seller.refresh_from_db()
    assert "Назвал другой" in answer.content.decode()
    assert "77" in answer.content.decode()
    assert (seller.name, seller.margin_floor) == ("Назвал другой", 0)
