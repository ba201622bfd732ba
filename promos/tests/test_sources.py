from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agentiq.testing import NOON
from promos import sources
from promos.forms import CalculatorForm
from promos.models import Product

BEFORE = NOON - timedelta(days=1)


@pytest.fixture
def article(seller):
    """Prices and commission read from WB, costs from the shop's table."""
    return Product.objects.create(
        seller=seller,
        nm_id=777,
        price=Decimal(1000),
        discount_percent=Decimal(20),
        cost=Decimal(400),
        commission_percent=Decimal(20),
        cost_source="Таблица закупок",
        cost_updated_at=BEFORE,
        prices_synced_at=timezone.now() + timedelta(minutes=1),
        commission_synced_at=timezone.now() + timedelta(minutes=1),
    )


def told(article, **tried):
    form = CalculatorForm(CalculatorForm.of(article) | tried)
    assert form.is_valid()
    return {one.name: one for one in sources.inputs(article, form.cleaned_data)}


def test_wbs_figures_are_as_of_their_reading_and_costs_as_the_shop_wrote(article):
    found = told(article)

    price, cost = found["Цена до скидок, ₽"], found["Себестоимость, ₽"]
    assert price[1:] == ("1000 ₽", "Wildberries", article.prices_synced_at)
    assert cost[1:] == ("400 ₽", "Таблица закупок", BEFORE)
    assert found["Комиссия WB, %"].source == "Wildberries"
    assert len(found) == len(sources.FIGURES) == 12


def test_what_a_person_changed_since_is_the_shops_with_its_date(article):
    Product.objects.update(prices_synced_at=BEFORE)
    article.refresh_from_db()
    article.price = Decimal(1200)
    article.save()
    changed_at = article.history.first().history_date
    article.title = "Платье"
    article.save()

    price = told(article)["Цена до скидок, ₽"]

    assert price[1:] == ("1200 ₽", "введено в магазине", changed_at)


def test_a_figure_tried_out_and_one_that_is_missing_say_so(article):
    found = told(article, price="900", cost="")

    assert found["Цена до скидок, ₽"][1:3] == ("900 ₽", "пробуется здесь, не сохранено")
    assert found["Себестоимость, ₽"][1:] == (
        "—",
        "не введено: без этого маржа неизвестна",
        None,
    )


def test_the_page_shows_lift_safe_code_lowest_price_and_every_source(article, owner):
    client = Client()
    client.force_login(owner)

    page = client.get(reverse("admin:promos_product_calculator"), {"nm_id": "777"})

    # 800 less 10 % is 720: 144 to WB, 43.20 of tax, 400: 132.80; at 15 %, 680: 103.20.
    text = page.content.decode()
    assert "132,80 ₽" in text
    assert "+28,69 %" in text
    assert "540,54 ₽" in text
    assert "32,43 %" in text
    assert text.count("Wildberries") >= 3
    assert "Таблица закупок" in text
