from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from agentiq import crypto
from agentiq.marketplace import NotConnected, connect
from agentiq.testing import NOON, make_seller
from agentiq.wb.errors import ForbiddenCause, WbForbidden
from agentiq.wb.tokens import Category
from promos import tokens
from promos.models import WbToken

SHOP = "0b1d7f0e-6a3f-4b9e-9d2f-3d9b1f1a2c77"
FULL = (Category.CHAT, Category.PRICES, Category.CONTENT, Category.FINANCE)


@pytest.fixture
def token_of(simulator):
    simulator.now = lambda: NOON

    def token_of(**options):
        return simulator.make_token(**({"categories": FULL, "sid": SHOP} | options))

    return token_of


@pytest.fixture
def enter(seller, owner):
    def enter(token, secret=""):
        return tokens.enter(seller, token, secret, by=owner, now=NOON)

    return enter


def test_a_key_is_sealed_and_its_facts_can_be_read(enter, token_of):
    token = token_of()
    row = enter(f"  {token}\n")

    assert token not in row.sealed_token
    assert crypto.unseal(row.sealed_token) == token
    assert (row.kind, row.categories) == ("personal", [1, 3, 9, 13])
    assert row.expires_at == NOON + timedelta(days=180)
    assert row.seller_uuid == SHOP


@pytest.mark.parametrize(
    ("token", "code", "word"),
    [
        ("", "empty", "пуст"),
        ("один два", "characters", "пробел"),
        ("abc.def", "shape", "не токен"),
        ("a.b.c", "payload", "не токен"),
    ],
)
def test_a_text_that_is_no_token_is_named_as_such(enter, token, code, word):
    with pytest.raises(tokens.TokenRefused) as refused:
        enter(token)

    assert refused.value.code == code
    assert word in refused.value.message


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ({"kind": "base"}, "base", "раз в час"),
        ({"kind": "test"}, "test", "песочниц"),
        ({"kind": "service"}, "no_secret", "секрет"),
        ({"days": 0}, "expired", "истёк"),
        ({"categories": [Category.PRICES]}, "category", "Чат с покупателями"),
        ({"read_only": True}, "read_only", "только чита"),
    ],
)
def test_a_key_that_cannot_answer_buyers_is_turned_away(
    enter, token_of, options, code, word
):
    with pytest.raises(tokens.TokenRefused) as refused:
        enter(token_of(**options))

    assert refused.value.code == code
    assert word in refused.value.message
    assert not WbToken.objects.exists()


def test_a_secret_goes_with_a_service_token_only(enter, token_of):
    assert enter(token_of(), "s-e-c-r-e-t").sealed_secret == ""
    service = enter(token_of(kind="service"), "s-e-c-r-e-t")
    assert crypto.unseal(service.sealed_secret) == "s-e-c-r-e-t"
    assert enter(token_of(kind="base"), "s-e-c-r-e-t").kind == "base"


def test_a_new_key_replaces_the_one_of_its_kind(seller, enter, token_of):
    old, other, new = (
        enter(token_of()),
        enter(token_of(kind="service"), "s-e-c-r-e-t"),
        enter(token_of()),
    )

    assert set(WbToken.objects.usable(seller)) == {other, new}
    old.refresh_from_db()
    assert not old.is_active


def test_a_key_of_another_shop_does_not_mix_their_chats(enter, token_of):
    enter(token_of())

    with pytest.raises(tokens.TokenRefused, match="other_shop"):
        enter(token_of(sid="another"))


@pytest.mark.parametrize(
    ("cause", "method", "word"),
    [
        (ForbiddenCause.TOKEN_INVALID, "events", "token"),
        (ForbiddenCause.TOKEN_EXPIRED, "goods", "expired"),
        (ForbiddenCause.WITHDRAWN, "send", "withdrawn"),
        (ForbiddenCause.TOKEN_TYPE, "events", "type"),
        (ForbiddenCause.CATEGORY, "events", "category"),
    ],
)
def test_what_wb_holds_against_a_key_takes_it_out_of_use(
    seller, enter, token_of, cause, method, word
):
    row = enter(token_of())
    error = WbForbidden("no", cause=cause, status=401, method=method)

    assert tokens.refuse(row, error, now=NOON) == word

    row.refresh_from_db()
    assert (row.refused_at, row.refusal) == (NOON, word)
    assert tokens.refusal_text(word) != word
    with pytest.raises(NotConnected):
        connect(seller)


@pytest.mark.parametrize(
    ("cause", "method"),
    [(ForbiddenCause.CATEGORY, "goods"), (ForbiddenCause.OTHER, "events")],
)
def test_a_refusal_of_something_else_leaves_the_key_in_use(
    seller, enter, token_of, cause, method
):
    row = enter(token_of())

    assert (
        tokens.refuse(row, WbForbidden("no", cause=cause, method=method), now=NOON)
        == ""
    )
    assert list(WbToken.objects.usable(seller)) == [row]


def test_a_key_that_only_reads_still_reads(seller, enter, token_of):
    row = enter(token_of())
    error = WbForbidden("no", cause=ForbiddenCause.READ_ONLY, method="send")

    assert tokens.refuse(row, error, now=NOON) == "read_only"
    assert WbToken.objects.usable(seller).get().read_only


def test_a_probe_says_what_works_and_for_how_long(seller, wb, simulator):
    found = tokens.probe(wb.row, client=wb, now=wb.row.expires_at - timedelta(days=9))

    assert (found.accepted, found.problem) == (True, "")
    assert (found.kind, found.days_left) == ("personal", 9)
    assert found.chat_limit.limit == 10
    assert found.will_not_work == ()


@pytest.mark.parametrize(
    ("fault", "accepted", "problem"),
    [
        ({"kind": "401", "detail": "token problem; withdrawn"}, False, "withdrawn"),
        ({"kind": "403", "detail": "base token is not allowed"}, False, "type"),
        ({"kind": "402"}, False, "unpaid"),
        ({"kind": "429"}, None, "throttled"),
        ({"kind": "5xx"}, None, "unreachable"),
        ({"kind": "drop-before"}, None, "unreachable"),
    ],
)
def test_a_probe_names_what_wb_answers(seller, wb, simulator, fault, accepted, problem):
    simulator.fault(**fault)

    found = tokens.probe(wb.row, client=wb, now=NOON)

    assert (found.accepted, found.problem) == (accepted, problem)


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        pytest.param([1, 2, 3, 9, 11, 13], [], id="with Analytics"),
        pytest.param([1, 5, 3, 9, 11, 13], [], id="with Statistics"),
        pytest.param([1, 3, 9, 11, 13], ["Аналитика или Статистика"], id="neither"),
        pytest.param([1, 2, 3, 9, 13], ["заявки на возврат"], id="no Returns"),
    ],
)
def test_a_key_names_what_the_desk_will_not_know(wb, categories, expected):
    wb.row.categories = categories

    said = [str(it).partition(":")[0] for it in tokens.missing(wb.row)]

    assert said == expected


def test_rotation_seals_with_the_newest_key(enter, token_of, settings):
    row = enter(token_of(kind="service"), "s-e-c-r-e-t")
    old, new = settings.TOKEN_KEYS[0], Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [new, old]

    call_command("rotate_tokens")

    settings.TOKEN_KEYS = [new]
    row.refresh_from_db()
    assert crypto.unseal(row.sealed_secret) == "s-e-c-r-e-t"
    assert crypto.unseal(row.sealed_token)


def test_a_secret_no_key_opens_stops_the_rotation(enter, token_of, settings):
    row = enter(token_of())
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="TOKEN_KEYS"):
        call_command("rotate_tokens")

    sealed = row.sealed_token
    row.refresh_from_db()
    assert row.sealed_token == sealed


def test_another_shop_may_use_the_same_kind(enter, token_of, owner):
    first = enter(token_of())
    tokens.enter(make_seller("Другая"), token_of(sid="b"), by=owner, now=NOON)

    first.refresh_from_db()
    assert first.is_active
