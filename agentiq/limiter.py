"""
WB's limits shared by all workers: one script in Redis decides each request.

State per seller, kind of token and group of methods: a bucket, the times of the last
requests, and until when WB asked to wait. WB does not say whether "10 in 10 s" is a
bucket (which lets 19 through in one 10 s span) or a window. ``window``, the default,
keeps to both; ``bucket`` to the bucket alone. Redis' clock is everybody's clock.
"""

import logging
import math
import os
from collections.abc import Callable
from typing import Any, Self

import redis
from django.conf import settings

from agentiq.wb import limits
from agentiq.wb.errors import ForbiddenCause, WbForbidden
from agentiq.wb.limits import Limit
from agentiq.wb.records import RateHeaders
from agentiq.wb.tokens import TokenKind

logger = logging.getLogger(__name__)

DAY = 86_400.0
# WB counts a request somewhere between our decision and its answer, by its own clock.
MARGIN = 0.15
STRETCH = 1.01  # our bucket fills a little slower than WB's
UNPAID_PAUSE = 900.0  # after 402: a probe every quarter of an hour, no more
WITHOUT_REDIS = 1.0  # seconds to wait when nobody can count

_COMMON = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local period, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local interval, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local margin, windowed = tonumber(ARGV[6]), ARGV[7] == 'window'
local state = redis.call('HMGET', KEYS[1], 'left', 'at', 'until', 'seq')
local left, at = tonumber(state[1]), tonumber(state[2])
local until_, seq = tonumber(state[3]) or 0, tonumber(state[4]) or 0
local fresh = left == nil
if fresh then left, at = burst, now end
if now > at then
  left = math.min(burst, left + (now - at) / interval)
  at = now
end
local function stamp(value) return string.format('%.6f', value) end
local function fill(count, moment)
  for i = 1, count do
    seq = seq + 1
    redis.call('ZADD', KEYS[2], stamp(moment), seq)
  end
end
local function keep()
  redis.call('HSET', KEYS[1], 'left', stamp(left), 'at', stamp(at),
             'until', stamp(until_), 'seq', seq)
  local life = math.ceil(math.max(2 * period, 2 * burst * interval,
                                  until_ - now, 60)) + 60
  redis.call('EXPIRE', KEYS[1], life)
  redis.call('EXPIRE', KEYS[2], life)
end
"""

# KEYS[3]: when this Redis was first seen, and whether somebody remembers an older one;
# KEYS[4]: set while the token's seller has no paid calls left.
_ACQUIRE = (
    _COMMON
    + """
local epoch = redis.call('GET', KEYS[3])
if not epoch then
  epoch = stamp(now) .. (ARGV[8] ~= '' and '!' or '')
  redis.call('SET', KEYS[3], epoch)
end
if fresh and string.sub(epoch, -1) == '!' and period <= 60 then
  -- Redis was emptied: what left just before is forgotten, so assume the worst.
  local since = tonumber(string.sub(epoch, 1, -2))
  if now - since < period + margin then
    left = math.min(burst, (now - since) / interval)
    if windowed then fill(limit, since) end
  end
end
local wait = until_ - now
local paused = redis.call('PTTL', KEYS[4])
if paused > 0 then wait = math.max(wait, paused / 1000) end
if windowed then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', stamp(now - period - margin))
  local count = redis.call('ZCARD', KEYS[2])
  if count >= limit then
    local first = redis.call('ZRANGE', KEYS[2], count - limit, count - limit,
                             'WITHSCORES')
    wait = math.max(wait, tonumber(first[2]) + period + margin - now)
  end
end
if left < 1 - 1e-9 then wait = math.max(wait, (1 - left) * interval + at - now) end
if wait > 0 then
  if fresh then keep() end
  return {stamp(math.max(wait, 0.001)), '', epoch}
end
if left >= burst then at = now + margin end
left = left - 1
fill(1, now)
keep()
return {'0', tostring(seq), epoch}
"""
)

_OBSERVE = (
    _COMMON
    + """
local status, member = tonumber(ARGV[8]), ARGV[9]
local remaining, bound = tonumber(ARGV[10]), tonumber(ARGV[11])
local retry, pause = tonumber(ARGV[12]), tonumber(ARGV[13])
if member ~= '' then redis.call('ZADD', KEYS[2], 'XX', stamp(now), member) end
if status == 429 then
  left = 0
  until_ = math.max(until_, now + retry)
elseif remaining then
  local known = redis.call('ZCOUNT', KEYS[2], stamp(now - period - margin), '+inf')
  local unknown = limit - known - remaining
  if not windowed or bound ~= limit then
    left = math.min(left, remaining)
  elseif unknown > 0 then
    left = math.min(left, remaining)
    fill(unknown, now)
  end -- else our own requests explain it, and the window holds as many back
end
if status == 402 then
  redis.call('SET', KEYS[4], 1, 'PX', math.floor(pause * 1000))
end
keep()
"""
)

_clients: dict[tuple[int, str], redis.Redis] = {}
_epochs: dict[str, str] = {}  # by key: which filling of Redis this process has seen


def connection() -> redis.Redis:
    """Return this process's connection to Redis, one pool for all that need it."""
    key = (os.getpid(), settings.REDIS_URL)
    if key not in _clients:
        _clients[key] = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
        )
    return _clients[key]


def prefix() -> str:
    """Return what every key of ours begins with."""
    return str(settings.REDIS_PREFIX)


class RedisLimiter:
    """
    WB's limits of one seller and one kind of token. Never sleeps.

    ``clock`` replaces Redis' own (seconds as a float), for tests.
    """

    def __init__(
        self,
        seller: str,
        kind: TokenKind,
        *,
        with_secret: bool = False,
        reading: str = "window",
        margin: float = MARGIN,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._kind = kind
        self._with_secret = with_secret
        self._reading = reading
        self._margin = margin
        self._clock = clock
        self._base = f"{prefix()}wb:{{{seller}:{kind.value}}}"
        self._epoch_key = f"{prefix()}wb:epoch"
        self._taken: dict[str, str] = {}
        self._redis = connection()
        self._acquire = self._redis.register_script(_ACQUIRE)
        self._observe = self._redis.register_script(_OBSERVE)

    @classmethod
    def for_token(cls, row: Any, settings: Any) -> Self:
        """Return the limiter of a WbToken row: one for all tokens of its kind."""
        try:
            kind = TokenKind(row.kind)
        except ValueError:
            kind = TokenKind.UNKNOWN
        return cls(
            row.seller_uuid or f"pk{row.seller_id}",
            kind,
            with_secret=bool(row.sealed_secret),
            reading=settings.WB_LIMIT_READING,
        )

    def acquire(self, method: str) -> float:
        """
        Take one request; return 0, or the seconds to wait without taking it.

        Raises WbForbidden for a method that WB closes to this kind of token.
        """
        limit = self._limit(method)
        known = _epochs.get(self._epoch_key, "")
        try:
            wait, member, epoch = self._acquire(
                keys=self._keys(limit), args=[*self._numbers(limit), known]
            )
        except redis.RedisError as error:
            logger.warning("limits cannot be counted: %s", type(error).__name__)
            return WITHOUT_REDIS
        _epochs[self._epoch_key] = epoch.decode()
        self._taken[method] = member.decode()
        return float(wait)

    def observe(self, method: str, headers: RateHeaders, status: int) -> None:
        """Learn from an answer: what is left, how long to wait, that nobody paid."""
        limit = self._limit(method)
        learned = (
            status,
            self._taken.pop(method, ""),
            _text(headers.remaining),
            _text(headers.limit),
            _retry(headers, limit),
            UNPAID_PAUSE,
        )
        self._observe(keys=self._keys(limit), args=[*self._numbers(limit), *learned])

    def resume(self) -> None:
        """Call again after a 402: somebody says that the balance was filled."""
        self._redis.delete(f"{self._base}:unpaid")

    def _limit(self, method: str) -> Limit:
        limit = limits.limit_for(method, self._kind, with_secret=self._with_secret)
        if limit is None:
            raise WbForbidden(
                f"{self._kind.value} tokens may not call this",
                cause=ForbiddenCause.TOKEN_TYPE,
                method=method,
            )
        return limit

    def _keys(self, limit: Limit) -> list[str]:
        own = f"{self._base}:{limit.group}"
        return [own, f"{own}:times", self._epoch_key, f"{self._base}:unpaid"]

    def _numbers(self, limit: Limit) -> list[str | float | int]:
        now = "" if self._clock is None else f"{self._clock():.6f}"
        interval = limit.interval * STRETCH
        counts = (limit.period, limit.limit, interval, limit.burst)
        return [now, *counts, self._margin, self._reading]


def _text(value: int | None) -> str | int:
    return "" if value is None else value


def _retry(headers: RateHeaders, limit: Limit) -> float:
    """Seconds to stay away after a 429: what WB asks, one second to a day."""
    asked = headers.retry if headers.retry is not None else headers.reset
    seconds = limit.interval if asked is None or not math.isfinite(asked) else asked
    return min(max(seconds, 1.0), DAY) + MARGIN
