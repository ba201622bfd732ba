from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.pricing import (
    Counted,
    Line,
    PriceTag,
    Reason,
    Rules,
    Step,
    StepKind,
    Winner,
    action_discount,
    basket,
    best_quote,
    quote,
)

D = Decimal
SELLER, WITH_ACTION, TOTAL = Counted.SELLER, Counted.SELLER_AND_ACTION, Counted.TOTAL
APPLIES, VOID = Reason.APPLIES, Reason.VOID_ABOVE_45


def tag(base, seller=0, action=0, loyalty=0):
    return PriceTag(D(base), D(seller), D(action), D(loyalty))


def percent(value):
    return None if value is None else D(value)


@pytest.mark.parametrize(
    ("base", "seller", "action", "loyalty", "code", "final", "reason"),
    [
        # Without a code: 1000, then each discount from what is left.
        pytest.param(1000, 0, 0, 0, None, "1000", Reason.NO_CODE, id="bare price"),
        pytest.param(1000, 20, 0, 0, None, "800", Reason.NO_CODE, id="seller only"),
        pytest.param(1000, 0, 10, 0, None, "900", Reason.NO_CODE, id="action only"),
        pytest.param(1000, 20, 10, 0, None, "720", Reason.NO_CODE, id="800 less 80"),
        pytest.param(1000, 20, 10, 5, None, "684", Reason.NO_CODE, id="720 less 36"),
        pytest.param(
            1000, 60, 0, 0, None, "400", Reason.NO_CODE, id="above 45, no code"
        ),
        # With a code.
        pytest.param(1000, 0, 0, 0, 10, "900", APPLIES, id="code only"),
        pytest.param(2000, 20, 10, 0, 15, "1224", APPLIES, id="1600, 1440, 1224"),
        pytest.param(1000, 20, 0, 0, 3, "776", APPLIES, id="smallest code: 800 - 24"),
        pytest.param(
            1000, 20, 0, 0, 50, "400", APPLIES, id="largest code: half of 800"
        ),
        pytest.param(4990, 30, 0, 0, 10, "3143.70", APPLIES, id="3493 less 349.30"),
        pytest.param(
            1290, 25, 5, 0, 7, "854.79", APPLIES, id="967.5, 919.125, 854.786"
        ),
        pytest.param(999, 33, 0, 0, 15, "568.93", APPLIES, id="669.33 to 568.9305"),
        pytest.param(100, 0, 0, 0, "12.5", "87.50", APPLIES, id="half a percent"),
        pytest.param(
            777, 10, 0, 0, "3.33", "676.01", APPLIES, id="699.3 less 23.28669"
        ),
        # The half of a kopeck goes up, once: 1 less 2.5 % of 0.2 is 0.195.
        pytest.param("0.20", 0, 0, 0, "2.5", "0.20", APPLIES, id="0.195 is 0.20"),
        pytest.param("0.30", 0, 0, 0, 5, "0.29", APPLIES, id="0.285 is 0.29"),
        # 0.909, then 0.4545. Rounded at each step it would be 0.91 and 0.46.
        pytest.param("1.01", 10, 0, 0, 50, "0.45", APPLIES, id="rounded once"),
        pytest.param(
            "1.01", 0, 50, 0, None, "0.51", Reason.NO_CODE, id="0.505 is 0.51"
        ),
        # 45 %: the seller's 40 and an action of 8.33 make 44.998; of 8.34, 45.004.
        pytest.param(1000, 45, 0, 0, 10, "495", APPLIES, id="exactly 45 is allowed"),
        pytest.param(1000, 46, 0, 0, 10, "540", VOID, id="46 voids the code"),
        pytest.param(1000, 45, 1, 0, 10, "544.50", VOID, id="45.45 with the action"),
        pytest.param(
            1000, 40, "8.33", 0, 10, "495.02", APPLIES, id="44.998 is allowed"
        ),
        pytest.param(1000, 40, "8.34", 0, 10, "549.96", VOID, id="45.004 is not"),
        pytest.param(1000, 30, 20, 0, 5, "532", APPLIES, id="30 and 20 are 44"),
        pytest.param(1000, 30, 22, 0, 5, "546", VOID, id="30 and 22 are 45.4"),
        pytest.param(1000, 60, 0, 5, 10, "380", VOID, id="a void code leaves loyalty"),
        # Loyalty or code, the lower price, never both.
        pytest.param(1000, 20, 0, 5, 10, "720", APPLIES, id="code beats loyalty"),
        pytest.param(
            1000, 20, 0, 15, 10, "680", Reason.LOYALTY_IS_LOWER, id="loyalty beats code"
        ),
        pytest.param(
            1000, 20, 0, 10, 10, "720", Reason.LOYALTY_IS_LOWER, id="equal: loyalty"
        ),
        pytest.param(1000, 20, 0, 10, "10.01", "719.92", APPLIES, id="a hair better"),
        # Ends of the scale.
        pytest.param(0, 20, 0, 0, 10, "0", Reason.NO_PRICE, id="no price, no code"),
        pytest.param(0, 0, 0, 5, None, "0", Reason.NO_CODE, id="no price, no loyalty"),
        pytest.param(1, 0, 0, 0, 50, "0.50", APPLIES, id="one ruble"),
        pytest.param(1000, 100, 0, 0, 10, "0", VOID, id="everything off already"),
        pytest.param(9999999, 0, 0, 0, 10, "8999999.10", APPLIES, id="ten million"),
        pytest.param(1000, 0, 0, 0, 0, "1000", Reason.LOYALTY_IS_LOWER, id="code of 0"),
    ],
)
def test_golden_prices(base, seller, action, loyalty, code, final, reason):
    quoted = quote(tag(base, seller, action, loyalty), percent(code))

    assert quoted.final == D(final)
    assert quoted.reason == reason
    assert quoted.code_applies is (reason is APPLIES)


@pytest.mark.parametrize(
    ("seller", "action", "code", "counted", "held", "reason"),
    [
        pytest.param(45, 30, 10, SELLER, "45", APPLIES, id="the action is not counted"),
        pytest.param(46, 0, 10, SELLER, "46", VOID, id="the seller's own is"),
        pytest.param(40, 10, 10, WITH_ACTION, "46", VOID, id="0.6 x 0.9 leaves 54"),
        pytest.param(
            40, 5, 30, WITH_ACTION, "43", APPLIES, id="the code is not counted"
        ),
        pytest.param(20, 0, 30, TOTAL, "44", APPLIES, id="0.8 x 0.7 leaves 56"),
        pytest.param(0, 0, 45, TOTAL, "45", APPLIES, id="a code of exactly 45"),
        pytest.param(
            0, 0, "45.01", TOTAL, "45.01", VOID, id="a code above 45 voids itself"
        ),
        pytest.param(20, 0, 32, TOTAL, "45.6", VOID, id="0.8 x 0.68 leaves 54.4"),
        pytest.param(20, 10, 25, TOTAL, "46", VOID, id="0.72 x 0.75 leaves 54"),
        pytest.param(45, 0, 3, TOTAL, "46.65", VOID, id="45 leaves no room for a code"),
    ],
)
def test_what_45_counts_is_a_setting(seller, action, code, counted, held, reason):
    quoted = quote(tag(1000, seller, action), D(code), Rules(counted=counted))

    assert (quoted.counted_percent, quoted.reason) == (D(held), reason)


def test_whole_rubles_are_a_setting():
    quoted = quote(tag(999, 33), D(15), Rules(rounding=D(1)))

    assert quoted.final == 569


def test_every_step_is_told():
    quoted = quote(tag(2000, 20, 10, 5), D(15))

    assert quoted.steps == (
        Step(StepKind.BASE, D(0), D(2000), D(2000)),
        Step(StepKind.SELLER, D(20), D(2000), D(1600)),
        Step(StepKind.ACTION, D(10), D(1600), D(1440)),
        Step(StepKind.CODE, D(15), D(1440), D(1224)),
    )
    assert (quoted.winner, quoted.discount) == (Winner.CODE, 216)


def test_a_void_code_is_no_step_and_loyalty_is():
    quoted = quote(tag(1000, 50, 0, 10), D(20))

    assert quoted.steps[1:] == (
        Step(StepKind.SELLER, D(50), D(1000), D(500)),
        Step(StepKind.LOYALTY, D(10), D(500), D(450)),
    )
    assert (quoted.winner, quoted.last_percent) == (Winner.LOYALTY, 10)


def test_of_several_codes_one_counts_the_lowest_price():
    assert best_quote(tag(1000, 20), [D(5), D(15), D(10)]).final == 680


def test_a_smaller_code_may_work_where_a_larger_is_void():
    # 0.7 x 0.75 leaves 52.5 of 100, 0.7 x 0.9 leaves 63.
    quoted = best_quote(tag(1000, 30), [D(25), D(10)], Rules(counted=TOTAL))

    assert (quoted.final, quoted.code_percent) == (630, 10)


def test_no_working_code_says_why():
    assert best_quote(tag(1000, 60), [D(5), D(10)]).reason == VOID
    assert best_quote(tag(1000, 60), []).reason == Reason.NO_CODE


def test_a_basket_adds_up_units_and_each_line_has_its_own_code():
    # 2 x 720, 3 x 568.93 (568.9305 rounded first), 1 x 500 untouched.
    whole = basket(
        [
            Line(tag(1000, 20), 2, (D(10),)),
            Line(tag(999, 33), 3, (D(5), D(15))),
            Line(tag(500)),
        ]
    )

    assert [quoted.final for quoted in whole.quotes] == [720, D("568.93"), 500]
    assert whole.total == D("3646.79")
    assert basket([]).total == 0


@pytest.mark.parametrize(
    ("seller", "planned", "action"),
    [
        pytest.param(20, 30, "12.5", id="70 of the 80 left"),
        pytest.param(0, 25, "25", id="nothing before"),
        pytest.param(30, 30, "0", id="no deeper"),
        pytest.param(40, 30, "0", id="shallower"),
        pytest.param(50, 100, "100", id="everything"),
        pytest.param(100, 100, "0", id="nothing left to take"),
    ],
)
def test_an_action_as_the_calendar_has_it(seller, planned, action):
    assert action_discount(D(seller), D(planned)) == D(action)


@given(seller=st.integers(0, 44))
def test_a_planned_45_is_exactly_45(seller):
    # 45 over 13 leaves 55/87 of the price: no finite percentage.
    planned = PriceTag(D(1000), D(seller), action_discount(D(seller), D(45)))

    quoted = quote(planned, D(10))

    assert (quoted.counted_percent, quoted.final) == (45, 495)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"base": D(-1)}, id="negative price"),
        pytest.param({"base": D("NaN")}, id="no number"),
        pytest.param({"seller_discount": D("100.01")}, id="above 100"),
        pytest.param({"action_discount": D(-1)}, id="negative discount"),
        pytest.param({"loyalty_discount": D("Infinity")}, id="infinite"),
    ],
)
def test_a_tag_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="not a"):
        PriceTag(**{"base": D(1000), **wrong})


def test_a_code_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="percentage"):
        quote(tag(1000), D(101))


PERCENTS = st.decimals(0, 100, places=2)


@given(
    base=st.decimals(0, 10**7, places=2),
    seller=PERCENTS,
    action=PERCENTS,
    loyalty=PERCENTS,
    code=PERCENTS,
    counted=st.sampled_from(Counted),
)
def test_laws_of_a_price(base, seller, action, loyalty, code, counted):
    rules = Rules(counted=counted)
    priced = PriceTag(base, seller, action, loyalty)

    with_code = quote(priced, code, rules)
    without = quote(priced, None, rules)

    assert 0 <= with_code.final <= without.final <= base
    assert with_code.code_applies is (with_code.reason is APPLIES)
    assert (with_code.reason is VOID) <= (with_code.counted_percent > 45)
    assert with_code.steps[-1].after.quantize(D("0.01")) - with_code.final <= D("0.01")
    if not with_code.code_applies:
        assert with_code.final == without.final
