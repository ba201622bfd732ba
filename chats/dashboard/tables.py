"""The dashboard's tables: the page shows the first rows, the files all."""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from chats import labels, reasons
from chats.dashboard.charts import times
from chats.dashboard.words import (
    DECISIONS,
    intent,
    interval,
    percent,
    use_case,
    wording,
)
from chats.figures import ChatFigures, Rate, Tally
from promos.exports import Table
from promos.ledger import Figures
from promos.models import Seller


def tables(
    sends: Figures,
    chats: ChatFigures,
    people: dict[int | None, str],
    most: int | None,
) -> list[Table]:
    """Return the tables of page and export, each with ``most`` rows at most."""
    shares = partial(_shares, total=sends.total, most=most)
    rates = partial(_rates, most=most)
    return [
        shares(_("Sends by use case"), _("Use case"), sends.by_use_case, use_case),
        shares(_("Sends by code"), _("Code"), sends.by_code, str),
        shares(_("Sends by intent"), _("Intent"), sends.by_intent, intent),
        shares(
            _("Sends by mood"),
            _("Mood"),
            sends.by_sentiment,
            lambda word: labels.mood(word) or _("not known"),
        ),
        shares(_("Sends by operator"), _("Operator"), sends.by_operator, people.get),
        shares(
            _("Sends by decision"),
            _("Decision"),
            sends.by_decision,
            lambda word: str(DECISIONS.get(word, word)) or _("not known"),
        ),
        shares(
            _("Sends by article"),
            _("Article"),
            sends.by_article,
            lambda nm_id: str(nm_id or _("not known")),
        ),
        rates(_("Decisions by intent"), _("Intent"), chats.by_intent, intent),
        rates(
            _("Decisions by operator"),
            _("Operator"),
            chats.by_operator,
            lambda pk: people.get(pk, "—"),
        ),
        rates(_("Decisions by text"), _("Text"), chats.by_template, wording),
        rates(_("Decisions by analyser"), _("Version"), chats.by_version, str),
        Table(
            _("Why skipped"),
            [_("Reason"), _("Skipped")],
            [
                [str(reasons.SKIPS.get(reason, reason)) or _("not given"), count]
                for reason, count in chats.skip_reasons.items()
            ],
        ),
        _by_time(sends, by_step=most is not None and sends.filters.step > 1),
    ]


def _by_time(sends: Figures, *, by_step: bool) -> Table:
    """Return the sends of each day; on the page of a long period, of each week."""
    if not by_step:
        days = [[day.isoformat(), count] for day, count in sends.by_day.items()]
        return Table(_("Sends by day"), [_("Day"), _("Sends")], days)
    weeks = zip(*sends.by_step_and["use_case"].values(), strict=True)
    counts = [sum(week) for week in weeks] or [0] * len(sends.filters.steps)
    rows = zip(times(sends.filters), counts, strict=True)
    return Table(_("Sends by week"), [_("Week"), _("Sends")], list(map(list, rows)))


def _shares(
    title: str,
    name: str,
    counts: Mapping[Any, int],
    word: Any,
    *,
    total: int,
    most: int | None,
) -> Table:
    """Return a breakdown of the sends; shares only of 20 sends or more."""
    rows = [
        [word(value), count, percent(Rate(count, total))]
        for value, count in islice(counts.items(), most)
    ]
    header = [name, _("Sends"), _("Share")]
    return Table(title, header, rows, len(counts) - len(rows))


def _rates(
    title: str,
    name: str,
    tallies: Mapping[Any, Tally],
    word: Any,
    *,
    most: int | None,
) -> Table:
    decided = [(value, tally) for value, tally in tallies.items() if tally.decided]
    rows = [
        [
            word(value),
            tally.decided,
            percent(tally.acceptance),
            interval(tally.acceptance),
            percent(tally.edits),
            interval(tally.edits),
        ]
        for value, tally in decided[:most]
    ]
    header = [
        name,
        _("Decided"),
        _("Accepted"),
        _("Interval"),
        _("Edited"),
        _("Interval"),
    ]
    return Table(title, header, rows, len(decided) - len(rows))


def people(seller: Seller, keys: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of the people in the figures, without one for nobody."""
    asked = {key for key in keys if key}
    users = get_user_model().objects.filter(pk__in=asked, memberships__seller=seller)
    names: dict[int | None, str] = {key: _("left the shop") for key in asked}
    names |= {user.pk: user.get_full_name() or user.get_username() for user in users}
    return names | {None: _("nobody")}
