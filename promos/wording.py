"""What to change in a code that would not be accepted: a sentence for each problem."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos import sentences
from promos.rules.limits import Problem

SENTENCES: Mapping[str, Promise] = {
    "required": _("Fill in this field."),
    "characters": _(
        "Only letters, digits, “-” and “_” fit into a code; remove “%(characters)s”."
    ),
    "mixed_alphabets": _(
        "Latin and Cyrillic letters are mixed: “%(letters)s” are Cyrillic."
    ),
    "length": _("A code has %(least)s to %(most)s characters."),
    "taken": _("The shop already has this code: “%(other)s”."),
    "range": _("The discount is from %(least)s to %(most)s %%."),
    "decimals": _("At most %(most)s decimals."),
    "before_start": _("The end must come after the start."),
    "too_short": _("A code runs for at least %(days)s day."),
    "too_long": _("A code runs for at most %(days)s days."),
    "ended": _("This end has already passed."),
    "too_early": _(
        "WB lets a code start from tomorrow: %(first)s or later. If it already runs "
        "at WB, say so."
    ),
    "too_late": _("WB plans three months ahead: %(last)s at the latest."),
    "no_slot": _(
        "WB runs at most %(slots)s codes at once; from %(starts_at)s to "
        "%(expires_at)s all are taken."
    ),
    "look_alike": _("Buyers may take it for “%(other)s”."),
    "cyrillic": _("Cyrillic letters: buyers must switch the keyboard."),
    "twins": _("All letters look Latin but are Cyrillic: buyers will mistype them."),
    "number_mismatch": _(
        "The code says %(number)s, but the discount is %(percent)s %%."
    ),
}


def sentence(problem: Problem) -> str:
    """Return what is wrong, in the language that is active now."""
    params = {name: _shown(value) for name, value in problem.params.items()}
    return str(SENTENCES[problem.code]) % params


def _shown(value: object) -> object:
    """Return a date as a person writes it, in the zone people see."""
    if isinstance(value, Decimal):
        return sentences.number(value)
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "j E Y H:i")
    if isinstance(value, date):
        return formats.date_format(value, "j E Y")
    return value
