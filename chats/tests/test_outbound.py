from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.policy.kinds import Kind
from chats.policy.outbound import LIMIT, blocks, check
from chats.policy.terms import Terms

DATA = Path(__file__).parent / "data"
CODE = Terms("THANKS10", Decimal(10), date(2027, 2, 28))
SELECTED = Terms(
    "THANKS10", Decimal(10), date(2027, 2, 28), "selected", frozenset({111222333})
)
TERMS = {"code": CODE, "selected": SELECTED, "none": None}
TWINS = str.maketrans("аеорсухАЕОРСХВНКМТ", "aeopcyxAEOPCXBHKMT")


def rows(name):
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


BAD = [tuple(line.split(" | ", 2)) for line in rows("outbound_bad.txt")]
WORDED = [row for row in BAD if row[0] not in ("empty", "one_word", "unfilled")]


def kinds(text, terms=None, **facts):
    return {violation.kind for violation in check(text, terms, **facts)}


@pytest.mark.parametrize(("kind", "given_terms", "text"), BAD)
def test_a_forbidden_text_is_blocked_for_its_reason(kind, given_terms, text):
    found = check(text, TERMS[given_terms])

    assert blocks(found)
    assert kind in {violation.kind for violation in found}


def test_there_are_at_least_two_hundred_adversarial_texts():
    assert len({text for _, _, text in BAD}) >= 200


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda text: text.translate(TWINS), id="Latin twins"),
        pytest.param("\u200b".join, id="zero-width spaces"),
        pytest.param(lambda text: "".join(c + "\u0336" for c in text), id="struck out"),
        pytest.param(str.upper, id="capitals"),
        pytest.param(lambda text: text.replace("е", "ееее"), id="stretched"),
    ],
)
def test_a_disguise_does_not_help(disguise):
    missed = []
    for kind, given_terms, text in WORDED:
        if kind == Kind.UNKNOWN_CODE or kind == Kind.EMPTY_SLOT:
            continue
        hidden = "THANKS10".join(map(disguise, text.split("THANKS10")))
        if not blocks(check(hidden, TERMS[given_terms])):
            missed.append(hidden)

    assert len(missed) <= len(WORDED) // 100, missed


def test_spans_point_into_the_text_as_written():
    text = "Ну,\u200b пишите в Т\u0336Е\u0336Л\u0336Е\u0336Г\u0336Р\u0336А\u0336М\u0336 сразу"

    (found,) = check(text)

    assert found.kind is Kind.CONTACT
    assert text[found.start : found.end].startswith("Т\u0336Е")
    assert found.params["text"].startswith("Т\u0336Е")


def test_the_right_terms_pass():
    text = (
        "Промокод THANKS10 даёт скидку 10 % на все товары нашего магазина "
        "до 28 февраля включительно. Введите его в корзине."
    )

    assert check(text, CODE) == ()


def test_the_registry_value_is_told_with_a_wrong_one():
    (found,) = check("Скидка 15 % по промокоду THANKS10 в корзине", CODE)

    assert found.kind is Kind.WRONG_PERCENT
    assert found.params == {"text": "15 %", "right": "10\u00a0%"}


def test_another_code_of_the_shop_is_not_let_out():
    text = "Можно ввести ВЕСНА в корзине, будет дешевле"

    assert Kind.UNKNOWN_CODE in kinds(text, CODE, known_codes={"ВЕСНА"})


def test_words_of_the_product_are_not_codes():
    text = "Промокод THANKS10 действует и на PHD2077 тоже"

    assert Kind.UNKNOWN_CODE in kinds(text, CODE)
    assert kinds(text, CODE, facts="Фен Polaris PHD2077") == set()


def test_today_is_true_on_the_last_day_only():
    text = "Промокод THANKS10 действует до сегодня включительно"

    assert kinds(text, CODE, today=date(2027, 2, 28)) == set()
    assert Kind.WRONG_DATE in kinds(text, CODE, today=date(2027, 2, 27))


def test_an_assurance_with_facts_is_a_warning_only():
    (found,) = check("Размер вам подойдёт по замерам", facts="обхват груди 92 см")

    assert (found.kind, found.hard) == (Kind.ASSURANCE, False)


@pytest.mark.parametrize("number", ["361", "607", "619", "6 0 7"])
def test_a_number_is_no_disguised_word(number):
    assert not check(f"Ваш заказ {number} уже собран, отправим сегодня.", None)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(LIMIT, set()), (LIMIT + 1, {Kind.TOO_LONG})],
)
def test_a_thousand_code_points_are_the_limit(length, expected):
    text = ("слово " * 200)[: length - 1] + "я"

    assert kinds(text) == expected


def test_more_utf16_units_than_the_limit_is_a_warning():
    text = "Спасибо вам большое " + "🙂" * 500

    (found,) = check(text)

    assert (found.kind, found.hard) == (Kind.MAY_BE_TOO_LONG, False)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_checked_with_spans_inside_it(text):
    for violation in check(text, CODE):
        assert 0 <= violation.start <= violation.end <= len(text)


@pytest.mark.parametrize(
    "piece", ["верн", "т е л ", "1 ", "a@", "скидка ", "а.", "\u0301"]
)
def test_a_hundred_thousand_characters_take_bounded_time(piece):
    assert blocks(check((piece * 100_000)[:100_000], CODE))


def test_at_most_two_per_cent_of_normal_texts_are_blocked():
    good = [tuple(line.split(" | ", 1)) for line in rows("outbound_good.txt")]

    blocked = [text for given, text in good if blocks(check(text, TERMS[given]))]

    assert len({text for _, text in good}) >= 500
    assert len(blocked) <= len(good) // 50, blocked
