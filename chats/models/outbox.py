"""Replies on their way to WB: the row is the queue."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from chats.models.conversations import Chat, Message
from chats.models.readings import Decision
from promos.models import PromoCode, Seller


class OutgoingQuerySet(models.QuerySet["Outgoing"]):
    def due(self, now: datetime) -> Self:
        """Replies waiting to be sent whose time has come, oldest first."""
        queued = self.filter(status=Outgoing.Status.QUEUED, due_at__lte=now)
        return queued.order_by("due_at", "pk")

    def needs_settling(self, now: datetime) -> Self:
        """Replies that the feed may still tell something about."""
        status = Outgoing.Status
        return self.filter(
            Q(status__in=(status.SENDING, status.UNKNOWN, status.COPIED))
            | Q(status=status.SENT, message=None, sent_at__gte=now - timedelta(days=1))
        )

    def unsettled(self) -> Self:
        """Replies that are not final yet."""
        return self.filter(status__in=Outgoing.OPEN)


class Outgoing(models.Model):
    """A reply to a buyer and what became of it. Written with the operator's act."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting to be sent")  # until due_at: the undo window
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Checking delivery")
        CANCELLED = "cancelled", _("Taken back")
        COPIED = "copied", _("Copied for the cabinet")
        DRY = "dry", _("Dry run: not sent")

    OPEN = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.COPIED)

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(
        Chat, models.CASCADE, related_name="outgoing", verbose_name=_("chat")
    )
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, related_name="outgoing"
    )
    key = models.UUIDField(unique=True)
    text = models.TextField(_("Text"), blank=True)
    promo_code = models.ForeignKey(
        PromoCode, models.PROTECT, null=True, blank=True, verbose_name=_("promo code")
    )
    promo_snapshot = models.JSONField(default=dict)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("operator"),
    )
    status = models.CharField(
        _("State"), max_length=10, choices=Status, default=Status.QUEUED
    )
    reason = models.CharField(_("Why"), max_length=60, blank=True)  # machine word
    reason_detail = models.CharField(
        _("In detail"), max_length=500, blank=True
    )  # WB's own words
    due_at = models.DateTimeField(_("Not before"))
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)
    sending_since = models.DateTimeField(null=True)
    # The chat's waiting_since before this reply: how long the buyer waited for it.
    waited_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("Sent"), null=True)
    message = models.OneToOneField(
        Message, models.SET_NULL, null=True, related_name="outgoing"
    )

    objects = scoped(OutgoingQuerySet)

    class Meta:
        verbose_name = _("outgoing reply")
        verbose_name_plural = _("outgoing replies")
        ordering = ("-pk",)
        constraints = [
            # One in flight per chat, whatever the workers do.
            models.UniqueConstraint(
                fields=("chat",),
                condition=Q(status__in=("sending", "unknown")),
                name="one_in_flight",
            )
        ]
        indexes = [
            models.Index(
                fields=("due_at", "id"),
                condition=Q(status="queued"),
                name="outgoing_due",
            ),
            models.Index(
                fields=("seller", "due_at", "id"),
                condition=Q(status="queued"),
                name="outgoing_due_of_shop",
            ),
            models.Index(
                fields=("seller", "status"),
                condition=Q(status__in=("queued", "sending", "unknown", "copied")),
                name="outgoing_open",
            ),
            models.Index(fields=("chat", "id"), name="outgoing_of_chat"),
            models.Index(
                fields=("seller", "-sent_at"),
                condition=Q(status="sent"),
                name="outgoing_by_day",
            ),
            models.Index(
                fields=("sent_at",),
                condition=Q(status="sent", message=None),
                name="outgoing_unseen",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class OutgoingChange(models.Model):
    """A change of state with its time and reason, in order."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="changes")
    status = models.CharField(max_length=10, choices=Outgoing.Status)
    reason = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    at = models.DateTimeField()

    objects = scoped()

    class Meta:
        ordering = ("pk",)


class OutgoingFile(models.Model):
    """A picture or PDF that goes out with a reply, within WB's limits."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=50)
    content = models.BinaryField()

    objects = scoped()


class Attempt(models.Model):
    """One try to hand a reply to WB. Written before the call, closed after it."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("Under way")
        ACCEPTED = "accepted", _("WB took it")
        REJECTED = "rejected", _("WB refused it")
        NOT_SENT = "not_sent", _("WB was not reached")
        THROTTLED = "throttled", _("WB asked to wait")
        UNKNOWN = "unknown", _("No answer")

    seller = models.ForeignKey(Seller, models.CASCADE)
    outgoing = models.ForeignKey(
        Outgoing,
        models.CASCADE,
        related_name="attempts",
        verbose_name=_("outgoing reply"),
    )
    started_at = models.DateTimeField(_("Started"))
    finished_at = models.DateTimeField(_("Finished"), null=True)
    outcome = models.CharField(
        _("Outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN
    )
    http_status = models.PositiveSmallIntegerField(_("Code of WB's answer"), null=True)
    detail = models.CharField(_("In detail"), max_length=500, blank=True)
    request_id = models.CharField(_("Request number at WB"), max_length=100, blank=True)
    wb_added_at = models.DateTimeField(null=True)
    # Complete polls of the feed when the attempt ended: later ones are evidence.
    polls_then = models.BigIntegerField(null=True)
    # The chat's newest message (pk) before the attempt: its own comes later.
    message_then = models.BigIntegerField(default=0)

    objects = scoped()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.started_at:%d.%m.%Y}"


class SendGate(models.Model):
    """Whether the seller's replies may go out now, or wait: throttled, no token, …"""

    seller = models.OneToOneField(Seller, models.CASCADE, related_name="send_gate")
    closed_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)  # machine word
    detail = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row, of WB itself
    changed_at = models.DateTimeField()

    objects = scoped()
