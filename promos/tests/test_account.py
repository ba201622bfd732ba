"""Signing in with a code of the phone, and working in several shops."""

import re
import time

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from agentiq.testing import make_member, make_seller
from promos import factor
from promos.models import AuditEntry, Membership

PAGE = "promos:account"


def code_of(user, later=0):
    """What the phone shows now, or some half minutes later."""
    totp = TOTP(TOTPDevice.objects.get(user=user).bin_key)
    totp.time = time.time() + 30 * later
    return f"{totp.token():06d}"


@pytest.fixture
def guarded(owner):
    """The owner with a second factor, and the backup codes."""
    factor.propose(owner)
    codes = factor.confirm(owner, code_of(owner))
    return owner, codes


def password(client, user, **more):
    form = {"username": user.username, "password": "not-a-secret"} | more
    return client.post(reverse("login"), form)


def is_in(client):
    return client.get(reverse(PAGE)).status_code == 200


def test_the_factor_is_switched_on_with_the_phone(client, owner):
    client.force_login(owner)
    shown = client.get(reverse("promos:factor")).content.decode()
    assert 'src="data:image/svg+xml' in shown

    wrong = client.post(reverse("promos:factor"), {"code": "000000"})
    assert "не подходит" in wrong.content.decode()
    assert not factor.is_on(owner)
    TOTPDevice.objects.update(throttling_failure_count=0)
    right = client.post(reverse("promos:factor"), {"code": code_of(owner)})

    assert factor.is_on(owner)
    assert len(re.findall(r"<li><code>", right.content.decode())) == 10


def test_the_password_alone_opens_nothing(client, guarded):
    user, _ = guarded

    answer = password(client, user, next="/admin/")

    assert answer.url == reverse("login-code") + "?next=%2Fadmin%2F"
    assert not is_in(client)
    # The newest code was used up when the factor was switched on.
    done = client.post(answer.url, {"code": code_of(user, later=1), "next": "/admin/"})
    assert done.url == "/admin/"
    assert is_in(client)


def test_a_code_opens_once(guarded):
    user, _ = guarded
    newest = code_of(user, later=1)
    first, second = Client(), Client()
    for client in (first, second):
        password(client, user)
        client.post(reverse("login-code"), {"code": newest})

    assert (is_in(first), is_in(second)) == (True, False)


def test_a_backup_code_opens_once(guarded):
    user, codes = guarded
    first, second = Client(), Client()
    for client in (first, second):
        password(client, user)
        client.post(reverse("login-code"), {"code": codes[3]})

    assert (is_in(first), is_in(second)) == (True, False)
    assert StaticToken.objects.filter(device__user=user).count() == 9


def test_after_five_wrong_codes_the_password_is_asked_again(client, guarded):
    user, _ = guarded
    password(client, user)
    for _ in range(5):
        client.post(reverse("login-code"), {"code": "000000"})
    TOTPDevice.objects.update(throttling_failure_count=0)

    answer = client.post(reverse("login-code"), {"code": code_of(user, later=1)})

    assert answer.url == reverse("login")
    assert not is_in(client)
    assert AuditEntry.objects.filter(kind="login_failed").count() == 5


def test_nobody_reaches_the_code_without_the_password(client, guarded):
    user, _ = guarded

    answer = client.post(reverse("login-code"), {"code": code_of(user, later=1)})

    assert answer.url == reverse("login")
    assert not is_in(client)


def test_the_admin_has_no_door_of_its_own(client, guarded):
    user, _ = guarded
    page = reverse("admin:login")

    client.post(page, {"username": user.username, "password": "not-a-secret"})

    assert not is_in(client)
    assert client.get(page + "?next=/admin/").url == "/login/?next=/admin/"


def test_a_foreign_address_is_not_where_signing_in_leads(client, guarded):
    user, codes = guarded
    password(client, user)

    form = {"code": codes[0], "next": "https://example.com/"}
    assert client.post(reverse("login-code"), form).url == "/"


def test_switching_it_off_takes_the_password(client, guarded):
    user, _ = guarded
    client.force_login(user)

    client.post(reverse("promos:factor_off"), {"password": "guess"})
    assert factor.is_on(user)
    client.post(reverse("promos:factor_off"), {"password": "not-a-secret"})
    assert not factor.is_on(user)


def test_an_owner_takes_it_off_a_member_of_this_shop_alone(client, seller, owner):
    anna = make_member(seller, "operator", username="anna")
    both = make_member(seller, "operator", username="both")
    Membership.objects.create(seller=make_seller("Вторая"), user=both, role="owner")
    for user in (anna, both):
        factor.propose(user)
        factor.confirm(user, code_of(user))
    client.force_login(owner)
    chosen = list(Membership.objects.filter(seller=seller, user__in=[anna, both]))

    client.post(
        reverse("admin:promos_membership_changelist"),
        {"action": "take_factor_off", "_selected_action": [it.pk for it in chosen]},
    )

    assert (factor.is_on(anna), factor.is_on(both)) == (False, True)


def test_signing_in_is_written_down(client, operator):
    password(client, operator)
    client.post(reverse("logout"))
    client.post(reverse("login"), {"username": operator.username, "password": "x"})

    kinds = list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["login", "login_failed"]


def test_a_person_of_two_shops_chooses_where_to_work(client, seller, owner):
    second = make_seller("Вторая")
    Membership.objects.create(seller=second, user=owner, role="analyst")
    client.force_login(owner)
    assert "Вторая" in client.get(reverse(PAGE)).content.decode()

    client.post(reverse("promos:shop"), {"seller": second.pk})

    assert client.get(reverse(PAGE)).wsgi_request.seller == second
    assert "Вторая" in client.get(reverse("admin:index")).content.decode()
    stranger = make_seller("Чужая")
    refused = client.post(reverse("promos:shop"), {"seller": stranger.pk})
    assert refused.status_code == 404
    assert client.get(reverse(PAGE)).wsgi_request.seller == second


def test_a_membership_switched_off_is_no_choice(client, seller, owner):
    second = make_seller("Вторая")
    Membership.objects.create(seller=second, user=owner, role="owner", is_active=False)
    client.force_login(owner)

    assert client.post(reverse("promos:shop"), {"seller": second.pk}).status_code == 404


def test_people_without_a_shop_have_an_account_page(client, db):
    client.force_login(get_user_model().objects.create_user("nobody", password="x"))

    assert is_in(client)
