"""
How much of the money set aside for codes is used: per code, day and use case.

A budget is rubles of discount. What was really given away is known once WB's
reports tell of redemptions, days or weeks after a send. Until then a send counts
with an estimate: the share of sends that end in a redemption times the rubles one
redemption takes off the price. Sends whose redemptions are reported are counted by
those and no more by the estimate, and a figure with any estimate in it says so.

A code is shared, so one send may bring several redemptions: a rate above 1 is
possible and right. Without any reports a cautious rate of 0.3 stands in; with
them the two are blended as if the cautious rate had been seen on 20 sends, so
that the first redemption does not throw the estimate about.

A code's budget lasts as long as the code, all its versions together; a use case's for a calendar month, and the
shop's for a day; months and days are Moscow's.

At 80 % of a budget the seller is warned, at 100 % codes are no longer offered. A
budget of None is no limit; one of zero is used up from the start.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum

KOPECK = Decimal("0.01")
ZERO = Decimal(0)
CAUTIOUS_RATE = Decimal("0.3")
CAUTIOUS_SENDS = 20
WARN_PCT = Decimal(80)
FULL_PCT = Decimal(100)


class BudgetState(StrEnum):
    """How far a budget is used."""

    UNLIMITED = "unlimited"
    FINE = "fine"
    WARNING = "warning"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Loss:
    """Rubles given away: reported, estimated, and together."""

    reported: Decimal
    estimated: Decimal

    @property
    def total(self) -> Decimal:
        """Return both together, in rubles."""
        return self.reported + self.estimated

    @property
    def is_estimate(self) -> bool:
        """Say whether any part of the figure is an estimate."""
        return self.estimated != 0


@dataclass(frozen=True, slots=True)
class Usage:
    """
    A loss held against its budget; ``left`` and ``percent`` None without a limit.

    ``percent`` is rounded down: 99.99 % is not yet everything.
    """

    state: BudgetState
    loss: Loss
    budget: Decimal | None
    left: Decimal | None
    percent: Decimal | None


def redemption_rate(mature_sends: int, redemptions: int) -> Decimal:
    """
    Return the redemptions to expect of one send.

    ``mature_sends`` are those old enough to be reported, ``redemptions`` what they
    brought. With neither it is the cautious rate.
    """
    if mature_sends < 0 or redemptions < 0:
        raise ValueError("counts cannot be negative")
    prior = CAUTIOUS_RATE * CAUTIOUS_SENDS
    return (prior + redemptions) / (CAUTIOUS_SENDS + mature_sends)


def loss(
    *, open_sends: int, rate: Decimal, discount: Decimal, reported: Decimal = ZERO
) -> Loss:
    """
    Return the rubles given away, the open sends by estimate.

    ``open_sends`` are not yet covered by a report; ``discount`` is what one
    redemption takes off, in rubles; ``reported`` is what reports tell.
    """
    if open_sends < 0 or rate < 0 or discount < 0:
        raise ValueError("sends, rate and discount cannot be negative")
    estimated = (open_sends * rate * discount).quantize(KOPECK, ROUND_HALF_UP)
    return Loss(reported, estimated)


def usage(given: Loss, budget: Decimal | None) -> Usage:
    """Return how far the budget, in rubles, is used."""
    if budget is None:
        return Usage(BudgetState.UNLIMITED, given, None, None, None)
    left = max(budget - given.total, ZERO)
    if given.total >= budget:
        state = BudgetState.SPENT
    elif given.total * FULL_PCT >= budget * WARN_PCT:
        state = BudgetState.WARNING
    else:
        state = BudgetState.FINE
    return Usage(state, given, budget, left, _percent(given.total, budget))


def sends_left(left: Decimal, *, rate: Decimal, discount: Decimal) -> int | None:
    """Return after how many further sends nothing is left; None if never."""
    each = rate * discount
    if each <= 0:
        return None
    return int((left / each).to_integral_value(ROUND_CEILING))


def _percent(total: Decimal, budget: Decimal) -> Decimal:
    """Return the used share in percent, rounded down; 100 of a budget of zero."""
    if budget <= 0:
        return FULL_PCT
    return (total * FULL_PCT / budget).quantize(KOPECK, ROUND_DOWN)
