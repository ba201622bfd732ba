"""
What an operator with AgentIQ would have made of the chats of ninety days.

Each old turn gets the suggestion that ``suggestions.suggest`` makes at that moment;
a seeded draw decides what the operator did with it. Decision, reply, attempt and
send are then written as the outbox would have left them, at their own times.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from random import Random

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from chats import snapshots, suggestions
from chats.demo.people import Said, Story
from chats.models import (
    Analysis,
    Attempt,
    Chat,
    Decision,
    Message,
    Outgoing,
    OutgoingChange,
    Suggestion,
)
from promos import sends
from promos.models import PromoCode, PromoCodeSend, Seller

SKIPPED = ("wrong_meaning", "wrong_code", "poor_wording")


@dataclass(frozen=True)
class Act:
    """What the operator did with a suggestion, and the text that went out."""

    kind: Decision.Kind
    text: str
    promo_code: PromoCode | None


def replay(seller: Seller, told: Iterable[Story]) -> list[Story]:
    """
    Answer the stories of the past; return them with the answers as they were sent.

    The caller is in the seller's scope and has received the buyers' first turns.
    """
    operator = get_user_model().objects.get(username="operator")
    chats = {chat.wb_chat_id: chat for chat in Chat.objects.filter(seller=seller)}
    drawn = Random(11)
    return [
        story
        if story.answer is None
        else _replay(story, chats[story.chat_id], operator, drawn)
        for story in told
    ]


def ask(seller: Seller, now: datetime) -> int:
    """Make the suggestions of the chats that still wait; return how many."""
    waiting = Chat.objects.waiting().filter(seller=seller)
    return sum(suggestions.suggest(chat, now=now) is not None for chat in waiting)


def link(seller: Seller) -> None:
    """Name the feed's message of each reply that was sent, on reply and send."""
    replies = Outgoing.objects.filter(
        seller=seller, message=None, sent_at__isnull=False
    )
    shown = {
        (chat, text): (pk, event_id)
        for pk, chat, text, event_id in Message.objects.filter(
            seller=seller, sender=Message.Sender.SELLER
        ).values_list("pk", "chat", "text", "event_id")
    }
    for reply in replies:
        found = shown.pop((reply.chat_id, reply.text), None)
        if found:
            reply.message_id = found[0]
            reply.save(update_fields=["message"])
            sends.link(reply.key, found[1])


@transaction.atomic
def _replay(
    story: Story, chat: Chat, operator: AbstractBaseUser, drawn: Random
) -> Story:
    asked, first = story.turn[-1], story.answer
    assert first is not None
    suggestion = suggestions.suggest(chat, now=asked.at + timedelta(seconds=2))
    if suggestion is not None:
        _backdate(suggestion, asked.at + timedelta(seconds=2))
        if first.who == "shop":
            act = _act(suggestion, first.text, drawn)
            _decide(suggestion, act, story, first.at, operator, drawn)
            story = story.answering(act.text)
        else:
            superseded = Suggestion.State.SUPERSEDED
            suggestion.close(superseded, first.at, "answered_elsewhere")
    for said in story.lines[len(story.turn) + 1 :]:
        if said.who == "shop":
            _write(chat, said, story, operator)
    return story


def _backdate(suggestion: Suggestion, at: datetime) -> None:
    Suggestion.objects.filter(pk=suggestion.pk).update(created_at=at)
    Analysis.objects.filter(pk=suggestion.analysis_id).update(created_at=at)
    suggestion.created_at = at


def _act(suggestion: Suggestion, scripted: str, drawn: Random) -> Act:
    """Draw what the operator does: most suggestions are taken, some changed."""
    chance = drawn.random()
    if suggestion.is_escalation:
        return Act(Decision.Kind.EDIT, scripted, None)
    if suggestion.promo_code is None:
        if chance < 0.5:
            return Act(Decision.Kind.ACCEPT, suggestion.text, None)
        kind = Decision.Kind.EDIT if chance < 0.85 else Decision.Kind.SKIP
        return Act(kind, scripted, None)
    if chance < 0.66:
        return Act(Decision.Kind.ACCEPT, suggestion.text, suggestion.promo_code)
    if chance < 0.78:
        changed = suggestion.text.replace("Здравствуйте", "Добрый день", 1)
        text = f"{changed}\n\nЕсли появятся вопросы, пишите."
        return Act(Decision.Kind.EDIT, text, suggestion.promo_code)
    if chance < 0.92:
        return Act(Decision.Kind.ACCEPT, suggestion.plain_text, None)
    return Act(Decision.Kind.SKIP, scripted, None)


def _decide(
    suggestion: Suggestion,
    act: Act,
    story: Story,
    at: datetime,
    operator: AbstractBaseUser,
    drawn: Random,
) -> None:
    """Write the decision and, unless skipped, the reply it sent."""
    states = {
        Decision.Kind.ACCEPT: Suggestion.State.ACCEPTED,
        Decision.Kind.EDIT: Suggestion.State.EDITED,
        Decision.Kind.SKIP: Suggestion.State.SKIPPED,
    }
    suggestion.close(states[act.kind], at, act.kind.value)
    shown = suggestion.text if act.promo_code else suggestion.plain_text
    skipped = act.kind == Decision.Kind.SKIP
    decision = Decision.objects.create(
        seller_id=suggestion.seller_id,
        chat_id=suggestion.chat_id,
        suggestion=suggestion,
        key=_key(story, at, "decision"),
        kind=act.kind,
        with_code=act.promo_code is not None,
        original=shown,
        text="" if skipped else act.text,
        edit_distance=None if skipped else _distance(shown, act.text),
        skip_reason=drawn.choice(SKIPPED) if skipped else "",
        operator=operator,
        decided_at=at - timedelta(seconds=6),
        seconds=max(3, int((at - suggestion.created_at).total_seconds())),
    )
    if skipped:
        answer = replace(story.answer, text=act.text)
        _write(suggestion.chat, answer, story, operator, since=story.turn[0].at)
        return
    reply = _reply(
        decision, act.text, act.promo_code, at, suggestion, since=story.turn[0].at
    )
    if act.promo_code:
        _record(suggestion, decision, reply, story, at)


def _write(
    chat: Chat,
    said: Said,
    story: Story,
    operator: AbstractBaseUser,
    since: datetime | None = None,
) -> None:
    """A reply written by hand, without a suggestion."""
    decision = Decision.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        key=_key(story, said.at, "written"),
        kind=Decision.Kind.WRITE,
        text=said.text,
        operator=operator,
        decided_at=said.at - timedelta(seconds=6),
    )
    _reply(decision, said.text, None, said.at, None, since=since)


def _reply(
    decision: Decision,
    text: str,
    promo_code: PromoCode | None,
    at: datetime,
    suggestion: Suggestion | None,
    *,
    since: datetime | None,
) -> Outgoing:
    """
    Write a reply that WB took at ``at``, with its one attempt.

    ``since`` is when the buyer began to wait; None when nobody did.
    """
    made = suggestion.snapshot if suggestion else None
    reply = Outgoing.objects.create(
        seller_id=decision.seller_id,
        chat_id=decision.chat_id,
        decision=decision,
        key=uuid.uuid5(decision.key, "outgoing"),
        text=text,
        promo_code=promo_code,
        promo_snapshot=snapshots.send(promo_code, made) if promo_code else {},
        operator=decision.operator,
        status=Outgoing.Status.SENT,
        due_at=at - timedelta(seconds=1),
        sent_at=at,
        waited_since=since,
    )
    Outgoing.objects.filter(pk=reply.pk).update(created_at=decision.decided_at)
    Attempt.objects.create(
        seller_id=reply.seller_id,
        outgoing=reply,
        started_at=at - timedelta(seconds=1),
        finished_at=at,
        outcome=Attempt.Outcome.ACCEPTED,
        http_status=200,
        wb_added_at=at,
    )
    steps = (
        (Outgoing.Status.QUEUED, decision.decided_at),
        (Outgoing.Status.SENDING, at - timedelta(seconds=1)),
        (Outgoing.Status.SENT, at),
    )
    OutgoingChange.objects.bulk_create(
        OutgoingChange(
            seller_id=reply.seller_id, outgoing=reply, status=status, at=moment
        )
        for status, moment in steps
    )
    return reply


def _record(
    suggestion: Suggestion,
    decision: Decision,
    reply: Outgoing,
    story: Story,
    at: datetime,
) -> PromoCodeSend:
    analysis = suggestion.analysis
    sent = sends.record(
        promo_code=reply.promo_code,
        snapshot=reply.promo_snapshot,
        chat_id=story.chat_id,
        message_id="",
        sent_at=at,
        intent=analysis.intent,
        sentiment=analysis.sentiment,
        use_case=suggestion.use_case,
        nm_id=story.good.nm_id,
        operator=decision.operator,
        decision=decision.kind,
        answer_seconds=int((at - story.turn[0].at).total_seconds()),
        key=reply.key,
        auto_suggested=True,
        operator_approved=True,
    )
    Chat.objects.filter(pk=suggestion.chat_id).update(code_sent_at=at)
    return sent


def _key(story: Story, at: datetime, what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{story.chat_id}/{at.isoformat()}/{what}")


def _distance(shown: str, sent: str) -> float:
    """0 for the same text, 1 for one that shares nothing with it."""
    return round(1 - SequenceMatcher(None, shown, sent).ratio(), 3)
