"""The shop itself: its people, its keys, its switches."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from promos import tokens
from promos.models import Membership, Seller, WbToken


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


class ShopForm(forms.Form):
    """The name of a new shop."""

    name = forms.CharField(max_length=200, strip=True)


class DryRunForm(forms.Form):
    """The owner's word that they know what the switch does."""

    confirm = forms.BooleanField(
        label=_("I understand what changes"), widget=UnfoldBooleanSwitchWidget
    )
