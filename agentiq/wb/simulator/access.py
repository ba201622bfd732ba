"""Who may ask what: WB's checks of a token, and tokens to be checked."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agentiq.wb.errors import InvalidToken
from agentiq.wb.simulator.http import Reply, Request, gateway
from agentiq.wb.tokens import Category, TokenFacts, TokenKind, decode_token

_ACC = {
    TokenKind.BASE: 1,
    TokenKind.TEST: 2,
    TokenKind.PERSONAL: 3,
    TokenKind.SERVICE: 4,
    TokenKind.UNKNOWN: 9,
}


def make_token(
    *,
    kind: TokenKind,
    categories: Iterable[Category],
    expires_at: datetime,
    read_only: bool,
    sid: str,
    token_id: str,
) -> str:
    """Return a token as WB issues them; its signature is only for show."""
    claims: dict[str, Any] = {
        "acc": _ACC[kind],
        "ent": 1,
        "exp": int(expires_at.timestamp()),
        "id": token_id,
        "iid": 1001,
        "oid": 2002,
        "s": sum(1 << part for part in set(categories)) | (1 << 30 if read_only else 0),
        "sid": sid,
        "t": kind is TokenKind.TEST,
        "uid": 3003,
    }
    if kind is TokenKind.PERSONAL:
        claims["for"] = "self"
    if kind is TokenKind.SERVICE:
        claims["for"] = f"asid:{sid}"
    header = {"alg": "ES256", "kid": "20260101v1", "typ": "JWT"}
    signature = base64.urlsafe_b64encode(token_id.encode().ljust(64, b"."))
    return f"{_part(header)}.{_part(claims)}.{signature.decode().rstrip('=')}"


def _part(value: Mapping[str, Any]) -> str:
    packed = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def bearer(request: Request) -> str:
    """Return the token of a request, with or without its prefix."""
    value = request.headers.get("authorization", "").strip()
    return value[7:].strip() if value[:7].lower() == "bearer " else value


def facts_of(request: Request) -> TokenFacts | Reply:
    """Return what the request's token says of itself, or WB's 401."""
    token = bearer(request)
    if not token:
        return gateway(401, "unauthorized", "empty Authorization header")
    try:
        return decode_token(token)
    except InvalidToken as error:
        detail = f"token problem; token is malformed: {error.reason.value}"
        return gateway(401, "unauthorized", detail)


def objection(
    facts: TokenFacts,
    request: Request,
    *,
    category: Category | None,
    writes: bool,
    closed_to_base: bool,
    refuse_base: bool,
    now: datetime,
) -> Reply | None:
    """Return WB's refusal of a token that can be read, None when it is let in."""
    if facts.expires_at is None or facts.expires_at <= now:
        return gateway(401, "unauthorized", "token problem; token is expired")
    if facts.is_test or facts.kind is TokenKind.TEST:
        return gateway(401, "unauthorized", "token problem; test token in production")
    secret = bool(request.headers.get("x-client-secret"))
    if facts.kind is TokenKind.SERVICE and not secret:
        return _type("token does not satisfy additional requirements")
    if facts.kind is TokenKind.PERSONAL and secret:
        return _type("token does not satisfy additional requirements")
    if facts.kind is TokenKind.BASE and closed_to_base:
        return _type("base token is not allowed")
    if facts.kind is TokenKind.BASE and refuse_base and not secret:
        return _type("base token without secret is not allowed")
    if category is not None and not facts.has(category):
        return gateway(403, "forbidden", "scope is not allowed for this resource")
    if writes and facts.read_only:
        return gateway(401, "unauthorized", "read-only token scope not allowed")
    return None


def _type(detail: str) -> Reply:
    return gateway(403, "access denied", detail, f"{detail} for this path")
