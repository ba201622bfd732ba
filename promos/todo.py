"""
todo(): what a seller should do today, and where; the most urgent first.

Codes that strangers use, codes in their last two days, drafts that were to start by
tomorrow, then what the alerts say. Every line has one place to go to.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from promos import alert_words, sentences
from promos.models import Alert, PromoCode
from promos.rules.days import DAY, days_of, moscow_date
from promos.rules.slots import Plan

SHOWN_ALERTS = 3
EXTEND = _("Extend with a new code")


class Todo(NamedTuple):
    """One thing to do: what, where, and what the place is called."""

    text: str
    address: str
    action: Promise
    is_urgent: bool


def todo(
    codes: Iterable[PromoCode], plan: Plan, alerts: Iterable[Alert], *, now: datetime
) -> tuple[Todo, ...]:
    """
    Return what to do; ``codes`` are those not over yet, drafts too.

    An alert about a code that a line of its own speaks of is left out.
    """
    codes, today = list(codes), moscow_date(now)
    said = list(_of_codes(codes, plan, today, now))
    named = {one.code for one, _todo in said}
    others = [
        alert
        for alert in alerts
        if alert.kind != Alert.Kind.CODE_EXPIRES
        or alert.params.get("code") not in named
    ]
    return (
        *(one for _code, one in said),
        *map(_of_alert, others[:SHOWN_ALERTS]),
    )


def _of_codes(
    codes: list[PromoCode], plan: Plan, today: date, now: datetime
) -> Iterator[tuple[PromoCode, Todo]]:
    running = [row for row in codes if not row.is_draft and row.starts_at <= now]
    running.sort(key=lambda row: (row.expires_at, row.code))
    for row in running:
        if row.is_leaked:
            words = _("Strangers use %(code)s: a new code should take its place.")
            yield row, _extend(row, str(words) % {"code": row.code})
    for row in running:
        _first, last = days_of(row.starts_at, row.expires_at)
        if row.is_active and not row.is_leaked and last - today <= DAY:
            yield row, _extend(row, _ending(row, last, plan, today))
    for row in codes:
        first, _last = days_of(row.starts_at, row.expires_at)
        if row.is_draft and first - today <= DAY:
            yield row, _draft(row, first)


def _ending(row: PromoCode, last: date, plan: Plan, today: date) -> str:
    """Return that a code ends, and what will have no code then."""
    if last <= today:
        said = gettext("%(code)s works until midnight today.") % {"code": row.code}
    else:
        said = gettext("%(code)s works until midnight tomorrow.") % {"code": row.code}
    covered = plan.days[(last - today).days + 1].covered
    bare = [
        str(name)
        for case, name in sentences.USE_CASES.items()
        if case in row.use_cases and not covered[case]
    ]
    if not bare:
        return said
    then = gettext("Then no code is left for: %(cases)s.") % {"cases": ", ".join(bare)}
    return f"{said} {then}"


def _extend(row: PromoCode, text: str) -> Todo:
    address = reverse("admin:promos_promocode_extend", args=[row.pk])
    return Todo(text, address, EXTEND, is_urgent=True)


def _draft(row: PromoCode, first: date) -> Todo:
    words = {"code": row.code, "first": sentences.day(first)}
    text = gettext("Draft %(code)s starts on %(first)s: make it in the WB cabinet.")
    address = reverse("admin:promos_promocode_made", args=[row.pk])
    return Todo(text % words, address, _("Made in the WB cabinet?"), is_urgent=True)


def _of_alert(alert: Alert) -> Todo:
    return Todo(
        alert_words.title(alert),
        alert.link,
        _("Go there"),
        is_urgent=alert.level == Alert.Level.CRITICAL,
    )
