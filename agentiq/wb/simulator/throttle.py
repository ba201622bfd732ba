"""WB's limits as WB counts them, in either reading of "10 in 10 seconds"."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

from agentiq.wb.limits import Limit

Window = Literal["bucket", "sliding", "off"]


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Throttle:
    """
    Counts requests; ``window`` is how WB is taken to count them.

    ``bucket``: ``burst`` at once, one more each ``interval``. ``sliding``: never
    more than ``limit`` in any ``period``. ``off``: all are let through.
    """

    window: Window = "bucket"
    _buckets: dict[Hashable, _Bucket] = field(default_factory=dict)
    _windows: dict[Hashable, deque[float]] = field(default_factory=dict)

    def take(
        self, key: Hashable, limit: Limit, now: float
    ) -> tuple[bool, dict[str, str]]:
        """Count one request; return whether it may pass and its rate headers."""
        if self.window == "off":
            return True, {}
        if self.window == "sliding":
            return self._slide(key, limit, now)
        return self._drip(key, limit, now)

    def forget(self) -> None:
        """Fill every bucket again."""
        self._buckets.clear()
        self._windows.clear()

    def _drip(
        self, key: Hashable, limit: Limit, now: float
    ) -> tuple[bool, dict[str, str]]:
        bucket = self._buckets.setdefault(key, _Bucket(float(limit.burst), now))
        refill = max(now - bucket.at, 0.0) / limit.interval
        bucket.left = min(float(limit.burst), bucket.left + refill)
        bucket.at = now
        passed = bucket.left >= 1 - 1e-9
        if passed:
            bucket.left -= 1
        reset = (limit.burst - bucket.left) * limit.interval
        retry = (1 - bucket.left) * limit.interval
        return passed, _headers(limit.burst, passed, int(bucket.left), reset, retry)

    def _slide(
        self, key: Hashable, limit: Limit, now: float
    ) -> tuple[bool, dict[str, str]]:
        taken = self._windows.setdefault(key, deque())
        while taken and taken[0] <= now - limit.period:
            taken.popleft()
        passed = len(taken) < limit.limit
        if passed:
            taken.append(now)
        reset = taken[-1] + limit.period - now
        retry = taken[0] + limit.period - now
        left = limit.limit - len(taken)
        return passed, _headers(limit.limit, passed, left, reset, retry)


def _headers(
    burst: int, passed: bool, left: int, reset: float, retry: float
) -> dict[str, str]:
    headers = {
        "X-Ratelimit-Limit": str(burst),
        "X-Ratelimit-Reset": str(math.ceil(reset)),
    }
    if passed:
        headers["X-Ratelimit-Remaining"] = str(left)
    else:
        headers["X-Ratelimit-Retry"] = str(max(math.ceil(retry), 1))
    return headers
