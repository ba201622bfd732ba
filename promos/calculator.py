"""
The margin calculator: one article, one code, every figure with its step.

The figures come from a product or from what a person types; either way the pure
rules compute them, so calculator, suggestion and alert never disagree.
"""

from dataclasses import dataclass
from decimal import Decimal

from promos.rules.margin import (
    Costs,
    Margin,
    break_even_lift,
    largest_safe_code,
    lowest_price,
    margin_with_code,
)
from promos.rules.pricing import PriceTag, Quote, Rules, quote


@dataclass(frozen=True, slots=True)
class Calculation:
    """
    What a buyer pays and what a unit leaves; None where costs are not known.

    ``safe_code`` is a percentage; None with costs known means that even without a
    code the least margin is not reached. ``lift`` is how many percent more
    redemptions the larger of two codes must bring; None: no number is enough.
    """

    quote: Quote
    margin: Margin | None
    margin_without: Margin | None
    lowest: Decimal | None
    safe_code: Decimal | None
    other: Margin | None
    lift: Decimal | None


def calculate(
    tag: PriceTag,
    costs: Costs | None,
    *,
    percent: Decimal | None,
    other_percent: Decimal | None = None,
    floor: Decimal = Decimal(0),
    rules: Rules,
) -> Calculation:
    """Return everything the calculator shows for one article and one code."""
    quoted = quote(tag, percent, rules)
    if costs is None:
        return Calculation(quoted, None, None, None, None, None, None)
    without = margin_with_code(tag, costs, None, rules)
    with_code = margin_with_code(tag, costs, percent, rules)
    other = (
        margin_with_code(tag, costs, other_percent, rules) if other_percent else None
    )
    lift = None
    if other is not None:
        # The larger discount is the one that leaves less.
        less, more = sorted((with_code.rub, other.rub))
        lift = break_even_lift(more, less)
    return Calculation(
        quote=quoted,
        margin=with_code,
        margin_without=without,
        lowest=lowest_price(costs, floor=floor),
        safe_code=largest_safe_code(
            quote(tag, None, rules).before_last, costs, floor=floor
        ),
        other=other,
        lift=lift,
    )
