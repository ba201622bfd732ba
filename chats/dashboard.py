"""
The dashboard's content: figures of both sides with their words, charts and tables.

The page, the print-out and the export are made of this one report, so a figure
cannot differ between them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats import figures as chat_figures
from chats import labels
from chats.figures import ChatFigures, Rate, Tally
from chats.models import Decision
from promos import ledger
from promos.alert_words import USE_CASES
from promos.exports import Table
from promos.ledger import Figures, Filters
from promos.models import Membership, PromoCode, Seller
from promos.rules import slots
from promos.rules.days import DAY, moscow_date

SERIES = 6  # values of a stacked chart; the rest is «others»
SHOWN = 20  # rows of a table on the page; the files have all
COVER_DAYS = 30

SPEEDS: Mapping[str, Promise] = {
    "1m": gettext_lazy("up to 1 min"),
    "5m": gettext_lazy("1–5 min"),
    "15m": gettext_lazy("5–15 min"),
    "1h": gettext_lazy("15–60 min"),
    "4h": gettext_lazy("1–4 h"),
    "1d": gettext_lazy("4–24 h"),
    "later": gettext_lazy("over a day"),
}
DECISIONS: Mapping[str, Promise] = {kind.value: kind.label for kind in Decision.Kind}


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: what it says in a sentence, and how it is counted."""

    title: str
    value: str
    note: str
    how: str


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
    cards: list[Card]
    charts: dict[str, dict[str, Any]]
    tables: list[Table]
    cover: list[Cover]


def report(seller: Seller, filters: Filters, *, now: datetime) -> Report:
    """Return the dashboard of a period, for all or for one code and operator."""
    sends = ledger.figures(seller, filters)
    chats = chat_figures.figures(seller, filters)
    people = _people(seller, [*sends.by_operator, *chats.by_operator])
    return Report(
        filters=filters,
        sends=sends,
        chats=chats,
        cards=_cards(sends, chats),
        charts=_charts(sends, chats),
        tables=_tables(sends, chats, people, SHOWN),
        cover=_cover(seller, now),
    )


def tables(seller: Seller, filters: Filters) -> list[Table]:
    """Return the tables of the dashboard with every row: the files."""
    sends = ledger.figures(seller, filters)
    chats = chat_figures.figures(seller, filters)
    people = _people(seller, [*sends.by_operator, *chats.by_operator])
    return _tables(sends, chats, people, None)


def duration(seconds: float | None) -> str:
    """Return a time span in the two units that matter; a dash when not known."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes and not rest:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(rest)d s") % {"minutes": minutes, "rest": rest}
    return _("%(rest)d s") % {"rest": rest}


def percent(rate: Rate) -> str:
    """Return the share; of fewer than 20 events, how many there were."""
    if not rate.events:
        return "—"
    if rate.percent is None:
        return _("%(hits)d of %(events)d") % {"hits": rate.hits, "events": rate.events}
    return f"{_number(rate.percent)} %"


def interval(rate: Rate) -> str:
    """Return the 95 % interval; empty below 20 events."""
    if rate.interval is None:
        return ""
    low, high = rate.interval
    return f"{_number(low)}–{_number(high)} %"


def _number(value: float) -> str:
    return formats.number_format(value, 1)


def _count(value: int) -> str:
    return formats.number_format(value, force_grouping=True, use_l10n=True).replace(
        "\xa0", "\u202f"
    )


def _cards(sends: Figures, chats: ChatFigures) -> list[Card]:
    acceptance, edits = chats.decisions.acceptance, chats.decisions.edits
    offered = Rate(chats.suggested_with_code, chats.suggested)
    return [
        Card(
            _("Codes sent"),
            _count(sends.total),
            _("So many replies with a promo code reached buyers in the period."),
            _(
                "Counted when WB has taken the message; one per reply. Days are "
                "Moscow days."
            ),
        ),
        Card(
            _("Replies sent"),
            _count(chats.sent),
            _("Replies of any kind that WB took, with a code or without."),
            _("Replies in the state “sent”, by the day WB took them."),
        ),
        Card(
            _("Suggestions with a code"),
            percent(offered),
            _("This share of suggestions offered the buyer a code.")
            if offered.percent is not None
            else _("Too few suggestions for a share: at least 20 are needed."),
            _(
                "Suggestions with a code ÷ all suggestions, by the day they were made; "
                "no percentage below 20."
            ),
        ),
        Card(
            _("Accepted as suggested"),
            percent(acceptance),
            _rate_note(
                acceptance,
                _("This share of suggestions went out without a change."),
            ),
            _(
                "Accepted ÷ (accepted + edited + skipped). Automatic replies and "
                "suggestions nobody decided about are left out. The range is the "
                "95 % Wilson interval; no percentage below 20 decisions."
            ),
        ),
        Card(
            _("Edited before sending"),
            percent(edits),
            _rate_note(edits, _("This share of sent suggestions was changed first.")),
            _("Edited ÷ (accepted + edited). 95 % Wilson interval; 20 at least."),
        ),
        Card(
            _("Time to a reply"),
            duration(chats.answer_seconds),
            _("On average a buyer waited so long for a reply of any kind."),
            _(
                "From the moment the buyer began to wait to the moment WB took the "
                "reply; the mean over replies where both are known."
            ),
        ),
        Card(
            _("Time to a code"),
            duration(sends.answer_seconds),
            _("On average a buyer waited so long for a reply with a code."),
            _(
                "From the buyer's last message to the moment WB took the reply; the "
                "mean over sends where both are known."
            ),
        ),
        Card(
            _("Time to decide"),
            duration(chats.decision_seconds),
            _("Half of the suggestions were decided about faster than this."),
            _(
                "Median from the moment the suggestion was shown to the decision: to "
                "the second below two minutes, to about one part in a hundred above."
            ),
        ),
    ]


def _rate_note(rate: Rate, sentence: str) -> str:
    if rate.percent is None:
        return _("Too few decisions for a share: at least 20 are needed.")
    # One text of its own: makemessages does not look into f-strings.
    range_ = _("95 %% interval: %(range)s.") % {"range": interval(rate)}
    return f"{sentence} {range_}"


def _charts(sends: Figures, chats: ChatFigures) -> dict[str, dict[str, Any]]:
    """Return the data of each chart, ready for the page's script."""
    times = _times(sends.filters)
    steps = [
        (_("Buyers' turns"), chats.turns),
        (_("Suggested"), chats.suggested),
        (_("Suggested with a code"), chats.suggested_with_code),
        (_("Replies sent"), chats.sent),
        (_("Codes sent"), sends.total),
    ]
    known = [(name, count) for name, count in steps if count is not None]
    return {
        "use-cases": _stacked(times, sends.by_step_and["use_case"], use_case),
        "intents": _stacked(times, sends.by_step_and["intent"], intent),
        "codes": _stacked(times, sends.by_step_and["code"], str),
        "funnel": _bars(known, across=True),
        "speeds": _bars(
            [(str(SPEEDS[name]), count) for name, count in sends.by_speed.items()]
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


def _times(filters: Filters) -> list[str]:
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


def use_case(word: str) -> str:
    """Return the use case as people say it."""
    return str(USE_CASES.get(word, word)).capitalize() or _("not known")


def intent(word: str) -> str:
    """Return the intent as people say it."""
    return labels.intent(word) or _("not known")


def _tables(
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
        rates(_("Decisions by text"), _("Text"), chats.by_template, str),
        rates(_("Decisions by analyser"), _("Version"), chats.by_version, str),
        Table(
            _("Why skipped"),
            [_("Reason"), _("Skipped")],
            [[reason or _("not given"), n] for reason, n in chats.skip_reasons.items()],
        ),
        Table(
            _("Sends by day"),
            [_("Day"), _("Sends")],
            [[day.isoformat(), count] for day, count in sends.by_day.items()],
        ),
    ]


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


def _people(seller: Seller, keys: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of the people in the figures, without one for nobody."""
    asked = {key for key in keys if key}
    users = get_user_model().objects.filter(pk__in=asked, memberships__seller=seller)
    names: dict[int | None, str] = {key: _("left the shop") for key in asked}
    names |= {user.pk: user.get_full_name() or user.get_username() for user in users}
    return names | {None: _("nobody")}


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
