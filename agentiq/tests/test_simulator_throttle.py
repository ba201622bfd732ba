from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from agentiq.tests.conftest import sign_of
from agentiq.wb import errors
from agentiq.wb.errors import ForbiddenCause


def allowed_in(wb, clock, seconds, step):
    """How many of the requests made every ``step`` seconds were let through."""
    passed = 0
    for _ in range(round(seconds / step)):
        try:
            wb.events()
            passed += 1
        except errors.WbThrottled:
            pass
        clock.pass_(step)
    return passed


def test_a_bucket_lets_ten_through_at_once_and_then_one_a_second(clock, wb):
    assert allowed_in(wb, clock, 10, 0.25) == 10 + 9


def test_a_window_lets_ten_through_in_any_ten_seconds(sim, clock, wb):
    sim.throttle.window = "sliding"

    assert allowed_in(wb, clock, 10, 0.25) == 10
    assert allowed_in(wb, clock, 10, 0.25) == 10


def test_a_429_says_when_to_come_back_and_is_counted(sim, clock, wb):
    for _ in range(10):
        wb.events()
    clock.pass_(0.4)

    with pytest.raises(errors.WbThrottled) as caught:
        wb.events()

    assert caught.value.retry_after == 1
    assert sim.throttled == {"events": 1}
    assert sim.calls == {"events": 11}
    clock.pass_(1)
    wb.events()


def test_rate_headers_tell_what_is_left(sim, running):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))

    def headers():
        url = f"{running.url}/api/v1/seller/chats"
        answer = requests.get(url, headers={"Authorization": token}, timeout=5)
        return {k: v for k, v in answer.headers.items() if k.startswith("X-Rate")}

    assert headers() == {
        "X-Ratelimit-Limit": "10",
        "X-Ratelimit-Remaining": "9",
        "X-Ratelimit-Reset": "1",
    }
    for _ in range(9):
        headers()
    assert headers() == {
        "X-Ratelimit-Limit": "10",
        "X-Ratelimit-Reset": "10",
        "X-Ratelimit-Retry": "1",
    }


def test_a_base_token_gets_one_call_an_hour(sim, connect, clock):
    client = connect(sim.make_token("base", sid=sim.add_seller(sid="shop")))
    client.events()
    clock.pass_(2)

    with pytest.raises(errors.WbThrottled) as caught:
        client.events()

    assert caught.value.retry_after == 3598


def test_a_base_token_can_be_turned_away_altogether(sim, connect):
    sim.refuse_base = True
    token = sim.make_token("base", sid=sim.add_seller(sid="shop"))

    with pytest.raises(errors.WbForbidden) as caught:
        connect(token).events()

    assert caught.value.cause is ForbiddenCause.TOKEN_TYPE
    connect(token, client_secret="secret").events()


def test_each_method_and_seller_has_a_bucket_of_its_own(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    for _ in range(10):
        first.events()

    first.chats()
    second.events()

    assert sim.throttled == {}


def test_threads_together_get_no_more_than_one_would(sim, wb):
    chat_id = sim.new_chat("0")
    sign = sign_of(sim, chat_id)

    def send(number):
        try:
            return wb.send_message(reply_sign=sign, text=str(number))
        except errors.WbThrottled:
            return None

    with ThreadPoolExecutor(8) as pool:
        receipts = [it for it in pool.map(send, range(40)) if it]

    assert len(receipts) == len(sim.sent) == 10
    assert sim.throttled == {"send": 30}
    assert len({it["message"] for it in sim.sent}) == 10
    assert len({it.added_at for it in receipts}) == 10
