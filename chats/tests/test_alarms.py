"""Trouble with reading, sending and waiting buyers is told once, and then over."""

import uuid
from datetime import timedelta

import pytest

from agentiq.testing import NOON
from chats import alarms
from chats.models import Chat, FeedCursor, Outgoing, OutgoingChange
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
        assert list(keys) == expected

    def test_one_chat_moves_on_and_never_stands_twice(self, seller):
        Chat.objects.create(seller=seller, wb_chat_id="1", waiting_since=NOON)
        for hour in range(0, 11 * 24, 5):
            alarms.watch(seller, now=NOON + hour * HOUR)
        assert Alert.objects.standing().get().cause_key == "100"
        assert Alert.objects.count() == 3

        Chat.objects.update(waiting_since=None)
        assert watch(seller, NOON + 11 * DAY) == {}

    def test_many_chats_are_one_alert_with_the_oldest(self, seller):
        for days in (8, 9, 9.5):
            Chat.objects.create(
                seller=seller, wb_chat_id=str(days), waiting_since=NOON - days * DAY
            )
        alert = watch(seller)["chat_deadline"]
        assert (alert.params["count"], alert.params["hours"]) == (3, 12)
        assert alert_words.title(alert) == (
            "3 покупателя ждут ответа, осталось часов: 12"
        )
