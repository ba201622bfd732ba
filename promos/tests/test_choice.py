from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.choice import (
    APOLOGY,
    GRATITUDE,
    NUDGE,
    RETURN,
    RULES,
    Loss,
    Rejected,
    Rule,
    choose,
    leading,
    rule_for,
)
from promos.rules.eligibility import Refusal, Situation, refusals
from promos.rules.margin import Costs
from promos.rules.pricing import PriceTag
from promos.rules.terms import Terms, UseCase

D = Decimal
NM = 12345678
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SITUATION = Situation(use_case=UseCase.RETENTION, now=NOW, min_discount=D(10), nm_id=NM)


def code(name, percent, *, days=10, **change):
    terms = Terms(
        code=name,
        discount_percent=D(percent),
        starts_at=NOW - timedelta(days=5),
        expires_at=NOW + timedelta(days=days),
    )
    return replace(terms, **change)


@pytest.mark.parametrize(
    ("intent", "sentiment", "case", "least"),
    [
        pytest.param("defect_not_working", "negative", UseCase.RETENTION, 10),
        pytest.param("wrong_item", "negative", UseCase.RETENTION, 10),
        pytest.param("quality_complaint", "negative", UseCase.RETENTION, 10),
        pytest.param("return_refund", "negative", UseCase.RETENTION, 15),
        pytest.param("pre_purchase", "neutral", UseCase.CONVERSION, 5),
        pytest.param("sizing_fit", "neutral", UseCase.CONVERSION, 5),
        pytest.param("availability", "neutral", UseCase.CONVERSION, 5),
        pytest.param("compatibility", "positive", UseCase.CONVERSION, 5),
        pytest.param("promo_request", "neutral", UseCase.CONVERSION, 5),
        pytest.param("positive_feedback", "positive", UseCase.LOYALTY, 5),
    ],
)
def test_the_table_of_intents(intent, sentiment, case, least):
    assert rule_for(intent, sentiment) == Rule(case, D(least))


@pytest.mark.parametrize(
    ("intent", "sentiment"),
    [
        pytest.param("defect_not_working", "neutral", id="no complaint, no apology"),
        pytest.param("sizing_fit", "negative", id="an angry question"),
        pytest.param("promo_request", "negative", id="an angry request"),
        pytest.param("positive_feedback", "neutral", id="faint praise"),
        pytest.param("thanks", "positive", id="a bare thank-you is off by default"),
        pytest.param("thanks", "neutral", id="politeness"),
        pytest.param("delivery_status", "negative", id="delivery is not ours"),
        pytest.param("order_cancel", "negative", id="cancelling"),
        pytest.param("usage_instruction", "neutral", id="how to use"),
        pytest.param("warranty_docs", "neutral", id="papers"),
        pytest.param("other", "positive", id="other"),
        pytest.param("", "", id="nothing read"),
    ],
)
def test_everything_else_takes_no_code(intent, sentiment):
    assert rule_for(intent, sentiment) is None


def test_two_rules_are_the_sellers_to_switch():
    assert rule_for("thanks", "positive", thanks=True) == GRATITUDE
    assert rule_for("thanks", "neutral", thanks=True) is None
    assert rule_for("promo_request", "neutral", promo_request=False) is None


def test_each_use_case_has_its_mood():
    moods = {rule.use_case: set() for rule in RULES.values()}
    for (_, sentiment), rule in RULES.items():
        moods[rule.use_case].add(sentiment)

    assert moods == {
        UseCase.RETENTION: {"negative"},
        UseCase.CONVERSION: {"neutral", "positive"},
        UseCase.LOYALTY: {"positive"},
    }


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([GRATITUDE, NUDGE, APOLOGY], APOLOGY, id="retention first"),
        pytest.param([GRATITUDE, NUDGE, None], NUDGE, id="conversion before loyalty"),
        pytest.param([APOLOGY, RETURN], RETURN, id="the larger apology"),
        pytest.param([None], None, id="nothing takes a code"),
        pytest.param([], None, id="nothing said"),
    ],
)
def test_one_rule_leads_a_dialogue(rules, expected):
    assert leading(rules) == expected


@pytest.mark.parametrize(
    ("winner", "loser", "loss"),
    [
        pytest.param(
            code("B10", 10), code("A12", 12), Loss.LARGER_DISCOUNT, id="smallest enough"
        ),
        pytest.param(
            code("B10", 10, days=11),
            code("A10", 10, nm_ids=frozenset({NM})),
            Loss.ENDS_SOONER,
            id="longest validity",
        ),
        pytest.param(
            code("C10", 10, nm_ids=frozenset({NM})),
            code("B10", 10, nm_ids=frozenset({NM, 1})),
            Loss.WIDER_SCOPE,
            id="narrower list",
        ),
        pytest.param(
            code("C10", 10, nm_ids=frozenset({NM}), scope_size=90_000),
            code("B10", 10),
            Loss.WIDER_SCOPE,
            id="a long list is narrower than all",
        ),
        pytest.param(code("A10", 10), code("B10", 10), Loss.LATER_NAME, id="the name"),
    ],
)
def test_what_decides_between_two(winner, loser, loss):
    for candidates in ([winner, loser], [loser, winner]):
        choice = choose(candidates, SITUATION)

        assert choice.chosen == winner
        assert choice.rejected == (Rejected(loser, (), loss, winner.code),)


def test_a_refused_code_keeps_all_its_reasons():
    small = code("A5", 5, is_active=False)

    choice = choose([small, code("B15", 15), code("C20", 20)], SITUATION)

    assert choice.chosen.code == "B15"
    assert [entry.terms.code for entry in choice.rejected] == ["C20", "A5"]
    assert choice.rejected[1].reasons == (Refusal.OFF, Refusal.BELOW_MIN_DISCOUNT)


def test_a_code_at_a_loss_is_passed_over_for_none():
    # 1000 less 20 % is 800, and 26 % of it and 600 leave -8.
    situation = replace(
        SITUATION,
        tag=PriceTag(D(1000)),
        costs=Costs(cost=D(600), commission_pct=D(20)),
    )

    choice = choose([code("A20", 20)], situation)

    assert choice.chosen is None
    assert choice.rejected[0].reasons == (Refusal.BELOW_MARGIN_FLOOR,)


def test_without_codes_there_is_nothing_to_choose():
    assert choose([], SITUATION).chosen is None
    assert choose([], SITUATION).rejected == ()


CODES = st.lists(
    st.builds(
        code,
        st.text("ABC", min_size=1, max_size=3),
        st.sampled_from([3, 10, 15, 50]),
        days=st.integers(-1, 3),
        is_active=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda terms: terms.code,
)


@given(codes=CODES, data=st.data())
def test_the_order_of_codes_does_not_matter_and_none_is_forgotten(codes, data):
    shuffled = data.draw(st.permutations(codes))

    choice = choose(codes, SITUATION)

    assert choose(shuffled, SITUATION).chosen == choice.chosen
    told = {entry.terms.code for entry in choice.rejected}
    assert told | ({choice.chosen.code} if choice.chosen else set()) == {
        terms.code for terms in codes
    }
    eligible = [terms for terms in codes if not refusals(terms, SITUATION)]
    least = min((terms.discount_percent for terms in eligible), default=None)
    assert (choice.chosen and choice.chosen.discount_percent) == least
