"""The shop's calendar, entered as people write it, with faults named in Russian."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from agentiq.testing import NOON, make_member, make_seller
from chats.models import AnswerTarget, Chat
from chats.tests.conftest import say

LIST = "admin:chats_answertarget_changelist"
ADD = "admin:chats_answertarget_add"
GOOD = {
    "first_minutes": "30",
    "later_minutes": "",
    "monday": "9:00–13:00, 14:00–18:00",
    "tuesday": "9-18",
    "sunday": "",
    "holidays_text": "01.01.2027–02.01.2027",
}


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def enter(desk, **fields):
    return desk.post(reverse(ADD), GOOD | fields)


def errors(response):
    form = response.context["adminform"].form
    return {name: list(found) for name, found in form.errors.items()}


def test_a_calendar_is_kept_and_moves_the_deadlines(desk, seller, make_chat):
    chat = make_chat()
    say(chat, "Здравствуйте", at=NOON)  # a Monday, 12:00 in Moscow

    assert enter(desk).status_code == 302

    target = AnswerTarget.objects.get()
    assert target.week[:3] == [[[540, 780], [840, 1080]], [[540, 1080]], []]
    assert target.holidays == [date(2027, 1, 1), date(2027, 1, 2)]
    assert Chat.objects.get().due_at == NOON + timedelta(minutes=30)


def test_the_page_shows_what_was_entered(desk, seller):
    enter(desk)

    page = desk.get(reverse(LIST), follow=True)

    assert page.redirect_chain
    html = page.content.decode()
    assert "09:00–13:00, 14:00–18:00" in html
    assert "02.01.2027" in html


@pytest.mark.parametrize(
    ("fields", "name", "said"),
    [
        pytest.param(
            {"monday": "с девяти"},
            "monday",
            "«сдевяти» — это не часы работы. Напишите 9:00–18:00, через запятую.",
            id="words",
        ),
        pytest.param(
            {"friday": "22:00-06:00"},
            "friday",
            "«22:00-06:00» заканчивается раньше, чем начинается. Ночная смена — это "
            "два промежутка: 22:00–24:00 здесь и 0:00–6:00 на следующий день.",
            id="night",
        ),
        pytest.param(
            {"monday": "9-13, 12-18"},
            "monday",
            "Два промежутка накладываются: 12:00–13:00. Объедините или разведите их.",
            id="overlap",
        ),
        pytest.param(
            {"holidays_text": "31.02.2027"},
            "holidays_text",
            "«31.02.2027» — это не дата. Напишите 01.01.2027 или "
            "01.01.2027–08.01.2027.",
            id="no such day",
        ),
        pytest.param(
            {"monday": "", "tuesday": ""},
            "monday",
            "Срок считается в рабочем времени: укажите часы хотя бы одного дня.",
            id="no hours",
        ),
        pytest.param(
            {"first_minutes": "0"},
            "first_minutes",
            "Убедитесь, что это значение больше либо равно 1.",
            id="no minutes",
        ),
    ],
)
def test_a_fault_is_named_in_russian(desk, fields, name, said):
    response = enter(desk, **fields)

    assert errors(response) == {name: [said]}
    assert not AnswerTarget.objects.exists()


def test_a_shop_has_one_calendar(desk, seller):
    enter(desk)

    assert desk.get(reverse(ADD)).status_code == 403


def test_another_shop_s_calendar_does_not_exist_here(desk, seller):
    other = AnswerTarget(seller=make_seller("Чужая"))
    AnswerTarget.objects.bulk_create([other])

    page = desk.get(reverse("admin:chats_answertarget_change", args=[other.pk]))

    assert page.status_code == 404


def test_only_the_owner_changes_it(seller, desk):
    enter(desk)
    manager = Client()
    manager.force_login(make_member(seller, "manager"))
    row = AnswerTarget.objects.get()
    place = reverse("admin:chats_answertarget_change", args=[row.pk])

    assert manager.get(place).status_code == 200
    assert manager.post(place, GOOD).status_code == 403
