"""
A shop's key to WB: what it may do, why it was turned away, what WB held against it.

Entering reads what the key says of itself on this machine; only a call tells whether
WB takes it (``probe``). What WB refuses later is noted on the row, and connect()
leaves that row alone until another key is entered.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agentiq import crypto
from agentiq.marketplace import SellerClient
from agentiq.wb import limits
from agentiq.wb.errors import (
    ForbiddenCause,
    InvalidToken,
    TokenFault,
    WbError,
    WbForbidden,
    WbPaymentRequired,
    WbThrottled,
)
from agentiq.wb.limits import Limit
from agentiq.wb.tokens import Category, TokenFacts, TokenKind, decode_token
from promos.models import Seller, WbToken

logger = logging.getLogger(__name__)

# What a key without the category leaves undone.
NEEDS: dict[int, Promise] = {
    Category.CHAT: _("chats with buyers: without them there is nothing to answer"),
    Category.PRICES: _("prices and WB actions: discounts are not checked against 45 %"),
    Category.CONTENT: _("titles and photos of your products"),
    Category.FINANCE: _("sales reports: redemptions of codes stay unknown"),
    Category.RETURNS: _("return claims: the desk cannot show them"),
}
FATES = frozenset({Category.ANALYTICS, Category.STATISTICS})
"""Either of them tells what became of an order."""
FAULTS: dict[TokenFault, Promise] = {
    TokenFault.EMPTY: _("The token is empty: copy it from the WB cabinet."),
    TokenFault.CHARACTERS: _(
        "There are spaces, line breaks or foreign letters in the token: copy it anew."
    ),
    TokenFault.SHAPE: _(
        "This is not a WB token: a part is missing. Copy it from the WB cabinet whole."
    ),
    TokenFault.PAYLOAD: _(
        "This is not a WB token: it cannot be read. Copy it from the WB cabinet whole."
    ),
}
REFUSALS: dict[str, Promise] = {
    "token": _("WB does not know this token. Make a new one in the WB cabinet."),
    "expired": _("The token has expired. Make a new one in the WB cabinet."),
    "withdrawn": _("The token was withdrawn in the WB cabinet. Make a new one."),
    "type": _("WB does not take tokens of this type here. Make a personal token."),
    "category": _(
        "The token lacks the category “Chat with buyers”. Categories cannot be added: "
        "make a new token."
    ),
    "read_only": _("The token only reads: replies cannot be sent. Make a new one."),
}
"""What WB held against a key, by the machine word in ``WbToken.refusal``."""

_CAUSES = {
    ForbiddenCause.TOKEN_INVALID: "token",
    ForbiddenCause.TOKEN_EXPIRED: "expired",
    ForbiddenCause.WITHDRAWN: "withdrawn",
    ForbiddenCause.TOKEN_TYPE: "type",
    ForbiddenCause.CATEGORY: "category",
    ForbiddenCause.READ_ONLY: "read_only",
}
_CHAT_METHODS = {limits.CHATS, limits.EVENTS, limits.SEND, limits.DOWNLOAD}


class TokenRefused(Exception):
    """A key that cannot be used; ``message`` says why to a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Probe:
    """What a key allows, and what WB said when it was tried."""

    kind: str
    categories: tuple[int, ...]
    days_left: int | None
    read_only: bool
    chat_limit: Limit | None
    will_not_work: tuple[Promise, ...]
    accepted: bool | None  # None: not tried, or WB did not answer
    problem: str = ""  # machine word: of REFUSALS, unpaid, throttled or unreachable


def enter(
    seller: Seller, token: str, secret: str = "", *, by: Any, now: datetime
) -> WbToken:
    """
    Return the key, sealed and in use; older ones of its kind are put out of use.

    Raises TokenRefused with a sentence for the person who entered it.
    """
    token, secret = token.strip(), secret.strip()
    try:
        facts = decode_token(token)
    except InvalidToken as error:
        raise TokenRefused(error.reason.value, str(FAULTS[error.reason])) from None
    if objection := _objection(seller, facts, secret, now):
        raise TokenRefused(*objection)
    # WB answers 403 to a secret beside a personal token.
    kept = secret if facts.kind is not TokenKind.PERSONAL else ""
    with transaction.atomic():
        older = WbToken.objects.filter(seller=seller, kind=facts.kind.value)
        older.filter(is_active=True).update(is_active=False)
        row = WbToken.objects.create(
            seller=seller,
            sealed_token=crypto.seal(token),
            sealed_secret=crypto.seal(kept) if kept else "",
            kind=facts.kind.value,
            categories=sorted(int(one) for one in facts.categories),
            read_only=facts.read_only,
            expires_at=facts.expires_at,
            token_id=facts.token_id[:64],
            seller_uuid=facts.seller_uuid[:64],
        )
    logger.info("token entered", extra={"seller": seller.pk, "by": str(by or "")})
    return row


def refuse(row: WbToken, error: WbForbidden, *, now: datetime) -> str:
    """
    Note what WB's 401 or 403 holds against the key; return the machine word.

    A category that only some other part needs, or a cause nobody knows, leaves the
    key in use and returns an empty word.
    """
    word = _CAUSES.get(error.cause, "")
    if word == "category" and error.method not in _CHAT_METHODS:
        return ""
    if not word:
        return ""
    still_used = WbToken.objects.filter(pk=row.pk, refused_at=None)
    if word == "read_only":
        still_used.update(read_only=True, refusal=word)
    elif still_used.update(refused_at=now, refusal=word):
        logger.warning("token refused", extra={"seller": row.seller_id, "why": word})
    return word


def refused(seller: Seller, *, now: datetime) -> QuerySet[WbToken]:
    """Return the seller's keys in use that WB refused and that have not run out."""
    rows = WbToken.objects.filter(seller=seller, is_active=True)
    lasting = Q(expires_at=None) | Q(expires_at__gt=now)
    return rows.filter(lasting).exclude(refused_at=None)


def retry(seller: Seller, *, now: datetime) -> list[WbToken]:
    """Use refused keys once more: the cause may be mended. Return all in use."""
    refused(seller, now=now).update(refused_at=None, refusal="")
    return list(WbToken.objects.usable(seller))


def refusal_text(word: str) -> str:
    """Return the sentence for a machine word of ``WbToken.refusal``."""
    return str(REFUSALS.get(word, word))


def missing(row: WbToken) -> list[Promise]:
    """Return what the key does not open, as sentences."""
    found = [text for bit, text in NEEDS.items() if bit not in row.categories]
    if not FATES & set(row.categories):
        found.append(_("Analytics or Statistics: whether an order was bought"))
    if row.read_only:
        found.append(_("sending: the key only reads"))
    return found


def probe(row: WbToken, *, client: SellerClient | None, now: datetime) -> Probe:
    """Return what the key allows; with a client WB is asked whether it takes it."""
    accepted, problem = _tried(client, now) if client else (None, "")
    kind = TokenKind(row.kind)
    left = (row.expires_at - now).days if row.expires_at else None
    return Probe(
        kind=row.kind,
        categories=tuple(row.categories),
        days_left=left,
        read_only=row.read_only,
        chat_limit=limits.limit_for(
            limits.SEND, kind, with_secret=bool(row.sealed_secret)
        ),
        will_not_work=tuple(missing(row)),
        accepted=accepted,
        problem=problem,
    )


def rotate() -> tuple[int, int]:
    """
    Seal every stored secret anew with the first of TOKEN_KEYS.

    Returns how many were sealed, and how many no key opens; those stay as they are.
    """
    done = unreadable = 0
    for model in apps.get_models():
        fields = [it.name for it in model._meta.fields if it.name.startswith("sealed_")]
        for row in model._base_manager.order_by("pk") if fields else ():
            try:
                for name in fields:
                    if sealed := getattr(row, name):
                        setattr(row, name, crypto.reseal(sealed))
            except crypto.SealBroken:
                unreadable += 1
                continue
            row.save(update_fields=fields)
            done += 1
    return done, unreadable


def _objection(
    seller: Seller, facts: TokenFacts, secret: str, now: datetime
) -> tuple[str, str] | None:
    if facts.is_test or facts.kind is TokenKind.TEST:
        return "test", gettext(
            "This is a test token: it opens WB's sandbox only, which has no chats."
        )
    if facts.kind is TokenKind.BASE and not secret:
        return "base", gettext(
            "This is a base token: WB lets it ask for chats once an hour. Make a "
            "personal token."
        )
    if facts.kind is TokenKind.SERVICE and not secret:
        return "no_secret", gettext(
            "A service token needs its client secret beside it."
        )
    if facts.expires_at is not None and facts.expires_at <= now:
        return "expired", gettext(
            "The token has expired. Make a new one in the WB cabinet."
        )
    if not facts.has(Category.CHAT):
        return "category", str(REFUSALS["category"])
    if facts.read_only:
        return "read_only", str(REFUSALS["read_only"])
    known = WbToken.objects.filter(seller=seller).exclude(seller_uuid="")
    earlier = known.values_list("seller_uuid", flat=True).last()
    if earlier and facts.seller_uuid and earlier != facts.seller_uuid:
        return "other_shop", gettext(
            "This token belongs to another WB shop than the one before it. Open a shop "
            "of its own for it, or the chats of two shops get mixed."
        )
    return None


def _tried(client: SellerClient, now: datetime) -> tuple[bool | None, str]:
    try:
        client.ping("chat")
    except WbForbidden as error:
        return False, refuse(client.row, error, now=now) or "token"
    except WbPaymentRequired:
        return False, "unpaid"
    except WbThrottled:
        return None, "throttled"
    except WbError:
        return None, "unreachable"
    return True, ""
