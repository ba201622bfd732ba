"""
Forms of the desk: what people type, turned into what the rules take.

A percentage may have a comma, dates are Moscow days with both ends included, and
articles are pasted in whatever shape they come. The rules say what is wrong; the
sentence stands beside the field.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from promos import registry, sentences, tokens, wording
from promos.models import Membership, Product, PromoCode, Seller, WbToken
from promos.rules import limits, naming
from promos.rules.days import DAY, day_start, moscow_date
from promos.rules.margin import Costs
from promos.rules.pricing import PriceTag
from promos.rules.scope import Pasted, parse_nm_ids
from promos.rules.terms import UseCase

UUID_PATTERN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)


class PercentField(forms.CharField):
    """A percentage as people write it: «12,5», «12.5 %»."""

    widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in (None, ""):
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return limits.parse_percent(str(value))
        except ValueError:
            raise ValidationError(
                gettext("Enter a number, for example 10 or 12,5.")
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return sentences.number(value) if isinstance(value, Decimal) else value


class FirstDayField(forms.DateField):
    """A Moscow date; its value is the instant at which the day begins."""

    widget = UnfoldAdminSingleDateWidget
    input_formats = ("%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y", "%m/%d/%Y")  # type: ignore[assignment]
    days_later = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=self.input_formats, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return moscow_date(value) - self.days_later * DAY
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime):
            value = moscow_date(value) - self.days_later * DAY
        day = super().to_python(value)
        try:
            return day and day_start(day + self.days_later * DAY)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"]) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LastDayField(FirstDayField):
    """A Moscow date, included; its value is the instant at which the day is over."""

    days_later = 1

    def prepare_value(self, value: Any) -> Any:
        """An end at 23:59 is the same day, one at midnight the day before."""
        if isinstance(value, datetime):
            return moscow_date(value - timedelta(microseconds=1))
        return value


class ArticlesField(forms.CharField):
    """Articles pasted from anywhere; the value is what the paste held."""

    widget = UnfoldAdminTextareaWidget({"rows": 6, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Pasted:  # type: ignore[override]
        try:
            return parse_nm_ids(super().to_python(value))
        except ValueError:
            raise ValidationError(
                gettext("That is too much for a field: use the import from a file.")
            ) from None

    def validate(self, value: Any) -> None:
        """No articles is for the form to judge: it knows whether they are needed."""

    def run_validators(self, value: Any) -> None:
        """The paste has no text left to validate."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return list(initial or []) != list(self.to_python(data or "").nm_ids)
        except ValidationError:
            return True


class SeenForm(forms.ModelForm):
    """
    A form that knows which state of the row the person saw.

    Whoever saves second is told what changed in between, and nothing is lost:
    what they typed is still in the form.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    change_reason = forms.CharField(
        label=_("Why you change it"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept in the history beside your name."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "seen" in self.fields:
            self.fields["seen"].initial = self.instance.updated_at.isoformat()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and self.data.get(self.add_prefix("seen")):
            self._check_nobody_was_faster()
        self.instance._change_reason = self.cleaned_data.get("change_reason", "")
        return cleaned

    def _check_nobody_was_faster(self) -> None:
        seen = self.data[self.add_prefix("seen")]
        stored = type(self.instance)._base_manager.get(pk=self.instance.pk)
        if stored.updated_at.isoformat() == seen:
            return
        newest = stored.history.first()
        self.add_error(
            None,
            gettext(
                "While you edited, %(who)s changed: %(what)s. Your input is still "
                "here; check it and save again."
            )
            % {"who": _who(newest), "what": _changes(stored, seen)},
        )
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = stored.updated_at.isoformat()


def _who(record: Any) -> str:
    user = record.history_user if record else None
    return str(user) if user else gettext("the system")


def _changes(stored: Any, seen: str) -> str:
    """Return which fields changed since the person opened the form."""
    newest = stored.history.first()
    base = stored.history.filter(updated_at=datetime.fromisoformat(seen)).first()
    if not newest or not base or newest.pk == base.pk:
        return gettext("the row")
    shown = [
        f"{_label(stored, change.field)}: {change.old} → {change.new}"
        for change in newest.diff_against(base).changes
        if change.field != "updated_at"
    ]
    return "; ".join(shown) or gettext("the row")


def _label(stored: Any, field: str) -> str:
    return str(stored._meta.get_field(field).verbose_name)


class PromoCodeForm(SeenForm):
    """A code as it is in the WB cabinet."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text=_("Leave empty to get a readable name."),
    )
    discount_percent = PercentField(
        label=_("Discount, %"), required=False, help_text=_("From 3 to 50.")
    )
    starts_at = FirstDayField(
        label=_("First day"), required=False, help_text=_("By Moscow time.")
    )
    expires_at = LastDayField(
        label=_("Last day"),
        required=False,
        help_text=_("Included: the code works until midnight in Moscow."),
    )
    description = forms.CharField(
        label=_("Note"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text=_("For you; buyers never see it."),
    )
    product_nms = ArticlesField(
        label=_("Articles (nmID)"),
        required=False,
        help_text=_("Paste a column, a list or links to products."),
    )
    skip_unread = forms.BooleanField(
        label=_("Skip what is no article"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = PromoCode
        fields = (
            "code",
            "discount_percent",
            "description",
            "applies_to",
            "product_nms",
            "starts_at",
            "expires_at",
            "is_active",
            "is_draft",
            "already_live",
            "use_for_positive",
            "use_for_negative",
            "use_for_pre_purchase",
            "wb_uuid",
            "margin_override_until",
            "margin_override_reason",
            "daily_cap",
            "loss_budget",
        )

    seller: Seller  # set by the admin: the form is made for one shop
    holds = True  # a preview looks without making others wait
    followed: PromoCode | None = None  # the version this one replaces

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []

    def clean(self) -> dict[str, Any] | None:
        if self.holds:
            registry.hold(self.seller)
        super().clean()
        self._keep_untouched_instants()
        if {"code", "discount_percent"} <= set(self.cleaned_data):
            self._name()
        if "product_nms" in self.fields:
            self._articles()
        if "code" in self.fields:
            self._limits()
        self._override()
        return self.cleaned_data

    def _keep_untouched_instants(self) -> None:
        """Where only the day is shown, a day left as it was keeps its minute."""
        known = self.instance.pk or self.followed
        for name in ("starts_at", "expires_at"):
            if known and name in self.fields and name not in self.changed_data:
                self.cleaned_data[name] = self.initial.get(name)

    def _name(self) -> None:
        """Give a code without a name one, and write names as WB does."""
        code = limits.clean_code(self.cleaned_data["code"])
        percent = self.cleaned_data["discount_percent"]
        if not code and percent is not None and percent.is_finite() and percent < 100:
            names = ("use_for_positive", "use_for_negative", "use_for_pre_purchase")
            flags = {name: bool(self.cleaned_data.get(name)) for name in names}
            taken = PromoCode.objects.filter(seller=self.seller)
            code = naming.suggest_code(
                registry.leading_use_case(PromoCode(**flags)),
                percent,
                taken.values_list("code", flat=True),
                Random(),
            )
        self.cleaned_data["code"] = code

    def _articles(self) -> None:
        pasted = self.cleaned_data.get("product_nms")
        if pasted is None:
            return
        self.cleaned_data["product_nms"] = list(pasted.nm_ids)
        selected = self.cleaned_data.get("applies_to") == PromoCode.AppliesTo.SELECTED
        if not selected:
            self.cleaned_data["product_nms"] = []
            return
        if pasted.junk and not self.cleaned_data.get("skip_unread"):
            lines = [f"{number}: {text}" for number, text in pasted.junk]
            shown = sentences.several(len(lines), lines)
            self.add_error(
                "product_nms",
                gettext(
                    "No articles in these lines: %(lines)s. Correct them or tick "
                    "«Skip what is no article»."
                )
                % {"lines": shown},
            )
        elif not pasted.nm_ids:
            self.add_error("product_nms", gettext("Paste at least one article."))
        self._articles_worth_a_look(pasted)

    def _articles_worth_a_look(self, pasted: Pasted) -> None:
        if pasted.duplicates:
            shown = sentences.several(
                len(pasted.duplicates), [str(nm) for nm in pasted.duplicates]
            )
            self.warnings.append(gettext("Pasted more than once: %s.") % shown)
        known = set(
            Product.objects.filter(
                seller=self.seller, nm_id__in=pasted.nm_ids, gone_at=None
            ).values_list("nm_id", flat=True)
        )
        unknown = [str(nm) for nm in pasted.nm_ids if nm not in known]
        if unknown:
            shown = sentences.several(len(unknown), unknown)
            self.warnings.append(gettext("Not in your catalogue: %s.") % shown)

    def entered(self) -> PromoCode:
        """Return the code as far as it is understood, not saved."""
        names = (*registry.TERMS, "is_draft")
        values = {name: self.cleaned_data.get(name) for name in names}
        made = PromoCode(seller=self.seller, **values)
        made.pk = (self.followed or self.instance).pk
        made.code = made.code or ""
        return made

    def _limits(self) -> None:
        """Say what WB would not take; a field with an error already is left alone."""
        entered = self.entered()
        draft = registry.draft_of(entered)
        others = registry.others(entered)
        found = limits.problems(
            draft,
            today=moscow_date(timezone.now()),
            others=others,
            already_live=self._may_lie_behind(),
        )
        broken = set(self.errors)
        for problem in found:
            if problem.field not in broken:
                self.add_error(problem.field, wording.sentence(problem))
        self._name_of_a_draft(entered)
        self.warnings += [
            wording.sentence(it) for it in limits.warnings(draft, others=others)
        ]

    def _name_of_a_draft(self, entered: PromoCode) -> None:
        """Drafts hold no slot, but a name is one code's only."""
        same = PromoCode.objects.filter(
            seller=self.seller,
            code_key=limits.normalise_code(entered.code),
            is_draft=True,
        )
        if "code" not in self.errors and same.current().exclude(pk=entered.pk).exists():
            taken = limits.Problem("code", "taken", {"other": entered.code})
            self.add_error("code", wording.sentence(taken))

    def _may_lie_behind(self) -> bool:
        """A code entered in time stays right once its start has passed."""
        before = self.followed or (self.instance if self.instance.pk else None)
        kept = before and before.starts_at == self.cleaned_data.get("starts_at")
        draft = bool(self.cleaned_data.get("is_draft"))
        return bool(self.cleaned_data.get("already_live")) or bool(kept) or draft

    def _override(self) -> None:
        until = self.cleaned_data.get("margin_override_until")
        reason = self.cleaned_data.get("margin_override_reason")
        if until and not reason:
            self.add_error(
                "margin_override_reason", gettext("Say why: it is kept in the history.")
            )
        if reason and not until:
            self.add_error(
                "margin_override_until", gettext("Say until when the exception holds.")
            )

    def _post_clean(self) -> None:
        """The name is unique by its key, which the rules have checked by now."""
        super()._post_clean()
        self.instance.code_key = limits.normalise_code(self.instance.code or "")


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


class MembershipForm(forms.ModelForm):
    """What a member may do; a shop always keeps an owner."""

    class Meta:
        model = Membership
        fields = ("role", "is_active", "undo_seconds")

    seller: Seller

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        role, is_active = (self.cleaned_data.get(it) for it in ("role", "is_active"))
        stays = role == Membership.Role.OWNER and is_active
        owners = Membership.objects.filter(
            seller=self.seller, role=Membership.Role.OWNER, is_active=True
        ).exclude(pk=self.instance.pk)
        if self.instance.pk and not stays and not owners.exists():
            self.add_error("role", gettext("A shop needs at least one active owner."))
        return cleaned


class NewMemberForm(MembershipForm):
    """A new person with an account of their own."""

    username = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("First password"),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
        help_text=_("Give it to the person; they can change it."),
    )

    def clean_username(self) -> str:
        name = get_user_model().normalize_username(self.cleaned_data["username"])
        get_user_model().username_validator(name)
        if get_user_model().objects.filter(username__iexact=name).exists():
            raise ValidationError(gettext("This login is taken."))
        return name

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password)
        return str(password)


class NewTokenForm(forms.ModelForm):
    """A key from the WB cabinet: judged here, sealed, never shown again."""

    token = forms.CharField(
        label=_("Token"),
        strip=True,
        max_length=5000,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "off"}),
        help_text=_(
            "WB cabinet → Settings → API access → personal token with the categories "
            "Chat with buyers, Prices, Content, Finance. It is not shown again."
        ),
    )
    secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=True,
        max_length=500,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "off"}),
        help_text=_("Only for a service token."),
    )

    class Meta:
        model = WbToken
        fields = ("token", "secret")

    seller: Seller
    by: Any = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("token"):
            try:
                self.entered = tokens.enter(
                    self.seller,
                    self.cleaned_data["token"],
                    self.cleaned_data.get("secret", ""),
                    by=self.by,
                    now=timezone.now(),
                )
            except tokens.TokenRefused as refused:
                self.add_error("token", refused.message)
        return cleaned

    def save(self, commit: bool = True) -> WbToken:
        """The step has saved the key already."""
        return self.entered

    def save_m2m(self) -> None:
        """A key has nothing beside itself."""


class SuccessorForm(forms.Form):
    """The name and the days of a code that follows another."""

    code = forms.CharField(
        label=_("Code"), max_length=50, widget=UnfoldAdminTextInputWidget
    )
    starts_at = FirstDayField(label=_("First day"))
    expires_at = LastDayField(label=_("Last day"), help_text=_("Included."))


class MadeForm(forms.Form):
    """What the WB cabinet shows after the code was made there."""

    code = forms.CharField(
        label=_("Code as WB shows it"),
        max_length=50,
        widget=UnfoldAdminTextInputWidget,
    )
    wb_uuid = forms.CharField(
        label=_("Promo UUID from the cabinet"),
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text=_("Paste the address of the code's page or the UUID itself."),
    )

    def clean_wb_uuid(self) -> UUID | None:
        text = self.cleaned_data["wb_uuid"]
        found = UUID_PATTERN.search(text)
        if text and not found:
            raise ValidationError(gettext("There is no UUID in this text."))
        return UUID(found[0]) if found else None


class WhyForm(forms.Form):
    """For which chat a code would be offered."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=50,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: all codes."),
    )
    nm_id = forms.IntegerField(
        label=_("Article (nmID)"),
        required=False,
        min_value=1,
        max_value=10**12,
        widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}),
        help_text=_("Empty: a chat whose article is not known."),
    )
    use_case = forms.TypedChoiceField(
        label=_("Use case"),
        choices=[(case.value, text) for case, text in sentences.USE_CASES.items()],
        coerce=UseCase,
        widget=UnfoldAdminSelectWidget,
    )
    min_discount = PercentField(
        label=_("Least discount, %"),
        required=False,
        help_text=_("An apology takes 10, a return 15, the rest 5."),
    )

    def clean_min_discount(self) -> Decimal:
        return self.cleaned_data["min_discount"] or Decimal(0)


def _amount(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
        **kwargs,
    )


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
        """Return the form's values for a product, a code of 10 % tried on it."""
        if product is None:
            return {"tax": Product.Tax.USN_INCOME, "percent": "10"}
        values: dict[str, Any] = {
            name: sentences.number(value) if value is not None else ""
            for name in cls.MONEY
            for value in [getattr(product, name)]
        }
        values |= {"nm_id": str(product.nm_id), "tax": product.tax, "percent": "10"}
        return values

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


class ShopForm(forms.Form):
    """The name of a new shop."""

    name = forms.CharField(max_length=200, strip=True)


class DryRunForm(forms.Form):
    """The owner's word that they know what the switch does."""

    confirm = forms.BooleanField(
        label=_("I understand what changes"), widget=UnfoldBooleanSwitchWidget
    )
