"""The menu names every list a person may read, once, and marks where they are."""

import pytest
from django.test import Client
from django.urls import reverse

from agentiq.testing import make_member
from chats.admin import menu


@pytest.fixture
def menu_of(rf, seller):
    def menu_of(role, path="/admin/"):
        person = make_member(seller, role, username=f"the-{role}")
        request = rf.get(path)
        request.user, request.seller = person, seller
        request.membership = person.memberships.get()
        return [item for group in menu.navigation(request) for item in group["items"]]

    return menu_of


def test_every_list_of_the_owner_is_there_once(menu_of):
    links = [str(item["link"]) for item in menu_of("owner")]

    assert len(links) == len(set(links))
    for model in menu._rest() + menu.CODES + menu.SHOP:
        if model._meta.app_label in ("promos", "chats"):
            label = f"{model._meta.app_label}_{model._meta.model_name}"
            assert reverse(f"admin:{label}_changelist") in links


def test_an_analyst_sees_no_log_of_acts(menu_of):
    links = [str(item["link"]) for item in menu_of("analyst")]

    assert reverse("admin:promos_auditentry_changelist") not in links
    assert reverse("admin:promos_promocode_changelist") in links


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/admin/", "admin:index"),
        ("/admin/promos/promocode/planner/", "admin:promos_promocode_planner"),
        ("/admin/promos/promocode/5/change/", "admin:promos_promocode_changelist"),
        ("/admin/dashboard/", "chats:dashboard"),
    ],
)
def test_one_place_is_marked(menu_of, path, marked):
    active = [str(it["link"]) for it in menu_of("owner", path) if it["active"]]

    assert active == [reverse(marked)]


def test_a_person_without_a_shop_has_a_menu(db, django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("keeper"))

    assert client.get("/admin/").status_code == 200
