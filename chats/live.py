"""
What is new: one number per seller that moves with anything a desk shows.

A desk asks every few seconds whether its number is still the current one. Nothing
but the cache answers, so a hundred open desks cost the database nothing.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.db import transaction

DAY = 24 * 60 * 60
_SALT = "chats.live"


def bump(seller_id: int) -> None:
    """Say that something of this seller changed, once the change is committed."""
    # What is committed stands, even when Redis cannot be told of it.
    transaction.on_commit(partial(_bump, seller_id), robust=True)


def version(seller_id: int) -> str:
    """Return the number of the newest change. Lost keys come back as a change."""
    return str(cache.get_or_set(_key(seller_id), _number, None))


def read_out(moments: Mapping[int, datetime]) -> None:
    """Note when WB's feed was last read to its end, by shop: no news, but asked for."""
    if moments:
        cache.set_many({_read(it): at.isoformat() for it, at in moments.items()}, DAY)


def state(seller_id: int) -> tuple[str, str]:
    """Return the newest change's number and when WB's feed was read; one key look-up."""
    number, read = _key(seller_id), _read(seller_id)
    found = cache.get_many([number, read])
    return str(found.get(number) or version(seller_id)), str(found.get(read, ""))


def ticket(seller_id: int, user_id: int) -> str:
    """Return what lets a signed-in page ask for the number, for a day, unaided."""
    return signing.dumps([seller_id, user_id], salt=_SALT)


def seller_of(ticket: str) -> int | None:
    """Return whose number the ticket is for, None when it is not valid (any more)."""
    try:
        opened: Any = signing.loads(ticket, salt=_SALT, max_age=DAY)
    except signing.BadSignature:
        return None
    return int(opened[0])


def _bump(seller_id: int) -> None:
    cache.set(_key(seller_id), _number(), None)


def _number() -> str:
    return str(time.time_ns())


def _read(seller_id: int) -> str:
    return f"desk:{seller_id}:read"


def _key(seller_id: int) -> str:
    return f"desk:{seller_id}:version"
