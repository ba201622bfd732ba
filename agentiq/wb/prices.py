"""
Prices and discounts, and how far an upload of them is.

Source: discounts-prices-api.wildberries.ru, category "Цены и скидки". All methods
share 10 requests per 6 s per seller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from agentiq.wb import limits, wire
from agentiq.wb.records import Price, SizePrice, Upload, UploadGood
from agentiq.wb.transport import MEGABYTE, Request, Transport


class PriceCalls(Transport):
    """The prices' part of WbClient."""

    def goods(self, limit: int = 1000, offset: int = 0) -> tuple[Price, ...]:
        """
        Return one page of the seller's articles; an empty one is the end.

        Source: GET /api/v2/list/goods/filter, 10 requests per 6 s per seller.
        """
        query = [("limit", str(limit)), ("offset", str(offset))]
        url = f"{self.hosts.prices}/api/v2/list/goods/filter"
        request = Request(limits.GOODS, "GET", url, query, max_bytes=32 * MEGABYTE)
        return self.call(request).read(_prices)

    def goods_by_nm(self, nm_ids: Collection[int]) -> tuple[Price, ...]:
        """
        Return the given articles, at most 1000; those WB does not know are missing.

        Source: POST /api/v2/list/goods/filter, 10 requests per 6 s per seller.
        """
        body = {"nmList": list(nm_ids)}
        url = f"{self.hosts.prices}/api/v2/list/goods/filter"
        request = Request(limits.GOODS, "POST", url, json=body, max_bytes=32 * MEGABYTE)
        return self.call(request).read(_prices)

    def upload_status(self, upload_id: int, *, waiting: bool = False) -> Upload | None:
        """
        Return how far an upload is, None when WB does not have it there.

        ``waiting`` asks among those that wait for their action to start.
        Source: GET /api/v2/history/tasks or /buffer/tasks, 10 requests per 6 s.
        """
        place = "buffer" if waiting else "history"
        url = f"{self.hosts.prices}/api/v2/{place}/tasks"
        request = Request(limits.UPLOADS, "GET", url, [("uploadID", str(upload_id))])
        return self.call(request).read(lambda body: _upload(body, waiting=waiting))

    def upload_goods(
        self,
        upload_id: int,
        *,
        waiting: bool = False,
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[UploadGood, ...]:
        """
        Return one page of an upload's articles with what WB holds against each.

        Source: GET /api/v2/history/goods/task or /buffer/goods/task.
        """
        place = "buffer" if waiting else "history"
        url = f"{self.hosts.prices}/api/v2/{place}/goods/task"
        query = [
            ("limit", str(limit)),
            ("offset", str(offset)),
            ("uploadID", str(upload_id)),
        ]
        request = Request(limits.UPLOADS, "GET", url, query)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), f"{place}Goods", upload_good)
        )


def _prices(body: object) -> tuple[Price, ...]:
    return wire.rows(wire.data(body), "listGoods", price)


def price(value: object) -> Price:
    """Return one article's prices."""
    raw = wire.obj(value, "good")
    sizes = wire.rows(raw, "sizes", _size)
    return Price(
        nm_id=wire.key(raw, "nmID"),
        vendor_code=wire.text(raw, "vendorCode"),
        price=_highest(it.price for it in sizes),
        discounted_price=_highest(it.discounted_price for it in sizes),
        club_price=_highest(it.club_price for it in sizes),
        discount_pct=wire.amount(raw, "discount"),
        club_discount_pct=wire.amount(raw, "clubDiscount"),
        currency=wire.text(raw, "currencyIsoCode4217"),
        per_size=wire.flag(raw, "editableSizePrice"),
        sizes=sizes,
    )


def _size(value: object) -> SizePrice:
    raw = wire.obj(value, "size")
    return SizePrice(
        size_id=wire.whole(raw, "sizeID"),
        name=wire.text(raw, "techSizeName"),
        price=wire.number(raw, "price"),
        discounted_price=wire.number(raw, "discountedPrice"),
        club_price=wire.number(raw, "clubDiscountedPrice"),
    )


def _highest(prices: Iterable[Decimal | None]) -> Decimal | None:
    return max((it for it in prices if it is not None), default=None)


def _upload(body: object, *, waiting: bool) -> Upload | None:
    raw = wire.data(body)
    if not raw:
        return None
    return Upload(
        upload_id=wire.key(raw, "uploadID"),
        status=wire.count(raw, "status"),
        waiting=waiting,
        uploaded_at=wire.instant(raw.get("uploadDate")),
        activates_at=wire.instant(raw.get("activationDate")),
        total=wire.count(raw, "overAllGoodsNumber"),
        succeeded=wire.count(raw, "successGoodsNumber"),
    )


def upload_good(value: object) -> UploadGood:
    """Return one article of an upload."""
    raw = wire.obj(value, "good")
    return UploadGood(
        nm_id=wire.key(raw, "nmID"),
        vendor_code=wire.text(raw, "vendorCode"),
        size_id=wire.whole(raw, "sizeID"),
        size_name=wire.text(raw, "techSizeName"),
        price=wire.number(raw, "price"),
        discount_pct=wire.number(raw, "discount"),
        club_discount_pct=wire.number(raw, "clubDiscount"),
        currency=wire.text(raw, "currencyIsoCode4217"),
        status=wire.count(raw, "status"),
        error=wire.text(raw, "errorText"),
    )
