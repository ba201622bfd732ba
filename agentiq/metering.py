"""
Counts of WB calls in Redis: by seller, day and method, and in all for /metrics.

WB bills catalogue services by the call (wb_api §9), so a seller's count is money.
Losing Redis loses counts, never a message: nothing is decided by them.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

import redis

from agentiq import limiter
from agentiq.wb.records import CallReport

logger = logging.getLogger(__name__)

KEPT_SECONDS = 400 * 86_400


def counter(seller_id: int) -> Callable[[CallReport], None]:
    """Return what a client of this seller is to call after each call to WB."""

    def count(report: CallReport) -> None:
        try:
            _add(seller_id, report, datetime.now(UTC).date())
        except redis.RedisError:
            logger.warning("a call to WB was not counted: Redis does not answer")

    return count


def calls(seller_id: int, day: date) -> Mapping[str, int]:
    """Return how often each method was called that day (UTC), refused calls too."""
    found = limiter.connection().hgetall(_daily(seller_id, day))
    return {name.decode(): int(value) for name, value in found.items()}


def totals() -> Mapping[tuple[str, ...], float]:
    """Return all counts by their path: calls/method/status and seconds/method."""
    found = limiter.connection().hgetall(_all())
    return {tuple(name.decode().split("|")): float(it) for name, it in found.items()}


def add(*path: str, amount: float = 1) -> None:
    """Add to a count that /metrics shows; a Redis that is down is no failure."""
    add_all({path: amount})


def add_all(amounts: Mapping[tuple[str, ...], float]) -> None:
    """Add to several counts at once; see ``add``."""
    if not amounts:
        return
    try:
        with limiter.connection().pipeline(transaction=False) as pipe:
            for path, amount in amounts.items():
                pipe.hincrbyfloat(_all(), "|".join(path), amount)
            pipe.execute()
    except redis.RedisError:
        logger.warning("counts were lost: Redis does not answer")


def _add(seller_id: int, report: CallReport, day: date) -> None:
    daily = _daily(seller_id, day)
    status = str(report.status or "none")
    with limiter.connection().pipeline(transaction=False) as pipe:
        pipe.hincrby(daily, report.method, 1)
        pipe.expire(daily, KEPT_SECONDS)
        pipe.hincrby(_all(), f"calls|{report.method}|{status}", 1)
        pipe.hincrbyfloat(_all(), f"seconds|{report.method}", round(report.seconds, 4))
        pipe.execute()


def _daily(seller_id: int, day: date) -> str:
    return f"{limiter.prefix()}wb:calls:{seller_id}:{day.isoformat()}"


def _all() -> str:
    return f"{limiter.prefix()}totals"
