"""
Cells of a spreadsheet: what people type into them, and what leaves the shop in them.

Numbers come with a comma or a point, days as a date or as text, articles however they
are separated. What comes out is safe to open: text that would run is quoted.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext
from import_export import widgets

from promos.rules import limits
from promos.rules.days import DAY, day_start, last_day, moscow_date
from promos.rules.scope import parse_nm_ids

FORMULA = ("=", "+", "-", "@", "\t", "\r")
YES = {"1", "да", "yes", "true", "истина", "y", "д", "+"}
NO = {"", "0", "нет", "no", "false", "ложь", "n", "н", "-"}
DATES = ("%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y")


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


class SafeText(widgets.Widget):
    """Text that cannot run: on the way out with a quote, on the way in without."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value if value is not None else "").strip()
        return text.removeprefix("'")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return harmless(str(value or ""))


class Percent(widgets.Widget):
    """A percentage with a comma or a point; a cell of a number as it is."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        if value in (None, ""):
            return None
        if isinstance(value, int | float | Decimal):
            return Decimal(str(value))
        try:
            return limits.parse_percent(str(value))
        except ValueError:
            words = {"value": str(value)[:40]}
            raise ValueError(
                gettext("“%(value)s” is not a percentage.") % words
            ) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{Decimal(value).normalize():f}"


class Amount(Percent):
    """Rubles: «1 234,50», a number of a cell; never below zero."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        if value in (None, ""):
            return None
        text = str(value).replace("\u00a0", "").replace(" ", "").replace("₽", "")
        try:
            amount = Decimal(text.replace(",", "."))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 <= amount < 10**10:
            words = {"value": str(value)[:40]}
            raise ValueError(gettext("“%(value)s” is not an amount.") % words)
        return amount.quantize(Decimal("0.01"))


class Share(Percent):
    """A percentage of something: between 0 and 100."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        share = super().clean(value, row, **kwargs)
        if share is not None and not 0 <= share <= 100:
            raise ValueError(gettext("A percentage lies between 0 and 100."))
        return share


class Price(Amount):
    """What an article costs a buyer: above zero, or not known."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        price = super().clean(value, row, **kwargs)
        if price is not None and price <= 0:
            raise ValueError(
                gettext("A price is above zero; leave it empty if it is not known.")
            )
        return price


class Day(widgets.Widget):
    """A Moscow day; ``last`` days are stored as the midnight after them."""

    def __init__(self, *, last: bool = False) -> None:
        super().__init__()
        self.later = DAY if last else timedelta(0)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime | None:
        if value in (None, ""):
            return None
        day = _date(value)
        if day is None:
            words = {"value": str(value)[:40]}
            raise ValueError(
                gettext("“%(value)s” is not a date: write 31.12.2026.") % words
            )
        return day_start(day + self.later)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        day = last_day(value) if self.later else moscow_date(value)
        return day.strftime("%d.%m.%Y")


class Flag(widgets.Widget):
    """«да» and «нет», 1 and 0."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = str(value if value is not None else "").strip().lower()
        if text in YES | {"1.0"}:
            return True
        if text in NO | {"0.0"}:
            return False
        words = {"value": text[:40]}
        raise ValueError(gettext("“%(value)s”: write yes or no.") % words)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return gettext("yes") if value else gettext("no")


class Articles(widgets.Widget):
    """Articles in one cell, however they are separated."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[int]:
        text = str(value if value is not None else "").removesuffix(".0")
        pasted = parse_nm_ids(text)
        if pasted.junk:
            words = {"value": pasted.junk[0][1]}
            raise ValueError(gettext("“%(value)s” is no article.") % words)
        return list(pasted.nm_ids)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return " ".join(map(str, value or ()))


class Article(widgets.Widget):
    """One article; a spreadsheet may have made it a fraction."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        text = str(value if value is not None else "").strip().removesuffix(".0")
        if not text:
            raise ValueError(
                gettext("The article is missing. Split merged cells: a value a row.")
            )
        if not text.isascii() or not text.isdigit() or not 4 <= len(text) <= 12:
            words = {"value": text[:40]}
            raise ValueError(gettext("“%(value)s” is no article.") % words)
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(value)


class Choice(widgets.Widget):
    """One of a field's words, or its name on the page; an empty cell is ``empty``."""

    def __init__(self, choices: type[TextChoices], *, empty: str = "") -> None:
        super().__init__()
        self.choices = choices
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").strip().lower()
        if not text:
            return self.empty
        for word, name in self.choices.choices:
            if text in (word, str(name).lower()):
                return str(word)
        known = ", ".join(f"{word} ({name})" for word, name in self.choices.choices)
        words = {"value": text[:40], "known": known}
        raise ValueError(gettext("“%(value)s”: one of %(known)s.") % words)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(value or "")


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in DATES:
        try:
            return datetime.strptime(str(value).strip()[:10], form).date()
        except ValueError:
            continue
    return None
