"""Whose token it is, whether it works, and what WB announces."""

from __future__ import annotations

from datetime import date
from typing import Literal

from agentiq.wb import limits, wire
from agentiq.wb.records import News, NewsTag, SellerInfo
from agentiq.wb.transport import Request, Transport

Host = Literal[
    "chat",
    "prices",
    "content",
    "common",
    "finance",
    "statistics",
    "analytics",
    "feedbacks",
    "returns",
    "calendar",
]


class AccountCalls(Transport):
    """The account's part of WbClient."""

    def ping(self, host: Host) -> None:
        """
        Return if the token opens this host, or raise why not.

        The calendar has no ping. Not for monitoring: WB may block who does that.
        Source: GET /ping, 3 requests per 30 s per host and seller.
        """
        if host == "calendar" or not hasattr(self.hosts, host):
            raise ValueError(f"{host} has no ping")
        url = f"{getattr(self.hosts, host)}/ping"
        self.call(Request(f"{limits.PING}:{host}", "GET", url))

    def seller_info(self) -> SellerInfo:
        """
        Return whose token it is.

        Source: GET /api/v1/seller-info, 1 request per minute per seller.
        """
        url = f"{self.hosts.common}/api/v1/seller-info"
        return self.call(Request(limits.SELLER_INFO, "GET", url)).read(_seller_info)

    def news(
        self, since: date | None = None, *, from_id: int | None = None
    ) -> tuple[News, ...]:
        """
        Return at most 100 announcements from a day or an id on, both included.

        Source: GET /api/communications/v2/news, 1 request per minute per seller.
        """
        if (since is None) == (from_id is None):
            raise ValueError("news needs a day or an id")
        query = [("from", since.isoformat())] if since else [("fromID", str(from_id))]
        url = f"{self.hosts.common}/api/communications/v2/news"
        return self.call(Request(limits.NEWS, "GET", url, query)).read(
            lambda body: wire.rows(wire.obj(body), "data", news_item)
        )


def _seller_info(body: object) -> SellerInfo:
    raw = wire.obj(body)
    return SellerInfo(
        seller_uuid=wire.text(raw, "sid"),
        name=wire.text(raw, "name"),
        trade_mark=wire.text(raw, "tradeMark"),
        tax_id=wire.text(raw, "tin"),
        country=wire.text(raw, "country"),
    )


def news_item(value: object) -> News:
    """Return one announcement."""
    raw = wire.obj(value, "news")
    return News(
        news_id=wire.key(raw, "id"),
        header=wire.text(raw, "header").strip(),
        content=wire.text(raw, "content"),
        published_at=wire.instant(raw.get("date"), zone_hours=3),
        tags=wire.rows(raw, "types", _tag),
    )


def _tag(value: object) -> NewsTag:
    raw = wire.obj(value, "tag")
    return NewsTag(wire.key(raw, "id"), wire.text(raw, "name"))
