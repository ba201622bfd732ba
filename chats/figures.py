"""
What people made of the suggestions: the funnel, acceptance, edits, answer times.

Each step is counted on the Moscow day it happened, so yesterday's figures do not
move when a chat is answered today. A share of fewer than 20 events is not shown:
it would be noise. Others come with the 95 % Wilson interval.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

from chats import tallies
from chats.models import Decision, FigureDay
from chats.tallies import Place
from promos.ledger import Filters
from promos.models import Seller

LEAST_EVENTS = 20
Z95 = 1.959964
Kind = Decision.Kind
Dimension = FigureDay.Dimension


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
    neither yet. ``answer_seconds`` is the mean wait for a reply of any kind, None
    when not known for any. ``decision_seconds`` is the median from shown to decided.
    """

    turns: int | None
    suggested: int
    suggested_with_code: int
    sent: int
    sent_with_code: int
    answer_seconds: float | None
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
    places = tallies.places(seller, filters)
    people = tallies.by_operator(seller, filters)
    count = {place.dimension: place for place in places if place.dimension in _STEPS}
    narrowed = bool(filters.code) or filters.operator_id is not None
    return ChatFigures(
        turns=None if narrowed else _n(count.get(Dimension.TURN)),
        suggested=_n(count.get(Dimension.SUGGESTED)),
        suggested_with_code=_coded(count.get(Dimension.SUGGESTED)),
        sent=_n(count.get(Dimension.SENT)),
        sent_with_code=_coded(count.get(Dimension.SENT)),
        answer_seconds=_mean(count.get(Dimension.SENT)),
        decisions=_tallies(places, Dimension.DECIDED).get("", Tally()),
        decision_seconds=_median(places),
        by_intent=_tallies(places, Dimension.INTENT),
        by_operator=_by_operator(people),
        by_template=_tallies(places, Dimension.TEMPLATE),
        by_version=_tallies(places, Dimension.VERSION),
        skip_reasons=_skip_reasons(places),
    )


_STEPS = (Dimension.TURN, Dimension.SUGGESTED, Dimension.SENT)


def _n(place: Place | None) -> int:
    return place.n if place else 0


def _coded(place: Place | None) -> int:
    return place.coded if place else 0


def _mean(place: Place | None) -> float | None:
    return place.seconds / place.timed if place and place.timed else None


def _median(places: Iterable[Place]) -> float | None:
    """Return the median of the decisions' seconds, as exact as they are kept."""
    paces = sorted(
        (int(place.value), place.n)
        for place in places
        if place.dimension == Dimension.PACE
    )
    total = sum(count for _seconds, count in paces)
    if not total:
        return None
    return (_nth(paces, (total - 1) // 2) + _nth(paces, total // 2)) / 2


def _nth(paces: Iterable[tuple[int, int]], place: int) -> int:
    """Return the seconds of the decision at a place, the quickest first."""
    for seconds, count in paces:
        if place < count:
            return seconds
        place -= count
    raise IndexError(place)


def _tallies(places: Iterable[Place], dimension: str) -> dict[str, Tally]:
    """Return the decisions by the values of a dimension, most decisions first."""
    found: dict[str, Tally] = {}
    for place in places:
        if place.dimension == dimension:
            found[place.value] = found.get(place.value, Tally()).plus(_tally(place))
    return _most_first(found)


def _by_operator(places: Iterable[Place]) -> dict[int | None, Tally]:
    found: dict[int | None, Tally] = {}
    for place in places:
        operator = place.operator or None
        found[operator] = found.get(operator, Tally()).plus(_tally(place))
    return _most_first(found)


def _most_first(found: dict[Any, Tally]) -> dict[Any, Tally]:
    return dict(
        sorted(found.items(), key=lambda item: (-item[1].decided, str(item[0])))
    )


def _tally(place: Place) -> Tally:
    kind, count = place.kind, place.n
    return Tally(
        accepted=count if kind == Kind.ACCEPT else 0,
        edited=count if kind == Kind.EDIT else 0,
        skipped=count if kind == Kind.SKIP else 0,
        automatic=count if kind == Kind.AUTO else 0,
        edit_distance=place.distance / 1e6 if kind == Kind.EDIT else 0.0,
    )


def _skip_reasons(places: Iterable[Place]) -> dict[str, int]:
    """Return why suggestions were skipped, the commonest first."""
    reasons = [place for place in places if place.dimension == Dimension.REASON]
    reasons.sort(key=lambda place: (-place.n, place.value))
    return {place.value: place.n for place in reasons}
