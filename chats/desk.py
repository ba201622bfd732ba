"""The list of chats: what is due first, filtered, searched, paged by key, counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)

from agentiq.compiled import Compiled, Slot
from chats import search
from chats.models import Chat, Decision, Message, Outgoing, Tally
from promos.rules.days import DAY, day_start

PAGE = 40
TIDY_FROM = 500

SHOWN = (
    *("seller", "wb_chat_id", "buyer_name", "preview", "reply_sign", "tags", "flags"),
    *("intent", "sentiment", "waiting_since", "due_at", "last_at", "low_rated_at"),
    *("has_failed", "code_sent_at", "claimed_until", "claimed_by__username"),
)
"""What a line of the list says; the other half of a chat is not read for it."""
SCOPES = ("waiting", "mine", "unassigned", "failed", "code", "snoozed", "all")
GIVEN = ("intent", "mood", "nm_id")
"""Filters whose words may differ in one and the same query."""
BY_TIME = frozenset({"failed", "code", "snoozed", "all"})
"""Scopes in the order of the last message; the others put what is due first first."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the operator wants to see; empty fields do not filter."""

    scope: str = "waiting"
    intent: str = ""
    mood: str = ""
    nm_id: int | None = None
    tag: str = ""
    query: str = ""
    operator: int | None = None
    code: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def narrow(self) -> bool:
        """Whether they say who answered, with which code, or when."""
        return bool(self.operator or self.code or self.since or self.until)

    def period(self) -> dict[str, datetime]:
        """Return the instants of the Moscow days, both included, as lookups."""
        found = {}
        if self.since:
            found["gte"] = day_start(self.since)
        if self.until and self.until < date.max:
            found["lt"] = day_start(self.until + DAY)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """Chats of one page; ``next`` is the key of the page after it, empty at the end."""

    chats: list[Chat]
    next: str = ""
    tallies: Mapping[str, int] = field(default_factory=dict)


def page(seller: Any, filters: Filters, *, operator_id: int, after: str = "") -> Page:
    """Return one page of the list, from the key ``after`` on. One query."""
    rows = _found(seller, filters) if filters.query else _filtered(seller, filters)
    rows = _in_scope(rows, filters, operator_id).only(*SHOWN)
    by_time = filters.scope in BY_TIME or bool(filters.query)
    chats = list(_from(rows, after, by_time=by_time)[: PAGE + 1])
    more = len(chats) > PAGE
    chats = chats[:PAGE]
    return Page(chats, _key(chats[-1], by_time=by_time) if more else "")


def following(
    seller: Any, filters: Filters, *, operator_id: int, but: Chat, now: datetime
) -> Chat | None:
    """
    Return the waiting chat to go to after ``but``: the next in order, not held.

    After the last one it goes on with the first, among them those that were skipped.
    """
    values = {"seller": seller.pk, "me": operator_id, "now": now, "pk": but.pk}
    given = {name: word for name in GIVEN if (word := getattr(filters, name))}
    if filters.narrow or filters.tag:  # asked too rarely to be kept
        rows = _ahead(
            seller, filters, me=operator_id, now=now, at=but.due_at, pk=but.pk
        )
        return rows.first()
    ask = _following(
        filters.scope, tuple(given), bool(filters.query), but.due_at is not None
    )
    return next(iter(ask(**values, **given, at=but.due_at)), None)


def tallies(seller: Any) -> dict[str, int]:
    """Return how many chats each filter holds, by the keys of ``Tally``."""
    sums = Tally.objects.filter(seller=seller).values_list("key").annotate(Sum("n"))
    return {key: n for key, n in sums if n > 0}


def tidy(seller_id: int) -> None:
    """Sum up the kept counts. Readers see them before or after, never halfway."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                DELETE FROM chats_tally WHERE id IN (
                    SELECT id FROM chats_tally WHERE seller_id = %s
                    FOR UPDATE SKIP LOCKED
                ) RETURNING key, n
            )
            INSERT INTO chats_tally (seller_id, key, n)
            SELECT %s, key, sum(n) FROM gone GROUP BY key HAVING sum(n) <> 0
            """,
            [seller_id, seller_id],
        )


def untidy() -> list[int]:
    """Return the sellers whose kept counts are worth summing up."""
    rows = Tally.objects.values("seller_id").annotate(rows=Count("pk"))
    found = rows.filter(rows__gt=TIDY_FROM)
    return list(found.values_list("seller_id", flat=True))


@cache
def _following(
    scope: str, given: tuple[str, ...], searching: bool, placed: bool
) -> Compiled[Chat]:
    """Return the query of ``following`` for filters of that kind."""
    filters = Filters(
        scope=scope,
        query="-" if searching else "",
        **{name: Slot(name) for name in given},  # type: ignore[arg-type]
    )
    at = Slot("at") if placed else None
    rest = {"me": Slot("me"), "now": Slot("now"), "at": at, "pk": Slot("pk")}
    return Compiled(lambda: _ahead(Slot("seller"), filters, **rest))


def _ahead(
    seller: Any, filters: Filters, *, me: Any, now: Any, at: Any, pk: Any
) -> QuerySet[Chat]:
    """Return the free waiting chat behind a place of the list, else the first one."""
    free = Q(claimed_by=None) | Q(claimed_by=me)
    free |= Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = _in_scope(_filtered(seller, filters), filters, me)
    rows = rows.filter(free, ~Q(pk=pk), waiting_since__isnull=False)
    rows = rows.order_by("due_at", "pk")
    first = rows.annotate(turn=Value(1))[:1]
    if at is None:
        return first
    behind = rows.filter(Q(due_at__gt=at) | Q(due_at=at, pk__gt=pk), due_at__gte=at)
    return (
        behind.annotate(turn=Value(0))[:1].union(first, all=True).order_by("turn")[:1]
    )


def _filtered(seller: Any, filters: Filters) -> QuerySet[Chat]:
    rows = Chat.objects.filter(seller=seller).select_related("claimed_by")
    wanted = {
        "intent": filters.intent,
        "sentiment": filters.mood,
        "nm_id": filters.nm_id,
        "tags__contains": [filters.tag] if filters.tag else None,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return _narrowed(seller, rows, filters) if filters.narrow else rows


def _narrowed(seller: Any, rows: QuerySet[Chat], filters: Filters) -> QuerySet[Chat]:
    """
    Keep the chats somebody answered, a code went to, in a period.

    The days are those of the answer or the code; of the words that are searched for;
    with neither, of the chat's last message.
    """
    period = filters.period()
    if filters.operator:
        answers = Decision.objects.filter(seller=seller, operator=filters.operator)
        answers = answers.exclude(kind=Decision.Kind.SKIP)
        answers = answers.filter(**_within("decided_at", period))
        rows = rows.filter(pk__in=answers.values("chat"))
    if filters.code:
        sent = Outgoing.objects.filter(
            seller=seller, promo_code__code__iexact=filters.code, sent_at__isnull=False
        )
        sent = sent.filter(**_within("sent_at", period))
        rows = rows.filter(pk__in=sent.values("chat"))
    if not (filters.operator or filters.code or filters.query):
        rows = rows.filter(**_within("last_at", period))
    return rows


def _within(name: str, period: Mapping[str, datetime]) -> dict[str, datetime]:
    return {f"{name}__{lookup}": moment for lookup, moment in period.items()}


def _in_scope(
    rows: QuerySet[Chat], filters: Filters, operator_id: int
) -> QuerySet[Chat]:
    waiting = Q(waiting_since__isnull=False, snoozed_until__isnull=True)
    conditions = {
        "waiting": waiting,
        "mine": waiting & Q(assignee=operator_id),
        "unassigned": waiting & Q(assignee__isnull=True),
        "failed": Q(has_failed=True),
        "code": Q(code_sent_at__isnull=False),
        "snoozed": Q(snoozed_until__isnull=False),
        "all": Q(),
    }
    if filters.query:
        return rows
    return rows.filter(conditions[filters.scope])


def _from(rows: QuerySet[Chat], after: str, *, by_time: bool) -> QuerySet[Chat]:
    if by_time:
        rows = rows.filter(last_at__isnull=False).order_by("-last_at", "-pk")
    else:
        rows = rows.order_by("due_at", "pk")
    if not after:
        return rows
    moment, _, pk = after.partition("_")
    at, last = datetime.fromisoformat(moment), int(pk)
    if by_time:
        return rows.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=last))
    # The first condition bounds the index scan, the second parts equal times.
    beyond = Q(due_at__gt=at) | Q(due_at=at, pk__gt=last)
    return rows.filter(beyond, due_at__gte=at)


def _key(chat: Chat, *, by_time: bool) -> str:
    moment = chat.last_at if by_time else chat.due_at
    return f"{moment.isoformat()}_{chat.pk}" if moment else ""


def _found(seller: Any, filters: Filters) -> QuerySet[Chat]:
    """Chats with the words: in a message, as buyer, article, order or WB chat id."""
    period = filters.period()
    said = _within("added_at", period)
    ids = search.chats(seller, filters.query.strip(), said=said)
    found = _filtered(seller, filters).filter(pk__in=ids)
    if period:
        messages = Message.objects.filter(chat=OuterRef("pk"))
        found = found.filter(Exists(messages.filter(**said)))
    return found
