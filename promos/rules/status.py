"""
The status of a code, derived from its terms and the time, never stored.

    черновик      not yet registered at WB, whatever its dates
    истёк         its end has come; switched on or off no longer matters
    выключен      the seller does not want it offered
    запланирован  its start lies ahead
    истекает      it runs, and ends within ``expiring_days`` times 24 hours
    активен       it runs

The first line that fits wins. The start belongs to the code and the end does
not: at ``starts_at`` it runs, at ``expires_at`` it has expired. Admin, API,
suggestions and dashboard all call this one function.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from promos.rules.terms import Terms

EXPIRING_DAYS = 3


class Status(StrEnum):
    """Where a code stands, from draft to switched off."""

    DRAFT = "draft"
    PLANNED = "planned"
    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    OFF = "off"


LIVE = frozenset({Status.ACTIVE, Status.EXPIRING})


def status(
    terms: Terms, now: datetime, *, expiring_days: int = EXPIRING_DAYS
) -> Status:
    """Return the status of a code at an aware instant."""
    if terms.is_draft:
        return Status.DRAFT
    if now >= terms.expires_at:
        return Status.EXPIRED
    if not terms.is_active:
        return Status.OFF
    if now < terms.starts_at:
        return Status.PLANNED
    if terms.expires_at - now <= timedelta(days=expiring_days):
        return Status.EXPIRING
    return Status.ACTIVE
