"""
What a person still decides about a reply once it is queued.

undo(): taken back in time; retry(): a failed one sent again; resolve_unknown(): nobody
knows whether it arrived; confirm_copy(): pasted by hand. Each locks the reply first,
so that the outbox and a person never both have it.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from chats import states, waiting
from chats.models import Chat, Draft, Outgoing
from chats.refusing import Refused, check_code, check_limits, made_for

Status = Outgoing.Status


def undo(outgoing: Outgoing, *, operator: Any, now: datetime) -> bool:
    """
    Take a reply back that is not being sent yet; False when it is too late.

    The text returns to the draft of ``operator``, and the buyer waits again.
    """
    with transaction.atomic():
        locked = _locked(outgoing)
        if locked.status not in (Status.QUEUED, Status.COPIED):
            return False
        states.change(locked, Status.CANCELLED, "undone", now=now, actor=operator)
        chat = Chat.objects.select_for_update().get(pk=locked.chat_id)
        waiting.again(chat, now=now)
        waiting.mark_failed(chat, now=now)
        if operator is not None and locked.text:
            _to_draft(chat, operator, locked.text, now)
    outgoing.refresh_from_db()
    return True


def retry(outgoing: Outgoing, *, operator: Any, now: datetime) -> Outgoing:
    """Queue a failed reply again: a real attempt follows. Raises Refused."""
    with transaction.atomic():
        locked = _locked(outgoing)
        if locked.status in (Status.QUEUED, Status.SENDING, Status.UNKNOWN):
            raise Refused("in_progress")
        if locked.status != Status.FAILED:
            raise Refused("not_open")
        if locked.promo_code:
            check_code(locked.promo_code, now)
            check_limits(
                locked.seller,
                locked.promo_code,
                use_case=made_for(locked.promo_snapshot),
                now=now,
            )
        _queue_again(locked, operator, now)
    return locked


def resolve_unknown(
    outgoing: Outgoing, *, outcome: str, operator: Any, now: datetime
) -> Outgoing:
    """
    Decide by hand upon a reply whose delivery is unknown.

    ``outcome``: sent (a person saw it in the cabinet), retry, or drop. Raises Refused.
    """
    with transaction.atomic():
        locked = _locked(outgoing)
        if locked.status != Status.UNKNOWN:
            raise Refused("not_open")
        if outcome == "sent":
            states.sent(locked, "confirmed_by_hand", at=now, now=now, actor=operator)
        elif outcome == "retry":
            _queue_again(locked, operator, now)
        elif outcome == "drop":
            states.failed(locked, "dropped_by_hand", now=now, actor=operator)
        else:
            raise ValueError(f"no such outcome: {outcome}")
    return locked


def confirm_copy(
    outgoing: Outgoing, *, was_sent: bool, operator: Any, now: datetime
) -> Outgoing:
    """Answer «Отправлено?» of a copied reply. Raises Refused when it is settled."""
    with transaction.atomic():
        locked = _locked(outgoing)
        if locked.status != Status.COPIED:
            raise Refused("not_open")
        if was_sent:
            states.sent(locked, "copy_confirmed", at=now, now=now, actor=operator)
        else:
            states.change(
                locked, Status.CANCELLED, "copy_dropped", now=now, actor=operator
            )
            chat = Chat.objects.select_for_update().get(pk=locked.chat_id)
            waiting.again(chat, now=now)
    return locked


def _locked(outgoing: Outgoing) -> Outgoing:
    rows = Outgoing.objects.select_for_update(of=("self",))
    related = ("chat", "seller", "promo_code", "operator", "decision")
    return rows.select_related(*related).get(pk=outgoing.pk)


def _queue_again(outgoing: Outgoing, operator: Any, now: datetime) -> None:
    outgoing.due_at = now
    outgoing.save(update_fields=["due_at"])
    states.change(outgoing, Status.QUEUED, "retried", now=now, actor=operator)
    chat = Chat.objects.select_for_update().get(pk=outgoing.chat_id)
    waiting.answered(chat, now=now)
    waiting.mark_failed(chat, now=now)


def _to_draft(chat: Chat, operator: Any, text: str, now: datetime) -> None:
    """Put the text back where it was written; what was typed since stays below."""
    draft, created = Draft.objects.get_or_create(
        chat=chat,
        operator=operator,
        defaults={"seller_id": chat.seller_id, "text": text, "updated_at": now},
    )
    if not created and draft.text != text:
        draft.text = f"{text}\n\n{draft.text}".strip()
        draft.updated_at = now
        draft.save(update_fields=["text", "updated_at"])
