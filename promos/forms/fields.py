"""
Fields that take what people type: «12,5 %», Moscow days, pasted articles.

Days have both ends included; their values are the instants at which they begin or
are over.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext
from unfold.widgets import (
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from promos import sentences
from promos.rules import limits
from promos.rules.days import DAY, day_start, last_day, moscow_date
from promos.rules.scope import Pasted, parse_nm_ids

_IDLE = re.compile(r"[\s₽%]+")  # what stands around the figures


def searched(view: str, options: str) -> dict[str, Any]:
    """
    Return the attributes of an input that offers rows while one types.

    ``options`` is the id of the ``<datalist>`` on the page; see ``promos.finding``.
    """
    return {
        "list": options,
        "autocomplete": "off",
        "hx-get": reverse_lazy(view),
        "hx-trigger": "input changed delay:200ms, focus once",
        "hx-target": f"#{options}",
        "hx-swap": "innerHTML",
        "hx-sync": "this:replace",
    }


class PercentField(forms.CharField):
    """A percentage as people write it: «12,5», «12.5 %»."""

    widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in (None, ""):
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return limits.parse_percent(str(value))
        except ValueError:
            raise ValidationError(
                gettext("Enter a number, for example 10 or 12,5.")
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return sentences.number(value) if isinstance(value, Decimal) else value


class AmountField(forms.DecimalField):
    """An amount as people write it: «1 234,50», «1234.5 ₽»."""

    widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            value = _IDLE.sub("", value).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return sentences.number(value) if isinstance(value, Decimal) else value


class FirstDayField(forms.DateField):
    """A Moscow date; its value is the instant at which the day begins."""

    widget = UnfoldAdminSingleDateWidget
    input_formats = ("%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y", "%m/%d/%Y")  # type: ignore[assignment]
    days_later = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=self.input_formats, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return moscow_date(value) - self.days_later * DAY
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime):
            value = moscow_date(value) - self.days_later * DAY
        day = super().to_python(value)
        try:
            return day and day_start(day + self.days_later * DAY)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"]) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LastDayField(FirstDayField):
    """A Moscow date, included; its value is the instant at which the day is over."""

    days_later = 1

    def prepare_value(self, value: Any) -> Any:
        """An end at 23:59 is the same day, one at midnight the day before."""
        if isinstance(value, datetime):
            return last_day(value)
        return value


class ArticlesField(forms.CharField):
    """Articles pasted from anywhere; the value is what the paste held."""

    widget = UnfoldAdminTextareaWidget({"rows": 6, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Pasted:  # type: ignore[override]
        try:
            return parse_nm_ids(super().to_python(value))
        except ValueError:
            raise ValidationError(
                gettext("That is too much for a field: use the import from a file.")
            ) from None

    def validate(self, value: Any) -> None:
        """No articles is for the form to judge: it knows whether they are needed."""

    def run_validators(self, value: Any) -> None:
        """The paste has no text left to validate."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return list(initial or []) != list(self.to_python(data or "").nm_ids)
        except ValidationError:
            return True
