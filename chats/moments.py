"""A moment in words, remembered: pages name the same days and minutes again."""

from datetime import datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import get_language

DAY, MINUTE = "j b", "j b, H:i"


def shown(at: datetime, form: str) -> str:
    """Return the moment as the template filter ``date`` shows it, to the minute."""
    minute = at.replace(second=0, microsecond=0)
    return _worded(minute, form, get_language(), str(get_current_timezone()))


@lru_cache(maxsize=10_000)
def _worded(minute: datetime, form: str, language: str | None, zone: str) -> str:
    return date_format(localtime(minute), form)
