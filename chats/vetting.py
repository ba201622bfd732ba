"""vet(): may this text leave the shop, in this chat, with this code?"""

from datetime import datetime, timedelta

from agentiq import prepared
from chats.models import Chat
from chats.policy import outbound
from chats.policy.outbound import Violation
from chats.policy.terms import Terms
from promos.models import Product, PromoCode
from promos.rules import days

FORGOTTEN = timedelta(days=90)
"""A code that ended longer ago is no longer looked for by name."""


def vet(
    text: str, *, chat: Chat, promo_code: PromoCode | None, now: datetime
) -> tuple[Violation, ...]:
    """Return every reason why the text may not go to the chat. Two queries."""
    codes = prepared.rows(
        "SELECT code FROM promos_promocode"
        " WHERE seller_id = %(seller)s AND expires_at > %(since)s",
        {"seller": chat.seller_id, "since": now - FORGOTTEN},
    )
    return outbound.check(
        text,
        buyer_terms(promo_code) if promo_code else None,
        known_codes=frozenset(code for (code,) in codes),
        facts=facts(chat),
        today=days.moscow_date(now),
    )


def buyer_terms(promo_code: PromoCode) -> Terms:
    """Return the code as the buyer must be told it: its last day, in Moscow."""
    selected = promo_code.applies_to == PromoCode.AppliesTo.SELECTED
    _, last = days.days_of(promo_code.starts_at, promo_code.expires_at)
    return Terms(
        code=promo_code.code,
        discount_percent=promo_code.terms().discount_percent,
        expires_on=last,
        scope="selected" if selected else "all",
        nm_ids=frozenset(promo_code.product_nms) if selected else frozenset(),
    )


def facts(chat: Chat) -> str:
    """Return what is known of the chat's good: its words are no codes."""
    if chat.nm_id is None:
        return ""
    product = Product.objects.filter(seller_id=chat.seller_id, nm_id=chat.nm_id)
    known = product.values_list("title", "brand", "vendor_code").first()
    return " ".join(part for part in known or () if part)
