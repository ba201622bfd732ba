from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DataError, connection, transaction

from agentiq import prepared

KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"

pytestmark = pytest.mark.django_db


def kept(words):
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [f"%{words}%"])
        return cursor.fetchone()[0]


def test_a_question_asked_often_is_planned_once():
    for number in range(10):
        asked = prepared.rows("SELECT %(number)s + 41 AS often", {"number": number})

    assert asked == [(50,)]
    assert kept("41 AS often") == 1


def test_a_question_asked_once_leaves_no_plan():
    prepared.rows("SELECT 42 AS once", {})

    assert kept("42 AS once") == 0


def test_answers_are_what_django_answers():
    query = """SELECT 1.50::numeric, '2026-03-01 12:00+03'::timestamptz, NULL::int,
                      ARRAY[1, 2]::bigint[], 'слово'::varchar, true"""

    (row,) = prepared.rows(query, {})

    noon = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert row == (Decimal("1.50"), noon, None, [1, 2], "слово", True)


def test_a_question_is_counted_as_a_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        prepared.rows("SELECT %(one)s::int", {"one": 1})


def test_plans_outlive_what_was_taken_back():
    query = "SELECT 10 / %(by)s::int"
    for by in (1, 2, 5, 1, 2, 5, 1):
        prepared.rows(query, {"by": by})

    with pytest.raises(DataError), transaction.atomic():
        prepared.rows(query, {"by": 0})

    assert prepared.rows(query, {"by": 5}) == [(2,)]
