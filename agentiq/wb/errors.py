"""
Failures at the border, named by what to do next.

Nothing here ever holds a token: bodies and messages are masked before they
get in. Every error carries ``method`` (a constant of ``limits``), ``status``
(None when WB did not answer), ``code``, ``request_id`` and ``body`` as text.
"""

from __future__ import annotations

from enum import StrEnum


class TokenFault(StrEnum):
    """Why a text cannot be a WB token."""

    EMPTY = "empty"
    CHARACTERS = "characters"  # spaces, line breaks or letters no token has
    SHAPE = "shape"  # not three parts joined by dots
    PAYLOAD = "payload"  # the middle part is not a JSON object in base64


class InvalidToken(ValueError):
    """The text cannot be a WB token; ``reason`` says why, the text is not kept."""

    def __init__(self, reason: TokenFault) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"not a WB token: {self.reason.value}"


class ForbiddenCause(StrEnum):
    """What WB holds against the token when it answers 401 or 403."""

    TOKEN_INVALID = "token-invalid"
    TOKEN_EXPIRED = "token-expired"
    CATEGORY = "category"
    TOKEN_TYPE = "token-type"
    READ_ONLY = "read-only"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class WbError(Exception):
    """Any failure of a call to WB. Its subclasses say what to do about it."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        body: str = "",
        method: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.body = body
        self.method = method

    def __str__(self) -> str:
        place = " ".join(
            str(part) for part in (self.method, self.status) if part not in ("", None)
        )
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{place}: {self.message}{request}" if place else self.message


class WbRejected(WbError):
    """WB read the request and refused it. The same request will fail again."""


class WbDownloadBlocked(WbRejected):
    """451: the file did not pass WB's moderation and never will."""


class WbForbidden(WbError):
    """401 or 403: nothing works until the seller gives another token."""

    def __init__(
        self,
        message: str,
        *,
        cause: ForbiddenCause = ForbiddenCause.OTHER,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        body: str = "",
        method: str = "",
    ) -> None:
        super().__init__(
            message,
            status=status,
            code=code,
            request_id=request_id,
            body=body,
            method=method,
        )
        self.cause = cause


class WbPaymentRequired(WbError):
    """402: the catalogue service's balance is empty. A retry does not help."""


class WbThrottled(WbError):
    """
    Not now: ask again after ``retry_after`` seconds.

    WB asks for 1 to 86 400 of them. ``local`` is true when our own limiter said so,
    perhaps for a fraction of a second, and nothing left this machine.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 1.0,
        local: bool = False,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        body: str = "",
        method: str = "",
    ) -> None:
        super().__init__(
            message,
            status=status,
            code=code,
            request_id=request_id,
            body=body,
            method=method,
        )
        self.retry_after = retry_after
        self.local = local


class WbUnavailable(WbError):
    """WB surely did nothing: not reached, or a read failed. Try again later."""


class WbUnknown(WbError):
    """WB may have done it: the request left and no usable answer came."""


class WbDisabled(WbError):
    """404 "This method is temporarily disabled": WB switched the call off."""
