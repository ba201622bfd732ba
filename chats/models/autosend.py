"""What a shop lets AgentIQ answer by itself. Off unless its owner says otherwise."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from promos.models import Seller


class AutoSend(models.Model):
    """One row a shop, read anew before each decision and each send."""

    class Intent(models.TextChoices):
        """Where a wrong answer does no harm: complaints and returns are missing."""

        DELIVERY_STATUS = "delivery_status", _("Where is my parcel")
        USAGE_INSTRUCTION = "usage_instruction", _("How to use it")
        WARRANTY_DOCS = "warranty_docs", _("Warranty and papers")
        PRE_PURCHASE = "pre_purchase", _("A question before buying")
        SIZING_FIT = "sizing_fit", _("Which size")
        AVAILABILITY = "availability", _("Is it there")
        COMPATIBILITY = "compatibility", _("Does it fit")
        PROMO_REQUEST = "promo_request", _("Asks for a discount")
        POSITIVE_FEEDBACK = "positive_feedback", _("Praise")
        THANKS = "thanks", _("Thanks")

    seller = models.OneToOneField(
        Seller, models.CASCADE, related_name="auto_send", verbose_name=_("shop")
    )
    is_on = models.BooleanField(
        _("Answer by itself"),
        default=False,
        help_text=_("Switching it off stops what is not sent yet at once."),
    )
    intents = ArrayField(
        models.CharField(max_length=30, choices=Intent),
        verbose_name=_("What may be answered"),
        default=list,
        blank=True,
    )
    daily_cap = models.PositiveIntegerField(
        _("Automatic replies a day, at most"), default=50
    )
    code_daily_cap = models.PositiveIntegerField(
        _("Automatic sends of one code a day, at most"), default=20
    )
    changed_at = models.DateTimeField(_("Changed"), auto_now=True)

    objects = scoped()

    class Meta:
        verbose_name = _("automatic replies")
        verbose_name_plural = _("automatic replies")

    def __str__(self) -> str:
        return str(self.seller)
