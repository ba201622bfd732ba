from datetime import timedelta

import pytest

from agentiq.tests.conftest import NOON, sign_of, texts
from agentiq.wb import errors
from agentiq.wb.records import DownloadPending
from agentiq.wb.simulator import Simulator


@pytest.mark.parametrize(
    ("fault", "failure", "delivered"),
    [
        ({"kind": "429", "seconds": 7}, errors.WbThrottled, 0),
        ({"kind": "5xx"}, errors.WbUnknown, 0),
        ({"kind": "drop-before"}, errors.WbUnknown, 0),
        ({"kind": "reject", "detail": "PROHIBITED_CONTENT"}, errors.WbRejected, 0),
        ({"kind": "402"}, errors.WbPaymentRequired, 0),
        ({"kind": "401"}, errors.WbForbidden, 0),
        ({"kind": "403"}, errors.WbForbidden, 0),
        ({"kind": "disabled"}, errors.WbDisabled, 0),
        ({"kind": "drop-after"}, errors.WbUnknown, 1),
        ({"kind": "5xx-after"}, errors.WbUnknown, 1),
        ({"kind": "truncated"}, errors.WbUnknown, 1),
        ({"kind": "not-json"}, errors.WbUnknown, 1),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_a_planned_failure_of_a_send(sim, wb, fault, failure, delivered):
    chat_id = sim.new_chat("0")
    planned = sim.fault(method="send", **fault)

    with pytest.raises(failure):
        wb.send_message(reply_sign=sign_of(sim, chat_id), text="1")

    assert planned.hits == 1
    assert len(sim.sent) == delivered
    assert len(texts(wb.events())) == 1 + delivered
    wb.send_message(reply_sign=sign_of(sim, chat_id), text="2")


def test_a_slow_answer_is_still_the_answer(sim, clock, wb):
    sim.new_chat("0")
    sim.fault("slow", "events", seconds=3)

    assert texts(wb.events()) == ["0"]
    assert clock.now == NOON + timedelta(seconds=3)


def test_an_empty_list_beside_a_full_history(sim, wb):
    sim.new_chat("0")
    sim.fault("empty-chats", "chats", times=None)

    assert wb.chats() == ()
    assert texts(wb.events()) == ["0"]


def test_signatures_can_be_missing_everywhere(sim, wb):
    sim.new_chat("0")
    sim.fault("no-sign", times=None)

    assert wb.chats()[0].reply_sign is None
    assert wb.events().events[0].reply_sign is None


def test_downloads_can_be_pending_or_blocked_on_demand(sim, wb):
    sim.fault("pending", "download", seconds=12)
    sim.fault("blocked", "download")

    assert wb.download("x") == DownloadPending(12)
    with pytest.raises(errors.WbDownloadBlocked):
        wb.download("x")


def test_a_fault_keeps_to_its_seller_its_skip_and_its_count(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    sim.fault("5xx", "events", "a", skip=1, times=2)

    def outcome(client):
        try:
            client.events()
        except errors.WbUnavailable:
            return "x"
        return "."

    assert "".join(outcome(first) for _ in range(5)) == ".xx.."
    assert outcome(second) == "."


def test_random_faults_are_the_same_for_the_same_seed():
    def hits(seed):
        sim = Simulator(seed=seed)
        sim.fault("5xx", probability=0.2, times=None)
        return [bool(sim.faults.struck("send", "a")) for _ in range(1000)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 150 < sum(hits(1)) < 250
