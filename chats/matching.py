"""
match(): which events of the feed are our replies.

WB gives a sent message no id, so chat, text and time have to do. Each event stands
for at most one reply: of two replies with the same text the earlier takes the
earlier event.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chats.models import Attempt, Message, Outgoing

API = "seller-public-api"
SKEW = timedelta(minutes=5)
"""How far WB's clock and ours may be apart."""
COPY_WAIT = timedelta(days=1)


def match(
    replies: Sequence[Outgoing], *, now: datetime
) -> list[tuple[Outgoing, Message]]:
    """Return pairs of a reply and the event that shows it; replies of one chat."""
    if not replies:
        return []
    tried = _tries(replies)
    events = _events(replies)
    pairs = []
    for reply in replies:
        message = _first(reply, tried.get(reply.pk), events)
        if message:
            events.remove(message)
            pairs.append((reply, message))
    return pairs


def same_text(one: str, other: str) -> bool:
    """Return whether two texts differ at most in what WB may tidy."""
    return tidy(one) == tidy(other)


def tidy(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def _tries(replies: Iterable[Outgoing]) -> dict[int, Attempt]:
    """Return the first try of each reply that may have reached WB."""
    maybe = (Attempt.Outcome.UNKNOWN, Attempt.Outcome.ACCEPTED, Attempt.Outcome.OPEN)
    rows = Attempt.objects.filter(outgoing__in=list(replies), outcome__in=maybe)
    first: dict[int, Attempt] = {}
    for row in rows.order_by("pk"):
        first.setdefault(row.outgoing_id, row)
    return first


def _events(replies: Sequence[Outgoing]) -> list[Message]:
    """Return the shop's messages of the chat that are no reply's yet, in order."""
    oldest = min(reply.created_at for reply in replies) - COPY_WAIT
    rows = Message.objects.filter(
        chat_id=replies[0].chat_id,
        sender=Message.Sender.SELLER,
        outgoing=None,
        stored_at__gte=oldest,
    )
    return list(rows.in_order())


def _first(
    reply: Outgoing, tried: Attempt | None, events: Iterable[Message]
) -> Message | None:
    for message in events:
        if same_text(message.text, reply.text) and _in_time(reply, tried, message):
            return message
    return None


def _in_time(reply: Outgoing, tried: Attempt | None, message: Message) -> bool:
    if reply.status == Outgoing.Status.COPIED:  # pasted in the cabinet by a person
        return message.source != API and message.stored_at >= reply.created_at - SKEW
    if tried is None or message.source not in (API, ""):
        return False  # WB's own example has an event without a source
    # A row stored before the try cannot be its message. Clocks cannot tell that: a
    # poll that began before the try may well bring it.
    if message.pk <= tried.message_then:
        return False
    if tried.wb_added_at:
        return abs(message.added_at - tried.wb_added_at) <= SKEW
    return message.added_at >= tried.started_at - SKEW
