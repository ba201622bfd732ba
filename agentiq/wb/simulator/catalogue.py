"""Prices, cards, commission and WB's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agentiq.wb.simulator.http import Refused, Reply, Request, check_whole
from agentiq.wb.simulator.sellers import Row, Seller, public, set_discount
from agentiq.wb.simulator.world import World


def goods(sim: World, seller: Seller, request: Request) -> Reply:
    limit = request.whole("limit", least=1, most=1000)
    offset = request.whole("offset", 0, least=0)
    rows = seller.of("goods")
    if "filterNmID" in request.query:
        wanted = request.whole("filterNmID")
        rows = [row for row in rows if row["nmID"] == wanted]
    return _data({"listGoods": rows[offset : offset + limit]})


def goods_by_nm(sim: World, seller: Seller, request: Request) -> Reply:
    wanted = request.json().get("nmList")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 1000:
        raise Refused("Invalid value for nmList")
    return _data({"listGoods": [r for r in seller.of("goods") if r["nmID"] in wanted]})


def task(sim: World, seller: Seller, request: Request) -> Reply:
    found = _upload(sim, seller, request)
    if found is None:
        return _data(None)
    done = [good for good in found["goods"] if good["status"] == 2]
    status = 1 if found["waiting"] else (3 if len(done) == len(found["goods"]) else 5)
    return _data(
        {
            "uploadID": found["uploadID"],
            "status": status,
            "uploadDate": found["uploadDate"],
            "activationDate": found["activationDate"],
            "overAllGoodsNumber": len(found["goods"]),
            "successGoodsNumber": len(done),
        }
    )


def task_goods(sim: World, seller: Seller, request: Request) -> Reply:
    limit = request.whole("limit", least=1, most=1000)
    offset = request.whole("offset", 0, least=0)
    found = _upload(sim, seller, request)
    rows = found["goods"][offset : offset + limit] if found else None
    name = f"{request.found['place']}Goods"
    return _data({"uploadID": request.whole("uploadID"), name: rows})


def cards(sim: World, seller: Seller, request: Request) -> Reply:
    settings = request.json().get("settings") or {}
    cursor = settings.get("cursor") or {}
    limit = check_whole("limit", cursor.get("limit", 10), least=1, most=100)
    ascending = bool((settings.get("sort") or {}).get("ascending"))
    wanted = settings.get("filter") or {}
    rows = [row for row in seller.of("cards") if _wanted(row, wanted)]
    rows.sort(key=_place, reverse=not ascending)
    if cursor.get("updatedAt") and cursor.get("nmID"):
        last = (cursor["updatedAt"], cursor["nmID"])
        rows = [
            row
            for row in rows
            if (_place(row) > last if ascending else _place(row) < last)
        ]
    page = rows[:limit]
    place: Row = {"total": len(page)}
    if page:
        place |= {"updatedAt": page[-1]["updatedAt"], "nmID": page[-1]["nmID"]}
    return Reply({"cards": page, "cursor": place})


def _place(row: Row) -> tuple[str, int]:
    return str(row["updatedAt"]), int(row["nmID"])


def _wanted(row: Row, wanted: Row) -> bool:
    if wanted.get("withPhoto") in (1, 2) and (wanted["withPhoto"] == 1) != bool(
        row["photos"]
    ):
        return False
    text = str(wanted.get("textSearch") or "")
    skus = [sku for size in row["sizes"] for sku in size["skus"]]
    return not text or text in (str(row["nmID"]), row["vendorCode"], *skus)


def commission(sim: World, seller: Seller, request: Request) -> Reply:
    if request.one("locale", "ru") not in ("ru", "en", "zh"):
        raise Refused('parameter "locale" in query has an error')
    return Reply({"report": seller.of("commission")})


def promotions(sim: World, seller: Seller, request: Request) -> Reply:
    start, end = _moment(request, "startDateTime"), _moment(request, "endDateTime")
    every = request.flag("allPromo")
    limit = request.whole("limit", 1000, least=1, most=1000)
    offset = request.whole("offset", 0, least=0)
    keys = ("id", "name", "startDateTime", "endDateTime", "type")
    rows = [
        {key: row[key] for key in keys}
        for row in seller.of("promotions")
        if _time(row["startDateTime"]) <= end
        and _time(row["endDateTime"]) >= start
        and (every or any(not it["inAction"] for it in row["_goods"].values()))
    ]
    return Reply({"data": {"promotions": rows[offset : offset + limit]}})


def details(sim: World, seller: Seller, request: Request) -> Reply:
    wanted = request.query.get("promotionIDs", [])
    if not 1 <= len(wanted) <= 100 or not all(it.isdigit() for it in wanted):
        raise Refused("Invalid query params")
    rows = [_detail(r) for r in seller.of("promotions") if str(r["id"]) in wanted]
    return Reply({"data": {"promotions": rows}})


def _detail(row: Row) -> Row:
    joined = sum(good["inAction"] for good in row["_goods"].values())
    left = len(row["_goods"]) - joined
    share = 100 * joined // len(row["_goods"]) if row["_goods"] else 0
    return {
        **public(row),
        "inPromoActionLeftovers": joined,
        "inPromoActionTotal": joined,
        "notInPromoActionLeftovers": left,
        "notInPromoActionTotal": left,
        "participationPercentage": share,
    }


def nomenclatures(sim: World, seller: Seller, request: Request) -> Reply:
    row = _promotion(seller, request.whole("promotionID"))
    joined = request.flag("inAction")
    limit = request.whole("limit", 1000, least=1, most=1000)
    offset = request.whole("offset", 0, least=0)
    found = []
    for nm_id, good in row["_goods"].items():
        if good["inAction"] == joined:
            found.append({"id": int(nm_id), **_today(seller, int(nm_id)), **good})
    return Reply({"data": {"nomenclatures": found[offset : offset + limit]}})


def _today(seller: Seller, nm_id: int) -> Row:
    for row in seller.of("goods"):
        if row["nmID"] == nm_id:
            return {
                "price": row["sizes"][0]["price"],
                "currencyCode": row["currencyIsoCode4217"],
                "discount": row["discount"],
            }
    return {"price": 0, "currencyCode": "RUB", "discount": 0}


def upload(sim: World, seller: Seller, request: Request) -> Reply:
    data = request.json().get("data") or {}
    row = _promotion(seller, check_whole("promotionID", data.get("promotionID")))
    nm_ids = data.get("nomenclatures")
    if not isinstance(nm_ids, list) or not 1 <= len(nm_ids) <= 1000:
        raise Refused("Invalid value for nomenclatures")
    if not isinstance(data.get("uploadNow"), bool):
        raise Refused("Invalid value for uploadNow")
    for earlier in seller.of("uploads"):
        if (earlier["promotionID"], earlier["nmIDs"]) == (row["id"], sorted(nm_ids)):
            return _ticket(earlier["uploadID"], known=True)
    made: Row = {
        "uploadID": 1000 + len(seller.of("uploads")),
        "promotionID": row["id"],
        "nmIDs": sorted(nm_ids),
        "waiting": True,
        "uploadDate": sim.now().isoformat(),
        "activationDate": row["startDateTime"],
        "goods": [_upload_good(seller, row, nm_id) for nm_id in nm_ids],
    }
    seller.of("uploads").append(made)
    if data["uploadNow"]:
        made["activationDate"] = made["uploadDate"]
        _activate(seller, made)
    return _ticket(made["uploadID"], known=False)


def _ticket(upload_id: int, *, known: bool) -> Reply:
    return Reply({"data": {"alreadyExists": known, "uploadID": upload_id}})


def _upload_good(seller: Seller, promotion: Row, nm_id: int) -> Row:
    good = promotion["_goods"].get(str(nm_id))
    return {
        "nmID": nm_id,
        "vendorCode": "",
        "sizeID": 0,
        "techSizeName": "",
        "price": _today(seller, nm_id)["price"],
        "currencyIsoCode4217": "RUB",
        "discount": good["planDiscount"] if good else 0,
        "clubDiscount": 0,
        "status": 1,
        "errorText": "" if good else "The product is not suitable for the promotion",
    }


def _activate(seller: Seller, made: Row) -> None:
    made["waiting"] = False
    promotion = _promotion(seller, made["promotionID"])
    for good in made["goods"]:
        known = promotion["_goods"].get(str(good["nmID"]))
        good["status"] = 2 if known else 3
        if known:
            known["inAction"] = True
            set_discount(seller, good["nmID"], good["discount"])


def _upload(sim: World, seller: Seller, request: Request) -> Row | None:
    wanted = request.whole("uploadID")
    for row in seller.of("uploads"):
        if row["waiting"] and _time(row["activationDate"]) <= sim.now():
            _activate(seller, row)
        waiting = request.found["place"] == "buffer"
        if row["uploadID"] == wanted and row["waiting"] == waiting:
            return row
    return None


def _promotion(seller: Seller, promotion_id: int) -> Row:
    for row in seller.of("promotions"):
        if row["id"] == promotion_id:
            if row["type"] == "auto":
                raise Refused("Auto promotion is not supported by this method", 422)
            return row
    raise Refused("Promotion not found", 422)


def _moment(request: Request, name: str) -> datetime:
    try:
        return _time(request.one(name))
    except ValueError:
        raise Refused(f"Invalid value for {name}") from None


def _time(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(written)
    return moment


def _data(data: Any) -> Reply:
    return Reply({"data": data, "error": False, "errorText": ""})
