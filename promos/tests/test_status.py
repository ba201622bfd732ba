from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.status import Status, status
from promos.rules.terms import Terms

START = datetime(2026, 3, 1, 21, tzinfo=UTC)
END = datetime(2026, 3, 15, 21, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TERMS = Terms(
    code="CARE10", discount_percent=Decimal(10), starts_at=START, expires_at=END
)
INSTANTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(START - SECOND, Status.PLANNED, id="a second before the start"),
        pytest.param(START, Status.ACTIVE, id="the start is included"),
        pytest.param(
            END - timedelta(days=3) - SECOND, Status.ACTIVE, id="3 days and a second"
        ),
        pytest.param(END - timedelta(days=3), Status.EXPIRING, id="3 days left"),
        pytest.param(END - SECOND, Status.EXPIRING, id="the last second"),
        pytest.param(END, Status.EXPIRED, id="the end is excluded"),
        pytest.param(END + SECOND, Status.EXPIRED, id="after the end"),
    ],
)
def test_time_alone_moves_a_code(now, expected):
    assert status(TERMS, now) == expected


@pytest.mark.parametrize(
    ("change", "now", "expected"),
    [
        pytest.param({"is_draft": True}, START, Status.DRAFT, id="draft while running"),
        pytest.param({"is_draft": True}, END, Status.DRAFT, id="draft with old dates"),
        pytest.param({"is_active": False}, START, Status.OFF, id="off while running"),
        pytest.param(
            {"is_active": False}, START - SECOND, Status.OFF, id="off before the start"
        ),
        pytest.param(
            {"is_active": False}, END, Status.EXPIRED, id="off does not outlive the end"
        ),
        pytest.param(
            {"expires_at": START + timedelta(days=2)},
            START,
            Status.EXPIRING,
            id="a short code expires from its first second",
        ),
    ],
)
def test_what_the_seller_set(change, now, expected):
    assert status(replace(TERMS, **change), now) == expected


def test_the_warning_period_is_a_setting():
    now = END - timedelta(days=7)

    assert status(TERMS, now, expiring_days=7) == Status.EXPIRING
    assert status(TERMS, now, expiring_days=0) == Status.ACTIVE


@given(start=INSTANTS, seconds=st.integers(1, 31 * 86400), days=st.integers(0, 10))
def test_every_boundary_second(start, seconds, days):
    end = start + timedelta(seconds=seconds)
    terms = replace(TERMS, starts_at=start, expires_at=end)
    warned = max(start, end - timedelta(days=days))

    def at(instant):
        return status(terms, instant, expiring_days=days)

    assert at(start - SECOND) == Status.PLANNED
    assert at(end - timedelta(microseconds=1)) in {Status.EXPIRING, Status.ACTIVE}
    assert at(end) == at(end + SECOND) == Status.EXPIRED
    assert at(warned) == (Status.EXPIRING if days else Status.EXPIRED)
    if warned - SECOND >= start:
        assert at(warned - SECOND) == Status.ACTIVE


@given(first=INSTANTS, second=INSTANTS)
def test_a_code_never_goes_back(first, second):
    order = [Status.PLANNED, Status.ACTIVE, Status.EXPIRING, Status.EXPIRED]
    earlier, later = sorted((first, second))

    before, after = status(TERMS, earlier), status(TERMS, later)

    assert order.index(before) <= order.index(after)
