"""
What becomes of a reply: its state, the reason and the time of each change.

Whoever calls holds the reply's lock and is in a transaction: the buyer's wait, the
code that went out and what other systems are told change with it, or nothing does.
"""

from datetime import datetime, timedelta
from typing import Any

from agentiq.wb.errors import WbError
from chats import live, waiting
from chats.models import Attempt, Chat, Decision, FeedCursor, Outgoing, OutgoingChange
from promos import sends, webhooks
from promos.models import Webhook

Status = Outgoing.Status
DETAIL = 500


def change(
    outgoing: Outgoing,
    status: str,
    reason: str,
    *,
    now: datetime,
    detail: str = "",
    actor: Any = None,
) -> None:
    """Give a reply a new state with its reason; the caller holds its lock."""
    outgoing.status, outgoing.reason = status, reason
    outgoing.reason_detail = detail[:DETAIL]
    outgoing.save(update_fields=["status", "reason", "reason_detail"])
    OutgoingChange.objects.create(
        seller_id=outgoing.seller_id,
        outgoing=outgoing,
        status=status,
        reason=reason,
        detail=detail[:DETAIL],
        actor=actor,
        at=now,
    )
    live.bump(outgoing.seller_id)


def sent(
    outgoing: Outgoing,
    reason: str,
    *,
    at: datetime,
    now: datetime,
    detail: str = "",
    actor: Any = None,
) -> None:
    """Make a reply sent, and record its code, in the caller's transaction."""
    outgoing.sent_at = at
    outgoing.save(update_fields=["sent_at"])
    change(outgoing, Status.SENT, reason, now=now, detail=detail, actor=actor)
    chat = Chat.objects.select_for_update().get(pk=outgoing.chat_id)
    if outgoing.promo_code:
        _record(outgoing, chat)
        chat.code_sent_at = at
        chat.save(update_fields=["code_sent_at"])
    waiting.mark_failed(chat, now=now)
    _tell(outgoing, chat, Webhook.Kind.MESSAGE_SENT, now)


def failed(
    outgoing: Outgoing,
    reason: str,
    *,
    now: datetime,
    detail: str = "",
    actor: Any = None,
) -> None:
    """Make a reply failed: the buyer waits again. The caller holds its lock."""
    change(outgoing, Status.FAILED, reason, now=now, detail=detail, actor=actor)
    chat = Chat.objects.select_for_update().get(pk=outgoing.chat_id)
    waiting.again(chat, now=now)
    waiting.mark_failed(chat, now=now)
    _tell(outgoing, chat, Webhook.Kind.MESSAGE_FAILED, now)


def requeue(
    outgoing: Outgoing,
    reason: str,
    *,
    now: datetime,
    wait: timedelta = timedelta(0),
    detail: str = "",
) -> None:
    """Let a reply wait for its turn, from now on or later."""
    outgoing.due_at = now + wait
    outgoing.save(update_fields=["due_at"])
    change(outgoing, Status.QUEUED, reason, now=now, detail=detail)


def locked(pk: int) -> Outgoing:
    """Return a reply with all that goes with it, its own row locked."""
    rows = Outgoing.objects.select_for_update(of=("self",))
    related = ("chat", "seller", "promo_code", "operator", "decision")
    return rows.select_related(*related).get(pk=pk)


def close(attempt: Attempt, outcome: str, now: datetime, error: WbError | None) -> None:
    """End an attempt: what came of it, and how often the feed had been read."""
    attempt.outcome, attempt.finished_at = outcome, now
    attempt.polls_then = _polls(attempt.seller_id)
    if error is not None:
        attempt.http_status = error.status
        attempt.detail = error.message[:DETAIL]
        attempt.request_id = error.request_id[:100]
    attempt.save()


def _tell(outgoing: Outgoing, chat: Chat, kind: str, now: datetime) -> None:
    """Tell other systems, in the transaction of the fact."""
    payload = {
        "outgoing": outgoing.pk,
        "chat_id": chat.wb_chat_id,
        "status": outgoing.status,
        "reason": outgoing.reason,
        "detail": outgoing.reason_detail,
        "promo_code": outgoing.promo_code.code if outgoing.promo_code else None,
        "at": now.isoformat(),
    }
    webhooks.emit(outgoing.seller, kind, payload, chat.wb_chat_id, now=now)


def _record(outgoing: Outgoing, chat: Chat) -> None:
    trigger = outgoing.promo_snapshot.get("trigger", {})
    kind = outgoing.decision.kind if outgoing.decision else ""
    since, at = outgoing.waited_since, outgoing.sent_at
    sends.record(
        promo_code=outgoing.promo_code,
        snapshot=outgoing.promo_snapshot,
        chat_id=chat.wb_chat_id,
        message_id=outgoing.message.event_id if outgoing.message else "",
        sent_at=at,
        intent=trigger.get("intent", ""),
        sentiment=trigger.get("sentiment", ""),
        use_case=trigger.get("use_case", ""),
        nm_id=chat.nm_id,
        operator=outgoing.operator,
        decision=kind,
        answer_seconds=max(int((at - since).total_seconds()), 0) if since else None,
        key=outgoing.key,
        auto_suggested=bool(trigger.get("auto_suggested")),
        operator_approved=kind != Decision.Kind.AUTO,
    )


def _polls(seller_id: int) -> int:
    cursor = FeedCursor.objects.filter(seller=seller_id).values_list("polls", flat=True)
    return cursor.first() or 0
