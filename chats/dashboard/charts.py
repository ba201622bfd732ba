"""The dashboard's charts as data for the page's script."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from chats.dashboard.words import DECISIONS, SPEEDS, intent, use_case
from chats.figures import ChatFigures
from promos.ledger import Figures, Filters
from promos.rules.days import DAY

SERIES = 6  # values of a stacked chart; the rest is «others»


def charts(sends: Figures, chats: ChatFigures) -> dict[str, dict[str, Any]]:
    """Return the data of each chart, ready for the page's script."""
    names = times(sends.filters)
    steps = [
        (_("Buyers' turns"), chats.turns),
        (_("Suggested"), chats.suggested),
        (_("Suggested with a code"), chats.suggested_with_code),
        (_("Replies sent"), chats.sent),
        (_("Codes sent"), sends.total),
    ]
    known = [(name, count) for name, count in steps if count is not None]
    return {
        "use-cases": _stacked(names, sends.by_step_and["use_case"], use_case),
        "intents": _stacked(names, sends.by_step_and["intent"], intent),
        "codes": _stacked(names, sends.by_step_and["code"], str),
        "funnel": _bars(known, across=True),
        "speeds": _bars(
            [(str(SPEEDS[name]), count) for name, count in sends.by_speed.items()],
            across=True,
        ),
        "decisions": {
            "type": "doughnut",
            "labels": [str(DECISIONS[kind]) for kind in ("accept", "edit", "skip")],
            "series": [
                {
                    "name": _("Decisions"),
                    "data": [
                        chats.decisions.accepted,
                        chats.decisions.edited,
                        chats.decisions.skipped,
                    ],
                }
            ],
        },
    }


def times(filters: Filters) -> list[str]:
    """Return the name of each step: a day, or the days of a week."""
    firsts = filters.steps
    lasts = [*(first - DAY for first in firsts[1:]), filters.last]
    return [_span(first, last) for first, last in zip(firsts, lasts, strict=True)]


def _span(first: date, last: date) -> str:
    """Return from when to when, the month once where it is one."""
    if first == last:
        return formats.date_format(first, "j b")
    start = "j" if first.month == last.month else "j b"
    from_day, to_day = (
        formats.date_format(day, shape)
        for day, shape in ((first, start), (last, "j b"))
    )
    return f"{from_day}–{to_day}" if start == "j" else f"{from_day} – {to_day}"


def _stacked(
    times: list[str], series: Mapping[str, list[int]], name: Any
) -> dict[str, Any]:
    """Return a stacked chart over time: the largest series, the others together."""
    ordered = list(series.items())
    shown = [{"name": name(value), "data": data} for value, data in ordered[:SERIES]]
    rest = [data for _value, data in ordered[SERIES:]]
    if rest:
        together = [sum(step) for step in zip(*rest, strict=True)]
        shown.append({"name": _("others"), "data": together})
    return {"type": "bar", "stacked": True, "labels": times, "series": shown}


def _bars(rows: Iterable[tuple[str, int]], *, across: bool = False) -> dict[str, Any]:
    rows = list(rows)
    return {
        "type": "bar",
        "across": across,
        "labels": [name for name, _count in rows],
        "series": [{"name": _("Number"), "data": [count for _name, count in rows]}],
    }
