from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules import days, limits, slots
from promos.rules.slots import Gap, Window
from promos.rules.terms import Terms, UseCase

TODAY = date(2026, 3, 10)
RETENTION, LOYALTY, CONVERSION = UseCase.RETENTION, UseCase.LOYALTY, UseCase.CONVERSION


def march(day):
    return date(2026, 3, 1) + timedelta(days=day - 1)


def code(name, first, last, *cases, **change):
    """A code on days counted from 1 March 2026, both included."""
    starts_at, expires_at = days.period(march(first), march(last))
    terms = {
        "code": name,
        "discount_percent": Decimal(10),
        "starts_at": starts_at,
        "expires_at": expires_at,
        "use_cases": frozenset(cases or UseCase),
    }
    return Terms(**{**terms, **change})


def gaps(codes, *, horizon_days=10, targets=None, kind="gaps"):
    """First and last day of March for each use case."""
    planned = slots.plan(
        codes,
        today=TODAY,
        horizon_days=horizon_days,
        targets=targets or {RETENTION: 1},
    )
    return [(gap.first.day, gap.last.day) for gap in getattr(planned, kind)]


def test_the_targets_and_the_reserve_fill_the_ten_slots():
    assert sum(slots.TARGETS.values()) + slots.RESERVE == limits.SLOTS


def test_a_plan_has_ninety_days():
    planned = slots.plan([], today=TODAY)

    assert len(planned.days) == 90
    assert planned.days[0].day == TODAY
    assert planned.days[-1].day == date(2026, 6, 7)


def test_without_codes_everything_is_missing_to_the_end():
    planned = slots.plan([], today=TODAY)

    whole = (TODAY, date(2026, 6, 7), 0, True, 0)
    assert set(planned.gaps) == {Gap(case, *whole) for case in UseCase}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        pytest.param([code("A", 1, 30)], [], id="covered"),
        pytest.param([code("A", 1, 14)], [(15, 19)], id="ends inside"),
        pytest.param([code("A", 13, 30)], [(10, 12)], id="starts inside"),
        pytest.param(
            [code("A", 1, 11), code("B", 14, 30)], [(12, 13)], id="between two"
        ),
        pytest.param([code("A", 1, 11), code("B", 12, 30)], [], id="one after another"),
        pytest.param([code("A", 1, 30, LOYALTY)], [(10, 19)], id="for something else"),
        pytest.param(
            [code("A", 1, 30, is_active=False)], [(10, 19)], id="switched off"
        ),
        pytest.param([code("A", 1, 30, is_leaked=True)], [(10, 19)], id="leaked"),
        pytest.param([code("A", 1, 30, is_draft=True)], [(10, 19)], id="a draft"),
        pytest.param(
            [
                code("A", 1, 11),
                code("B", 14, 14),
                code("C", 17, 30),
            ],
            [(12, 13), (15, 16)],
            id="two gaps",
        ),
    ],
)
def test_gaps(codes, expected):
    assert gaps(codes) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param(-1 / 60, [], id="an end at 23:59 leaves none"),
        pytest.param(-11, [], id="an end at 13:00 covers the day"),
        pytest.param(-12, [(14, 19)], id="an end at noon does not"),
    ],
)
def test_noon_decides_a_day(hours, expected):
    code_a = code("A", 1, 14)
    ends = code_a.expires_at + timedelta(hours=hours)
    follows = [code("B", 15, 30)] if not expected else []

    assert gaps([code("A", 1, 14, expires_at=ends), *follows]) == expected


def test_a_start_at_noon_covers_the_day():
    noon = days.day_start(march(12)) + timedelta(hours=12)

    assert gaps([code("A", 12, 30, starts_at=noon)]) == [(10, 11)]


def test_a_code_for_all_use_cases_counts_for_each():
    (first, *_) = slots.plan([code("A", 1, 30)], today=TODAY).days

    assert first.covered == {RETENTION: 1, LOYALTY: 1, CONVERSION: 1}
    assert (first.taken, first.free, first.reserve_is_used) == (1, 9, False)


def test_thin_days_have_fewer_codes_than_wanted():
    codes = [code("A", 1, 30), code("B", 1, 14), code("C", 1, 11)]

    planned = slots.plan(codes, today=TODAY, horizon_days=10, targets={RETENTION: 3})

    assert planned.gaps == ()
    assert planned.thin == (Gap(RETENTION, march(12), march(19), 1, True, 2),)


def test_a_gap_is_announced_ten_days_ahead():
    def due(last):
        (gap,) = slots.plan(
            [code("A", 1, last)], today=TODAY, targets={RETENTION: 1}
        ).gaps
        return gap.days_ahead, gap.is_due()

    # Today is the 10th: covered to the 19th, the first bare day is the 20th.
    assert due(19) == (10, True)
    assert due(20) == (11, False)
    assert due(9) == (0, True)


def test_the_busiest_instant_of_a_day_counts():
    # Nine all along; one ends at noon of the 12th and another starts then.
    noon = days.day_start(march(12)) + timedelta(hours=12)
    codes = [code(f"C{number}", 1, 30) for number in range(9)]
    codes += [code("X", 1, 12, expires_at=noon), code("Y", 12, 30, starts_at=noon)]

    planned = slots.plan(codes, today=TODAY, horizon_days=5)

    assert [day.taken for day in planned.days] == [10] * 5
    assert planned.days[2].reserve_is_used


def test_rows_of_the_timeline_are_reused_and_cut_to_the_horizon():
    codes = [code("A", 1, 12), code("B", 11, 30), code("C", 13, 15)]

    planned = slots.plan(codes, today=TODAY, horizon_days=10)

    assert [
        (bar.terms.code, bar.slot, bar.first, bar.last) for bar in planned.bars
    ] == [
        ("A", 0, march(10), march(12)),
        ("B", 1, march(11), march(19)),
        ("C", 0, march(13), march(15)),
    ]


def test_an_eleventh_code_stands_in_an_eleventh_row():
    codes = [code(f"C{number:02}", 1, 30) for number in range(11)]

    planned = slots.plan(codes, today=TODAY)

    assert [bar.slot for bar in planned.bars] == list(range(11))
    assert planned.days[0].free == -1


def test_what_is_over_is_not_on_the_timeline():
    assert slots.plan([code("A", 1, 9)], today=TODAY).bars == ()


def test_nor_is_what_starts_after_the_horizon():
    codes = [code("A", 19, 25), code("B", 20, 25)]

    (bar,) = slots.plan(codes, today=TODAY, horizon_days=10).bars

    assert (bar.terms.code, bar.first, bar.last) == ("A", march(19), march(19))


@pytest.mark.parametrize(("taken", "used"), [(8, False), (9, False), (10, True)])
def test_nine_codes_leave_the_reserve(taken, used):
    codes = [code(f"C{number}", 1, 30) for number in range(taken)]

    assert slots.plan(codes, today=TODAY).days[0].reserve_is_used is used


@pytest.mark.parametrize(
    ("first", "last", "new"),
    [
        pytest.param(5, 14, (15, 24), id="ten days more"),
        pytest.param(1, 10, (11, 20), id="ends today, goes on tomorrow"),
        pytest.param(1, 5, (11, 15), id="ended long ago"),
        pytest.param(1, 31, (32, 62), id="31 days"),
    ],
)
def test_a_follower_starts_the_day_after(first, last, new):
    window = slots.follower(code("A", first, last), [], today=TODAY)

    assert (window.first, window.last) == (march(new[0]), march(new[1]))
    assert (window.starts_at, window.expires_at) == days.period(
        window.first, window.last
    )


def test_a_follower_waits_for_a_slot():
    # The 15th to 18th are full of others; the 19th is the first free start.
    crowd = [code(f"C{number}", 11, 18) for number in range(10)]

    window = slots.follower(code("A", 5, 14), crowd, today=TODAY)

    assert (window.first, window.last) == (march(19), march(28))


def test_no_slot_within_three_months_is_said():
    full = [
        code(f"C{number}-{month}", 1 + 31 * month, 31 + 31 * month)
        for number in range(10)
        for month in range(5)
    ]

    assert slots.follower(code("A", 5, 14), full, today=TODAY) is None


def test_a_gap_is_filled_from_its_first_day():
    (gap,) = slots.plan([code("A", 1, 14)], today=TODAY, targets={RETENTION: 1}).gaps

    window = slots.gap_filler(gap, [], today=TODAY)

    assert (window.first, window.last) == (march(15), march(28))


def test_a_window_starts_three_months_ahead_at_the_latest():
    last = date(2026, 6, 10)

    assert slots.free_window(last, 5, [], today=TODAY).first == last
    assert slots.free_window(last + days.DAY, 5, [], today=TODAY) is None


def test_a_window_is_never_today_nor_longer_than_31_days():
    window = slots.free_window(TODAY, 99, [], today=TODAY)

    assert window == Window(march(11), march(41), *days.period(march(11), march(41)))


SPELLS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 30)).map(
        lambda pair: code("C", pair[0], pair[0] + pair[1])
    ),
    max_size=25,
)


@given(others=SPELLS, wanted=st.integers(1, 80), length=st.integers(1, 31))
def test_what_is_suggested_wb_would_take(others, wanted, length):
    window = slots.free_window(march(wanted), length, others, today=TODAY)

    draft = limits.Draft("NEW10", Decimal(10), window.starts_at, window.expires_at)
    named = [code("OLD", 1, 1), *others]
    assert limits.problems(draft, today=TODAY, others=named) == ()


@given(codes=SPELLS)
def test_rows_hold_one_code_at_a_time(codes):
    bars = slots.plan(codes, today=TODAY).bars
    rows = {}
    for bar in bars:
        rows.setdefault(bar.slot, []).append(bar.terms)

    assert all(limits.max_overlap(row) == 1 for row in rows.values())
    assert len(rows) == limits.max_overlap(bar.terms for bar in bars)
