"""
against(): why a code that was offered may not go out any more.

Between a suggestion and a person's yes, other chats use up what is left of a daily
number or of a loss budget. So limits are asked again when the reply is decided upon,
and what waits to be sent counts as if it had gone out: a hundred suggestions made
while there was money for one end in one send.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from promos import candidates, registry
from promos.candidates import Candidate, Sent
from promos.models import PromoCode, Seller
from promos.rules.days import moscow_date
from promos.rules.eligibility import Refusal


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code on its way: decided upon, not yet sent; ``discount`` in rubles."""

    code_key: str
    use_case: str
    discount: Decimal | None
    decided_at: datetime

    @property
    def sent(self) -> Sent:
        """Return what it will count for once it went out."""
        known = self.discount is not None
        return Sent(1, int(known), self.discount or Decimal(0))


def is_limited(seller: Seller, promo_code: PromoCode) -> bool:
    """Say whether anything limits how often the code goes out."""
    of_shop = (seller.loss_budget_day, *seller.use_case_budgets.values())
    of_code = (promo_code.daily_cap, promo_code.loss_budget)
    return any(limit is not None for limit in (*of_shop, *of_code))


def hold(seller: Seller) -> None:
    """Let one person at a time use up what is left; until the transaction ends."""
    registry.hold(seller)


def against(
    seller: Seller,
    promo_code: PromoCode,
    *,
    use_case: str,
    waiting: Collection[Waiting],
    now: datetime,
) -> Refusal | None:
    """
    Return the limit that is used up, None while there is something left.

    ``waiting`` are all the shop's codes on their way; ``use_case`` may be empty, for
    a code that a person chose. Two queries at most; see ``hold``.
    """
    found = candidates.codes(seller, nm_id=None, now=now).codes
    mine = next((one for one in found if one.row.pk == promo_code.pk), None)
    if mine is not None:
        alike = [one for one in waiting if one.code_key == promo_code.code_key]
        with_those = _with(mine, alike, now)
        if with_those.is_spent:
            return Refusal.BUDGET_CODE
        if with_those.is_capped:
            return Refusal.DAILY_CAP
    shop = candidates.shop_budgets(
        seller,
        now=now,
        more=[(one.use_case, one.decided_at, one.sent) for one in waiting],
    )
    if shop.is_day_spent:
        return Refusal.BUDGET_DAY
    return Refusal.BUDGET_USE_CASE if use_case in shop.spent else None


def _with(one: Candidate, waiting: Collection[Waiting], now: datetime) -> Candidate:
    """Return the code as if those on their way had gone out."""
    today = moscow_date(now)
    sent = sum((each.sent for each in waiting), one.sent)
    of_today = sum(moscow_date(each.decided_at) == today for each in waiting)
    return replace(one, sent=sent, sent_today=one.sent_today + of_today)
