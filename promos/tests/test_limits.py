from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules import days, limits
from promos.rules.limits import Conflict, Draft, Problem

D = Decimal
TODAY = date(2026, 3, 10)
START, END = days.period(date(2026, 3, 11), date(2026, 3, 20))
DRAFT = Draft("CARE10", D(10), START, END)
MINUTE = timedelta(minutes=1)


def spell(code, first, last):
    """A code that holds a slot on Moscow days of March 2026, both included."""
    return Draft(code, D(10), *days.period(date(2026, 3, first), date(2026, 3, last)))


def nine(first=1, last=31):
    return [spell(f"CODE-{number}", first, last) for number in range(9)]


def found(draft, **options):
    return [
        (problem.field, problem.code)
        for problem in limits.problems(draft, today=TODAY, **options)
    ]


def test_an_ordinary_code_is_fine():
    assert found(DRAFT) == []


@pytest.mark.parametrize(
    ("percent", "problem"),
    [
        pytest.param("3.00", None, id="smallest"),
        pytest.param("2.99", "range", id="below the smallest"),
        pytest.param("50", None, id="largest"),
        pytest.param("50.01", "range", id="above the largest"),
        pytest.param("12.55", None, id="two decimals"),
        pytest.param("12.5500", None, id="zeros do not count"),
        pytest.param("12.555", "decimals", id="three decimals"),
        pytest.param("49.9999999999999999999999999999999", "decimals", id="many"),
        pytest.param("NaN", "range", id="no number"),
        pytest.param("Infinity", "range", id="infinite"),
        pytest.param("-10", "range", id="negative"),
    ],
)
def test_the_discount(percent, problem):
    expected = [("discount_percent", problem)] if problem else []

    assert found(replace(DRAFT, discount_percent=D(percent))) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param("2026-03-11", "2026-03-11", [], id="tomorrow, one day"),
        pytest.param(
            "2026-03-10", "2026-03-12", [("starts_at", "too_early")], id="today"
        ),
        pytest.param("2026-03-11", "2026-04-10", [], id="31 days"),
        pytest.param(
            "2026-03-11", "2026-04-11", [("expires_at", "too_long")], id="32 days"
        ),
        pytest.param("2026-06-10", "2026-06-12", [], id="three months ahead"),
        pytest.param(
            "2026-06-11", "2026-06-12", [("starts_at", "too_late")], id="a day more"
        ),
        pytest.param(
            "2026-03-01",
            "2026-03-05",
            [("starts_at", "too_early"), ("expires_at", "ended")],
            id="all over",
        ),
    ],
)
def test_whole_days(first, last, expected):
    starts_at, expires_at = days.period(
        date.fromisoformat(first), date.fromisoformat(last)
    )

    draft = replace(DRAFT, starts_at=starts_at, expires_at=expires_at)

    assert found(draft) == expected


@pytest.mark.parametrize(
    ("starts_at", "expires_at", "expected"),
    [
        pytest.param(
            START, START + timedelta(days=1) - MINUTE, [], id="00:00 to 23:59"
        ),
        pytest.param(
            START,
            START + timedelta(days=1) - MINUTE - timedelta(seconds=1),
            [("expires_at", "too_short")],
            id="less than a day",
        ),
        pytest.param(START, START + timedelta(days=31), [], id="31 times 24 hours"),
        pytest.param(
            START,
            START + timedelta(days=31, seconds=1),
            [("expires_at", "too_long")],
            id="a second more",
        ),
        pytest.param(START, START, [("expires_at", "before_start")], id="empty"),
        pytest.param(END, START, [("expires_at", "before_start")], id="turned round"),
        pytest.param(None, END, [("starts_at", "required")], id="no start"),
        pytest.param(START, None, [("expires_at", "required")], id="no end"),
        pytest.param(
            datetime(2026, 3, 10, 20, 59, tzinfo=UTC),
            END,
            [("starts_at", "too_early")],
            id="23:59 in Moscow is still today",
        ),
        pytest.param(
            datetime(2026, 3, 10, 21, 0, tzinfo=UTC),
            END,
            [],
            id="midnight in Moscow is tomorrow, though not in UTC",
        ),
        pytest.param(
            datetime(9998, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, 23, tzinfo=UTC),
            [("starts_at", "too_late"), ("expires_at", "too_long")],
            id="the year 9999",
        ),
    ],
)
def test_instants(starts_at, expires_at, expected):
    assert found(replace(DRAFT, starts_at=starts_at, expires_at=expires_at)) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(1, 10, [], id="started long ago, ends today"),
        pytest.param(1, 9, [("expires_at", "ended")], id="ended yesterday"),
        pytest.param(10, 12, [], id="starts today"),
        pytest.param(12, 14, [], id="starts later"),
    ],
)
def test_a_code_that_runs_already_may_have_a_past_start(first, last, expected):
    assert found(spell("CARE10", first, last), already_live=True) == expected


def test_the_figures_are_told():
    draft = replace(DRAFT, starts_at=START - timedelta(days=1))

    assert limits.problems(draft, today=TODAY) == (
        Problem("starts_at", "too_early", {"first": date(2026, 3, 11)}),
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("SALE-10_A", None, id="signs allowed"),
        pytest.param(" sale 10 ", None, id="blanks and case are put right"),
        pytest.param("ＳＡＬＥ１０", None, id="full-width letters too"),
        pytest.param("СКИДКА10", None, id="a Russian word"),
        pytest.param("", "required", id="empty"),
        pytest.param(" \u200b\u00a0", "required", id="only invisible signs"),
        pytest.param("SАLE10", "mixed_alphabets", id="a Cyrillic А inside"),
        pytest.param("СКИДКАX", "mixed_alphabets", id="a Latin X inside"),
        pytest.param("SALE%10", "characters", id="a percent sign"),
        pytest.param("SALE😀", "characters", id="an emoji"),
        pytest.param("САЛҚЫН", "characters", id="a Kazakh letter"),
        pytest.param("A1", "length", id="two"),
        pytest.param("A10", None, id="three"),
        pytest.param("A" * 50, None, id="fifty"),
        pytest.param("A" * 51, "length", id="fifty-one"),
    ],
)
def test_the_name(code, expected):
    assert found(replace(DRAFT, code=code)) == (
        [("code", expected)] if expected else []
    )


def test_which_letters_are_foreign_is_told():
    (problem,) = limits.problems(replace(DRAFT, code="SАLЕАX"), today=TODAY)

    assert problem.params == {"letters": "АЕ"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("CARE10", id="the same"),
        pytest.param("care 10", id="case and blanks"),
        pytest.param("ＣＡＲＥ１０", id="full width"),
        pytest.param("САRЕ10", id="Cyrillic letters that look the same"),
        pytest.param("CARE\u200b10", id="an invisible sign"),
    ],
)
def test_one_code_per_name(other):
    earlier = replace(spell("X", 1, 2), code=other)

    assert found(DRAFT, others=[earlier]) == [("code", "taken")]


@pytest.mark.parametrize(
    ("code", "percent", "others", "expected"),
    [
        pytest.param("SALE10", 10, [], [], id="right"),
        pytest.param("SALE15", 10, [], ["number_mismatch"], id="another number"),
        pytest.param("SALE100", 10, [], ["number_mismatch"], id="everything free?"),
        pytest.param("SALE2026", 10, [], [], id="a year"),
        pytest.param("MAY31-10", 10, [], [], id="one of the numbers is right"),
        pytest.param("SALE05", 5, [], [], id="a leading zero"),
        pytest.param("SALE", 5, [], [], id="no number"),
        pytest.param("SALE12", "12.5", [], [], id="the whole part"),
        pytest.param("SALE125", "12.5", [], [], id="all the digits"),
        pytest.param("SALE13", "12.5", [], ["number_mismatch"], id="promises more"),
        pytest.param("SALE10", "10.00", [], [], id="zeros in the percent"),
        pytest.param("SALE", None, [], [], id="no percent yet"),
        pytest.param("СКИДКА10", 10, [], ["cyrillic"], id="a Russian word"),
        pytest.param("АВТО10", 10, [], ["twins"], id="Russian that looks Latin"),
        pytest.param("SOLO10", 10, ["S0L010"], ["look_alike"], id="O and 0"),
        pytest.param("CELL10", 10, ["CEII10"], ["look_alike"], id="L and I"),
        pytest.param("SALE-10", 10, ["SALE10"], ["look_alike"], id="a dash"),
        pytest.param("SALE10", 10, ["TALE10"], [], id="clearly another"),
    ],
)
def test_what_may_mislead(code, percent, others, expected):
    draft = replace(
        DRAFT, code=code, discount_percent=None if percent is None else D(percent)
    )
    earlier = [replace(DRAFT, code=other) for other in others]

    warned = limits.warnings(draft, others=earlier)

    assert [problem.code for problem in warned] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("10", "10", id="plain"),
        pytest.param("12,5", "12.5", id="comma"),
        pytest.param("12.5 %", "12.5", id="percent sign after a blank"),
        pytest.param("\u00a012,50\u00a0%", "12.50", id="no-break spaces"),
        pytest.param("１２，５％", "12.5", id="full width"),
        pytest.param("007", "7", id="leading zeros"),
        pytest.param("100", "100", id="a percentage, though too large for a code"),
    ],
)
def test_a_percentage_as_people_type_it(text, expected):
    assert limits.parse_percent(text) == D(expected)


@pytest.mark.parametrize(
    "text",
    ["", "%", "1e1", "-5", "+5", "12,5,1", "10.", ".5", "1 0", "١٢", "NaN", "1" * 50]
    + ["10 %%", "10 %" + " " * 50],
)
def test_what_is_no_percentage(text):
    with pytest.raises(ValueError):
        limits.parse_percent(text)


def test_the_tenth_code_fits_and_the_eleventh_does_not():
    ten = [*nine(), spell("TENTH", 1, 31)]

    assert found(DRAFT, others=nine()) == []
    assert found(DRAFT, others=ten) == [("starts_at", "no_slot")]


def test_a_slot_freed_in_time_is_free():
    until_start = spell("TENTH", 1, 10)
    into_start = spell("TENTH", 1, 11)

    assert found(DRAFT, others=[*nine(), until_start]) == []
    assert found(DRAFT, others=[*nine(), into_start]) == [("starts_at", "no_slot")]


def test_crowded_later_though_free_now():
    # 11 to 20 March meets nine all along and a tenth on the last day only.
    late = spell("LATE", 20, 25)

    conflict = limits.first_conflict(DRAFT, [*nine(), late])

    assert conflict == Conflict(
        *days.period(date(2026, 3, 20), date(2026, 3, 20)),
        ("CODE-0", "CODE-1", "CODE-2", "CODE-3", "CODE-4", "CODE-5", "CODE-6")
        + ("CODE-7", "CODE-8", "LATE"),
    )


def test_codes_that_do_not_meet_each_other_share_a_slot():
    # Twelve codes in the period, never more than two at once beside it.
    pairs = [spell(f"A{day}", day, day + 1) for day in range(10, 22)]

    assert limits.max_overlap(pairs) == 2
    assert limits.first_conflict(DRAFT, pairs, slots=3) is None
    assert limits.first_conflict(DRAFT, pairs, slots=2) is not None


def test_no_codes_overlap_nothing():
    assert limits.max_overlap([]) == 0


SPELLS = st.lists(
    st.tuples(st.integers(1, 28), st.integers(0, 10)).map(
        lambda pair: spell("C", pair[0], min(31, pair[0] + pair[1]))
    ),
    max_size=14,
)


@given(others=SPELLS, slots=st.integers(1, 5))
def test_a_conflict_is_what_the_sweep_counts(others, slots):
    """Against counting the codes of every single day."""
    draft_days = range(11, 21)
    crowded = [
        day
        for day in draft_days
        if sum(
            one.starts_at <= days.day_start(date(2026, 3, day)) < one.expires_at
            for one in others
        )
        >= slots
    ]

    conflict = limits.first_conflict(DRAFT, others, slots=slots)

    assert (conflict is not None) == bool(crowded)
    if conflict:
        assert conflict.starts_at == days.day_start(date(2026, 3, crowded[0]))
        assert len(conflict.codes) >= slots


@given(others=SPELLS)
def test_the_busiest_instant(others):
    busiest = max(
        sum(
            one.starts_at <= days.day_start(date(2026, 3, day)) < one.expires_at
            for one in others
        )
        for day in range(1, 32)
    )

    assert limits.max_overlap(others) == busiest


@given(st.text(max_size=80))
def test_any_text_as_a_code_gets_a_verdict(text):
    verdict = limits.problems(replace(DRAFT, code=text), today=TODAY)
    limits.warnings(replace(DRAFT, code=text), others=[DRAFT])

    assert {problem.field for problem in verdict} <= {"code"}
    assert limits.normalise_code(limits.clean_code(text)) == limits.normalise_code(text)
    assert limits.clean_code(limits.clean_code(text)) == limits.clean_code(text)
