"""record(): a code went out; chats calls it once WB took the message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from promos import audit, ledger
from promos.models import PromoCode, PromoCodeSend


def record(
    *,
    promo_code: PromoCode,
    snapshot: Mapping[str, Any],
    chat_id: str,
    message_id: str,
    sent_at: datetime,
    intent: str,
    sentiment: str,
    use_case: str,
    nm_id: int | None,
    operator: Any,
    decision: str,
    answer_seconds: int | None,
    key: UUID,
    auto_suggested: bool,
    operator_approved: bool,
) -> PromoCodeSend:
    """
    Return the row of a code that went out; the same ``key`` again is the same row.

    ``chat_id`` and ``message_id`` are WB's; the second may be empty until the feed
    shows the message (see ``link``). ``snapshot`` keeps the terms as they were sent.
    """
    with transaction.atomic():
        send, created = PromoCodeSend.objects.get_or_create(
            outgoing_key=key,
            defaults={
                "seller_id": promo_code.seller_id,
                "promo_code": promo_code,
                "snapshot": dict(snapshot),
                "chat_id": chat_id,
                "message_id": message_id,
                "sent_at": sent_at,
                "trigger_intent": intent,
                "trigger_sentiment": sentiment,
                "use_case": use_case,
                "nm_id": nm_id,
                "operator": operator,
                "decision": decision,
                "answer_seconds": answer_seconds,
                "auto_suggested": auto_suggested,
                "operator_approved": operator_approved,
            },
        )
        if created:
            # From here on the code's terms are history: a change makes a new version.
            PromoCode.objects.filter(pk=promo_code.pk, first_sent_at=None).update(
                first_sent_at=sent_at
            )
            ledger.count(send)
            audit.record(
                promo_code.seller_id,
                audit.Kind.SEND,
                promo_code.code,
                by=operator,
                at=sent_at,
                detail=chat_id,
            )
    return send


def link(key: UUID, message_id: str) -> None:
    """Name the event by which WB showed the message of a send, if there is one."""
    PromoCodeSend.objects.filter(outgoing_key=key, message_id="").update(
        message_id=message_id
    )
