from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promos.rules.margin import (
    REGIMES,
    CommissionBase,
    Costs,
    Part,
    Tax,
    TaxBase,
    break_even_lift,
    largest_safe_code,
    lowest_price,
    margin,
    margin_with_code,
)
from promos.rules.pricing import PriceTag

D = Decimal
# At 1 000: commission 200, acquiring 20, logistics 50, storage 10, cost 400, tax 60.
COSTS = Costs(
    cost=D(400),
    commission_pct=D(20),
    logistics=D(50),
    storage=D(10),
    acquiring_pct=D(2),
)
BEFORE = {"commission_base": CommissionBase.BEFORE_CODE}


def changed(change):
    """The costs above with some figures changed; ``tax`` is the name of a regime."""
    tax = {"tax": REGIMES[change["tax"]]} if "tax" in change else {}
    plain = {
        name: value if isinstance(value, CommissionBase) else D(value)
        for name, value in change.items()
        if name != "tax"
    }
    return replace(COSTS, **plain, **tax)


@pytest.mark.parametrize(
    ("change", "price", "rub", "percent"),
    [
        pytest.param({}, 1000, "260", "26", id="1000 - 200 - 20 - 50 - 10 - 400 - 60"),
        pytest.param({"commission_pct": "0"}, 1000, "460", "46", id="no commission"),
        pytest.param({"commission_pct": "35.5"}, 1000, "105", "10.5", id="355 to WB"),
        pytest.param({"acquiring_pct": "0"}, 1000, "280", "28", id="no acquiring"),
        pytest.param({"logistics": "0"}, 1000, "310", "31", id="no logistics"),
        pytest.param(
            {"logistics": "120.5"}, 1000, "189.5", "18.95", id="dear logistics"
        ),
        # Returns: 50 / 0.8; (50 + 0.2 x 50) / 0.8; (50 + 25) / 0.5; 87.5 / 0.25.
        pytest.param(
            {"return_rate": "0.2"}, 1000, "247.5", "24.75", id="62.50 to send"
        ),
        pytest.param(
            {"return_rate": "0.2", "return_logistics": "50"},
            1000,
            "235",
            "23.5",
            id="one in five comes back at 50",
        ),
        pytest.param(
            {"return_rate": "0.5", "return_logistics": "50"},
            1000,
            "160",
            "16",
            id="every second comes back",
        ),
        pytest.param(
            {"return_rate": "0.75", "return_logistics": "50"},
            1000,
            "-40",
            "-4",
            id="three of four come back",
        ),
        pytest.param(
            {"return_logistics": "50"}, 1000, "260", "26", id="nothing comes back"
        ),
        pytest.param({"storage": "0"}, 1000, "270", "27", id="no storage"),
        pytest.param({"storage": "35.25"}, 1000, "234.75", "23.48", id="dear storage"),
        pytest.param({"other": "25"}, 1000, "235", "23.5", id="packaging"),
        pytest.param({"cost": "0"}, 1000, "660", "66", id="a gift to sell"),
        pytest.param({"cost": "660"}, 1000, "0", "0", id="exactly nothing"),
        pytest.param({"cost": "660.01"}, 1000, "-0.01", "0", id="a kopeck of loss"),
        pytest.param({"cost": "800"}, 1000, "-140", "-14", id="loss"),
        # 0.72 of the price less 460.
        pytest.param({}, 500, "-100", "-20", id="half the price"),
        pytest.param({}, 0, "-460", None, id="no price, no percent"),
        pytest.param({}, 1, "-459.28", "-45928", id="one ruble"),
        pytest.param({}, "999.99", "259.99", "26", id="259.9928"),
        pytest.param({}, "638.89", "0", "0", id="0.0008 is nothing"),
        pytest.param({}, "638.88", "-0.01", "0", id="-0.0064 is a loss"),
        # УСН доходы минус расходы: 15 % of 320; at least 1 % of the income.
        pytest.param({"tax": "usn_profit"}, 1000, "272", "27.2", id="15 % of 320"),
        pytest.param(
            {"tax": "usn_profit", "cost": "700"},
            1000,
            "10",
            "1",
            id="10, not 15 % of 20",
        ),
        pytest.param(
            {"tax": "usn_profit", "cost": "800"}, 1000, "-90", "-9", id="10 on a loss"
        ),
        # VAT in the price: 5 of 105, 7 of 107; it is no income.
        pytest.param(
            {"tax": "usn_income_vat5"}, 1050, "249", "23.71", id="1050: VAT 50, tax 60"
        ),
        pytest.param(
            {"tax": "usn_income_vat7"},
            1070,
            "244.6",
            "22.86",
            id="1070: VAT 70, tax 60",
        ),
        pytest.param(
            {"tax": "usn_profit_vat5"}, 1050, "262.65", "25.01", id="15 % of 309"
        ),
        pytest.param(
            {"tax": "usn_profit_vat7"}, 1070, "258.91", "24.2", id="15 % of 304.60"
        ),
        # ОСНО at 1 220: expenses 732, of which 132 VAT; due 220 - 132; profit 400.
        pytest.param(
            {"tax": "osno", "acquiring_pct": "0", "cost": "428"},
            1220,
            "300",
            "24.59",
            id="VAT 88 and 25 % of 400",
        ),
        pytest.param(
            {"tax": "osno_person", "acquiring_pct": "0", "cost": "428"},
            1220,
            "348",
            "28.52",
            id="VAT 88 and 13 % of 400",
        ),
        pytest.param(
            {"tax": "osno", "acquiring_pct": "0", "cost": "1160"},
            1220,
            "-200",
            "-16.39",
            id="a loss takes VAT of 44 back and owes no tax",
        ),
        pytest.param({"tax": "ausn_income"}, 1000, "240", "24", id="8 % of income"),
        pytest.param({"tax": "ausn_profit"}, 1000, "256", "25.6", id="20 % of 320"),
        pytest.param(
            {"tax": "ausn_profit", "cost": "700"}, 1000, "-10", "-1", id="at least 3 %"
        ),
        pytest.param({"tax": "self_employed_4"}, 1000, "280", "28", id="НПД 4 %"),
        pytest.param({"tax": "self_employed_6"}, 1000, "260", "26", id="НПД 6 %"),
        pytest.param(
            {"tax": "patent"}, 1000, "320", "32", id="a patent is paid anyway"
        ),
        pytest.param(BEFORE, 1000, "260", "26", id="no code, no difference"),
    ],
)
def test_golden_margins(change, price, rub, percent):
    left = margin(D(price), changed(change))

    assert left.rub == D(rub)
    assert left.percent == (None if percent is None else D(percent))


@pytest.mark.parametrize(
    ("change", "rub", "percent"),
    [
        # 900: acquiring 18, 460 fixed, tax 54; commission 180 or 200.
        pytest.param({}, "188", "20.89", id="commission of what is paid"),
        pytest.param(BEFORE, "168", "18.67", id="commission of the price before"),
    ],
)
def test_what_commission_is_taken_of_is_a_setting(change, rub, percent):
    left = margin(D(900), changed(change), price_without_code=D(1000))

    assert (left.rub, left.percent) == (D(rub), D(percent))


@pytest.mark.parametrize(
    ("tag", "code", "rub"),
    [
        pytest.param(PriceTag(D(1250), D(20)), None, "260", id="no code: 1000"),
        pytest.param(PriceTag(D(1250), D(20)), D(10), "168", id="a code: 900"),
        pytest.param(PriceTag(D(2000), D(50)), D(10), "260", id="a void code: 1000"),
        # Loyalty is the seller's discount too: 900 is all there is.
        pytest.param(
            PriceTag(D(1000), D(0), D(0), D(10)), D(5), "188", id="loyalty instead: 900"
        ),
    ],
)
def test_the_code_as_the_buyer_gets_it(tag, code, rub):
    assert margin_with_code(tag, changed(BEFORE), code).rub == D(rub)


def test_the_parts_are_told_and_add_up():
    left = margin(D(1000), COSTS)

    assert dict(left.parts) == {
        Part.PRICE: 1000,
        Part.COMMISSION: -200,
        Part.ACQUIRING: -20,
        Part.LOGISTICS: -50,
        Part.STORAGE: -10,
        Part.OTHER: 0,
        Part.COST: -400,
        Part.VAT: 0,
        Part.TAX: -60,
    }
    assert sum(amount for _, amount in left.parts) == 260


@pytest.mark.parametrize(
    ("change", "floor", "expected"),
    [
        # 0.72 p >= 460 from 638.89; a step of the code is 10 kopecks: 638.90.
        pytest.param({}, 0, "36.11", id="down to 638.90"),
        pytest.param({}, 100, "22.22", id="down to 777.80"),
        pytest.param({}, 260, "0", id="nothing to give"),
        pytest.param({}, "260.01", None, id="below the floor without a code"),
        pytest.param({"cost": "0"}, 0, "50", id="WB's largest code is the limit"),
        # 0.92 p >= 660 from 717.39: 717.40.
        pytest.param(BEFORE, 0, "28.26", id="commission of the full price"),
    ],
)
def test_largest_safe_code(change, floor, expected):
    safe = largest_safe_code(D(1000), changed(change), floor=D(floor))

    assert safe == (None if expected is None else D(expected))


@pytest.mark.parametrize(
    ("change", "floor", "expected"),
    [
        pytest.param({}, 0, "638.89", id="0.72 p is 460"),
        pytest.param({}, 100, "777.78", id="0.72 p is 560"),
        pytest.param({}, -500, "0", id="a floor of loss"),
        pytest.param(
            {"cost": "0", "logistics": "0", "storage": "0"}, 0, "0", id="no costs"
        ),
        # 0.78 p - 60 less 15 % of it: 0.78 p is 460, but 1 % of income is more.
        pytest.param({"tax": "usn_profit"}, 0, "597.4", id="0.77 p is 460"),
    ],
)
def test_lowest_price(change, floor, expected):
    assert lowest_price(changed(change), floor=D(floor)) == D(expected)


@pytest.mark.parametrize(
    ("smaller", "larger", "lift"),
    [
        pytest.param("200", "150", "33.34", id="a third more, rounded up"),
        pytest.param("200", "100", "100", id="twice as many"),
        pytest.param("200", "200", "0", id="no dearer"),
        pytest.param("100", "200", "0", id="better anyway"),
        pytest.param("-5", "10", "0", id="from loss to gain"),
        pytest.param("200", "0", None, id="nothing left"),
        pytest.param("200", "-1", None, id="a loss on each"),
    ],
)
def test_break_even_lift(smaller, larger, lift):
    expected = None if lift is None else D(lift)

    assert break_even_lift(D(smaller), D(larger)) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"cost": "-1"}, id="negative cost"),
        pytest.param({"storage": "NaN"}, id="no number"),
        pytest.param({"return_rate": "1"}, id="everything comes back"),
        pytest.param({"commission_pct": "92"}, id="nothing left of a ruble"),
        # 81 and 2 to WB, 22 of 122 are VAT: 101 of 100.
        pytest.param({"commission_pct": "81", "tax": "osno"}, id="nor with VAT"),
    ],
)
def test_costs_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError):
        changed(wrong)


def test_costs_that_leave_a_kopeck_of_a_ruble_are_costs():
    # 91 and 2 to WB and 6 of tax: 99 of 100.
    assert lowest_price(changed({"commission_pct": "91"})) > 0


@pytest.mark.parametrize("rate", ["-1", "99.5", "101", "NaN"])
def test_a_tax_that_cannot_be_is_refused(rate):
    with pytest.raises(ValueError):
        Tax(base=TaxBase.PROFIT, rate_pct=D(rate))


def test_a_price_that_cannot_be_is_refused():
    with pytest.raises(ValueError):
        margin(D(-1), COSTS)


RUBLES = st.decimals(0, 5000, places=2)
ANY_COSTS = st.builds(
    Costs,
    cost=RUBLES,
    commission_pct=st.decimals(0, 45, places=2),
    logistics=st.decimals(0, 500, places=2),
    return_logistics=st.decimals(0, 500, places=2),
    return_rate=st.decimals("0", "0.9", places=2),
    storage=st.decimals(0, 100, places=2),
    acquiring_pct=st.decimals(0, 5, places=2),
    tax=st.sampled_from(list(REGIMES.values())),
    commission_base=st.sampled_from(CommissionBase),
)


@given(costs=ANY_COSTS, price=st.decimals(1, 20000, places=2), floor=RUBLES)
def test_a_hundredth_more_than_the_safe_code_is_below_the_floor(costs, price, floor):
    def leaves(code):
        paid = (price * (100 - code) / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        return margin(paid, costs, price_without_code=price).rub

    safe = largest_safe_code(price, costs, floor=floor)

    if safe is None:
        assert leaves(D(0)) < floor
    else:
        assert leaves(safe) >= floor
        assert safe == 50 or leaves(safe + D("0.01")) < floor


@given(costs=ANY_COSTS, floor=RUBLES)
def test_a_kopeck_less_than_the_lowest_price_is_below_the_floor(costs, floor):
    price = lowest_price(costs, floor=floor)

    assert margin(price, costs).rub >= floor
    assume(price > 0)
    assert margin(price - D("0.01"), costs).rub < floor
