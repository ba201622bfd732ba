"""
Idempotency-Key: a POST that is made again is answered as the first time.

The key's row is written before the work and in its own transaction, so the second
of two simultaneous requests sees it. The work and its answer are stored together:
a crash loses both and the key can be used again, at the latest after STALE.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from agentiq.problems import Problem
from promos.models import IdempotencyRecord, Seller

KEPT = timedelta(hours=24)
STALE = timedelta(seconds=60)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a status, a JSON body, and whether it is a repetition."""

    status: int
    body: Any
    repeated: bool = False


def check(key: str) -> None:
    """Raise a Problem unless the key is 1 to 255 printable ASCII characters."""
    plain = key.isascii() and key.isprintable() and key.strip()
    if not plain or len(key) > LONGEST_KEY:
        raise Problem("bad_idempotency_key")


def once(
    seller: Seller,
    *,
    caller: str,
    key: str,
    act: str,
    body: Any,
    now: datetime,
    work: Callable[[], Answer],
) -> Answer:
    """
    Do ``work`` once for ``key`` and return its answer, now and for 24 hours.

    ``act`` names method and path. Raises Problem: ``idempotency_mismatch`` when the
    key stood for something else, ``in_progress`` while the first is under way. Work
    that raises, or answers 500 and up, leaves the key free.
    """
    check(key)
    mark = _fingerprint(act, body)
    record = _take(seller, caller=caller, key=key, mark=mark, now=now)
    if record.status is not None:
        return Answer(record.status, record.body, repeated=True)
    try:
        with transaction.atomic():
            answer = work()
            record.status, record.body = answer.status, answer.body
            record.save(update_fields=["status", "body"])
    except BaseException:
        IdempotencyRecord.objects.filter(pk=record.pk, status=None).delete()
        raise
    return answer


def _take(
    seller: Seller, *, caller: str, key: str, mark: str, now: datetime
) -> IdempotencyRecord:
    """Return the key's row: a fresh one to work under, or the one with the answer."""
    rows = IdempotencyRecord.objects.filter(seller=seller, caller=caller, key=key)
    old = Q(created_at__lte=now - KEPT)
    dead = Q(status=None, created_at__lte=now - STALE)
    rows.filter(old | dead).delete()
    record, is_new = IdempotencyRecord.objects.get_or_create(
        seller=seller,
        caller=caller,
        key=key,
        defaults={"fingerprint": mark, "created_at": now},
    )
    if record.fingerprint != mark:
        raise Problem("idempotency_mismatch")
    if record.status is None and not is_new:
        raise Problem("in_progress", headers={"Retry-After": "1"})
    return record


def _fingerprint(act: str, body: Any) -> str:
    """Return a hash of what was asked for; the spelling of the JSON is no matter."""
    canonical = json.dumps([act, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
