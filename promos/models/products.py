"""What the shop sells: prices as WB has them, costs as the seller knows them."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agentiq.tenancy import scoped
from promos.models.sellers import Seller
from promos.rules.margin import REGIMES, Costs
from promos.rules.pricing import HUNDRED, ZERO, PriceTag, action_discount

COST_FIELDS = (
    "cost",
    "commission_percent",
    "logistics",
    "return_logistics",
    "storage",
    "acquiring_percent",
    "return_percent",
)
# Buyers of a marketplace are private persons: the self-employed pay 4 % of that.
TAX_REGIMES = {
    "usn_income": "usn_income",
    "usn_profit": "usn_profit",
    "osno": "osno",
    "self_employed": "self_employed_4",
    "none": "patent",
}
PERCENT = (MinValueValidator(0), MaxValueValidator(100))


def _money(label: str, **kwargs: object) -> models.DecimalField:
    return models.DecimalField(
        label, max_digits=12, decimal_places=2, null=True, blank=True, **kwargs
    )


def _percent(label: str, **kwargs: object) -> models.DecimalField:
    options = {"null": True, "blank": True, "validators": PERCENT} | kwargs
    return models.DecimalField(label, max_digits=5, decimal_places=2, **options)


class ProductQuerySet(models.QuerySet["Product"]):
    def in_catalogue(self) -> Self:
        """Articles that WB still lists."""
        return self.filter(gone_at=None)


class Product(models.Model):
    """One WB article of the seller. Empty cost fields mean «not known», never zero."""

    class Tax(models.TextChoices):
        USN_INCOME = "usn_income", _("Simplified, income 6 %")
        USN_PROFIT = "usn_profit", _("Simplified, income minus costs 15 %")
        OSNO = "osno", _("General, with VAT")
        SELF_EMPLOYED = "self_employed", _("Self-employed")
        NONE = "none", _("No tax")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="products", verbose_name=_("shop")
    )
    nm_id = models.BigIntegerField(_("WB article (nmID)"))
    title = models.CharField(_("Title"), max_length=300, blank=True)
    vendor_code = models.CharField(_("Vendor code"), max_length=100, blank=True)
    brand = models.CharField(_("Brand"), max_length=100, blank=True)
    subject_id = models.IntegerField(_("Subject (id)"), null=True, blank=True)
    subject_name = models.CharField(_("Subject"), max_length=200, blank=True)
    photo_url = models.URLField(_("Photo"), max_length=500, blank=True)

    price = _money(_("Base price, ₽"))
    discount_percent = _percent(_("Seller's discount, %"))
    action_percent = _percent(
        _("Discount planned by a WB action, %"),
        help_text=_("The deeper discount the article gets while the action runs."),
    )
    loyalty_percent = _percent(_("Loyalty discount, %"))
    currency = models.CharField(_("Currency"), max_length=3, default="RUB")

    cost = _money(_("Cost, ₽"))
    commission_percent = _percent(_("WB commission, %"))
    logistics = _money(_("Delivery to the buyer, ₽"))
    return_logistics = _money(_("Delivery back, ₽"))
    storage = _money(_("Storage, ₽ per unit sold"))
    acquiring_percent = _percent(_("Acquiring, %"))
    # xgettext:no-python-format
    return_percent = _percent(_("Returns, % of orders"))
    tax = models.CharField(
        _("Tax regime"), max_length=15, choices=Tax, default=Tax.USN_INCOME
    )
    cost_source = models.CharField(
        _("Where costs are from"), max_length=100, blank=True
    )
    cost_updated_at = models.DateTimeField(_("Costs as of"), null=True, blank=True)

    prices_synced_at = models.DateTimeField(_("Prices as of"), null=True, blank=True)
    card_synced_at = models.DateTimeField(_("Card as of"), null=True, blank=True)
    commission_synced_at = models.DateTimeField(
        _("Commission as of"), null=True, blank=True
    )
    action_synced_at = models.DateTimeField(_("Action as of"), null=True, blank=True)
    gone_at = models.DateTimeField(_("Left the catalogue"), null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = scoped(ProductQuerySet)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("nm_id",)
        constraints = [
            models.UniqueConstraint(fields=("seller", "nm_id"), name="one_product"),
            models.CheckConstraint(
                condition=models.Q(price=None) | models.Q(price__gt=0),
                name="product_price_above_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nm_id} {self.title}".strip()

    def price_tag(self) -> PriceTag | None:
        """The price as the pure rules see it; None while it is not known."""
        if self.price is None:
            return None
        discount = self.discount_percent or ZERO
        return PriceTag(
            self.price,
            discount,
            action_discount(discount, self.action_percent or ZERO),
            self.loyalty_percent or ZERO,
        )

    def costs(self) -> Costs | None:
        """
        The costs as the pure rules see them; None while they say too little.

        Cost and commission must be known. What else is empty counts as nothing, so
        the margin is then the best case: see ``missing_costs``.
        """
        if self.cost is None or self.commission_percent is None:
            return None
        try:
            return Costs(
                cost=self.cost,
                commission_pct=self.commission_percent,
                logistics=self.logistics or ZERO,
                return_logistics=self.return_logistics or ZERO,
                return_rate=(self.return_percent or ZERO) / HUNDRED,
                storage=self.storage or ZERO,
                acquiring_pct=self.acquiring_percent or ZERO,
                tax=REGIMES[TAX_REGIMES[self.tax]],
            )
        except ValueError:  # together they take the whole price: no figures then
            return None

    def missing_costs(self) -> tuple[str, ...]:
        """Names of the cost fields that are empty."""
        return tuple(name for name in COST_FIELDS if getattr(self, name) is None)
