"""
Moscow days and the instants they begin at.

WB's cabinet speaks in Moscow dates, both ends included: «с 1 по 28 февраля».
The database keeps instants in UTC, the end excluded. The two say the same:
1 to 28 February is ``[31 January 21:00 UTC, 28 February 21:00 UTC)``.

Moscow is UTC+3 without summer time since 26 October 2014, years before the
first seller's code, so a fixed offset is enough and asks for no zone database.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3), "MSK")
DAY = timedelta(days=1)


def moscow_date(instant: datetime) -> date:
    """Return the date in Moscow at an aware instant; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no Moscow date")
    try:
        return instant.astimezone(MOSCOW).date()
    except OverflowError:  # within hours of the year 1 or 9999
        return instant.date()


def day_start(day: date) -> datetime:
    """Return the instant, in UTC, at which the Moscow day begins."""
    return datetime.combine(day, time(), MOSCOW).astimezone(UTC)


def period(first: date, last: date) -> tuple[datetime, datetime]:
    """
    Return ``[start, end)`` in UTC of the Moscow days, both included.

    ValueError where the last is before the first, or the calendar ends.
    """
    if last < first:
        raise ValueError(f"the last day {last} is before the first {first}")
    try:
        return day_start(first), day_start(last + DAY)
    except OverflowError as error:
        raise ValueError(f"{first} to {last} leaves the calendar") from error


def last_day(expires_at: datetime) -> date:
    """Return the last Moscow day before an end that is not included."""
    return moscow_date(expires_at - timedelta(microseconds=1))


def days_of(starts_at: datetime, expires_at: datetime) -> tuple[date, date]:
    """Return the first and the last Moscow day that ``[start, end)`` touches."""
    if expires_at <= starts_at:
        raise ValueError("the period is empty")
    return moscow_date(starts_at), last_day(expires_at)


def day_count(starts_at: datetime, expires_at: datetime) -> int:
    """Return how many Moscow days the period touches, both ends included."""
    first, last = days_of(starts_at, expires_at)
    return (last - first).days + 1


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
