"""Texts an operator starts from: another code's wording, a saved reply, a draft."""

from datetime import datetime
from typing import Any

from django.db.models import F

from chats import replies, vetting
from chats.models import Chat, Decision, Draft, SavedReply, Suggestion
from chats.policy import rendering
from chats.policy.rendering import TemplateError
from promos.models import Product, PromoCode


def reword(suggestion: Suggestion, promo_code: PromoCode) -> str:
    """
    Return the suggested reply with another code in it.

    Raises replies.NoTemplate or TemplateError where there is no such wording.
    """
    chat, analysis = suggestion.chat, suggestion.analysis
    reply = replies.compose(
        analysis.intent,
        analysis.sentiment,
        terms=vetting.buyer_terms(promo_code),
        name=chat.buyer_name,
        product=_title(chat),
        nm_id=chat.nm_id,
        tone=suggestion.seller.tone,
        seed=f"{chat.wb_chat_id}/{suggestion.event_id}",
    )
    return reply.text


def fill(saved: SavedReply, chat: Chat, promo_code: PromoCode | None) -> str:
    """
    Return a saved reply with its slots filled from the chat and the code.

    A slot that stays empty stays in the text as it is written: the outbound check
    then names it and nothing leaves before a person fills it.
    """
    try:
        return rendering.render(
            saved.text,
            terms=vetting.buyer_terms(promo_code) if promo_code else None,
            name=chat.buyer_name,
            product=_title(chat),
            nm_id=chat.nm_id,
        ).text
    except TemplateError:
        return _known_slots(saved.text, chat, promo_code)


def count_use(decision: Decision, key: str) -> None:
    """Note which saved reply a sent text began as; ``key`` is what the page posts."""
    if not key.isdecimal():
        return
    used = SavedReply.objects.filter(seller_id=decision.seller_id, pk=key)
    if decision.saved_reply_id is None and used.update(use_count=F("use_count") + 1):
        Decision.objects.filter(pk=decision.pk).update(saved_reply=key)


def save_draft(chat: Chat, operator: Any, text: str, *, now: datetime) -> None:
    """Keep what the operator was writing; an empty text forgets the draft."""
    mine = {"chat": chat, "operator": operator}
    if not text.strip():
        Draft.objects.filter(**mine).delete()
        return
    Draft.objects.update_or_create(
        **mine,
        defaults={"seller_id": chat.seller_id, "text": text, "updated_at": now},
    )


def _title(chat: Chat) -> str:
    rows = Product.objects.filter(seller_id=chat.seller_id, nm_id=chat.nm_id)
    return rows.values_list("title", flat=True).first() or ""


def _known_slots(text: str, chat: Chat, promo_code: PromoCode | None) -> str:
    """Fill slot by slot what can be filled, and leave the others to be seen."""
    values = {
        "{имя}": rendering.first_name(chat.buyer_name),
        "{товар}": rendering.title(_title(chat)),
    }
    if promo_code:
        terms = vetting.buyer_terms(promo_code)
        values |= {
            "{код}": terms.code,
            "{процент}": rendering.percent_words(terms),
            "{дата}": rendering.date_words(terms),
            "{условия}": rendering.scope_words(terms, nm_id=chat.nm_id),
        }
    for slot, value in values.items():
        text = text.replace(slot, value or slot)
    return text
