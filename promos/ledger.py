"""
What went out, counted by Moscow day: the one source of page, API and export.

``PromoCodeSend`` is the ledger. Counting a million of its rows takes seconds, so
``SendDay`` keeps sums: each send adds one to a row of every dimension (total,
intent, mood, use case, article, decision, answer time) within a day, once for its
code and operator, once for its operator and once for all: what a reader filters by.
``count`` adds a send in the transaction that wrote it; ``rebuild`` makes the sums
anew from the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Func, IntegerField, QuerySet, Sum

from promos.models import PromoCode, PromoCodeSend, Seller, SendDay
from promos.rules.days import MOSCOW, moscow_date, period
from promos.rules.limits import normalise_code

DEFAULT_DAYS = 30
LONGEST_DAYS = 731
WEEK = 7
BY_WEEK_FROM = 92  # more bars than that nobody can tell apart

# Answer times: the upper end of each step, in seconds, and its name.
SPEEDS = (
    (60, "1m"),
    (5 * 60, "5m"),
    (15 * 60, "15m"),
    (60 * 60, "1h"),
    (4 * 60 * 60, "4h"),
    (24 * 60 * 60, "1d"),
)
SLOWEST = "later"
SPEED_NAMES = (*(name for _, name in SPEEDS), SLOWEST)


@dataclass(frozen=True, slots=True)
class Filters:
    """Moscow days, both included; one code (as written) and one operator, or all."""

    first: date
    last: date
    code: str = ""
    operator_id: int | None = None

    @property
    def days(self) -> list[date]:
        """Return every day of the period."""
        length = (self.last - self.first).days + 1
        return [self.first + timedelta(days=offset) for offset in range(length)]

    @property
    def step(self) -> int:
        """Return how many days a bar of a chart stands for: one, or a week."""
        return 1 if (self.last - self.first).days < BY_WEEK_FROM else WEEK

    @property
    def steps(self) -> list[date]:
        """Return the first day of each step; weeks begin on Mondays."""
        return [
            day
            for day in self.days
            if day == self.first or not (day.toordinal() - 1) % self.step
        ]


@dataclass(frozen=True, slots=True)
class Figures:
    """
    What a period's sends come to. Every breakdown adds up to ``total``.

    ``by_day`` has every day, also those with none; ``by_step_and`` has, for
    ``use_case``, ``intent`` and ``code``, the sends of each value in each of the
    period's steps, the largest value first.
    ``answer_seconds`` is the mean time from the buyer's message to the answer, None
    when not known for any; ``answered`` is of how many sends it is known.
    """

    filters: Filters
    total: int
    answered: int
    answer_seconds: int | None
    by_day: dict[date, int]
    by_code: dict[str, int]
    by_operator: dict[int | None, int]
    by_intent: dict[str, int]
    by_sentiment: dict[str, int]
    by_use_case: dict[str, int]
    by_article: dict[int | None, int]
    by_decision: dict[str, int]
    by_speed: dict[str, int]
    by_step_and: dict[str, dict[str, list[int]]]


def last_days(now: datetime, days: int = DEFAULT_DAYS, **others: object) -> Filters:
    """Return the filters of the last so many Moscow days, today included."""
    today = moscow_date(now)
    return Filters(today - timedelta(days=days - 1), today, **others)  # type: ignore[arg-type]


def sends(seller: Seller, filters: Filters) -> "QuerySet[PromoCodeSend]":
    """Return the sends the figures count, newest first: the drill-down."""
    starts_at, ends_at = period(filters.first, filters.last)
    found = PromoCodeSend.objects.filter(
        seller=seller, sent_at__gte=starts_at, sent_at__lt=ends_at
    )
    if filters.code:
        found = found.filter(promo_code__code_key=normalise_code(filters.code))
    if filters.operator_id is not None:
        found = found.filter(operator=filters.operator_id)
    return found.select_related("promo_code", "operator")


def figures(seller: Seller, filters: Filters) -> Figures:
    """Return the figures of a period from the sums: page, API and export call this."""
    by_day, answered, seconds = _by_day(seller, filters)
    steps = _by_step(seller, filters)
    codes = _by_code_and_step(seller, filters)
    by = _by_value(seller, filters)
    articles, speeds = by[SendDay.Dimension.ARTICLE], by[SendDay.Dimension.SPEED]
    return Figures(
        filters=filters,
        total=sum(by_day.values()),
        answered=answered,
        answer_seconds=round(seconds / answered) if answered else None,
        by_day=by_day,
        by_code=_summed(codes),
        by_operator=_by_operator(seller, filters),
        by_intent=_summed(steps[SendDay.Dimension.INTENT]),
        by_sentiment=by[SendDay.Dimension.SENTIMENT],
        by_use_case=_summed(steps[SendDay.Dimension.USE_CASE]),
        by_article={int(nm) if nm else None: count for nm, count in articles.items()},
        by_decision=by[SendDay.Dimension.DECISION],
        by_speed={name: speeds.get(name, 0) for name in SPEED_NAMES},
        by_step_and={
            "use_case": steps[SendDay.Dimension.USE_CASE],
            "intent": steps[SendDay.Dimension.INTENT],
            "code": codes,
        },
    )


def count(send: PromoCodeSend) -> None:
    """Add a new send to the sums. Call once, in the transaction that wrote it."""
    seconds = send.answer_seconds
    discount = send.snapshot.get("discount_rub")
    operator = send.operator_id or 0
    scopes = (
        (None, SendDay.EVERY),
        (None, operator),
        (send.promo_code_id, operator),
    )
    rows = [
        (
            send.seller_id,
            dimension,
            moscow_date(send.sent_at),
            promo_code_id,
            operator_pk,
            value,
            1,
            int(seconds is not None),
            seconds or 0,
            int(discount is not None),
            Decimal(discount or 0),
        )
        for dimension, value in sorted(_values(send).items())
        for promo_code_id, operator_pk in scopes
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT + "VALUES " + places + _ADD, [cell for row in rows for cell in row]
        )


def rebuild(seller: Seller) -> int:
    """
    Make the seller's sums anew from the ledger; return how many sends there are.

    Sends that come in meanwhile wait for the lock and are then added: none is lost
    or counted twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE promos_sendday IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM promos_sendday WHERE seller_id = %s", [seller.pk])
        cursor.execute(_FROM_LEDGER, [str(MOSCOW.utcoffset(None)), seller.pk])
        cursor.execute(_FOR_ALL, [seller.pk])
        totals = SendDay.objects.filter(
            seller=seller,
            dimension=SendDay.Dimension.TOTAL,
            operator_pk=SendDay.EVERY,
        )
        return totals.aggregate(all=Sum("sends"))["all"] or 0


def speed(seconds: int | None) -> str:
    """Return the name of the step an answer time falls into; "" when not known."""
    if seconds is None:
        return ""
    return next((name for limit, name in SPEEDS if seconds <= limit), SLOWEST)


_BY_STEP = (SendDay.Dimension.USE_CASE, SendDay.Dimension.INTENT)
_BY_VALUE = (
    SendDay.Dimension.SENTIMENT,
    SendDay.Dimension.ARTICLE,
    SendDay.Dimension.DECISION,
    SendDay.Dimension.SPEED,
)
_INSERT = """
INSERT INTO promos_sendday (seller_id, dimension, day, promo_code_id, operator_pk,
                            value, sends, answered, answer_seconds, priced, discount)
"""
_ADD = """
ON CONFLICT (seller_id, dimension, promo_code_id, operator_pk, day, value)
DO UPDATE SET sends = promos_sendday.sends + excluded.sends,
              answered = promos_sendday.answered + excluded.answered,
              answer_seconds = promos_sendday.answer_seconds + excluded.answer_seconds,
              priced = promos_sendday.priced + excluded.priced,
              discount = promos_sendday.discount + excluded.discount
"""
_SPEED_SQL = (
    "CASE WHEN answer_seconds IS NULL THEN '' "
    + " ".join(
        f"WHEN answer_seconds <= {limit} THEN '{name}'" for limit, name in SPEEDS
    )
    + f" ELSE '{SLOWEST}' END"
)
_FROM_LEDGER = f"""{_INSERT}
SELECT seller_id, dimension, ((sent_at AT TIME ZONE 'UTC') + %s::interval)::date,
       promo_code_id, coalesce(operator_id, 0), value,
       count(*), count(answer_seconds), coalesce(sum(answer_seconds), 0),
       count(snapshot ->> 'discount_rub'),
       coalesce(sum((snapshot ->> 'discount_rub')::numeric), 0)
FROM promos_promocodesend
CROSS JOIN LATERAL (VALUES
    ('total', ''), ('intent', trigger_intent), ('sentiment', trigger_sentiment),
    ('use_case', use_case), ('article', coalesce(nm_id::text, '')),
    ('decision', decision), ('speed', {_SPEED_SQL})
) AS dimensions (dimension, value)
WHERE seller_id = %s
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 2, 3
"""
_FOR_ALL = f"""{_INSERT}
SELECT seller_id, dimension, day, NULL, scopes.operator_pk, value,
       sum(sends), sum(answered), sum(answer_seconds), sum(priced), sum(discount)
FROM promos_sendday
CROSS JOIN LATERAL (VALUES ({SendDay.EVERY}), (operator_pk)) AS scopes (operator_pk)
WHERE seller_id = %s
GROUP BY seller_id, dimension, day, scopes.operator_pk, value
ORDER BY 2, 5, 3
"""


def _values(send: PromoCodeSend) -> dict[str, str]:
    """Return the send's value in each dimension."""
    return {
        SendDay.Dimension.TOTAL: "",
        SendDay.Dimension.INTENT: send.trigger_intent,
        SendDay.Dimension.SENTIMENT: send.trigger_sentiment,
        SendDay.Dimension.USE_CASE: send.use_case,
        SendDay.Dimension.ARTICLE: str(send.nm_id or ""),
        SendDay.Dimension.DECISION: send.decision,
        SendDay.Dimension.SPEED: speed(send.answer_seconds),
    }


def _rows(
    seller: Seller, filters: Filters, *dimensions: str, each: str = ""
) -> "QuerySet[SendDay]":
    """
    Return the sums of some dimensions that the filters ask for.

    ``each`` says what shall be told apart, ``code`` or ``operator``; without it the
    rows for all serve, of which there are fewest.
    """
    found = SendDay.objects.filter(
        seller=seller,
        dimension__in=dimensions,
        day__range=(filters.first, filters.last),
    ).order_by()
    if filters.code:
        key = normalise_code(filters.code)
        codes = PromoCode.objects.filter(seller=seller, code_key=key).values("pk")
        found = found.filter(promo_code__in=codes)
    else:
        found = found.filter(promo_code__isnull=each != "code")
    if filters.operator_id is not None:
        return found.filter(operator_pk=filters.operator_id)
    if filters.code or each:  # of these, there is a row for each operator
        return found.filter(operator_pk__gt=SendDay.EVERY)
    return found.filter(operator_pk=SendDay.EVERY)


def _by_day(seller: Seller, filters: Filters) -> tuple[dict[date, int], int, int]:
    """Return the sends of each day; how many answer times are known, and their sum."""
    by_day, answered, seconds = dict.fromkeys(filters.days, 0), 0, 0
    rows = _rows(seller, filters, SendDay.Dimension.TOTAL).values_list("day")
    sums = (Sum("sends"), Sum("answered"), Sum("answer_seconds"))
    for day, sent, known, spent in rows.annotate(*sums):
        by_day[day] = sent
        answered += known
        seconds += spent
    return by_day, answered, seconds


def _by_code_and_step(seller: Seller, filters: Filters) -> dict[str, list[int]]:
    """Return for each code its sends in each of the steps."""
    rows = _rows(seller, filters, SendDay.Dimension.TOTAL, each="code")
    found = rows.values_list("promo_code__code", _step(filters)).annotate(Sum("sends"))
    steps = len(filters.steps)
    codes: dict[str, list[int]] = {}
    for code, step, sent in found:
        codes.setdefault(code, [0] * steps)[step] += sent
    return _most_first(codes)


def _by_operator(seller: Seller, filters: Filters) -> dict[int | None, int]:
    """Return the sends of each operator, None for nobody."""
    rows = _rows(seller, filters, SendDay.Dimension.TOTAL, each="operator")
    counted = rows.values_list("operator_pk").annotate(Sum("sends"))
    return _largest_first({pk or None: count for pk, count in counted})


def _by_value(seller: Seller, filters: Filters) -> dict[str, dict[str, int]]:
    """Return for each dimension the sends of each value, the largest first."""
    rows = _rows(seller, filters, *_BY_VALUE)
    found: dict[str, dict[str, int]] = {name: {} for name in _BY_VALUE}
    for dimension, value, sent in rows.values_list("dimension", "value").annotate(
        Sum("sends")
    ):
        found[dimension][value] = sent
    return {name: _largest_first(counts) for name, counts in found.items()}


def _by_step(seller: Seller, filters: Filters) -> dict[str, dict[str, list[int]]]:
    """Return, for each dimension and value, its sends in each of the steps."""
    rows = _rows(seller, filters, *_BY_STEP)
    found: dict[str, dict[str, list[int]]] = {name: {} for name in _BY_STEP}
    steps = len(filters.steps)
    for dimension, value, step, sent in rows.values_list(
        "dimension", "value", _step(filters)
    ).annotate(Sum("sends")):
        found[dimension].setdefault(value, [0] * steps)[step] = sent
    return {name: _most_first(values) for name, values in found.items()}


def _step(filters: Filters) -> Func:
    """Return which of the period's steps, from 0, a row's day lies in."""
    before = (filters.first.toordinal() - 1) // filters.step
    return Func(
        "day",
        template=f"(%(expressions)s - DATE '0001-01-01') / {filters.step} - {before}",
        output_field=IntegerField(),
    )


def _summed(by_step: Mapping[str, list[int]]) -> dict[str, int]:
    return _largest_first({value: sum(sent) for value, sent in by_step.items()})


def _most_first(by_step: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return dict(sorted(by_step.items(), key=lambda item: (-sum(item[1]), item[0])))


def _largest_first(counts: dict[Any, int]) -> dict[Any, int]:
    """Return the counts, the largest first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))))
