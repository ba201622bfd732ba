"""
choose(): a code for this chat, or the reason for none.

Rows become the plain values that ``promos.rules`` judges: the article's price and
costs, what the chat already got, what is left of caps and budgets. Three queries,
however many codes there are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DecimalField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from promos.models import Product, PromoCode, PromoCodeSend, Seller
from promos.rules import budgets, choice, days
from promos.rules.choice import Choice, Rejected, Rule, rule_for
from promos.rules.eligibility import Figures, Refusal, Situation, figures
from promos.rules.pricing import Counted, Rules
from promos.rules.terms import Terms, UseCase

VERSION = "rules-1"
"""Goes into every snapshot: by which rules a code was chosen."""
FORGOTTEN = timedelta(days=14)
"""A code that ended longer ago is no longer listed among the rejected ones."""

UNKNOWN = Figures(None, None)
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
    product = _product(seller, nm_id)
    if rule is None:
        return Offer(
            None, None, None, (), _without_rule(intent, sentiment), product=product
        )
    rows = _codes(seller, now, exclude)
    recently = code_on_its_way or _sent_recently(seller, chat_id, now)
    situation = _situation(
        seller, rule, nm_id, product, rows, recently=recently, now=now
    )
    by_code = {row.code: row for row in rows}
    made = choice.choose((_terms(row, seller) for row in rows), situation)
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
    product = _product(seller, nm_id)
    rows = _codes(seller, now, ())
    rule = Rule(use_case, min_discount)
    situation = _situation(seller, rule, nm_id, product, rows, recently=False, now=now)
    return choice.choose((_terms(row, seller) for row in rows), situation)


def budgets_used(
    seller: Seller, *, now: datetime
) -> list[tuple[PromoCode, budgets.Usage]]:
    """Return every code that has a loss budget, with how far it is used."""
    rows = [row for row in _codes(seller, now, ()) if row.loss_budget is not None]
    return [(row, _usage(row)) for row in rows]


def price_rules(seller: Seller) -> Rules:
    """Return the seller's reading of WB's 45 % rule."""
    if seller.forty_five_counts == Seller.FortyFive.DISCOUNT:
        return Rules(counted=Counted.SELLER)
    return Rules(counted=Counted.SELLER_AND_ACTION)


def _without_rule(intent: str, sentiment: str) -> str:
    """Return why a turn takes no code: a switch of the seller, or nothing to gain."""
    if rule_for(intent, sentiment, promo_request=True, thanks=True):
        return "promo_request_off" if intent == "promo_request" else "thanks_off"
    return "no_rule"


def _product(seller: Seller, nm_id: int | None) -> Product | None:
    if nm_id is None:
        return None
    return Product.objects.filter(seller=seller, nm_id=nm_id).first()


def _codes(seller: Seller, now: datetime, exclude: Collection[int]) -> list[PromoCode]:
    """Return the codes worth a word, with what was sent of those that set a limit."""
    today = days.day_start(days.moscow_date(now))
    sent_today = Count("pk", filter=Q(sent_at__gte=today))
    discount = Cast(
        KeyTextTransform("discount_rub", "snapshot"),
        DecimalField(max_digits=12, decimal_places=2),
    )
    rows = PromoCode.objects.current().filter(
        seller=seller, expires_at__gt=now - FORGOTTEN
    )
    return list(
        rows.exclude(pk__in=exclude).annotate(
            sent=_over_sends(Count("pk"), limit="loss_budget"),
            sent_today=_over_sends(sent_today, limit="daily_cap"),
            given=_over_sends(Sum(discount), limit="loss_budget"),
        )
    )


def _over_sends(value: Aggregate, *, limit: str) -> Case:
    """
    Return ``value`` over a code's sends, NULL for a code that sets no such limit.

    Every suggestion asks for this, and a code may have a million sends.
    """
    sends = PromoCodeSend.objects.filter(promo_code=OuterRef("pk")).order_by()
    found = sends.values("promo_code").annotate(found=value).values("found")
    return Case(When(**{f"{limit}__isnull": False}, then=Subquery(found)))


def _sent_recently(seller: Seller, chat_id: str, now: datetime) -> bool:
    since = now - timedelta(days=seller.repeat_days)
    sends = PromoCodeSend.objects.filter(seller=seller, chat_id=chat_id)
    return sends.since(since).exists()


def _situation(
    seller: Seller,
    rule: Rule,
    nm_id: int | None,
    product: Product | None,
    rows: Iterable[PromoCode],
    *,
    recently: bool,
    now: datetime,
) -> Situation:
    return Situation(
        use_case=rule.use_case,
        now=now,
        min_discount=rule.min_discount,
        nm_id=nm_id,
        article_gone=product is not None and product.gone_at is not None,
        tag=product.price_tag() if product else None,
        costs=product.costs() if product else None,
        cost_required=seller.require_cost,
        price_rules=price_rules(seller),
        sent_recently=recently,
        spent_codes=frozenset(row.code for row in rows if _is_spent(row)),
        capped_codes=frozenset(row.code for row in rows if _is_capped(row)),
    )


def _is_capped(row: PromoCode) -> bool:
    return row.daily_cap is not None and (row.sent_today or 0) >= row.daily_cap


def _is_spent(row: PromoCode) -> bool:
    return _usage(row).state is budgets.BudgetState.SPENT


def _usage(row: PromoCode) -> budgets.Usage:
    """Return how far the code's loss budget is used, by the cautious estimate."""
    sent = row.sent or 0
    each = (row.given or Decimal(0)) / sent if sent else Decimal(0)
    given = budgets.loss(open_sends=sent, rate=budgets.CAUTIOUS_RATE, discount=each)
    return budgets.usage(given, row.loss_budget)


def _terms(row: PromoCode, seller: Seller) -> Terms:
    """Return the code's terms with the seller's floor and the override of it."""
    until = row.margin_override_until
    return replace(
        row.terms(),
        margin_floor=seller.margin_floor,
        below_floor_until=days.day_start(until + days.DAY) if until else None,
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
    only_recent = [one for one in live if one.reasons == (Refusal.SENT_RECENTLY.value,)]
    return "sent_recently" if only_recent else "none_fits"
