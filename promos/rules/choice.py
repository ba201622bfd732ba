"""
Which code is offered: from what the buyer wants to one code, or to none.

First a rule. Intent and sentiment together say what a code would be for and how
large it must at least be (``RULES``): an apology to an unhappy buyer takes 10 %,
15 % when they want to return; a question before buying and a thank-you take 5 %.
Any other pair takes no code. A bare thank-you counts only where the seller
switched it on, a request for a discount unless switched off. Where a dialogue
holds several scenarios, retention comes before conversion, that before loyalty.

Then a code. Of those nothing speaks against (``eligibility``; that includes the
margin), the seller gives the smallest sufficient discount. Equal discounts: the
one that ends last, so that the buyer has time; then the one with the narrower
scope, which keeps the broad one for others; then the name, so that the answer is
always the same. Every code not chosen keeps its reasons, or what it lost by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from promos.rules.eligibility import Refusal, Situation, refusals
from promos.rules.terms import Terms, UseCase


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code would be for, and its least discount in percent."""

    use_case: UseCase
    min_discount: Decimal


APOLOGY = Rule(UseCase.RETENTION, Decimal(10))
RETURN = Rule(UseCase.RETENTION, Decimal(15))
NUDGE = Rule(UseCase.CONVERSION, Decimal(5))
GRATITUDE = Rule(UseCase.LOYALTY, Decimal(5))

# Source: the seller's table of intents; conversion asks only that nobody is angry.
RULES: dict[tuple[str, str], Rule] = {
    ("defect_not_working", "negative"): APOLOGY,
    ("wrong_item", "negative"): APOLOGY,
    ("quality_complaint", "negative"): APOLOGY,
    ("return_refund", "negative"): RETURN,
    ("pre_purchase", "neutral"): NUDGE,
    ("pre_purchase", "positive"): NUDGE,
    ("sizing_fit", "neutral"): NUDGE,
    ("sizing_fit", "positive"): NUDGE,
    ("availability", "neutral"): NUDGE,
    ("availability", "positive"): NUDGE,
    ("compatibility", "neutral"): NUDGE,
    ("compatibility", "positive"): NUDGE,
    ("promo_request", "neutral"): NUDGE,
    ("promo_request", "positive"): NUDGE,
    ("positive_feedback", "positive"): GRATITUDE,
    ("thanks", "positive"): GRATITUDE,
}
PRIORITY = (UseCase.RETENTION, UseCase.CONVERSION, UseCase.LOYALTY)


class Loss(StrEnum):
    """By what an eligible code lost to the chosen one."""

    LARGER_DISCOUNT = "larger_discount"
    ENDS_SOONER = "ends_sooner"
    WIDER_SCOPE = "wider_scope"
    LATER_NAME = "later_name"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A code not chosen: the reasons against it, or by what and to which it lost."""

    terms: Terms
    reasons: tuple[Refusal, ...] = ()
    loss: Loss | None = None
    lost_to: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """
    The code to offer, None for none, and every other code with its reason.

    Eligible codes that lost come first, the next best leading.
    """

    chosen: Terms | None
    rejected: tuple[Rejected, ...]


def rule_for(
    intent: str, sentiment: str, *, promo_request: bool = True, thanks: bool = False
) -> Rule | None:
    """Return the rule for a buyer's turn, or None when it takes no code."""
    if intent == "promo_request" and not promo_request:
        return None
    if intent == "thanks" and not thanks:
        return None
    return RULES.get((intent, sentiment))


def leading(rules: Iterable[Rule | None]) -> Rule | None:
    """Return the rule that decides a dialogue; the larger discount if equal."""
    found = [rule for rule in rules if rule is not None]
    if not found:
        return None
    return min(
        found, key=lambda rule: (PRIORITY.index(rule.use_case), -rule.min_discount)
    )


def choose(candidates: Iterable[Terms], situation: Situation) -> Choice:
    """Return the best code for the situation and why the others were not taken."""
    eligible: list[Terms] = []
    refused: list[Rejected] = []
    for terms in candidates:
        reasons = refusals(terms, situation)
        if reasons:
            refused.append(Rejected(terms, reasons))
        else:
            eligible.append(terms)
    if not eligible:
        return Choice(None, tuple(refused))
    best, *others = sorted(eligible, key=_rank)
    lost = [Rejected(terms, (), _loss(terms, best), best.code) for terms in others]
    return Choice(best, (*lost, *refused))


def _rank(terms: Terms) -> tuple[Decimal, float, float, str]:
    """Return the key by which the best code sorts first."""
    return (
        terms.discount_percent,
        -terms.expires_at.timestamp(),
        terms.breadth,
        terms.code,
    )


def _loss(terms: Terms, best: Terms) -> Loss:
    """Return the first thing by which the code lost."""
    pairs = zip(Loss, _rank(terms), _rank(best), strict=True)
    return next((loss for loss, its, won in pairs if its != won), Loss.LATER_NAME)
