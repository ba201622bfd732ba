"""
Prices, margins and refusals in words: what the panels of the desk show.

«Почему такая цена» lists the steps of ``rules.pricing``; «Почему код не
предлагается?» lists what ``rules.eligibility`` holds against each code.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from promos import effects, reasons, registry, sentences
from promos.calculator import Calculation
from promos.models import Product, PromoCode, Seller
from promos.rules.choice import Choice
from promos.rules.eligibility import Figures
from promos.rules.limits import SLOTS, max_overlap
from promos.rules.margin import Margin, Part
from promos.rules.pricing import KOPECK, Quote, Reason, StepKind
from promos.rules.terms import Terms

STEPS: dict[StepKind, Promise] = {
    StepKind.BASE: _("Base price"),
    StepKind.SELLER: _("Seller's discount"),
    StepKind.ACTION: _("WB action"),
    StepKind.LOYALTY: _("Loyalty discount"),
    StepKind.CODE: _("Promo code"),
}
PARTS: dict[Part, Promise] = {
    Part.PRICE: _("The buyer pays"),
    Part.COMMISSION: _("WB commission"),
    Part.ACQUIRING: _("Acquiring"),
    Part.LOGISTICS: _("Delivery, returns included"),
    Part.STORAGE: _("Storage"),
    Part.OTHER: _("Other"),
    Part.COST: _("Cost"),
    Part.VAT: _("VAT"),
    Part.TAX: _("Tax"),
}
VERDICTS: dict[Reason, Promise] = {
    Reason.APPLIES: _("The code works."),
    Reason.NO_CODE: _("No code was entered."),
    Reason.NO_PRICE: _("The article has no price."),
    Reason.VOID_ABOVE_45: _(
        "The code does not work: the discounts counted make %(percent)s %%, more "
        "than 45 %%."
    ),
    Reason.LOYALTY_IS_LOWER: _(
        "The code gives nothing: the loyalty discount is as good or better."
    ),
}


class Line(NamedTuple):
    """A named amount, with the percentage that led to it where there is one."""

    name: str
    percent: str
    amount: str


@dataclass(frozen=True, slots=True)
class Money:
    """A price with its steps, and what it leaves with its parts."""

    steps: tuple[Line, ...]
    verdict: str
    works: bool
    price: str
    parts: tuple[Line, ...]
    margin: str
    margin_percent: str
    is_loss: bool


@dataclass(frozen=True, slots=True)
class OneCode:
    """A code and every reason against it; none for the chosen one."""

    code: str
    percent: str
    is_chosen: bool
    against: tuple[str, ...]
    pk: int | None


@dataclass(frozen=True, slots=True)
class Why:
    """The answer to «Почему код не предлагается?»."""

    codes: tuple[OneCode, ...]
    product: Product | None
    nm_id: int | None
    chosen: str
    money: Money | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a code before it is saved."""

    slots_taken: int
    slots: int
    effects: effects.Effects
    void: str
    below: str
    product: Product | None
    money: Money | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The calculator's answer in words."""

    money: Money
    without: str
    lowest: str
    safe_code: str
    other: str
    lift: str
    has_costs: bool


def money(known: Figures) -> Money | None:
    """Return a price and a margin in words, None without a price."""
    if known.quote is None:
        return None
    left = known.margin
    return Money(
        steps=steps(known.quote),
        verdict=verdict(known.quote),
        works=known.quote.code_applies,
        price=sentences.rubles(known.quote.final),
        parts=parts(left) if left else (),
        margin=sentences.rubles(left.rub) if left else "—",
        margin_percent=_percent(left.percent) if left else "",
        is_loss=left is not None and left.rub < 0,
    )


def steps(quoted: Quote) -> tuple[Line, ...]:
    """Return each step of a price."""
    return tuple(
        Line(
            str(STEPS[step.kind]),
            f"−{_percent(step.percent)}" if step.percent else "",
            sentences.rubles(step.after.quantize(KOPECK, ROUND_HALF_UP)),
        )
        for step in quoted.steps
    )


def parts(left: Margin) -> tuple[Line, ...]:
    """Return each part of a margin that is not zero."""
    return tuple(
        Line(
            str(PARTS[part]),
            "",
            sentences.rubles(amount.quantize(KOPECK, ROUND_HALF_UP)),
        )
        for part, amount in left.parts
        if amount
    )


def verdict(quoted: Quote) -> str:
    """Return whether the code works, as a sentence."""
    return str(VERDICTS[quoted.reason]) % {
        "percent": sentences.number(round(quoted.counted_percent, 2))
    }


def of_choice(
    seller: Seller, made: Choice, *, nm_id: int | None, only: str = ""
) -> Why:
    """Return what speaks for and against each code; ``only`` names one of them."""
    names = [one.terms.code for one in made.rejected]
    names += [made.chosen.code] if made.chosen else []
    rows = PromoCode.objects.filter(seller=seller, code__in=names).current()
    keys = {row.code: row.pk for row in rows}
    codes = (
        [
            OneCode(
                made.chosen.code, _of(made.chosen), True, (), keys.get(made.chosen.code)
            )
        ]
        if made.chosen
        else []
    )
    for one in made.rejected:
        against = [reasons.against(it) for it in one.reasons]
        if one.loss:
            words = {"reason": reasons.against(one.loss), "code": one.lost_to}
            against.append(gettext("%(code)s was taken instead: %(reason)s") % words)
        key = keys.get(one.terms.code)
        codes.append(
            OneCode(one.terms.code, _of(one.terms), False, tuple(against), key)
        )
    wanted = only.strip().upper()
    shown = tuple(one for one in codes if not wanted or one.code == wanted)
    product = (
        Product.objects.filter(seller=seller, nm_id=nm_id).first() if nm_id else None
    )
    subject = _subject(made, wanted)
    known = (
        money(
            effects.figures_of(
                product, subject.discount_percent, effects.rules_of(seller)
            )
        )
        if product and subject
        else None
    )
    return Why(shown, product, nm_id, made.chosen.code if made.chosen else "", known)


def of_code(seller: Seller, promo_code: PromoCode) -> Outlook:
    """Return what a code would do: slots, articles, an example."""
    terms = promo_code.terms()
    holding = [
        row
        for row in registry.others(promo_code)
        if row.starts_at < terms.expires_at and terms.starts_at < row.expires_at
    ]
    known = effects.effects(seller, terms)
    product = effects.example(seller, promo_code)
    rules = effects.rules_of(seller)
    return Outlook(
        slots_taken=max_overlap([*holding, terms]),
        slots=SLOTS,
        effects=known,
        void=sentences.several(len(known.void), [str(nm) for nm in known.void]),
        below=sentences.several(
            len(known.below_floor),
            [f"{one.nm_id} ({sentences.rubles(one.rub)})" for one in known.below_floor],
        ),
        product=product,
        money=money(effects.figures_of(product, terms.discount_percent, rules))
        if product
        else None,
    )


def of_calculation(made: Calculation) -> Shown:
    """Return the calculator's answer in words."""
    shown = money(Figures(made.quote, made.margin))
    assert shown is not None
    if made.safe_code is not None:
        safe = f"{sentences.number(made.safe_code)} %"
    else:
        safe = gettext("none: even without a code the least margin is not reached")
    lift = "" if made.other is None else gettext("no number of redemptions is enough")
    if made.lift is not None:
        lift = f"+{sentences.number(made.lift)} %"
    return Shown(
        money=shown,
        without=sentences.rubles(made.margin_without.rub)
        if made.margin_without
        else "—",
        lowest=sentences.rubles(made.lowest),
        safe_code=safe if made.margin else "—",
        other=sentences.rubles(made.other.rub) if made.other else "",
        lift=lift,
        has_costs=made.margin is not None,
    )


def _subject(made: Choice, wanted: str) -> Terms | None:
    """Return the code whose price is shown: the one asked for, or the chosen."""
    for one in made.rejected:
        if one.terms.code == wanted:
            return one.terms
    return made.chosen


def _of(terms: Terms) -> str:
    return f"{sentences.number(terms.discount_percent)} %"


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{sentences.number(round(value, 2))} %"
