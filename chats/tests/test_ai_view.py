import pytest
from django.test import Client
from django.urls import reverse

from agentiq.testing import NOON, make_member, make_seller
from chats import suggestions
from chats.tests.conftest import say

WORDS = "Я Иванова Мария Петровна, мой телефон 8 912 345-67-89. Где заказ?"


@pytest.fixture
def desk(operator):
    client = Client()
    client.force_login(operator)
    return client


def page_of(client, chat):
    return client.get(reverse("chats:ai-view", args=[chat.pk]))


def test_the_page_shows_the_masked_words_and_names_what_is_hidden(desk, make_chat):
    page = page_of(desk, make_chat(WORDS)).content.decode()

    assert "<mark>[телефон]</mark>" in page
    assert "(номер телефона)" in page
    assert "Где заказ?" in page
    assert "345" not in page
    assert "Иванова" not in page


def test_the_buyers_name_is_not_part_of_it(desk, make_chat):
    page = page_of(
        desk, make_chat("Где заказ?", buyer_name="Серафима")
    ).content.decode()

    assert "Серафима" not in page


def test_it_says_whether_an_external_model_is_connected(desk, make_chat, settings):
    chat = make_chat("Где заказ?")
    without = page_of(desk, chat).content.decode()
    settings.LLM_URL, settings.LLM_MODEL = "http://127.0.0.1:1/v1", "reader-7"

    assert "ничего не уходит" in without
    assert "reader-7" in page_of(desk, chat).content.decode()


def test_an_answered_chat_has_nothing_to_show_but_what_was_said(desk, make_chat):
    chat = make_chat("Где заказ?")
    say(chat, "Заказ в пути", "seller")

    page = page_of(desk, chat).content.decode()

    assert "Заказ в пути" in page


def test_another_shops_chat_does_not_exist_here(make_chat):
    client = Client()
    client.force_login(make_member(make_seller("Чужая"), "operator"))

    assert page_of(client, make_chat(WORDS)).status_code == 404


def test_the_card_marks_what_the_second_reader_did(desk, make_chat, settings):
    settings.LLM_URL = "http://127.0.0.1:1/v1"
    chat = make_chat("Подскажите, какой размер выбрать на рост 170?")
    suggestions.suggest(chat, now=NOON)

    page = desk.get(reverse("chats:chat", args=[chat.pk])).content.decode()

    assert "встроенн" in page
    assert reverse("chats:ai-view", args=[chat.pk]) in page
