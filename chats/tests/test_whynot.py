from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agentiq.testing import NOON, make_member, make_seller
from chats import suggestions, whynot
from chats.models import Suggestion
from promos.models import PromoCode

SIZE = "Подскажите, какой размер выбрать на рост 170?"


@pytest.fixture
def asked(make_chat, make_code):
    """A chat that was offered SALE5; SALE10 lost, CARE15 is for others."""
    make_code("SALE5", "5")
    make_code("SALE10")
    make_code("CARE15", "15", use_for_pre_purchase=False)
    chat = make_chat(SIZE)
    suggestions.suggest(chat, now=NOON)
    return chat


@pytest.fixture
def desk(operator):
    client = Client()
    client.force_login(operator)
    return client


def told(answer):
    return {one.code: one.against for one in answer.verdicts}


def test_then_is_what_the_card_showed_and_now_is_what_has_changed(asked):
    PromoCode.objects.filter(code="SALE5").update(is_active=False)

    then, now = whynot.decided(asked), whynot.considered(asked, now=NOON)

    assert told(then) == {
        "SALE5": (),
        "SALE10": ("достаточно меньшей скидки",),
        "CARE15": ("не предназначен для этого случая",),
    }
    assert told(now)["SALE5"] == ("выключен магазином",)
    assert told(now)["SALE10"] == ()
    assert (then.at, now.at) == (NOON, NOON)


def test_asking_leaves_no_trace(asked):
    before = list(Suggestion.objects.values())

    whynot.considered(asked, now=NOON + timedelta(days=30))

    assert list(Suggestion.objects.values()) == before


def test_one_code_may_be_asked_about(asked):
    assert list(told(whynot.decided(asked).only(" sale10 "))) == ["SALE10"]
    assert told(whynot.decided(asked).only("NONE")) == {}


def test_what_the_dialogue_holds_against_every_code_is_said(make_chat, make_code):
    make_code("SALE5", "5")
    chat = make_chat("Вы мошенники, я подаю на вас в суд!")
    suggestions.suggest(chat, now=NOON)

    now = whynot.considered(chat, now=NOON)

    assert now.reason == whynot.decided(chat).reason
    assert "код" in now.reason


def test_a_chat_is_found_by_wbs_id_or_by_its_address(asked, seller):
    link = f"https://desk.example/chats/{asked.pk}/?scope=all"

    assert whynot.find(seller, f" {asked.wb_chat_id} ") == asked
    assert whynot.find(seller, link) == asked
    assert whynot.find(seller, "1:nobody") is None
    assert whynot.find(seller, f"/chats/{'9' * 30}/") is None
    assert whynot.find(make_seller("Чужая"), link) is None


def test_the_card_leads_to_the_page_and_both_say_the_same(desk, asked):
    card = desk.get(reverse("chats:chat", args=[asked.pk])).content.decode()
    address = f"{reverse('chats:why')}?chat={asked.wb_chat_id.replace(':', '%3A')}"

    page = desk.get(address)

    assert address in card
    assert "достаточно меньшей скидки" in card
    assert 'id="why-now"' in page.content.decode()
    (then,) = [one for one in page.context["then"].verdicts if one.code == "SALE10"]
    assert then.against == ("достаточно меньшей скидки",)
    assert page.context["now"].at <= timezone.now()


def test_a_chat_nobody_wrote_in_and_one_that_is_not_there(desk, make_chat):
    empty = desk.get(reverse("chats:why"), {"chat": make_chat().wb_chat_id})
    unknown = desk.get(reverse("chats:why"), {"chat": "1:nobody"})

    assert (empty.context["then"], empty.context["now"]) == (None, None)
    assert unknown.context["chat"] is None
    assert "id=" in unknown.content.decode()


def test_another_shops_chat_is_not_found(asked):
    client = Client()
    client.force_login(make_member(make_seller("Чужая"), "owner"))

    page = client.get(reverse("chats:why"), {"chat": asked.wb_chat_id})

    assert page.context["chat"] is None
