"""
The dashboard's content: figures of both sides with their words, charts and tables.

The page, the print-out and the export are made of this one report, so a figure
cannot differ between them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from chats import figures as chat_figures
from chats.dashboard import cards as heads
from chats.dashboard import charts as plots
from chats.dashboard import tables as sheets
from chats.dashboard.words import DECISIONS, intent, use_case
from chats.figures import ChatFigures
from promos import ledger
from promos.alert_words import USE_CASES
from promos.exports import Table
from promos.ledger import Figures, Filters
from promos.models import Membership, PromoCode, Seller
from promos.rules import slots
from promos.rules.days import moscow_date

__all__ = ["DECISIONS", "codes", "intent", "operators", "report", "tables", "use_case"]

SHOWN = 20  # rows of a table on the page; the files have all
COVER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Cover:
    """One use case over the coming days: a mark and words for each."""

    name: str
    days: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page shows."""

    filters: Filters
    sends: Figures
    chats: ChatFigures
    cards: list[heads.Card]
    charts: dict[str, dict[str, Any]]
    tables: list[Table]
    cover: list[Cover]


def report(seller: Seller, filters: Filters, *, now: datetime) -> Report:
    """Return the dashboard of a period, for all or for one code and operator."""
    sends = ledger.figures(seller, filters)
    chats = chat_figures.figures(seller, filters)
    people = sheets.people(seller, [*sends.by_operator, *chats.by_operator])
    return Report(
        filters=filters,
        sends=sends,
        chats=chats,
        cards=heads.cards(sends, chats),
        charts=plots.charts(sends, chats),
        tables=sheets.tables(sends, chats, people, SHOWN),
        cover=_cover(seller, now),
    )


def tables(seller: Seller, filters: Filters) -> list[Table]:
    """Return the tables of the dashboard with every row: the files."""
    sends = ledger.figures(seller, filters)
    chats = chat_figures.figures(seller, filters)
    people = sheets.people(seller, [*sends.by_operator, *chats.by_operator])
    return sheets.tables(sends, chats, people, None)


def operators(seller: Seller) -> list[tuple[int, str]]:
    """Return the people of the shop for the filter."""
    members = Membership.objects.filter(seller=seller).select_related("user")
    names = [
        (row.user_id, row.user.get_full_name() or row.user.get_username())
        for row in members
    ]
    return sorted(names, key=lambda pair: pair[1].casefold())


def codes(seller: Seller) -> list[str]:
    """Return the shop's codes for the filter."""
    rows = PromoCode.objects.filter(seller=seller).order_by("code")
    return list(rows.values_list("code", flat=True).distinct())


def _cover(seller: Seller, now: datetime) -> list[Cover]:
    """Return for each use case how many codes cover each of the coming days."""
    rows = PromoCode.objects.current().filter(seller=seller)
    plan = slots.plan(
        (row.terms() for row in rows),
        today=moscow_date(now),
        horizon_days=COVER_DAYS,
    )
    days = [formats.date_format(day.day, "j E") for day in plan.days]
    return [
        Cover(
            str(USE_CASES[case]).capitalize(),
            [
                _mark(day, planned.covered[case])
                for day, planned in zip(days, plan.days, strict=True)
            ],
        )
        for case in slots.TARGETS
    ]


def _mark(day: str, count: int) -> tuple[str, str]:
    words = _("%(day)s: codes %(count)d") % {"day": day, "count": count}
    return ("none" if not count else "one" if count == 1 else "more"), words
