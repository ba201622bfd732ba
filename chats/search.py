"""
Where the words of a search stand: in messages, buyers' names, articles and orders.

Each place is asked for its newest chats on its own index; together they are the found.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import CharField, Lookup, Max, Q, QuerySet
from django_scopes import scopes_disabled

from chats.models import Chat, ChatOrder, Message

FOUND = 200
"""Chats a place gives at most: beyond that the words were too common."""
NEWEST = (4_000, 100_000)
"""Messages looked through first: common words are found in them often enough."""


@CharField.register_lookup
class ILike(Lookup):  # type: ignore[type-arg]
    """ILIKE as it stands: Django's icontains upper-cases, past the trigram index."""

    lookup_name = "ilike"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} ILIKE {right}", (*left_params, *right_params)


def chats(seller: Any, words: str, *, said: Mapping[str, datetime]) -> set[int]:
    """Return the shop's chats with the words; ``said`` are lookups of ``added_at``."""
    return {
        *_by_words(seller, words, said),
        *_by_number(seller, words),
        *_by_name(seller, words),
    }


def _by_words(seller: Any, words: str, said: Mapping[str, datetime]) -> Iterable[int]:
    """
    Chats with the words in a message, those last where they were said last.

    Every match of a common word would have to be read to know the newest. So the
    newest messages are looked through first, and all only where those do not suffice.
    """
    query = SearchQuery(words, config="russian", search_type="websearch")
    rows = Message.objects.annotate(words=SearchVector("text", config="russian"))
    rows = rows.filter(seller=seller, words=query, **said)
    last = 0 if said else _last_message()
    for newest in (it for it in NEWEST if it < last):
        found = _newest(rows.filter(pk__gt=last - newest))
        if len(found) == FOUND:
            return found
    return _newest(rows)


def _newest(rows: QuerySet[Message]) -> list[int]:
    chats = rows.values("chat_id").annotate(at=Max("added_at")).order_by("-at")
    return list(chats.values_list("chat_id", flat=True)[:FOUND])


def _last_message() -> int:
    """Return the key of the newest message, whosever it is."""
    with scopes_disabled():
        return Message.objects.aggregate(last=Max("pk"))["last"] or 0


def _by_name(seller: Any, words: str) -> Iterable[int]:
    escaped = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    named = Chat.objects.filter(seller=seller, buyer_name__ilike=f"%{escaped}%")
    return _last(named)


def _by_number(seller: Any, words: str) -> Iterable[int]:
    """An article, an order or WB's own chat id, as it stands."""
    chats = Chat.objects.filter(seller=seller)
    orders = ChatOrder.objects.filter(seller=seller)
    if words.isdecimal() and len(words) <= 18:
        chats = chats.filter(nm_id=int(words))
        orders = orders.filter(Q(rid=words) | Q(nm_id=int(words)))
    else:
        chats, orders = chats.filter(wb_chat_id=words), orders.filter(rid=words)
    yield from _last(chats)
    yield from orders.order_by("-seen_at").values_list("chat_id", flat=True)[:FOUND]


def _last(rows: QuerySet[Chat]) -> Iterable[int]:
    newest = rows.order_by("-last_at", "-pk")
    return newest.values_list("pk", flat=True)[:FOUND]
