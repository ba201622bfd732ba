"""
What a code does to the articles it covers: where it is void, where it costs money.

Shown when a code is entered and beside it later, because prices change. Articles
without a price or without costs are counted, never guessed.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from promos.models import Product, PromoCode, Seller
from promos.rules.eligibility import Figures
from promos.rules.margin import margin
from promos.rules.pricing import Counted, Reason, Rules, quote
from promos.rules.terms import Terms

MOST_ARTICLES = 5000
"""A page must not take seconds: of a larger catalogue the first so many are checked."""


class Affected(NamedTuple):
    """An article and what a unit leaves with the code, in rubles."""

    nm_id: int
    rub: Decimal


@dataclass(frozen=True, slots=True)
class Effects:
    """Articles in scope: how many were looked at, and which need attention."""

    covered: int
    checked: int
    void: tuple[int, ...]
    below_floor: tuple[Affected, ...]
    without_price: int
    without_cost: int


def rules_of(seller: Seller) -> Rules:
    """Return how the shop reads WB's 45 %."""
    alone = seller.forty_five_counts == Seller.FortyFive.DISCOUNT
    return Rules(counted=Counted.SELLER if alone else Counted.SELLER_AND_ACTION)


def effects(seller: Seller, terms: Terms, *, most: int = MOST_ARTICLES) -> Effects:
    """Return what the code does to the shop's articles; one or two queries."""
    rows = Product.objects.filter(seller=seller).in_catalogue()
    if terms.nm_ids is not None:
        rows = rows.filter(nm_id__in=terms.nm_ids)
    covered = rows.count()
    void, below, no_price, no_cost = [], [], 0, 0
    products = list(rows[:most])
    rules = rules_of(seller)
    for product in products:
        known = figures_of(product, terms.discount_percent, rules)
        if known.quote is None:
            no_price += 1
        elif known.quote.reason is Reason.VOID_ABOVE_45:
            void.append(product.nm_id)
        if known.margin is None:
            no_cost += known.quote is not None
        elif known.margin.rub < seller.margin_floor:
            below.append(Affected(product.nm_id, known.margin.rub))
    worst = sorted(below, key=lambda it: it.rub)
    return Effects(covered, len(products), tuple(void), tuple(worst), no_price, no_cost)


def figures_of(product: Product, percent: Decimal | None, rules: Rules) -> Figures:
    """Return the buyer's price with the code and what it leaves, as far as known."""
    tag, costs = product.price_tag(), product.costs()
    if tag is None:
        return Figures(None, None)
    quoted = quote(tag, percent, rules)
    if costs is None:
        return Figures(quoted, None)
    before = quoted.before_last if quoted.code_applies else None
    return Figures(quoted, margin(quoted.final, costs, price_without_code=before))


def example(seller: Seller, promo_code: PromoCode) -> Product | None:
    """Return an article of the code with a price, one with costs if there is any."""
    rows = Product.objects.filter(seller=seller, price__gt=0).in_catalogue()
    if promo_code.applies_to == PromoCode.AppliesTo.SELECTED:
        rows = rows.filter(nm_id__in=promo_code.product_nms)
    return rows.exclude(cost=None).first() or rows.first()
