"""
The slot planner as a table: ten rows of codes, three rows of coverage, ninety days.

Cells are runs of days, so that the page is a table with colspans and works without
a script. What is missing is said in words below, with the first free period.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from promos.models import PromoCode, Seller
from promos.rules import slots
from promos.rules.days import day_start, moscow_date
from promos.rules.limits import SLOTS
from promos.rules.slots import Bar, Gap, Plan, Window
from promos.rules.status import Status, status
from promos.rules.terms import Terms, UseCase


class Cell(NamedTuple):
    """A run of days: free, or taken by a code."""

    days: int
    code: PromoCode | None = None
    state: Status | None = None


class Coverage(NamedTuple):
    """A run of days with so many codes for a use case; ``need`` are wanted."""

    days: int
    codes: int
    need: int

    @property
    def mood(self) -> str:
        """Return «none», «thin» or «enough»."""
        if self.codes == 0:
            return "none"
        return "thin" if self.codes < self.need else "enough"


class Missing(NamedTuple):
    """A gap, whether it is time to act, and when a code for it could run."""

    gap: Gap
    is_due: bool
    window: Window | None


class Month(NamedTuple):
    """The head of the table: a month's first day shown, and its days."""

    first: date
    days: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything the page shows."""

    months: tuple[Month, ...]
    rows: tuple[tuple[Cell, ...], ...]
    coverage: tuple[tuple[UseCase, tuple[Coverage, ...]], ...]
    missing: tuple[Missing, ...]
    taken_today: int
    today: date


def plan_of(seller: Seller, *, today: date) -> tuple[Plan, dict[str, PromoCode]]:
    """Return the plan of a shop and its codes by name, drafts too."""
    rows = PromoCode.objects.filter(seller=seller).current()
    by_code = {row.code: row for row in rows.filter(expires_at__gte=day_start(today))}
    return slots.plan((row.terms() for row in by_code.values()), today=today), by_code


def timeline(seller: Seller, *, now: datetime) -> Timeline:
    """Return the planner's page for a shop."""
    today = moscow_date(now)
    plan, by_code = plan_of(seller, today=today)
    holding: list[Terms] = [row.terms() for row in by_code.values() if not row.is_draft]
    return Timeline(
        months=tuple(_months(plan)),
        rows=tuple(_rows(plan, by_code, today, now, seller.expiring_days)),
        coverage=tuple((case, _coverage(plan, case)) for case in slots.TARGETS),
        missing=tuple(
            Missing(gap, gap.is_due(), slots.gap_filler(gap, holding, today=today))
            for gap in plan.gaps
        ),
        taken_today=plan.days[0].taken,
        today=today,
    )


def _months(plan: Plan) -> Iterator[Month]:
    for _, days in groupby(plan.days, key=lambda it: (it.day.year, it.day.month)):
        listed = list(days)
        yield Month(listed[0].day, len(listed))


def _rows(
    plan: Plan,
    by_code: dict[str, PromoCode],
    today: date,
    now: datetime,
    expiring_days: int,
) -> Iterator[tuple[Cell, ...]]:
    """Return a row of cells for each slot, empty ones too."""
    count = max([SLOTS, *(bar.slot + 1 for bar in plan.bars)])
    for slot in range(count):
        bars = [bar for bar in plan.bars if bar.slot == slot]
        yield tuple(_cells(bars, by_code, today, len(plan.days), now, expiring_days))


def _cells(
    bars: Sequence[Bar],
    by_code: dict[str, PromoCode],
    today: date,
    horizon: int,
    now: datetime,
    expiring_days: int,
) -> Iterable[Cell]:
    reached = 0
    for bar in sorted(bars, key=lambda it: it.first):
        first = max((bar.first - today).days, reached)
        last = (bar.last - today).days
        if last < first:
            continue
        if first > reached:
            yield Cell(first - reached)
        state = status(bar.terms, now, expiring_days=expiring_days)
        yield Cell(last - first + 1, by_code[bar.terms.code], state)
        reached = last + 1
    if reached < horizon:
        yield Cell(horizon - reached)


def _coverage(plan: Plan, case: UseCase) -> tuple[Coverage, ...]:
    need = slots.TARGETS[case]
    runs = groupby(day.covered[case] for day in plan.days)
    return tuple(Coverage(len(list(run)), codes, need) for codes, run in runs)
