"""
Secrets at rest: sealed with the first of TOKEN_KEYS, opened with any of them.

Rotation: put a new key first, run ``manage.py rotate_tokens``, drop the old key.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SealBroken(Exception):
    """No key in TOKEN_KEYS opens this secret: it must be entered anew."""


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(
            "TOKEN_KEYS: каждый ключ — 32 байта в base64. Новый ключ: python -c "
            "'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'"
        ) from error


def seal(secret: str) -> str:
    """Return ``secret`` encrypted with the newest key."""
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the secret, or raise SealBroken when no key fits."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def reseal(sealed: str) -> str:
    """Return the same secret sealed with the newest key. Raises SealBroken."""
    try:
        return _fernet().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None
