"""
queue(): what somebody decided to send becomes a reply in the outbox.

The reply, the end of the buyer's wait and what the reply overtakes are written while
the chat is locked, in the transaction of the decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from agentiq.wb.records import Attachment
from chats import snapshots, waiting
from chats.models import Chat, Decision, Outgoing, OutgoingFile, Suggestion
from promos.models import Membership, PromoCode

Status = Outgoing.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person (or auto-send, without one) wants to happen."""

    kind: str
    text: str
    promo_code: PromoCode | None
    suggestion: Suggestion | None
    operator: Any
    key: UUID
    seen_event_id: str
    force: bool
    undo_seconds: int | None
    files: Sequence[Attachment]
    copy: bool
    now: datetime

    @property
    def is_proposed(self) -> bool:
        """Whether the code that goes out is the one that was suggested."""
        if self.suggestion is None or self.promo_code is None:
            return False
        return self.suggestion.promo_code_id == self.promo_code.pk

    @property
    def use_case(self) -> str:
        """What the code was suggested for, nothing for one a person chose."""
        if self.suggestion is None or not self.is_proposed:
            return ""
        return self.suggestion.use_case


def queue(chat: Chat, act: Act, decision: Decision) -> Outgoing:
    """Put the reply of a decision into the outbox; the caller holds the chat."""
    status, reason = Status.QUEUED, "queued"
    if act.copy:
        status = reason = Status.COPIED
    elif chat.seller.dry_run:
        status, reason = Status.DRY, "dry_run"
    waited_since = waiting.ended(chat, now=act.now)
    outgoing = Outgoing.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        decision=decision,
        key=act.key,
        text=act.text,
        promo_code=act.promo_code,
        promo_snapshot=_promo_snapshot(chat, act),
        operator=act.operator,
        status=status,
        reason=reason,
        due_at=act.now + timedelta(seconds=_undo_seconds(chat, act)),
        waited_since=waited_since,
    )
    for file in act.files:
        OutgoingFile.objects.create(
            seller_id=chat.seller_id,
            outgoing=outgoing,
            name=file.name[:200],
            content_type=file.content_type,
            content=file.content,
        )
    _close_rest(chat, act, outgoing)
    return outgoing


def _close_rest(chat: Chat, act: Act, outgoing: Outgoing) -> None:
    """
    Note the reply's first state, end the wait, close what it overtook, drop the draft.

    One statement: a reply is written while the chat is locked. At most one suggestion
    is open in a chat, and the one decided upon is closed already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH answered AS (
                UPDATE chats_chat SET waiting_since = NULL, due_at = NULL,
                    changed_at = %(now)s
                WHERE id = %(chat)s
            ), overtaken AS (
                UPDATE chats_suggestion SET state = 'superseded',
                    closed_at = %(now)s, closed_reason = 'answered'
                WHERE chat_id = %(chat)s AND state = 'shown'
            ), sent AS (
                DELETE FROM chats_draft
                WHERE chat_id = %(chat)s AND operator_id = %(operator)s
            )
            INSERT INTO chats_outgoingchange
                (seller_id, outgoing_id, status, reason, detail, actor_id, at)
            VALUES (%(seller)s, %(outgoing)s, %(status)s, %(reason)s, '',
                %(operator)s, %(now)s)
            """,
            {
                "chat": chat.pk,
                "seller": chat.seller_id,
                "outgoing": outgoing.pk,
                "status": str(outgoing.status),
                "reason": str(outgoing.reason),
                "operator": act.operator.pk if act.operator is not None else None,
                "now": act.now,
            },
        )


def _promo_snapshot(chat: Chat, act: Act) -> dict[str, Any]:
    """Return the terms that go out, and what made us offer them."""
    if act.promo_code is None:
        return {}
    proposed = act.suggestion
    kept = snapshots.send(act.promo_code, proposed.snapshot if proposed else None)
    kept["trigger"] = {
        "intent": proposed.analysis.intent if proposed else chat.intent,
        "sentiment": proposed.analysis.sentiment if proposed else chat.sentiment,
        "use_case": act.use_case,
        "auto_suggested": act.is_proposed,
        "suggestion": proposed.pk if proposed else None,
    }
    return kept


def _undo_seconds(chat: Chat, act: Act) -> int:
    """Return how long the reply can be taken back: 0 to 15 seconds."""
    seconds = act.undo_seconds
    if seconds is None and act.operator is not None:
        mine = Membership.objects.filter(seller=chat.seller_id, user=act.operator)
        seconds = mine.values_list("undo_seconds", flat=True).first()
    return min(max(seconds or 0, 0), 15)
