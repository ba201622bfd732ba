"""By when a buyer is to be answered: the earliest clock, stored, and in order."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentiq.testing import NOON
from chats import clocks, desk, inbox, waiting, work
from chats.desk import Filters
from chats.models import AnswerTarget, Chat
from chats.tests.conftest import say
from chats.tests.test_inbox import event, page
from promos.rules.days import MOSCOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFICE = [[[540, 780], [840, 1080]]] * 5 + [[], []]  # 9–13, 14–18 on weekdays


@pytest.fixture
def target(seller):
    return AnswerTarget.objects.create(
        seller=seller, first_minutes=90, later_minutes=240, week=OFFICE
    )


def kept(chat):
    return Chat.objects.get(pk=chat.pk)


class TestDue:
    @pytest.fixture
    def own(self, target):
        return clocks.of(target.seller_id)

    @pytest.mark.parametrize(
        ("answered", "rated", "expected"),
        [
            # NOON is a Monday, 12:00 in Moscow: an hour, the pause, half an hour.
            pytest.param(None, None, NOON + 2 * HOUR + 30 * MINUTE, id="first answer"),
            # One hour before the pause, three after it.
            pytest.param(NOON - DAY, None, NOON + 5 * HOUR, id="a later one"),
            pytest.param(None, NOON - 71 * HOUR, NOON + HOUR, id="rating ends sooner"),
            pytest.param(
                None, NOON - 73 * HOUR, NOON + 2.5 * HOUR, id="rating ended before"
            ),
        ],
    )
    def test_the_earliest_clock_counts(self, own, answered, rated, expected):
        assert own.due(NOON, answered_at=answered, low_rated_at=rated) == expected

    def test_a_shop_without_targets_has_wb_s_ten_days(self, seller):
        own = clocks.of(seller.pk)

        assert own.due(NOON, answered_at=None, low_rated_at=None) == NOON + 10 * DAY
        rated = own.due(NOON, answered_at=None, low_rated_at=NOON - HOUR)
        assert rated == NOON + 71 * HOUR

    def test_a_target_beyond_ten_days_gives_way_to_them(self, seller):
        AnswerTarget.objects.create(seller=seller, first_minutes=10_000, week=OFFICE)
        # 10 000 minutes are more than twenty working days of eight hours.
        own = clocks.of(seller.pk)
        assert own.due(NOON, answered_at=None, low_rated_at=None) == NOON + 10 * DAY


class TestKept:
    def test_the_feed_stores_the_deadline_and_says_which_clock_it_is(
        self, seller, target
    ):
        inbox.receive(seller, page(event(0)), now=NOON)

        chat = Chat.objects.get()
        assert (chat.due_at, chat.clock) == (NOON + 2.5 * HOUR, "target")

    def test_a_failed_reply_brings_the_old_deadline_back(self, make_chat, target):
        chat = make_chat()
        say(chat, "Здравствуйте", at=NOON)

        waiting.answered(chat, now=NOON + MINUTE)
        assert kept(chat).clock == ""
        waiting.again(chat, now=NOON + HOUR)

        assert kept(chat).due_at == NOON + 2.5 * HOUR

    def test_a_new_calendar_moves_every_deadline(self, seller, make_chat, target):
        chat, other = make_chat(), make_chat()
        say(chat, "Здравствуйте", at=NOON)
        say(other, "Вопрос", at=NOON)
        waiting.answered(other, now=NOON)
        target.holidays = [date(2026, 3, 2)]
        target.save()

        assert clocks.reset(seller, now=NOON) == 1

        tuesday = datetime(2026, 3, 3, 10, 30, tzinfo=MOSCOW)
        assert kept(chat).due_at == tuesday
        assert kept(other).due_at is None

    def test_counting_anew_asks_the_same_for_three_chats_as_for_one(
        self, seller, make_chat, target
    ):
        def queries():
            target.first_minutes += 1
            target.save()
            with CaptureQueriesContext(connection) as caught:
                clocks.reset(seller, now=NOON)
            return len(caught)

        make_chat("Вопрос")
        one = queries()
        make_chat("Вопрос")
        make_chat("Вопрос")
        assert queries() == one

    def test_the_list_is_in_the_order_of_the_deadlines(
        self, seller, make_chat, operator
    ):
        AnswerTarget.objects.create(
            seller=seller, first_minutes=60, later_minutes=None, week=OFFICE
        )
        old = make_chat(last_seller_at=NOON - 9 * DAY)
        say(old, "Ещё вопрос", at=NOON - 3 * DAY)  # until NOON + 7 days
        new = make_chat()
        say(new, "Первый вопрос", at=NOON)  # until 13:00
        rated = make_chat(last_seller_at=NOON - 9 * DAY, low_rated_at=NOON - DAY)
        say(rated, "Плохо", at=NOON - HOUR)  # until NOON + 2 days
        clocks.reset(seller, now=NOON)

        shown = desk.page(seller, Filters(), operator_id=operator.pk).chats

        assert [chat.pk for chat in shown] == [new.pk, rated.pk, old.pk]
        assert [chat.clock for chat in shown] == ["target", "rating", "wb"]


class TestLowRating:
    def test_a_mark_starts_72_hours_and_can_be_taken_back(self, make_chat, operator):
        chat = make_chat()
        say(chat, "Очень плохо", at=NOON)
        who = {"seller": chat.seller, "operator": operator, "now": NOON + HOUR}

        batch = work.rate_low([chat.pk], NOON - DAY, **who)
        assert (kept(chat).due_at, kept(chat).clock) == (NOON + 2 * DAY, "rating")

        work.undo(chat.seller, batch, operator=operator, now=NOON + HOUR)
        assert (kept(chat).due_at, kept(chat).clock) == (NOON + 10 * DAY, "wb")

    def test_the_mark_stays_through_other_acts_and_their_undoing(
        self, make_chat, operator
    ):
        chat = make_chat()
        say(chat, "Очень плохо", at=NOON)
        who = {"seller": chat.seller, "operator": operator, "now": NOON}
        work.rate_low([chat.pk], NOON, **who)

        batch = work.tag([chat.pk], "брак", **who)
        work.undo(chat.seller, batch, operator=operator, now=NOON)

        assert kept(chat).low_rated_at == NOON
        assert kept(chat).due_at == NOON + 72 * HOUR
