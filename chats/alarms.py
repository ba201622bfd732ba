"""
What the chat side can see going wrong: reading, sending, and buyers left waiting.

Causes only; ``promos.alerts.keep`` makes the alerts agree with them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q
from django.db.models.functions import TruncDate

from chats import clocks
from chats.models import Chat, ChatQuerySet, FeedCursor, Outgoing, OutgoingChange
from chats.models.clocks import AFTER_RATING, ANSWER_WITHIN
from promos import alerts
from promos.alert_words import path
from promos.alerts import Cause, Kind, Level
from promos.models import Alert, Seller, WbToken
from promos.rules.days import MOSCOW, period

BEHIND = timedelta(minutes=5)
BADLY_BEHIND = timedelta(minutes=30)
FAILURES = 3  # in a row, before a poll that still tries counts as behind
TROUBLE = 3  # more than so many replies in trouble …
TROUBLE_RAISES = timedelta(minutes=10)  # … within this raise an alert,
TROUBLE_CLOSES = timedelta(minutes=30)  # … not more within this close it
UNSETTLED = timedelta(minutes=5)
SEVERAL = 5  # days whose waiting buyers are told of apart
DEADLINES = ((100, Level.CRITICAL), (80, Level.WARNING), (50, Level.INFO))
TARGETS = ((100, Level.WARNING), (80, Level.INFO), (50, Level.INFO))

KINDS = (
    Kind.POLL_BEHIND,
    Kind.SEND_TROUBLE,
    Kind.UNKNOWN_DELIVERY,
    Kind.CHAT_DEADLINE,
)


def watch(seller: Seller, *, now: datetime) -> list[Alert]:
    """Look at reading, sending and waiting buyers; return the alerts that are new."""
    causes = [
        *poll_behind(seller, now),
        *send_trouble(seller, now),
        *unknown_deliveries(seller, now),
        *chat_deadlines(seller, now),
        *rating_deadlines(seller, now),
        *own_targets(seller, now),
    ]
    return alerts.keep(seller, KINDS, causes, now=now)


def poll_behind(seller: Seller, now: datetime) -> Iterator[Cause]:
    """
    Yield a cause when the feed should have been read and was not.

    A shop without a usable token has an alert of its own, or is not set up yet. A
    token of few requests is polled rarely: behind is what is overdue, not what is
    old.
    """
    cursor = FeedCursor.objects.filter(seller=seller).first()
    if cursor is None or not WbToken.objects.usable(seller).exists():
        return
    overdue = cursor.due_at is not None and cursor.due_at <= now - BEHIND
    read_at = cursor.polled_at or cursor.tried_at
    if read_at is None:
        return
    failing = cursor.failures >= FAILURES and read_at <= now - BEHIND
    if not (overdue or failing):
        return
    since = now - read_at
    yield Cause(
        kind=Kind.POLL_BEHIND,
        level=Level.CRITICAL if since >= BADLY_BEHIND else Level.WARNING,
        params={
            "minutes": int(since.total_seconds() // 60),
            "problem": cursor.problem,
        },
        link=path("admin:promos_wbtoken_changelist") or path("chats:inbox"),
    )


def send_trouble(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield one cause for more than three failed or unknown replies in ten minutes."""
    stands = (
        Alert.objects.standing().filter(seller=seller, kind=Kind.SEND_TROUBLE).exists()
    )
    since = now - (TROUBLE_CLOSES if stands else TROUBLE_RAISES)
    count = (
        OutgoingChange.objects.filter(
            seller=seller,
            at__gt=since,
            status__in=(Outgoing.Status.FAILED, Outgoing.Status.UNKNOWN),
        )
        .exclude(outgoing__status=Outgoing.Status.SENT)  # it came through after all
        .aggregate(replies=Count("outgoing", distinct=True))["replies"]
    )
    if count > TROUBLE:
        yield Cause(
            kind=Kind.SEND_TROUBLE,
            level=Level.CRITICAL,
            params={"count": count},
            link=path("chats:inbox", query="?scope=failed"),
        )


def unknown_deliveries(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield one cause for replies whose delivery is not known after five minutes."""
    open_ones = Outgoing.objects.filter(
        seller=seller,
        status=Outgoing.Status.UNKNOWN,
        sending_since__lte=now - UNSETTLED,
    )
    found = open_ones.aggregate(count=Count("pk"), chat=Min("chat_id"))
    if found["count"]:
        yield Cause(
            kind=Kind.UNKNOWN_DELIVERY,
            params={"count": found["count"]},
            link=path("chats:chat", found["chat"]) or path("chats:inbox"),
        )


def chat_deadlines(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield causes for buyers who waited 50, 80 or 100 % of ten days."""
    waiting = Chat.objects.filter(seller=seller, waiting_since__isnull=False)
    passed = {
        percent: Q(waiting_since__lte=now - ANSWER_WITHIN * percent / 100)
        for percent, _ in DEADLINES
    }

    def hours(oldest: Chat) -> dict[str, int]:
        left = oldest.waiting_since + ANSWER_WITHIN - now
        return {"hours": max(0, int(left.total_seconds() // 3600))}

    yield from _thresholds("wb", DEADLINES, waiting, passed, hours)


def rating_deadlines(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield causes for buyers whose 72 hours after a low rating run out."""
    waiting = Chat.objects.filter(
        seller=seller, waiting_since__isnull=False, low_rated_at__isnull=False
    ).exclude(waiting_since__gte=F("low_rated_at") + AFTER_RATING)
    edges = [(it, now - AFTER_RATING * it / 100) for it, _ in DEADLINES]
    passed = {it: Q(low_rated_at__lte=edge) for it, edge in edges}
    yield from _thresholds("rating", DEADLINES, waiting, passed)


def own_targets(seller: Seller, now: datetime) -> Iterator[Cause]:
    """
    Yield causes for the shop's own targets, in its working time.

    A missed target is no broken rule of WB: it is told a level more quietly.
    """
    own = clocks.of(seller.pk)
    targets = ((True, own.first), (False, own.later))
    passed = {}
    for percent, _ in TARGETS:
        late = Q(pk__in=())
        for never_answered, target in targets:
            edge = target and own.hours.before(now, target * percent / 100)
            if edge:
                late |= Q(
                    last_seller_at__isnull=never_answered, waiting_since__lte=edge
                )
        passed[percent] = late
    waiting = Chat.objects.filter(seller=seller, waiting_since__isnull=False)
    if own.first or own.later:
        yield from _thresholds("target", TARGETS, waiting, passed)


def _thresholds(
    clock: str,
    levels: Iterable[tuple[int, Level]],
    waiting: ChatQuerySet,
    passed: dict[int, Q],
    more: Callable[[Chat], dict[str, int]] = lambda oldest: {},
) -> Iterator[Cause]:
    """
    Yield causes for each threshold whose chats have not passed the next one.

    Buyers who began to wait on the same Moscow day are one cause: an alert for each
    chat would bury the others, one for all would never tell of a second buyer while
    a first one stays unanswered. Those of the days before the latest SEVERAL are one.
    """
    beyond: Q | None = None
    for percent, level in levels:
        found = waiting.filter(passed[percent])
        found = found.exclude(beyond) if beyond else found
        beyond = passed[percent]
        for day, chats in _by_day(found):
            oldest = chats.order_by("due_at", "waiting_since", "pk").first()
            if oldest is None:  # answered a moment ago
                continue
            params = {
                "clock": clock,
                "threshold": percent,
                "count": chats.count(),
                "since": oldest.waiting_since.isoformat(),
            }
            yield Cause(
                kind=Kind.CHAT_DEADLINE,
                key=f"{clock}-{percent}:{day}",
                level=level,
                params=params | more(oldest),
                link=path("chats:chat", oldest.pk) or path("chats:inbox"),
            )


def _by_day(found: ChatQuerySet) -> Iterator[tuple[str, ChatQuerySet]]:
    """Yield the chats by the day their buyers began to wait, the latest first."""
    day = TruncDate("waiting_since", tzinfo=MOSCOW)
    days = list(found.order_by().values_list(day, flat=True).distinct())
    latest = sorted(days, reverse=True)
    for one in latest[:SEVERAL]:
        since, until = period(one, one)
        yield (
            one.isoformat(),
            found.filter(waiting_since__gte=since, waiting_since__lt=until),
        )
    if latest[SEVERAL:]:
        _, until = period(latest[SEVERAL], latest[SEVERAL])
        yield "before", found.filter(waiting_since__lt=until)
