from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.limits import mismatched_number, skeleton
from promos.rules.naming import ALPHABET, WORDS, suggest_code
from promos.rules.terms import UseCase

D = Decimal
ALIKE = set("OQILSBZG")


def test_no_word_holds_a_letter_that_passes_for_another():
    letters = set("".join(word for words in WORDS.values() for word in words))

    assert letters <= set(ALPHABET)
    assert not set(ALPHABET) & ALIKE


def test_no_word_serves_two_use_cases():
    words = [word for words in WORDS.values() for word in words]

    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("percent", "number"),
    [("10", "10"), ("3.00", "3"), ("12.5", "12"), ("49.99", "49")],
)
def test_the_number_is_the_discount(percent, number):
    code = suggest_code(UseCase.RETENTION, D(percent), [], Random(1))

    assert code in {word + number for word in WORDS[UseCase.RETENTION]}


def test_the_same_seed_gives_the_same_name():
    names = {suggest_code(UseCase.LOYALTY, D(5), [], Random(7)) for _ in range(3)}

    assert len(names) == 1


def test_a_name_taken_in_another_spelling_is_taken():
    taken = [f"{word}-10" for word in WORDS[UseCase.CONVERSION] if word != "TRY"]

    assert suggest_code(UseCase.CONVERSION, D(10), taken, Random(1)) == "TRY10"


@given(seed=st.integers(), percent=st.decimals(3, 50, places=2))
def test_thirty_names_all_differ_and_keep_the_rules(seed, percent):
    rng, taken = Random(seed), []
    for _ in range(30):
        taken.append(suggest_code(UseCase.RETENTION, percent, taken, rng))

    assert len({skeleton(code) for code in taken}) == 30
    assert all(mismatched_number(code, percent) is None for code in taken)
    assert all(not set(code) & ALIKE and len(code) <= 12 for code in taken)
