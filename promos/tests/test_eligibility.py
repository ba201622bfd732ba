from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.eligibility import Refusal, Situation, figures, refusal, refusals
from promos.rules.margin import Costs
from promos.rules.pricing import Counted, PriceTag, Rules
from promos.rules.terms import Terms, UseCase

D = Decimal
NM = 12345678
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TERMS = Terms(
    code="CARE10",
    discount_percent=D(10),
    starts_at=NOW - timedelta(days=5),
    expires_at=NOW + timedelta(days=10),
    nm_ids=frozenset({NM}),
    use_cases=frozenset({UseCase.RETENTION}),
)
SITUATION = Situation(use_case=UseCase.RETENTION, now=NOW, min_discount=D(10), nm_id=NM)
# 1000 less 10 % is 900; less 20 % commission, 6 % tax and 500: 166 are left.
TAG = PriceTag(D(1000))
COSTS = Costs(cost=D(500), commission_pct=D(20))
PRICED = {"tag": TAG, "costs": COSTS}


CASES = [
    pytest.param({}, {}, None, id="nothing against it"),
    pytest.param({"is_draft": True}, {}, Refusal.DRAFT, id="draft"),
    pytest.param({"is_active": False}, {}, Refusal.OFF, id="switched off"),
    pytest.param({"starts_at": NOW}, {}, None, id="starts this very moment"),
    pytest.param(
        {"starts_at": NOW + timedelta(seconds=1)},
        {},
        Refusal.NOT_STARTED,
        id="starts in a second",
    ),
    pytest.param({"expires_at": NOW}, {}, Refusal.EXPIRED, id="end is exclusive"),
    pytest.param(
        {"expires_at": NOW + timedelta(hours=12)}, {}, None, id="12 hours left"
    ),
    pytest.param(
        {"expires_at": NOW + timedelta(hours=12, seconds=-1)},
        {},
        Refusal.EXPIRES_TOO_SOON,
        id="not quite 12 hours left",
    ),
    pytest.param({"is_leaked": True}, {}, Refusal.LEAKED, id="strangers use it"),
    pytest.param(
        {},
        {"use_case": UseCase.LOYALTY},
        Refusal.WRONG_USE_CASE,
        id="not meant for this",
    ),
    pytest.param({}, {"min_discount": D("10.00")}, None, id="the least is enough"),
    pytest.param(
        {},
        {"min_discount": D("10.01")},
        Refusal.BELOW_MIN_DISCOUNT,
        id="a hundredth short",
    ),
    pytest.param(
        {}, {"nm_id": None}, Refusal.UNKNOWN_ARTICLE, id="which article is it"
    ),
    pytest.param(
        {"nm_ids": None}, {"nm_id": None}, None, id="all articles need no article"
    ),
    pytest.param({}, {"nm_id": NM + 1}, Refusal.OUT_OF_SCOPE, id="another article"),
    pytest.param(
        {}, {"article_gone": True}, Refusal.ARTICLE_GONE, id="cannot be bought"
    ),
    pytest.param(
        {"nm_ids": None},
        {"article_gone": True},
        None,
        id="an apology for other articles",
    ),
    pytest.param(
        {"nm_ids": None, "use_cases": frozenset(UseCase)},
        {"article_gone": True, "use_case": UseCase.CONVERSION},
        Refusal.ARTICLE_GONE,
        id="no help to buy what is gone",
    ),
    pytest.param({}, {"tag": PriceTag(D(0))}, Refusal.NO_PRICE, id="a price of zero"),
    pytest.param({}, {"tag": PriceTag(D(1000), D(45))}, None, id="45 is allowed"),
    pytest.param(
        {}, {"tag": PriceTag(D(1000), D(46))}, Refusal.VOID_ABOVE_45, id="46 is not"
    ),
    pytest.param(
        {},
        {
            "tag": PriceTag(D(1000), D(40)),
            "price_rules": Rules(counted=Counted.TOTAL),
        },
        Refusal.VOID_ABOVE_45,
        id="40 and 10 are 46 where the code counts",
    ),
    pytest.param(
        {},
        {"tag": PriceTag(D(1000), D(0), D(0), D(10))},
        Refusal.WORSE_THAN_LOYALTY,
        id="loyalty gives as much",
    ),
    pytest.param({}, {"tag": TAG}, None, id="no costs, not required"),
    pytest.param(
        {},
        {"tag": TAG, "cost_required": True},
        Refusal.COST_UNKNOWN,
        id="no costs, required",
    ),
    pytest.param({"margin_floor": D(166)}, PRICED, None, id="the floor itself"),
    pytest.param(
        {"margin_floor": D("166.01")},
        PRICED,
        Refusal.BELOW_MARGIN_FLOOR,
        id="a kopeck below the floor",
    ),
    pytest.param(
        {
            "margin_floor": D(200),
            "below_floor_until": NOW + timedelta(seconds=1),
        },
        PRICED,
        None,
        id="overridden for a second more",
    ),
    pytest.param(
        {"margin_floor": D(200), "below_floor_until": NOW},
        PRICED,
        Refusal.BELOW_MARGIN_FLOOR,
        id="the override has ended",
    ),
    pytest.param(
        {},
        {"spent_codes": frozenset({"CARE10"})},
        Refusal.BUDGET_CODE,
        id="the code's budget",
    ),
    pytest.param(
        {}, {"spent_codes": frozenset({"OTHER"})}, None, id="another's budget"
    ),
    pytest.param(
        {}, {"day_budget_spent": True}, Refusal.BUDGET_DAY, id="the day's budget"
    ),
    pytest.param(
        {},
        {"spent_use_cases": frozenset({UseCase.RETENTION})},
        Refusal.BUDGET_USE_CASE,
        id="the use case's budget",
    ),
    pytest.param(
        {},
        {"spent_use_cases": frozenset({UseCase.LOYALTY})},
        None,
        id="another use case's budget",
    ),
    pytest.param(
        {},
        {"capped_codes": frozenset({"CARE10"})},
        Refusal.DAILY_CAP,
        id="sent often enough today",
    ),
    pytest.param(
        {}, {"sent_recently": True}, Refusal.SENT_RECENTLY, id="this chat has one"
    ),
]


@pytest.mark.parametrize(("terms", "situation", "expected"), CASES)
def test_one_reason(terms, situation, expected):
    terms, situation = replace(TERMS, **terms), replace(SITUATION, **situation)

    assert refusal(terms, situation) == expected
    assert refusals(terms, situation) == ((expected,) if expected else ())


def test_every_reason_is_reached():
    reached = {case.values[2] for case in CASES}

    assert reached == {*Refusal, None}


def test_all_reasons_in_their_order():
    terms = replace(
        TERMS, is_draft=True, is_leaked=True, expires_at=NOW + timedelta(hours=1)
    )
    situation = Situation(
        use_case=UseCase.CONVERSION,
        now=NOW,
        min_discount=D(15),
        nm_id=NM + 1,
        article_gone=True,
        tag=PriceTag(D(1000), D(50)),
        cost_required=True,
        day_budget_spent=True,
        spent_codes=frozenset({"CARE10"}),
        spent_use_cases=frozenset({UseCase.CONVERSION}),
        capped_codes=frozenset({"CARE10"}),
        sent_recently=True,
    )

    found = refusals(terms, situation)

    assert len(found) == 14
    assert list(found) == sorted(found, key=list(Refusal).index)
    assert refusal(terms, situation) == Refusal.DRAFT


def test_the_figures_behind_a_verdict():
    known = figures(TERMS, replace(SITUATION, **PRICED))

    assert (known.quote.final, known.margin.rub) == (900, 166)


def test_no_figures_are_made_up():
    assert figures(TERMS, SITUATION) == figures(TERMS, replace(SITUATION, costs=COSTS))
    assert figures(TERMS, replace(SITUATION, tag=TAG)).margin is None


@given(
    seconds=st.integers(-40 * 86400, 40 * 86400),
    discount=st.decimals(3, 50, places=2),
    nm_id=st.sampled_from([None, NM, NM + 1]),
    seller=st.integers(0, 100),
    use_case=st.sampled_from(UseCase),
    flags=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_reasons_are_ordered_unique_and_never_hidden_by_another(
    seconds, discount, nm_id, seller, use_case, flags
):
    terms = replace(TERMS, discount_percent=discount, is_active=flags[0])
    situation = replace(
        SITUATION,
        now=NOW + timedelta(seconds=seconds),
        nm_id=nm_id,
        tag=PriceTag(D(1000), D(seller)),
        use_case=use_case,
        sent_recently=flags[1],
        article_gone=flags[2],
        day_budget_spent=flags[3],
        cost_required=flags[4],
    )

    found = refusals(terms, situation)

    assert list(found) == sorted(set(found), key=list(Refusal).index)
    assert (Refusal.SENT_RECENTLY in found) is flags[1]
    assert (Refusal.COST_UNKNOWN in found) is flags[4]
    assert (Refusal.VOID_ABOVE_45 in found) is (seller > 45)
    assert (Refusal.WRONG_USE_CASE in found) is (use_case is not UseCase.RETENTION)
