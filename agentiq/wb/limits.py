"""
WB's published limits, by method and kind of token. Source: docs of October 2026.

A limit is a token bucket: ``burst`` requests at once, then one more every
``interval`` seconds; WB also writes it as ``limit`` requests in ``period``
seconds. It is counted per seller and ``group``: methods of one group share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agentiq.wb.records import RateHeaders
from agentiq.wb.tokens import TokenKind

CHATS = "chats"
EVENTS = "events"
SEND = "send"
DOWNLOAD = "download"
GOODS = "goods"
UPLOADS = "uploads"
CARDS = "cards"
COMMISSION = "commission"
PROMOTIONS = "promotions"
PROMOTION_DETAILS = "promotion-details"
PROMOTION_GOODS = "promotion-goods"
PROMOTION_UPLOAD = "promotion-upload"
SALES_REPORT = "sales-report"
SALES_REPORTS = "sales-reports"
SUPPLIER_SALES = "supplier-sales"
SUPPLIER_ORDERS = "supplier-orders"
ORDER_FEED = "order-feed"
FEEDBACKS = "feedbacks"
QUESTIONS = "questions"
CLAIMS = "claims"
NEWS = "news"
SELLER_INFO = "seller-info"
PING = "ping"  # one bucket a host: the method is written "ping:chat"

_SECOND, _MINUTE, _HOUR = 1.0, 60.0, 3600.0


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds, and the bucket that allows them."""

    period: float
    limit: int
    interval: float
    burst: int
    group: str


@dataclass(frozen=True)
class _Row:
    """The limit of Personal and Service tokens, and that of Base; None = refused."""

    usual: tuple[float, int, float, int]
    base: tuple[float, int, float, int] | None
    group: str = ""


_CHAT = (10.0, 10, 1.0, 10)
_FAST = (6.0, 10, 0.6, 5)
_HOURLY = (_HOUR, 1, _HOUR, 1)
_SLOW = (_MINUTE, 1, _MINUTE, 1)
_CALENDAR = _Row(_FAST, _HOURLY, "calendar")
_PRICES = _Row(_FAST, (_HOUR, 4, 900.0, 1), "prices")
_REVIEWS = _Row((_SECOND, 3, 0.333, 6), (_HOUR, 5, 720.0, 1), "feedbacks")

_ROWS: Mapping[str, _Row] = {
    CHATS: _Row(_CHAT, _HOURLY),
    EVENTS: _Row(_CHAT, _HOURLY),
    SEND: _Row(_CHAT, _HOURLY),
    DOWNLOAD: _Row(_CHAT, (_HOUR, 10, 360.0, 1)),
    GOODS: _PRICES,
    UPLOADS: _PRICES,
    CARDS: _Row((_MINUTE, 100, 0.6, 5), (_MINUTE, 100, 0.6, 5)),
    COMMISSION: _Row((_MINUTE, 1, _MINUTE, 2), (_HOUR, 5, 720.0, 1)),
    PROMOTIONS: _CALENDAR,
    PROMOTION_DETAILS: _CALENDAR,
    # WB's page of this one has no row for Base: the group's is the careful reading.
    PROMOTION_GOODS: _CALENDAR,
    PROMOTION_UPLOAD: _CALENDAR,
    SALES_REPORT: _Row(_SLOW, (24 * _HOUR, 2, 12 * _HOUR, 1)),
    SALES_REPORTS: _Row(_SLOW, None),
    SUPPLIER_SALES: _Row(_SLOW, (2 * _HOUR, 1, 2 * _HOUR, 1)),
    SUPPLIER_ORDERS: _Row((_MINUTE, 1, _MINUTE, 10), (3 * _HOUR, 1, 3 * _HOUR, 1)),
    ORDER_FEED: _Row(_SLOW, (3 * _HOUR, 1, 3 * _HOUR, 1)),
    FEEDBACKS: _REVIEWS,
    QUESTIONS: _REVIEWS,
    CLAIMS: _Row((_MINUTE, 20, 3.0, 10), _HOURLY),
    NEWS: _Row((_MINUTE, 1, _MINUTE, 10), _HOURLY),
    SELLER_INFO: _Row((_MINUTE, 1, _MINUTE, 10), (24 * _HOUR, 1, 24 * _HOUR, 1)),
    # WB prints a burst of 99 beside 3 in 30 s: the small number is the careful one.
    PING: _Row((30.0, 3, 10.0, 3), (30.0, 3, 10.0, 3)),
}

METHODS = tuple(_ROWS)


def limit_for(
    method: str, kind: TokenKind, *, with_secret: bool = False
) -> Limit | None:
    """
    Return WB's limit of the method, None when this kind of token is refused.

    A Base token ``with_secret`` counts as the usual kinds, except for the few
    methods that WB opens to Personal and Service tokens only.
    """
    name, _, host = method.partition(":")
    row = _ROWS[name]
    base = kind is TokenKind.BASE
    if base and row.base is None:
        return None
    numbers = row.base if base and not with_secret else row.usual
    assert numbers is not None
    return Limit(*numbers, group=row.group or (f"{name}:{host}" if host else name))


class Limiter(Protocol):
    """Who decides whether a request may leave, over all workers."""

    def acquire(self, method: str) -> float:
        """Take one request; return 0, or the seconds to wait without taking it."""
        ...

    def observe(self, method: str, headers: RateHeaders, status: int) -> None:
        """Learn from an answer what WB's own bucket holds."""
        ...
