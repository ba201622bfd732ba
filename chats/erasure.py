"""
What buyers wrote, erased: one chat on request, old ones by the shop's own period.

Texts, names and files go; that a message came, a reply went out and a code was sent
stays, so that figures and history still add up. A reply on its way keeps its chat
until it is settled: erasing the words while WB may hold them would be a lie.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from chats.models import (
    Analysis,
    Attachment,
    Attempt,
    Chat,
    ChatAct,
    Decision,
    Draft,
    Message,
    Note,
    Outgoing,
    OutgoingFile,
    Presence,
    Suggestion,
)
from promos import audit
from promos.models import Seller, WebhookDelivery

SWEEP = 200
"""Chats a sweep erases at once; the next one goes on."""
ON_ITS_WAY = (
    Outgoing.Status.QUEUED,
    Outgoing.Status.SENDING,
    Outgoing.Status.UNKNOWN,
)


class StillSending(Exception):
    """A reply of the chat is on its way; erase it once that is settled."""


@transaction.atomic
def erase(chat: Chat, *, by: Any, now: datetime) -> None:
    """Erase what the chat says and who wrote it. Raises StillSending."""
    chat = Chat.objects.select_for_update(of=("self",)).get(pk=chat.pk)
    replies = Outgoing.objects.filter(chat=chat)
    if replies.filter(status__in=ON_ITS_WAY).exists():
        raise StillSending
    for model in (Draft, Note, Presence):
        model.objects.filter(chat=chat).delete()
    Attachment.objects.filter(message__chat=chat).delete()
    OutgoingFile.objects.filter(outgoing__chat=chat).delete()
    Message.objects.filter(chat=chat).update(text="")
    Analysis.objects.filter(chat=chat).update(reading={})
    Suggestion.objects.filter(chat=chat).update(text="", plain_text="", snapshot={})
    Decision.objects.filter(chat=chat).update(text="", original="", skip_note="")
    Attempt.objects.filter(outgoing__chat=chat).update(detail="")
    ChatAct.objects.filter(chat=chat).update(reason="", before={})
    replies.update(text="", reason_detail="")
    WebhookDelivery.objects.filter(chat_key=chat.wb_chat_id).delete()
    Chat.objects.filter(pk=chat.pk).update(
        buyer_name="", preview="", reply_sign="", previous_sign=""
    )
    audit.record(chat.seller_id, audit.Kind.ERASURE, chat.wb_chat_id, by=by, at=now)


def erase_old(seller: Seller, *, now: datetime) -> int:
    """Erase chats silent for longer than the shop keeps them; return how many."""
    before = now - timedelta(days=seller.keep_chats_days)
    sending = Outgoing.objects.filter(chat=OuterRef("pk"), status__in=ON_ITS_WAY)
    old = Chat.objects.filter(~Exists(sending), seller=seller, last_at__lt=before)
    old = old.exclude(Q(buyer_name="") & Q(preview="") & Q(reply_sign=""))
    done = 0
    for chat in old.order_by("last_at")[:SWEEP]:
        erase(chat, by=None, now=now)
        done += 1
    return done
