"""
Why a code may not be offered now: every reason, in a fixed order.

The order goes from what the seller can see on the code itself (draft, off,
dates), over what the chat asks for (use case, size, article), to money and to
how often codes were sent. The card shows the first reason, the page «Почему код
не предлагается?» all of them; both call this module, so they cannot disagree.

Rules that need explaining:

- A chat whose article is not known takes only codes for all articles; a code for
  some would be a guess (UNKNOWN_ARTICLE).
- An article that left the catalogue cannot be bought. That is against a code
  that covers only some articles, and against any code meant to help this very
  purchase; an apology or a thank-you for all articles still has its use.
- 45 % and loyalty are judged by the price of the chat's article. Without a known
  price nothing is claimed.
- Without known costs no margin can be computed. Whether that blocks a code is a
  setting of the seller (``cost_required``).
- The seller may override the margin floor until an instant they name.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from promos.rules.margin import Costs, Margin, margin
from promos.rules.pricing import DEFAULT, PriceTag, Quote, Reason, Rules, quote
from promos.rules.status import Status, status
from promos.rules.terms import Terms, UseCase

SHORTEST_LIFE = timedelta(hours=12)


class Refusal(StrEnum):
    """Why a code may not be offered; the order is the order of importance."""

    DRAFT = "draft"
    OFF = "off"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    EXPIRES_TOO_SOON = "expires_too_soon"
    LEAKED = "leaked"
    WRONG_USE_CASE = "wrong_use_case"
    BELOW_MIN_DISCOUNT = "below_min_discount"
    UNKNOWN_ARTICLE = "unknown_article"
    OUT_OF_SCOPE = "out_of_scope"
    ARTICLE_GONE = "article_gone"
    NO_PRICE = "no_price"
    VOID_ABOVE_45 = "void_above_45"
    WORSE_THAN_LOYALTY = "worse_than_loyalty"
    COST_UNKNOWN = "cost_unknown"
    BELOW_MARGIN_FLOOR = "below_margin_floor"
    BUDGET_CODE = "budget_code"
    BUDGET_DAY = "budget_day"
    BUDGET_USE_CASE = "budget_use_case"
    DAILY_CAP = "daily_cap"
    SENT_RECENTLY = "sent_recently"


_BY_STATUS = {
    Status.DRAFT: Refusal.DRAFT,
    Status.OFF: Refusal.OFF,
    Status.PLANNED: Refusal.NOT_STARTED,
    Status.EXPIRED: Refusal.EXPIRED,
}
_BY_QUOTE = {
    Reason.NO_PRICE: Refusal.NO_PRICE,
    Reason.VOID_ABOVE_45: Refusal.VOID_ABOVE_45,
    Reason.LOYALTY_IS_LOWER: Refusal.WORSE_THAN_LOYALTY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """
    The chat a code would be offered in, and what is left to give; for all codes.

    ``nm_id``, ``tag`` (the article's price) and ``costs`` are None where not known.
    ``min_discount`` is a percentage. ``sent_recently`` says that this chat got a
    code within the seller's period (30 days). ``spent_codes`` and ``capped_codes``
    name codes whose loss budget or daily number of sends is used up, as written in
    their terms.
    """

    use_case: UseCase
    now: datetime
    min_discount: Decimal = Decimal(0)
    nm_id: int | None = None
    article_gone: bool = False
    tag: PriceTag | None = None
    costs: Costs | None = None
    cost_required: bool = False
    price_rules: Rules = DEFAULT
    shortest_life: timedelta = SHORTEST_LIFE
    sent_recently: bool = False
    day_budget_spent: bool = False
    spent_use_cases: frozenset[UseCase] = frozenset()
    spent_codes: frozenset[str] = frozenset()
    capped_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Figures:
    """What the code does to the chat's article; None where that is not known."""

    quote: Quote | None
    margin: Margin | None


def figures(terms: Terms, situation: Situation) -> Figures:
    """Return the buyer's price with the code and what it leaves the seller."""
    if situation.tag is None:
        return Figures(None, None)
    quoted = quote(situation.tag, terms.discount_percent, situation.price_rules)
    if situation.costs is None or not situation.tag.base:
        return Figures(quoted, None)
    before = quoted.before_last if quoted.code_applies else None
    left = margin(quoted.final, situation.costs, price_without_code=before)
    return Figures(quoted, left)


def refusals(terms: Terms, situation: Situation) -> tuple[Refusal, ...]:
    """Return every reason against offering the code, most important first."""
    return (
        *_by_dates(terms, situation),
        *_by_request(terms, situation),
        *_by_article(terms, situation),
        *_by_money(terms, situation),
        *_by_budgets(terms, situation),
    )


def refusal(terms: Terms, situation: Situation) -> Refusal | None:
    """Return the first reason against the code, or None when it may be offered."""
    return next(iter(refusals(terms, situation)), None)


def _by_dates(terms: Terms, situation: Situation) -> list[Refusal]:
    """Return what the code's own state says."""
    found = []
    by_status = _BY_STATUS.get(status(terms, situation.now))
    if by_status:
        found.append(by_status)
    left = terms.expires_at - situation.now
    if timedelta(0) < left < situation.shortest_life:
        found.append(Refusal.EXPIRES_TOO_SOON)
    if terms.is_leaked:
        found.append(Refusal.LEAKED)
    return found


def _by_request(terms: Terms, situation: Situation) -> list[Refusal]:
    """Return what the chat's scenario asks for and the code is not."""
    found = []
    if situation.use_case not in terms.use_cases:
        found.append(Refusal.WRONG_USE_CASE)
    if terms.discount_percent < situation.min_discount:
        found.append(Refusal.BELOW_MIN_DISCOUNT)
    return found


def _by_article(terms: Terms, situation: Situation) -> list[Refusal]:
    """Return what the chat's article says."""
    found = []
    if not terms.covers(situation.nm_id):
        unknown = situation.nm_id is None
        found.append(Refusal.UNKNOWN_ARTICLE if unknown else Refusal.OUT_OF_SCOPE)
    for_this_purchase = situation.use_case is UseCase.CONVERSION
    if situation.article_gone and (terms.nm_ids is not None or for_this_purchase):
        found.append(Refusal.ARTICLE_GONE)
    return found


def _by_money(terms: Terms, situation: Situation) -> list[Refusal]:
    """Return what the price and the margin say."""
    found = []
    known = figures(terms, situation)
    by_quote = _BY_QUOTE.get(known.quote.reason) if known.quote else None
    if by_quote:
        found.append(by_quote)
    if known.margin is None:
        if situation.cost_required:
            found.append(Refusal.COST_UNKNOWN)
    elif known.margin.rub < terms.margin_floor and not _overridden(terms, situation):
        found.append(Refusal.BELOW_MARGIN_FLOOR)
    return found


def _overridden(terms: Terms, situation: Situation) -> bool:
    """Say whether the seller accepts a margin below the floor for now."""
    until = terms.below_floor_until
    return until is not None and situation.now < until


def _by_budgets(terms: Terms, situation: Situation) -> list[Refusal]:
    """Return what is used up."""
    checks = (
        (terms.code in situation.spent_codes, Refusal.BUDGET_CODE),
        (situation.day_budget_spent, Refusal.BUDGET_DAY),
        (situation.use_case in situation.spent_use_cases, Refusal.BUDGET_USE_CASE),
        (terms.code in situation.capped_codes, Refusal.DAILY_CAP),
        (situation.sent_recently, Refusal.SENT_RECENTLY),
    )
    return [reason for used_up, reason in checks if used_up]
