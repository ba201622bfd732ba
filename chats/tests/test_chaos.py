import json
import os

import pytest

from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.simulator import Simulator, serve
from chats.benchmarks import chaos
from chats.benchmarks._chaos_wb import NoStandIn, StandIn

SENDS = int(os.environ.get("CHAOS_SENDS", "0"))
WRONG = (
    "duplicates",
    "lost",
    "unlinked",
    "unexplained",
    "codes_missing",
    "refused_clicks",
)


@pytest.mark.django_db(transaction=True)
def test_on_the_worst_day_every_reply_arrives_once():
    """
    Twenty per cent of answers lost, ten failed, workers killed, sessions cut.

    A slow machine decides fewer of the thousand replies, in twenty seconds; CHAOS_SENDS
    asks for so many, CHAOS_SEED changes the day. WB_CHAT_URL, with CHAOS_TOKENS (one a
    seller, by commas) where it does not take any, leads it to another stand-in.
    """
    tokens = [one for one in os.environ.get("CHAOS_TOKENS", "").split(",") if one]

    found = chaos.chaos(
        sends=SENDS or chaos.SENDS,
        seed=int(os.environ.get("CHAOS_SEED", "1")),
        within=float("inf") if SENDS else 20,
        url=os.environ.get("WB_CHAT_URL", ""),
        tokens=tokens,
    )

    print(json.dumps(found))
    asked = found["asked"]
    assert found["decided"] == asked >= SENDS
    assert found["dropped_answers"] > asked / 20
    assert found["failed_answers"] > asked / 40
    assert found["killed_workers"] > asked / 40
    assert set(found["states"]) <= {"sent", "cancelled"}
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)


@pytest.fixture
def plain():
    """A stand-in without our simulator's controls, and one shop's token for it."""
    simulator = Simulator(event_delay=0)
    token = simulator.make_token()
    sid = simulator.add_seller(token)
    simulator.chat_id = simulator.new_chat("Здравствуйте", seller=sid)
    with serve(simulator) as running:
        yield simulator, running.url, token


def test_any_stand_in_is_taken_with_a_token_of_its_own(plain, wb_says_yes):
    simulator, url, token = plain
    wb_says_yes("От прошлого раза")

    stand_in = StandIn(url, [token], 10, 1)
    wb_says_yes("Да")
    wb_says_yes("Да")

    assert not stand_in.is_ours
    assert stand_in.shown() == {(simulator.chat_id, "Да"): 2}


@pytest.fixture
def wb_says_yes(plain):
    """Send a text to the stand-in's chat as a client does."""
    simulator, url, token = plain
    client = WbClient(token, hosts=Hosts.all_at(url))
    sign = simulator.seller().chats[simulator.chat_id].signs[-1]
    yield lambda text: client.send_message(reply_sign=sign, text=text)
    client.close()


def test_a_stand_in_that_refuses_a_made_up_token_says_so(plain):
    with pytest.raises(NoStandIn, match="refuses the token"):
        StandIn(plain[1], [], 10, 1)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://buyer-chat-api.wildberries.ru", "WB itself"),
        ("http://127.0.0.1:9", "does not answer"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(url, why):
    with pytest.raises(NoStandIn, match=why):
        StandIn(url, [], 10, 1)
