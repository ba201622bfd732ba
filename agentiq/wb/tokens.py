"""What a WB token says of itself, read on this machine and nowhere else."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from agentiq.wb.errors import InvalidToken, TokenFault


class TokenKind(StrEnum):
    """The four kinds of token; their limits differ."""

    BASE = "base"
    TEST = "test"
    PERSONAL = "personal"
    SERVICE = "service"
    UNKNOWN = "unknown"


class Category(IntEnum):
    """A part of the API a token opens; the value is its bit in the mask."""

    CONTENT = 1
    ANALYTICS = 2
    PRICES = 3
    MARKETPLACE = 4
    STATISTICS = 5
    PROMOTION = 6
    FEEDBACKS = 7
    CHAT = 9
    SUPPLIES = 10
    RETURNS = 11
    DOCUMENTS = 12
    FINANCE = 13
    USERS = 16


_READ_ONLY_BIT = 30
_KINDS = {
    1: TokenKind.BASE,
    2: TokenKind.TEST,
    3: TokenKind.PERSONAL,
    4: TokenKind.SERVICE,
}


@dataclass(frozen=True)
class TokenFacts:
    """What a token allows and until when; nothing here is a secret."""

    kind: TokenKind
    categories: frozenset[Category]
    read_only: bool
    expires_at: datetime | None
    seller_uuid: str
    token_id: str
    is_test: bool

    def has(self, category: Category) -> bool:
        """Whether the token opens this part of the API."""
        return category in self.categories


def decode_token(token: str) -> TokenFacts:
    """
    Return what the token says of itself. The signature is not checked.

    Raises InvalidToken with a reason when the text cannot be a token; whether
    WB still takes it, only a call can tell.
    """
    claims = _claims(token.strip())
    mask = _int(claims, "s") or 0
    expires = _int(claims, "exp")
    return TokenFacts(
        kind=_KINDS.get(_int(claims, "acc") or 0, TokenKind.UNKNOWN),
        categories=frozenset(part for part in Category if mask >> part & 1),
        read_only=bool(mask >> _READ_ONLY_BIT & 1),
        expires_at=_instant(expires),
        seller_uuid=_str(claims, "sid"),
        token_id=_str(claims, "id"),
        is_test=claims.get("t") is True,
    )


def _claims(token: str) -> Mapping[str, object]:
    if not token:
        raise InvalidToken(TokenFault.EMPTY)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidToken(TokenFault.CHARACTERS)
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise InvalidToken(TokenFault.SHAPE)
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidToken(TokenFault.PAYLOAD) from None
    if not isinstance(claims, dict):
        raise InvalidToken(TokenFault.PAYLOAD)
    return claims


def _int(claims: Mapping[str, object], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidToken(TokenFault.PAYLOAD)
    return value


def _str(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _instant(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise InvalidToken(TokenFault.PAYLOAD) from None
