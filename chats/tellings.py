"""What other systems are told of a chat (``promos.webhooks`` carries it)."""

from collections.abc import Iterable
from typing import Any

from chats.models import Message, Suggestion


def received(message: Message) -> dict[str, Any]:
    """A buyer wrote."""
    return {
        "message_id": message.pk,
        "chat": message.chat_id,
        "chat_id": message.chat.wb_chat_id,
        "event_id": message.event_id,
        "text": message.text,
        "nm_id": message.nm_id,
        "added_at": message.added_at,
    }


def all_received(ids: Iterable[int]) -> list[tuple[dict[str, Any], str]]:
    """Return what buyers wrote with WB's id of the chat, oldest first."""
    rows = Message.objects.filter(pk__in=list(ids)).from_buyer().in_order()
    return [(received(row), row.chat.wb_chat_id) for row in rows.select_related("chat")]


def suggested(suggestion: Suggestion) -> dict[str, Any]:
    """A reply is proposed."""
    code = suggestion.promo_code
    return {
        "suggestion_id": suggestion.pk,
        "chat": suggestion.chat_id,
        "chat_id": suggestion.chat.wb_chat_id,
        "event_id": suggestion.event_id,
        "intent": suggestion.analysis.intent,
        "sentiment": suggestion.analysis.sentiment,
        "text": suggestion.text,
        "code": code.code if code else None,
        "discount_percent": code.discount_percent if code else None,
        "reason": suggestion.reason,
        "is_escalation": suggestion.is_escalation,
    }
