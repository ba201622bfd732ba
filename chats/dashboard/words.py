"""How the dashboard says its figures and what they are about."""

from collections.abc import Mapping

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats import labels, replies
from chats.figures import Rate
from chats.models import Decision
from promos.alert_words import USE_CASES

SPEEDS: Mapping[str, Promise] = {
    "1m": gettext_lazy("up to 1 min"),
    "5m": gettext_lazy("1–5 min"),
    "15m": gettext_lazy("5–15 min"),
    "1h": gettext_lazy("15–60 min"),
    "4h": gettext_lazy("1–4 h"),
    "1d": gettext_lazy("4–24 h"),
    "later": gettext_lazy("over a day"),
}
DECISIONS: Mapping[str, Promise] = {kind.value: kind.label for kind in Decision.Kind}


def duration(seconds: float | None) -> str:
    """Return a time span in the two units that matter; a dash when not known."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes and not rest:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(rest)d s") % {"minutes": minutes, "rest": rest}
    return _("%(rest)d s") % {"rest": rest}


def percent(rate: Rate) -> str:
    """Return the share; of fewer than 20 events, how many there were."""
    if not rate.events:
        return "—"
    if rate.percent is None:
        return _("%(hits)d of %(events)d") % {"hits": rate.hits, "events": rate.events}
    return f"{_number(rate.percent)} %"


def interval(rate: Rate) -> str:
    """Return the 95 % interval; empty below 20 events."""
    if rate.interval is None:
        return ""
    low, high = rate.interval
    return f"{_number(low)}–{_number(high)} %"


def use_case(word: str) -> str:
    """Return the use case as people say it."""
    return str(USE_CASES.get(word, word)).capitalize() or _("not known")


def intent(word: str) -> str:
    """Return the intent as people say it."""
    return labels.intent(word) or _("not known")


def wording(template_id: str) -> str:
    """Return which text a suggestion had: of what, in which mood, with a code or not."""
    about, _slash, rest = template_id.partition("/")
    if about == replies.ESCALATION:
        flag = "" if rest == replies.DEFAULT_FLAG else labels.flag(rest)
        return " · ".join(filter(None, [_("to be answered by a person"), flag]))
    mood, _slash, code = rest.partition("/")
    words = [intent(about), labels.mood(mood), _("with a code") if code else ""]
    return " · ".join(filter(None, words))


def _number(value: float) -> str:
    return formats.number_format(value, 1)


def count(value: int) -> str:
    """Return a number with thin blanks between thousands."""
    return formats.number_format(value, force_grouping=True, use_l10n=True).replace(
        "\xa0", "\u202f"
    )
