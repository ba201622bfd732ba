"""Keys of integrations: issued once, kept as a hash, found by their prefix."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django_scopes import scopes_disabled

from promos.models import ApiKey, Seller

MARK = "aiq"
TOUCH = timedelta(minutes=1)  # how exact «last used» is; a write per request is not


def issue(
    seller: Seller,
    *,
    name: str,
    scopes: Iterable[str],
    by: AbstractBaseUser | None,
    expires_at: datetime | None = None,
    rate_per_minute: int = 600,
) -> tuple[ApiKey, str]:
    """Return the new key's row and the key itself, which nobody can read again."""
    row = ApiKey(
        seller=seller,
        name=name,
        scopes=sorted(set(scopes)),
        created_by=by,
        expires_at=expires_at,
        rate_per_minute=rate_per_minute,
    )
    key = seal(row)
    row.save()
    return row, key


def seal(row: ApiKey) -> str:
    """Give an unsaved row its prefix and hash, and return the key to show once."""
    row.prefix = f"{MARK}_{secrets.token_hex(4)}"
    key = f"{row.prefix}_{secrets.token_urlsafe(32)}"
    row.digest = _digest(key)
    return key


def find(key: str, *, now: datetime) -> ApiKey | None:
    """Return the usable key that was given, or None; notes when it was last used."""
    prefix = "_".join(key.split("_", 2)[:2])
    if not key.isascii() or "\0" in key:
        return None
    with scopes_disabled():
        found = ApiKey.objects.usable(now).filter(prefix=prefix)
        row = found.select_related("seller", "created_by").first()
        if row is None or not hmac.compare_digest(row.digest, _digest(key)):
            return None
        if row.last_used_at is None or now - row.last_used_at >= TOUCH:
            ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def revoke(row: ApiKey, *, now: datetime) -> None:
    """Close the key for good. Twice is as once."""
    ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now)


def _digest(key: str) -> str:
    """A key has 256 random bits: a plain hash is as good as a slow one."""
    return hashlib.sha256(key.encode()).hexdigest()
