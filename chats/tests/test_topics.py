from itertools import combinations

import pytest

from chats.analyzer.text import words
from chats.analyzer.topics import DENIABLE, NAMES, PAIRS, TOPICS, about, topics


def found(text):
    """Return the topics of a text and the pairs of them that meet."""
    taken = topics(words(text))
    there = {name for number, name in enumerate(NAMES) if number in taken}
    first = len(NAMES) + DENIABLE
    pairs = {
        (NAMES[one], NAMES[other])
        for (one, other), at in PAIRS.items()
        if first + at in taken
    }
    return there, pairs


def test_every_pair_of_topics_has_a_place_of_its_own():
    assert set(PAIRS) == set(combinations(range(len(NAMES)), 2))
    assert sorted(PAIRS.values()) == list(range(TOPICS - len(NAMES) - DENIABLE))


def test_a_word_may_be_about_several_things():
    assert {NAMES[number] for number in about("капельница")} == {
        "harm",
        "doctor",
        "drug",
    }


@pytest.mark.parametrize("text", ["ожогов нет", "без ожогов", "не вызвало ожогов"])
def test_what_is_denied_is_told_from_what_is_there(text):
    there, _ = found(text)

    assert "harm" not in there
    assert len(NAMES) + NAMES.index("harm") in topics(words(text))


def test_topics_meet_when_they_stand_near_each_other():
    _, near = found("у ребенка сыпь")
    _, far = found("у ребенка " + "вот " * 30 + "сыпь")

    assert ("harm", "child") in near
    assert ("harm", "child") not in far


def test_words_beyond_the_first_three_hundred_are_not_looked_at():
    there, _ = found("вот " * 300 + "сыпь")

    assert there == set()
