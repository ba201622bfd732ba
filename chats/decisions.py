"""
decide(): accept, edit or skip a suggestion; write(): a reply of one's own.

The decision and the reply it queues are one transaction, and one act of a person
(one ``key``) is one decision however often it arrives. What was decided upon an old
picture of the chat is refused with the news. Until ``due_at`` it can be undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from agentiq.compiled import Compiled, Slot
from agentiq.wb.records import Attachment
from chats import matching, snapshots, waiting
from chats.distance import edit_distance
from chats.models import (
    Chat,
    Decision,
    Message,
    Outgoing,
    OutgoingFile,
    Suggestion,
)
from chats.refusing import Refused, check
from promos.models import Membership, PromoCode

Status = Outgoing.Status
Kind = Decision.Kind
NEWS = 20
_ENDS_WAITING = frozenset({"no_answer_needed", "answered_elsewhere"})
"""Skipped for these reasons, the buyer waits no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
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
        act = _Act(
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
            act = _Act(
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


def _reopened(act: _Act, suggestion: Suggestion) -> _Act:
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


def _take(chat: Chat, act: _Act) -> Decision:
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
        use_case=_use_case(act),
        now=act.now,
    )
    decision = _decision(chat, act, overrode=bool(news))
    if act.suggestion:
        edited = act.kind == Kind.EDIT
        state = Suggestion.State.EDITED if edited else Suggestion.State.ACCEPTED
        act.suggestion.close(state, act.now)
    decision.queued = _queue(chat, act, decision)
    return decision


def _decision(chat: Chat, act: _Act, *, overrode: bool) -> Decision:
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


def _queue(chat: Chat, act: _Act, decision: Decision) -> Outgoing:
    status, reason = Status.QUEUED, "queued"
    if act.copy:
        status = reason = Status.COPIED
    elif chat.seller.dry_run:
        status, reason = Status.DRY, "dry_run"
    waited_since = waiting.answered(chat, now=act.now)
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


def _close_rest(chat: Chat, act: _Act, outgoing: Outgoing) -> None:
    """
    Note the reply's first state, close what it overtook, forget the draft.

    One statement: a reply is written while the chat is locked. At most one suggestion
    is open in a chat, and the one decided upon is closed already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH overtaken AS (
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


def _promo_snapshot(chat: Chat, act: _Act) -> dict[str, Any]:
    """Return the terms that go out, and what made us offer them."""
    if act.promo_code is None:
        return {}
    proposed = act.suggestion
    kept = snapshots.send(act.promo_code, proposed.snapshot if proposed else None)
    kept["trigger"] = {
        "intent": proposed.analysis.intent if proposed else chat.intent,
        "sentiment": proposed.analysis.sentiment if proposed else chat.sentiment,
        "use_case": _use_case(act),
        "auto_suggested": _is_proposed(act),
        "suggestion": proposed.pk if proposed else None,
    }
    return kept


def _is_proposed(act: _Act) -> bool:
    """Say whether the code that goes out is the one that was suggested."""
    if act.suggestion is None or act.promo_code is None:
        return False
    return act.suggestion.promo_code_id == act.promo_code.pk


def _use_case(act: _Act) -> str:
    """Return what the code was suggested for, nothing for one a person chose."""
    return act.suggestion.use_case if act.suggestion and _is_proposed(act) else ""


def _undo_seconds(chat: Chat, act: _Act) -> int:
    """Return how long the reply can be taken back: 0 to 15 seconds."""
    seconds = act.undo_seconds
    if seconds is None and act.operator is not None:
        mine = Membership.objects.filter(seller=chat.seller_id, user=act.operator)
        seconds = mine.values_list("undo_seconds", flat=True).first()
    return min(max(seconds or 0, 0), 15)


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
