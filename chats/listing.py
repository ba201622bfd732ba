"""WB's list of chats: the signatures, names and orders that the feed does not tell."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django_scopes import scope

from agentiq.wb.records import ChatCard
from chats import bulk, inbox, live, sizes
from chats.models import Chat, FeedCursor
from promos.models import Seller

logger = logging.getLogger(__name__)

AT_ONCE = 2000


def receive(seller: Seller, cards: Sequence[ChatCard], *, now: datetime) -> int:
    """
    Take signatures, names and orders from WB's list of chats; return how many changed.

    A chat the feed never told of is created. A new signature replaces the old one,
    which is kept: WB does not say how long it stays valid.
    """
    changed = 0
    with scope(seller=seller):
        for start in range(0, len(cards), AT_ONCE):
            with transaction.atomic():
                some = {
                    sizes.known_id(card.chat_id): card
                    for card in cards[start : start + AT_ONCE]
                }
                changed += _store_cards(seller, some, now)
        FeedCursor.objects.update_or_create(
            seller=seller, defaults={"chats_read_at": now}
        )
        if changed:
            live.bump(seller.pk)
    return changed


def _store_cards(seller: Seller, cards: dict[str, ChatCard], now: datetime) -> int:
    rows = [
        {
            "seller_id": seller.pk,
            "wb_chat_id": key,
            "reply_sign": _sign(card),
            "buyer_name": card.client_name[:200],
            "nm_id": sizes.whole(card.good_card.nm_id) if card.good_card else None,
            "last_at": card.last_at,
            "preview": card.last_text[:200],
            "created_at": now,
            "changed_at": now,
        }
        for key, card in cards.items()
    ]
    created = bulk.insert(Chat, rows, returning=("id",))
    known = Chat.objects.select_for_update(no_key=True).order_by("pk")
    ids, changed = {}, []
    for chat in known.filter(wb_chat_id__in=list(cards)).only(*_CARD_FIELDS):
        ids[chat.wb_chat_id] = chat.pk
        if _refresh(chat, cards[chat.wb_chat_id]):
            changed.append({name: getattr(chat, name) for name in _CARD_FIELDS})
    bulk.update(Chat, [row | {"changed_at": now} for row in changed])
    inbox.store_orders(
        seller,
        [(ids[key], it.good_card, now) for key, it in cards.items() if it.good_card],
    )
    return len(created) + len(changed)


_CARD_FIELDS = (
    "id",
    "wb_chat_id",
    "reply_sign",
    "previous_sign",
    "buyer_name",
    "nm_id",
)


def _refresh(chat: Chat, card: ChatCard) -> bool:
    before = (chat.reply_sign, chat.buyer_name, chat.nm_id)
    sign = _sign(card)
    if sign and sign not in (chat.reply_sign, chat.previous_sign):
        chat.previous_sign, chat.reply_sign = chat.reply_sign, sign
    chat.buyer_name = chat.buyer_name or card.client_name[:200]
    if chat.nm_id is None and card.good_card:
        chat.nm_id = sizes.whole(card.good_card.nm_id)
    return before != (chat.reply_sign, chat.buyer_name, chat.nm_id)


def _sign(card: ChatCard) -> str:
    sign = card.reply_sign or ""
    if len(sign) > 500:
        logger.warning("a signature of %s characters was left out", len(sign))
        return ""
    return sign
