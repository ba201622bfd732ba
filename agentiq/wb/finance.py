"""
The sales report: what was sold, returned and paid, row by row.

Source: finance-api.wildberries.ru, category "Финансы", 1 request per minute per
seller and method. Days are Moscow days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from agentiq.wb import limits, wire
from agentiq.wb.records import ReportLine, ReportPage, SalesReport
from agentiq.wb.transport import MEGABYTE, Answer, Request, Transport

Period = Literal["weekly", "daily"]

# What ReportLine reads; WB's rows have 96 fields and the rest is weight.
REPORT_FIELDS = (
    "rrdId",
    "reportId",
    "reportType",
    "dateFrom",
    "dateTo",
    "createDate",
    "currency",
    "srid",
    "orderUid",
    "shkId",
    "nmId",
    "vendorCode",
    "title",
    "subjectName",
    "brandName",
    "sku",
    "techSize",
    "docTypeName",
    "sellerOperName",
    "bonusTypeName",
    "orderDt",
    "saleDt",
    "rrDate",
    "quantity",
    "deliveryAmount",
    "returnAmount",
    "retailPrice",
    "salePercent",
    "productDiscountForReport",
    "retailPriceWithDisc",
    "retailAmount",
    "spp",
    "uuidPromocode",
    "salePricePromocodeDiscountPrc",
    "sellerPromo",
    "sellerPromoId",
    "sellerPromoDiscount",
    "loyaltyId",
    "loyaltyDiscount",
    "salePriceWholesaleDiscountPrc",
    "salePriceAffiliatedDiscountPrc",
    "commissionPercent",
    "kvw",
    "ppvzSalesCommission",
    "vw",
    "vwNds",
    "acquiringFee",
    "acquiringPercent",
    "ppvzReward",
    "forPay",
    "deliveryService",
    "penalty",
    "additionalPayment",
    "paidStorage",
    "deduction",
    "paidAcceptance",
    "rebillLogisticCost",
)


class FinanceCalls(Transport):
    """The money's part of WbClient."""

    def sales_report(
        self,
        date_from: date,
        date_to: date,
        rrd_id: int = 0,
        period: Period = "weekly",
        fields: Collection[str] = REPORT_FIELDS,
        *,
        limit: int = 50_000,
    ) -> ReportPage:
        """
        Return the report rows after ``rrd_id``; the page without rows is the end.

        An empty ``fields`` asks for all of them. Never add daily rows to weekly.
        Source: POST /api/finance/v1/sales-reports/detailed, 1 request per minute.
        """
        body: dict[str, object] = {
            "dateFrom": date_from.isoformat(),
            "dateTo": date_to.isoformat(),
            "limit": limit,
            "rrdId": rrd_id,
            "period": period,
        }
        if fields:
            body["fields"] = list(fields)
        answer = self.call(
            Request(
                limits.SALES_REPORT,
                "POST",
                f"{self.hosts.finance}/api/finance/v1/sales-reports/detailed",
                json=body,
                max_bytes=256 * MEGABYTE,
                patience=600,
            )
        )
        return report_page(answer, rrd_id)

    def sales_reports(
        self,
        date_from: date,
        date_to: date,
        period: Period = "weekly",
        *,
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[SalesReport, ...]:
        """
        Return the reports of a span of days with their sums.

        Personal and Service tokens only (WbForbidden otherwise).
        Source: POST /api/finance/v1/sales-reports/list, 1 request per minute.
        """
        body = {
            "dateFrom": date_from.isoformat(),
            "dateTo": date_to.isoformat(),
            "limit": limit,
            "offset": offset,
            "period": period,
        }
        url = f"{self.hosts.finance}/api/finance/v1/sales-reports/list"
        answer = self.call(Request(limits.SALES_REPORTS, "POST", url, json=body))
        if answer.status == 204:
            return ()
        return answer.read(
            lambda found: wire.readable(wire.array(found), sales_report)[0]
        )


def report_page(answer: Answer, after: int) -> ReportPage:
    """204 is WB's end; the cursor is the last row's id, whether read or not."""
    if answer.status == 204:
        return ReportPage((), None, 0)
    found = answer.read(wire.array)
    if not found:
        return ReportPage((), None, 0)
    cursor = answer.read(lambda _: wire.key(wire.obj(found[-1]), "rrdId"))
    if cursor <= after:
        raise answer.unreadable("the rows do not go on from the one asked for")
    lines, skipped = wire.readable(found, report_line)
    return ReportPage(lines, cursor, skipped)


def report_line(value: object) -> ReportLine:
    """Return one row of the report."""
    raw = wire.obj(value, "row")
    return ReportLine(
        rrd_id=wire.key(raw, "rrdId"),
        report_id=str(wire.whole(raw, "reportId") or ""),
        report_type=wire.whole(raw, "reportType"),
        report_from=wire.day(raw.get("dateFrom")),
        report_to=wire.day(raw.get("dateTo")),
        created_on=wire.day(raw.get("createDate")),
        currency=wire.text(raw, "currency"),
        srid=wire.text(raw, "srid"),
        order_uid=wire.text(raw, "orderUid"),
        shk_id=wire.whole(raw, "shkId") or None,
        nm_id=wire.whole(raw, "nmId") or None,
        vendor_code=wire.text(raw, "vendorCode"),
        title=wire.text(raw, "title"),
        subject_name=wire.text(raw, "subjectName"),
        brand=wire.text(raw, "brandName"),
        sku=wire.text(raw, "sku"),
        size=wire.text(raw, "techSize"),
        doc_type=wire.text(raw, "docTypeName"),
        operation=wire.text(raw, "sellerOperName"),
        bonus_type=wire.text(raw, "bonusTypeName"),
        ordered_at=wire.instant(raw.get("orderDt"), zone_hours=3),
        sold_at=wire.instant(raw.get("saleDt"), zone_hours=3),
        operated_on=wire.day(raw.get("rrDate")),
        quantity=wire.count(raw, "quantity"),
        deliveries=wire.count(raw, "deliveryAmount"),
        returns=wire.count(raw, "returnAmount"),
        retail_price=wire.amount(raw, "retailPrice"),
        sale_pct=wire.amount(raw, "salePercent"),
        total_discount_pct=wire.amount(raw, "productDiscountForReport"),
        price_with_discount=wire.amount(raw, "retailPriceWithDisc"),
        retail_amount=wire.amount(raw, "retailAmount"),
        spp_pct=wire.amount(raw, "spp"),
        promo_uuid=wire.text(raw, "uuidPromocode").strip().lower(),
        promo_pct=wire.amount(raw, "salePricePromocodeDiscountPrc"),
        legacy_promo_pct=wire.amount(raw, "sellerPromo"),
        seller_promo_id=wire.whole(raw, "sellerPromoId") or None,
        seller_promo_pct=wire.amount(raw, "sellerPromoDiscount"),
        loyalty_id=wire.whole(raw, "loyaltyId") or None,
        loyalty_pct=wire.amount(raw, "loyaltyDiscount"),
        wholesale_pct=wire.amount(raw, "salePriceWholesaleDiscountPrc"),
        affiliated_pct=wire.amount(raw, "salePriceAffiliatedDiscountPrc"),
        commission_pct=wire.amount(raw, "commissionPercent"),
        kvw_pct=wire.amount(raw, "kvw"),
        sales_commission=wire.amount(raw, "ppvzSalesCommission"),
        vw=wire.amount(raw, "vw"),
        vw_nds=wire.amount(raw, "vwNds"),
        acquiring_fee=wire.amount(raw, "acquiringFee"),
        acquiring_pct=wire.amount(raw, "acquiringPercent"),
        pickup_reward=wire.amount(raw, "ppvzReward"),
        for_pay=wire.amount(raw, "forPay"),
        delivery_cost=wire.amount(raw, "deliveryService"),
        penalty=wire.amount(raw, "penalty"),
        additional_payment=wire.amount(raw, "additionalPayment"),
        storage_cost=wire.amount(raw, "paidStorage"),
        deduction=wire.amount(raw, "deduction"),
        acceptance_cost=wire.amount(raw, "paidAcceptance"),
        rebill_logistics=wire.amount(raw, "rebillLogisticCost"),
        raw=raw,
    )


def sales_report(value: object) -> SalesReport:
    """Return one report of the list."""
    raw = wire.obj(value, "report")
    return SalesReport(
        report_id=str(wire.key(raw, "reportId")),
        report_type=wire.whole(raw, "reportType"),
        date_from=wire.day(raw.get("dateFrom")),
        date_to=wire.day(raw.get("dateTo")),
        created_on=wire.day(raw.get("createDate")),
        currency=wire.text(raw, "currency"),
        retail_amount=wire.amount(raw, "retailAmountSum"),
        for_pay=wire.amount(raw, "forPaySum"),
        delivery_cost=wire.amount(raw, "deliveryServiceSum"),
        storage_cost=wire.amount(raw, "paidStorageSum"),
        acceptance_cost=wire.amount(raw, "paidAcceptanceSum"),
        deduction=wire.amount(raw, "deductionSum"),
        penalty=wire.amount(raw, "penaltySum"),
        additional_payment=wire.amount(raw, "additionalPaymentSum"),
        bank_payment=wire.amount(raw, "bankPaymentSum"),
        raw=raw,
    )
