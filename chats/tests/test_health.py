from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.urls import reverse

from agentiq.testing import make_member, make_seller
from chats import health, polling, tasks
from chats.models import Chat, FeedCursor, Outgoing
from promos.models import WbToken


@pytest.fixture
def now():
    return datetime.now(UTC)


def test_a_process_that_answers_is_alive(client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readiness_names_a_worker_that_is_silent(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["worker"] == {"age_seconds": None}
    assert client.get("/readyz?strict=1").status_code == 503


def test_readiness_tells_how_old_the_last_poll_of_a_shop_is(client, seller, wb, now):
    tasks.poll_due()
    polling.poll(seller, client=wb, now=now - timedelta(seconds=7))

    report = client.get("/readyz?strict=1").json()

    assert report["status"] == "ok"
    assert (report["database"], report["redis"]) == ("ok", "ok")
    assert 7 <= report["polls"]["age_seconds"][str(seller.pk)] < 12
    assert report["worker"]["age_seconds"] < 5
    assert seller.name not in str(report)


def test_readiness_without_redis_is_a_503(client, seller, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["redis"]) == ("down", "down")


def test_a_shop_far_behind_its_schedule_is_late(client, seller, now):
    health.mark_worker(now)
    FeedCursor.objects.create(seller=seller, due_at=now - timedelta(minutes=3))

    report = client.get("/readyz").json()

    assert (report["status"], report["polls"]["late"]) == ("degraded", 1)


@pytest.mark.parametrize("token", ["", "wrong", "Bearer wrong"])
def test_figures_need_the_token(client, settings, token):
    settings.METRICS_TOKEN = "right"

    assert client.get("/metrics", headers={"Authorization": token}).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 404


def test_figures_of_queues_calls_and_polls(client, seller, wb, simulator, settings):
    settings.METRICS_TOKEN = "right"
    simulator.new_chat("Здравствуйте")
    simulator.fault("429", method="events")
    tasks.poll_shops([seller.pk])
    FeedCursor.objects.update(due_at=None)
    Chat.objects.create(seller=seller, wb_chat_id="1:x")
    Outgoing.objects.create(
        seller=seller,
        chat=Chat.objects.get(wb_chat_id="1:x"),
        key="8d5b2b0e-3a8b-4a86-a3b4-0a6f0f6a5c11",
        text="Да",
        due_at=datetime.now(UTC) - timedelta(seconds=30),
    )

    text = client.get("/metrics", headers={"Authorization": "Bearer right"}).content
    lines = text.decode().splitlines()

    assert 'agentiq_outgoing{state="queued"} 1' in lines
    assert 'agentiq_wb_calls_total{method="events",status="429"} 1.0' in lines
    assert "agentiq_wb_throttled_total 1.0" in lines
    assert 'agentiq_polls_total{outcome="throttled"} 1.0' in lines
    assert 'agentiq_shops{state="in_trouble"} 1' in lines
    assert 'agentiq_attempts_recent{outcome="accepted"} 0' in lines
    age = next(it for it in lines if it.startswith("agentiq_outgoing_due_age_seconds "))
    assert 30 <= float(age.split()[1]) < 60


def test_figures_of_the_database_are_there_without_redis(client, seller, settings):
    settings.METRICS_TOKEN = "right"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/metrics", headers={"Authorization": "Bearer right"})

    assert 'agentiq_outgoing{state="queued"} 0' in answer.content.decode()


def test_tasks_wait_in_queues_of_their_own(settings):
    queues = {queue.name: queue.routing_key for queue in settings.CELERY_TASK_QUEUES}
    routed = {
        name: current_app.amqp.router.route({}, name).get("queue")
        for name in current_app.tasks
        if name.startswith("chats.tasks.")
    }

    # One key for several queues would put each task into all of them.
    assert sorted(queues.values()) == sorted(queues) == ["celery", "polling", "sending"]
    assert routed["chats.tasks.send_seller"].name == "sending"
    assert routed["chats.tasks.settle_seller"].name == "sending"
    assert routed["chats.tasks.poll_shops"].name == "polling"
    assert routed["chats.tasks.suggest_chat"].name == "celery"


def test_the_seller_reads_in_words_what_is_wrong(
    client, seller, operator, wb, simulator
):
    simulator.fault("402", method="events")
    tasks.poll_shops([seller.pk])
    client.force_login(operator)

    page = client.get(reverse("chats:status")).content.decode()

    assert "баланс" in page
    assert 'id="status-reading"' in page
    assert "Токен действует" in page


def test_the_seller_reads_that_all_is_well(client, seller, operator, wb, simulator):
    simulator.new_chat("Здравствуйте")
    tasks.poll_due()
    tasks.poll_shops([seller.pk])
    client.force_login(operator)

    page = client.get(reverse("chats:status")).content.decode()

    assert "Новые сообщения читаются" in page
    assert "1 покупатель ждёт" in page
    assert "Фоновая работа" not in page


def test_a_silent_worker_is_told_instead_of_all_being_well(
    client, seller, operator, wb, simulator, now
):
    polling.poll(seller, client=wb, now=now)
    client.force_login(operator)

    page = client.get(reverse("chats:status")).content.decode()

    assert "Фоновая работа остановлена" in page
    assert "Новые сообщения читаются" not in page


def test_a_desk_without_redis_says_so(client, seller, owner, settings):
    client.force_login(owner)
    client.raise_request_exception = False
    dead = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": dead}

    answer = client.get(reverse("chats:status"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Redis не отвечает" in answer.content.decode()


def test_the_status_page_is_for_members_only(client, seller, django_user_model):
    assert client.get(reverse("chats:status")).status_code == 302
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(reverse("chats:status")).status_code == 404


def test_each_problem_word_of_a_poll_has_words(seller, now):
    for word in [*health.PROBLEMS, "withdrawn", "category", "expired"]:
        FeedCursor.objects.update_or_create(seller=seller, defaults={"problem": word})
        told = health.shop(seller, now)
        assert told.problem != word
        assert told.advice


def test_a_shop_sees_its_own_state_only(seller, now):
    other = make_seller("Другая")
    make_member(other, "owner")
    WbToken.objects.create(seller=other, kind="personal", sealed_token="x")
    FeedCursor.objects.create(seller=seller, problem="unpaid")

    told = health.shop(other, now)

    assert (told.problem, told.waiting, told.is_waiting_for_token) == ("", 0, False)
