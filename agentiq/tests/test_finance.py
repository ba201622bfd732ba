from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agentiq.wb import errors, finance
from agentiq.wb.transport import Answer, Request

PROMO = "5D3BA1E4-2A4B-4F1D-9E8A-0C0FFEE00001"
SPAN = (date(2026, 3, 16), date(2026, 3, 22))


@pytest.fixture
def shop(sim, wb):
    sim.throttle.window = "off"
    return sim


def test_a_row_is_read_with_exact_money_and_its_code(shop, wb):
    shop.add(
        "report-lines",
        {
            "rrdId": 1232610467,
            "reportId": 9007199254740993,
            "srid": "0f1c",
            "uuidPromocode": PROMO,
            "salePricePromocodeDiscountPrc": 7.5,
        },
    )

    [line] = wb.sales_report(*SPAN).lines

    assert line.rrd_id == 1232610467
    assert line.report_id == "9007199254740993"
    assert (line.operation, line.doc_type, line.quantity) == ("Продажа", "Продажа", 1)
    assert (line.for_pay, line.retail_amount) == (Decimal("376.99"), Decimal(367))
    assert line.price_with_discount == Decimal("399.68")
    assert line.promo_uuid == PROMO.lower()
    assert line.promo_pct == Decimal("7.5")
    assert line.sold_at == datetime(2026, 3, 21, tzinfo=UTC)
    assert (line.report_from, line.operated_on) == (
        date(2026, 3, 16),
        date(2026, 3, 21),
    )
    assert line.seller_promo_id is None


def test_rows_are_read_by_the_last_id_until_wb_has_no_content(shop, wb):
    for number in (30, 10, 20):
        shop.add("report-lines", {"rrdId": number, "srid": str(number)})

    seen, cursor = [], 0
    while cursor is not None:
        page = wb.sales_report(*SPAN, cursor, limit=2)
        seen += [line.rrd_id for line in page.lines]
        cursor = page.next

    assert seen == [10, 20, 30]
    assert shop.calls["sales-report"] == 3


def test_daily_and_weekly_rows_are_kept_apart(shop, wb):
    shop.add("report-lines", {"rrdId": 1, "_period": "daily", "srid": "a"})
    shop.add("report-lines", {"rrdId": 2, "srid": "b"})

    weekly = wb.sales_report(*SPAN)
    daily = wb.sales_report(*SPAN, period="daily")

    assert [line.srid for line in weekly.lines] == ["b"]
    assert [line.srid for line in daily.lines] == ["a"]


def test_only_the_fields_that_are_read_are_asked_for(shop, wb):
    shop.add("report-lines", {"srid": "a"})

    [line] = wb.sales_report(*SPAN).lines
    [whole] = wb.sales_report(*SPAN, fields=()).lines

    assert set(line.raw) <= set(finance.REPORT_FIELDS)
    assert "acquiringBank" in whole.raw


def test_missing_fields_are_empty_and_unknown_ones_are_kept():
    line = finance.report_line({"rrdId": 1, "surprise": 5})

    assert (line.for_pay, line.srid, line.sold_at) == (0, "", None)
    assert line.raw["surprise"] == 5


def test_an_unreadable_row_is_counted_and_does_not_stop_the_report(shop, wb):
    shop.add("report-lines", {"rrdId": 1, "forPay": "много"})
    shop.add("report-lines", {"rrdId": 2})

    page = wb.sales_report(*SPAN)

    assert [line.rrd_id for line in page.lines] == [2]
    assert (page.skipped, page.next) == (1, 2)


def test_the_list_gives_sums_to_check_against(shop, wb):
    shop.add("reports", {"reportId": 307401554, "forPaySum": "183.79"})

    [report] = wb.sales_reports(*SPAN)

    assert (report.report_id, report.for_pay) == ("307401554", Decimal("183.79"))
    assert wb.sales_reports(date(2020, 1, 1), date(2020, 1, 2)) == ()


def test_the_list_is_closed_to_a_base_token(shop, connect):
    client = connect(shop.make_token("base", sid="shop"))

    with pytest.raises(errors.WbForbidden) as caught:
        client.sales_reports(*SPAN)

    assert caught.value.cause is errors.ForbiddenCause.TOKEN_TYPE
    assert caught.value.code == "base token is not allowed for this path"


def test_a_second_report_within_the_minute_is_throttled(sim, wb, clock):
    wb.sales_report(*SPAN)

    with pytest.raises(errors.WbThrottled) as caught:
        wb.sales_report(*SPAN)

    assert caught.value.retry_after == 60


def test_a_report_backwards_in_time_is_refused(shop, wb):
    with pytest.raises(errors.WbRejected, match="dateFrom"):
        wb.sales_report(SPAN[1], SPAN[0])


def test_a_report_that_does_not_go_on_is_not_read_for_ever():
    request = Request("sales-report", "POST", "https://wb.example")
    answer = Answer(request, 200, {}, b'[{"rrdId": 5}]')

    assert finance.report_page(answer, after=4).next == 5
    with pytest.raises(errors.WbUnavailable, match="do not go on"):
        finance.report_page(answer, after=5)
