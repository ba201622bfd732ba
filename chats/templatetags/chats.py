"""What a template shows of a machine word, a moment or a code."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats import deadlines, labels, llm, reasons, vetting
from chats.models import ClaimState, Fate, FateReading, Outgoing
from chats.policy.terms import scope_words as _scope_words
from promos.models import Product, PromoCode

register = template.Library()

STATUS_TONES = {
    Outgoing.Status.SENT: "good",
    Outgoing.Status.FAILED: "bad",
    Outgoing.Status.UNKNOWN: "warn",
    Outgoing.Status.COPIED: "warn",
    Outgoing.Status.QUEUED: "accent",
    Outgoing.Status.SENDING: "accent",
}
WAYS_ON: Mapping[str, tuple[tuple[str, Promise], ...]] = {
    Outgoing.Status.FAILED: (("retry", gettext_lazy("Send again")),),
    Outgoing.Status.UNKNOWN: (
        ("confirm", gettext_lazy("It arrived")),
        ("drop", gettext_lazy("It did not")),
    ),
    Outgoing.Status.COPIED: (
        ("confirm", gettext_lazy("Sent in the cabinet")),
        ("drop", gettext_lazy("Not sent")),
    ),
}
FATE_TONES = {
    Fate.BOUGHT: "good",
    Fate.CANCELLED: "warn",
    Fate.RETURNED: "bad",
    Fate.DEFECTIVE: "bad",
    ClaimState.OPEN: "warn",
    ClaimState.APPROVED: "bad",
}


register.filter("intent_label", labels.intent)
register.filter("mood_label", labels.mood)
register.filter("delivery_words", reasons.delivery)
register.filter("second_reader", llm.say)
register.filter("clock_words", deadlines.clock_words)


@register.filter
def mood_tone(word: str) -> str:
    return labels.MOOD_TONES.get(word, "")


@register.filter
def status_tone(status: str) -> str:
    return STATUS_TONES.get(status, "")


@register.filter
def initial(product: Product) -> str:
    """The letter that stands for a product while there is no picture of it."""
    letters = (char for char in product.title if char.isalpha())
    return next(letters, "№").upper()


@register.filter
def tint(product: Product) -> int:
    """Which of the four tints a product has; always the same one."""
    return product.nm_id % 4


@register.filter
def longest(quotes: Iterable[Mapping[str, str]]) -> list[str]:
    """The quoted words, without those that a longer quote holds already."""
    texts = list(dict.fromkeys(quote["text"] for quote in quotes))
    return [it for it in texts if not any(it in other != it for other in texts)]


@register.filter
def fate_tone(word: str) -> str:
    return FATE_TONES.get(word, "")


@register.filter
def why_unknown(reading: FateReading | None) -> str:
    """Why nothing is known of an order's fate."""
    problem = reading.orders_problem if reading else ""
    if problem == "no_category":
        return _("The WB key opens neither Analytics nor Statistics.")
    if reading is None or not reading.orders_read_at:
        return _("WB could not be asked.") if problem else _("WB is asked soon.")
    return _("WB names orders of the last 31 days; this one is not among them.")


@register.filter
def no_claim(reading: FateReading | None) -> str:
    """What the want of a claim means: there is none, or nobody could ask."""
    problem = reading.claims_problem if reading else ""
    if problem == "no_category":
        return _("Return claims are not known: the WB key does not open Returns.")
    if reading is None or not reading.claims_read_at:
        return _("Return claims are not known yet.")
    return _("No return claim in two weeks, as of %(at)s.") % {
        "at": date_format(localtime(reading.claims_read_at), "j E, H:i")
    }


@register.filter
def ways_on(outgoing: Outgoing) -> tuple[tuple[str, Promise], ...]:
    """What a person may decide about a reply that is stuck."""
    return WAYS_ON.get(outgoing.status, ())


@register.filter
def last_day(expires_at: datetime) -> datetime:
    """The last moment at which the code still works."""
    return expires_at - timedelta(seconds=1)


@register.filter
def scope_words(promo_code: PromoCode) -> str:
    return _scope_words(vetting.buyer_terms(promo_code))
