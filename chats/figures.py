"""
What people made of the suggestions: the funnel, acceptance, edits, answer times.

Each step is counted on the Moscow day it happened, so yesterday's figures do not
move when a chat is answered today. A share of fewer than 20 events is not shown:
it would be noise. Others come with the 95 % Wilson interval.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet, Sum

from chats.models import Analysis, Decision, Outgoing, Suggestion
from promos.ledger import Filters
from promos.models import Seller
from promos.rules.days import period
from promos.rules.limits import normalise_code

LEAST_EVENTS = 20
Z95 = 1.959964
Kind = Decision.Kind


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many. ``percent`` and the interval (0–100) None below 20."""

    hits: int
    events: int

    @property
    def percent(self) -> float | None:
        return None if self.events < LEAST_EVENTS else 100 * self.hits / self.events

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.events < LEAST_EVENTS:
            return None
        low, high = wilson(self.hits, self.events)
        return 100 * low, 100 * high


@dataclass(frozen=True, slots=True)
class Tally:
    """Decisions about suggestions: how many were accepted, edited, skipped."""

    accepted: int = 0
    edited: int = 0
    skipped: int = 0
    automatic: int = 0
    edit_distance: float = 0.0  # of the edited ones, together

    @property
    def decided(self) -> int:
        """Return the suggestions a person decided about."""
        return self.accepted + self.edited + self.skipped

    @property
    def acceptance(self) -> Rate:
        """Return how many went out as suggested, of those decided by a person."""
        return Rate(self.accepted, self.decided)

    @property
    def edits(self) -> Rate:
        """Return how many were changed, of those that went out by a person."""
        return Rate(self.edited, self.accepted + self.edited)

    @property
    def mean_distance(self) -> float | None:
        """Return how much of an edited text changed on average, 0–1."""
        return self.edit_distance / self.edited if self.edited else None

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.accepted + other.accepted,
            self.edited + other.edited,
            self.skipped + other.skipped,
            self.automatic + other.automatic,
            self.edit_distance + other.edit_distance,
        )


@dataclass(frozen=True, slots=True)
class ChatFigures:
    """
    The chat side of the dashboard.

    ``turns`` is None when one code or operator is asked for: a buyer's turn has
    neither yet. ``decision_seconds`` is the median from shown to decided.
    """

    turns: int | None
    suggested: int
    suggested_with_code: int
    sent: int
    sent_with_code: int
    decisions: Tally
    decision_seconds: float | None
    by_intent: dict[str, Tally]
    by_operator: dict[int | None, Tally]
    by_template: dict[str, Tally]
    by_version: dict[str, Tally]
    skip_reasons: dict[str, int]


def wilson(hits: int, events: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share; (0, 1) of no events."""
    if events == 0:
        return 0.0, 1.0
    share, square = hits / events, Z95 * Z95
    middle = (share + square / (2 * events)) / (1 + square / events)
    half = (
        Z95
        * sqrt(share * (1 - share) / events + square / (4 * events * events))
        / (1 + square / events)
    )
    return max(0.0, middle - half), min(1.0, middle + half)


def figures(seller: Seller, filters: Filters) -> ChatFigures:
    """Return the figures of a period, for all or for one code and operator."""
    decided = _decisions(seller, filters)
    groups = list(
        decided.values(
            "kind",
            "operator",
            "suggestion__template_id",
            "suggestion__analysis__intent",
            "suggestion__analysis__version",
        ).annotate(count=Count("pk"), distance=Sum("edit_distance"))
    )
    suggested = _suggestions(seller, filters).aggregate(
        all=Count("pk"), coded=Count("promo_code")
    )
    sent = _sent(seller, filters).aggregate(all=Count("pk"), coded=Count("promo_code"))
    narrowed = bool(filters.code) or filters.operator_id is not None
    return ChatFigures(
        turns=None if narrowed else _turns(seller, filters),
        suggested=suggested["all"],
        suggested_with_code=suggested["coded"],
        sent=sent["all"],
        sent_with_code=sent["coded"],
        decisions=_sum(groups, lambda row: "").get("", Tally()),
        decision_seconds=decided.aggregate(median=_Median("seconds"))["median"],
        by_intent=_sum(groups, lambda row: row["suggestion__analysis__intent"]),
        by_operator=_sum(groups, lambda row: row["operator"]),
        by_template=_sum(groups, lambda row: row["suggestion__template_id"]),
        by_version=_sum(groups, lambda row: row["suggestion__analysis__version"]),
        skip_reasons=_skip_reasons(decided),
    )


class _Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def _within(field: str, filters: Filters) -> Q:
    starts_at, ends_at = period(filters.first, filters.last)
    return Q(**{f"{field}__gte": starts_at, f"{field}__lt": ends_at})


def _turns(seller: Seller, filters: Filters) -> int:
    return Analysis.objects.filter(
        _within("created_at", filters), seller=seller
    ).count()


def _suggestions(seller: Seller, filters: Filters) -> "QuerySet[Suggestion]":
    found = Suggestion.objects.filter(_within("created_at", filters), seller=seller)
    if filters.code:
        found = found.filter(promo_code__code_key=normalise_code(filters.code))
    if filters.operator_id is not None:
        found = found.filter(decision__operator=filters.operator_id)
    return found


def _decisions(seller: Seller, filters: Filters) -> "QuerySet[Decision]":
    """Return the decisions about suggestions; what was written freely is none."""
    found = Decision.objects.filter(
        _within("decided_at", filters), seller=seller, suggestion__isnull=False
    )
    if filters.code:
        key = normalise_code(filters.code)
        found = found.filter(suggestion__promo_code__code_key=key)
    if filters.operator_id is not None:
        found = found.filter(operator=filters.operator_id)
    return found


def _sent(seller: Seller, filters: Filters) -> "QuerySet[Outgoing]":
    """Return the replies that WB took."""
    found = Outgoing.objects.filter(
        _within("sent_at", filters), seller=seller, status=Outgoing.Status.SENT
    )
    if filters.code:
        found = found.filter(promo_code__code_key=normalise_code(filters.code))
    if filters.operator_id is not None:
        found = found.filter(operator=filters.operator_id)
    return found


def _sum(
    groups: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], Any]
) -> dict[Any, Tally]:
    """Return the groups summed by a key, most decisions first."""
    found: dict[Any, Tally] = {}
    for row in groups:
        found[key(row)] = found.get(key(row), Tally()).plus(_tally(row))
    return dict(sorted(found.items(), key=lambda item: -item[1].decided))


def _tally(row: dict[str, Any]) -> Tally:
    kind, count = row["kind"], row["count"]
    return Tally(
        accepted=count if kind == Kind.ACCEPT else 0,
        edited=count if kind == Kind.EDIT else 0,
        skipped=count if kind == Kind.SKIP else 0,
        automatic=count if kind == Kind.AUTO else 0,
        edit_distance=(row["distance"] or 0.0) if kind == Kind.EDIT else 0.0,
    )


def _skip_reasons(decided: "QuerySet[Decision]") -> dict[str, int]:
    skipped = decided.filter(kind=Kind.SKIP).values_list("skip_reason")
    counted = skipped.annotate(count=Count("pk")).order_by("-count", "skip_reason")
    return dict(counted.values_list("skip_reason", "count"))
