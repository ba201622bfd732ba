from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules import days

DATES = st.dates(date(2015, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [
        pytest.param(20, 59, date(2026, 2, 28), id="a minute before Moscow midnight"),
        pytest.param(21, 0, date(2026, 3, 1), id="Moscow midnight"),
    ],
)
def test_moscow_is_three_hours_ahead(hour, minute, expected):
    instant = datetime(2026, 2, 28, hour, minute, tzinfo=UTC)

    assert days.moscow_date(instant) == expected


def test_february_both_ends_included():
    starts_at, expires_at = days.period(date(2026, 2, 1), date(2026, 2, 28))

    assert starts_at == datetime(2026, 1, 31, 21, tzinfo=UTC)
    assert expires_at == datetime(2026, 2, 28, 21, tzinfo=UTC)
    assert days.day_count(starts_at, expires_at) == 28


def test_an_end_in_the_middle_of_a_day_touches_that_day():
    starts_at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    expires_at = datetime(2026, 3, 2, 9, tzinfo=UTC)

    assert days.days_of(starts_at, expires_at) == (date(2026, 3, 1), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        pytest.param(date(2026, 8, 15), 3, date(2026, 11, 15), id="same day"),
        pytest.param(date(2026, 11, 15), 3, date(2027, 2, 15), id="over new year"),
        pytest.param(date(2026, 11, 30), 3, date(2027, 2, 28), id="short month"),
        pytest.param(date(2027, 11, 29), 3, date(2028, 2, 29), id="leap day"),
        pytest.param(date(2026, 9, 30), 3, date(2026, 12, 30), id="into December"),
    ],
)
def test_calendar_months(day, months, expected):
    assert days.add_months(day, months) == expected


@given(first=DATES, length=st.integers(1, 400))
def test_days_and_instants_say_the_same(first, length):
    last = first + timedelta(days=length - 1)
    starts_at, expires_at = days.period(first, last)

    assert days.days_of(starts_at, expires_at) == (first, last)
    assert expires_at - starts_at == timedelta(days=length)


def test_nothing_is_guessed():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        days.moscow_date(datetime(2026, 3, 1))
    with pytest.raises(ValueError, match="empty"):
        days.days_of(noon, noon)
    with pytest.raises(ValueError, match="before"):
        days.period(date(2026, 3, 2), date(2026, 3, 1))


def test_the_ends_of_the_calendar_are_no_crash():
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)

    assert days.moscow_date(last) == date(9999, 12, 31)
    with pytest.raises(ValueError, match="calendar"):
        days.period(date(2026, 3, 1), date(9999, 12, 31))
    with pytest.raises(ValueError, match="calendar"):
        days.period(date(1, 1, 1), date(2026, 3, 1))
