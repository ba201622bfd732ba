"""Rows a person may mean while typing, and codes made from a list of products."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import make_member, make_seller
from promos import finding
from promos.models import Product, PromoCode
from promos.rules.days import DAY, moscow_date


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def shelf(seller):
    rows = [
        (12345678, "Платье льняное", "PL-1"),
        (12399999, "Сарафан", "SR-1"),
        (55512345, "Юбка", "12345"),
    ]
    for nm_id, title, vendor_code in rows:
        Product.objects.create(
            seller=seller, nm_id=nm_id, title=title, vendor_code=vendor_code
        )
    Product.objects.create(
        seller=seller, nm_id=12300000, title="Платье", gone_at=timezone.now()
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("123", [12345678, 12399999], id="how numbers begin"),
        pytest.param("12345", [12345678, 55512345], id="or a vendor code"),
        pytest.param("ПЛАТЬЕ", [12345678], id="part of a title"),
        pytest.param("sr", [12399999], id="how vendor codes begin"),
        pytest.param("  ", [], id="nothing"),
        pytest.param("1' OR 1=1", [], id="no query"),
    ],
)
def test_articles_are_found_while_typing(seller, shelf, typed, found):
    assert [row.nm_id for row in finding.articles(seller, typed)] == found


def test_codes_are_found_by_their_letters(seller, make_code):
    make_code("CARE10")
    make_code("WARM12")

    assert [row.code for row in finding.codes(seller, "care")] == ["CARE10"]
    assert len(finding.codes(seller, "")) == 2


def test_what_is_offered_is_the_shops_own(desk, shelf, make_code):
    make_code("CARE10")
    other = make_seller("Чужая")
    with scope(seller=other):
        Product.objects.create(seller=other, nm_id=12311111, title="Чужое")
        PromoCode.objects.create(
            seller=other,
            code="CARE99",
            discount_percent=10,
            starts_at=timezone.now(),
            expires_at=timezone.now() + 5 * DAY,
        )

    articles = desk.get(reverse("admin:promos_product_options"), {"nm_id": "123"})
    codes = desk.get(reverse("admin:promos_promocode_options"), {"code": "care"})

    assert '<option value="12345678">Платье льняное' in articles.content.decode()
    assert "12311111" not in articles.content.decode()
    assert "CARE10" in codes.content.decode()
    assert "CARE99" not in codes.content.decode()


@pytest.mark.parametrize("name", ["product_options", "promocode_options"])
def test_who_may_not_read_is_offered_nothing(seller, name):
    client = Client()
    client.force_login(make_member(seller, "operator"))

    assert client.get(reverse(f"admin:promos_{name}")).status_code in (302, 403)


def test_a_code_is_made_for_the_articles_chosen_in_the_list(desk, seller, shelf):
    rows = Product.objects.filter(seller=seller)
    chosen = {
        "action": "make_code",
        "_selected_action": list(rows.values_list("pk", flat=True)),
    }

    answer = desk.post(reverse("admin:promos_product_changelist"), chosen, follow=True)

    form = answer.context["adminform"].form
    assert form["applies_to"].value() == "selected"
    assert form["product_nms"].value().split() == ["12345678", "12399999", "55512345"]
    today = moscow_date(timezone.now())
    typed = {
        "code": "SHELF10",
        "discount_percent": "10",
        "starts_at": (today + DAY).strftime("%d.%m.%Y"),
        "expires_at": (today + 5 * DAY).strftime("%d.%m.%Y"),
        "applies_to": "selected",
        "product_nms": form["product_nms"].value(),
    }
    desk.post(answer.request["PATH_INFO"], typed)
    assert PromoCode.objects.get().product_nms == [12345678, 12399999, 55512345]


def test_a_title_that_was_not_chosen_is_told(desk):
    asked = {"use_case": "UC1", "nm_id": "плед"}

    answer = desk.get(reverse("admin:promos_promocode_why"), asked)

    assert "Введите номер артикула или выберите" in answer.content.decode()
    assert answer.context["found"] is None


def test_a_new_code_is_known_to_no_strangers_yet(desk, make_code):
    code = make_code()
    add = desk.get(reverse("admin:promos_promocode_add"))
    change = desk.get(reverse("admin:promos_promocode_change", args=[code.pk]))

    assert "is_leaked" not in add.context["adminform"].form.fields
    assert "is_leaked" in change.context["adminform"].form.fields
