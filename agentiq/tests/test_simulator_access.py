import pytest

from agentiq.tests.conftest import sign_of
from agentiq.wb import errors
from agentiq.wb.errors import ForbiddenCause
from agentiq.wb.records import TokenKind


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        pytest.param({"days": -1}, ForbiddenCause.TOKEN_EXPIRED, id="expired"),
        pytest.param({"categories": [3]}, ForbiddenCause.CATEGORY, id="category"),
        pytest.param({"sid": "other"}, ForbiddenCause.TOKEN_INVALID, id="stranger"),
        pytest.param({"kind": "test"}, ForbiddenCause.TOKEN_INVALID, id="sandbox"),
        pytest.param({"kind": "service"}, ForbiddenCause.TOKEN_TYPE, id="no secret"),
    ],
)
def test_a_token_is_refused_for_its_cause(sim, connect, token, cause):
    sim.add_seller(sid="shop")
    client = connect(sim.make_token(**{"sid": "shop", **token}))

    with pytest.raises(errors.WbForbidden) as caught:
        client.events()

    assert caught.value.cause is cause


def test_a_secret_goes_with_a_service_token_only(sim, connect):
    sim.add_seller(sid="shop")
    service = sim.make_token(TokenKind.SERVICE, sid="shop")
    personal = sim.make_token(TokenKind.PERSONAL, sid="shop")

    connect(service, client_secret="s").events()
    with pytest.raises(errors.WbForbidden) as caught:
        connect(personal, client_secret="s").events()

    assert caught.value.cause is ForbiddenCause.TOKEN_TYPE


def test_a_read_only_token_reads_and_may_not_send(sim, connect):
    sim.add_seller(sid="shop")
    client = connect(sim.make_token(read_only=True, sid="shop"))
    chat_id = sim.new_chat("0")
    client.events()

    with pytest.raises(errors.WbForbidden) as caught:
        client.send_message(reply_sign=sign_of(sim, chat_id), text="a")

    assert caught.value.cause is ForbiddenCause.READ_ONLY


def test_a_withdrawn_token_is_refused(sim, connect):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    sim.withdraw(token)

    with pytest.raises(errors.WbForbidden) as caught:
        connect(token).events()

    assert caught.value.cause is ForbiddenCause.WITHDRAWN


def test_what_is_no_token_is_malformed(sim, connect):
    with pytest.raises(errors.WbForbidden, match="malformed"):
        connect("not-a-token").events()


def test_a_seller_is_let_in_by_token_or_by_sid_and_once(sim):
    token = sim.make_token(sid="a")

    assert sim.add_seller(token) == "a"
    assert sim.add_seller("a") == "a"
    assert sim.add_seller("b") == "b"
    assert list(sim.sellers) == ["a", "b"]
