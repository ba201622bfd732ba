"""
What a message does to its chat: who waits since when, and what the list shows.

Plain values in, changed values out; ``inbox`` reads them before and writes them after.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentiq.wb.records import ChatEvent
from chats import clocks, sizes

OWN = "seller-public-api"  # written through the API: by us or another program


@dataclass(slots=True)
class Kept:
    """The fields of a chat that messages move."""

    id: int
    wb_chat_id: str
    reply_sign: str = ""
    buyer_name: str = ""
    nm_id: int | None = None
    last_at: datetime | None = None
    last_event_id: str = ""
    last_message_id: int | None = None
    last_buyer_at: datetime | None = None
    last_seller_at: datetime | None = None
    waiting_since: datetime | None = None
    preview: str = ""
    message_count: int = 0
    snoozed_until: datetime | None = None
    low_rated_at: datetime | None = None
    # What this page did:
    is_new: bool = False
    asked: bool = False
    answered: bool = False
    unclear: bool = False  # an answer came late: look up since when the buyer waits


COLUMNS = tuple(Kept.__slots__)[:15]


def fold(chat: Kept, pk: int, event: ChatEvent, now: datetime) -> None:
    """Let one new message move its chat; they come in order of time."""
    chat.message_count += 1
    if event.good_card and event.good_card.nm_id:
        chat.nm_id = sizes.whole(event.good_card.nm_id) or chat.nm_id
    if not sizes.says(event):
        return
    at = sizes.moment(event, now)
    if chat.last_at is None or at >= chat.last_at:
        chat.last_at, chat.last_event_id = at, sizes.known_id(event.event_id)
        chat.last_message_id, chat.preview = pk, sizes.preview(event)
    if event.sender == "client":
        _ask(chat, event, at)
    elif event.sender == "seller":
        _answer(chat, event, at)


def _ask(chat: Kept, event: ChatEvent, at: datetime) -> None:
    if event.client_name and (chat.last_buyer_at is None or at >= chat.last_buyer_at):
        chat.buyer_name = event.client_name[:200]
    chat.last_buyer_at = max(chat.last_buyer_at or at, at)
    chat.asked, chat.snoozed_until = True, None
    if chat.last_seller_at is None or at >= chat.last_seller_at:
        chat.waiting_since = min(chat.waiting_since or at, at)


def _answer(chat: Kept, event: ChatEvent, at: datetime) -> None:
    chat.last_seller_at = max(chat.last_seller_at or at, at)
    chat.answered = chat.answered or event.source != OWN
    if chat.waiting_since is None or chat.waiting_since > at:
        return
    if chat.last_buyer_at and chat.last_buyer_at > at:
        chat.unclear = True
    chat.waiting_since = None


def row(chat: Kept, own: clocks.Clocks, now: str) -> dict[str, Any]:
    since = chat.waiting_since
    answered_at, low_rated_at = chat.last_seller_at, chat.low_rated_at
    return {
        "id": chat.id,
        "reply_sign": chat.reply_sign,
        "buyer_name": chat.buyer_name,
        "nm_id": chat.nm_id,
        "last_at": chat.last_at,
        "last_event_id": chat.last_event_id,
        "last_message_id": chat.last_message_id,
        "last_buyer_at": chat.last_buyer_at,
        "last_seller_at": chat.last_seller_at,
        "waiting_since": since,
        "due_at": since
        and own.due(since, answered_at=answered_at, low_rated_at=low_rated_at),
        "preview": chat.preview,
        "message_count": chat.message_count,
        "snoozed_until": chat.snoozed_until,
        "changed_at": now,
    }
