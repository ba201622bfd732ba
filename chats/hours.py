"""
Working time: how much of it passes between two moments. Pure.

Moscow keeps one offset all the year (see promos.rules.days), so an hour of the clock
is an hour of work, and a day has 1440 minutes. A span that ends at minute 1440 meets
one that begins at 0 on the next day: a night shift is two spans.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from promos.rules.days import DAY, day_start, moscow_date

MINUTES = 24 * 60
FARTHEST = 400
"""Days looked through for working time; a shop closed for longer has none."""

Span = tuple[int, int]
"""Minutes since midnight, ``[start, end)``; 1440 is the next midnight."""


@dataclass(frozen=True)
class Hours:
    """A week of spans, Monday first, and days on which nobody works."""

    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    def on(self, day: date) -> tuple[Span, ...]:
        """Return the spans of one Moscow day, earliest first."""
        return () if day in self.holidays else self.week[day.weekday()]

    def after(self, moment: datetime, work: timedelta) -> datetime | None:
        """
        Return when ``work`` has been done by those who begin at ``moment``.

        At the end of a span, not at the start of the next. None when the shop is
        closed for more than a year.
        """
        left = work
        for start, end in self._onwards(moment):
            if end - start >= left:
                return start + left
            left -= end - start
        return None

    def before(self, moment: datetime, work: timedelta) -> datetime | None:
        """Return the latest moment since which ``work`` has been done by ``moment``."""
        left = work
        for start, end in self._backwards(moment):
            if end - start >= left:
                return end - left
            left -= end - start
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time in ``[start, end)``; nothing when it is empty."""
        total = timedelta()
        for opens, closes in self._onwards(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def _onwards(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = moscow_date(moment)
        for number in range(FARTHEST):
            for start, end in self._instants(first + number * DAY):
                if end > moment:
                    yield max(start, moment), end

    def _backwards(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        last = moscow_date(moment)
        for number in range(FARTHEST):
            for start, end in reversed([*self._instants(last - number * DAY)]):
                if start < moment:
                    yield start, min(end, moment)

    def _instants(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        midnight = day_start(day).astimezone(UTC)
        for start, end in self.on(day):
            yield (
                midnight + timedelta(minutes=start),
                midnight + timedelta(minutes=end),
            )


class HoursError(ValueError):
    """A line of hours or days that says nothing; ``fault`` is a machine word."""

    def __init__(self, fault: str, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault, self.detail = fault, detail


def spans(line: str) -> tuple[Span, ...]:
    """
    Read «9:00–13:00, 14:00–18:00» into spans, earliest first; an empty line is none.

    Raises HoursError with the fault ``shape``, ``clock``, ``backwards`` or
    ``overlap`` and the words it lies in.
    """
    found = sorted(_span(part) for part in _parts(line))
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise HoursError("overlap", f"{clock(start)}–{clock(end)}")
    return tuple(found)


def written(day: Iterable[Span]) -> str:
    """Return spans as a person writes them."""
    return ", ".join(f"{clock(start)}–{clock(end)}" for start, end in day)


def clock(minute: int) -> str:
    """Return minutes since midnight as «09:30»."""
    return f"{minute // 60:02}:{minute % 60:02}"


def dates(lines: str) -> tuple[date, ...]:
    """
    Read days such as «01.01.2027–08.01.2027, 23.02.2027», earliest first, each once.

    Raises HoursError with the fault ``day``, ``backwards`` or ``long`` and the words.
    """
    found: set[date] = set()
    for part in _parts(lines.replace("\n", ",")):
        ends = [_date(piece, part) for piece in part.split("-")]
        first, last = ends[0], ends[-1]
        if len(ends) > 2:
            raise HoursError("day", part)
        if last < first:
            raise HoursError("backwards", part)
        if (last - first).days > 60:
            raise HoursError("long", part)
        found.update(first + number * DAY for number in range((last - first).days + 1))
    return tuple(sorted(found))


def _parts(text: str) -> list[str]:
    """Cut at commas and semicolons; any dash is a hyphen, and spaces say nothing."""
    for dash in "–—−‐":
        text = text.replace(dash, "-")
    parts = text.replace(";", ",").replace(" ", "").replace("\r", "").split(",")
    return [part for part in parts if part]


def _span(part: str) -> Span:
    start, dash, end = part.partition("-")
    if not dash or "-" in end:
        raise HoursError("shape", part)
    opens, closes = _minute(start, part), _minute(end, part)
    if closes <= opens:
        raise HoursError("backwards", part)
    return opens, closes


def _minute(text: str, part: str) -> int:
    hours, colon, minutes = text.replace(".", ":").partition(":")
    minutes = minutes if colon else "00"
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise HoursError("shape", part)
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or found > MINUTES:
        raise HoursError("clock", part)
    return found


def _date(text: str, part: str) -> date:
    try:
        return datetime.strptime(text, "%d.%m.%Y").date()
    except ValueError:
        raise HoursError("day", part) from None
