"""Every page of the desk, for every role, and for two shops at once."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from agentiq.testing import NOON, make_member, make_seller
from promos.models import (
    Membership,
    Product,
    PromoCode,
    PromoCodeSend,
    WbToken,
)

MARK = "Чужое-и-тайное"


def names_of(model):
    return model._meta.model_name


def stock(seller, mark):
    """One row of each model of the desk, recognisable by ``mark``."""
    with scope(seller=seller):
        code = PromoCode.objects.create(
            seller=seller,
            code=f"CODE{seller.pk}",
            description=mark,
            discount_percent=10,
            starts_at=NOON - timedelta(days=1),
            expires_at=NOON + timedelta(days=13),
        )
        product = Product.objects.create(
            seller=seller, nm_id=1000 + seller.pk, title=mark
        )
        send = PromoCodeSend.objects.create(
            seller=seller,
            promo_code=code,
            chat_id=mark,
            sent_at=NOON,
            outgoing_key=uuid.uuid4(),
        )
    rows = {PromoCode: code, Product: product, PromoCodeSend: send}
    return rows


@pytest.fixture
def ours(seller, owner):
    return stock(seller, "наше")


@pytest.fixture
def theirs(db):
    other = make_seller(MARK)
    make_member(other, "owner", username=f"{MARK}-owner")
    return stock(other, MARK)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def url(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{names_of(model)}_{name}", args=args)


def test_the_history_of_another_shop_does_not_exist(desk, ours, theirs):
    for model in (PromoCode, Product):
        row = theirs[model]
        with scopes_disabled():
            version = row.history.first().pk
        assert desk.get(url(model, "history", row.pk)).status_code == 404
        page = url(model, "simple_history", row.pk, version)
        assert desk.get(page).status_code == 404
        mine = url(model, "simple_history", ours[model].pk, version)
        assert desk.get(mine).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        ("owner", True, True),
        ("manager", True, True),
        ("analyst", True, False),
        ("support", True, False),
        ("operator", False, False),
    ],
)
def test_roles_at_the_desk(seller, make_code, role, reads, edits):
    person = make_member(seller, role, username=f"the-{role}")
    get_user_model().objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    code = make_code()

    page = client.get(url(PromoCode, "change", code.pk))
    add = client.get(url(PromoCode, "add"))

    assert (page.status_code == 200) is reads
    assert (add.status_code == 200) is edits
    if reads:
        assert ("_save" in page.content.decode()) is edits


@pytest.mark.parametrize("model", [WbToken, Membership])
def test_keys_and_people_are_the_owners(seller, model):
    manager = make_member(seller, "manager", username="the-manager")
    client = Client()
    client.force_login(manager)

    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "add")).status_code == 403


def test_a_keeper_without_a_shop_finds_an_empty_desk(theirs, client):
    keeper = get_user_model().objects.create_superuser("keeper", password="x")
    client.force_login(keeper)

    assert client.get(reverse("admin:index")).status_code == 200
    assert MARK not in client.get(reverse("admin:index")).content.decode()
    assert client.get(url(PromoCode, "changelist")).status_code == 403


def test_facts_are_nobodys_to_change(desk, ours):
    page = url(PromoCodeSend, "change", ours[PromoCodeSend].pk)

    assert desk.post(page, {"chat_id": "x"}).status_code == 403
    assert desk.get(url(PromoCodeSend, "add")).status_code == 403


def test_only_the_admin_relaxes_the_content_policy(desk, client, ours):
    admin_policy = desk.get(reverse("admin:index"))["Content-Security-Policy"]
    other = client.get(reverse("login"))["Content-Security-Policy"]

    scripts = [it for it in admin_policy.split("; ") if it.startswith("script-src")]
    assert scripts == ["script-src 'self' 'unsafe-eval'"]
    assert "unsafe" not in other


def test_the_list_of_codes_asks_no_more_for_more_rows(
    desk, make_code, django_assert_max_num_queries
):
    for number in range(2):
        make_code(f"AB{number}")
    page = url(PromoCode, "changelist")
    desk.get(page)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        desk.get(page)
    for number in range(2, 9):
        make_code(f"AB{number}")

    with django_assert_max_num_queries(len(few)):
        desk.get(page)
