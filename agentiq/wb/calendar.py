"""
WB's actions: what is planned, what it asks of prices, and how to join.

Source: dp-calendar-api.wildberries.ru, category "Цены и скидки". All methods share
10 requests per 6 s per seller.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from agentiq.wb import limits, wire
from agentiq.wb.records import (
    Promotion,
    PromotionDetail,
    PromotionGood,
    Ranging,
    UploadTicket,
)
from agentiq.wb.transport import Request, Transport


class CalendarCalls(Transport):
    """The calendar's part of WbClient."""

    def promotions(
        self,
        starts_at: datetime,
        ends_at: datetime,
        *,
        joinable: bool = False,
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[Promotion, ...]:
        """
        Return the actions between two instants; ``joinable`` leaves out the rest.

        Source: GET /api/v1/calendar/promotions, 10 requests per 6 s per seller.
        """
        query = [
            ("startDateTime", _written(starts_at)),
            ("endDateTime", _written(ends_at)),
            ("allPromo", "false" if joinable else "true"),
            ("limit", str(limit)),
            ("offset", str(offset)),
        ]
        request = Request(limits.PROMOTIONS, "GET", self._url(""), query)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), "promotions", promotion)
        )

    def promotion_details(
        self, promotion_ids: Collection[int]
    ) -> tuple[PromotionDetail, ...]:
        """
        Return at most 100 actions with the seller's part in them.

        Source: GET /api/v1/calendar/promotions/details.
        """
        query = [("promotionIDs", str(number)) for number in promotion_ids]
        url = self._url("/details")
        request = Request(limits.PROMOTION_DETAILS, "GET", url, query)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), "promotions", promotion_detail)
        )

    def promotion_goods(
        self,
        promotion_id: int,
        *,
        in_action: bool,
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[PromotionGood, ...]:
        """
        Return one page of articles that are in a regular action, or could be.

        WbRejected (422): the action is an auto action, which has no such list.
        Source: GET /api/v1/calendar/promotions/nomenclatures.
        """
        query = [
            ("promotionID", str(promotion_id)),
            ("inAction", "true" if in_action else "false"),
            ("limit", str(limit)),
            ("offset", str(offset)),
        ]
        url = self._url("/nomenclatures")
        request = Request(limits.PROMOTION_GOODS, "GET", url, query)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), "nomenclatures", promotion_good)
        )

    def promotion_upload(
        self, promotion_id: int, nm_ids: Collection[int], *, now: bool
    ) -> UploadTicket:
        """
        Join a regular action with 1 to 1000 articles; ``now`` sets prices at once.

        Otherwise they change when the action starts. WbUnknown: WB may have taken it.
        Source: POST /api/v1/calendar/promotions/upload.
        """
        data = {
            "promotionID": promotion_id,
            "uploadNow": now,
            "nomenclatures": list(nm_ids),
        }
        url, body = self._url("/upload"), {"data": data}
        request = Request(limits.PROMOTION_UPLOAD, "POST", url, json=body, writes=True)
        return self.call(request).read(_ticket)

    def _url(self, tail: str) -> str:
        return f"{self.hosts.calendar}/api/v1/calendar/promotions{tail}"


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ticket(body: object) -> UploadTicket:
    raw = wire.data(body)
    return UploadTicket(wire.key(raw, "uploadID"), wire.flag(raw, "alreadyExists"))


def promotion(value: object) -> Promotion:
    """Return one action."""
    raw = wire.obj(value, "promotion")
    return Promotion(
        promotion_id=wire.key(raw, "id"),
        name=wire.text(raw, "name"),
        starts_at=wire.instant(raw.get("startDateTime")),
        ends_at=wire.instant(raw.get("endDateTime")),
        kind=wire.text(raw, "type"),
    )


def promotion_detail(value: object) -> PromotionDetail:
    """Return one action with the seller's part in it."""
    raw = wire.obj(value, "promotion")
    return PromotionDetail(
        promotion_id=wire.key(raw, "id"),
        name=wire.text(raw, "name"),
        description=wire.text(raw, "description"),
        advantages=tuple(str(it) for it in wire.items(raw, "advantages")),
        starts_at=wire.instant(raw.get("startDateTime")),
        ends_at=wire.instant(raw.get("endDateTime")),
        kind=wire.text(raw, "type"),
        in_leftovers=wire.count(raw, "inPromoActionLeftovers"),
        in_total=wire.count(raw, "inPromoActionTotal"),
        not_in_leftovers=wire.count(raw, "notInPromoActionLeftovers"),
        not_in_total=wire.count(raw, "notInPromoActionTotal"),
        participation_pct=wire.amount(raw, "participationPercentage"),
        exceptions=wire.count(raw, "exceptionProductsCount"),
        ranging=wire.rows(raw, "ranging", _ranging),
    )


def _ranging(value: object) -> Ranging:
    raw = wire.obj(value, "ranging")
    return Ranging(
        condition=wire.text(raw, "condition"),
        participation_pct=wire.amount(raw, "participationRate"),
        boost=wire.amount(raw, "boost"),
    )


def promotion_good(value: object) -> PromotionGood:
    """Return one article of a regular action."""
    raw = wire.obj(value, "nomenclature")
    return PromotionGood(
        nm_id=wire.key(raw, "id"),
        in_action=wire.flag(raw, "inAction"),
        price=wire.number(raw, "price"),
        plan_price=wire.number(raw, "planPrice"),
        discount_pct=wire.number(raw, "discount"),
        plan_discount_pct=wire.number(raw, "planDiscount"),
        currency=wire.text(raw, "currencyCode"),
    )
