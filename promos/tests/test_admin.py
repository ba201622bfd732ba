"""Every page of the desk, for every role, and for two shops at once."""

import uuid
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from agentiq import crypto
from agentiq.testing import NOON, make_member, make_seller
from promos import apikeys, webhooks
from promos.admin.base import FactAdmin, SellerAdmin
from promos.models import (
    ApiKey,
    Membership,
    Product,
    PromoCode,
    PromoCodeSend,
    WbToken,
    Webhook,
    WebhookDelivery,
)

DESK = [model for model in admin.site._registry if model._meta.app_label == "promos"]
MARK = "Чужое-и-тайное"
# Their numbers are WB's, asked with the shop's own token; no row of ours is named.
WB_NUMBERS = {"promos_product_action", "promos_product_upload"}


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
    token = WbToken.objects.create(
        seller=seller,
        sealed_token=crypto.seal("not-a-token"),
        kind="personal",
        categories=[9],
        token_id=mark[:20],
    )
    with scope(seller=seller):
        key, _ = apikeys.issue(seller, name=mark, scopes=["read"], by=None)
        webhook, _ = webhooks.register(
            seller, url=f"https://{seller.pk}.example.com/{mark}", by=None
        )
        webhooks.emit(seller, "message.sent", {"mark": mark}, mark[:90])
        delivery = WebhookDelivery.objects.get(webhook=webhook)
    rows = {PromoCode: code, Product: product, PromoCodeSend: send, WbToken: token}
    rows |= {ApiKey: key, Webhook: webhook, WebhookDelivery: delivery}
    rows[type(seller)] = seller
    rows[Membership] = Membership.objects.filter(seller=seller).first()
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


@pytest.mark.parametrize("model", DESK, ids=names_of)
def test_every_page_of_the_desk_renders(desk, ours, model):
    model_admin = admin.site._registry[model]
    pages = [url(model, "changelist")]
    if model in ours:
        row = ours[model]
        pages += [url(model, "change", row.pk), url(model, "history", row.pk)]
        if isinstance(row, PromoCode | Product | Membership):
            first = row.history.first().pk
            pages.append(url(model, "simple_history", row.pk, first))
    if not isinstance(model_admin, FactAdmin) and model in (
        PromoCode,
        Product,
        WbToken,
        Membership,
    ):
        pages.append(url(model, "add"))

    answers = {page: desk.get(page).status_code for page in pages}

    assert set(answers.values()) == {200}, answers


@pytest.mark.parametrize("model", DESK, ids=names_of)
def test_another_shop_does_not_exist(desk, ours, theirs, model):
    """Every address of every model, named with a row of the other shop."""
    model_admin = admin.site._registry[model]
    row = theirs.get(model)
    for pattern in model_admin.get_urls():
        if not pattern.name:
            continue
        count = len(pattern.pattern.converters) or pattern.pattern.regex.groups
        if count and row is None:
            continue
        args = [row.pk, 1][:count] if count else []
        page = reverse(f"admin:{pattern.name}", args=args)
        for answer in (desk.get(page), desk.post(page, {"_save": "1"})):
            assert MARK not in answer.content.decode(errors="replace"), page
            if count and pattern.name not in WB_NUMBERS:
                assert answer.status_code in (403, 404, 405), (page, answer.status_code)


@pytest.mark.parametrize("model", DESK, ids=names_of)
def test_every_model_of_the_desk_is_held_to_its_shop(model):
    assert isinstance(admin.site._registry[model], SellerAdmin)


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


def test_autocomplete_offers_no_rows_of_another_shop(desk, ours, theirs):
    answer = desk.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "promos",
            "model_name": "promocodesend",
            "field_name": "promo_code",
            "term": "CODE",
        },
    )

    assert theirs[PromoCode].code not in answer.content.decode()


def test_an_action_cannot_reach_another_shop(desk, ours, theirs):
    desk.post(
        url(Product, "changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [theirs[Product].pk],
            "post": "yes",
        },
    )

    with scopes_disabled():
        assert Product.objects.filter(pk=theirs[Product].pk).exists()


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
