"""
suggest(): reads the buyer's turn, asks promos for a code, and words the reply.

A suggestion is bound to the newest event it knew; anything newer overtakes it. All
it rests on is kept in its snapshot, so that the card can be rebuilt a year later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from chats import analyzer, live, llm, replies, snapshots, tellings, vetting, wordings
from chats.analyzer import Context, Good, Line, Reading, Turn
from chats.analyzer.taxonomy import APOLOGY
from chats.llm import Opinion
from chats.models import Analysis, Chat, Decision, Message, Outgoing, Suggestion
from chats.policy import outbound
from chats.policy.rendering import TemplateError
from chats.replies import NoTemplate, Reply, Variant
from promos import offers, webhooks
from promos.models import Product, PromoCode, Seller, Webhook
from promos.offers import Offer

TURN = 20
"""Unanswered messages that are read together; older ones are history."""
HISTORY = 20
UNSAFE_FOR = timedelta(days=30)
PROBLEM_FOR = timedelta(days=14)
BOUGHT = frozenset(
    {
        *(intent.value for intent in APOLOGY),
        "delivery_status",
        "order_cancel",
        "usage_instruction",
        "positive_feedback",
    }
)
"""Intents of somebody who has the article or waits for it."""
ANSWERING = (
    Outgoing.Status.QUEUED,
    Outgoing.Status.SENDING,
    Outgoing.Status.UNKNOWN,
    Outgoing.Status.SENT,
    Outgoing.Status.DRY,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A buyer's turn with what was said before it, oldest first."""

    messages: tuple[Message, ...]
    history: tuple[Message, ...]
    event_id: str

    @property
    def last(self) -> Message:
        """The message whose analysis this turn's is."""
        return self.messages[-1]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What earlier readings of the chat say about offering a code now."""

    flags: tuple[str, ...]
    had_problem: bool
    has_bought: bool


def suggest(chat: Chat, *, now: datetime) -> Suggestion | None:
    """
    Return the suggestion for the buyer's newest turn, made now if there is none.

    None when nothing waits for an answer; an open suggestion is then closed. Safe to
    call at any moment and any number of times, by any number of workers.
    """
    while True:
        seller = Seller.objects.get(pk=chat.seller_id)
        asked = turn_of(chat)
        if asked is None:
            return _nothing_to_answer(chat, now)
        made = _made(chat, asked.event_id)
        if made:
            return made
        turn, context = question(chat, asked)
        reading = analyzer.analyze(turn, context)
        opinion = llm.consult(reading, turn, context, now=now)
        with transaction.atomic():
            locked = Chat.objects.select_for_update().get(pk=chat.pk)
            newest = turn_of(locked)
            if newest is None or newest.event_id != asked.event_id:
                chat = locked
                continue  # the chat moved on while it was being read
            made = _made(locked, asked.event_id)
            if made:
                return made
            return _suggest(locked, seller, asked, opinion, now)


def turn_of(chat: Chat) -> Asked | None:
    """Return the buyer's unanswered messages, None when there are none."""
    newest = _newest(chat)
    if not newest:
        return None
    decided = _answered_at(chat)
    start = len(newest)
    for place in range(len(newest) - 1, -1, -1):
        message = newest[place]
        if message.sender == Message.Sender.SELLER:
            break
        if message.is_from_buyer:
            if decided and message.stored_at <= decided:
                break
            start = place
    turn = tuple(one for one in newest[start:] if one.is_from_buyer)[-TURN:]
    if not turn:
        return None
    return Asked(turn, tuple(newest[:start]), newest[-1].event_id)


def asked_of(chat: Chat) -> Asked:
    """Return the turn with what was said before it; an empty turn when answered."""
    return turn_of(chat) or Asked((), tuple(_newest(chat)), chat.last_event_id)


def _newest(chat: Chat) -> list[Message]:
    rows = Message.objects.filter(chat=chat).order_by("-added_at", "-pk")
    return list(rows[: TURN + HISTORY])[::-1]


def expire(*, now: datetime) -> list[int]:
    """Close open suggestions whose code ended, stopped or has other terms now."""
    ended = Q(promo_code__expires_at__lte=now) | Q(promo_code__is_active=False)
    ended |= Q(promo_code__replaced_by__isnull=False) | Q(promo_code__is_leaked=True)
    chats = []
    open_ones = Suggestion.objects.open().filter(ended)
    for pk, chat_id in open_ones.values_list("pk", "chat_id"):
        with transaction.atomic():
            Chat.objects.select_for_update().get(pk=chat_id)
            row = Suggestion.objects.open().select_for_update().filter(pk=pk).first()
            if row:
                row.close(Suggestion.State.EXPIRED, now, "code_ended")
                chats.append(chat_id)
    return chats


def _answered_at(chat: Chat) -> datetime | None:
    """Return when the newest reply that stands was decided, None for none."""
    decided = Decision.objects.filter(chat=chat, outgoing__status__in=ANSWERING)
    newest = decided.order_by("-decided_at").values_list("decided_at", flat=True)
    return newest.first()


def considered(chat: Chat, *, now: datetime) -> tuple[Offer, str] | None:
    """
    Return what would be offered now for the newest turn that was read, and why.

    Writes nothing. None where no turn was read yet.
    """
    rows = Analysis.objects.filter(chat=chat).select_related("message")
    analysis = rows.order_by("-message__added_at", "-pk").first()
    if analysis is None:
        return None
    last, reading = analysis.message, Reading.from_dict(analysis.reading)
    turn = {last.pk, *analysis.message_ids}
    history = tuple(one for one in _newest(chat) if one.pk not in turn)
    asked = Asked((last,), history, last.event_id)
    dialogue = _dialogue(chat, asked, reading, now)
    seller = Seller.objects.get(pk=chat.seller_id)
    return _offered(chat, seller, reading, dialogue, now)


def _made(chat: Chat, event_id: str) -> Suggestion | None:
    """Return the suggestion that answers this event; an expired one does not count."""
    rows = Suggestion.objects.filter(chat=chat, event_id=event_id)
    return rows.exclude(state=Suggestion.State.EXPIRED).order_by("-pk").first()


def _nothing_to_answer(chat: Chat, now: datetime) -> None:
    with transaction.atomic():
        locked = Chat.objects.select_for_update().get(pk=chat.pk)
        if turn_of(locked) is None:
            for row in Suggestion.objects.open().filter(chat=locked):
                row.close(Suggestion.State.SUPERSEDED, now, "answered")


def question(chat: Chat, asked: Asked) -> tuple[Turn, Context]:
    """Return the turn and its context as the analyser takes them."""
    product = _product(chat)
    authors = {Message.Sender.BUYER: "buyer", Message.Sender.SELLER: "seller"}
    history = tuple(
        Line(authors.get(line.sender, "wb"), line.text, line.added_at)
        for line in asked.history
    )
    good = Good(product.title if product else "", chat.nm_id)
    return Turn(tuple(m.text for m in asked.messages)), Context(history, good)


def _product(chat: Chat) -> Product | None:
    if chat.nm_id is None:
        return None
    return Product.objects.filter(seller_id=chat.seller_id, nm_id=chat.nm_id).first()


def _suggest(
    chat: Chat, seller: Seller, asked: Asked, opinion: Opinion, now: datetime
) -> Suggestion:
    """Make the suggestion; the caller holds the chat's lock."""
    reading = opinion.reading
    dialogue = _dialogue(chat, asked, reading, now)
    analysis = _keep(chat, asked, reading)
    _mark(chat, reading, dialogue, now)
    offer, reason = _offered(chat, seller, reading, dialogue, now)
    wording = _Wording(chat, seller, asked, opinion, dialogue, offer, now)
    plain = wording.plain()
    with_code = wording.with_code() if offer.chosen else None
    if offer.chosen and with_code is None:
        reason = "unsayable"
        offer = offers.without_code(offer, reason)
    code = offer.chosen if with_code else None
    for row in Suggestion.objects.open().filter(chat=chat):
        row.close(Suggestion.State.SUPERSEDED, now, "newer_message")
    shown = with_code or plain
    made = Suggestion.objects.create(
        seller=seller,
        chat=chat,
        analysis=analysis,
        event_id=asked.event_id,
        text=shown.text,
        plain_text=plain.text,
        template_id=shown.template_id,
        variant=shown.variant,
        plain_variant=plain.variant,
        promo_code=code,
        use_case=offer.rule.use_case.value if offer.rule and code else "",
        reason=reason,
        snapshot=snapshots.suggestion(
            seller=seller,
            reading=reading,
            messages=asked.messages,
            offer=offer,
            reason=reason,
            flags=dialogue.flags,
            now=now,
        )
        | llm.kept(opinion, shown.variant),
        is_escalation=bool(dialogue.flags),
    )
    kind = Webhook.Kind.SUGGESTION_MADE
    webhooks.emit(seller, kind, tellings.suggested(made), chat.wb_chat_id, now=now)
    live.bump(seller.pk)
    return made


def _dialogue(chat: Chat, asked: Asked, reading: Reading, now: datetime) -> Dialogue:
    """Return what the last weeks of the chat say, messages never analysed included."""
    earlier = Analysis.objects.filter(
        chat=chat, message__added_at__gte=now - UNSAFE_FOR
    ).exclude(message=asked.last)
    flags = dict.fromkeys(flag.value for flag in reading.flags)
    seen = {message.pk for message in asked.messages}
    had_problem = has_bought = False
    rows = earlier.values_list(
        "intent", "sentiment", "reading", "message_ids", "message__added_at"
    )
    for intent, sentiment, stored, message_ids, at in rows:
        flags |= dict.fromkeys(stored.get("flags", ()))
        seen.update(message_ids)
        recent = at >= now - PROBLEM_FOR
        had_problem |= recent and intent in APOLOGY and sentiment == "negative"
        has_bought |= intent in BOUGHT
    unread = [
        (line.text, None)
        for line in asked.history
        if line.is_from_buyer and line.pk not in seen
        if line.added_at >= now - UNSAFE_FOR
    ]
    for one in analyzer.analyze_many(unread):
        flags |= dict.fromkeys(flag.value for flag in one.flags)
        has_bought |= one.intent in BOUGHT
    return Dialogue(tuple(flags), had_problem, has_bought)


def _keep(chat: Chat, asked: Asked, reading: Reading) -> Analysis:
    analysis, _ = Analysis.objects.update_or_create(
        message=asked.last,
        defaults={
            "seller_id": chat.seller_id,
            "chat": chat,
            "intent": reading.intent.value,
            "sentiment": reading.sentiment.value,
            "scenario": reading.scenario.value,
            "intent_confidence": reading.intent_confidence,
            "sentiment_confidence": reading.sentiment_confidence,
            "scenario_confidence": reading.scenario_confidence,
            "confident": reading.confident,
            "reading": reading.as_dict(),
            "message_ids": [message.pk for message in asked.messages],
            "version": reading.version,
        },
    )
    return analysis


def _mark(chat: Chat, reading: Reading, dialogue: Dialogue, now: datetime) -> None:
    chat.intent, chat.sentiment = reading.intent.value, reading.sentiment.value
    chat.flags, chat.changed_at = list(dialogue.flags), now
    chat.save(update_fields=["intent", "sentiment", "flags", "changed_at"])


def _offered(
    chat: Chat, seller: Seller, reading: Reading, dialogue: Dialogue, now: datetime
) -> tuple[Offer, str]:
    """Return the code for the turn, or none, and the machine word that says why."""
    offer = offers.choose(
        seller,
        intent=reading.intent.value,
        sentiment=reading.sentiment.value,
        nm_id=chat.nm_id,
        chat_id=chat.wb_chat_id,
        now=now,
        code_on_its_way=_code_on_its_way(chat),
    )
    against = _against(offer, chat, reading, dialogue)
    return (
        (offers.without_code(offer, against), against)
        if against
        else (offer, offer.reason)
    )


def _against(offer: Offer, chat: Chat, reading: Reading, dialogue: Dialogue) -> str:
    """Return what in the dialogue speaks against any code, or nothing."""
    if dialogue.flags:
        return "safety_flag"
    if offer.rule is None:
        return ""
    if not reading.confident:
        return "not_confident"
    case = offer.rule.use_case.value
    if case == "UC1" and dialogue.had_problem:
        return "open_problem"
    if case == "UC3" and dialogue.has_bought and _is_ordered(chat):
        return "already_ordered"
    return ""


def _is_ordered(chat: Chat) -> bool:
    """
    Return whether the chat names an order of its article.

    WB's card alone proves no purchase of the article asked about; with a dialogue
    about the parcel or the thing in hand it does.
    """
    return chat.orders.filter(nm_id=chat.nm_id).exclude(rid="").exists()


def _code_on_its_way(chat: Chat) -> bool:
    waiting = Outgoing.objects.unsettled().filter(chat=chat)
    return waiting.exclude(promo_code=None).exists()


@dataclass(frozen=True, slots=True)
class _Wording:
    """The texts of one suggestion; each has passed the outbound policy."""

    chat: Chat
    seller: Seller
    asked: Asked
    opinion: Opinion
    dialogue: Dialogue
    offer: Offer
    now: datetime

    def with_code(self) -> Reply | None:
        """Return the reply with the chosen code, None when it cannot be said."""
        return self._said(self.offer.chosen)

    def plain(self) -> Reply:
        """Return the reply without a code; calm and for a person when unsafe."""
        said = self._handed_over() if self.dialogue.flags else self._said(None)
        return said or replies.compose("other", "neutral", seed=self._seed)

    def _said(self, code: PromoCode | None) -> Reply | None:
        for variants in self._sources(with_code=code is not None):
            for name, product in self._addresses():
                try:
                    reply = self._compose(code, name, product, variants)
                except (NoTemplate, TemplateError):
                    continue
                if self._passes(reply, code):
                    return reply
        return None

    def _sources(self, *, with_code: bool) -> Iterator[list[Variant]]:
        """Yield a model's draft, the shop's own texts, the standard ones."""
        pair = self.reading.intent.value, self.reading.sentiment.value
        section = replies.section_id(*pair, with_code=with_code)
        standard = list(replies.library().get(section, ()))
        own = wordings.variants(self.seller, *pair, with_code=with_code)
        yield llm.drafted(self.opinion, own or standard)
        yield own or []
        yield standard

    def _handed_over(self) -> Reply | None:
        flag, used = self.dialogue.flags[0], _used(self.chat)
        for name in (self.chat.buyer_name, ""):
            reply = replies.escalate(flag, name=name, used=used, seed=self._seed)
            if self._passes(reply, None):
                return reply
        return None

    def _addresses(self) -> tuple[tuple[str, str], ...]:
        """A buyer's name or a title that cannot be said is left out."""
        title = self.offer.product.title if self.offer.product else ""
        return ((self.chat.buyer_name, title), (self.chat.buyer_name, ""), ("", ""))

    def _compose(
        self, code: PromoCode | None, name: str, product: str, variants: list[Variant]
    ) -> Reply:
        return replies.compose(
            self.reading.intent.value,
            self.reading.sentiment.value,
            terms=vetting.buyer_terms(code) if code else None,
            name=name,
            product=product,
            nm_id=self.chat.nm_id,
            tone=self.seller.tone,
            used=_used(self.chat),
            seed=self._seed,
            variants=variants,
        )

    @property
    def _seed(self) -> str:
        return f"{self.chat.wb_chat_id}/{self.asked.event_id}"

    @property
    def reading(self) -> Reading:
        return self.opinion.reading

    def _passes(self, reply: Reply, code: PromoCode | None) -> bool:
        """Nobody answers for a model's draft: a warning is enough against it."""
        found = vetting.vet(reply.text, chat=self.chat, promo_code=code, now=self.now)
        if reply.variant.startswith(llm.DRAFTED):
            return not found
        return not outbound.blocks(found)


def _used(chat: Chat) -> frozenset[str]:
    """Return the variants that were sent in this chat."""
    sent = Decision.objects.filter(chat=chat, outgoing__status__in=ANSWERING)
    rows = sent.exclude(suggestion=None).values_list(
        "with_code", "suggestion__variant", "suggestion__plain_variant"
    )
    return frozenset(variant if code else plain for code, variant, plain in rows)
