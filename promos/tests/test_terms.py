from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from promos.rules.terms import Terms, UseCase

TERMS = Terms(
    code="CARE10",
    discount_percent=Decimal(10),
    starts_at=datetime(2026, 3, 1, tzinfo=UTC),
    expires_at=datetime(2026, 4, 1, tzinfo=UTC),
)


def test_use_cases_keep_the_names_of_the_seller():
    assert [case.value for case in UseCase] == ["UC1", "UC2", "UC3"]


@pytest.mark.parametrize(
    ("nm_ids", "nm_id", "covered"),
    [
        pytest.param(None, 7, True, id="all articles"),
        pytest.param(None, None, True, id="all articles, article unknown"),
        pytest.param(frozenset({7, 8}), 7, True, id="listed"),
        pytest.param(frozenset({7, 8}), 9, False, id="not listed"),
        pytest.param(frozenset({7, 8}), None, False, id="unknown is not listed"),
        pytest.param(frozenset(), 7, False, id="an empty list covers nothing"),
    ],
)
def test_scope(nm_ids, nm_id, covered):
    assert replace(TERMS, nm_ids=nm_ids).covers(nm_id) is covered


def test_a_code_for_all_articles_is_broader_than_any_list():
    narrow = replace(TERMS, nm_ids=frozenset({1, 2}))
    narrowed = replace(TERMS, nm_ids=frozenset({1}), scope_size=100_000)

    assert narrow.breadth < narrowed.breadth < TERMS.breadth
    assert (narrow.breadth, narrowed.breadth) == (2, 100_000)


@pytest.mark.parametrize("name", ["starts_at", "expires_at", "below_floor_until"])
def test_an_instant_without_a_zone_is_refused(name):
    with pytest.raises(ValueError, match=name):
        replace(TERMS, **{name: datetime(2026, 3, 1)})
