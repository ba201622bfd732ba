import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django_scopes import scope

from agentiq.testing import NOON
from agentiq.wb.simulator import Simulator
from chats.analyzer import Intent, Turn, analyze_many
from chats.demo import people, pictures, seed, shop
from chats.demo.buyers import Buyers
from chats.demo.processes import ProcessError, Processes, port_is_free
from chats.models import (
    Chat,
    ChatOrder,
    Decision,
    Message,
    Outgoing,
    SavedReply,
    Suggestion,
)
from chats.policy import rendering
from promos.models import Product, PromoCode, PromoCodeSend, Seller
from promos.rules.days import moscow_date
from promos.rules.limits import SLOTS, max_overlap
from promos.rules.status import Status, status

BASE = Path(__file__).resolve().parents[2]


# The people


def test_the_same_moment_gives_the_same_people():
    assert people.stories(NOON) == people.stories(NOON)


def test_there_are_enough_chats_over_ninety_days_with_every_intent():
    told = people.stories(NOON)

    firsts = [story.lines[0].at for story in told]
    assert len(told) >= 300
    assert {story.intent for story in told} == {intent.value for intent in Intent}
    assert max(firsts) - min(firsts) > timedelta(days=80)
    assert min(firsts) > NOON - timedelta(days=92)


def test_messages_of_a_chat_follow_each_other():
    for story in people.stories(NOON):
        times = [said.at for said in story.lines]
        assert times == sorted(times), story
        assert times[-1] <= NOON


def test_the_newest_buyers_wait_and_all_others_have_an_answer():
    told = people.stories(NOON)

    assert sum(story.answer is None for story in told) == people.WAITING
    assert all(s.lines[-1].who != "buyer" for s in told if s.answer is not None)


def test_the_analyser_finds_every_intent_in_the_demo():
    told = people.stories(NOON)
    turns = [(Turn(tuple(said.text for said in it.turn)), None) for it in told]

    read = [reading.intent.value for reading in analyze_many(turns)]

    agreed = sum(a == story.intent for a, story in zip(read, told, strict=True))
    assert set(read) == {intent.value for intent in Intent}
    assert agreed / len(told) > 0.9


# The shop


def test_there_is_a_code_in_every_state():
    codes = shop.codes(moscow_date(NOON))
    states = Counter(_state(code) for code in codes)

    assert set(states) == set(Status)


def test_the_shop_never_has_more_than_ten_codes_at_a_time(seller):
    rows = [seed._enter(seller, code) for code in shop.codes(moscow_date(NOON))]

    assert max_overlap([row.terms() for row in rows if not row.is_draft]) <= SLOTS


def _state(code):
    with_period = seed.days.period(code.first, code.last)
    terms = PromoCode(
        code=code.code,
        discount_percent=code.percent,
        starts_at=with_period[0],
        expires_at=with_period[1],
        is_active=code.is_active,
        is_draft=code.is_draft,
    ).terms()
    return status(terms, NOON)


# Seeding


@pytest.fixture
def few(monkeypatch):
    """A shop with forty chats: enough to see each kind of row, quick to make."""
    told = people.stories(NOON)
    some = [*told[:300:15], *told[-6:]]
    monkeypatch.setattr(people, "stories", lambda now, count: some)
    return some


@pytest.mark.django_db
def test_a_seeded_shop_looks_as_if_it_had_worked_for_ninety_days(few, tmp_path):
    made = seed.seed(tmp_path / "wb.json", now=NOON, tell=lambda what: None)

    with scope(seller=made):
        assert made.is_demo
        assert Chat.objects.count() == len(few)
        assert Message.objects.count() == sum(len(story.lines) for story in few)
        assert Chat.objects.waiting().count() == 6
        assert Suggestion.objects.open().count() == 6
        sent = Outgoing.objects.filter(status=Outgoing.Status.SENT)
        assert sent.count() == Outgoing.objects.count() > 10
        assert not sent.filter(message=None).exists()
        coded = Decision.objects.filter(with_code=True).count()
        assert PromoCodeSend.objects.count() == coded > 0
        assert not PromoCodeSend.objects.filter(message_id="").exists()
        assert Product.objects.filter(price__gt=0).count() == len(shop.GOODS)
        assert Product.objects.filter(cost__gt=0).count() >= 10
        for saved in SavedReply.objects.all():
            rendering.slots_of(saved.text)  # raises where a slot is unknown
        assert ChatOrder.objects.filter(fate="bought").exists()
        assert ChatOrder.objects.filter(fate="").exists()  # too old for WB to tell


@pytest.mark.django_db
def test_what_was_sent_is_in_the_feed_as_it_was_sent(few, tmp_path):
    made = seed.seed(tmp_path / "wb.json", now=NOON, tell=lambda what: None)

    with scope(seller=made):
        for reply in Outgoing.objects.select_related("message"):
            assert reply.text == reply.message.text
            assert reply.message.added_at == reply.sent_at


@pytest.mark.django_db(transaction=True)
def test_two_seedings_of_one_moment_give_the_same_shop(few, tmp_path):
    facts = []
    for name in ("one.json", "two.json"):
        made = seed.seed(tmp_path / name, now=NOON, tell=lambda what: None)
        with scope(seller=made):
            texts = Message.objects.order_by("added_at", "text")
            rows = texts.values_list("text", "added_at", "source")
            facts.append(list(rows))
        call_command("flush", interactive=False, verbosity=0)

    assert facts[0] == facts[1]
    assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()


@pytest.mark.django_db
def test_both_logins_work():
    seed.open_shop(NOON)

    for username, *_, password in shop.LOGINS:
        request = RequestFactory().post("/login/")
        assert authenticate(request, username=username, password=password)


def test_a_real_shop_is_never_mixed_with_the_demo(seller):
    with pytest.raises(RuntimeError, match="настоящий магазин"):
        seed.open_shop(NOON)
    assert Seller.objects.count() == 1


def test_a_picture_of_a_buyer_is_a_png():
    assert seed.picture("0011223344556677").startswith(b"\x89PNG\r\n\x1a\n")


# Buyers


def test_buyers_write_answer_and_are_sometimes_answered_in_the_cabinet():
    simulator = Simulator(control=True)
    simulator.add_seller(sid=shop.SID)
    buyers = Buyers(_Direct(simulator), seed=3)

    for second in range(0, 3600, 5):
        buyers.act(NOON + timedelta(seconds=second))

    events = [event for _, _, event in simulator.seller(shop.SID).events]
    assert len(simulator.seller(shop.SID).chats) > 50
    assert any(event["source"] == "seller-portal" for event in events)


def test_a_buyer_answers_what_the_shop_sent():
    simulator = Simulator(control=True)
    simulator.add_seller(sid=shop.SID)
    chat_id = simulator.new_chat("Здравствуйте!", seller=shop.SID)
    buyers = Buyers(_Direct(simulator), seed=3)
    simulator.sent.extend(
        {"chatID": chat_id, "message": "Вот промокод"} for _ in range(10)
    )

    for second in range(0, 24, 2):
        buyers.act(NOON + timedelta(seconds=second))

    said = [event["sender"] for _, _, event in simulator.seller(shop.SID).events]
    assert said.count("client") > 1


class _Direct:
    """A Remote without a process between."""

    def __init__(self, simulator):
        self._simulator = simulator

    def __getattr__(self, name):
        if name == "sent":
            return lambda: list(self._simulator.sent)
        return getattr(self._simulator, name)


# Processes


def test_what_dies_is_started_again_and_all_ends_at_last(tmp_path):
    processes = Processes(tmp_path)
    child = processes.start("nap", "http.server", "0", env=os.environ)
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()

    assert processes.revive() == ["nap"]
    assert child.process.pid != first
    processes.stop()
    assert child.process.poll() is not None


def test_what_keeps_dying_is_named_with_its_log(tmp_path):
    processes = Processes(tmp_path)
    child = processes.start("broken", "no_such_module", env=os.environ)

    with pytest.raises(ProcessError, match=r"broken .*broken\.log"):
        for _ in range(10):
            child.process.wait()
            processes.revive()
    processes.stop()


def test_a_taken_port_is_named(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        with pytest.raises(CommandError, match=f"порт {port} занят.*PORT={port + 10}"):
            call_command("demo", port=port)


# The whole


@pytest.fixture
def environment(tmp_path):
    """A demo's environment: servers and data of its own, nothing from the tests."""
    ours = ("AGENTIQ_ENV", "DATABASE_URL", "REDIS_URL", "DATA_DIR", "DJANGO_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return kept | {"DATA_DIR": str(tmp_path / "data"), "PYTHONUNBUFFERED": "1"}


def test_the_demo_starts_answers_stops_and_starts_again_with_its_data(environment):
    first, said = _demo(environment)
    again, said_again = _demo(environment)

    assert "5/6" in said and "пароль" in said
    assert "чатов покупателей" in said
    assert "прошлого запуска сохранены" in said_again
    assert first == again == 200
    assert _left(environment) == []


def _demo(environment):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "manage.py",
        "demo",
        "--port",
        str(port),
        "--chats",
        "60",
    ]
    process = subprocess.Popen(
        command,
        cwd=BASE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "Ctrl+C" in line:
                break
        assert process.poll() is None, "".join(said)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/") as answer:
            code = answer.status
        process.send_signal(signal.SIGINT)
        said.append(process.communicate(timeout=30)[0])
    finally:
        process.kill()
    assert process.returncode == 0, "".join(said)
    return code, "".join(said)


def _left(environment):
    """Return the processes whose command or environment names the demo's folder."""
    deadline = time.monotonic() + 10
    while (found := _mentioning(environment["DATA_DIR"])) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.2)
    return found


def _mentioning(folder):
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if folder.encode() in about:
            found.append((entry / "cmdline").read_bytes())
    return found


def test_every_good_has_a_picture_that_needs_no_network():
    for good in shop.GOODS:
        place = pictures.of(good.key)
        kind, _, svg = place.partition(",")

        assert kind == "data:image/svg+xml"
        assert len(place) <= Product._meta.get_field("photo_url").max_length
        assert ElementTree.fromstring(unquote(svg)).tag.endswith("svg")
