"""Machine words, amounts and days as the desk shows them."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from promos.rules.status import Status
from promos.rules.terms import UseCase

STATUSES: dict[Status, Promise] = {
    Status.DRAFT: _("draft"),
    Status.PLANNED: _("planned"),
    Status.ACTIVE: _("active"),
    Status.EXPIRING: _("expiring"),
    Status.EXPIRED: _("expired"),
    Status.OFF: _("off"),
}
USE_CASES: dict[UseCase, Promise] = {
    UseCase.LOYALTY: _("loyalty"),
    UseCase.RETENTION: _("retention"),
    UseCase.CONVERSION: _("conversion"),
}


def number(value: Decimal | float | None) -> str:
    """Return a number as the page's language writes it, without idle zeros."""
    if value is None:
        return "—"
    plain = value.normalize() if isinstance(value, Decimal) else value
    text = f"{plain:f}" if isinstance(plain, Decimal) else str(plain)
    return str(formats.localize(Decimal(text)))


def rubles(value: Decimal | None) -> str:
    """Return an amount in rubles with kopecks, a dash where it is not known."""
    if value is None:
        return "—"
    amount = formats.number_format(value, 2, use_l10n=True, force_grouping=True)
    return f"{amount} ₽"


def day(value: date | datetime) -> str:
    """Return a date, or an instant's Moscow date, as the page's language writes it."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return formats.date_format(value, "SHORT_DATE_FORMAT")


def several(count: int, shown: list[str]) -> str:
    """Return the first few of many, with how many more there are."""
    listed = ", ".join(shown[:5])
    more = count - len(shown[:5])
    if more <= 0:
        return listed
    return gettext("%(listed)s and %(more)s more") % {"listed": listed, "more": more}
