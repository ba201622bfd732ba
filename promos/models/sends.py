"""What went out: one row for each code that WB took to a buyer."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from promos.models.codes import PromoCode
from promos.models.sellers import Seller


class PromoCodeSendQuerySet(models.QuerySet["PromoCodeSend"]):
    def since(self, moment: datetime) -> Self:
        return self.filter(sent_at__gte=moment)


class PromoCodeSend(models.Model):
    """A code went out to a buyer. A fact: written once, never edited."""

    seller = models.ForeignKey(Seller, models.CASCADE, verbose_name=_("shop"))
    promo_code = models.ForeignKey(
        PromoCode, models.PROTECT, related_name="sends", verbose_name=_("promo code")
    )
    chat_id = models.CharField(_("WB chat"), max_length=100)
    message_id = models.CharField(
        _("WB message"),
        max_length=100,
        blank=True,
        help_text=_("The event by which WB showed our message; empty until it did."),
    )
    sent_at = models.DateTimeField(_("Sent"))
    trigger_intent = models.CharField(_("Intent"), max_length=50, blank=True)
    trigger_sentiment = models.CharField(_("Mood"), max_length=20, blank=True)
    auto_suggested = models.BooleanField(_("Suggested by AgentIQ"), default=True)
    operator_approved = models.BooleanField(_("Approved by an operator"), default=True)

    use_case = models.CharField(_("Use case"), max_length=3, blank=True)
    nm_id = models.BigIntegerField(_("WB article (nmID)"), null=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        verbose_name=_("operator"),
    )
    decision = models.CharField(_("Decision"), max_length=10, blank=True)
    answer_seconds = models.PositiveIntegerField(
        _("From the buyer's message to the answer, s"), null=True
    )
    outgoing_key = models.UUIDField(editable=False, unique=True)
    snapshot = models.JSONField(_("Terms when sent"), default=dict)

    objects = scoped(PromoCodeSendQuerySet)

    class Meta:
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        ordering = ("-sent_at", "-pk")
        indexes = [
            models.Index(fields=("seller", "-sent_at"), name="send_by_day"),
            models.Index(fields=("seller", "chat_id"), name="send_by_chat"),
            models.Index(fields=("promo_code", "-sent_at"), name="send_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.promo_code} → {self.chat_id}"


class SendDay(models.Model):
    """
    How many sends a Moscow day had, counted once per dimension: see promos.ledger.

    Every send is counted three times: for each code and operator, for each operator
    (no code), and for all (no code, operator −1). The rows of one dimension and one
    such count add up to the ledger; others count the same sends again and are never
    added together.
    """

    EVERY = -1

    class Dimension(models.TextChoices):
        TOTAL = "total"
        INTENT = "intent"
        SENTIMENT = "sentiment"
        USE_CASE = "use_case"
        ARTICLE = "article"
        DECISION = "decision"
        SPEED = "speed"

    seller = models.ForeignKey(Seller, models.CASCADE)
    dimension = models.CharField(max_length=10, choices=Dimension)
    day = models.DateField()
    promo_code = models.ForeignKey(
        PromoCode, models.CASCADE, null=True, related_name="+"
    )
    # A number, not a key: the count stays when the person's account goes.
    operator_pk = models.BigIntegerField(default=0)  # 0: nobody
    value = models.CharField(max_length=50, blank=True)
    sends = models.PositiveIntegerField()
    answered = models.PositiveIntegerField(default=0)  # sends with a known answer time
    answer_seconds = models.PositiveBigIntegerField(default=0)  # of those, together
    # What one redemption takes off the price, in rubles: of how many sends it is
    # known, and of those together.
    priced = models.PositiveIntegerField(default=0, db_default=0)
    discount = models.DecimalField(
        max_digits=14, decimal_places=2, default=0, db_default=0
    )

    objects = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=(
                    "seller",
                    "dimension",
                    "promo_code",
                    "operator_pk",
                    "day",
                    "value",
                ),
                nulls_distinct=False,
                name="one_send_day",
            )
        ]
