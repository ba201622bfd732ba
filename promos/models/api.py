"""Other systems: their keys, what they already asked for, where they are called back."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agentiq import crypto
from agentiq.tenancy import scoped
from promos.models.sellers import Seller


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> Self:
        """Keys that still open the door."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(lasting, revoked_at=None, seller__is_active=True)


class ApiKey(models.Model):
    """A key of an integration. Only its hash is kept; the prefix tells keys apart."""

    class Scope(models.TextChoices):
        READ = "read", _("Read chats, codes, sends")
        SUGGEST = "suggest", _("Ask for suggestions")
        SEND = "send", _("Send replies to buyers")
        ADMIN = "admin", _("Change codes and webhooks")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="api_keys", verbose_name=_("shop")
    )
    name = models.CharField(
        _("Name"), max_length=100, help_text=_("Which system uses the key.")
    )
    prefix = models.CharField(
        _("Starts with"), max_length=16, unique=True, editable=False
    )
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=10, choices=Scope), verbose_name=_("Rights")
    )
    rate_per_minute = models.PositiveIntegerField(
        _("Requests a minute, at most"),
        default=600,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        verbose_name=_("made by"),
        help_text=_("What the key does stands under this person's name."),
    )
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("Valid until"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("Last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("Revoked"), null=True, editable=False)

    objects = scoped(ApiKeyQuerySet)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyRecord(models.Model):
    """A POST that was made under an Idempotency-Key, and what it was answered."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    caller = models.CharField(max_length=40)  # key:12 or user:5
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField(null=True)  # None: still under way
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    objects = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("seller", "caller", "key"), name="one_answer_a_key"
            )
        ]
        indexes = [models.Index(fields=("created_at",), name="idempotency_by_age")]


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def wanting(self, kind: str) -> Self:
        """Endpoints that asked for events of this kind; no kinds means all."""
        wanted = Q(kinds__contains=[kind]) | Q(kinds=[])
        return self.filter(wanted, is_active=True)


class Webhook(models.Model):
    """An address of another system that is told what happens."""

    class Kind(models.TextChoices):
        MESSAGE_RECEIVED = "message.received", _("A buyer wrote")
        SUGGESTION_MADE = "suggestion.made", _("A reply is suggested")
        MESSAGE_SENT = "message.sent", _("WB took a reply")
        MESSAGE_FAILED = "message.failed", _("A reply was not sent")
        ALERT_RAISED = "alert.raised", _("An alert was raised")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="webhooks", verbose_name=_("shop")
    )
    url = models.URLField(
        _("Address"), max_length=500, help_text=_("https, reachable from outside.")
    )
    sealed_secret = models.TextField(editable=False)
    kinds = ArrayField(
        models.CharField(max_length=20, choices=Kind),
        verbose_name=_("Events"),
        default=list,
        blank=True,
        help_text=_("None chosen: all of them."),
    )
    is_active = models.BooleanField(_("Active"), default=True)
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)
    # One call at a time, and none while the address rests: a receiver that is gone
    # must not hold every worker. A past moment says who was served longest ago.
    busy_until = models.DateTimeField(null=True, editable=False)
    silent_calls = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = scoped(WebhookQuerySet)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.url

    @property
    def secret(self) -> str:
        """What its calls are signed with."""
        return crypto.unseal(self.sealed_secret)


class WebhookDelivery(models.Model):
    """One event on its way to one address: the row is the queue."""

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up after 24 hours")

    seller = models.ForeignKey(Seller, models.CASCADE)
    webhook = models.ForeignKey(
        Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    event_id = models.UUIDField(_("Event"))
    kind = models.CharField(_("Kind"), max_length=20, choices=Webhook.Kind)
    chat_key = models.CharField(_("WB chat"), max_length=100, blank=True)
    payload = models.JSONField(_("Content"))
    happened_at = models.DateTimeField(_("Happened"))
    state = models.CharField(
        _("State"), max_length=10, choices=State, default=State.WAITING
    )
    tries = models.PositiveIntegerField(_("Tries"), default=0)
    due_at = models.DateTimeField(_("Next try"))
    give_up_at = models.DateTimeField(_("Tried until"))
    claimed_until = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(_("Delivered at"), null=True)
    http_status = models.PositiveSmallIntegerField(_("Answer"), null=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    objects = scoped()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=("webhook", "event_id"), name="one_event_a_webhook"
            )
        ]
        indexes = [
            models.Index(
                fields=("due_at", "id"),
                condition=Q(state="waiting"),
                name="webhook_due",
            ),
            models.Index(
                fields=("webhook", "chat_key", "id"),
                condition=Q(state="waiting"),
                name="webhook_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.webhook}"
