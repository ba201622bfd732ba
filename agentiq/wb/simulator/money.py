"""The sales report, and the fresher figures of statistics and analytics."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from agentiq.wb.simulator.http import Refused, Reply, Request, check_whole
from agentiq.wb.simulator.sellers import Row, Seller, public
from agentiq.wb.simulator.world import World

MOSCOW = timezone(timedelta(hours=3))
ROWS_AT_ONCE = 80_000


def detailed(sim: World, seller: Seller, request: Request) -> Reply:
    body = request.json()
    limit = check_whole("limit", body.get("limit", 100_000), least=1, most=100_000)
    after = check_whole("rrdId", body.get("rrdId", 0), least=0)
    rows = _of_period(seller.of("report-lines"), body)
    rows = sorted((r for r in rows if r["rrdId"] > after), key=lambda r: r["rrdId"])
    if not rows:
        return Reply(status=204)
    fields = body.get("fields") or None
    return Reply([_only(public(row), fields) for row in rows[:limit]])


def reports(sim: World, seller: Seller, request: Request) -> Reply:
    body = request.json()
    limit = check_whole("limit", body.get("limit", 1000), least=1, most=1000)
    offset = check_whole("offset", body.get("offset", 0), least=0)
    rows = _of_period(seller.of("reports"), body)[offset : offset + limit]
    return Reply([public(row) for row in rows]) if rows else Reply(status=204)


def _of_period(rows: list[Row], body: Row) -> list[Row]:
    first, last = _day(body, "dateFrom"), _day(body, "dateTo")
    period = body.get("period", "weekly")
    if first > last:
        raise Refused("dateFrom must be less than or equal to dateTo")
    if period not in ("weekly", "daily"):
        raise Refused("period must be one of the values 'daily', 'weekly'")
    return [
        row
        for row in rows
        if row["_period"] == period
        and date.fromisoformat(row["dateFrom"]) <= last
        and date.fromisoformat(row["dateTo"]) >= first
    ]


def _day(body: Row, name: str) -> date:
    try:
        return date.fromisoformat(str(body[name])[:10])
    except (KeyError, ValueError):
        raise Refused(f"invalid {name}") from None


def _only(row: Row, fields: Any) -> Row:
    return row if fields is None else {k: v for k, v in row.items() if k in fields}


def sales(sim: World, seller: Seller, request: Request) -> Reply:
    return _changed(seller.of("sales"), request)


def orders(sim: World, seller: Seller, request: Request) -> Reply:
    return _changed(seller.of("orders"), request)


def _changed(rows: list[Row], request: Request) -> Reply:
    since = request.one("dateFrom")
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise Refused("dateFrom: Value must be in RFC3339 format") from None
    if moment.tzinfo:
        moment = moment.astimezone(MOSCOW).replace(tzinfo=None)
    if request.whole("flag", 0, least=0, most=1):
        found = [r for r in rows if r["date"][:10] == moment.date().isoformat()]
    else:
        found = [r for r in rows if _local(r["lastChangeDate"]) >= moment]
    found.sort(key=lambda row: str(row["lastChangeDate"]))
    return Reply(found[:ROWS_AT_ONCE])


def _local(written: str) -> datetime:
    return datetime.fromisoformat(written)


def order_feed(sim: World, seller: Seller, request: Request) -> Reply:
    body = request.json()
    period = body.get("selectedPeriod") or {}
    try:
        start = datetime.fromisoformat(period["start"])
        end = datetime.fromisoformat(period["end"]) if "end" in period else sim.now()
    except (KeyError, TypeError, ValueError):
        raise Refused("invalid selectedPeriod") from None
    if start.tzinfo is None or end.tzinfo is None:
        raise Refused("invalid selectedPeriod")
    if start < sim.now() - timedelta(days=31):
        raise Refused("selectedPeriod.start is more than 31 days ago")
    place = body.get("pagination") or {}
    limit = check_whole("limit", place.get("limit", 10_000), least=1, most=10_000)
    offset = check_whole("offset", place.get("offset", 0), least=0)
    wanted = body.get("nmIds") or []
    found = [
        row
        for row in seller.of("feed-orders")
        if start <= datetime.fromisoformat(row["createdAt"]) <= end
        and (not wanted or row["nmId"] in wanted)
    ]
    written = sim.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {
        "snapshotTime": place.get("snapshotTime") or written,
        "currency": "RUB",
        "orders": found[offset : offset + limit],
    }
    return Reply({"data": data})
