"""Codes: entering, extending, bringing back from the WB cabinet, asking why not."""

import re
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from promos import registry, sentences, wording
from promos.forms.fields import (
    ArticlesField,
    FirstDayField,
    LastDayField,
    PercentField,
    searched,
)
from promos.forms.seen import SeenForm
from promos.models import Product, PromoCode, Seller
from promos.rules import limits, naming
from promos.rules.days import moscow_date
from promos.rules.scope import Pasted
from promos.rules.terms import UseCase

UUID_PATTERN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)


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
            "is_leaked",
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
        widget=UnfoldAdminTextInputWidget(
            searched("admin:promos_promocode_options", "code-options")
        ),
        help_text=_("Empty: all codes."),
    )
    nm_id = forms.CharField(
        label=_("Article (nmID)"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(
            searched("admin:promos_product_options", "nm-options")
        ),
        help_text=_(
            "The number, or part of the title to choose from. Empty: a chat whose "
            "article is not known."
        ),
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

    def clean_nm_id(self) -> int | None:
        """A title is for choosing: only the number says which article is meant."""
        typed = self.cleaned_data["nm_id"].strip()
        if not typed:
            return None
        if not typed.isdecimal() or len(typed) > 12:
            raise ValidationError(
                gettext("Type the article's number, or choose one of those offered.")
            )
        return int(typed)

    def clean_min_discount(self) -> Decimal:
        return self.cleaned_data["min_discount"] or Decimal(0)
