"""The database's filter by status and the one status function never disagree."""

from datetime import timedelta
from itertools import product

import pytest

from agentiq.testing import NOON
from promos.models import PromoCode
from promos.rules.status import LIVE, Status, status

SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
START, END = NOON, NOON + timedelta(days=10)
SHORT = NOON + timedelta(days=1)


@pytest.fixture
def codes(make_code):
    """Every mix of draft and off, for a long code and one that expires at once."""
    mixes = product((False, True), (False, True), (END, SHORT))
    for number, (is_draft, is_active, expires_at) in enumerate(mixes):
        make_code(
            f"CODE{number}",
            starts_at=START,
            expires_at=expires_at,
            is_draft=is_draft,
            is_active=is_active,
        )
    return list(PromoCode.objects.all())


@pytest.mark.parametrize("days", [0, 1, 3])
def test_at_every_boundary_second_the_filter_is_the_function(codes, days):
    boundaries = {START, END, SHORT} | {
        end - timedelta(days=days) for end in (END, SHORT)
    }
    beside = (-SECOND, -MICROSECOND, timedelta(0), MICROSECOND, SECOND)
    for now in (boundary + by for boundary in boundaries for by in beside):
        for wanted in Status:
            found = PromoCode.objects.in_status(wanted, now, days)

            assert set(found) == {
                code
                for code in codes
                if status(code.terms(), now, expiring_days=days) is wanted
            }, (now, wanted)


def test_a_code_is_live_exactly_while_it_is_active_or_expiring(codes):
    for now in (START - MICROSECOND, START, SHORT - MICROSECOND, SHORT, END):
        assert set(PromoCode.objects.live(now)) == {
            code for code in codes if status(code.terms(), now) in LIVE
        }, now
