"""Failures on demand: scripted by count or drawn from a seeded generator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from agentiq.wb.simulator.http import Dropped, Reply, gateway, refusal


class FaultKind(StrEnum):
    """What goes wrong. The last group lets WB act first."""

    THROTTLED = "429"  # seconds: what X-Ratelimit-Retry asks
    SERVER_ERROR = "5xx"  # status
    DROP_BEFORE = "drop-before"
    REJECTED = "reject"  # status (400), detail
    UNPAID = "402"
    UNAUTHORIZED = "401"  # detail
    FORBIDDEN = "403"  # detail
    DISABLED = "disabled"
    PENDING = "pending"  # downloads: seconds
    BLOCKED = "blocked"  # downloads
    SLOW = "slow"  # seconds, then the true answer
    DROP_AFTER = "drop-after"
    SERVER_ERROR_AFTER = "5xx-after"  # status
    TRUNCATED = "truncated"
    NOT_JSON = "not-json"
    EMPTY_CHATS = "empty-chats"
    NO_SIGN = "no-sign"


_AFTER = {
    FaultKind.DROP_AFTER,
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.TRUNCATED,
    FaultKind.NOT_JSON,
    FaultKind.EMPTY_CHATS,
    FaultKind.NO_SIGN,
}
_PAYMENT = (
    "wb solution for business has insufficient funds on its balance. please top up "
    "the balance in the company's personal account https://dev.wildberries.ru/company"
)


@dataclass
class Fault:
    """
    One planned failure.

    It strikes calls of ``method`` and ``seller`` (None = any) with the given
    probability, after letting ``skip`` of them pass, ``times`` times (None = until
    cleared). ``hits`` counts.
    """

    kind: FaultKind
    method: str | None = None
    seller: str | None = None
    times: int | None = 1
    probability: float = 1.0
    skip: int = 0
    status: int = 503
    seconds: float = 1.0
    detail: str = ""
    hits: int = 0

    @property
    def after(self) -> bool:
        """Whether WB acts on the request before things go wrong."""
        return self.kind in _AFTER

    def strikes(self, method: str, seller: str, random: Random) -> bool:
        """Draw whether this call is hit, and count it if so."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in (None, method) or self.seller not in (None, seller):
            return False
        if self.probability < 1 and random.random() >= self.probability:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True


@dataclass
class Faults:
    """All planned failures, in the order in which they were planned."""

    random: Random
    planned: list[Fault] = field(default_factory=list)

    def struck(self, method: str, seller: str) -> list[Fault]:
        """
        Return what strikes this call: delays, and the first other failure.

        One answer can fail in one way only; the next fault waits for its turn.
        """
        found: list[Fault] = []
        failed = False
        for fault in self.planned:
            if failed and fault.kind is not FaultKind.SLOW:
                continue
            if fault.strikes(method, seller, self.random):
                found.append(fault)
                failed = failed or fault.kind is not FaultKind.SLOW
        return found


def instead(fault: Fault, host: str) -> Reply | None:
    """Return what WB answers instead of acting; None when it goes on to act."""
    if fault.kind is FaultKind.DROP_BEFORE:
        raise Dropped
    if fault.kind is FaultKind.THROTTLED:
        reply = gateway(429, "too many requests", "limited by c122a060-a7fb-4bb4")
        retry = str(max(int(fault.seconds), 1))
        reply.headers = {"X-Ratelimit-Limit": "10", "X-Ratelimit-Reset": retry}
        reply.headers["X-Ratelimit-Retry"] = retry
        return reply
    if fault.kind is FaultKind.SERVER_ERROR:
        return gateway(fault.status, "server error", fault.detail or "upstream failed")
    if fault.kind is FaultKind.UNPAID:
        return gateway(402, "payment required", _PAYMENT)
    if fault.kind is FaultKind.UNAUTHORIZED:
        return gateway(401, "unauthorized", fault.detail or "token problem; withdrawn")
    if fault.kind is FaultKind.FORBIDDEN:
        words = fault.detail or "scope is not allowed for this resource"
        return gateway(403, "forbidden", words)
    if fault.kind is FaultKind.DISABLED:
        return gateway(404, "not found", "This method is temporarily disabled")
    if fault.kind is FaultKind.REJECTED:
        status = 400 if fault.status == 503 else fault.status
        return refusal(host, fault.detail or "message failed moderation", status)
    if fault.kind is FaultKind.PENDING:
        body = {"moderationState": "pending", "retrySeconds": int(fault.seconds)}
        return Reply(body, 202)
    if fault.kind is FaultKind.BLOCKED:
        return refusal("chat", "moderation error", 451)
    return None


def spoiled(reply: Reply, faults: Iterable[Fault]) -> Reply:
    """Return the true answer, or what is left of it."""
    for fault in faults:
        if fault.kind is FaultKind.DROP_AFTER:
            raise Dropped
        if fault.kind is FaultKind.SERVER_ERROR_AFTER:
            return gateway(fault.status, "server error", fault.detail or "late failure")
        if fault.kind is FaultKind.TRUNCATED:
            whole = reply.encoded()
            reply.body = whole[: len(whole) // 2]
        if fault.kind is FaultKind.NOT_JSON:
            reply.body = b"<html><body>nginx</body></html>"
        if fault.kind is FaultKind.EMPTY_CHATS:
            reply.body = {"result": [], "errors": None}
        if fault.kind is FaultKind.NO_SIGN:
            reply.body = _without(reply.body, "replySign")
    return reply


def _without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, key) for k, v in value.items() if k != key}
    if isinstance(value, list):
        return [_without(item, key) for item in value]
    return value
