"""Working time in Moscow, worked by hand: nights, weekends, holidays, pauses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chats.hours import Hours, HoursError, clock, dates, spans, written
from promos.rules.days import MOSCOW

MINUTE = timedelta(minutes=1)
PAUSED = ((9 * 60, 13 * 60), (14 * 60, 18 * 60))
OFFICE = Hours((PAUSED,) * 5 + ((), ()))
NIGHT = Hours((((0, 120), (22 * 60, 1440)),) * 7)
ALWAYS = Hours((((0, 1440),),) * 7)


def at(day, hour, minute=0, month=11, year=2026):
    """A Moscow moment; 23 November 2026 is a Monday."""
    return datetime(year, month, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("hours", "start", "minutes", "expected"),
    [
        pytest.param(OFFICE, at(23, 9), 30, at(23, 9, 30), id="within a span"),
        pytest.param(OFFICE, at(23, 12, 50), 30, at(23, 14, 20), id="over the pause"),
        pytest.param(OFFICE, at(23, 12, 30), 30, at(23, 13), id="ends with the span"),
        pytest.param(OFFICE, at(23, 13, 20), 10, at(23, 14, 10), id="asked in it"),
        pytest.param(OFFICE, at(23, 17, 45), 30, at(24, 9, 15), id="next morning"),
        pytest.param(OFFICE, at(23, 23, 59), 15, at(24, 9, 15), id="asked at night"),
        pytest.param(OFFICE, at(23, 3), 15, at(23, 9, 15), id="before opening"),
        pytest.param(OFFICE, at(27, 17, 50), 20, at(30, 9, 10), id="over a weekend"),
        pytest.param(OFFICE, at(28, 12), 60, at(30, 10), id="asked on Saturday"),
        pytest.param(OFFICE, at(23, 9), 960, at(24, 18), id="two whole days"),
        pytest.param(OFFICE, at(23, 9), 961, at(25, 9, 1), id="and a minute"),
        pytest.param(NIGHT, at(23, 23, 30), 60, at(24, 0, 30), id="over midnight"),
        pytest.param(NIGHT, at(23, 1, 50), 20, at(23, 22, 10), id="over the day"),
        pytest.param(ALWAYS, at(23, 23), 120, at(24, 1), id="day and night"),
        pytest.param(ALWAYS, at(31, 23, 30, 12), 60, at(1, 0, 30, 1, 2027), id="year"),
    ],
)
def test_work_is_done_after(hours, start, minutes, expected):
    assert hours.after(start, minutes * MINUTE) == expected


@pytest.mark.parametrize(
    ("hours", "end", "minutes", "expected"),
    [
        pytest.param(OFFICE, at(23, 9, 30), 30, at(23, 9), id="within a span"),
        pytest.param(OFFICE, at(23, 14, 20), 30, at(23, 12, 50), id="over the pause"),
        pytest.param(OFFICE, at(24, 9, 15), 30, at(23, 17, 45), id="the day before"),
        pytest.param(OFFICE, at(30, 9, 10), 20, at(27, 17, 50), id="over a weekend"),
        pytest.param(OFFICE, at(29, 12), 10, at(27, 17, 50), id="seen on a Sunday"),
        pytest.param(NIGHT, at(24, 0, 30), 60, at(23, 23, 30), id="over midnight"),
    ],
)
def test_work_has_been_done_since(hours, end, minutes, expected):
    assert hours.before(end, minutes * MINUTE) == expected


@pytest.mark.parametrize(
    ("hours", "start", "end", "minutes"),
    [
        pytest.param(OFFICE, at(23, 9), at(23, 18), 480, id="a day less its pause"),
        pytest.param(OFFICE, at(23, 12, 50), at(23, 14, 20), 30, id="over the pause"),
        pytest.param(OFFICE, at(27, 17, 50), at(30, 9, 10), 20, id="over a weekend"),
        pytest.param(OFFICE, at(28, 1), at(29, 23), 0, id="nobody works"),
        pytest.param(OFFICE, at(23, 10), at(23, 9), 0, id="the wrong way round"),
        pytest.param(NIGHT, at(23, 23, 30), at(24, 0, 30), 60, id="over midnight"),
        pytest.param(ALWAYS, at(23, 0), at(30, 0), 7 * 1440, id="a week"),
    ],
)
def test_working_time_between(hours, start, end, minutes):
    assert hours.between(start, end) == minutes * MINUTE


def test_a_holiday_is_passed_over_both_ways():
    holiday = Hours(OFFICE.week, frozenset({date(2026, 11, 24)}))

    assert holiday.after(at(23, 17, 50), 20 * MINUTE) == at(25, 9, 10)
    assert holiday.before(at(25, 9, 10), 20 * MINUTE) == at(23, 17, 50)
    assert holiday.between(at(24, 0), at(25, 0)) == timedelta()


def test_a_holiday_is_a_moscow_day():
    # 20:30 UTC on the 23rd is 23:30 in Moscow, 21:30 UTC is half past midnight.
    holiday = Hours(ALWAYS.week, frozenset({date(2026, 11, 24)}))
    start = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)

    assert holiday.after(start, 60 * MINUTE) == at(25, 0, 30)


def test_moscow_has_no_summer_time():
    # In Europe the clocks were turned on 29 March 2026; Moscow's night had 24 hours.
    start = at(28, 22, month=3)
    assert ALWAYS.after(start, 24 * 60 * MINUTE) == start + timedelta(days=1)


def test_a_shop_that_never_opens_has_no_deadline():
    closed = Hours(((),) * 7)

    assert closed.after(at(23, 9), MINUTE) is None
    assert closed.before(at(23, 9), MINUTE) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", (), id="a day off"),
        pytest.param("9:00-18:00", ((540, 1080),), id="hyphen"),
        pytest.param("09:00 – 13:00, 14:00 – 18:00", PAUSED, id="dashes and spaces"),
        pytest.param("14:00—18:00; 9—13", PAUSED, id="whole hours, out of order"),
        pytest.param("0:00-24:00", ((0, 1440),), id="round the clock"),
        pytest.param("9.30-10.15", ((570, 615),), id="dots"),
        pytest.param("9-13,13-18", ((540, 780), (780, 1080)), id="that meet"),
    ],
)
def test_a_line_of_hours_is_read(line, expected):
    assert spans(line) == expected


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        pytest.param("с девяти", "shape", id="words"),
        pytest.param("9:00", "shape", id="no end"),
        pytest.param("9:00-12:00-13:00", "shape", id="three times"),
        pytest.param("9:5-10:00", "shape", id="one digit of minutes"),
        pytest.param("9:00-24:30", "clock", id="past midnight"),
        pytest.param("9:60-10:00", "clock", id="sixty minutes"),
        pytest.param("22:00-02:00", "backwards", id="over midnight"),
        pytest.param("9:00-9:00", "backwards", id="no time at all"),
        pytest.param("9:00-13:00, 12:00-18:00", "overlap", id="twice at once"),
    ],
)
def test_a_line_that_says_no_hours_names_the_fault(line, fault):
    with pytest.raises(HoursError) as caught:
        spans(line)
    assert caught.value.fault == fault


def test_hours_are_written_as_they_are_read():
    assert written(PAUSED) == "09:00–13:00, 14:00–18:00"
    assert spans(written(PAUSED)) == PAUSED
    assert clock(1440) == "24:00"


def test_days_are_read_with_their_ranges():
    assert dates("23.02.2027\n31.12.2026 – 02.01.2027; 23.02.2027") == (
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
        date(2027, 2, 23),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("8 марта", "day", id="words"),
        pytest.param("31.02.2027", "day", id="no such day"),
        pytest.param("08.01.2027-01.01.2027", "backwards", id="backwards"),
        pytest.param("01.01.2027-01.06.2027", "long", id="half a year"),
    ],
)
def test_a_day_that_is_none_names_the_fault(text, fault):
    with pytest.raises(HoursError) as caught:
        dates(text)
    assert caught.value.fault == fault
