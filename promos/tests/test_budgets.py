from decimal import Decimal

import pytest

from promos.rules.budgets import (
    BudgetState,
    Loss,
    loss,
    redemption_rate,
    sends_left,
    usage,
)

D = Decimal
FINE, WARNING, SPENT = BudgetState.FINE, BudgetState.WARNING, BudgetState.SPENT


@pytest.mark.parametrize(
    ("sends", "redemptions", "rate"),
    [
        # (6 + redemptions) / (20 + sends)
        pytest.param(0, 0, "0.3", id="nothing known"),
        pytest.param(20, 0, "0.15", id="none of twenty"),
        pytest.param(80, 4, "0.1", id="four of eighty"),
        pytest.param(20, 74, "2", id="a shared code brings several"),
    ],
)
def test_the_rate_starts_cautious_and_learns(sends, redemptions, rate):
    assert redemption_rate(sends, redemptions) == D(rate)


def test_an_estimate_is_sends_times_rate_times_rubles():
    given = loss(open_sends=40, rate=D("0.3"), discount=D("99.99"), reported=D(500))

    assert given == Loss(D(500), D("1199.88"))
    assert (given.total, given.is_estimate) == (D("1699.88"), True)


def test_what_reports_tell_is_no_estimate():
    given = loss(open_sends=0, rate=D("0.3"), discount=D(100), reported=D(500))

    assert (given.total, given.is_estimate) == (500, False)


@pytest.mark.parametrize(
    ("spent", "budget", "state", "left", "percent"),
    [
        pytest.param("0", "1000", FINE, "1000", "0", id="nothing used"),
        pytest.param(
            "799.99", "1000", FINE, "200.01", "79.99", id="a kopeck before 80"
        ),
        pytest.param("800", "1000", WARNING, "200", "80", id="80 %"),
        pytest.param("999.99", "1000", WARNING, "0.01", "99.99", id="a kopeck left"),
        pytest.param("1000", "1000", SPENT, "0", "100", id="all of it"),
        pytest.param("1500", "1000", SPENT, "0", "150", id="more than all"),
        pytest.param("0", "0", SPENT, "0", "100", id="a budget of nothing"),
    ],
)
def test_states_of_a_budget(spent, budget, state, left, percent):
    used = usage(Loss(D(spent), D(0)), D(budget))

    assert (used.state, used.left, used.percent) == (state, D(left), D(percent))


def test_no_budget_is_no_limit():
    used = usage(Loss(D(10**6), D(0)), None)

    assert (used.state, used.left) == (BudgetState.UNLIMITED, None)


@pytest.mark.parametrize(
    ("left", "rate", "discount", "sends"),
    [
        pytest.param("300", "0.3", "100", 10, id="30 each"),
        pytest.param("301", "0.3", "100", 11, id="the eleventh goes over"),
        pytest.param("0", "0.3", "100", 0, id="nothing left"),
        pytest.param("300", "0", "100", None, id="nobody redeems"),
    ],
)
def test_sends_until_the_budget_is_used(left, rate, discount, sends):
    assert sends_left(D(left), rate=D(rate), discount=D(discount)) == sends


def test_negative_counts_are_refused():
    with pytest.raises(ValueError):
        redemption_rate(-1, 0)
    with pytest.raises(ValueError):
        loss(open_sends=-1, rate=D(1), discount=D(1))
