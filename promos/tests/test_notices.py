"""Each alert reaches each person once, when they may be disturbed, and leaves a log."""

import json
import socketserver
import threading
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail

from agentiq.testing import NOON
from promos import alerts, notices, webhooks
from promos.alerts import Cause, Kind, Level
from promos.channels import telegram
from promos.models import (
    AlertDelivery,
    Membership,
    NotificationRule,
    NotificationSettings,
    TelegramBot,
    WebhookDelivery,
)

URGENT = Cause(
    kind=Kind.TOKEN_REFUSED, level=Level.CRITICAL, params={"refusal": "revoked"}
)
PLAIN = Cause(kind=Kind.NO_CODE, key="UC1", params={"use_case": "UC1"})


@pytest.fixture
def boss(owner):
    owner.email = "boss@example.test"
    owner.save()
    return Membership.objects.get(user=owner)


def log(**filters):
    rows = AlertDelivery.objects.filter(**filters).order_by("pk")
    return [(row.channel, row.status) for row in rows]


def run(now):
    """Deliver everything that is due, as the task does."""
    outcomes = []
    while taken := notices.claim(now=now):
        outcomes.append(notices.deliver(taken, now=now))
    return outcomes


class TestWhoAndWhen:
    def test_a_rule_beats_the_default(self, seller, boss):
        NotificationRule.objects.create(
            seller=seller,
            membership=boss,
            kind=Kind.TOKEN_REFUSED,
            channel="email",
            mode="off",
        )
        alerts.raise_once(seller, URGENT, now=NOON)
        assert log() == [("app", "sent")]

    def test_operators_hear_of_chats_not_of_news(self, seller, operator):
        alerts.raise_once(
            seller, Cause(kind=Kind.WB_NEWS, params={"header": "Промокоды"}), now=NOON
        )
        assert log() == []
        alerts.raise_once(
            seller, Cause(kind=Kind.SEND_TROUBLE, params={"count": 4}), now=NOON
        )
        assert log() == [("app", "sent")]

    def test_people_who_left_hear_nothing(self, seller, boss):
        Membership.objects.update(is_active=False)
        alerts.raise_once(seller, URGENT, now=NOON)
        assert log() == []

    @pytest.mark.parametrize(
        ("clock", "expected"),
        [
            pytest.param("20:59", "20:59", id="before the quiet"),
            pytest.param("21:00", "09:00", id="quiet begins"),
            pytest.param("03:00", "09:00", id="night"),
            pytest.param("08:59", "09:00", id="last quiet minute"),
            pytest.param("09:00", "09:00", id="quiet is over"),
        ],
    )
    def test_quiet_hours_by_the_moscow_clock(self, clock, expected):
        hour, minute = map(int, clock.split(":"))
        now = datetime(2026, 3, 2, hour, minute, tzinfo=notices.MOSCOW)
        loud = notices.loud_from(NotificationSettings(), now)
        assert loud.astimezone(notices.MOSCOW).strftime("%H:%M") == expected
        assert now <= loud < now + timedelta(days=1)

    def test_own_hours_and_none_at_all(self):
        now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 13:00 in Moscow
        lunch = NotificationSettings(quiet_from=time(12), quiet_until=time(14))
        assert notices.loud_from(lunch, now) == now + timedelta(hours=1)
        never = NotificationSettings(quiet_from=time(13), quiet_until=time(13))
        assert notices.loud_from(never, now) == now

    def test_what_is_over_before_morning_wakes_nobody(self, seller, boss):
        night = NOON + timedelta(hours=11)
        alerts.raise_once(seller, URGENT, now=night)
        assert run(night) == []

        alerts.resolve(seller, Kind.TOKEN_REFUSED, now=night + timedelta(hours=1))

        assert run(night + timedelta(hours=12)) == []
        assert log(channel="email") == [("email", "dropped")]


class TestEmail:
    def test_an_urgent_alert_says_what_to_do_and_where(self, seller, boss):
        alerts.raise_once(seller, URGENT, now=NOON)
        assert run(NOON) == ["sent"]
        assert run(NOON) == []

        (letter,) = mail.outbox
        assert letter.to == ["boss@example.test"]
        assert letter.subject.startswith("AgentIQ: WB больше не принимает токен")
        assert "Создайте в кабинете WB новый токен" in letter.body

    def test_the_digest_is_one_letter_in_the_morning(self, seller, boss):
        other = Cause(kind=Kind.NO_CODE, key="UC2", params={"use_case": "UC2"})
        alerts.raise_once(seller, PLAIN, now=NOON)
        alerts.raise_once(seller, other, now=NOON + timedelta(hours=5))
        assert run(NOON + timedelta(hours=20)) == []

        assert run(NOON + timedelta(hours=21)) == ["sent"]

        (letter,) = mail.outbox
        assert letter.subject == "AgentIQ: 2 уведомления за день"
        assert "лояльность" in letter.body
        assert "удержание" in letter.body

    def test_over_real_smtp(self, seller, boss, settings, smtp):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        alerts.raise_once(seller, URGENT, now=NOON)
        outcomes = run(NOON)
        problem = AlertDelivery.objects.get(channel="email").problem
        assert (outcomes, problem) == (["sent"], "")
        assert "boss@example.test" in smtp.heard

    def test_a_server_that_is_down_is_tried_again_and_then_given_up(
        self, seller, boss, settings
    ):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        alerts.raise_once(seller, URGENT, now=NOON)

        moments = (0, 60, 360, 1260, 4860)
        outcomes = [run(NOON + timedelta(seconds=moment)) for moment in moments]

        assert outcomes == [["queued"]] * 4 + [["failed"]]
        delivery = AlertDelivery.objects.get(channel="email")
        assert delivery.attempts == 5
        assert "refused" in delivery.problem.lower()


class TestTelegram:
    @pytest.fixture
    def linked(self, seller, boss, bot_api):
        bot = telegram.enter(seller, "123:secret")
        link = telegram.invite(boss)
        bot_api.updates = [
            {
                "update_id": 5,
                "message": {"text": f"/start {link.secret}", "chat": {"id": 77}},
            },
            {"update_id": 6, "message": {"text": "/start wrong", "chat": {"id": 66}}},
        ]
        assert telegram.read_updates(bot, now=NOON) == 1
        bot_api.said.clear()
        return bot

    def test_the_bot_introduces_itself_and_its_token_is_sealed(self, linked):
        stored = TelegramBot.objects.get()
        assert stored.username == "shop_bot"
        assert "secret" not in stored.sealed_token
        assert stored.next_update == 7

    def test_an_alert_reaches_the_linked_chat_once(self, seller, linked, bot_api):
        alerts.raise_once(seller, URGENT, now=NOON)
        run(NOON)
        run(NOON)
        assert [said["chat_id"] for said in bot_api.said] == [77]
        assert "WB больше не принимает токен" in bot_api.said[0]["text"]

    def test_telegram_says_when_to_come_again(self, seller, linked, bot_api):
        bot_api.answers = [(429, {"ok": False, "parameters": {"retry_after": 40}})]
        alerts.raise_once(seller, URGENT, now=NOON)
        run(NOON)
        assert run(NOON + timedelta(seconds=39)) == []
        assert run(NOON + timedelta(seconds=40)) == ["sent"]

    def test_a_blocked_bot_is_not_tried_again(self, seller, linked, bot_api):
        bot_api.answers = [(403, {"ok": False, "description": "bot was blocked"})]
        alerts.raise_once(seller, URGENT, now=NOON)
        run(NOON)
        row = AlertDelivery.objects.get(channel="telegram")
        assert (row.status, "blocked" in row.problem) == ("failed", True)

    def test_a_lost_answer_is_not_repeated(self, seller, linked, bot_api, monkeypatch):
        monkeypatch.setattr(telegram, "TIMEOUT", (0.5, 0.2))
        bot_api.silent = True
        alerts.raise_once(seller, URGENT, now=NOON)
        run(NOON)
        assert run(NOON + timedelta(days=1)) == []
        assert log(channel="telegram") == [("telegram", "unknown")]

    def test_a_wrong_token_is_refused_before_it_is_kept(self, seller, bot_api):
        bot_api.answers = [(401, {"ok": False, "description": "Unauthorized"})]
        with pytest.raises(telegram.BotRefused) as refused:
            telegram.enter(seller, "123:wrong")
        assert "wrong" not in str(refused.value)
        assert not TelegramBot.objects.exists()


def test_other_systems_are_told_once(seller, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    webhooks.register(seller, url="https://crm.example/agentiq", by=None)
    for _ in range(3):
        alerts.raise_once(seller, PLAIN, now=NOON)

    row = WebhookDelivery.objects.get()
    assert row.kind == "alert.raised"
    assert row.payload["title"] == "Сейчас нет промокода для: лояльность"


def test_what_a_killed_worker_left_is_not_repeated(seller, boss):
    alerts.raise_once(seller, URGENT, now=NOON)
    assert notices.claim(now=NOON)
    late = NOON + timedelta(minutes=11)
    assert notices.sweep(now=late) == 1
    assert run(late) == []
    assert log(channel="email") == [("email", "unknown")]


@pytest.fixture
def bot_api(settings):
    """A Bot API on this machine that remembers what it was told."""

    class Handler(BaseHTTPRequestHandler):
        updates, said, answers, silent = [], [], [], False

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            state, method = type(self), self.path.rsplit("/", 1)[-1]
            if state.silent:
                threading.Event().wait(0.5)
                return
            status, answer = 200, {"ok": True, "result": True}
            if state.answers:
                status, answer = state.answers.pop(0)
            elif method == "getMe":
                answer["result"] = {"username": "shop_bot"}
            elif method == "getUpdates":
                answer["result"] = [
                    row for row in state.updates if row["update_id"] >= body["offset"]
                ]
            elif method == "sendMessage":
                state.said.append(body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    Handler.updates, Handler.said, Handler.answers = [], [], []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{server.server_port}"
        yield Handler
        server.shutdown()


@pytest.fixture
def smtp():
    """A mail server on this machine that takes every letter."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.say("220 ready")
            while line := self.rfile.readline().decode().rstrip():
                self.server.heard += line + "\n"
                if line.upper().startswith("DATA"):
                    self.read_letter()
                else:
                    self.say("221 bye" if line.upper() == "QUIT" else "250 ok")

        def read_letter(self):
            self.say("354 go on")
            while (line := self.rfile.readline().decode().rstrip()) != ".":
                self.server.heard += line + "\n"
            self.say("250 taken")

        def say(self, words):
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.heard, server.port = "", server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
