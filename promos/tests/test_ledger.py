"""The sums of sends agree with the ledger, whoever asks and whenever."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos import ledger, sends
from promos.models import PromoCode, PromoCodeSend, SendDay

TODAY = date(2026, 3, 2)
WEEK = ledger.Filters(TODAY - timedelta(days=6), TODAY)


@pytest.fixture
def send(seller, make_code):
    """Write a send the way promos.sends does: row and sums together."""
    code = make_code("SALE10")

    def send(*, counted=True, **fields):
        values = {
            "promo_code": code,
            "chat_id": "chat",
            "sent_at": NOON,
            "trigger_intent": "thanks",
            "trigger_sentiment": "positive",
            "use_case": "UC1",
            "nm_id": 1001,
            "decision": "accept",
            "answer_seconds": 90,
        } | fields
        made = PromoCodeSend.objects.create(
            seller=seller, outgoing_key=uuid.uuid4(), **values
        )
        if counted:
            ledger.count(made)
        return made

    return send


def sums():
    """Every row of the sums without its number."""
    fields = [f.name for f in SendDay._meta.fields if f.name != "id"]
    return sorted(SendDay.objects.values_list(*fields), key=str)


def test_each_breakdown_adds_up_to_the_total(seller, send, operator):
    send()
    send(operator=operator, trigger_intent="sizing_fit", use_case="UC3", nm_id=None)
    send(answer_seconds=None, decision="edit", trigger_sentiment="negative")

    figures = ledger.figures(seller, WEEK)

    assert figures.total == 3
    for counts in (
        figures.by_day,
        figures.by_code,
        figures.by_operator,
        figures.by_intent,
        figures.by_sentiment,
        figures.by_use_case,
        figures.by_article,
        figures.by_decision,
    ):
        assert sum(counts.values()) == 3
    assert figures.by_use_case == {"UC1": 2, "UC3": 1}
    assert figures.by_article == {1001: 2, None: 1}
    assert figures.by_operator == {None: 2, operator.pk: 1}
    assert figures.by_step_and["use_case"]["UC3"] == [0, 0, 0, 0, 0, 0, 1]


def test_a_long_period_goes_by_weeks_that_begin_on_mondays(seller, send, make_code):
    last = TODAY  # a Monday
    first = last - timedelta(days=95)  # Thursday, 27 November
    send(sent_at=NOON)
    send(sent_at=NOON - timedelta(days=1), promo_code=make_code("SALE20"))
    send(sent_at=NOON - timedelta(days=7))
    send(sent_at=NOON - timedelta(days=95))

    figures = ledger.figures(seller, ledger.Filters(first, last))

    steps = figures.filters.steps
    assert steps[:2] == [date(2025, 11, 27), date(2025, 12, 1)]
    assert steps[-1] == last
    assert len(steps) == 15
    by_code = figures.by_step_and["code"]
    assert by_code["SALE10"] == [1, *[0] * 12, 1, 1]
    assert by_code["SALE20"] == [*[0] * 13, 1, 0]
    assert figures.by_step_and["use_case"]["UC1"] == [1, *[0] * 12, 2, 1]
    assert len(figures.by_day) == 96


def test_three_months_still_go_by_days():
    filters = ledger.Filters(TODAY - timedelta(days=91), TODAY)
    assert filters.steps == filters.days


def test_an_unknown_answer_time_is_not_a_quick_answer(seller, send):
    send(answer_seconds=60)
    send(answer_seconds=61)
    send(answer_seconds=None)

    figures = ledger.figures(seller, WEEK)

    assert (figures.answered, figures.answer_seconds) == (2, 60)  # 60.5, halves to even
    assert figures.by_speed["1m"] == 1
    assert figures.by_speed["5m"] == 1
    assert sum(figures.by_speed.values()) == 2


def test_a_day_is_a_moscow_day(seller, send):
    midnight = datetime(2026, 3, 1, 21, 0, tzinfo=UTC)
    send(sent_at=midnight)
    send(sent_at=midnight - timedelta(microseconds=1))

    figures = ledger.figures(seller, WEEK)

    assert figures.by_day[date(2026, 3, 1)] == 1
    assert figures.by_day[date(2026, 3, 2)] == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, 3, id="all"),
        pytest.param({"code": " sale20 "}, 1, id="a code as people write it"),
        pytest.param({"code": "NONE"}, 0, id="a code never sent"),
        pytest.param({"first": TODAY}, 2, id="the last day only"),
    ],
)
def test_filters_narrow_sums_and_ledger_alike(
    seller, send, make_code, filters, expected
):
    send()
    send(promo_code=make_code("SALE20"))
    send(sent_at=NOON - timedelta(days=6))
    send(sent_at=NOON - timedelta(days=7))
    asked = ledger.Filters(**({"first": WEEK.first, "last": WEEK.last} | filters))

    assert ledger.figures(seller, asked).total == expected
    assert ledger.sends(seller, asked).count() == expected


def test_filter_by_operator(seller, send, operator):
    send(operator=operator)
    send()
    asked = ledger.Filters(WEEK.first, WEEK.last, operator_id=operator.pk)

    assert ledger.figures(seller, asked).total == 1
    assert ledger.sends(seller, asked).count() == 1


def test_the_sums_kept_send_by_send_are_those_made_anew(seller, send, operator):
    for hours in range(60):
        send(
            sent_at=NOON - timedelta(hours=hours),
            answer_seconds=None if hours % 7 == 0 else hours * 777,
            nm_id=hours % 5 or None,
            operator=operator if hours % 2 else None,
            trigger_intent=("thanks", "sizing_fit", "")[hours % 3],
            snapshot=({}, {"discount_rub": None}, {"discount_rub": "49.90"})[hours % 3],
        )
    kept = sums()

    assert ledger.rebuild(seller) == 60
    assert sums() == kept


def test_what_a_redemption_takes_off_is_summed_where_it_is_known(seller, send):
    send(snapshot={"discount_rub": "100.00"})
    send(snapshot={"discount_rub": "49.90"}, use_case="UC3")
    send(snapshot={"discount_rub": None})

    rows = SendDay.objects.filter(
        dimension="use_case", operator_pk=SendDay.EVERY
    ).order_by("value")

    assert [(row.value, row.sends, row.priced, row.discount) for row in rows] == [
        ("UC1", 2, 1, Decimal("100.00")),
        ("UC3", 1, 1, Decimal("49.90")),
    ]


def test_the_command_counts_sends_that_came_past_the_sums(seller, send, capsys):
    send()
    send(counted=False)

    call_command("rebuild_sends", seller=seller.pk)

    assert ledger.figures(seller, WEEK).total == 2
    assert capsys.readouterr().out == "Лавка: 2\n"


def test_another_shop_sees_none_of_it(seller, send):
    send()
    other = make_seller("Чужая")
    with scope(seller=other):
        assert ledger.figures(other, WEEK).total == 0
        assert ledger.rebuild(other) == 0
    assert ledger.figures(seller, WEEK).total == 1


def test_every_version_of_a_code_counts_as_that_code(seller, send, make_code):
    old = PromoCode.objects.get(code="SALE10")
    send()
    new = make_code("SALE11")
    PromoCode.objects.filter(pk=old.pk).update(replaced_by=new)
    PromoCode.objects.filter(pk=new.pk).update(code="SALE10", code_key=old.code_key)
    send(promo_code=PromoCode.objects.get(pk=new.pk))

    figures = ledger.figures(seller, WEEK)

    assert figures.by_code == {"SALE10": 2}


def test_the_number_of_queries_does_not_grow(seller, send, django_assert_num_queries):
    for hours in range(30):
        send(sent_at=NOON - timedelta(hours=hours))
    with django_assert_num_queries(5):
        ledger.figures(seller, WEEK)


def test_a_recorded_send_is_counted_once_however_often_it_is_told(seller, make_code):
    key, code = uuid.uuid4(), make_code()
    for _ in range(2):
        sends.record(
            promo_code=code,
            snapshot={},
            chat_id="chat",
            message_id="",
            sent_at=NOON,
            intent="thanks",
            sentiment="positive",
            use_case="UC1",
            nm_id=None,
            operator=None,
            decision="accept",
            answer_seconds=5,
            key=key,
            auto_suggested=True,
            operator_approved=True,
        )

    assert ledger.figures(seller, WEEK).total == 1
