"""
The feed becomes rows: one event, one Message; the same event twice is still one.

A page and the cursor after it are one transaction, so a crash repeats a page and
loses none. What the chat list shows is kept on Chat and moved here, set by set.
"""

import logging
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django_scopes import scope

from agentiq.wb.records import ChatEvent, EventPage, GoodCard
from chats import bulk, clocks, folding, live, sizes, tellings
from chats.models import (
    Attachment,
    Chat,
    ChatOrder,
    FeedCursor,
    Message,
    Outgoing,
    Suggestion,
)
from promos import webhooks
from promos.models import Seller, Webhook

logger = logging.getLogger(__name__)

_BIGGEST_PRICE = 10**10
_LONGEST_TEXT = 100_000  # WB allows 1000; PostgreSQL cannot index a megabyte


@dataclass(frozen=True)
class Received:
    """What a page brought: ids of rows, all of them new."""

    new_messages: tuple[int, ...] = ()
    chats_with_new_buyer_turn: tuple[int, ...] = ()
    own_events: tuple[int, ...] = ()  # messages that came through the API: settle them
    chats_without_sign: tuple[int, ...] = ()


class _Overtaken(Exception):
    """Somebody else made one of the chats this page was about to make."""


def receive(seller: Seller, page: EventPage, *, now: datetime) -> Received:
    """Store a page of the feed and the cursor after it, in one transaction."""
    with scope(seller=seller):
        try:
            return _receive(seller, page, now)
        except _Overtaken:  # WB's list of chats was read meanwhile
            return _receive(seller, page, now)


@transaction.atomic
def _receive(seller: Seller, page: EventPage, now: datetime) -> Received:
    _lock_cursor(seller)
    received = _store(seller, page.events, now) if page.events else Received()
    _advance(seller, page)
    return received


def _lock_cursor(seller: Seller) -> None:
    """Lock the seller's cursor first of all: pages are stored one after another."""
    query = "SELECT 1 FROM chats_feedcursor WHERE seller_id = %s FOR UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(query, [seller.pk])
        if cursor.fetchone() is None:
            FeedCursor.objects.get_or_create(seller=seller)
            cursor.execute(query, [seller.pk])


def _advance(seller: Seller, page: EventPage) -> None:
    """Move the cursor on, never back (an overlapping read is behind it), never to 0."""
    newest = max((it.added_at for it in page.events), default=None)
    query = (
        "UPDATE chats_feedcursor SET next = nullif(greatest(next, %s, 0), 0), "
        "last_event_at = greatest(last_event_at, %s) WHERE seller_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [page.next, newest, seller.pk])


def _store(seller: Seller, events: Sequence[ChatEvent], now: datetime) -> Received:
    chats = _chats(seller, events)
    first: dict[str, ChatEvent] = {}
    for event in events:
        first.setdefault(sizes.known_id(event.event_id), event)
    new = bulk.insert(
        Message,
        [_message(chats, key, it, now) for key, it in first.items()],
        same={"seller_id": seller.pk, "stored_at": now},
        returning=("id", "event_id"),
    )
    if not new:
        return Received()
    found = [(pk, first[event_id]) for pk, event_id in new]
    # A new chat's event has its own time; two of one millisecond keep feed order.
    found.sort(key=lambda pair: (sizes.moment(pair[1], now), pair[0]))
    _keep(seller.pk, chats, found, now)
    _store_files(seller, found)
    store_orders(
        seller,
        [
            (chats[sizes.known_id(it.chat_id)].id, it.good_card, sizes.moment(it, now))
            for _, it in found
            if it.good_card
        ],
    )
    _tell(seller, [pk for pk, _ in found], now)
    live.bump(seller.pk)
    touched = {sizes.known_id(event.chat_id): None for _, event in found}
    own = tuple(
        pk for pk, it in found if it.sender == "seller" and it.source == folding.OWN
    )
    waiting = [chats[it] for it in touched if chats[it].asked]
    return Received(
        new_messages=tuple(pk for pk, _ in found),
        chats_with_new_buyer_turn=tuple(it.id for it in waiting if it.waiting_since),
        own_events=own,
        chats_without_sign=tuple(
            chats[it].id for it in touched if not chats[it].reply_sign
        ),
    )


def _tell(seller: Seller, ids: Sequence[int], now: datetime) -> None:
    """Let other systems know what buyers wrote, in the order they wrote it."""
    kind = Webhook.Kind.MESSAGE_RECEIVED
    if webhooks.is_wanted(seller, kind):
        webhooks.emit_many(seller, kind, tellings.all_received(ids), now=now)


# Chats


def _chats(seller: Seller, events: Sequence[ChatEvent]) -> dict[str, folding.Kept]:
    """
    Return the chats of the events: known ones locked, new ones not yet written.

    A new chat is written once, after its messages, with all that they made of it.
    """
    keys = list(dict.fromkeys(sizes.known_id(event.chat_id) for event in events))
    chats = _locked_chats(seller, keys)
    chats |= _new_chats([key for key in keys if key not in chats])
    for event in events:
        # The list of chats knows newer signatures than the feed's history.
        sign = event.reply_sign
        if sign and len(sign) <= 500:
            chat = chats[sizes.known_id(event.chat_id)]
            chat.reply_sign = chat.reply_sign or sign
    return chats


def _new_chats(keys: Sequence[str]) -> dict[str, folding.Kept]:
    """Return chats with the ids they are going to have."""
    if not keys:
        return {}
    query = (
        "SELECT nextval(pg_get_serial_sequence('chats_chat', 'id')) "
        "FROM generate_series(1, %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [len(keys)])
        ids = [row[0] for row in cursor.fetchall()]
    return {
        key: folding.Kept(pk, key, is_new=True)
        for key, pk in zip(keys, ids, strict=True)
    }


def _locked_chats(seller: Seller, keys: Sequence[str]) -> dict[str, folding.Kept]:
    query = (
        f"SELECT {', '.join(folding.COLUMNS)} FROM chats_chat "
        "WHERE seller_id = %s AND wb_chat_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [seller.pk, list(keys)])
        return {row[1]: folding.Kept(*row) for row in cursor.fetchall()}


def _keep(
    seller_id: int,
    chats: dict[str, folding.Kept],
    found: Sequence[tuple[int, ChatEvent]],
    now: datetime,
) -> None:
    """Move what the chats keep, and close suggestions that were overtaken."""
    foreign: list[tuple[int, str]] = []
    touched: dict[int, folding.Kept] = {}
    for pk, event in found:
        chat = chats[sizes.known_id(event.chat_id)]
        touched[chat.id] = chat
        folding.fold(chat, pk, event, now)
        if (
            event.sender == "seller"
            and event.source == folding.OWN
            and sizes.says(event)
        ):
            foreign.append((chat.id, event.text))
    _look_up([chat for chat in touched.values() if chat.unclear])
    _write(seller_id, list(chats.values()), touched, now)
    elsewhere = set(_from_elsewhere(foreign))
    reasons = {}
    for chat in touched.values():
        if chat.is_new:  # nothing was suggested yet
            continue
        if chat.waiting_since:
            if chat.asked:
                reasons[chat.id] = "newer_message"
        elif chat.answered or chat.id in elsewhere:
            reasons[chat.id] = "answered_elsewhere"
    _supersede(reasons, now)


def _write(
    seller_id: int,
    chats: Sequence[folding.Kept],
    touched: Container[int],
    now: datetime,
) -> None:
    """Write new chats, and known ones that messages moved."""
    own, at = clocks.of(seller_id), now.isoformat()
    rows = [
        folding.row(chat, own, at)
        for chat in chats
        if chat.id in touched and not chat.is_new
    ]
    bulk.update(Chat, rows)
    new = [
        folding.row(chat, own, at) | {"wb_chat_id": chat.wb_chat_id}
        for chat in chats
        if chat.is_new
    ]
    same = {"seller_id": seller_id, "created_at": now}
    if len(bulk.insert(Chat, new, same=same, returning=("id",))) < len(new):
        raise _Overtaken


def _look_up(chats: Sequence[folding.Kept]) -> None:
    """Find since when buyers wait whose answer arrived behind a later question."""
    if not chats:
        return
    query = (
        "SELECT c.id, (SELECT min(m.added_at) FROM chats_message m WHERE "
        "m.chat_id = c.id AND m.added_at > c.answered_at AND m.sender = 'client') "
        "FROM unnest(%s::bigint[], %s::timestamptz[]) AS c(id, answered_at)"
    )
    answered_at = [chat.last_seller_at for chat in chats]
    with connection.cursor() as cursor:
        cursor.execute(query, [[chat.id for chat in chats], answered_at])
        since = dict(cursor.fetchall())
    for chat in chats:
        chat.waiting_since = since[chat.id]


def _supersede(reasons: dict[int, str], now: datetime) -> None:
    """Close the open suggestions of chats that moved on, each for its reason."""
    if not reasons:
        return
    overtaken = [it for it, reason in reasons.items() if reason == "newer_message"]
    query = (
        "UPDATE chats_suggestion SET state = %s, closed_at = %s, closed_reason = CASE "
        "WHEN chat_id = ANY(%s) THEN 'newer_message' ELSE 'answered_elsewhere' END "
        "WHERE state = %s AND chat_id = ANY(%s)"
    )
    states = Suggestion.State
    with connection.cursor() as cursor:
        cursor.execute(
            query, [states.SUPERSEDED, now, overtaken, states.SHOWN, list(reasons)]
        )


def _from_elsewhere(sent: Sequence[tuple[int, str]]) -> list[int]:
    """Return the chats another program answered: the text is none of our replies."""
    if not sent:
        return []
    ours = set(
        Outgoing.objects.filter(
            chat_id__in={chat_id for chat_id, _ in sent},
            status__in=(*Outgoing.OPEN, Outgoing.Status.SENT),
            text__in={text for _, text in sent},
        ).values_list("chat_id", "text")
    )
    return [chat_id for chat_id, text in sent if (chat_id, text) not in ours]


# Messages, files, orders


def _message(
    chats: dict[str, folding.Kept], key: str, event: ChatEvent, now: datetime
) -> dict[str, Any]:
    card = event.good_card
    return {
        "chat_id": chats[sizes.known_id(event.chat_id)].id,
        "event_id": key,
        "event_type": event.event_type[:30],
        "sender": event.sender[:10],
        "source": event.source[:30],
        "text": event.text[:_LONGEST_TEXT],
        "nm_id": sizes.whole(card.nm_id) if card else None,
        "added_at": sizes.moment(event, now),
    }


def _store_files(seller: Seller, found: Iterable[tuple[int, ChatEvent]]) -> None:
    rows = [
        {
            "seller_id": seller.pk,
            "message_id": pk,
            "kind": file.kind,
            "download_id": file.download_id,
            "name": file.name[:300],
            "content_type": file.content_type[:100],
            "size": sizes.whole(file.size),
        }
        for pk, event in found
        for file in event.files
        if len(file.download_id) <= 200
    ]
    bulk.insert(Attachment, rows)


def store_orders(
    seller: Seller, seen: Iterable[tuple[int, GoodCard, datetime]]
) -> None:
    """Keep the orders that chats were about; one known already stays as it is."""
    rows = [
        {
            "seller_id": seller.pk,
            "chat_id": chat_id,
            "rid": (card.rid or "")[:100],
            "nm_id": sizes.whole(card.nm_id),
            "price": card.price
            if card.price is not None and abs(card.price) < _BIGGEST_PRICE
            else None,
            "currency": card.currency[:3],
            "size": (card.size or "")[:50],
            "seen_at": at,
        }
        for chat_id, card, at in seen
        if card.rid or card.nm_id
    ]
    bulk.insert(ChatOrder, rows)
