"""Other systems: their keys and webhooks. Secrets are shown once, when made."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminURLInputWidget,
)

from agentiq import callouts
from promos import apikeys, audit, roles, webhooks
from promos.admin.base import FactAdmin, SellerAdmin
from promos.models import ApiKey, Webhook, WebhookDelivery


def _boxes(label: Any, choices: Any, **kwargs: Any) -> forms.MultipleChoiceField:
    widget = UnfoldAdminCheckboxSelectMultipleWidget
    return forms.MultipleChoiceField(
        label=label, choices=choices, widget=widget, **kwargs
    )


class ApiKeyForm(forms.ModelForm):
    """What a key may do is chosen when it is made."""

    scopes = _boxes(_("Rights"), ApiKey.Scope.choices)


class WebhookForm(forms.ModelForm):
    """An address outside of our own network."""

    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text=_("https, reachable from outside."),
    )
    kinds = _boxes(
        _("Events"),
        Webhook.Kind.choices,
        required=False,
        help_text=_("None chosen: all of them."),
    )

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        try:
            callouts.check(url)
        except callouts.Forbidden:
            raise forms.ValidationError(
                _("Give an https address that is reachable from outside.")
            ) from None
        return url


class SecretOnceAdmin(SellerAdmin):
    """A row whose secret is made with it and shown on the next page, never again."""

    area = roles.Area.KEYS

    def make(self, obj: Any) -> str:
        """Give a new row its secret and return it."""
        raise NotImplementedError

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.shown_once = self.make(obj)
        super().save_model(request, obj, form, change)
        done = gettext("changed") if change else gettext("made")
        audit.of_request(request, audit.Kind.KEYS, obj, done)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Copy it now"),
            "secret": obj.shown_once,
            "row": obj,
            "opts": self.opts,
            "back": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            ),
        }
        return TemplateResponse(request, "admin/promos/secret_once.html", context)


@admin.register(ApiKey)
class ApiKeyAdmin(SecretOnceAdmin):
    """Keys of integrations; a leaked one is revoked here."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "rights", "last_used_at", "expires_at", "state")
    fields = ("name", "scopes", "rate_per_minute", "expires_at")
    readonly_fields = ("prefix", "created_by", "created_at", "last_used_at", "state")
    actions = ("revoke",)
    list_select_related = ("created_by",)

    def make(self, obj: ApiKey) -> str:
        return apikeys.seal(obj)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.fields, *self.readonly_fields) if obj else self.fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a key did keeps its name: it is revoked, not deleted."""
        return False

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for row in queryset:
            apikeys.revoke(row, now=timezone.now())
            audit.of_request(request, audit.Kind.KEYS, row, gettext("Revoked"))
        messages.success(request, gettext("The keys open nothing any more."))

    @admin.display(description=_("Rights"))
    def rights(self, row: ApiKey) -> str:
        return ", ".join(row.scopes)

    @display(
        description=_("State"),
        label={"usable": "success", "ended": "warning", "revoked": "danger"},
    )
    def state(self, row: ApiKey) -> tuple[str, str]:
        if row.revoked_at:
            return "revoked", gettext("Revoked")
        if row.expires_at and row.expires_at <= timezone.now():
            return "ended", gettext("Ended")
        return "usable", gettext("In use")


@admin.register(Webhook)
class WebhookAdmin(SecretOnceAdmin):
    """Addresses that are told what happens in the shop."""

    form = WebhookForm
    list_display = ("url", "events", "is_active", "created_at")
    fields = ("url", "kinds", "is_active")

    def make(self, obj: Webhook) -> str:
        return webhooks.seal(obj)

    @admin.display(description=_("Events"))
    def events(self, row: Webhook) -> str:
        return ", ".join(row.kinds) or gettext("all")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(FactAdmin):
    """What was told to whom, and how it went."""

    area = roles.Area.KEYS
    list_display = (
        "kind",
        "webhook",
        "chat_key",
        "happened_at",
        "state",
        "tries",
        "http_status",
        "problem",
    )
    list_filter = ("state", "kind")
    search_fields = ("chat_key", "event_id")
    search_help_text = _("Chat or event")
    list_select_related = ("webhook",)
    exclude = ("seller", "claimed_until")
    actions = ("replay",)

    @admin.action(description=_("Send the chosen events again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        for row in queryset.order_by("pk"):
            webhooks.replay(row, now=timezone.now())
        messages.success(request, gettext("The events are on their way again."))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return roles.may_edit(getattr(request, "membership", None), self.area)
