"""A shop and who may sit at its desk: opening one, letting people in."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from promos import roles, sentences
from promos.models import Membership, Seller


@transaction.atomic
def open_shop(name: str, owner: AbstractBaseUser) -> Seller:
    """Return a new shop that belongs to ``owner``."""
    seller = Seller.objects.create(name=name)
    Membership.objects.create(seller=seller, user=owner, role=Membership.Role.OWNER)
    give_desk(owner)
    return seller


def give_desk(user: Any) -> None:
    """Let the person into the admin if any of their roles reads there."""
    wanted = (
        user.is_superuser
        or Membership.objects.filter(
            user=user, is_active=True, role__in=roles.AT_THE_DESK
        ).exists()
    )
    if user.is_staff != wanted:
        user.is_staff = wanted
        user.save(update_fields=["is_staff"])


def day_or_dash(instant: datetime | None) -> str:
    """Return the Moscow date of an instant, a dash for none."""
    return sentences.day(instant) if instant else "—"
