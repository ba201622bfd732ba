"""A shop and who may sit at its desk: opening one, letting people in."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from agentiq import crypto
from agentiq.wb.errors import InvalidToken
from agentiq.wb.tokens import TokenKind, decode_token
from promos import roles, sentences
from promos.models import Membership, Seller, WbToken

# What a key without the category leaves undone; the bit is WB's.
NEEDS: dict[int, Promise] = {
    9: _("chats with buyers: without them there is nothing to answer"),
    3: _("prices and WB actions: discounts are not checked against 45 %"),
    1: _("titles and photos of your products"),
    13: _("sales reports: redemptions of codes stay unknown"),
}


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


def missing(token: WbToken) -> list[Promise]:
    """Return what the key does not open, as sentences."""
    found = [text for bit, text in NEEDS.items() if bit not in token.categories]
    if token.read_only:
        found.append(_("sending: the key only reads"))
    return found


class TokenRefused(Exception):
    """A key that cannot be used; ``message`` says why to a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def enter(
    seller: Seller, token: str, secret: str = "", *, by: Any, now: datetime
) -> WbToken:
    """Return the key, sealed and in use. Raises TokenRefused."""
    try:
        facts = decode_token(token)
    except InvalidToken:
        raise TokenRefused("shape", say("This is not a WB token.")) from None
    if facts.kind is TokenKind.BASE:
        message = say("A base token cannot open chats: make a personal one.")
        raise TokenRefused("base", message)
    if facts.expires_at and facts.expires_at <= now:
        raise TokenRefused("expired", say("The token has expired."))
    return WbToken.objects.create(
        seller=seller,
        sealed_token=crypto.seal(token),
        sealed_secret=crypto.seal(secret) if secret else "",
        kind=facts.kind.value,
        categories=sorted(int(one) for one in facts.categories),
        read_only=facts.read_only,
        expires_at=facts.expires_at,
        token_id=facts.token_id,
        seller_uuid=facts.seller_uuid,
    )


def day_or_dash(instant: datetime | None) -> str:
    """Return the Moscow date of an instant, a dash for none."""
    return sentences.day(instant) if instant else "—"
