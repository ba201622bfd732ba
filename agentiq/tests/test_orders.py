from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agentiq.tests.conftest import NOON
from agentiq.wb import errors, orders


@pytest.fixture
def shop(sim, wb):
    sim.throttle.window = "off"
    return sim


def test_a_sale_is_read_with_moscow_time_as_utc(shop, wb):
    shop.add("sales", {"srid": "11.rf9e", "date": "2026-03-04T02:08:31"})

    [sale] = wb.supplier_sales(datetime(2026, 3, 6, tzinfo=UTC))

    assert (sale.srid, sale.sale_id, sale.is_return) == (
        "11.rf9e",
        "S9993700024",
        False,
    )
    assert sale.sold_at == datetime(2026, 3, 3, 23, 8, 31, tzinfo=UTC)
    assert (sale.for_pay, sale.finished_price) == (Decimal("1284.01"), 1145)
    assert (sale.discount_pct, sale.basket) == (18, "34343462218572569531")


def test_an_r_means_a_return():
    assert orders.supplier_sale({"srid": "a", "saleID": "R1"}).is_return


def test_sales_go_on_from_the_last_mark(shop, wb):
    for number in range(3):
        mark = f"2026-03-06T10:11:0{number}"
        shop.add("sales", {"srid": str(number), "lastChangeDate": mark})

    first = wb.supplier_sales(date(2026, 3, 6))
    again = wb.supplier_sales(first[1].changed_mark)

    assert [sale.srid for sale in first] == ["0", "1", "2"]
    assert [sale.srid for sale in again] == ["1", "2"]


def test_the_flag_asks_for_one_day(shop, wb):
    shop.add("orders", {"srid": "a", "date": "2026-03-04T23:59:59"})
    shop.add("orders", {"srid": "b", "date": "2026-03-05T00:00:00"})

    found = wb.supplier_orders(date(2026, 3, 5), flag=1)

    assert [order.srid for order in found] == ["b"]


def test_an_order_that_was_not_cancelled_has_no_day_of_it(shop, wb):
    shop.add("orders", {"srid": "a"})
    shop.add(
        "orders", {"srid": "b", "isCancel": True, "cancelDate": "2026-03-09T00:00:00"}
    )

    kept, cancelled = wb.supplier_orders("2026-03-01")

    assert (kept.is_cancelled, kept.cancelled_at) == (False, None)
    assert cancelled.cancelled_at == datetime(2026, 3, 8, 21, tzinfo=UTC)


def test_a_wrong_date_is_refused_in_the_shape_of_statistics(shop, wb):
    with pytest.raises(errors.WbRejected, match="RFC3339"):
        wb.supplier_sales("yesterday")


def test_the_feed_is_paged_within_one_snapshot(shop, wb):
    for number in range(3):
        shop.add(
            "feed-orders",
            {"srid": str(number), "createdAt": "2026-11-20T12:00:00+03:00"},
        )

    first = wb.order_feed(NOON - timedelta(days=7), limit=2)
    second = wb.order_feed(
        NOON - timedelta(days=7), snapshot_time=first.snapshot_time, offset=2, limit=2
    )

    assert [order.srid for order in first.orders] == ["0", "1"]
    assert [order.srid for order in second.orders] == ["2"]
    assert second.snapshot_time == first.snapshot_time == "2026-11-23T09:00:00Z"
    assert first.orders[0].created_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert first.orders[0].seller_price == 4328


def test_the_feed_keeps_to_the_articles_asked_for(shop, wb):
    shop.add("feed-orders", {"nmId": 1, "createdAt": "2026-11-20T12:00:00+03:00"})
    shop.add("feed-orders", {"nmId": 2, "createdAt": "2026-11-20T12:00:00+03:00"})

    page = wb.order_feed(NOON - timedelta(days=7), nm_ids=[2])

    assert [order.nm_id for order in page.orders] == [2]


def test_the_feed_goes_back_31_days_and_no_more(shop, wb):
    wb.order_feed(NOON - timedelta(days=31))

    with pytest.raises(errors.WbRejected, match="31 days"):
        wb.order_feed(NOON - timedelta(days=31, seconds=1))
