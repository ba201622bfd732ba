"""Chats and what was said in them, as WB's event feed tells it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from chats.models.clocks import AFTER_RATING, ANSWER_WITHIN
from chats.models.fates import ClaimState, Fate
from promos.models import Seller


class FeedCursor(models.Model):
    """Where the seller's event feed stands, and how its last poll went."""

    seller = models.OneToOneField(Seller, models.CASCADE, related_name="feed_cursor")
    next = models.BigIntegerField(null=True)  # WB's cursor, Unix ms; never 0
    polls = models.BigIntegerField(default=0)  # complete ones: the feed was read out
    polled_at = models.DateTimeField(null=True)  # last complete poll
    tried_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)  # None: at once
    failures = models.PositiveIntegerField(default=0)  # in a row
    problem = models.CharField(max_length=40, blank=True)  # machine word of the last
    problem_detail = models.CharField(max_length=500, blank=True)
    last_event_at = models.DateTimeField(null=True)
    chats_read_at = models.DateTimeField(null=True)  # last /chats, for signatures
    chats_tried_at = models.DateTimeField(null=True)
    overlap_at = models.DateTimeField(null=True)  # last overlapping read

    objects = scoped()


class ChatQuerySet(models.QuerySet["Chat"]):
    def waiting(self) -> Self:
        """Chats whose buyer has the last word, most urgent first."""
        return self.filter(waiting_since__isnull=False).order_by("due_at", "pk")


class Chat(models.Model):
    """One buyer's conversation. Counters and times beside it are kept, not counted."""

    # No index of its own: those below that begin with the seller serve as well.
    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="chats", db_index=False
    )
    wb_chat_id = models.CharField(_("WB chat"), max_length=100)
    reply_sign = models.CharField(max_length=500, blank=True)
    previous_sign = models.CharField(max_length=500, blank=True)
    buyer_name = models.CharField(_("Buyer"), max_length=200, blank=True)
    nm_id = models.BigIntegerField(_("WB article (nmID)"), null=True)
    created_at = models.DateTimeField(_("First seen"), auto_now_add=True)

    # Moves with every message, so it is spared index and check: message holds chat.
    last_message = models.ForeignKey(
        "Message",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    last_event_id = models.CharField(max_length=100, blank=True)
    last_at = models.DateTimeField(_("Last message"), null=True)
    last_buyer_at = models.DateTimeField(null=True)
    last_seller_at = models.DateTimeField(null=True)
    preview = models.CharField(max_length=200, blank=True)
    message_count = models.PositiveIntegerField(default=0)
    # Since when the buyer waits for an answer; None: answered (or never asked).
    waiting_since = models.DateTimeField(_("Waiting since"), null=True)
    due_at = models.DateTimeField(_("Answer by"), null=True)  # see chats.clocks
    # Marked by a person: WB's reviews name neither the chat nor the buyer.
    low_rated_at = models.DateTimeField(_("Low rating"), null=True)
    snoozed_until = models.DateTimeField(_("Put off until"), null=True)
    # Moves with anything a list or an open chat shows: pages ask «what is newer?».
    changed_at = models.DateTimeField(default=None, null=True)

    intent = models.CharField(_("Intent"), max_length=30, blank=True)
    sentiment = models.CharField(_("Mood"), max_length=10, blank=True)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    code_sent_at = models.DateTimeField(_("Code sent"), null=True)
    has_failed = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=40), default=list)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("in charge"),
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True)

    objects = scoped(ChatQuerySet)

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints = [
            models.UniqueConstraint(fields=("seller", "wb_chat_id"), name="one_chat")
        ]
        indexes = [
            models.Index(
                fields=("seller", "due_at", "id"),
                condition=Q(waiting_since__isnull=False),
                name="chat_waiting",
            ),
            models.Index(
                F("seller"), F("last_at").desc(), F("id").desc(), name="chat_recent"
            ),
            models.Index(fields=("seller", "changed_at"), name="chat_changed"),
            models.Index(
                fields=("seller", "created_at"),
                condition=Q(reply_sign=""),
                name="chat_without_sign",
            ),
            models.Index(fields=("seller", "nm_id"), name="chat_by_article"),
            *(
                models.Index(
                    fields=("seller", field, "due_at", "id"),
                    condition=Q(waiting_since__isnull=False),
                    name=f"chat_waiting_{field}",
                )
                for field in ("intent", "sentiment", "assignee")
            ),
            *(
                models.Index(
                    F("seller"),
                    F("last_at").desc(),
                    F("id").desc(),
                    condition=condition,
                    name=name,
                )
                for name, condition in (
                    ("chat_failed", Q(has_failed=True)),
                    ("chat_with_code", Q(code_sent_at__isnull=False)),
                    ("chat_snoozed", Q(snoozed_until__isnull=False)),
                )
            ),
            GinIndex(
                fields=["buyer_name"],
                opclasses=["gin_trgm_ops"],
                name="chat_buyer_trgm",
            ),
        ]

    def __str__(self) -> str:
        return self.buyer_name or self.wb_chat_id

    @property
    def clock(self) -> str:
        """Which clock ends first: ``wb``, ``rating``, ``target``; empty for none."""
        if self.waiting_since is None or self.due_at is None:
            return ""
        if self.low_rated_at and self.due_at == self.low_rated_at + AFTER_RATING:
            return "rating"
        return "wb" if self.due_at == self.waiting_since + ANSWER_WITHIN else "target"

    @property
    def can_reply(self) -> bool:
        """WB takes replies only by a signature; a chat may not have one yet."""
        return bool(self.reply_sign)


class ChatOrder(models.Model):
    """An order a chat was about. One chat may name several, one rid several chats."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="orders")
    rid = models.CharField(_("Order (srid)"), max_length=100, blank=True)
    nm_id = models.BigIntegerField(_("WB article (nmID)"), null=True)
    price = models.DecimalField(_("Paid"), max_digits=12, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    size = models.CharField(_("Size"), max_length=50, blank=True)
    seen_at = models.DateTimeField()
    # What WB said of the order and of a claim for it; empty: nothing (yet).
    fate = models.CharField(max_length=10, choices=Fate, blank=True)
    fate_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=10, choices=ClaimState, blank=True)
    claimed_at = models.DateTimeField(null=True)

    objects = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("chat", "rid", "nm_id"),
                nulls_distinct=False,
                name="one_order_a_chat",
            )
        ]
        indexes = [models.Index(fields=("seller", "rid"), name="order_by_rid")]


class MessageQuerySet(models.QuerySet["Message"]):
    def in_order(self) -> Self:
        return self.order_by("added_at", "pk")

    def from_buyer(self) -> Self:
        return self.filter(sender=Message.Sender.BUYER)

    def since(self, moment: datetime) -> Self:
        return self.filter(added_at__gte=moment)


class Message(models.Model):
    """One event of the feed that says something. A fact: never edited."""

    class Sender(models.TextChoices):
        BUYER = "client", _("Buyer")
        SELLER = "seller", _("Shop")
        WB = "wb", "WB"

    seller = models.ForeignKey(Seller, models.CASCADE, db_index=False)
    chat = models.ForeignKey(
        Chat,
        models.CASCADE,
        related_name="messages",
        db_index=False,
        verbose_name=_("chat"),
    )
    event_id = models.CharField(_("WB event"), max_length=100)
    event_type = models.CharField(max_length=30, blank=True)
    sender = models.CharField(_("From"), max_length=10, choices=Sender)
    source = models.CharField(_("Written in"), max_length=30, blank=True)
    text = models.TextField(_("Text"), blank=True)
    nm_id = models.BigIntegerField(null=True)
    added_at = models.DateTimeField(_("At WB"))
    stored_at = models.DateTimeField(auto_now_add=True)

    objects = scoped(MessageQuerySet)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=("seller", "event_id"), name="one_message")
        ]
        indexes = [
            models.Index(fields=("chat", "added_at", "id"), name="message_of_chat"),
            GinIndex(SearchVector("text", config="russian"), name="message_words"),
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def is_from_buyer(self) -> bool:
        return self.sender == self.Sender.BUYER


class Attachment(models.Model):
    """A file or picture of a message; its bytes stay at WB."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    kind = models.CharField(max_length=5)  # file or image
    download_id = models.CharField(max_length=200)
    name = models.CharField(max_length=300, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, blank=True)  # "", pending, blocked

    objects = scoped()


class Draft(models.Model):
    """What an operator was writing: one per chat and person, on the server."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="drafts")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    objects = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("chat", "operator"), name="one_draft")
        ]


class Note(models.Model):
    """A remark for colleagues. It has no way to the outbox."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped()


class Presence(models.Model):
    """Who has a chat open right now, and what they do in it."""

    class State(models.TextChoices):
        READING = "reading", _("reading")
        WRITING = "writing", _("writing")
        AWAY = "away", _("away")

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="presences")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    seen_at = models.DateTimeField()

    objects = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("chat", "operator"), name="one_presence")
        ]
