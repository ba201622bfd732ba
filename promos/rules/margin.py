"""
What a unit leaves the seller, and how large a code may be before it costs money.

The margin is of one unit that stays with its buyer, in rubles:

    price      what the buyer pays after the seller's discounts and the code
    commission a percentage; of the price with or without the code is a setting,
               because WB does not say (the default, after the code, follows the
               report's «с учётом согласованной скидки»)
    acquiring  a percentage of the price
    logistics  of the rate ``r`` of deliveries come back, so a unit that stays
               takes 1/(1−r) deliveries and r/(1−r) ways back:
               (logistics + r × return_logistics) / (1−r)
    storage    rubles per unit sold; packaging and the like belong to ``other``
    cost       what the unit cost the seller
    tax        by regime, see ``Tax``; never negative

WB's own discounts are left out: WB pays for them, and no API tells them ahead.
Everything is exact until the end; the shown margin is rounded once, to kopecks,
halves away from zero, and it is the shown margin that is compared with a floor.

Where fees and taxes leave less than a kopeck of each ruble no price can pay, so
such inputs are refused. Then a lower price never gives a higher margin, and the
largest safe code and the lowest price are found by halving: the answer is the
last hundredth of a percent, or the first kopeck, on the safe side.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum

from promos.rules.pricing import DEFAULT as DEFAULT_PRICING
from promos.rules.pricing import HUNDRED, KOPECK, ZERO, PriceTag, Rules, quote

ONE = Decimal(1)
LARGEST_CODE = Decimal(50)
CODE_STEP = Decimal("0.01")
MOST_TAKEN = Decimal("0.99")


class TaxBase(StrEnum):
    """What the tax is a percentage of."""

    INCOME = "income"
    PROFIT = "profit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """
    A tax regime: a rate of income or profit, and value-added tax inside the price.

    ``vat_pct`` is contained in the price: 5 of 105. It is no income. Where
    ``vat_deductible``, VAT contained in every expense at the same rate is taken
    back. A tax on profit is at least ``minimum_pct`` of the income. Both are
    yearly in law; per unit they are the cautious estimate.
    """

    base: TaxBase
    rate_pct: Decimal
    minimum_pct: Decimal = ZERO
    vat_pct: Decimal = ZERO
    vat_deductible: bool = False

    def __post_init__(self) -> None:
        """Refuse rates that are not percentages."""
        for rate in (self.rate_pct, self.minimum_pct, self.vat_pct):
            if not (rate.is_finite() and 0 <= rate <= 100):
                raise ValueError(f"{rate} is not a percentage from 0 to 100")
        if self.rate_pct > 99:
            raise ValueError("a tax that takes everything leaves no safe price")


# Common rates in 2026; regions and incentives differ, so any Tax may be given.
REGIMES = {
    "usn_income": Tax(base=TaxBase.INCOME, rate_pct=Decimal(6)),
    "usn_profit": Tax(
        base=TaxBase.PROFIT, rate_pct=Decimal(15), minimum_pct=Decimal(1)
    ),
    "usn_income_vat5": Tax(
        base=TaxBase.INCOME, rate_pct=Decimal(6), vat_pct=Decimal(5)
    ),
    "usn_income_vat7": Tax(
        base=TaxBase.INCOME, rate_pct=Decimal(6), vat_pct=Decimal(7)
    ),
    "usn_profit_vat5": Tax(
        base=TaxBase.PROFIT,
        rate_pct=Decimal(15),
        minimum_pct=Decimal(1),
        vat_pct=Decimal(5),
    ),
    "usn_profit_vat7": Tax(
        base=TaxBase.PROFIT,
        rate_pct=Decimal(15),
        minimum_pct=Decimal(1),
        vat_pct=Decimal(7),
    ),
    "osno": Tax(
        base=TaxBase.PROFIT,
        rate_pct=Decimal(25),
        vat_pct=Decimal(22),
        vat_deductible=True,
    ),
    "osno_person": Tax(
        base=TaxBase.PROFIT,
        rate_pct=Decimal(13),
        vat_pct=Decimal(22),
        vat_deductible=True,
    ),
    "ausn_income": Tax(base=TaxBase.INCOME, rate_pct=Decimal(8)),
    "ausn_profit": Tax(
        base=TaxBase.PROFIT, rate_pct=Decimal(20), minimum_pct=Decimal(3)
    ),
    "self_employed_4": Tax(base=TaxBase.INCOME, rate_pct=Decimal(4)),
    "self_employed_6": Tax(base=TaxBase.INCOME, rate_pct=Decimal(6)),
    "patent": Tax(base=TaxBase.INCOME, rate_pct=ZERO),
}


class CommissionBase(StrEnum):
    """Whether WB's commission is of the price with the code or without it."""

    AFTER_CODE = "after_code"
    BEFORE_CODE = "before_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """
    What one article costs its seller: ``*_pct`` 0–100, the rest rubles per unit.

    ``return_rate`` is the share of deliveries that come back, 0 up to but not 1.
    """

    cost: Decimal
    commission_pct: Decimal
    logistics: Decimal = ZERO
    return_logistics: Decimal = ZERO
    return_rate: Decimal = ZERO
    storage: Decimal = ZERO
    acquiring_pct: Decimal = ZERO
    other: Decimal = ZERO
    tax: Tax = REGIMES["usn_income"]
    commission_base: CommissionBase = CommissionBase.AFTER_CODE

    def __post_init__(self) -> None:
        """Refuse what is no amount, and shares that leave nothing of a ruble."""
        for name in (
            "cost",
            "commission_pct",
            "logistics",
            "return_logistics",
            "return_rate",
            "storage",
            "acquiring_pct",
            "other",
        ):
            amount: Decimal = getattr(self, name)
            if not (amount.is_finite() and amount >= 0):
                raise ValueError(f"{name} cannot be {amount}")
        if self.return_rate >= 1:
            raise ValueError("return_rate must be below 1")
        if self._taken() > MOST_TAKEN:
            raise ValueError("commission, acquiring and tax take the whole price")

    @property
    def delivery(self) -> Decimal:
        """Return logistics both ways per unit that stays, in rubles."""
        sent = self.logistics + self.return_rate * self.return_logistics
        return sent / (ONE - self.return_rate)

    def _taken(self) -> Decimal:
        """Return the share of a further ruble of price that goes to WB and taxes."""
        fees = (self.commission_pct + self.acquiring_pct) / HUNDRED
        tax = self.tax
        kept = HUNDRED / (HUNDRED + tax.vat_pct)
        share = tax.rate_pct if tax.base is TaxBase.INCOME else tax.minimum_pct
        return fees + (ONE - kept) + kept * share / HUNDRED


class Part(StrEnum):
    """A line of the calculation."""

    PRICE = "price"
    COMMISSION = "commission"
    ACQUIRING = "acquiring"
    LOGISTICS = "logistics"
    STORAGE = "storage"
    OTHER = "other"
    COST = "cost"
    VAT = "vat"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Margin:
    """
    What one unit leaves, in rubles and in percent of the price.

    ``percent`` is None at a price of zero. ``parts`` are exact; the price is
    positive and the rest negative, so that they add up to the margin.
    """

    rub: Decimal
    percent: Decimal | None
    price: Decimal
    parts: tuple[tuple[Part, Decimal], ...]


def margin(
    price: Decimal, costs: Costs, *, price_without_code: Decimal | None = None
) -> Margin:
    """
    Return what a unit sold at a price leaves; both prices in rubles.

    ``price_without_code`` matters where commission is taken before the code;
    None means that there is no code.
    """
    if not (price.is_finite() and price >= 0):
        raise ValueError(f"a price of {price} is not a price")
    parts = _parts(price, costs, price_without_code)
    exact = sum((amount for _, amount in parts), ZERO)
    rub = exact.quantize(KOPECK, ROUND_HALF_UP)
    percent = (
        (exact * HUNDRED / price).quantize(KOPECK, ROUND_HALF_UP) if price else None
    )
    return Margin(rub + ZERO, percent, price, parts)


def margin_with_code(
    tag: PriceTag,
    costs: Costs,
    code_percent: Decimal | None = None,
    rules: Rules = DEFAULT_PRICING,
) -> Margin:
    """
    Return what a unit leaves when the buyer enters the code, or none.

    A void code, and one that loyalty beats, changes nothing: see ``pricing``.
    """
    quoted = quote(tag, code_percent, rules)
    before = quoted.before_last if quoted.code_applies else None
    return margin(quoted.final, costs, price_without_code=before)


def largest_safe_code(
    price: Decimal,
    costs: Costs,
    *,
    floor: Decimal = ZERO,
    largest: Decimal = LARGEST_CODE,
) -> Decimal | None:
    """
    Return the largest code, in steps of 0.01 %, that leaves at least the floor.

    ``price`` is before the code. None: even without a code the margin is below the
    floor. The answer may be below WB's smallest code of 3 %, and is at most
    ``largest``. That a code above 45 % may be void is not taken into account.
    """

    def leaves(step: int) -> Decimal:
        kept = HUNDRED - step * CODE_STEP
        paid = (price * kept / HUNDRED).quantize(KOPECK, ROUND_HALF_UP)
        return margin(paid, costs, price_without_code=price if step else None).rub

    if leaves(0) < floor:
        return None
    safe, unsafe = 0, int(largest / CODE_STEP) + 1
    while unsafe - safe > 1:
        middle = (safe + unsafe) // 2
        if leaves(middle) >= floor:
            safe = middle
        else:
            unsafe = middle
    return safe * CODE_STEP


def lowest_price(costs: Costs, *, floor: Decimal = ZERO) -> Decimal:
    """Return the lowest price without a code, in kopecks, that leaves the floor."""

    def leaves(kopecks: int) -> Decimal:
        return margin(kopecks * KOPECK, costs).rub

    if leaves(0) >= floor:
        return ZERO
    short, enough = 0, 1
    while leaves(enough) < floor:
        short, enough = enough, enough * 2
    while enough - short > 1:
        middle = (short + enough) // 2
        if leaves(middle) >= floor:
            enough = middle
        else:
            short = middle
    return enough * KOPECK


def break_even_lift(smaller: Decimal, larger: Decimal) -> Decimal | None:
    """
    Return how many percent more redemptions the larger discount must bring.

    The arguments are the margins, in rubles per unit, under the smaller and the
    larger discount: 200 and 150 need 33.34 % more (rounded up). None: no number
    is enough, because the larger discount leaves nothing.
    """
    if larger <= 0:
        return None
    lift = smaller * HUNDRED / larger - HUNDRED
    return max(lift, ZERO).quantize(KOPECK, ROUND_CEILING)


def _parts(
    price: Decimal, costs: Costs, price_without_code: Decimal | None
) -> tuple[tuple[Part, Decimal], ...]:
    """Return the lines of the calculation, the price first, taxes last."""
    charged = price
    if costs.commission_base is CommissionBase.BEFORE_CODE and price_without_code:
        charged = price_without_code
    spent = (
        (Part.COMMISSION, -charged * costs.commission_pct / HUNDRED),
        (Part.ACQUIRING, -price * costs.acquiring_pct / HUNDRED),
        (Part.LOGISTICS, -costs.delivery),
        (Part.STORAGE, -costs.storage),
        (Part.OTHER, -costs.other),
        (Part.COST, -costs.cost),
    )
    vat, tax = _taxes(price, -sum((amount for _, amount in spent), ZERO), costs.tax)
    return ((Part.PRICE, price), *spent, (Part.VAT, -vat), (Part.TAX, -tax))


def _taxes(income: Decimal, expenses: Decimal, tax: Tax) -> tuple[Decimal, Decimal]:
    """Return the VAT to be paid (negative: to be taken back) and the tax."""
    contained = tax.vat_pct / (HUNDRED + tax.vat_pct)
    charged = income * contained
    taken_back = expenses * contained if tax.vat_deductible else ZERO
    income -= charged
    if tax.base is TaxBase.INCOME:
        return charged, income * tax.rate_pct / HUNDRED
    profit = income - (expenses - taken_back)
    due = max(profit * tax.rate_pct, income * tax.minimum_pct, ZERO) / HUNDRED
    return charged - taken_back, due
