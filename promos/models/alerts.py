"""What is about to go wrong, who is told about it, and by which way."""

from datetime import datetime, time
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agentiq import crypto
from agentiq.tenancy import scoped
from promos.models.sellers import Membership, Seller


class AlertQuerySet(models.QuerySet["Alert"]):
    def standing(self) -> Self:
        """Alerts whose cause is still there."""
        return self.exclude(state=Alert.State.CLOSED)

    def pressing(self, now: datetime) -> Self:
        """Alerts that ask for attention now: not acknowledged, not put off."""
        put_off = Q(state=Alert.State.SNOOZED, snoozed_until__gt=now)
        return self.standing().exclude(put_off).exclude(state=Alert.State.ACKNOWLEDGED)


class Alert(models.Model):
    """One cause of trouble. Its words are made from kind and params when read."""

    class Kind(models.TextChoices):
        CODE_EXPIRES = "code_expires", _("A code ends")
        COVERAGE_GAP = "coverage_gap", _("A use case will be without a code")
        NO_CODE = "no_code", _("A use case is without a code")
        TEN_SLOTS = "ten_slots", _("Ten codes at once")
        TOKEN_EXPIRES = "token_expires", _("The WB token ends")
        TOKEN_REFUSED = "token_refused", _("WB refuses the token")
        NEGATIVE_MARGIN = "negative_margin", _("A code sells at a loss")
        CODE_VOID = "code_void", _("A code does not work on an article")
        LOSS_BUDGET = "loss_budget", _("Loss budget")
        CODE_LEAKED = "code_leaked", _("A code may have leaked")
        POLL_BEHIND = "poll_behind", _("Chats are not read")
        SEND_TROUBLE = "send_trouble", _("Replies do not go out")
        UNKNOWN_DELIVERY = "unknown_delivery", _("Delivery not confirmed")
        CHAT_DEADLINE = "chat_deadline", _("Time to answer a buyer")
        WB_NEWS = "wb_news", _("WB writes about promo codes")

    class Level(models.TextChoices):
        INFO = "info", _("For information")
        WARNING = "warning", _("Needs attention")
        CRITICAL = "critical", _("Urgent")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Put off")
        CLOSED = "closed", _("Closed")

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="alerts")
    kind = models.CharField(_("About"), max_length=20, choices=Kind)
    cause_key = models.CharField(max_length=200, blank=True)
    level = models.CharField(_("Urgency"), max_length=10, choices=Level)
    params = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        _("State"), max_length=12, choices=State, default=State.OPEN
    )
    raised_at = models.DateTimeField(_("Raised"))
    last_seen_at = models.DateTimeField(_("Last seen"))
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in charge"),
    )
    snoozed_until = models.DateTimeField(_("Put off until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)

    objects = scoped(AlertQuerySet)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-raised_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("seller", "kind", "cause_key"),
                condition=~Q(state="closed"),
                name="one_alert_per_cause",
            )
        ]
        indexes = [
            models.Index(fields=("seller", "-raised_at"), name="alert_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.cause_key}".strip()


class Channel(models.TextChoices):
    """The ways an alert takes to a person; other systems have webhooks."""

    APP = "app", _("In AgentIQ")
    EMAIL = "email", _("E-mail")
    TELEGRAM = "telegram", "Telegram"


class NotificationRule(models.Model):
    """A person's wish for one kind of alert and one channel; without one, defaults."""

    class Mode(models.TextChoices):
        NOW = "now", _("At once")
        DIGEST = "digest", _("In the daily digest")
        OFF = "off", _("Never")

    seller = models.ForeignKey(Seller, models.CASCADE)
    membership = models.ForeignKey(
        Membership,
        models.CASCADE,
        related_name="notification_rules",
        verbose_name=_("person"),
    )
    kind = models.CharField(_("About"), max_length=20, choices=Alert.Kind)
    channel = models.CharField(_("Channel"), max_length=10, choices=Channel)
    mode = models.CharField(_("When"), max_length=6, choices=Mode, default=Mode.NOW)

    objects = scoped()

    class Meta:
        verbose_name = _("notification rule")
        verbose_name_plural = _("notification rules")
        constraints = [
            models.UniqueConstraint(
                fields=("membership", "kind", "channel"), name="one_rule_per_channel"
            )
        ]

    def __str__(self) -> str:
        about, channel = self.get_kind_display(), self.get_channel_display()
        return f"{about} · {channel} · {self.get_mode_display()}"


class NotificationSettings(models.Model):
    """When a person may be disturbed, in Moscow time. No row: the defaults below."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    membership = models.OneToOneField(
        Membership,
        models.CASCADE,
        related_name="notification_settings",
        verbose_name=_("person"),
    )
    quiet_from = models.TimeField(_("Quiet from, Moscow time"), default=time(21))
    quiet_until = models.TimeField(
        _("Quiet until, Moscow time"),
        default=time(9),
        help_text=_("Equal times: no quiet hours."),
    )
    digest_at = models.TimeField(_("Daily digest at, Moscow time"), default=time(9))

    objects = scoped()

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")

    def __str__(self) -> str:
        return str(self.membership)


class TelegramBot(models.Model):
    """The shop's own bot, made with @BotFather. Its token is sealed."""

    seller = models.OneToOneField(Seller, models.CASCADE, related_name="telegram_bot")
    sealed_token = models.TextField(editable=False)
    username = models.CharField(_("Bot's name"), max_length=64, blank=True)
    next_update = models.BigIntegerField(default=0, editable=False)
    is_active = models.BooleanField(_("In use"), default=True)
    created_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    objects = scoped()

    class Meta:
        verbose_name = _("Telegram bot")
        verbose_name_plural = _("Telegram bots")

    def __str__(self) -> str:
        return f"@{self.username}" if self.username else str(_("Telegram bot"))

    def set_token(self, token: str) -> None:
        """Seal the token; it is never shown again."""
        self.sealed_token = crypto.seal(token)


class TelegramLink(models.Model):
    """A person's chat with the bot: empty until they sent it ``/start secret``."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    membership = models.OneToOneField(
        Membership,
        models.CASCADE,
        related_name="telegram_link",
        verbose_name=_("person"),
    )
    secret = models.CharField(max_length=64, unique=True, editable=False)
    chat_id = models.BigIntegerField(null=True, editable=False)
    linked_at = models.DateTimeField(_("Linked"), null=True, editable=False)

    objects = scoped()

    class Meta:
        verbose_name = _("Telegram link")
        verbose_name_plural = _("Telegram links")

    def __str__(self) -> str:
        return str(self.membership)


class AlertDeliveryQuerySet(models.QuerySet["AlertDelivery"]):
    def due(self, now: datetime) -> Self:
        """Deliveries whose time has come, oldest first."""
        queued = self.filter(status=AlertDelivery.Status.QUEUED, due_at__lte=now)
        return queued.order_by("due_at", "pk")


class AlertDelivery(models.Model):
    """One alert on its way to one person. The row is queue and log."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Delivered")
        FAILED = "failed", _("Not delivered")
        UNKNOWN = "unknown", _("Not known")
        DROPPED = "dropped", _("No longer needed")

    seller = models.ForeignKey(Seller, models.CASCADE)
    alert = models.ForeignKey(
        Alert, models.CASCADE, related_name="deliveries", verbose_name=_("alert")
    )
    channel = models.CharField(_("Channel"), max_length=10, choices=Channel)
    membership = models.ForeignKey(Membership, models.CASCADE, verbose_name=_("person"))
    in_digest = models.BooleanField(_("In the daily digest"), default=False)
    status = models.CharField(
        _("State"), max_length=8, choices=Status, default=Status.QUEUED
    )
    due_at = models.DateTimeField(_("Not before"))
    attempts = models.PositiveSmallIntegerField(_("Tries"), default=0)
    tried_at = models.DateTimeField(_("Last try"), null=True)
    sent_at = models.DateTimeField(_("Delivered at"), null=True)
    problem = models.CharField(_("What went wrong"), max_length=300, blank=True)

    objects = scoped(AlertDeliveryQuerySet)

    class Meta:
        verbose_name = _("alert delivery")
        verbose_name_plural = _("alert deliveries")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=("alert", "channel", "membership"),
                name="one_delivery_per_channel",
            )
        ]
        indexes = [
            models.Index(
                fields=("due_at", "id"),
                condition=Q(status="queued"),
                name="delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert} → {self.get_channel_display()}"
