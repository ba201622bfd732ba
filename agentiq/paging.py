"""
Lists by cursor: a page costs the same wherever it lies, and none is skipped.

A cursor names the last row of a page by its place in the order. Rows that come or
go meanwhile shift nothing.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from agentiq.problems import Problem

USUAL_SIZE = 50
LARGEST_SIZE = 200
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Order:
    """By an instant that is never empty and then by id, or by id alone."""

    instant: str = ""
    newest_first: bool = True

    @property
    def fields(self) -> list[str]:
        names = [name for name in (self.instant, "pk") if name]
        return [f"-{name}" for name in names] if self.newest_first else names

    @property
    def name(self) -> str:
        """What a cursor of this order carries, so that none fits another list."""
        return ",".join(self.fields)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page and the cursor of the next, None at the end."""

    rows: list[Any]
    next_cursor: str | None


def page(queryset: QuerySet, order: Order, *, cursor: str, size: int) -> Page:
    """Return the page after ``cursor`` ("" for the first). Raises Problem."""
    found = queryset.order_by(*order.fields)
    if cursor:
        found = found.filter(_after(order, cursor))
    rows = list(found[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], _encode(order, rows[size - 1]) if more else None)


def document(page: Page, url: str, as_dict: Callable[[list[Any]], Any]) -> dict:
    """Return what a list answers: the rows, and where the next page is."""
    return {
        "results": as_dict(page.rows),
        "next_cursor": page.next_cursor,
        "next": url if page.next_cursor else None,
    }


def _encode(order: Order, row: Any) -> str:
    instant = getattr(row, order.instant).isoformat() if order.instant else ""
    packed = json.dumps([order.name, instant, row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _decode(order: Order, cursor: str) -> tuple[datetime | None, int]:
    """Return the place a cursor names; a Problem for anything we did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        name, instant, pk = json.loads(raw)
        moment = datetime.fromisoformat(instant) if order.instant else None
        if name != order.name or type(pk) is not int or not 0 < pk <= LARGEST_ID:
            raise ValueError
        if moment is not None and moment.tzinfo is None:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Problem("bad_cursor") from None
    return moment, pk


def _after(order: Order, cursor: str) -> Q:
    """Return the condition of the rows behind the cursor."""
    moment, pk = _decode(order, cursor)
    side = "lt" if order.newest_first else "gt"
    if moment is None:
        return Q(**{f"pk__{side}": pk})
    # The first half lets the index of the order find the place; the rest is exact.
    return Q(**{f"{order.instant}__{side}e": moment}) & (
        Q(**{f"{order.instant}__{side}": moment}) | Q(**{f"pk__{side}": pk})
    )
