from datetime import timedelta
from itertools import count

import pytest

from agentiq.testing import NOON
from chats.models import Chat, ChatOrder, Message

NM = 12345678
_numbers = count(1)


@pytest.fixture
def make_chat(seller):
    def make_chat(*texts, **fields):
        number = next(_numbers)
        values = {
            "wb_chat_id": f"1:chat-{number}",
            "reply_sign": f"1:chat-{number}:sign",
            "buyer_name": "Анна",
            "nm_id": NM,
        } | fields
        chat = Chat.objects.create(seller=seller, **values)
        for text in texts:
            say(chat, text)
        return chat

    return make_chat


def say(chat, text, sender="client", at=None, source="rusite", event_id=None):
    """Store a message as the inbox would, a minute after the one before."""
    last = chat.last_at or NOON - timedelta(hours=1)
    message = Message.objects.create(
        seller=chat.seller,
        chat=chat,
        event_id=event_id or f"event-{next(_numbers)}",
        sender=sender,
        source=source,
        text=text,
        added_at=at or last + timedelta(minutes=1),
    )
    chat.last_message, chat.last_event_id = message, message.event_id
    chat.last_at, chat.preview = message.added_at, text
    if sender == "client":
        chat.last_buyer_at = message.added_at
        chat.waiting_since = chat.waiting_since or message.added_at
    elif sender == "seller":
        chat.last_seller_at, chat.waiting_since = message.added_at, None
    chat.save()
    return message


def order(chat, nm_id=NM, rid="order-1"):
    return ChatOrder.objects.create(
        seller=chat.seller, chat=chat, rid=rid, nm_id=nm_id, seen_at=NOON
    )
