"""What is left of a code's limits when a person says yes: 100 ₽ off counts for 30 ₽."""

from decimal import Decimal
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope

from agentiq.testing import NOON
from chats import decisions, revisions, suggestions
from chats.models import Outgoing, Suggestion
from chats.refusing import Refused
from chats.tests.conftest import NM
from promos import registry
from promos.models import Product

SIZE = "Здравствуйте! Подскажите, какой размер выбрать на рост 170, обхват груди 92?"


@pytest.fixture
def offered(make_chat, make_code, seller):
    """Make a code and a suggestion of it in so many chats."""
    Product.objects.create(seller=seller, nm_id=NM, price=Decimal(1000))

    def offered(chats, shop=(), **limits):
        code = make_code(**limits)
        made = [suggestions.suggest(make_chat(SIZE), now=NOON) for _ in range(chats)]
        assert all(one.promo_code == code for one in made)
        for name, rubles in dict(shop).items():
            setattr(seller, name, rubles)
        seller.save()
        return made

    return offered


@pytest.fixture
def accept(operator):
    def accept(suggestion, **options):
        try:
            decisions.decide(
                suggestion,
                kind="accept",
                operator=operator,
                key=uuid4(),
                seen_event_id=suggestion.event_id,
                now=NOON,
                **options,
            )
        except Refused as refused:
            return refused.code
        return "taken"

    return accept


@pytest.mark.parametrize(
    ("limits", "shop", "why"),
    [
        pytest.param({"loss_budget": 60}, {}, "budget_code", id="of the code"),
        pytest.param({"daily_cap": 2}, {}, "daily_cap", id="times a day"),
        pytest.param({}, {"loss_budget_day": 60}, "budget_day", id="of the day"),
        pytest.param(
            {}, {"loss_budget_conversion": 60}, "budget_use_case", id="of the use case"
        ),
    ],
)
def test_codes_on_their_way_use_up_what_is_left(offered, accept, limits, shop, why):
    waiting = offered(3, shop, **limits)

    assert [accept(one) for one in waiting] == ["taken", "taken", why]


def test_the_operator_is_told_what_to_do_and_may_send_without_the_code(
    offered, operator
):
    (suggestion,) = offered(1)
    suggestion.promo_code.loss_budget = Decimal(0)
    suggestion.promo_code.save()
    act = {"operator": operator, "seen_event_id": suggestion.event_id, "now": NOON}

    with pytest.raises(Refused, match="Бюджет потерь этого кода исчерпан: выберите"):
        decisions.decide(suggestion, kind="accept", key=uuid4(), **act)
    decisions.decide(suggestion, kind="accept", with_code=False, key=uuid4(), **act)

    assert Outgoing.objects.get().promo_code is None


def test_another_use_cases_budget_is_no_hindrance(offered, accept):
    (suggestion,) = offered(1, {"loss_budget_loyalty": 0})

    assert accept(suggestion) == "taken"


def test_a_reply_taken_back_gives_its_rubles_back(offered, accept, operator):
    first, second = offered(2, loss_budget=30)
    assert [accept(first), accept(second)] == ["taken", "budget_code"]

    revisions.undo(Outgoing.objects.get(), operator=operator, now=NOON)

    assert accept(second) == "taken"


def test_a_failed_reply_is_not_tried_again_without_money(offered, accept, operator):
    first, second = offered(2, loss_budget=30)
    accept(first)
    failed = Outgoing.objects.get()
    Outgoing.objects.update(status="failed")
    accept(second)

    with pytest.raises(Refused) as caught:
        revisions.retry(failed, operator=operator, now=NOON)

    assert caught.value.code == "budget_code"


def test_terms_changed_since_are_not_what_was_suggested(offered, accept, operator):
    (suggestion,) = offered(1)
    code = suggestion.promo_code
    code.first_sent_at = NOON
    code.save()
    registry.change(code, by=operator, now=NOON, discount_percent=Decimal(12))
    suggestion.refresh_from_db()

    assert accept(suggestion) == "code_changed"
    assert suggestions.expire(now=NOON) == [suggestion.chat_id]


@pytest.mark.django_db(transaction=True)
def test_two_people_do_not_both_take_the_last_rubles(seller, offered, accept):
    waiting = offered(2, loss_budget=30)
    start, taken = Barrier(2), []

    def act(suggestion):
        with scope(seller=seller):
            mine = Suggestion.objects.get(pk=suggestion.pk)
            start.wait()
            taken.append(accept(mine))
        connection.close()

    threads = [Thread(target=act, args=[one]) for one in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == ["budget_code", "taken"]
    assert Outgoing.objects.count() == 1
