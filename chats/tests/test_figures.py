"""The chat side of the dashboard, worked by hand."""

import uuid
from datetime import date, timedelta

import pytest

from agentiq.testing import NOON
from chats import figures
from chats.figures import Rate, wilson
from chats.models import Analysis, Chat, Decision, Message, Outgoing, Suggestion
from promos.ledger import Filters

TODAY = date(2026, 3, 2)
WEEK = Filters(TODAY - timedelta(days=6), TODAY)


@pytest.mark.parametrize(
    ("hits", "events", "low", "high"),
    [
        # Newcombe 1998, table I: 81 of 263 and 15 of 148 by the score method.
        pytest.param(81, 263, 0.2553, 0.3662, id="81 of 263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="15 of 148"),
        pytest.param(0, 20, 0.0, 0.1611, id="0 of 20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="1 of 29"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing known"),
    ],
)
def test_wilson(hits, events, low, high):
    assert wilson(hits, events) == pytest.approx((low, high), abs=5e-5)


def test_below_twenty_events_there_is_no_percentage():
    assert (Rate(19, 19).percent, Rate(19, 19).interval) == (None, None)
    assert Rate(10, 20).percent == 50


@pytest.fixture
def turn(seller):
    """A buyer's turn with its suggestion, decided and sent as asked."""

    def turn(
        kind=None,
        *,
        at=NOON,
        code=None,
        operator=None,
        sent=False,
        waited_since=None,
        **fields,
    ):
        number = uuid.uuid4().hex
        chat = Chat.objects.create(seller=seller, wb_chat_id=number)
        message = Message.objects.create(
            seller=seller, chat=chat, event_id=number, sender="client", added_at=at
        )
        analysis = Analysis.objects.create(
            seller=seller,
            chat=chat,
            message=message,
            intent=fields.pop("intent", "thanks"),
            sentiment="positive",
            scenario="UC1",
            intent_confidence=0.9,
            sentiment_confidence=0.9,
            scenario_confidence=0.9,
            confident=True,
            reading={},
            version="v1",
        )
        suggestion = Suggestion.objects.create(
            seller=seller,
            chat=chat,
            analysis=analysis,
            event_id=number,
            text="Спасибо!",
            promo_code=code,
            reason="loyalty",
            state="shown" if kind is None else "accepted",
        )
        Analysis.objects.filter(pk=analysis.pk).update(created_at=at)
        Suggestion.objects.filter(pk=suggestion.pk).update(created_at=at)
        if kind is None:
            return
        decision = Decision.objects.create(
            seller=seller,
            chat=chat,
            suggestion=suggestion,
            key=uuid.uuid4(),
            kind=kind,
            operator=operator,
            decided_at=at,
            **fields,
        )
        if sent:
            Outgoing.objects.create(
                seller=seller,
                chat=chat,
                decision=decision,
                key=uuid.uuid4(),
                status="sent",
                promo_code=code,
                operator=operator,
                due_at=at,
                waited_since=waited_since,
                sent_at=at,
            )

    return turn


def test_the_funnel_counts_each_step(seller, turn, make_code):
    code = make_code()
    turn()
    turn("accept", code=code, sent=True)
    turn("edit", sent=True, edit_distance=0.25)
    turn("skip", skip_reason="wrong_tone")
    turn("accept")

    found = figures.figures(seller, WEEK)

    assert (found.turns, found.suggested, found.suggested_with_code) == (5, 5, 1)
    assert (found.sent, found.sent_with_code) == (2, 1)
    tally = found.decisions
    assert (tally.accepted, tally.edited, tally.skipped) == (2, 1, 1)
    assert tally.acceptance == Rate(2, 4)
    assert tally.edits == Rate(1, 3)
    assert tally.mean_distance == 0.25
    assert found.skip_reasons == {"wrong_tone": 1}


def test_a_reply_nobody_waited_for_has_no_answer_time(seller, turn):
    turn("accept", sent=True)
    assert figures.figures(seller, WEEK).answer_seconds is None

    turn("accept", sent=True, waited_since=NOON - timedelta(seconds=90))
    turn("accept", sent=True, waited_since=NOON - timedelta(seconds=30))
    assert figures.figures(seller, WEEK).answer_seconds == 60


def test_automatic_replies_are_no_acceptance(seller, turn):
    turn("auto", sent=True)
    found = figures.figures(seller, WEEK).decisions
    assert (found.automatic, found.acceptance) == (1, Rate(0, 0))


def test_breakdowns_add_up(seller, turn, operator):
    turn("accept", intent="thanks", operator=operator, seconds=10)
    turn("skip", intent="thanks", seconds=20)
    turn("edit", intent="sizing_fit", seconds=60)

    found = figures.figures(seller, WEEK)

    assert found.by_intent["thanks"].acceptance == Rate(1, 2)
    assert found.by_operator[operator.pk].acceptance == Rate(1, 1)
    assert sum(tally.decided for tally in found.by_version.values()) == 3
    assert found.decision_seconds == 20


def test_filters_by_code_operator_and_moscow_day(seller, turn, make_code, operator):
    code = make_code()
    turn("accept", code=code, operator=operator, sent=True)
    turn("accept", sent=True)
    turn("accept", sent=True, at=NOON + timedelta(hours=12))  # the next day in Moscow
    turn("accept", sent=True, at=NOON - timedelta(days=7))

    assert figures.figures(seller, WEEK).sent == 2
    coded = figures.figures(seller, Filters(WEEK.first, TODAY, code="sale10"))
    assert (coded.turns, coded.suggested, coded.sent) == (None, 1, 1)
    own = figures.figures(seller, Filters(WEEK.first, TODAY, operator_id=operator.pk))
    assert (own.turns, own.decisions.accepted, own.sent) == (None, 1, 1)


def test_the_number_of_queries_is_fixed(seller, turn, django_assert_num_queries):
    for _ in range(5):
        turn("accept", sent=True)
    with django_assert_num_queries(2):
        figures.figures(seller, WEEK)
