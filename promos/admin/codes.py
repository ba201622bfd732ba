"""Promo codes: the list a shop lives by, and the form that knows WB's limits."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from promos import registry, sentences
from promos.admin.base import TrackedAdmin
from promos.forms import PromoCodeForm
from promos.models import PromoCode
from promos.rules.limits import LONGEST
from promos.rules.status import Status, status

COLOURS = {
    Status.DRAFT: "info",
    Status.PLANNED: "info",
    Status.ACTIVE: "success",
    Status.EXPIRING: "warning",
    Status.OFF: "danger",
}


class StatusFilter(admin.SimpleListFilter):
    """The states of the one status function."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(one.value, sentences.STATUSES[one]) for one in Status]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in set(Status):
            return queryset
        days = request.seller.expiring_days  # type: ignore[attr-defined]
        return queryset.in_status(Status(self.value()), timezone.now(), days)


class UseCaseFilter(admin.SimpleListFilter):
    """What a code is meant for."""

    title = _("use case")
    parameter_name = "use_case"
    FIELDS = {
        "loyalty": "use_for_positive",
        "retention": "use_for_negative",
        "conversion": "use_for_pre_purchase",
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(case.name.lower(), text) for case, text in sentences.USE_CASES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        field = self.FIELDS.get(self.value() or "")
        return queryset.filter(**{field: True}) if field else queryset


class ExpiryFilter(admin.SimpleListFilter):
    """How soon a code ends."""

    title = _("ends within")
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (str(days), ngettext("%d day", "%d days", days) % days)
            for days in (1, 3, 7, 14)
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {"1", "3", "7", "14"}:
            return queryset
        now = timezone.now()
        until = now + timedelta(days=int(self.value() or 0))
        return queryset.filter(expires_at__gt=now, expires_at__lte=until)


class VersionFilter(admin.SimpleListFilter):
    """Older versions are history; they are shown on request."""

    title = _("versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("replaced ones too"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        opened = request.resolver_match and request.resolver_match.url_name
        wanted = self.value() == "all" or opened != "promos_promocode_changelist"
        return queryset if wanted else queryset.current()


@admin.register(PromoCode)
class PromoCodeAdmin(TrackedAdmin):
    """Sellers set the terms; what the system counted is read-only."""

    form = PromoCodeForm
    list_display = (
        "code",
        "percent",
        "state",
        "days_left",
        "sent",
        "applies_to_shown",
        "starts_at",
        "expires_at",
    )
    list_filter = (StatusFilter, UseCaseFilter, ExpiryFilter, VersionFilter)
    search_fields = ("code", "description")
    search_help_text = _("Code or note")
    ordering = ("-starts_at", "code")
    readonly_fields = ("state", "sent", "first_sent_at", "version_shown")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("code", "discount_percent"),
                    ("starts_at", "expires_at"),
                    ("is_active", "is_draft", "already_live"),
                    "description",
                )
            },
        ),
        (
            _("What it is for"),
            {
                "fields": (
                    ("use_for_positive", "use_for_negative", "use_for_pre_purchase"),
                )
            },
        ),
        (
            _("Where it works"),
            {"fields": ("applies_to", "product_nms", "skip_unread")},
        ),
        (
            _("Guards"),
            {
                "fields": (
                    ("daily_cap", "loss_budget"),
                    ("margin_override_until", "margin_override_reason"),
                )
            },
        ),
        (_("In the WB cabinet"), {"fields": ("wb_uuid",)}),
        (
            _("Counted"),
            {
                "fields": (
                    ("state", "sent"),
                    ("first_sent_at", "version_shown"),
                    "change_reason",
                    "seen",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromoCode]:
        rows = super().get_queryset(request)
        self.expiring_days = getattr(request.seller, "expiring_days", 3)
        return rows.with_sent() if rows.query.is_empty() is False else rows

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form the shop it is made for."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"seller": request.seller})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """After the first send the terms are what buyers were told."""
        locked = obj is not None and (obj.first_sent_at or obj.replaced_by_id)
        terms = (*registry.TERMS, "is_draft", "already_live") if locked else ()
        return (*super().get_readonly_fields(request, obj), *terms)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without product_nms there is nothing to skip; a new code has no counts."""
        readonly = self.get_readonly_fields(request, obj)
        sets = []
        for title, options in super().get_fieldsets(request, obj):
            fields = options["fields"]
            if "product_nms" in readonly:
                fields = tuple(name for name in fields if name != "skip_unread")
            if obj is None and "change_reason" in fields:
                continue
            sets.append((title, options | {"fields": fields}))
        return sets

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
        for warning in form.warnings:
            messages.warning(request, warning)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code that went out stays: its sends refer to it."""
        sent = obj is not None and obj.first_sent_at
        return super().has_delete_permission(request, obj) and not sent

    @display(description=_("Discount, %"), ordering="discount_percent")
    def percent(self, promo_code: PromoCode) -> str:
        return f"{sentences.number(promo_code.discount_percent)} %"

    @display(
        description=_("State"),
        label={str(sentences.STATUSES[one]): tint for one, tint in COLOURS.items()},
    )
    def state(self, promo_code: PromoCode) -> Any:
        if promo_code.pk is None:
            return "—"
        now = status(
            promo_code.terms(), timezone.now(), expiring_days=self.expiring_days
        )
        return now.value, str(sentences.STATUSES[now])

    @admin.display(description=_("Days left"), ordering="expires_at")
    def days_left(self, promo_code: PromoCode) -> SafeString | str:
        left = promo_code.expires_at - max(timezone.now(), promo_code.starts_at)
        if left <= timedelta(0):
            return "—"
        days = -(-left // timedelta(days=1))
        return format_html(
            '<span class="days-left"><progress max="{}" value="{}"></progress> {}'
            "</span>",
            LONGEST.days,
            days,
            ngettext("%d day", "%d days", days) % days,
        )

    @admin.display(description=_("Sent to buyers"), ordering="sent")
    def sent(self, promo_code: PromoCode) -> int:
        return getattr(promo_code, "sent", 0)

    @admin.display(description=_("Applies to"), ordering="applies_to")
    def applies_to_shown(self, promo_code: PromoCode) -> str:
        if promo_code.applies_to == PromoCode.AppliesTo.ALL:
            return say("all products")
        count = len(promo_code.product_nms)
        return ngettext("%d article", "%d articles", count) % count

    @admin.display(description=_("Version"))
    def version_shown(self, promo_code: PromoCode) -> str:
        if promo_code.replaced_by_id:
            return say("%(number)d, replaced by a newer one") % {
                "number": promo_code.version
            }
        return str(promo_code.version)
