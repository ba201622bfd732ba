import base64
import json
from datetime import UTC, datetime

import pytest

from agentiq.wb.errors import InvalidToken, TokenFault
from agentiq.wb.records import Category, TokenKind, decode_token


def token_of(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{body}.c2lnbmF0dXJl"


CLAIMS = {
    "acc": 3,
    "ent": 1,
    "exp": 1790000000,
    "for": "self",
    "id": "01981f6f",
    "iid": 42,
    "oid": 123456,
    "s": 1 << 9 | 1 << 3 | 1 << 13,
    "sid": "8c2c1aa8-3b6f-4f3d-8f7b-1a2b3c4d5e6f",
    "t": False,
    "uid": 42,
}


def test_a_personal_token_says_what_it_opens_and_until_when():
    facts = decode_token(token_of(CLAIMS))

    assert facts.kind is TokenKind.PERSONAL
    assert facts.categories == {Category.CHAT, Category.PRICES, Category.FINANCE}
    assert facts.has(Category.CHAT)
    assert not facts.has(Category.STATISTICS)
    assert not facts.read_only
    assert facts.expires_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert facts.seller_uuid == "8c2c1aa8-3b6f-4f3d-8f7b-1a2b3c4d5e6f"
    assert facts.token_id == "01981f6f"
    assert not facts.is_test


@pytest.mark.parametrize(
    ("acc", "kind"),
    [
        (1, TokenKind.BASE),
        (2, TokenKind.TEST),
        (3, TokenKind.PERSONAL),
        (4, TokenKind.SERVICE),
        (9, TokenKind.UNKNOWN),
        (None, TokenKind.UNKNOWN),
    ],
)
def test_the_kind_is_wbs_acc(acc, kind):
    assert decode_token(token_of(CLAIMS | {"acc": acc})).kind is kind


def test_a_full_base_mask_opens_every_category_but_the_users():
    facts = decode_token(token_of({"acc": 1, "s": 16126}))

    assert facts.categories == set(Category) - {Category.USERS}
    assert facts.expires_at is None


def test_bit_30_means_read_only():
    assert decode_token(token_of(CLAIMS | {"s": 1 << 30 | 1 << 9})).read_only


def test_a_test_token_is_known_as_one():
    facts = decode_token(token_of({"acc": 2, "t": True, "s": 0}))

    assert facts.is_test
    assert facts.categories == frozenset()


def test_spaces_around_a_pasted_token_do_not_matter():
    assert decode_token(f"  {token_of(CLAIMS)}\n").token_id == "01981f6f"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", TokenFault.EMPTY, id="nothing"),
        pytest.param("   ", TokenFault.EMPTY, id="only spaces"),
        pytest.param("Bearer a.b.c", TokenFault.CHARACTERS, id="with its prefix"),
        pytest.param("токен.в.пути", TokenFault.CHARACTERS, id="Cyrillic"),
        pytest.param("abc", TokenFault.SHAPE, id="one part"),
        pytest.param("a..c", TokenFault.SHAPE, id="an empty part"),
        pytest.param("a.b.c.d", TokenFault.SHAPE, id="four parts"),
        pytest.param("a.!!!.c", TokenFault.PAYLOAD, id="not base64"),
        pytest.param("a.e30x.c", TokenFault.PAYLOAD, id="not JSON"),
        pytest.param(token_of([1]), TokenFault.PAYLOAD, id="an array"),
        pytest.param(token_of({"s": "all"}), TokenFault.PAYLOAD, id="a mask in words"),
        pytest.param(token_of({"exp": 10**30}), TokenFault.PAYLOAD, id="a wild expiry"),
    ],
)
def test_what_is_no_token_is_refused_with_a_reason(text, reason):
    with pytest.raises(InvalidToken) as caught:
        decode_token(text)

    assert caught.value.reason is reason
    assert not text.strip() or text.strip() not in str(caught.value)
