"""Promo codes as the seller made them in the WB cabinet."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agentiq.tenancy import scoped
from promos.models.sellers import Seller
from promos.rules.limits import LONGEST, MONTHS_AHEAD, SHORTEST, normalise_code
from promos.rules.status import Status
from promos.rules.terms import Terms, UseCase


class PromoCodeQuerySet(models.QuerySet["PromoCode"]):
    def current(self) -> Self:
        """The newest version of each code."""
        return self.filter(replaced_by=None)

    def live(self, now: datetime) -> Self:
        """Codes a buyer could use at ``now``."""
        return self.current().filter(
            is_active=True, is_draft=False, starts_at__lte=now, expires_at__gt=now
        )

    def with_sent(self) -> Self:
        """Adds ``sent``: how often the code went out to a buyer."""
        return self.annotate(sent=models.Count("sends"))

    def in_status(self, wanted: Status, now: datetime, expiring_days: int) -> Self:
        """Codes whose ``rules.status.status`` at ``now`` is the wanted one."""
        soon = now + timedelta(days=expiring_days)
        ended, running = Q(expires_at__lte=now), Q(starts_at__lte=now)
        current = Q(is_draft=False, expires_at__gt=now)
        conditions = {
            Status.DRAFT: Q(is_draft=True),
            Status.EXPIRED: Q(is_draft=False) & ended,
            Status.OFF: current & Q(is_active=False),
            Status.PLANNED: current & Q(is_active=True, starts_at__gt=now),
            Status.EXPIRING: current
            & running
            & Q(is_active=True, expires_at__lte=soon),
            Status.ACTIVE: current & running & Q(is_active=True, expires_at__gt=soon),
        }
        return self.filter(conditions[wanted])


class PromoCode(models.Model):
    """A shared, reusable code. After the first send its terms are history: see version."""

    class AppliesTo(models.TextChoices):
        ALL = "all", _("All products")
        SELECTED = "selected", _("Selected articles")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="promo_codes", verbose_name=_("shop")
    )
    code = models.CharField(_("Code"), max_length=50)
    code_key = models.CharField(max_length=50, editable=False)
    discount_percent = models.DecimalField(
        _("Discount, %"), max_digits=5, decimal_places=2, help_text=_("From 3 to 50.")
    )
    description = models.TextField(
        _("Note"), blank=True, help_text=_("For you; buyers never see it.")
    )
    applies_to = models.CharField(
        _("Applies to"), max_length=10, choices=AppliesTo, default=AppliesTo.ALL
    )
    product_nms = ArrayField(
        models.BigIntegerField(),
        verbose_name=_("Articles (nmID)"),
        default=list,
        blank=True,
    )
    starts_at = models.DateTimeField(_("Starts"))
    expires_at = models.DateTimeField(
        _("Ends"), help_text=_("The first moment at which the code no longer works.")
    )
    is_active = models.BooleanField(_("Suggest it"), default=True)
    is_draft = models.BooleanField(
        _("Draft"), default=False, help_text=_("Not yet made in the WB cabinet.")
    )
    already_live = models.BooleanField(
        _("Already ran at WB when entered"), default=False
    )
    is_leaked = models.BooleanField(
        _("Strangers use it"),
        default=False,
        db_default=False,
        help_text=_("Not suggested any more; replace it by a new code."),
    )
    use_for_positive = models.BooleanField(_("Loyalty: happy buyers"), default=True)
    use_for_negative = models.BooleanField(_("Retention: unhappy buyers"), default=True)
    use_for_pre_purchase = models.BooleanField(
        _("Conversion: questions before buying"), default=True
    )

    wb_uuid = models.UUIDField(
        _("Promo UUID from the cabinet"),
        null=True,
        blank=True,
        help_text=_("Copy it in the WB cabinet; sales reports name the code by it."),
    )
    margin_override_until = models.DateField(
        _("Suggest below the margin until"), null=True, blank=True
    )
    margin_override_reason = models.CharField(
        _("Why below the margin"), max_length=300, blank=True
    )
    daily_cap = models.PositiveIntegerField(
        _("Sends a day, at most"), null=True, blank=True
    )
    loss_budget = models.DecimalField(
        _("Loss budget, ₽"), max_digits=12, decimal_places=2, null=True, blank=True
    )

    version = models.PositiveIntegerField(default=1, editable=False)
    replaced_by = models.OneToOneField(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="replaces",
    )
    first_sent_at = models.DateTimeField(_("First sent"), null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False
    )
    created_at = models.DateTimeField(_("Entered"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    objects = scoped(PromoCodeQuerySet)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("promo code")
        verbose_name_plural = _("promo codes")
        ordering = ("-starts_at", "code")
        constraints = [
            models.UniqueConstraint(
                fields=("seller", "code_key"),
                condition=Q(replaced_by=None),
                name="one_code_per_seller",
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=3, discount_percent__lte=50),
                name="discount_3_to_50",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("starts_at")), name="ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(applies_to="all") | Q(product_nms__len__gt=0),
                name="selected_names_articles",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("starts_at") + SHORTEST)
                & Q(expires_at__lte=F("starts_at") + LONGEST),
                name="runs_1_to_31_days",
            ),
            # The earliest start is the trigger's: what lies behind is marked. A
            # calendar month has at most 31 days, a Moscow day at most one more.
            models.CheckConstraint(
                condition=Q(
                    starts_at__lte=F("created_at")
                    + timedelta(days=31 * MONTHS_AHEAD + 1)
                ),
                name="starts_within_3_months",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        self.code_key = normalise_code(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def use_cases(self) -> frozenset[UseCase]:
        flags = {
            UseCase.LOYALTY: self.use_for_positive,
            UseCase.RETENTION: self.use_for_negative,
            UseCase.CONVERSION: self.use_for_pre_purchase,
        }
        return frozenset(case for case, wanted in flags.items() if wanted)

    def terms(self) -> Terms:
        """The code as the pure rules see it."""
        selected = self.applies_to == self.AppliesTo.SELECTED
        return Terms(
            code=self.code,
            discount_percent=Decimal(self.discount_percent),
            starts_at=self.starts_at,
            expires_at=self.expires_at,
            nm_ids=frozenset(self.product_nms) if selected else None,
            use_cases=self.use_cases,
            is_active=self.is_active,
            is_draft=self.is_draft,
            is_leaked=self.is_leaked,
        )
