"""
Orders and sales within hours: preliminary, without promo codes, joined by srid.

Source: statistics-api and seller-analytics-api.wildberries.ru.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from agentiq.wb import limits, wire
from agentiq.wb.records import FeedOrder, OrderFeedPage, SupplierOrder, SupplierSale
from agentiq.wb.transport import MEGABYTE, Request, Transport

MOSCOW = timezone(timedelta(hours=3))
Since = str | date | datetime


class OrderCalls(Transport):
    """The fresh orders' part of WbClient."""

    def supplier_sales(
        self, since: Since, *, flag: Literal[0, 1] = 0
    ) -> tuple[SupplierSale, ...]:
        """
        Return sales and returns changed since an instant, about 80 000 at most.

        Go on from the last ``changed_mark``. With ``flag`` 1: those of one day.
        Source: GET /api/v1/supplier/sales, 1 request per minute per seller.
        """
        query = [("dateFrom", _written(since)), ("flag", str(flag))]
        url = f"{self.hosts.statistics}/api/v1/supplier/sales"
        request = Request(
            limits.SUPPLIER_SALES,
            "GET",
            url,
            query,
            max_bytes=256 * MEGABYTE,
            patience=300,
        )
        return self.call(request).read(
            lambda body: wire.readable(wire.array(body), supplier_sale)[0]
        )

    def supplier_orders(
        self, since: Since, *, flag: Literal[0, 1] = 0
    ) -> tuple[SupplierOrder, ...]:
        """
        Return orders changed since an instant, about 80 000 at most.

        Source: GET /api/v1/supplier/orders, 1 request per minute per seller.
        """
        query = [("dateFrom", _written(since)), ("flag", str(flag))]
        url = f"{self.hosts.statistics}/api/v1/supplier/orders"
        request = Request(
            limits.SUPPLIER_ORDERS,
            "GET",
            url,
            query,
            max_bytes=256 * MEGABYTE,
            patience=300,
        )
        return self.call(request).read(
            lambda body: wire.readable(wire.array(body), supplier_order)[0]
        )

    def order_feed(
        self,
        starts_at: datetime,
        ends_at: datetime | None = None,
        *,
        nm_ids: Collection[int] = (),
        snapshot_time: str = "",
        offset: int = 0,
        limit: int = 10_000,
    ) -> OrderFeedPage:
        """
        Return one page of orders in real time, at most 31 days back.

        The next page asks with this one's ``snapshot_time`` and a larger offset.
        Source: POST /api/analytics/v1/order-feed, 1 request per minute per seller.
        """
        period = {"start": starts_at.astimezone(MOSCOW).isoformat()}
        if ends_at:
            period["end"] = ends_at.astimezone(MOSCOW).isoformat()
        place: dict[str, object] = {"offset": offset, "limit": limit}
        if snapshot_time:
            place["snapshotTime"] = snapshot_time
        body: dict[str, object] = {"selectedPeriod": period, "pagination": place}
        if nm_ids:
            body["nmIds"] = list(nm_ids)
        url = f"{self.hosts.analytics}/api/analytics/v1/order-feed"
        request = Request(
            limits.ORDER_FEED, "POST", url, json=body, max_bytes=64 * MEGABYTE
        )
        return self.call(request).read(_feed_page)


def _written(since: Since) -> str:
    """WB reads times without a zone as Moscow's; a mark of its own goes as it is."""
    if isinstance(since, str):
        return since
    if isinstance(since, datetime):
        return since.astimezone(MOSCOW).replace(tzinfo=None).isoformat()
    return since.isoformat()


def supplier_sale(value: object) -> SupplierSale:
    """Return one sale or return."""
    raw = wire.obj(value, "sale")
    sale_id = wire.text(raw, "saleID")
    return SupplierSale(
        srid=wire.needed(raw, "srid"),
        sale_id=sale_id,
        basket=wire.text(raw, "gNumber"),
        nm_id=wire.whole(raw, "nmId"),
        vendor_code=wire.text(raw, "supplierArticle"),
        subject_name=wire.text(raw, "subject"),
        brand=wire.text(raw, "brand"),
        size=wire.text(raw, "techSize"),
        sold_at=wire.instant(raw.get("date"), zone_hours=3),
        changed_at=wire.instant(raw.get("lastChangeDate"), zone_hours=3),
        changed_mark=wire.text(raw, "lastChangeDate"),
        total_price=wire.amount(raw, "totalPrice"),
        discount_pct=wire.amount(raw, "discountPercent"),
        spp_pct=wire.amount(raw, "spp"),
        finished_price=wire.amount(raw, "finishedPrice"),
        price_with_discount=wire.amount(raw, "priceWithDisc"),
        for_pay=wire.amount(raw, "forPay"),
        is_return=sale_id.startswith("R"),
        raw=raw,
    )


def supplier_order(value: object) -> SupplierOrder:
    """Return one order."""
    raw = wire.obj(value, "order")
    return SupplierOrder(
        srid=wire.needed(raw, "srid"),
        basket=wire.text(raw, "gNumber"),
        nm_id=wire.whole(raw, "nmId"),
        vendor_code=wire.text(raw, "supplierArticle"),
        subject_name=wire.text(raw, "subject"),
        brand=wire.text(raw, "brand"),
        size=wire.text(raw, "techSize"),
        ordered_at=wire.instant(raw.get("date"), zone_hours=3),
        changed_at=wire.instant(raw.get("lastChangeDate"), zone_hours=3),
        changed_mark=wire.text(raw, "lastChangeDate"),
        cancelled_at=wire.instant(raw.get("cancelDate"), zone_hours=3),
        is_cancelled=wire.flag(raw, "isCancel"),
        total_price=wire.amount(raw, "totalPrice"),
        discount_pct=wire.amount(raw, "discountPercent"),
        spp_pct=wire.amount(raw, "spp"),
        finished_price=wire.amount(raw, "finishedPrice"),
        price_with_discount=wire.amount(raw, "priceWithDisc"),
        raw=raw,
    )


def _feed_page(body: object) -> OrderFeedPage:
    raw = wire.data(body)
    orders, skipped = wire.readable(wire.items(raw, "orders"), feed_order)
    return OrderFeedPage(
        orders=orders,
        snapshot_time=wire.text(raw, "snapshotTime"),
        currency=wire.text(raw, "currency"),
        skipped=skipped,
    )


def feed_order(value: object) -> FeedOrder:
    """Return one order of the real-time feed."""
    raw = wire.obj(value, "order")
    return FeedOrder(
        srid=wire.needed(raw, "srid"),
        nm_id=wire.whole(raw, "nmId"),
        chrt_id=wire.whole(raw, "chrtId"),
        status=wire.text(raw, "status"),
        cancel_type=wire.text(raw, "cancelType"),
        created_at=wire.instant(raw.get("createdAt"), zone_hours=3),
        updated_at=wire.instant(raw.get("updatedAt"), zone_hours=3),
        seller_price=wire.number(raw, "sellerPrice"),
        raw=raw,
    )
