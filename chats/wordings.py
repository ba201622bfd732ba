"""A shop's own wording: what compose() may use, what is wrong with it, how it looks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import product

from django.db import transaction
from django.db.models import Case, Count, Q, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_create_with_history

from chats import replies, wording
from chats.analyzer import Intent, Sentiment
from chats.models import Decision, ReplyTemplate
from chats.policy import outbound, rendering
from chats.policy.rendering import PROMO_SLOTS, Fault, Slot, TemplateError
from chats.policy.terms import Terms
from chats.replies import Variant
from promos.models import Seller

MEANT: Mapping[Slot, Promise] = {
    Slot.NAME: _("the buyer's first name; empty when it is no name"),
    Slot.PRODUCT: _("the title of the good; may be empty"),
    Slot.ANSWER: _("what is known and answers the question; usually empty"),
    Slot.CODE: _("the chosen promo code"),
    Slot.PERCENT: _("its discount, such as “10 %”"),
    Slot.DATE: _("its last day, such as “28 февраля”"),
    Slot.SCOPE: _("what it covers, such as “на этот товар”"),
}
FAULTS: Mapping[Fault, Promise] = {
    Fault.UNKNOWN_SLOT: _("There is no variable {%(detail)s} here."),
    Fault.EMPTY_SLOT: _(
        "The variable {%(detail)s} may be empty: put it with the words around it "
        "into square brackets."
    ),
    Fault.BROKEN: _("The brackets do not match near “%(detail)s”."),
    Fault.TOO_LONG: _("The text is too long: %(detail)s characters of 1000."),
    Fault.FOREIGN_CODE: _(
        "“%(detail)s” looks like a promo code. A code comes only by {код}."
    ),
}
CODE_ONCE = _("A text with a code names {код} exactly once.")
SAMPLES = (
    Terms("SALE10", Decimal(10), date(2027, 2, 28)),
    Terms("ЛЕТО7", Decimal("7.5"), date(2027, 1, 1), "selected", frozenset({111222})),
)
FILLS: tuple[Mapping[str, str], ...] = (
    {},
    {"name": "Анна", "product": "Фен дорожный складной"},
    {"name": "Жан-Поль", "answer": "Размер 46 есть в наличии."},
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a template: what it stands for, and whether it may be used."""

    name: str
    meaning: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Uses:
    """How many replies began with a wording, and how many of them were edited."""

    sent: int = 0
    edited: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """How a text reaches buyers, and what must change before it may."""

    texts: tuple[str, ...]
    problems: tuple[str, ...]


def variants(
    seller: Seller, intent: str, sentiment: str, *, with_code: bool
) -> list[Variant] | None:
    """
    Return the shop's own wordings for ``replies.compose``, None for the standard ones.

    Warm wordings alone do not make a neutral shop speechless: it keeps the standard.
    """
    rows = ReplyTemplate.objects.filter(
        seller=seller,
        intent=str(intent),
        sentiment=str(sentiment),
        with_code=with_code,
        is_active=True,
    )
    own = [row.variant() for row in rows.order_by("pk")]
    usable = seller.tone == Seller.Tone.WARM or any(v.tone == "neutral" for v in own)
    return own if own and usable else None


def preview(source: str, *, with_code: bool) -> Preview:
    """Return the text filled in the usual ways, and every reason against it."""
    error = replies.problems(source, with_code=with_code)
    if error:
        return Preview((), (_fault(error),))
    texts: dict[str, None] = {}
    problems: dict[str, None] = {}
    for terms, fill in _fills(with_code):
        try:
            text = rendering.render(source, terms=terms, **fill).text
        except TemplateError as fault:
            problems[_fault(fault)] = None
            continue
        texts[text] = None
        for violation in outbound.check(text, terms):
            problems[wording.advice(violation)] = None
    return Preview(tuple(texts), tuple(problems))


def variables(*, with_code: bool) -> list[Variable]:
    """Return the variables of a template in the order of their meaning."""
    return [
        Variable(slot.value, str(meaning), with_code or slot not in PROMO_SLOTS)
        for slot, meaning in MEANT.items()
    ]


def uses(seller: Seller, *, since: datetime) -> Mapping[str, Uses]:
    """Return how each wording fared since an instant, by the id of its variant."""
    rows = Decision.objects.filter(seller=seller, decided_at__gte=since).exclude(
        Q(suggestion=None) | Q(kind=Decision.Kind.SKIP)
    )
    field = Case(
        When(with_code=True, then="suggestion__variant"),
        default="suggestion__plain_variant",
    )
    edited = Count("pk", filter=Q(kind=Decision.Kind.EDIT))
    counted = rows.values(wording_id=field).annotate(Count("pk"), edited=edited)
    return {
        row["wording_id"]: Uses(row["pk__count"], row["edited"])
        for row in counted.order_by()
    }


@transaction.atomic
def copy_standard(seller: Seller, section: str = "") -> int:
    """
    Copy the standard texts into the shop's own; return how many were added.

    Sections that hold a wording of the shop, even one out of use, are left alone.
    ``section`` copies one only.
    """
    Seller.objects.select_for_update().get(pk=seller.pk)
    held = {row.section for row in ReplyTemplate.objects.filter(seller=seller)}
    rows = [
        _row(seller, variant)
        for variant in _standard(section)
        if variant.template_id not in held
    ]
    bulk_create_with_history(rows, ReplyTemplate, batch_size=500)
    return len(rows)


def _standard(section: str) -> Iterator[Variant]:
    """Yield the standard wordings; those for unsafe turns are nobody's to edit."""
    for template_id, standard in replies.library().items():
        editable = not template_id.startswith(replies.ESCALATION)
        if editable and section in ("", template_id):
            yield from standard


def _row(seller: Seller, variant: Variant) -> ReplyTemplate:
    intent, sentiment, *code = variant.template_id.split("/")
    return ReplyTemplate(
        seller=seller,
        intent=Intent(intent).value,
        sentiment=Sentiment(sentiment).value,
        with_code=bool(code),
        tone=variant.tone,
        text=variant.source,
    )


def _fills(with_code: bool) -> Iterator[tuple[Terms | None, Mapping[str, str]]]:
    yield from product(SAMPLES if with_code else (None,), FILLS)


def _fault(error: TemplateError) -> str:
    if error.fault is Fault.EMPTY_SLOT and error.detail == Slot.CODE:
        return str(CODE_ONCE)
    return str(FAULTS[error.fault]) % {"detail": error.detail}
