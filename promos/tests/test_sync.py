"""Prices, cards, commissions and actions, read from WB over HTTP."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from agentiq.wb import limits
from agentiq.wb.errors import WbError
from agentiq.wb.simulator.faults import FaultKind
from promos import sync
from promos.models import Product

NOW = datetime.now(UTC)


@pytest.fixture
def shop(simulator, wb):
    simulator.add_good(1001, title="Печь", price=2000, discount=20)
    simulator.add_good(1002, title="Чайник", price=1500, vendor_code="ч-2")
    return simulator


def wait(seconds):
    """The simulator's limits are real; a test does not sleep through them."""


def test_prices_and_discounts_arrive_with_their_time(seller, wb, shop):
    done = sync.prices(seller, client=wb, now=NOW, sleep=wait)

    oven = Product.objects.get(nm_id=1001)
    assert done.read == 2
    assert (oven.price, oven.discount_percent) == (2000, 20)
    assert oven.prices_synced_at == NOW


def test_an_article_that_wb_no_longer_lists_has_left(seller, wb, shop):
    Product.objects.create(
        seller=seller, nm_id=5, prices_synced_at=NOW - timedelta(days=1)
    )

    done = sync.prices(seller, client=wb, now=NOW, sleep=wait)

    assert done.gone == 1
    assert Product.objects.get(nm_id=5).gone_at == NOW
    assert Product.objects.get(nm_id=1001).gone_at is None


def test_costs_are_the_sellers_and_stay(seller, wb, shop):
    Product.objects.create(seller=seller, nm_id=1001, cost=700)

    sync.prices(seller, client=wb, now=NOW, sleep=wait)
    sync.cards(seller, client=wb, now=NOW, sleep=wait)

    assert Product.objects.get(nm_id=1001).cost == 700


def test_cards_bring_titles_and_photos(seller, wb, shop):
    sync.cards(seller, client=wb, now=NOW, sleep=wait)

    kettle = Product.objects.get(nm_id=1002)
    assert (kettle.title, kettle.vendor_code) == ("Чайник", "ч-2")
    assert kettle.photo_url.startswith("https://")
    assert kettle.card_synced_at == NOW


def test_a_running_action_deepens_the_discount(seller, wb, shop):
    sync.prices(seller, client=wb, now=NOW, sleep=wait)
    action = shop.add_promotion({1001: 30}, starts_at=NOW - timedelta(hours=1))
    wb.promotion_upload(action, [1001], now=True)

    sync.actions(seller, client=wb, now=NOW, sleep=wait)

    assert Product.objects.get(nm_id=1001).action_percent == Decimal(30)
    assert Product.objects.get(nm_id=1002).action_percent is None


def test_a_failure_leaves_nobody_gone(seller, wb, shop):
    Product.objects.create(
        seller=seller, nm_id=5, prices_synced_at=NOW - timedelta(days=1)
    )
    shop.fault(FaultKind.SERVER_ERROR, limits.GOODS)

    with pytest.raises(WbError):
        sync.prices(seller, client=wb, now=NOW, sleep=wait)

    assert Product.objects.get(nm_id=5).gone_at is None


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def test_an_action_is_joined_from_the_desk(desk, seller, wb, shop):
    number = shop.add_promotion({1001: 30}, starts_at=NOW + timedelta(days=1))

    listed = desk.get(reverse("admin:promos_product_actions"))
    page = reverse("admin:promos_product_action", args=[number])
    goods = desk.get(page)
    joined = desk.post(page, {"nm": ["1001"]}, follow=True)

    assert "ХИТЫ ГОДА" in listed.content.decode()
    assert [it.nm_id for it in goods.context["found"].outside] == [1001]
    assert joined.context["found"].state in ("waiting", "done", "working")


def test_without_a_token_the_actions_page_says_what_to_do(desk, seller):
    answer = desk.get(reverse("admin:promos_product_actions"))

    assert answer.status_code == 200
    assert answer.context["found"] is None
    assert list(answer.context["messages"])
