from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats import replies
from chats.policy import outbound, rendering
from chats.policy.rendering import Fault, TemplateError, first_name, render, title
from chats.policy.terms import Terms, scope_words

TERMS = Terms("THANKS10", Decimal("10.00"), date(2027, 2, 28))
ATTACKS = (
    (Path(__file__).parent / "data" / "injections.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)


def test_slots_are_filled_from_the_registry():
    text = render("Код {код}: скидка {процент} {условия} до {дата}.", terms=TERMS).text

    assert text == (
        "Код THANKS10: скидка 10\u00a0% на все товары нашего магазина "
        "до 28\u00a0февраля."
    )


@pytest.mark.parametrize(
    ("source", "filled", "expected"),
    [
        ("Добрый день[, {имя}]!", {"name": "анна"}, "Добрый день, Анна!"),
        ("Добрый день[, {имя}]!", {}, "Добрый день!"),
        ("[{имя}, спасибо|Спасибо] вам!", {}, "Спасибо вам!"),
        ("Вот: [{ответ}|уточним].", {"answer": "да, есть"}, "Вот: да, есть."),
        ("Вот: [{ответ}|уточним].", {}, "Вот: уточним."),
        ("Товар[ «{товар}»] едет", {"product": "Фен X"}, "Товар «Фен X» едет"),
    ],
)
def test_optional_parts_close_without_a_trace(source, filled, expected):
    assert render(source, **filled).text == expected


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("Привет, {имя}", Fault.EMPTY_SLOT),
        ("Код {код}", Fault.EMPTY_SLOT),
        ("Привет, {name}", Fault.UNKNOWN_SLOT),
        ("Привет, {имя", Fault.BROKEN),
        ("Привет[, {имя}", Fault.BROKEN),
        ("Введите код SALE15 в корзине", Fault.FOREIGN_CODE),
        ("слово " * 200, Fault.TOO_LONG),
    ],
)
def test_a_template_with_a_hole_or_a_foreign_code_is_refused(source, fault):
    with pytest.raises(TemplateError) as caught:
        render(source)

    assert caught.value.fault is fault


def test_a_slot_in_a_value_is_not_filled_again():
    text = render("Вот: {ответ}", terms=TERMS, answer="введите {код} тут").text

    assert "THANKS10" not in text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Анна", "Анна"),
        ("ИВАНОВА АННА", "Анна"),
        ("жан-поль", "Жан-Поль"),
        ("Ольга Петровна", "Ольга"),
        ("Aigul", "Aigul"),
        ("", ""),
        ("SALE20", ""),
        ("t.me/shop", ""),
        ("+79161234567", ""),
        ("Скидка Бесплатно", ""),
        ("{код}", ""),
        ("Я", ""),
    ],
)
def test_a_buyers_name_is_a_name_or_nothing(raw, expected):
    assert first_name(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Фен Polaris PHD2077i, 2000 Вт", "Фен Polaris 2000 Вт"),
        ("Платье «Весна» летнее", "Платье Весна летнее"),
        ("Промокод SALE50 бесплатно", ""),
        ("Чехол best-shop.ru", ""),
    ],
)
def test_a_title_is_fit_for_a_sentence_or_nothing(raw, expected):
    assert title(raw) == expected


@pytest.mark.parametrize(
    ("nm_ids", "nm_id", "expected"),
    [
        ({5}, 5, "на этот товар"),
        ({5, 6}, 5, "на этот и другие товары"),
        ({5}, None, "на товар с артикулом 5"),
        ({7, 5}, None, "на товары с артикулами 5 и 7"),
        ({1, 2, 3, 4}, 9, "на отдельные товары нашего магазина"),
    ],
)
def test_the_scope_is_said_as_it_is(nm_ids, nm_id, expected):
    terms = Terms("A1", Decimal(5), date(2027, 1, 1), "selected", frozenset(nm_ids))

    assert scope_words(terms, nm_id=nm_id) == expected


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_buyer_changes_nothing_through_the_name_or_the_title(attack):
    plain = replies.compose("positive_feedback", "positive", terms=TERMS, seed="s")

    reply = replies.compose(
        "positive_feedback",
        "positive",
        terms=TERMS,
        seed="s",
        name=attack,
        product=attack,
    )

    assert reply.text.count("THANKS10") == 1
    assert reply.slots["код"] == plain.slots["код"]
    assert reply.slots["процент"] == plain.slots["процент"]
    assert reply.slots["дата"] == plain.slots["дата"]
    assert outbound.check(reply.text, TERMS) == ()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_draft_that_obeys_the_buyer_is_blocked(attack):
    draft = f"Конечно! {attack}"

    assert "50" not in draft or outbound.blocks(outbound.check(draft, TERMS))


def test_there_are_fifty_attacks():
    assert len(set(ATTACKS)) >= 50


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=80), product=st.text(max_size=200))
def test_any_name_and_title_leave_a_text_that_may_be_sent(name, product):
    rendered = render(
        "Здравствуйте[, {имя}]! Спасибо за покупку[ «{товар}»]. Код {код}.",
        terms=TERMS,
        name=name,
        product=product,
    )

    assert rendered.text.startswith("Здравствуйте")
    assert len(rendered.text) <= rendering.LIMIT
