"""What became of the orders chats are about, as far as WB tells it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from promos.models import Seller


class Fate(models.TextChoices):
    """Where an order stands; an order WB did not name is in none of these states."""

    ORDERED = "ordered", _("on its way")
    BOUGHT = "bought", _("bought")
    CANCELLED = "cancelled", _("cancelled")
    RETURNED = "returned", _("returned")
    DEFECTIVE = "defective", _("returned as defective")


class ClaimState(models.TextChoices):
    """What WB decided about a buyer's wish to return the goods."""

    OPEN = "open", _("under review")
    REFUSED = "refused", _("refused")
    APPROVED = "approved", _("approved")


class FateReading(models.Model):
    """When the shop's orders and claims were last read, or why they were not."""

    seller = models.OneToOneField(Seller, models.CASCADE, related_name="fate_reading")
    orders_read_at = models.DateTimeField(null=True)
    orders_problem = models.CharField(max_length=40, blank=True)  # machine word
    claims_read_at = models.DateTimeField(null=True)
    claims_problem = models.CharField(max_length=40, blank=True)

    objects = scoped()
