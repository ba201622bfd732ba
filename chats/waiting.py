"""Since when a buyer waits: answered once a reply is on its way, again if it fails."""

from datetime import datetime

from chats import clocks, suggestions
from chats.models import Chat, Outgoing


def answered(chat: Chat, *, now: datetime) -> datetime | None:
    """Note that a reply is on its way; return since when the buyer had waited."""
    since = ended(chat, now=now)
    chat.save(update_fields=["waiting_since", "due_at", "changed_at"])
    return since


def ended(chat: Chat, *, now: datetime) -> datetime | None:
    """The same, of a chat that the caller saves."""
    since = chat.waiting_since
    chat.waiting_since = chat.due_at = None
    chat.changed_at = now
    return since


def again(chat: Chat, *, now: datetime) -> None:
    """Note that no reply is on its way after all: the buyer's wait goes on."""
    asked = suggestions.turn_of(chat)
    chat.waiting_since = asked.messages[0].added_at if asked else None
    chat.due_at = clocks.due_at(chat)
    chat.changed_at = now
    chat.save(update_fields=["waiting_since", "due_at", "changed_at"])


def mark_failed(chat: Chat, *, now: datetime) -> None:
    """Keep on the chat whether its newest reply failed."""
    last = Outgoing.objects.filter(chat=chat).order_by("-pk").first()
    chat.has_failed = last is not None and last.status == Outgoing.Status.FAILED
    chat.changed_at = now
    chat.save(update_fields=["has_failed", "changed_at"])
