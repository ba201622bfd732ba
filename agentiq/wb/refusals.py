"""From an answer that is no success to the error that says what to do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agentiq.wb import wire
from agentiq.wb.errors import (
    ForbiddenCause,
    WbDisabled,
    WbDownloadBlocked,
    WbError,
    WbForbidden,
    WbPaymentRequired,
    WbRejected,
    WbThrottled,
    WbUnavailable,
    WbUnknown,
)
from agentiq.wb.records import RateHeaders

BODY_KEPT = 4000
DAY = 86_400.0

# The first phrase found in detail, code or title names the cause.
_PHRASES = (
    ("read-only", ForbiddenCause.READ_ONLY),
    ("read only", ForbiddenCause.READ_ONLY),
    ("readonly", ForbiddenCause.READ_ONLY),
    ("scope", ForbiddenCause.CATEGORY),
    ("expired", ForbiddenCause.TOKEN_EXPIRED),
    ("withdrawn", ForbiddenCause.WITHDRAWN),
    ("revoked", ForbiddenCause.WITHDRAWN),
    ("base token", ForbiddenCause.TOKEN_TYPE),
    ("additional requirements", ForbiddenCause.TOKEN_TYPE),
    ("secret", ForbiddenCause.TOKEN_TYPE),
    ("is not allowed for this path", ForbiddenCause.TOKEN_TYPE),
    ("token problem", ForbiddenCause.TOKEN_INVALID),
    ("malformed", ForbiddenCause.TOKEN_INVALID),
)


def error_of(
    method: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    writes: bool,
    secrets: Iterable[str] = (),
) -> WbError:
    """
    Return the error of an answer outside 2xx.

    ``headers`` may be of any letter case. ``secrets`` are masked wherever they
    occur, in case WB repeats what it was sent.
    """
    kept = _masked(body.decode("utf-8", "replace"), secrets)
    document = _document(kept.encode())
    message = message_of(document) or kept.strip()[:200] or f"HTTP {status}"
    kind, extra = _kind(status, document, headers, writes)
    return kind(
        message,
        status=status,
        code=_string(document, "code"),
        request_id=_string(document, "requestId"),
        body=kept[:BODY_KEPT],
        method=method,
        **extra,
    )


def message_of(document: wire.Obj) -> str:
    """Return what WB says went wrong, wherever in the body it says it."""
    for key in ("detail", "errorText", "error", "errors", "title"):
        value = document.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, list) and value:
            return "; ".join(str(item) for item in value)
    return ""


def rate_headers(headers: Mapping[str, str]) -> RateHeaders:
    """Return WB's X-Ratelimit-* of an answer; Retry-After stands in for Retry."""
    lowered = {name.lower(): value for name, value in headers.items()}
    retry = _number(lowered.get("x-ratelimit-retry"))
    return RateHeaders(
        limit=_whole(lowered.get("x-ratelimit-limit")),
        remaining=_whole(lowered.get("x-ratelimit-remaining")),
        reset=_number(lowered.get("x-ratelimit-reset")),
        retry=_retry_after(lowered.get("retry-after")) if retry is None else retry,
    )


def cause_of(status: int, document: wire.Obj) -> ForbiddenCause:
    """Return what a 401 or 403 is about, read from WB's wording."""
    words = " ".join(
        _string(document, key) for key in ("detail", "code", "errorText", "title")
    ).lower()
    for phrase, cause in _PHRASES:
        if phrase in words:
            return cause
    return ForbiddenCause.TOKEN_INVALID if status == 401 else ForbiddenCause.OTHER


def _kind(
    status: int, document: wire.Obj, headers: Mapping[str, str], writes: bool
) -> tuple[type[WbError], dict[str, object]]:
    if status in (401, 403):
        return WbForbidden, {"cause": cause_of(status, document)}
    if status == 402:
        return WbPaymentRequired, {}
    if status == 429:
        return WbThrottled, {"retry_after": _wait(headers)}
    if status == 451:
        return WbDownloadBlocked, {}
    if status == 404 and "temporarily disabled" in message_of(document).lower():
        return WbDisabled, {}
    if 400 <= status < 500 and status != 408:
        return WbRejected, {}
    return (WbUnknown if writes else WbUnavailable), {}


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: what WB asks, between 1 second and a day."""
    seconds = rate_headers(headers).retry
    return min(max(seconds or 1.0, 1.0), DAY)


def _document(body: bytes) -> wire.Obj:
    try:
        return wire.obj(wire.load(body))
    except wire.BadShape:
        return {}


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= 8:  # a shorter one is no secret and would eat the message
            text = text.replace(secret, "***")
    return text


def _string(document: wire.Obj, key: str) -> str:
    value = document.get(key)
    return str(value) if isinstance(value, (str, int)) else ""


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _whole(value: str | None) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which may be a date."""
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
