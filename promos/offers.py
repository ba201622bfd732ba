"""
choose(): a code for this chat, or the reason for none.

Rows (``candidates``) become the plain values that ``promos.rules`` judges: the
article's price and costs, what the chat already got, what is left of caps and
budgets. At most three queries, however many codes there are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from promos import candidates, effects
from promos.candidates import Candidate
from promos.models import Product, PromoCode, Seller
from promos.rules import budgets, choice
from promos.rules.choice import Choice, Rejected, Rule, rule_for
from promos.rules.eligibility import Figures, Refusal, Situation, figures
from promos.rules.terms import Terms, UseCase

VERSION = "rules-2"
"""Goes into every snapshot: by which rules a code was chosen."""

UNKNOWN = Figures(None, None)
_SPENT = frozenset({Refusal.BUDGET_CODE, Refusal.BUDGET_DAY, Refusal.BUDGET_USE_CASE})
WORDS = {
    UseCase.LOYALTY: "loyalty",
    UseCase.RETENTION: "retention",
    UseCase.CONVERSION: "conversion",
}


@dataclass(frozen=True, slots=True)
class RejectedCode:
    """
    A code not chosen: machine words against it, or by what and to which it lost.

    ``reasons`` are those of ``eligibility.Refusal``, the most important first; they
    are empty for a code that was as good and lost (``loss``, ``lost_to``).
    """

    promo_code: PromoCode
    reasons: tuple[str, ...]
    loss: str = ""
    lost_to: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """
    The code to offer, None for none, and why; every other code with its reasons.

    ``reason`` is a machine word (see ``promos.reasons``): the use case of a chosen
    code, or why there is none. ``figures`` are the buyer's price and the margin with
    the chosen code, as far as they are known.
    """

    chosen: PromoCode | None
    terms: Terms | None
    rule: Rule | None
    rejected: tuple[RejectedCode, ...]
    reason: str
    figures: Figures = UNKNOWN
    product: Product | None = None


def choose(
    seller: Seller,
    *,
    intent: str,
    sentiment: str,
    nm_id: int | None,
    chat_id: str,
    now: datetime,
    exclude: Collection[int] = (),
    code_on_its_way: bool = False,
) -> Offer:
    """
    Return the code to offer for a buyer's turn, or why there is none.

    ``chat_id`` is WB's; ``exclude`` are primary keys of codes to leave out;
    ``code_on_its_way`` says that a reply with a code waits to be sent to this chat.
    """
    rule = rule_for(
        intent,
        sentiment,
        promo_request=seller.suggest_on_promo_request,
        thanks=seller.suggest_on_thanks,
    )
    product = candidates.product(seller, nm_id)
    if rule is None:
        return Offer(
            None, None, None, (), _without_rule(intent, sentiment), product=product
        )
    found = candidates.codes(
        seller, nm_id=nm_id, chat_id=chat_id, exclude=exclude, now=now
    )
    situation = _situation(
        seller,
        rule,
        nm_id,
        product,
        found.codes,
        recently=code_on_its_way or found.sent_recently,
        now=now,
    )
    made = choice.choose((one.terms for one in found.codes), situation)
    by_code = {one.terms.code: one.row for one in found.codes}
    return _offer(made, rule, by_code, situation, product)


def without_code(offer: Offer, reason: str) -> Offer:
    """Return the offer with its code held back for a reason outside the rules."""
    if offer.chosen is None:
        return offer
    held = RejectedCode(offer.chosen, (reason,))
    return replace(
        offer,
        chosen=None,
        terms=None,
        figures=UNKNOWN,
        rejected=(held, *offer.rejected),
    )


def explain(
    seller: Seller,
    *,
    use_case: UseCase,
    nm_id: int | None,
    now: datetime,
    min_discount: Decimal = Decimal(0),
) -> Choice:
    """Return what would be offered for an article, whatever was sent to whom."""
    product = candidates.product(seller, nm_id)
    found = candidates.codes(seller, nm_id=nm_id, now=now).codes
    rule = Rule(use_case, min_discount)
    situation = _situation(seller, rule, nm_id, product, found, recently=False, now=now)
    return choice.choose((one.terms for one in found), situation)


def shop_budgets_used(seller: Seller, *, now: datetime) -> dict[str, budgets.Usage]:
    """Return how far the shop's budgets are used, under ``day`` and by use case."""
    shop = candidates.shop_budgets(seller, now=now)
    of_day = {} if shop.day is None else {"day": shop.day}
    return of_day | {case.value: used for case, used in shop.use_cases.items()}


def budgets_used(
    seller: Seller, *, now: datetime
) -> list[tuple[PromoCode, budgets.Usage]]:
    """Return every code that has a loss budget, with how far it is used."""
    found = candidates.codes(seller, nm_id=None, now=now).codes
    return [(one.row, one.usage) for one in found if one.row.loss_budget is not None]


def _without_rule(intent: str, sentiment: str) -> str:
    """Return why a turn takes no code: a switch of the seller, or nothing to gain."""
    if rule_for(intent, sentiment, promo_request=True, thanks=True):
        return "promo_request_off" if intent == "promo_request" else "thanks_off"
    return "no_rule"


def _situation(
    seller: Seller,
    rule: Rule,
    nm_id: int | None,
    product: Product | None,
    found: Iterable[Candidate],
    *,
    recently: bool,
    now: datetime,
) -> Situation:
    shop = candidates.shop_budgets(seller, now=now)
    return Situation(
        use_case=rule.use_case,
        now=now,
        min_discount=rule.min_discount,
        nm_id=nm_id,
        article_gone=product is not None and product.gone_at is not None,
        tag=product.price_tag() if product else None,
        costs=product.costs() if product else None,
        cost_required=seller.require_cost,
        price_rules=effects.rules_of(seller),
        sent_recently=recently,
        day_budget_spent=shop.is_day_spent,
        spent_use_cases=shop.spent,
        spent_codes=frozenset(one.terms.code for one in found if one.is_spent),
        capped_codes=frozenset(one.terms.code for one in found if one.is_capped),
    )


def _offer(
    made: Choice,
    rule: Rule,
    by_code: dict[str, PromoCode],
    situation: Situation,
    product: Product | None,
) -> Offer:
    rejected = tuple(_rejected(one, by_code) for one in made.rejected)
    if made.chosen is None:
        return Offer(
            None, None, rule, rejected, _without_code(rejected), product=product
        )
    return Offer(
        by_code[made.chosen.code],
        made.chosen,
        rule,
        rejected,
        WORDS[rule.use_case],
        figures(made.chosen, situation),
        product,
    )


def _rejected(one: Rejected, by_code: dict[str, PromoCode]) -> RejectedCode:
    return RejectedCode(
        by_code[one.terms.code],
        tuple(reason.value for reason in one.reasons),
        one.loss.value if one.loss else "",
        one.lost_to or "",
    )


def _without_code(rejected: Collection[RejectedCode]) -> str:
    """Return the one thing to say when no code may be offered."""
    not_live = {
        Refusal.DRAFT.value,
        Refusal.OFF.value,
        Refusal.NOT_STARTED.value,
        Refusal.EXPIRED.value,
    }
    live = [one for one in rejected if not not_live & set(one.reasons)]
    if not live:
        return "no_live_codes"
    if any(one.reasons == (Refusal.SENT_RECENTLY.value,) for one in live):
        return "sent_recently"
    if any(one.reasons and _SPENT.issuperset(one.reasons) for one in live):
        return "budget_spent"
    return "none_fits"
