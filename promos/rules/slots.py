"""
Ninety days of the ten slots: what runs when, what is missing, and when to act.

WB lets ten codes run at a time. Of those a seller keeps by default three for
retention, three for loyalty, three for conversion and one in reserve. A code
meant for several use cases counts for each of them.

The plan speaks in Moscow days. A day is covered by a code that runs at noon, so
that an end at 23:59 leaves no gap and a code that ends in the morning does not
hide one. How many slots a day takes is its busiest instant. Drafts hold no slot.
A code that is switched off or leaked holds its slot at WB but covers nothing.

A gap is a run of days without any code for a use case. WB takes a new code no
sooner than tomorrow, and a seller needs time, so a gap is announced from ten days
ahead: even a check that failed for three days still leaves a week.

A code cannot be prolonged, only followed by a new one («Продлить новым кодом»).
The follower starts the day after the old one ends, or tomorrow if that is later,
for as many days as the old one, and later still if no slot is free for all of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from promos.rules.days import DAY, day_count, days_of, period
from promos.rules.limits import (
    LONGEST,
    SLOTS,
    Spell,
    first_conflict,
    last_start,
    max_overlap,
)
from promos.rules.terms import Terms, UseCase

HORIZON_DAYS = 90
NOTICE_DAYS = 10
TARGETS: Mapping[UseCase, int] = {
    UseCase.RETENTION: 3,
    UseCase.LOYALTY: 3,
    UseCase.CONVERSION: 3,
}
RESERVE = 1
NOON = timedelta(hours=12)


class Bar(NamedTuple):
    """
    A code on the timeline: its row from 0, and its days within the horizon.

    A row of ten or more is one too many for WB.
    """

    slot: int
    terms: Terms
    first: date
    last: date


class Day(NamedTuple):
    """One Moscow day: slots taken at its busiest, codes at noon per use case."""

    day: date
    taken: int
    covered: Mapping[UseCase, int]

    @property
    def free(self) -> int:
        """Return the free slots; negative when WB could not hold what is planned."""
        return SLOTS - self.taken

    @property
    def reserve_is_used(self) -> bool:
        """Say whether the slot kept for surprises is taken too."""
        return self.free < RESERVE


class Gap(NamedTuple):
    """
    Days, both included, with fewer codes for a use case than needed.

    ``least`` is the smallest number on any of them. ``is_open`` says that it lasts
    to the end of the horizon at least. ``days_ahead`` counts from today.
    """

    use_case: UseCase
    first: date
    last: date
    least: int
    is_open: bool
    days_ahead: int

    def is_due(self, notice_days: int = NOTICE_DAYS) -> bool:
        """Say whether it is time to tell the seller."""
        return self.days_ahead <= notice_days


@dataclass(frozen=True, slots=True)
class Plan:
    """The timeline, the days, the gaps without any code and the thin stretches."""

    bars: tuple[Bar, ...]
    days: tuple[Day, ...]
    gaps: tuple[Gap, ...]
    thin: tuple[Gap, ...]


class Window(NamedTuple):
    """A free period: Moscow days, both included, and the same as instants."""

    first: date
    last: date
    starts_at: datetime
    expires_at: datetime


class _Stretch(NamedTuple):
    """A period without a name, as ``first_conflict`` takes it."""

    code: str
    starts_at: datetime
    expires_at: datetime


def plan(
    codes: Iterable[Terms],
    *,
    today: date,
    horizon_days: int = HORIZON_DAYS,
    targets: Mapping[UseCase, int] = TARGETS,
) -> Plan:
    """Return the plan from today, a Moscow date, for so many days."""
    holding = _holding(codes, today, horizon_days)
    days = tuple(
        _day(today + offset * DAY, holding, targets) for offset in range(horizon_days)
    )
    none = [gap for case in targets for gap in _stretches(days, case, 1)]
    thin = [
        gap for case, need in targets.items() for gap in _stretches(days, case, need)
    ]
    return Plan(
        bars=_bars(holding, today, horizon_days),
        days=days,
        gaps=tuple(sorted(none, key=lambda gap: gap.first)),
        thin=tuple(sorted(thin, key=lambda gap: gap.first)),
    )


def free_window(
    wanted: date, length: int, others: Sequence[Spell], *, today: date
) -> Window | None:
    """
    Return the first period of so many days that WB would take, or None.

    It starts on the wanted Moscow day at the earliest, never before tomorrow, and
    has a slot free at every instant. ``length`` over 31 is cut to 31.
    """
    length = max(1, min(length, LONGEST.days))
    first = max(wanted, today + DAY)
    while first <= last_start(today):
        last = first + (length - 1) * DAY
        starts_at, expires_at = period(first, last)
        if first_conflict(_Stretch("", starts_at, expires_at), others) is None:
            return Window(first, last, starts_at, expires_at)
        first += DAY
    return None


def follower(terms: Spell, others: Sequence[Spell], *, today: date) -> Window | None:
    """
    Return when a new code could follow this one, or None when no slot is free.

    ``others`` are the codes that hold slots; whether this one is among them does
    not matter.
    """
    _, last = days_of(terms.starts_at, terms.expires_at)
    length = day_count(terms.starts_at, terms.expires_at)
    return free_window(last + DAY, length, others, today=today)


def gap_filler(
    gap: Gap, others: Sequence[Spell], *, today: date, length: int = 14
) -> Window | None:
    """Return when a new code for the gap could run, or None when no slot is free."""
    return free_window(gap.first, length, others, today=today)


def _holding(codes: Iterable[Terms], today: date, horizon_days: int) -> list[Terms]:
    """Return the codes that hold a slot within the horizon, by start."""
    begin, end = period(today, today + (horizon_days - 1) * DAY)
    near = [
        terms
        for terms in codes
        if not terms.is_draft and terms.starts_at < end and begin < terms.expires_at
    ]
    return sorted(near, key=lambda terms: (terms.starts_at, terms.code))


def _day(day: date, holding: Sequence[Terms], targets: Iterable[UseCase]) -> Day:
    """Return what one day takes and covers."""
    begin, end = period(day, day)
    noon = begin + NOON
    there = [
        _Stretch("", max(begin, terms.starts_at), min(end, terms.expires_at))
        for terms in holding
        if terms.starts_at < end and begin < terms.expires_at
    ]
    useful = [
        terms
        for terms in holding
        if terms.is_active
        and not terms.is_leaked
        and terms.starts_at <= noon < terms.expires_at
    ]
    covered = {
        case: sum(case in terms.use_cases for terms in useful) for case in targets
    }
    return Day(day, max_overlap(there), covered)


def _stretches(days: Sequence[Day], use_case: UseCase, need: int) -> list[Gap]:
    """Return the runs of days with fewer codes than needed."""
    found: list[Gap] = []
    for offset, day in enumerate(days):
        covered = day.covered[use_case]
        if covered >= need:
            continue
        is_open = offset == len(days) - 1
        if found and found[-1].last == day.day - DAY:
            gap = found.pop()
            least = min(gap.least, covered)
            found.append(gap._replace(last=day.day, least=least, is_open=is_open))
        else:
            found.append(Gap(use_case, day.day, day.day, covered, is_open, offset))
    return found


def _bars(holding: Iterable[Terms], today: date, horizon_days: int) -> tuple[Bar, ...]:
    """Return each code in the first row that is free from its start."""
    horizon = today + (horizon_days - 1) * DAY
    free_from: list[datetime] = []
    bars = []
    for terms in holding:
        rows = [row for row, end in enumerate(free_from) if end <= terms.starts_at]
        row = rows[0] if rows else len(free_from)
        free_from[row : row + 1] = [terms.expires_at]
        first, last = days_of(terms.starts_at, terms.expires_at)
        bars.append(Bar(row, terms, max(first, today), min(last, horizon)))
    return tuple(bars)
