"""What templates of the desk need to say days, numbers and use cases."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.core.exceptions import FieldDoesNotExist

from promos import alert_words, columns, sentences
from promos import wrongs as files
from promos.models import Alert, PromoCode
from promos.planner import Missing
from promos.rules import days
from promos.rules.terms import UseCase

register = template.Library()
FLAGS = {
    UseCase.LOYALTY: "use_for_positive",
    UseCase.RETENTION: "use_for_negative",
    UseCase.CONVERSION: "use_for_pre_purchase",
}


@register.filter
def use_case(case: UseCase) -> str:
    """Return a use case's name."""
    return str(sentences.USE_CASES[case])


@register.filter
def plain(value: Decimal) -> str:
    """Return a number without idle zeros."""
    return sentences.number(Decimal(value))


@register.filter
def rubles(value: Decimal | None) -> str:
    """Return an amount in rubles with kopecks."""
    return sentences.rubles(value)


@register.filter
def last_day(promo_code: PromoCode) -> date:
    """Return the last Moscow day on which the code works."""
    return days.last_day(promo_code.expires_at)


@register.filter
def lines(values: Iterable[object]) -> str:
    """Return one value a line, as a cabinet's field takes them."""
    return "\n".join(map(str, values))


@register.filter
def prefilled(missing: Missing) -> str:
    """Return the query that opens a new code's form for a gap."""
    window = missing.window
    if window is None:
        return ""
    flags = {name: str(case is missing.gap.use_case) for case, name in FLAGS.items()}
    given = {
        "starts_at": window.first.isoformat(),
        "expires_at": window.last.isoformat(),
    }
    return urlencode(given | {name: it for name, it in flags.items() if it == "True"})


@register.filter
def wrongs(result: Any) -> list[files.Wrong]:
    """Return what is wrong with an imported file, a line for each thing."""
    return files.wrongs(result)


@register.filter
def column_title(name: str, opts: Any) -> str:
    """Return what the desk calls a column of the model's file."""
    try:
        return columns.title(opts.model, name)
    except FieldDoesNotExist:
        return name


@register.filter
def alert_text(alert: Alert) -> str:
    """Return what is wrong, in one line."""
    return alert_words.title(alert)
