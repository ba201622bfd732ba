"""
What a choice reads: the article, the codes worth a word, what is left of limits.

Asked for every suggestion, so it is written as SQL once, not put together by the ORM
each time: an article and its codes are two queries, and what the shop's own budgets
have left is a third where it set one. Rows come as they are in the database at that
moment; nothing is kept between two calls.

A code's limits are the code's, not a version's: sends of its earlier versions count.

A code may name thousands of articles: the database says whether the one asked about
is among them, and how many they are. Fields left out here, that list among them, are
read when somebody asks the row for them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model

from agentiq import prepared
from promos.models import Product, PromoCode, Seller
from promos.rules import budgets, days
from promos.rules.terms import Terms, UseCase

FORGOTTEN = timedelta(days=14)
"""A code that ended longer ago is no longer listed among the rejected ones."""

NO_RUBLES = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sent:
    """Sends: how many, and what one redemption takes off where that is known."""

    sends: int = 0
    priced: int = 0
    discount: Decimal = NO_RUBLES

    def __add__(self, other: "Sent") -> "Sent":
        """Return both together."""
        return Sent(
            self.sends + other.sends,
            self.priced + other.priced,
            self.discount + other.discount,
        )

    def usage(self, budget: Decimal | None) -> budgets.Usage:
        """
        Return how far a budget in rubles is used, by the cautious estimate.

        A send without a known price counts as the average of the others.
        """
        each = self.discount / self.priced if self.priced else NO_RUBLES
        given = budgets.loss(
            open_sends=self.sends, rate=budgets.CAUTIOUS_RATE, discount=each
        )
        return budgets.usage(given, budget)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code with its terms; what was sent counts only for one that sets a limit."""

    row: PromoCode
    terms: Terms
    sent: Sent
    sent_today: int

    @property
    def is_capped(self) -> bool:
        """Say whether the code went out as often as it may today."""
        cap = self.row.daily_cap
        return cap is not None and self.sent_today >= cap

    @property
    def is_spent(self) -> bool:
        """Say whether the code's loss budget is used up."""
        return self.usage.state is budgets.BudgetState.SPENT

    @property
    def usage(self) -> budgets.Usage:
        """Return how far the code's loss budget is used."""
        return self.sent.usage(self.row.loss_budget)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The codes, and whether the chat got one within the seller's period."""

    codes: tuple[Candidate, ...]
    sent_recently: bool


@dataclass(frozen=True, slots=True)
class ShopBudgets:
    """The shop's own budgets that are set: of today, and of this month by use case."""

    day: budgets.Usage | None = None
    use_cases: Mapping[UseCase, budgets.Usage] = field(default_factory=dict)

    @property
    def is_day_spent(self) -> bool:
        """Say whether today's budget is used up."""
        return self.day is not None and self.day.state is budgets.BudgetState.SPENT

    @property
    def spent(self) -> frozenset[UseCase]:
        """Return the use cases whose budget is used up."""
        spent = budgets.BudgetState.SPENT
        used = self.use_cases.items()
        return frozenset(case for case, usage in used if usage.state is spent)


def shop_budgets(
    seller: Seller,
    *,
    now: datetime,
    more: Iterable[tuple[str, datetime, Sent]] = (),
) -> ShopBudgets:
    """
    Return how far the shop's budgets are used; no query where none is set.

    ``more`` counts beside what went out: use case, instant, and what it comes to.
    """
    limits = {
        case: budget
        for case, budget in seller.use_case_budgets.items()
        if budget is not None
    }
    if not limits and seller.loss_budget_day is None:
        return ShopBudgets()
    today = days.moscow_date(now)
    values = {"seller": seller.pk, "first": today.replace(day=1), "today": today}
    today_sent, month = Sent(), {}
    for case, *of_month, sends, priced, discount in prepared.rows(_BY_USE_CASE, values):
        month[case] = Sent(*of_month)
        today_sent += Sent(sends, priced, discount)
    for case, at, sent in more:
        day = days.moscow_date(at)
        if day.replace(day=1) == values["first"]:
            month[case] = month.get(case, Sent()) + sent
        if day == today:
            today_sent += sent
    of_day = None
    if seller.loss_budget_day is not None:
        of_day = today_sent.usage(seller.loss_budget_day)
    return ShopBudgets(
        of_day,
        {case: month.get(case, Sent()).usage(limits[case]) for case in limits},
    )


def product(seller: Seller, nm_id: int | None) -> Product | None:
    """Return the shop's article, None for one it does not know."""
    if nm_id is None:
        return None
    rows = prepared.rows(_PRODUCT, {"seller": seller.pk, "nm_id": nm_id})
    return Product.from_db(connection.alias, _PRODUCT_NAMES, rows[0]) if rows else None


def codes(
    seller: Seller,
    *,
    nm_id: int | None,
    now: datetime,
    chat_id: str = "",
    exclude: Collection[int] = (),
) -> Candidates:
    """Return the current codes that have not ended long ago; ``chat_id`` is WB's."""
    values = {
        "seller": seller.pk,
        "nm_id": nm_id,
        "today": days.moscow_date(now),
        "since": now - FORGOTTEN,
        "exclude": list(exclude),
        "chat": chat_id,
        "recent": now - timedelta(days=seller.repeat_days),
    }
    rows = prepared.rows(_CODES, values)
    recently = bool(rows) and rows[0][-1]
    return Candidates(tuple(_candidate(row, seller, nm_id) for row in rows), recently)


def _candidate(row: Sequence[Any], seller: Seller, nm_id: int | None) -> Candidate:
    values, (covers, scope, today, sends, priced, discount, _) = row[:_END], row[_END:]
    names = _CODE_NAMES
    if values[_NMS] is None:
        names, values = _SHORT_NAMES, values[:_NMS] + values[_NMS + 1 :]
    made = PromoCode.from_db(connection.alias, names, values)
    if made.applies_to == PromoCode.AppliesTo.ALL:
        nm_ids, scope = None, None
    else:
        nm_ids = frozenset(() if nm_id is None or not covers else (nm_id,))
    terms = _terms(made, seller, nm_ids, scope)
    return Candidate(made, terms, Sent(sends, priced, discount), today)


def _terms(
    row: PromoCode, seller: Seller, nm_ids: frozenset[int] | None, scope: int | None
) -> Terms:
    """Return the code's terms with the seller's floor and the override of it."""
    until = row.margin_override_until
    return Terms(
        code=row.code,
        discount_percent=row.discount_percent,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        nm_ids=nm_ids,
        use_cases=row.use_cases,
        is_active=row.is_active,
        is_draft=row.is_draft,
        is_leaked=row.is_leaked,
        margin_floor=seller.margin_floor,
        below_floor_until=days.day_start(until + days.DAY) if until else None,
        scope_size=scope,
    )


def _named(model: type[Model], later: Collection[str]) -> tuple[str, ...]:
    """Return the columns of a model but those to be read when asked for."""
    fields = model._meta.concrete_fields
    return tuple(field.attname for field in fields if field.attname not in later)


_PRODUCT_NAMES = _named(
    Product,
    {"brand", "subject_id", "subject_name", "photo_url", "currency", "cost_source"},
)
_CODE_NAMES = _named(
    PromoCode,
    {
        "code_key",
        "description",
        "already_live",
        "wb_uuid",
        "margin_override_reason",
        "first_sent_at",
        "created_by_id",
        "created_at",
        "updated_at",
    },
)
_NMS = _CODE_NAMES.index("product_nms")
_END = len(_CODE_NAMES)
_SHORT_NAMES = tuple(name for name in _CODE_NAMES if name != "product_nms")

_PRODUCT = f"""
SELECT {", ".join(_PRODUCT_NAMES)} FROM promos_product
WHERE seller_id = %(seller)s AND nm_id = %(nm_id)s
"""
_COLUMNS = ", ".join(
    "CASE applies_to WHEN 'all' THEN product_nms END" if name == "product_nms" else name
    for name in _CODE_NAMES
)
_CODES = f"""
SELECT {_COLUMNS},
       coalesce(%(nm_id)s::bigint = ANY(product_nms), false), cardinality(product_nms),
       limited.today, limited.sends, limited.priced, limited.discount,
       EXISTS (SELECT FROM promos_promocodesend
               WHERE seller_id = %(seller)s AND chat_id = %(chat)s
               AND sent_at >= %(recent)s)
FROM promos_promocode
CROSS JOIN LATERAL (
    SELECT coalesce(sum(sends) FILTER (WHERE day = %(today)s), 0) AS today,
           coalesce(sum(sends), 0) AS sends, coalesce(sum(priced), 0) AS priced,
           coalesce(sum(discount), 0) AS discount
    FROM promos_sendday
    WHERE promos_sendday.seller_id = %(seller)s AND dimension = 'total'
      AND promo_code_id IN (
          WITH RECURSIVE versions (id) AS (
              SELECT promos_promocode.id
              UNION ALL
              SELECT earlier.id FROM promos_promocode AS earlier
              JOIN versions ON earlier.replaced_by_id = versions.id
          ) SELECT id FROM versions)
      AND (loss_budget IS NOT NULL OR daily_cap IS NOT NULL)
) AS limited
WHERE seller_id = %(seller)s AND replaced_by_id IS NULL
  AND expires_at > %(since)s AND id <> ALL(%(exclude)s::bigint[])
ORDER BY starts_at DESC, code
"""
_BY_USE_CASE = """
SELECT value, sum(sends), sum(priced), sum(discount),
       coalesce(sum(sends) FILTER (WHERE day = %(today)s), 0),
       coalesce(sum(priced) FILTER (WHERE day = %(today)s), 0),
       coalesce(sum(discount) FILTER (WHERE day = %(today)s), 0)
FROM promos_sendday
WHERE seller_id = %(seller)s AND dimension = 'use_case' AND promo_code_id IS NULL
  AND operator_pk = -1 AND day BETWEEN %(first)s AND %(today)s
GROUP BY value
"""
