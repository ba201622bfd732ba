"""What an open chat shows: its messages, the replies on their way, who else is here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from agentiq.compiled import Compiled, Slot
from chats import labels
from chats.models import (
    Analysis,
    Attachment,
    Chat,
    Message,
    Outgoing,
    Presence,
    Suggestion,
)

State = Suggestion.State
LAST = 50
"""Messages shown at first, and added each time one pages upwards."""
NEWS = 200
PRESENT = timedelta(seconds=17)
"""A desk says every 8 s that it is still there; two missed and it is gone."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a text; ``label`` says what it is evidence of, empty for nothing."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """What an open chat may have beside its messages; mostly there is nothing."""

    draft: str
    notes: bool
    under_way: bool
    others: bool


def named(seller_id: int, pk: int) -> Chat | None:
    """Return the shop's chat with who holds it; another shop's does not exist."""
    return next(iter(_NAMED(seller=seller_id, pk=pk)), None)


def last(chat: Chat, *, before: Message | None = None) -> tuple[list[Message], bool]:
    """
    Return the last messages, oldest first, and whether there are earlier ones.

    With ``before`` those ahead of it: that is how one pages upwards.
    """
    if before:
        earlier = Q(added_at__lt=before.added_at)
        tie = Q(added_at=before.added_at, pk__lt=before.pk)
        rows = _messages(chat.messages.all())
        rows = rows.filter(earlier | tie, added_at__lte=before.added_at)
        newest = list(_newest(rows))
    else:
        newest = _LAST(seller=chat.seller_id, chat=chat.pk)
    return _with_files(newest[:LAST][::-1]), len(newest) > LAST


def news(chat: Chat, *, after: int) -> list[Message]:
    """Return what was stored after the message with the key ``after``."""
    rows = _messages(chat.messages.all()).filter(pk__gt=after).order_by("pk")
    return _with_files(list(rows[:NEWS]))


def under_way(chat: Chat) -> list[Outgoing]:
    """Return replies the feed does not show: on their way, failed or just sent."""
    rows = chat.outgoing.filter(message=None).exclude(status=Outgoing.Status.CANCELLED)
    return list(rows.select_related("operator").order_by("-pk")[:5])[::-1]


def open_suggestion(chat: Chat) -> Suggestion | None:
    """Return the one suggestion that waits for a decision in this chat."""
    found = _OPEN(seller=chat.seller_id, chat=chat.pk)
    if not found:
        return None
    found[0].chat = chat
    return found[0]


def is_decided(chat: Chat) -> bool:
    """Say whether somebody decided already what to do about the newest message."""
    made = Suggestion.objects.filter(chat=chat, event_id=chat.last_event_id)
    decided = (State.ACCEPTED, State.EDITED, State.SKIPPED)
    return made.filter(state__in=decided).exists()


def beside(chat: Chat, *, operator_id: int, now: datetime) -> Beside:
    """Return what else there is in the chat, so that only that is read. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce((SELECT text FROM chats_draft
                             WHERE chat_id = %(chat)s AND operator_id = %(me)s), ''),
                EXISTS (SELECT FROM chats_note WHERE chat_id = %(chat)s),
                EXISTS (SELECT FROM chats_outgoing WHERE chat_id = %(chat)s
                        AND message_id IS NULL AND status <> 'cancelled'),
                EXISTS (SELECT FROM chats_presence WHERE chat_id = %(chat)s
                        AND operator_id <> %(me)s AND seen_at > %(since)s)
            """,
            {"chat": chat.pk, "me": operator_id, "since": now - PRESENT},
        )
        return Beside(*cursor.fetchone())


def mark(messages: Iterable[Message], analysis: Analysis | None) -> None:
    """Give each message its ``parts``: evidence of the reading is marked in it."""
    spans = _spans(analysis) if analysis else {}
    for message in messages:
        message.parts = _parts(message.text, spans.get(message.pk, []))


def present(seller: Any, *, now: datetime, but: int) -> dict[int, list[Presence]]:
    """Return who is in which chat right now, except the asking person."""
    rows = Presence.objects.filter(seller=seller, seen_at__gt=now - PRESENT)
    found: dict[int, list[Presence]] = defaultdict(list)
    for row in rows.exclude(operator_id=but).select_related("operator"):
        found[row.chat_id].append(row)
    return dict(found)


def _messages(rows: QuerySet[Message]) -> QuerySet[Message]:
    return rows.annotate(
        ours=F("outgoing__pk"),
        person=F("outgoing__operator__username"),
        has_files=Exists(Attachment.objects.filter(message=OuterRef("pk"))),
    ).defer("seller", "event_id", "event_type", "nm_id", "stored_at")


def _newest(rows: QuerySet[Message]) -> QuerySet[Message]:
    return rows.order_by("-added_at", "-pk")[: LAST + 1]


_NAMED = Compiled(
    lambda: Chat.objects.filter(seller=Slot("seller"), pk=Slot("pk")).select_related(
        "claimed_by"
    )
)
_LAST = Compiled(
    lambda: _newest(
        _messages(Message.objects.filter(seller=Slot("seller"), chat=Slot("chat")))
    )
)
_OPEN = Compiled(
    lambda: (
        Suggestion.objects.open()
        .filter(seller=Slot("seller"), chat=Slot("chat"))
        .select_related("analysis", "promo_code")
    )
)


def _with_files(messages: list[Message]) -> list[Message]:
    """Give each message its ``files``; a query only where there are any."""
    having = [message.pk for message in messages if message.has_files]
    files = defaultdict(list)
    if having:
        for file in Attachment.objects.filter(message__in=having).order_by("pk"):
            files[file.message_id].append(file)
    for message in messages:
        message.files = files[message.pk]
    return messages


def _spans(analysis: Analysis) -> Mapping[int, list[tuple[int, int, str]]]:
    found = defaultdict(list)
    for item in analysis.reading.get("evidence", ()):
        index = item["message_index"]
        if 0 <= index < len(analysis.message_ids):
            words = {"intent": labels.intent, "sentiment": labels.mood}
            label = words.get(item["kind"], labels.flag)(item["label"])
            span = (item["start"], item["end"], label)
            found[analysis.message_ids[index]].append(span)
    return found


def _parts(text: str, spans: list[tuple[int, int, str]]) -> list[Stretch]:
    parts, at = [], 0
    for start, end, label in sorted(spans):
        start = max(start, at)
        if start >= end or end > len(text):
            continue
        parts += [Stretch(text[at:start]), Stretch(text[start:end], label)]
        at = end
    parts.append(Stretch(text[at:]))
    return [part for part in parts if part.text]
