"""
The second factor: a code from the person's phone, asked for after the password.

It is each person's own choice. Ten backup codes open the door once each when the
phone is gone; an owner may take the factor off a member, who then chooses anew.
"""

from typing import Any

from django.db import transaction
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

BACKUP_CODES = 10


def is_on(user: Any) -> bool:
    """Say whether signing in takes a code."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def propose(user: Any) -> TOTPDevice:
    """Return the device being set up: the same one until it is confirmed."""
    found = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return found or TOTPDevice.objects.create(user=user, name="totp", confirmed=False)


@transaction.atomic
def confirm(user: Any, code: str) -> list[str] | None:
    """Switch the factor on and return the backup codes; None for a wrong code."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    if device is None or not device.verify_token(code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return new_backup_codes(user)


@transaction.atomic
def new_backup_codes(user: Any) -> list[str]:
    """Return ten codes, each good for one sign-in; earlier ones open nothing more."""
    device, _ = StaticDevice.objects.get_or_create(user=user, name="backup")
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    for code in codes:
        device.token_set.create(token=code)
    return codes


def backup_codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def verify(user: Any, code: str) -> bool:
    """
    Say whether the code opens the door. The same code opens it once.

    After a wrong one the next is looked at only after a pause that doubles.
    """
    return match_token(user, code.replace(" ", "")) is not None


@transaction.atomic
def remove(user: Any) -> None:
    """Take the factor and its backup codes off an account."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
