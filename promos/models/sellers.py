"""Whose shop it is, who works in it, and the shop's key to Wildberries."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agentiq import crypto
from promos.rules.terms import UseCase


def _budget(name: Promise) -> models.DecimalField:
    """Return a field for rubles of discount; empty is no limit."""
    return models.DecimalField(
        name,
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )


class Seller(models.Model):
    """A shop. Settings that change what is suggested or sent live here."""

    class Tone(models.TextChoices):
        NEUTRAL = "neutral", _("Neutral")
        WARM = "warm", _("Warm")

    class FortyFive(models.TextChoices):
        DISCOUNT = "discount", _("Seller's discount alone")
        WITH_ACTION = "with_action", _("Seller's discount and WB action together")

    name = models.CharField(_("Shop name"), max_length=200)
    is_active = models.BooleanField(_("Active"), default=True)
    is_demo = models.BooleanField(_("Demo data"), default=False, editable=False)
    dry_run = models.BooleanField(
        _("Dry run"),
        default=False,
        help_text=_("Everything works, but nothing is sent to buyers."),
    )
    tone = models.CharField(
        _("Tone of replies"), max_length=10, choices=Tone, default=Tone.NEUTRAL
    )
    suggest_on_promo_request = models.BooleanField(
        _("Offer a code when a buyer asks for one"), default=True
    )
    suggest_on_thanks = models.BooleanField(
        _("Offer a code on a plain thank-you"), default=False
    )
    forty_five_counts = models.CharField(
        # xgettext:no-python-format
        _("What the 45 % rule counts"),
        max_length=12,
        choices=FortyFive,
        default=FortyFive.WITH_ACTION,
        help_text=_("WB does not say; the stricter reading is the default."),
    )
    margin_floor = models.DecimalField(
        _("Least margin, ₽ per unit"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        help_text=_("A code that leaves less is not suggested."),
    )
    loss_budget_day = _budget(_("Loss budget of a day, ₽"))
    loss_budget_loyalty = _budget(_("Loss budget of a month: loyalty, ₽"))
    loss_budget_retention = _budget(_("Loss budget of a month: retention, ₽"))
    loss_budget_conversion = _budget(_("Loss budget of a month: conversion, ₽"))
    require_cost = models.BooleanField(
        _("Suggest only where the cost is known"), default=False
    )
    expiring_days = models.PositiveSmallIntegerField(
        _("A code counts as expiring, days before its end"), default=3
    )
    repeat_days = models.PositiveSmallIntegerField(
        _("Days before the same chat may get a code again"), default=30
    )
    keep_chats_days = models.PositiveSmallIntegerField(
        _("Keep what buyers wrote, days after the last message"),
        default=730,
        validators=[MinValueValidator(30)],
        help_text=_("Then texts and names are erased; sends and figures stay."),
    )
    keep_tokens_days = models.PositiveSmallIntegerField(
        _("Keep a token that is no longer in use, days"),
        default=30,
        help_text=_("Then the sealed token itself is erased; its facts stay."),
    )
    call_price = models.DecimalField(
        _("Price of one call to WB, ₽"),
        max_digits=8,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
        help_text=_("By your agreement with WB; zero while calls cost nothing."),
    )
    legal_checks = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def use_case_budgets(self) -> dict[UseCase, Decimal | None]:
        """Rubles of discount for a calendar month in Moscow; None is no limit."""
        return {
            UseCase.LOYALTY: self.loss_budget_loyalty,
            UseCase.RETENTION: self.loss_budget_retention,
            UseCase.CONVERSION: self.loss_budget_conversion,
        }


class Membership(models.Model):
    """A person in a shop, with the role that says what they may do."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Manager")
        OPERATOR = "operator", _("Operator")
        ANALYST = "analyst", _("Analyst")
        SUPPORT = "support", _("Support")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="memberships", verbose_name=_("shop")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="memberships",
        verbose_name=_("person"),
    )
    role = models.CharField(_("Role"), max_length=10, choices=Role)
    is_active = models.BooleanField(_("Active"), default=True)
    undo_seconds = models.PositiveSmallIntegerField(
        _("Undo window, seconds"),
        default=5,
        validators=[MaxValueValidator(15)],
        help_text=_("How long a sent reply can still be taken back, 0 to 15."),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=("seller", "user"), name="one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class WbTokenQuerySet(models.QuerySet["WbToken"]):
    """Tokens are always asked for by seller, so they need no scope."""

    def usable(self, *sellers: Seller) -> Self:
        """Tokens in use and not refused by WB, newest first."""
        found = self.filter(seller__in=sellers, is_active=True, refused_at=None)
        return found.order_by("-created_at", "-pk")


class WbToken(models.Model):
    """A key made in the WB cabinet: sealed, never shown again, its facts readable."""

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="tokens", verbose_name=_("shop")
    )
    sealed_token = models.TextField(editable=False)
    sealed_secret = models.TextField(editable=False, blank=True)
    kind = models.CharField(_("Type"), max_length=10, editable=False)
    categories = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("Categories"),
        default=list,
        editable=False,
    )
    read_only = models.BooleanField(_("Read only"), default=False, editable=False)
    expires_at = models.DateTimeField(_("Valid until"), null=True, editable=False)
    token_id = models.CharField(max_length=64, blank=True, editable=False)
    seller_uuid = models.CharField(max_length=64, blank=True, editable=False)
    is_active = models.BooleanField(_("In use"), default=True)
    refused_at = models.DateTimeField(_("Refused by WB"), null=True, editable=False)
    refusal = models.CharField(_("Why"), max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    objects = WbTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("WB token")
        verbose_name_plural = _("WB tokens")

    def __str__(self) -> str:
        return f"{self.kind} …{self.token_id[-6:]}"

    def set_token(self, token: str) -> None:
        """Seal ``token``; the caller has decoded it and fills the facts."""
        self.sealed_token = crypto.seal(token)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
