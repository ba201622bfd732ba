"""Reviews, questions, claims, and what WB says of the seller and to sellers."""

from __future__ import annotations

from datetime import datetime, timedelta

from agentiq.wb.simulator.http import Refused, Reply, Request
from agentiq.wb.simulator.money import MOSCOW
from agentiq.wb.simulator.sellers import Row, Seller, public
from agentiq.wb.simulator.world import World


def feedbacks(sim: World, seller: Seller, request: Request) -> Reply:
    take = request.whole("take", least=1, most=5000)
    skip = request.whole("skip", least=0, most=199_990)
    return _voices("feedbacks", seller.of("feedbacks"), request, take, skip)


def questions(sim: World, seller: Seller, request: Request) -> Reply:
    take = request.whole("take", least=1, most=10_000)
    skip = request.whole("skip", least=0, most=10_000)
    if take + skip > 10_000:
        raise Refused("Invalid value for take and skip")
    return _voices("questions", seller.of("questions"), request, take, skip)


def _voices(
    name: str, rows: list[Row], request: Request, take: int, skip: int
) -> Reply:
    answered = request.flag("isAnswered")
    found = [row for row in rows if bool(row["answer"]) == answered]
    if "nmId" in request.query:
        nm_id = request.whole("nmId")
        found = [row for row in found if row["productDetails"]["nmId"] == nm_id]
    if "dateFrom" in request.query:
        since = request.whole("dateFrom")
        found = [row for row in found if _time(row) >= since]
    if "dateTo" in request.query:
        until = request.whole("dateTo")
        found = [row for row in found if _time(row) <= until]
    found.sort(key=_time, reverse=request.one("order", "dateDesc") == "dateDesc")
    data = {
        "countUnanswered": sum(not row["answer"] for row in rows),
        "countArchive": sum(bool(row["answer"]) for row in rows),
        name: found[skip : skip + take],
    }
    body: Row = {"data": data, "error": False, "errorText": ""}
    return Reply({**body, "additionalErrors": None})


def _time(row: Row) -> float:
    return datetime.fromisoformat(str(row["createdDate"])[:19] + "+03:00").timestamp()


def claims(sim: World, seller: Seller, request: Request) -> Reply:
    archived = request.flag("is_archive")
    limit = request.whole("limit", 200, least=1, most=200)
    offset = request.whole("offset", 0, least=0)
    oldest = (sim.now() - timedelta(days=14)).astimezone(MOSCOW).replace(tzinfo=None)
    found = [
        row
        for row in seller.of("claims")
        if row["_archived"] == archived and datetime.fromisoformat(row["dt"]) >= oldest
    ]
    for name, key in (("nm_id", "nm_id"), ("id", "id")):
        if name in request.query:
            found = [row for row in found if str(row[key]) == request.one(name)]
    page = [public(row) for row in found[offset : offset + limit]]
    return Reply({"claims": page, "total": len(found)})


def news(sim: World, seller: Seller, request: Request) -> Reply:
    rows = sorted(seller.of("news"), key=lambda row: int(row["id"]))
    if "fromID" in request.query:
        first = request.whole("fromID")
        rows = [row for row in rows if row["id"] >= first]
    elif "from" in request.query:
        rows = [row for row in rows if row["date"][:10] >= request.one("from")]
    else:
        raise Refused("from or fromID is required")
    return Reply({"data": rows[:100]})


def seller_info(sim: World, seller: Seller, request: Request) -> Reply:
    body = {"name": seller.name, "sid": seller.sid, "tin": "1234567890"}
    return Reply({**body, "tradeMark": seller.name, "country": "Россия"})
