"""What a suggestion or a send rested on, as JSON that stays readable for years."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chats.analyzer import Reading
from chats.models import Message
from promos import offers
from promos.models import Product, PromoCode, Seller
from promos.offers import Offer, RejectedCode
from promos.rules.eligibility import Figures
from promos.rules.pricing import KOPECK

FORMAT = 1


def suggestion(
    *,
    seller: Seller,
    reading: Reading,
    messages: Iterable[Message],
    offer: Offer,
    reason: str,
    flags: Iterable[str],
    now: datetime,
) -> dict[str, Any]:
    """Return all that the card shows, whatever happens to the rows later."""
    messages = list(messages)
    rule = offer.rule
    return {
        "format": FORMAT,
        "at": now.isoformat(),
        "versions": {"analyzer": reading.version, "rules": offers.VERSION},
        "reading": reading.as_dict(),
        "messages": [
            {"id": one.pk, "event_id": one.event_id, "text": one.text}
            for one in messages
        ],
        "quotes": [_quote(item, messages) for item in reading.as_dict()["evidence"]],
        "flags": list(flags),
        "reason": reason,
        "rule": {
            "use_case": rule.use_case.value,
            "min_discount": str(rule.min_discount),
        }
        if rule
        else None,
        "code": code(offer.chosen) if offer.chosen else None,
        **_figures(offer.figures, offer.product),
        "rejected": [rejected(one) for one in offer.rejected],
        "settings": {
            "tone": seller.tone,
            "repeat_days": seller.repeat_days,
            "margin_floor": str(seller.margin_floor),
            "forty_five_counts": seller.forty_five_counts,
        },
    }


def send(promo_code: PromoCode, made: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Return the terms a code went out under, with the figures of its suggestion.

    ``made`` is the suggestion's snapshot; its figures count only for the same code.
    """
    kept: dict[str, Any] = {"code": code(promo_code)}
    if made and (made.get("code") or {}).get("id") == promo_code.pk:
        kept |= {name: made.get(name) for name in ("price", "margin", "versions")}
        kept["discount_rub"] = (made.get("price") or {}).get("discount")
    return kept


def code(promo_code: PromoCode) -> dict[str, Any]:
    """Return the terms of a code."""
    return {
        "id": promo_code.pk,
        "code": promo_code.code,
        "version": promo_code.version,
        "discount_percent": str(promo_code.discount_percent),
        "starts_at": promo_code.starts_at.isoformat(),
        "expires_at": promo_code.expires_at.isoformat(),
        "applies_to": promo_code.applies_to,
        "product_nms": list(promo_code.product_nms),
        "use_cases": sorted(case.value for case in promo_code.use_cases),
    }


def _quote(item: Mapping[str, Any], messages: list[Message]) -> dict[str, Any]:
    """Return a piece of evidence with the buyer's words and their message."""
    message = messages[item["message_index"]]
    words = message.text[item["start"] : item["end"]]
    return {**item, "message": message.pk, "text": words}


def _figures(known: Figures, product: Product | None) -> dict[str, Any]:
    price = margin = None
    if known.quote:
        price = {
            "base": str(known.quote.tag.base),
            "before": str(known.quote.before_last.quantize(KOPECK)),
            "final": str(known.quote.final),
            "discount": str(known.quote.discount.quantize(KOPECK)),
            "counted_percent": str(known.quote.counted_percent.quantize(KOPECK)),
            "steps": [
                [step.kind.value, str(step.percent), str(step.after.quantize(KOPECK))]
                for step in known.quote.steps
            ],
        }
    if known.margin:
        margin = {
            "rub": str(known.margin.rub),
            "percent": str(known.margin.percent),
            "parts": [
                [part.value, str(amount.quantize(KOPECK))]
                for part, amount in known.margin.parts
            ],
            "missing": list(product.missing_costs()) if product else [],
        }
    shown = {"nm_id": product.nm_id, "title": product.title} if product else None
    return {"price": price, "margin": margin, "product": shown}


def rejected(one: RejectedCode) -> dict[str, Any]:
    """Return a code that was not chosen, with the machine words against it."""
    return {
        "id": one.promo_code.pk,
        "code": one.promo_code.code,
        "discount_percent": str(one.promo_code.discount_percent),
        "reasons": list(one.reasons),
        "loss": one.loss,
        "lost_to": one.lost_to,
    }
