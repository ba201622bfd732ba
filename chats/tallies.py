"""
The kept figures of the chat side: read, summed up, made anew.

The database itself adds a row with every turn, suggestion, decision and reply (see
the migration «figures_kept»), so an import, a correction by hand or a worker that
dies cannot leave a figure behind. Adding is all a writer does: none waits for
another. Readers sum; ``tidy`` keeps the sums short.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from chats.models import FigureDay
from promos.ledger import Filters
from promos.models import PromoCode, Seller
from promos.rules.limits import normalise_code

TIDY_FROM = 500  # fresh rows of a day


@dataclass(frozen=True, slots=True)
class Place:
    """What happened so often; the measures of FigureDay, summed over a period."""

    dimension: str
    operator: int
    kind: str
    value: str
    n: int
    coded: int
    timed: int
    seconds: int
    distance: int


def places(seller: Seller, filters: Filters) -> list[Place]:
    """Return the sums of every place in the period, for all or as filtered."""
    wanted = _scope(filters) & _days(filters)
    return _summed(FigureDay.objects.filter(wanted, seller=seller), "")


def by_operator(seller: Seller, filters: Filters) -> list[Place]:
    """Return the decisions of each operator in the period."""
    rows = FigureDay.objects.filter(
        _scope(filters, each_operator=True) & _days(filters),
        seller=seller,
        dimension=FigureDay.Dimension.DECIDED,
    )
    return _summed(rows, "operator_pk")


def rebuild(seller: Seller) -> int:
    """
    Make the shop's figures anew from its rows; return how many decisions there are.

    What happens meanwhile waits for the lock and is then added: once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE chats_figureday IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT chats_figures_rebuild(%s)", [seller.pk])
        rows = FigureDay.objects.filter(
            _scope_of_all(), seller=seller, dimension=FigureDay.Dimension.DECIDED
        )
        return rows.aggregate(all=Sum("n"))["all"] or 0


def untidy() -> list[tuple[int, Any]]:
    """Return the shops and days whose figures are worth summing up."""
    rows = FigureDay.objects.filter(is_fresh=True).values("seller_id", "day")
    found = rows.annotate(rows=Count("pk")).filter(rows__gte=TIDY_FROM)
    return list(found.values_list("seller_id", "day"))


def tidy(seller_id: int, day: Any) -> None:
    """Sum up a day's figures. Readers see them before or after, never halfway."""
    with connection.cursor() as cursor:
        cursor.execute(_TIDY, [seller_id, day, seller_id, day])


_TIDY = """
WITH gone AS (
    DELETE FROM chats_figureday WHERE id IN (
        SELECT id FROM chats_figureday WHERE seller_id = %s AND day = %s
        FOR UPDATE SKIP LOCKED
    ) RETURNING *
)
INSERT INTO chats_figureday (
    seller_id, dimension, day, promo_code_pk, operator_pk, kind, value,
    n, coded, timed, seconds, distance, is_fresh)
SELECT %s, dimension, %s, promo_code_pk, operator_pk, kind, value,
       sum(n), sum(coded), sum(timed), sum(seconds), sum(distance), false
FROM gone GROUP BY dimension, promo_code_pk, operator_pk, kind, value
HAVING sum(n) <> 0 OR sum(coded) <> 0 OR sum(timed) <> 0
    OR sum(seconds) <> 0 OR sum(distance) <> 0
ORDER BY promo_code_pk, operator_pk, dimension
"""
_MEASURES = ("n", "coded", "timed", "seconds", "distance")


def _summed(rows: "QuerySet[FigureDay]", operator: str) -> list[Place]:
    """Return the rows summed by place, one statement so that they belong together."""
    names = ["dimension", *([operator] if operator else []), "kind", "value"]
    sums = {f"sum_{name}": Sum(name) for name in _MEASURES}
    found = rows.values(*names).annotate(**sums).filter(sum_n__gt=0).order_by()
    return [
        Place(
            row["dimension"],
            row[operator] if operator else FigureDay.EVERY,
            row["kind"],
            row["value"],
            *(row[name] for name in sums),
        )
        for row in found
    ]


def _days(filters: Filters) -> Q:
    return Q(day__range=(filters.first, filters.last))


def _scope_of_all() -> Q:
    return Q(promo_code_pk=FigureDay.EVERY, operator_pk=FigureDay.EVERY)


def _scope(filters: Filters, *, each_operator: bool = False) -> Q:
    """Return which of the three counts answers the filters."""
    if filters.operator_id is not None:
        operator = Q(operator_pk=filters.operator_id)
    elif each_operator or filters.code:  # of a code, there is a count for each
        operator = Q(operator_pk__gt=FigureDay.EVERY)
    else:
        operator = Q(operator_pk=FigureDay.EVERY)
    if not filters.code:
        return Q(promo_code_pk=FigureDay.EVERY) & operator
    key = normalise_code(filters.code)
    codes = PromoCode.objects.filter(code_key=key).values("pk")
    return Q(promo_code_pk__in=codes) & operator
