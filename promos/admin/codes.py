"""Promo codes: the list a shop lives by, and the form that knows WB's limits."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from promos import audit, registry, sentences
from promos.admin.base import FilesAdmin
from promos.admin.pages import CodePages
from promos.forms import PromoCodeForm
from promos.models import PromoCode
from promos.resources import PromoCodeResource
from promos.rules.days import days_of
from promos.rules.limits import LONGEST
from promos.rules.status import Status, status

CHOSEN = "chosen_articles"
"""Under this the list of products leaves what a new code is to cover."""


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
class PromoCodeAdmin(CodePages, FilesAdmin):
    """Sellers set the terms; what the system counted is read-only."""

    resource_classes = (PromoCodeResource,)
    form = PromoCodeForm
    change_form_outer_after_template = "admin/code_preview.html"
    actions_detail = ("open_extend", "open_version", "open_made")
    actions_row = ("open_extend",)
    actions = ("switch_off", "switch_on")
    list_display = (
        "code",
        "percent",
        "state",
        "days_left",
        "sent",
        "applies_to_shown",
        "days",
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
                    ("is_active", "already_live"),
                    "is_draft",
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
                    "is_leaked",
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
        return rows.select_related("seller").with_sent()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form the shop it is made for."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"seller": request.seller})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take over the articles that were chosen in the list of products."""
        initial = super().get_changeform_initial_data(request)
        if CHOSEN in initial:
            initial["applies_to"] = PromoCode.AppliesTo.SELECTED
            initial["product_nms"] = request.session.get(CHOSEN, [])
        return initial

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """After the first send the terms are what buyers were told."""
        locked = obj is not None and (obj.first_sent_at or obj.replaced_by_id)
        terms = (*registry.TERMS, "is_draft", "already_live") if locked else ()
        return (*super().get_readonly_fields(request, obj), *terms)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """
        Without product_nms there is nothing to skip; a new code has no counts yet, and
        no strangers know it.
        """
        readonly = self.get_readonly_fields(request, obj)
        sets = []
        for title, options in super().get_fieldsets(request, obj):
            fields = options["fields"]
            if "product_nms" in readonly:
                fields = tuple(name for name in fields if name != "skip_unread")
            if obj is None and "change_reason" in fields:
                continue
            if obj is None:
                fields = tuple(name for name in fields if name != "is_leaked")
            sets.append((title, options | {"fields": fields}))
        return sets

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
        if obj.margin_override_until and "margin_override_until" in form.changed_data:
            until = sentences.day(obj.margin_override_until)
            why = f"{until}: {obj.margin_override_reason}"
            audit.of_request(request, audit.Kind.OVERRIDE, obj.code, why)
        for warning in form.warnings:
            messages.warning(request, warning)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code that went out stays: its sends refer to it."""
        sent = obj is not None and obj.first_sent_at
        return super().has_delete_permission(request, obj) and not sent

    @action(
        description=_("Extend with a new code"),
        url_path="go-extend",
        icon="autorenew",
        permissions=["edit"],
    )
    def open_extend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.find(request, object_id)
        return redirect("admin:promos_promocode_extend", row.pk)

    @action(
        description=_("Change the terms"),
        url_path="go-version",
        icon="edit",
        permissions=["new_version"],
    )
    def open_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.find(request, object_id)
        return redirect("admin:promos_promocode_version", row.pk)

    @action(
        description=_("Made in the WB cabinet?"),
        url_path="go-made",
        icon="checklist",
        permissions=["finish_draft"],
    )
    def open_made(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.find(request, object_id)
        return redirect("admin:promos_promocode_made", row.pk)

    def has_edit_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        return self.has_add_permission(request)

    def has_new_version_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        """Terms that went out are changed by a version of their own."""
        row = self.get_object(request, str(object_id)) if object_id else None
        locked = row is not None and row.first_sent_at and not row.replaced_by_id
        return self.has_add_permission(request) and bool(locked)

    def has_finish_draft_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        is_draft = row is not None and row.is_draft
        return self.has_add_permission(request) and is_draft

    @admin.action(description=_("Stop suggesting"), permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[PromoCode]) -> None:
        self._switch(request, rows, is_active=False)

    @admin.action(description=_("Suggest again"), permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[PromoCode]) -> None:
        self._switch(request, rows, is_active=True)

    def _switch(
        self, request: HttpRequest, rows: QuerySet[PromoCode], *, is_active: bool
    ) -> None:
        now = timezone.now()
        for row in rows:
            registry.change(row, by=request.user, now=now, is_active=is_active)
        count = len(rows)
        messages.success(
            request, ngettext("%d code changed", "%d codes changed", count) % count
        )

    @admin.display(description=_("Discount, %"), ordering="discount_percent")
    def percent(self, promo_code: PromoCode) -> str:
        return f"{sentences.number(promo_code.discount_percent)} %"

    @admin.display(description=_("State"))
    def state(self, promo_code: PromoCode) -> SafeString | str:
        if promo_code.pk is None:
            return "—"
        days = promo_code.seller.expiring_days
        now = status(promo_code.terms(), timezone.now(), expiring_days=days)
        shown = '<span class="desk-pill state-{}">{}</span>'
        return format_html(shown, now.value, sentences.STATUSES[now])

    @admin.display(description=_("Days"), ordering="starts_at")
    def days(self, promo_code: PromoCode) -> str:
        first, last = days_of(promo_code.starts_at, promo_code.expires_at)
        return f"{sentences.day(first)} – {sentences.day(last)}"

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

    @admin.display(description=_("Sends"), ordering="sent")
    def sent(self, promo_code: PromoCode) -> int:
        return getattr(promo_code, "sent", 0)

    @admin.display(description=_("Applies to"), ordering="applies_to")
    def applies_to_shown(self, promo_code: PromoCode) -> str:
        if promo_code.applies_to == PromoCode.AppliesTo.ALL:
            return gettext("all products")
        count = len(promo_code.product_nms)
        return ngettext("%d article", "%d articles", count) % count

    @admin.display(description=_("Version"))
    def version_shown(self, promo_code: PromoCode) -> str:
        if promo_code.replaced_by_id:
            return gettext("%(number)d, replaced by a newer one") % {
                "number": promo_code.version
            }
        return str(promo_code.version)
