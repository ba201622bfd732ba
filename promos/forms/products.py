"""Articles with their costs, and trying costs out."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from promos import sentences
from promos.forms.fields import AmountField, PercentField
from promos.forms.seen import SeenForm
from promos.models import Product, Seller
from promos.rules.margin import Costs
from promos.rules.pricing import PriceTag


class ProductForm(SeenForm):
    """An article with its costs; empty means not known, never zero."""

    class Meta:
        model = Product
        fields = (
            "nm_id",
            "title",
            "vendor_code",
            "brand",
            "subject_name",
            "price",
            "discount_percent",
            "action_percent",
            "loyalty_percent",
            "cost",
            "commission_percent",
            "logistics",
            "return_logistics",
            "storage",
            "acquiring_percent",
            "return_percent",
            "tax",
            "cost_source",
        )

    seller: Seller

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        price = self.cleaned_data.get("price")
        if price is not None and price <= 0:
            self.add_error(
                "price",
                gettext("A price is above zero; leave it empty if it is not known."),
            )
        self._amounts()
        nm_id = self.cleaned_data.get("nm_id")
        same = Product.objects.filter(seller=self.seller, nm_id=nm_id)
        if nm_id and same.exclude(pk=self.instance.pk).exists():
            self.add_error("nm_id", gettext("This article is already in the list."))
        return cleaned

    def _amounts(self) -> None:
        for name in ("cost", "logistics", "return_logistics", "storage"):
            amount = self.cleaned_data.get(name)
            if amount is not None and amount < 0:
                self.add_error(name, gettext("An amount cannot be below zero."))
        if (self.cleaned_data.get("return_percent") or 0) >= 100:
            self.add_error("return_percent", gettext("Not every order can come back."))


def _amount(label: Any, **kwargs: Any) -> AmountField:
    limits = {"min_value": 0, "max_digits": 12, "decimal_places": 2}
    return AmountField(label=label, required=False, **limits, **kwargs)


def _share(label: Any, **kwargs: Any) -> PercentField:
    return PercentField(label=label, required=False, **kwargs)


class CalculatorForm(forms.Form):
    """What one article costs and brings; every field may be tried out."""

    nm_id = forms.CharField(
        label=_("Article (nmID)"),
        required=False,
        max_length=15,
        widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}),
    )
    percent = _share(_("Promo code, %"))
    other_percent = _share(
        _("Compare with a code of, %"),
        help_text=_("How many more redemptions the larger one must bring."),
    )
    price = _amount(_("Base price, ₽"))
    discount_percent = _share(_("Seller's discount, %"))
    action_percent = _share(_("Discount planned by a WB action, %"))
    loyalty_percent = _share(_("Loyalty discount, %"))
    cost = _amount(_("Cost, ₽"))
    commission_percent = _share(_("WB commission, %"))
    logistics = _amount(_("Delivery to the buyer, ₽"))
    return_logistics = _amount(_("Delivery back, ₽"))
    storage = _amount(_("Storage, ₽ per unit sold"))
    acquiring_percent = _share(_("Acquiring, %"))
    # xgettext:no-python-format
    return_percent = _share(_("Returns, % of orders"))
    tax = forms.ChoiceField(
        label=_("Tax regime"),
        choices=Product.Tax.choices,
        widget=UnfoldAdminSelectWidget,
    )

    tag: PriceTag | None = None
    costs: Costs | None = None
    MONEY = (
        "price",
        "discount_percent",
        "action_percent",
        "loyalty_percent",
        "cost",
        "commission_percent",
        "logistics",
        "return_logistics",
        "storage",
        "acquiring_percent",
        "return_percent",
    )

    @classmethod
    def of(cls, product: Product | None) -> dict[str, Any]:
        """Return the form's values for a product, codes of 10 and 15 % tried on it."""
        if product is None:
            return {"tax": Product.Tax.USN_INCOME, "percent": "10"}
        values: dict[str, Any] = {
            name: sentences.number(value) if value is not None else ""
            for name in cls.MONEY
            for value in [getattr(product, name)]
        }
        codes = {"percent": "10", "other_percent": "15"}
        return values | codes | {"nm_id": str(product.nm_id), "tax": product.tax}

    def clean(self) -> dict[str, Any]:
        """Make the rules' values; the product's own conversion is the one used."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        values = {name: cleaned.get(name) for name in self.MONEY}
        product = Product(tax=cleaned["tax"], **values)
        try:
            self.tag = product.price_tag() if values["price"] else None
            self.costs = product.costs()
        except ValueError:
            self.add_error(None, gettext("A percentage lies between 0 and 100."))
        return cleaned
