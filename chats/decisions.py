"""
decide(): accept, edit or skip a suggestion; write(): a reply of one's own.

The decision and the reply it queues are one transaction, and one act of a person
(one ``key``) is one decision however often it arrives. What was decided upon an old
picture of the chat is refused with the news. Until ``due_at`` it can be undone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from agentiq.compiled import Compiled, Slot
from agentiq.wb.records import Attachment
from chats import matching, waiting
from chats.distance import edit_distance
from chats.models import (
    Chat,
    Decision,
    Message,
    Outgoing,
    Suggestion,
)
from chats.queueing import Act, queue
from chats.refusing import Refused, check
from promos.models import PromoCode

Status = Outgoing.Status
Kind = Decision.Kind
NEWS = 20
_ENDS_WAITING = frozenset({"no_answer_needed", "answered_elsewhere"})
"""Skipped for these reasons, the buyer waits no longer."""


def decide(
    suggestion: Suggestion,
    *,
    kind: str,
    with_code: bool = True,
    text: str = "",
    promo_code: PromoCode | None = None,
    skip_reason: str = "",
    skip_note: str = "",
    operator: Any,
    key: UUID,
    seen_event_id: str,
    force: bool = False,
    undo_seconds: int | None = None,
    files: Sequence[Attachment] = (),
    copy: bool = False,
    now: datetime,
) -> Decision:
    """
    Return the decision on a suggestion; the same ``key`` again returns the first.

    ``kind`` is accept, edit (then ``text`` goes out), skip, or auto. ``promo_code``
    replaces the proposed one in an edited text. ``seen_event_id`` is the newest event
    the person saw; ``force`` sends although newer ones came. ``undo_seconds`` None is
    the person's own setting. With ``copy`` the text is pasted by hand, not sent.

    Raises Refused.
    """
    with transaction.atomic():
        chat = Chat.objects.select_for_update().get(pk=suggestion.chat_id)
        if made := _made(key):
            return made
        locked = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
        if kind == Kind.SKIP:
            return _skip(
                locked, chat, operator, key, seen_event_id, skip_reason, skip_note, now
            )
        act = _act(locked, kind=kind, with_code=with_code, text=text, code=promo_code)
        act = Act(
            **act,
            operator=operator,
            key=key,
            seen_event_id=seen_event_id,
            force=force,
            undo_seconds=undo_seconds,
            files=files,
            copy=copy,
            now=now,
        )
        return _take(chat, _reopened(act, locked))


def write(
    chat: Chat,
    *,
    text: str,
    promo_code: PromoCode | None = None,
    operator: Any,
    key: UUID,
    seen_event_id: str,
    force: bool = False,
    undo_seconds: int | None = None,
    files: Sequence[Attachment] = (),
    copy: bool = False,
    now: datetime,
) -> Decision:
    """
    Return the decision to send a text of one's own; see ``decide``.

    An open suggestion of the chat is closed as answered. Raises Refused.
    """
    try:
        with transaction.atomic():
            locked = _LOCKED(seller=chat.seller_id, pk=chat.pk)[0]
            locked.seller = chat.seller
            if promo_code and promo_code.code.casefold() not in text.casefold():
                raise Refused("code_not_in_text")
            act = Act(
                kind=Kind.WRITE,
                text=text,
                promo_code=promo_code,
                suggestion=None,
                operator=operator,
                key=key,
                seen_event_id=seen_event_id,
                force=force,
                undo_seconds=undo_seconds,
                files=files,
                copy=copy,
                now=now,
            )
            return _take(locked, act)
    except (IntegrityError, Refused):  # the same act again, told by its key
        if made := _made(key):
            return made
        raise


def queued_by(decision: Decision) -> Outgoing | None:
    """Return the reply a decision queued, None for a skipped suggestion."""
    if decision.kind == Kind.SKIP:
        return None
    made = getattr(decision, "queued", None)  # just now, by this very act
    return made or decision.outgoing.first()


def news_since(chat: Chat, seen_event_id: str) -> list[Message]:
    """
    Return what happened in the chat after an event, oldest first.

    Replies of our own, come back through the feed, are no news.
    """
    if seen_event_id == chat.last_event_id:
        return []
    rows = Message.objects.filter(chat=chat)
    seen = rows.filter(event_id=seen_event_id).first()
    newest = list(rows.order_by("-added_at", "-pk")[: NEWS * 2])
    if seen:
        place = (seen.added_at, seen.pk)
        newest = [one for one in newest if (one.added_at, one.pk) > place]
    foreign = [one for one in newest if not _is_ours(one)]
    return foreign[:NEWS][::-1]


# Taking a decision

_LOCKED = Compiled(
    lambda: Chat.objects.select_for_update().filter(
        seller=Slot("seller"), pk=Slot("pk")
    )
)


def _made(key: UUID) -> Decision | None:
    return Decision.objects.filter(key=key).first()


def _is_ours(message: Message) -> bool:
    if message.sender != Message.Sender.SELLER or message.source != matching.API:
        return False
    replies = Outgoing.objects.filter(chat=message.chat_id)
    texts = replies.exclude(status=Status.CANCELLED).values_list("text", flat=True)
    return any(matching.same_text(text, message.text) for text in texts)


def _act(
    suggestion: Suggestion,
    *,
    kind: str,
    with_code: bool,
    text: str,
    code: PromoCode | None,
) -> dict[str, Any]:
    """Return what goes out: the proposed text, or the person's with its code."""
    chosen = (code or suggestion.promo_code) if with_code else None
    if kind in (Kind.ACCEPT, Kind.AUTO):
        if code and code != suggestion.promo_code:
            raise Refused("no_code")
        text = suggestion.text if chosen else suggestion.plain_text or suggestion.text
    elif chosen and chosen.code.casefold() not in text.casefold():
        chosen = None  # the person took the code out of the text
    original = suggestion.text if chosen else suggestion.plain_text
    if kind == Kind.EDIT and text in (original, suggestion.text):
        kind = Kind.ACCEPT
    return {
        "kind": kind,
        "text": text,
        "promo_code": chosen,
        "suggestion": suggestion,
    }


def _reopened(act: Act, suggestion: Suggestion) -> Act:
    """
    Return the act, of its own standing where the suggestion was overtaken.

    A suggestion has one final state. Whoever sends its text although newer messages
    came writes a reply of their own.
    """
    if suggestion.state == Suggestion.State.SHOWN:
        return act
    overtaken = suggestion.state == Suggestion.State.SUPERSEDED
    if not overtaken:
        raise Refused("closed")
    news = news_since(suggestion.chat, act.seen_event_id)
    if not news and suggestion.closed_reason != "newer_message":
        raise Refused("closed")
    if not act.force:
        raise Refused("stale", news=news)
    return replace(act, kind=Kind.WRITE, suggestion=None)


def _take(chat: Chat, act: Act) -> Decision:
    """Check and store a decision with its reply; the caller holds the locks."""
    news = news_since(chat, act.seen_event_id)
    if news and not act.force:
        raise Refused("stale", news=news)
    check(
        chat,
        text=act.text,
        promo_code=act.promo_code,
        files=act.files,
        copy=act.copy,
        use_case=act.use_case,
        now=act.now,
    )
    decision = _decision(chat, act, overrode=bool(news))
    if act.suggestion:
        edited = act.kind == Kind.EDIT
        state = Suggestion.State.EDITED if edited else Suggestion.State.ACCEPTED
        act.suggestion.close(state, act.now)
    decision.queued = queue(chat, act, decision)
    return decision


def _decision(chat: Chat, act: Act, *, overrode: bool) -> Decision:
    proposed = act.suggestion
    original = ""
    if proposed:
        original = proposed.text if act.promo_code else proposed.plain_text
    return Decision.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        suggestion=proposed,
        key=act.key,
        kind=act.kind,
        with_code=act.promo_code is not None,
        original=original,
        text=act.text,
        edit_distance=edit_distance(original, act.text) if proposed else None,
        operator=act.operator,
        decided_at=act.now,
        seconds=_seconds(proposed, act.now),
        overrode_newer=overrode,
    )


def _seconds(suggestion: Suggestion | None, now: datetime) -> int | None:
    if suggestion is None:
        return None
    return max(int((now - suggestion.created_at).total_seconds()), 0)


def _skip(
    suggestion: Suggestion,
    chat: Chat,
    operator: Any,
    key: UUID,
    seen_event_id: str,
    reason: str,
    note: str,
    now: datetime,
) -> Decision:
    """Close the suggestion unsent. The buyer waits on unless no answer is needed."""
    if suggestion.state != Suggestion.State.SHOWN:
        raise Refused("closed", news=news_since(chat, seen_event_id))
    suggestion.close(Suggestion.State.SKIPPED, now)
    decision = Decision.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        suggestion=suggestion,
        key=key,
        kind=Kind.SKIP,
        original=suggestion.text,
        skip_reason=reason,
        skip_note=note[:300],
        operator=operator,
        decided_at=now,
        seconds=_seconds(suggestion, now),
    )
    chat.changed_at = now
    chat.save(update_fields=["changed_at"])
    if reason in _ENDS_WAITING and not news_since(chat, seen_event_id):
        waiting.answered(chat, now=now)
    return decision
