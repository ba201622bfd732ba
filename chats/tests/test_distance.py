import random

import pytest

from chats.distance import edit_distance


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("привет", "привет", 0, id="unchanged"),
        pytest.param("", "привет", 1, id="from nothing"),
        pytest.param("привет", "", 1, id="to nothing"),
        pytest.param("кот", "кит", 0.3333, id="one letter of three"),
        pytest.param("kitten", "sitting", 0.4286, id="three of seven"),
        pytest.param("", "", 0, id="both empty"),
    ],
)
def test_edit_distance(one, other, expected):
    assert edit_distance(one, other) == expected


def plain(one, other):
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, before + (a != b)),
            )
    return row[-1]


def test_it_equals_the_plain_table_on_random_texts():
    draw = random.Random(5)
    for _ in range(300):
        one = "".join(draw.choices("абв ", k=draw.randint(1, 90)))
        other = "".join(draw.choices("абв ", k=draw.randint(1, 90)))

        expected = round(plain(one, other) / max(len(one), len(other)), 4)
        assert edit_distance(one, other) == (0 if one == other else expected)
