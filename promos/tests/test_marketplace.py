from datetime import UTC, datetime

from agentiq import metering
from agentiq.marketplace import connect
from agentiq.wb.records import CallReport


def test_a_full_window_at_wb_is_never_broken(wb, simulator):
    simulator.throttle.window = "sliding"
    simulator.throttle.forget()

    for _ in range(10):
        wb.events()

    assert wb._limiter.acquire("events") > 9
    assert simulator.throttled == {}


def test_calls_are_counted_by_seller_and_method(wb, seller):
    wb.events()
    metering.counter(seller.pk)(CallReport("events", None, 0.2))
    metering.counter(seller.pk)(CallReport("send", 429, 0.1))

    assert metering.calls(seller.pk, datetime.now(UTC).date()) == {
        "events": 2,
        "send": 1,
    }
    assert metering.totals()[("calls", "events", "none")] == 1


def test_clients_of_a_process_share_its_connections(wb, seller):
    assert connect(seller)._session is wb._session
    assert connect(seller).row.seller == seller
