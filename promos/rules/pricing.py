"""
What the buyer pays, step by step, and whether a code works at all.

Discounts follow each other, each taken from the price the one before left:
base price, the seller's discount, the seller's action, and last the code. A
base of 2 000 with 20 %, 10 % and 15 % goes 1 600, 1 440, 1 224; the three do
not add up to 45 %, together they take 38.8 %.

A code does not work on an article whose discounts are above 45 %. WB does not
say what it counts, so that is a setting (``Counted``): the seller's discount
alone, that with the action, or both with the code. Exactly 45 % is allowed.
What WB itself adds for a buyer (СПП, wallet) comes after and never counts. An
action worked out from a planned discount may have no finite percentage; what the
discounts leave of the price is kept to ten decimals, so a planned 45 % is 45 %.

A buyer with a loyalty discount gets that or the code, whichever is lower for
the buyer, never both. When they are equal the loyalty discount stays: the code
gives nothing. A unit takes one code. Of several the buyer knows, the one that
gives the lowest price and is not void counts.

Money is Decimal rubles. WB takes whole rubles as a base price and shows
discounted prices with kopecks, so a unit is rounded to kopecks, half up, once,
at the end; no step before is rounded. ``Rules.rounding`` may be whole rubles.
A line is the rounded price of a unit times the quantity, since every unit is
an order of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

HUNDRED = Decimal(100)
ZERO = Decimal(0)
KOPECK = Decimal("0.01")
KEPT_TO = Decimal("1e-8")


class Counted(StrEnum):
    """Which discounts are held against the 45 %."""

    SELLER = "seller"
    SELLER_AND_ACTION = "seller_and_action"
    TOTAL = "total"


class StepKind(StrEnum):
    """What moved the price."""

    BASE = "base"
    SELLER = "seller"
    ACTION = "action"
    LOYALTY = "loyalty"
    CODE = "code"


class Winner(StrEnum):
    """Which discount the buyer gets last: a code, loyalty, or neither."""

    CODE = "code"
    LOYALTY = "loyalty"
    NONE = "none"


class Reason(StrEnum):
    """Why the code works or not."""

    APPLIES = "applies"
    NO_CODE = "no_code"
    NO_PRICE = "no_price"
    VOID_ABOVE_45 = "void_above_45"
    LOYALTY_IS_LOWER = "loyalty_is_lower"


@dataclass(frozen=True, slots=True)
class PriceTag:
    """
    One article's price and the seller's discounts on it, percentages 0–100.

    A base price of zero stands for an article without a price.
    """

    base: Decimal
    seller_discount: Decimal = ZERO
    action_discount: Decimal = ZERO
    loyalty_discount: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a negative price and a discount that is not a percentage."""
        if not (self.base.is_finite() and self.base >= 0):
            raise ValueError(f"a base price of {self.base} is not a price")
        for percent in (
            self.seller_discount,
            self.action_discount,
            self.loyalty_discount,
        ):
            _check_percent(percent)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a calculation; WB leaves the first two unsaid."""

    counted: Counted = Counted.SELLER_AND_ACTION
    rounding: Decimal = KOPECK
    threshold: Decimal = Decimal(45)


DEFAULT = Rules()


class Step(NamedTuple):
    """One line of «почему такая цена»; ``after`` is exact, not rounded."""

    kind: StepKind
    percent: Decimal
    before: Decimal
    after: Decimal


class Quote(NamedTuple):
    """
    What one unit costs the buyer, in rubles, and how that came about.

    ``code_applies`` is False also when there is no code; ``reason`` says which.
    ``counted_percent`` is what was held against the 45 %.
    """

    final: Decimal
    winner: Winner
    reason: Reason
    counted_percent: Decimal
    before_last: Decimal
    tag: PriceTag
    code_percent: Decimal | None

    @property
    def code_applies(self) -> bool:
        """Say whether the code is what the buyer gets."""
        return self.winner is Winner.CODE

    @property
    def last_percent(self) -> Decimal:
        """Return the percentage of the code or of loyalty, whichever won."""
        if self.winner is Winner.CODE and self.code_percent is not None:
            return self.code_percent
        return self.tag.loyalty_discount if self.winner is Winner.LOYALTY else ZERO

    @property
    def discount(self) -> Decimal:
        """Return the rubles the last step took off, as far as they are rounded."""
        return self.before_last - self.final

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return every step that took something off, the base price first."""
        taken = [
            (StepKind.SELLER, self.tag.seller_discount),
            (StepKind.ACTION, self.tag.action_discount),
        ]
        if self.winner is not Winner.NONE:
            taken.append((StepKind(self.winner.value), self.last_percent))
        steps = [Step(StepKind.BASE, ZERO, self.tag.base, self.tag.base)]
        for kind, percent in taken:
            if percent:
                before = steps[-1].after
                steps.append(Step(kind, percent, before, _less(before, percent)))
        return tuple(steps)


class Line(NamedTuple):
    """So many units of one article; ``codes`` are percentages of codes in scope."""

    tag: PriceTag
    quantity: int = 1
    codes: tuple[Decimal, ...] = ()


class Basket(NamedTuple):
    """The quotes of a basket's lines and the whole, in rubles."""

    quotes: tuple[Quote, ...]
    total: Decimal


def quote(
    tag: PriceTag, code_percent: Decimal | None = None, rules: Rules = DEFAULT
) -> Quote:
    """
    Return what one unit costs a buyer who enters the code, or enters none.

    ``code_percent`` is 0–100; None is no code.
    """
    kept = (HUNDRED - tag.seller_discount) * (HUNDRED - tag.action_discount)
    kept = kept.quantize(KEPT_TO)
    running = tag.base * kept / 10_000
    counted = _counted(tag, kept, code_percent, rules)
    reason = _reason(tag, code_percent, counted, rules)
    if reason is Reason.APPLIES and code_percent is not None:
        winner, last = Winner.CODE, code_percent
    elif tag.loyalty_discount and tag.base:
        winner, last = Winner.LOYALTY, tag.loyalty_discount
    else:
        winner, last = Winner.NONE, ZERO
    final = _less(running, last).quantize(rules.rounding, ROUND_HALF_UP)
    return Quote(final, winner, reason, counted, running, tag, code_percent)


def best_quote(
    tag: PriceTag, codes: Iterable[Decimal], rules: Rules = DEFAULT
) -> Quote:
    """
    Return the quote with the one code that is lowest for the buyer.

    Where the total counts, a larger code may be void and a smaller one not. When
    no code works, the quote of the largest says why.
    """
    tried = [quote(tag, percent, rules) for percent in sorted(codes, reverse=True)]
    working = (entry for entry in tried if entry.code_applies)
    return next(working, tried[0] if tried else quote(tag, None, rules))


def basket(lines: Sequence[Line], rules: Rules = DEFAULT) -> Basket:
    """Return the quotes of the lines, in order, and what the buyer pays in all."""
    quotes = []
    total = ZERO
    for tag, quantity, codes in lines:
        if len(codes) > 1:
            quoted = best_quote(tag, codes, rules)
        else:
            quoted = quote(tag, codes[0] if codes else None, rules)
        quotes.append(quoted)
        total += quoted.final * quantity
    return Basket(tuple(quotes), total)


def action_discount(seller_discount: Decimal, planned_discount: Decimal) -> Decimal:
    """
    Return the percentage an action takes off the price after the seller's discount.

    WB's calendar gives the whole planned discount of an article (``planDiscount``):
    30 % planned over 20 % is 12.5 % of what 20 % leave. An action no deeper than
    the seller's discount takes nothing.
    """
    _check_percent(seller_discount)
    _check_percent(planned_discount)
    if planned_discount <= seller_discount:
        return ZERO
    left = (HUNDRED - planned_discount) / (HUNDRED - seller_discount)
    return HUNDRED - HUNDRED * left


def _counted(
    tag: PriceTag, kept: Decimal, code_percent: Decimal | None, rules: Rules
) -> Decimal:
    """Return the percentage held against the threshold."""
    if rules.counted is Counted.SELLER:
        return tag.seller_discount
    if rules.counted is Counted.TOTAL and code_percent is not None:
        kept = _less(kept, code_percent)
    return HUNDRED - kept / HUNDRED


def _reason(
    tag: PriceTag, code_percent: Decimal | None, counted: Decimal, rules: Rules
) -> Reason:
    """Return why the code works or not; the first reason that fits."""
    if code_percent is None:
        return Reason.NO_CODE
    _check_percent(code_percent)
    if not tag.base:
        return Reason.NO_PRICE
    if counted > rules.threshold:
        return Reason.VOID_ABOVE_45
    if code_percent <= tag.loyalty_discount:
        return Reason.LOYALTY_IS_LOWER
    return Reason.APPLIES


def _less(amount: Decimal, percent: Decimal) -> Decimal:
    """Return the amount less a percentage of it, not rounded."""
    return amount * (HUNDRED - percent) / HUNDRED


def _check_percent(percent: Decimal) -> None:
    """Raise ValueError unless the number lies in 0–100."""
    if not (percent.is_finite() and 0 <= percent <= 100):
        raise ValueError(f"{percent} is not a percentage from 0 to 100")
