"""Trouble with reading, sending and waiting buyers is told once, and then over."""

import uuid
from datetime import timedelta

import pytest

from agentiq.testing import NOON
from chats import alarms
from chats.models import AnswerTarget, Chat, FeedCursor, Outgoing, OutgoingChange
from promos import alarms as shop_alarms
from promos import alert_words
from promos.models import Alert, WbToken

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def standing():
    return {alert.kind: alert for alert in Alert.objects.standing()}


def watch(seller, now=NOON):
    alarms.watch(seller, now=now)
    return standing()


class TestPoll:
    @pytest.fixture
    def cursor(self, seller):
        WbToken.objects.create(seller=seller, sealed_token="x")
        return FeedCursor.objects.create(
            seller=seller, polled_at=NOON, tried_at=NOON, due_at=NOON + 2 * MINUTE
        )

    def test_overdue_for_five_minutes_is_behind(self, seller, cursor):
        assert watch(seller, NOON + timedelta(minutes=6, seconds=59)) == {}
        alert = watch(seller, NOON + 7 * MINUTE)["poll_behind"]
        assert (alert.params["minutes"], alert.level) == (7, "warning")

    def test_a_token_that_may_ask_once_an_hour_is_not_behind(self, seller, cursor):
        FeedCursor.objects.update(due_at=NOON + HOUR)
        assert watch(seller, NOON + 59 * MINUTE) == {}

    def test_it_grows_urgent_and_ends_with_the_next_poll(self, seller, cursor):
        watch(seller, NOON + 10 * MINUTE)
        assert watch(seller, NOON + 31 * MINUTE)["poll_behind"].level == "critical"

        FeedCursor.objects.update(
            polled_at=NOON + 32 * MINUTE, due_at=NOON + 33 * MINUTE
        )
        assert watch(seller, NOON + 33 * MINUTE) == {}
        assert Alert.objects.count() == 1

    def test_failing_polls_count_though_they_are_tried_in_time(self, seller, cursor):
        FeedCursor.objects.update(
            failures=3, problem="unavailable", due_at=NOON + DAY, tried_at=NOON + HOUR
        )
        alert = watch(seller, NOON + HOUR)["poll_behind"]
        assert "WB не отвечает" in alert_words.body(alert)

    def test_a_refused_token_is_another_alert(self, seller, cursor):
        WbToken.objects.update(refused_at=NOON)
        assert watch(seller, NOON + HOUR) == {}


class TestSending:
    @pytest.fixture
    def reply(self, seller):
        def reply(status, at=NOON):
            chat = Chat.objects.create(seller=seller, wb_chat_id=str(uuid.uuid4()))
            made = Outgoing.objects.create(
                seller=seller,
                chat=chat,
                key=uuid.uuid4(),
                text="Здравствуйте",
                status=status,
                due_at=at,
                sending_since=at,
            )
            OutgoingChange.objects.create(
                seller=seller, outgoing=made, status=status, at=at
            )
            return made

        return reply

    def test_three_in_ten_minutes_are_not_yet_trouble_four_are(self, seller, reply):
        for status in ("failed", "unknown", "failed"):
            reply(status)
        assert "send_trouble" not in watch(seller, NOON + MINUTE)

        reply("failed")
        alert = watch(seller, NOON + MINUTE)["send_trouble"]
        assert alert_words.title(alert) == "4 ответа не ушли или не подтверждены"

    def test_twenty_are_still_one_alert(self, seller, reply):
        for second in range(20):
            reply("failed", NOON + timedelta(seconds=second))
            watch(seller, NOON + timedelta(seconds=second))
        assert Alert.objects.filter(kind="send_trouble").count() == 1

    def test_it_does_not_flap_and_ends_after_half_an_hour(self, seller, reply):
        for _ in range(4):
            reply("failed")
        assert "send_trouble" in watch(seller, NOON + 9 * MINUTE)
        assert "send_trouble" in watch(seller, NOON + 29 * MINUTE)
        assert watch(seller, NOON + 30 * MINUTE) == {}

    def test_a_reply_tried_twice_counts_once(self, seller, reply):
        made = reply("failed")
        for _ in range(5):
            OutgoingChange.objects.create(
                seller=seller, outgoing=made, status="failed", at=NOON
            )
        assert watch(seller, NOON) == {}

    def test_an_unknown_delivery_is_told_after_five_minutes(self, seller, reply):
        made = reply("unknown")
        assert watch(seller, NOON + timedelta(minutes=4, seconds=59)) == {}
        assert watch(seller, NOON + 5 * MINUTE)["unknown_delivery"].params == {
            "count": 1
        }

        Outgoing.objects.filter(pk=made.pk).update(status="sent")
        assert watch(seller, NOON + 6 * MINUTE) == {}


class TestDeadline:
    @pytest.mark.parametrize(
        ("waited", "expected"),
        [
            pytest.param(5 * DAY - MINUTE, [], id="under half"),
            pytest.param(5 * DAY, ["50"], id="half"),
            pytest.param(8 * DAY, ["80"], id="80 %"),
            pytest.param(10 * DAY, ["100"], id="over"),
        ],
    )
    def test_thresholds_of_ten_days(self, seller, waited, expected):
        Chat.objects.create(seller=seller, wb_chat_id="1", waiting_since=NOON - waited)
        alarms.watch(seller, now=NOON)
        keys = Alert.objects.standing().values_list("cause_key", flat=True)
        day = (NOON - waited).date()
        assert list(keys) == [f"wb-{percent}:{day}" for percent in expected]

    def test_one_chat_moves_on_and_never_stands_twice(self, seller):
        Chat.objects.create(seller=seller, wb_chat_id="1", waiting_since=NOON)
        for hour in range(0, 11 * 24, 5):
            alarms.watch(seller, now=NOON + hour * HOUR)
        assert Alert.objects.standing().get().cause_key == "wb-100:2026-03-02"
        assert Alert.objects.count() == 3

        Chat.objects.update(waiting_since=None)
        assert watch(seller, NOON + 11 * DAY) == {}

    def test_buyers_of_one_day_are_one_alert_with_the_oldest(self, seller):
        for hours in (0, 1, 4):
            since = NOON - 9.5 * DAY + hours * HOUR  # from midnight on, in Moscow
            Chat.objects.create(
                seller=seller, wb_chat_id=str(hours), waiting_since=since
            )
        alert = watch(seller)["chat_deadline"]
        assert (alert.params["count"], alert.params["hours"]) == (3, 12)
        assert alert_words.title(alert) == (
            "3 покупателя ждут ответа, осталось часов: 12"
        )

    def test_a_buyer_left_unanswered_does_not_hide_the_next_one(self, seller):
        """Moscow days: NOON is at 12:00, so eleven hours before is one o'clock."""
        for number, hours in enumerate((0, 11, 13)):
            since = NOON - 11 * DAY - hours * HOUR
            Chat.objects.create(
                seller=seller, wb_chat_id=str(number), waiting_since=since
            )
        alarms.watch(seller, now=NOON)
        keys = Alert.objects.standing().values_list("cause_key", "params__count")
        assert set(keys) == {("wb-100:2026-02-19", 2), ("wb-100:2026-02-18", 1)}

    def test_those_of_long_ago_are_told_together(self, seller):
        for days in range(11, 19):
            Chat.objects.create(
                seller=seller, wb_chat_id=str(days), waiting_since=NOON - days * DAY
            )
        alarms.watch(seller, now=NOON)
        found = Alert.objects.standing().order_by("cause_key")
        assert [(one.cause_key[7:], one.params["count"]) for one in found] == [
            *((f"2026-02-{day}", 1) for day in range(15, 20)),
            ("before", 3),
        ]


class TestOwnTargets:
    """NOON is a Monday, 12:00 in Moscow; the shop works from 9 to 13 and 14 to 18."""

    @pytest.fixture(autouse=True)
    def target(self, seller):
        week = [[[540, 780], [840, 1080]]] * 5 + [[], []]
        return AnswerTarget.objects.create(
            seller=seller, first_minutes=100, later_minutes=200, week=week
        )

    def test_each_threshold_is_told_once_in_working_time(self, seller):
        Chat.objects.create(seller=seller, wb_chat_id="1", waiting_since=NOON)
        found = {}
        for minute in range(0, 200, 5):
            alarms.watch(seller, now=NOON + minute * MINUTE)
            for alert in Alert.objects.all():
                found.setdefault(alert.cause_key, minute)

        # 50 min: 12:50. 80 min: an hour, the pause, 20 min. 100 min: 14:40.
        assert found == {
            "target-50:2026-03-02": 50,
            "target-80:2026-03-02": 140,
            "target-100:2026-03-02": 160,
        }
        assert Alert.objects.count() == 3
        assert Alert.objects.standing().get().level == "warning"

    def test_a_chat_that_had_an_answer_has_the_longer_target(self, seller):
        Chat.objects.create(
            seller=seller,
            wb_chat_id="1",
            waiting_since=NOON,
            last_seller_at=NOON - HOUR,
        )
        alarms.watch(seller, now=NOON + 159 * MINUTE)  # 99 minutes of work
        assert not Alert.objects.exists()

        alert = watch(seller, NOON + 160 * MINUTE)["chat_deadline"]
        assert alert.cause_key == "target-50:2026-03-02"
        assert alert_words.title(alert) == (
            "1 покупатель ждёт: прошло 50\u00a0% срока магазина"
        )

    def test_nobody_is_late_at_night_or_on_a_sunday(self, seller):
        closing = NOON + 6 * HOUR - 40 * MINUTE  # 17:20
        Chat.objects.create(seller=seller, wb_chat_id="1", waiting_since=closing)

        alarms.watch(seller, now=NOON + 20 * HOUR)  # 8:00 on Tuesday: 40 minutes
        assert not Alert.objects.exists()

        alert = watch(seller, NOON + 22 * HOUR)["chat_deadline"]  # 10:00: 100 minutes
        assert alert.cause_key == "target-100:2026-03-02"
        assert alert_words.title(alert) == "1 покупатель ждёт дольше срока магазина"


class TestLowRating:
    def test_thresholds_of_72_hours(self, seller):
        Chat.objects.create(
            seller=seller, wb_chat_id="1", waiting_since=NOON, low_rated_at=NOON
        )
        found = {}
        for hour in range(75):
            alarms.watch(seller, now=NOON + hour * HOUR)
            for alert in Alert.objects.all():
                found.setdefault(alert.cause_key, hour)

        # 80 % of 72 hours are 57 hours and 36 minutes.
        assert found == {
            "rating-50:2026-03-02": 36,
            "rating-80:2026-03-02": 58,
            "rating-100:2026-03-02": 72,
        }
        assert alert_words.title(Alert.objects.standing().get()) == (
            "1 покупатель с низкой оценкой ждёт дольше 72 часов"
        )

    def test_an_answered_chat_and_an_old_rating_are_quiet(self, seller):
        Chat.objects.create(seller=seller, wb_chat_id="1", low_rated_at=NOON - 2 * DAY)
        Chat.objects.create(
            seller=seller,
            wb_chat_id="2",
            low_rated_at=NOON - 9 * DAY,
            waiting_since=NOON - HOUR,
        )
        assert watch(seller) == {}


def test_every_kind_of_alert_has_a_check_that_raises_it():
    checked = {*alarms.KINDS, *shop_alarms.KINDS, *shop_alarms.MONEY_KINDS}
    assert checked | {Alert.Kind.WB_NEWS} == set(Alert.Kind)
