"""
How the installation is doing: for load balancers, for Prometheus, for the seller.

Figures only; nothing here names a shop, a buyer or a key to somebody who has not
signed in.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_scopes import scope, scopes_disabled

from agentiq import limiter, metering
from chats.models import Attempt, Chat, FeedCursor, Outgoing, Suggestion
from promos import tokens
from promos.models import Seller, WbToken

logger = logging.getLogger(__name__)

HEARTBEAT_WITHIN = 30.0  # seconds; the worker marks each tick of beat, one a second
POLL_WITHIN = timedelta(minutes=2)  # overdue for longer: the schedule does not hold
SHOPS_NAMED = 100  # ages of polls in /readyz, the oldest first
RECENT = 1000  # rows that are looked at for what happened lately

PROBLEMS: Mapping[str, tuple[Promise, Promise]] = {
    "no_token": (
        _("There is no WB token that works."),
        _("Enter a token with the category “Chat with buyers”."),
    ),
    "no_category": (
        _("No token opens the chats."),
        _("Make a token with the category “Chat with buyers” and enter it."),
    ),
    "sealed": (
        _("The stored token cannot be opened: its encryption key is gone."),
        _("Enter the token anew."),
    ),
    "throttled": (
        _("WB asked to wait: too many requests."),
        _("Nothing to do: reading goes on by itself. Other programs may use it too."),
    ),
    "unavailable": (
        _("WB does not answer or answers with errors."),
        _("Nothing to do: it is tried again by itself; no message gets lost."),
    ),
    "disabled": (
        _("WB switched this part of its API off for a while."),
        _("Nothing to do: it is tried again every minute."),
    ),
    "rejected": (
        _("WB refused the request."),
        _("If this stays, write to support and name the details below."),
    ),
    "forbidden": (
        _("WB denied access."),
        _("Check the token in the WB cabinet, or enter a new one."),
    ),
    "unpaid": (
        _("WB stopped the calls: the balance of the service is empty."),
        _("The owner of the service must top up its balance at dev.wildberries.ru."),
    ),
}
_NEW_TOKEN = _("Make a new token in the WB cabinet and enter it.")


@dataclass(frozen=True)
class Shop:
    """What a seller is told of their own shop."""

    problem: str
    advice: str
    detail: str
    polled_at: datetime | None
    next_at: datetime | None
    is_late: bool
    is_waiting_for_token: bool
    token: WbToken | None
    days_left: int | None
    will_not_work: list[Promise]
    waiting: int
    oldest_wait: datetime | None
    overdue: int
    without_sign: int
    outgoing: Mapping[str, int]
    worker_age: float | None

    @property
    def worker_alive(self) -> bool:
        """Whether background work goes on."""
        return self.worker_age is not None and self.worker_age < HEARTBEAT_WITHIN


def mark_worker(now: datetime) -> None:
    """Note that a worker runs and gets its ticks."""
    try:
        limiter.connection().set(_heart(), now.timestamp(), ex=86_400)
    except redis.RedisError:
        logger.warning("no heartbeat: Redis does not answer")


def readiness(now: datetime) -> tuple[dict[str, Any], bool, bool]:
    """
    Return the report, whether requests can be served, and whether all is well.

    Serving needs the database and Redis; a silent worker or late polls do not stop
    it, but nothing comes in and nothing goes out.
    """
    report: dict[str, Any] = {"database": _database(), "redis": _redis()}
    serving = report["database"] == report["redis"] == "ok"
    age = _worker_age(now) if report["redis"] == "ok" else None
    report["worker"] = {"age_seconds": age}
    well = serving and age is not None and age < HEARTBEAT_WITHIN
    if report["database"] == "ok":
        report["polls"] = polls = _polls(now)
        well = well and polls["late"] == 0
    report["status"] = "ok" if well else "degraded" if serving else "down"
    return report, serving, well


def metrics(now: datetime) -> str:
    """Return all figures in Prometheus' text format."""
    lines: list[str] = []
    for name, kind, meaning, samples in _families(now):
        lines += [f"# HELP agentiq_{name} {meaning}", f"# TYPE agentiq_{name} {kind}"]
        lines += [
            f"agentiq_{name}{_labels(labels)} {value}" for labels, value in samples
        ]
    return "\n".join(lines) + "\n"


def shop(seller: Seller, now: datetime) -> Shop:
    """Return how one shop is doing, in its own scope."""
    with scope(seller=seller):
        cursor = FeedCursor.objects.filter(seller=seller).first() or FeedCursor()
        waiting = Chat.objects.waiting().aggregate(
            count=Count("pk"),
            oldest=Min("waiting_since"),
            overdue=Count("pk", filter=Q(due_at__lte=now)),
        )
        outgoing = Outgoing.objects.unsettled().order_by().values_list("status")
        counts = dict(outgoing.annotate(count=Count("pk")))
        unsigned = Chat.objects.filter(reply_sign="").count()
    token = WbToken.objects.usable(seller).first()
    problem, advice = _explained(cursor.problem)
    return Shop(
        problem=problem,
        advice=advice,
        detail=cursor.problem_detail if cursor.problem else "",
        polled_at=cursor.polled_at,
        next_at=cursor.due_at,
        is_late=bool(cursor.due_at and cursor.due_at < now - POLL_WITHIN),
        is_waiting_for_token=token is None,
        token=token,
        days_left=_days_left(token, now),
        will_not_work=tokens.missing(token) if token else [],
        waiting=waiting["count"],
        oldest_wait=waiting["oldest"],
        overdue=waiting["overdue"],
        without_sign=unsigned,
        outgoing={
            str(Outgoing.Status(status).label): count
            for status, count in sorted(counts.items())
        },
        worker_age=_worker_age(now),
    )


def _explained(word: str) -> tuple[str, str]:
    if not word:
        return "", ""
    if word in tokens.REFUSALS:
        return tokens.refusal_text(word), str(_NEW_TOKEN)
    problem, advice = PROBLEMS.get(word, (word, ""))
    return str(problem), str(advice)


def _days_left(token: WbToken | None, now: datetime) -> int | None:
    if token is None or token.expires_at is None:
        return None
    return max((token.expires_at - now).days, 0)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


def _redis() -> str:
    try:
        limiter.connection().ping()
    except redis.RedisError:
        return "down"
    return "ok"


def _heart() -> str:
    return f"{limiter.prefix()}heartbeat"


def _worker_age(now: datetime) -> float | None:
    try:
        seen = limiter.connection().get(_heart())
    except redis.RedisError:
        return None
    return round(max(now.timestamp() - float(seen), 0.0), 1) if seen else None


def _polls(now: datetime) -> dict[str, Any]:
    """How old the last complete poll of each shop is; shops by number only."""
    with scopes_disabled():
        cursors = FeedCursor.objects.filter(seller__is_active=True)
        total = cursors.aggregate(
            shops=Count("pk"),
            late=Count("pk", filter=Q(due_at__lt=now - POLL_WITHIN)),
            in_trouble=Count("pk", filter=~Q(problem="")),
            oldest=Min("polled_at"),
        )
        rows = cursors.exclude(polled_at=None).order_by("polled_at")[:SHOPS_NAMED]
        ages = {str(it.seller_id): _age(it.polled_at, now) for it in rows}
    return total | {"oldest": _age(total["oldest"], now), "age_seconds": ages}


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round((now - moment).total_seconds(), 1)


Sample = tuple[Mapping[str, str], float]
Family = tuple[str, str, str, list[Sample]]


def _families(now: datetime) -> Iterator[Family]:
    with scopes_disabled():
        yield from _queues(now)
        polls = _polls(now)
        lags = [{"kind": "oldest"}, {"kind": "late"}, {"kind": "in_trouble"}]
        seconds = polls["oldest"] or 0.0
        yield (
            "poll_age_seconds",
            "gauge",
            "Age of the oldest last complete poll",
            [({}, seconds)],
        )
        yield (
            "shops",
            "gauge",
            "Active shops by state of their feed",
            [
                ({"state": "all"}, polls["shops"]),
                *[({"state": it["kind"]}, polls[it["kind"]]) for it in lags[1:]],
            ],
        )
        yield _receive_lag()
        yield _attempts()
    age = _worker_age(now)
    beat = [({}, age)] if age is not None else []
    yield "worker_heartbeat_age_seconds", "gauge", "Since a worker's last tick", beat
    yield from _counters()


def _queues(now: datetime) -> Iterator[Family]:
    open_ones = Outgoing.objects.unsettled().order_by().values_list("status")
    depth = dict(open_ones.annotate(count=Count("pk")))
    yield (
        "outgoing",
        "gauge",
        "Replies that are not final, by state",
        [({"state": it.value}, depth.get(it.value, 0)) for it in Outgoing.OPEN],
    )
    oldest = Outgoing.objects.due(now).aggregate(at=Min("due_at"))["at"]
    yield (
        "outgoing_due_age_seconds",
        "gauge",
        "How long the oldest due reply waits",
        [({}, _age(oldest, now) or 0.0)],
    )
    yield (
        "suggestions_open",
        "gauge",
        "Suggestions that wait for a decision",
        [({}, Suggestion.objects.open().count())],
    )
    yield "celery_queue", "gauge", "Tasks that wait for a worker", _tasks()


def _tasks() -> list[Sample]:
    try:
        return [
            ({"queue": it.name}, limiter.connection().llen(it.name))
            for it in settings.CELERY_TASK_QUEUES
        ]
    except redis.RedisError:
        return []


def _attempts() -> Family:
    newest = Attempt.objects.order_by("-pk").values("pk")[:RECENT]
    found = Attempt.objects.filter(pk__in=newest).order_by().values_list("outcome")
    counts = dict(found.annotate(count=Count("pk")))
    meaning = f"The last {RECENT} attempts to send, by outcome"
    samples = [
        ({"outcome": it.value}, counts.get(it.value, 0)) for it in Attempt.Outcome
    ]
    return "attempts_recent", "gauge", meaning, samples


def _receive_lag() -> Family:
    query = (
        "SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY lag) FROM "
        "(SELECT extract(epoch FROM stored_at - added_at)::float AS lag "
        "FROM chats_message ORDER BY id DESC LIMIT %s) AS recent"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [RECENT])
        found = cursor.fetchone()[0] or []
    samples = [
        ({"quantile": name}, round(value, 3))
        for name, value in zip(("0.5", "0.95"), found, strict=False)
    ]
    meaning = f"From WB's time of a message to its row, the last {RECENT}"
    return "receive_lag_seconds", "gauge", meaning, samples


def _counters() -> Iterator[Family]:
    try:
        totals = metering.totals()
    except redis.RedisError:
        totals = {}
    calls = [
        ({"method": path[1], "status": path[2]}, value)
        for path, value in sorted(totals.items())
        if path[0] == "calls"
    ]
    yield "wb_calls_total", "counter", "Calls to WB by method and status", calls
    throttled = sum(value for labels, value in calls if labels["status"] == "429")
    yield "wb_throttled_total", "counter", "429 answers of WB", [({}, throttled)]
    for name, label, meaning in (
        ("seconds", "method", "Seconds spent waiting for WB"),
        ("polls", "outcome", "Polls of feeds by outcome"),
    ):
        samples = [
            ({label: path[1]}, value)
            for path, value in sorted(totals.items())
            if path[0] == name
        ]
        full = "wb_seconds_total" if name == "seconds" else "polls_total"
        yield full, "counter", meaning, samples


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return "{" + inside + "}"
