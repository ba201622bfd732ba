"""What people read of a deadline: how long is left, of which clock, how urgent."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.models import Chat

CLOCKS: Mapping[str, Promise] = {
    "wb": _("WB: ten days to answer"),
    "rating": _("WB: 72 hours after a low rating"),
    "target": _("the shop's target"),
}
LEFT: Mapping[str, Promise] = {
    "min": _("%(n)s min"),
    "h": _("%(n)s h"),
    "d": _("%(n)s d"),
}
LATE: Mapping[str, Promise] = {
    "min": _("late by %(n)s min"),
    "h": _("late by %(n)s h"),
    "d": _("late by %(n)s d"),
}
SOON, URGENT = timedelta(hours=24), timedelta(hours=3)


def urgency(chat: Chat, now: datetime) -> str:
    """The tone of a deadline: WB's by the hours left, one's own by the part gone."""
    due_at, since = chat.due_at, chat.waiting_since
    if due_at is None or since is None:
        return "muted"
    left_over = due_at - now
    if chat.clock == "target" and left_over > timedelta():
        return "warn" if left_over < (due_at - since) / 5 else "muted"
    return "bad" if left_over < URGENT else "warn" if left_over < SOON else "muted"


def left(due_at: datetime, now: datetime) -> str:
    """How long there is to answer, or how late it is, in one unit."""
    minutes = int((due_at - now).total_seconds() // 60)
    number, unit = _in_one_unit(abs(minutes))
    words = LATE[unit] if minutes < 0 else LEFT[unit]
    return str(words) % {"n": number}


def clock_words(chat: Chat) -> str:
    """Which clock the chat's deadline is of."""
    return str(CLOCKS.get(chat.clock, ""))


def _in_one_unit(minutes: int) -> tuple[int, str]:
    if minutes < 60:
        return minutes, "min"
    return (minutes // 60, "h") if minutes < 48 * 60 else (minutes // 1440, "d")
