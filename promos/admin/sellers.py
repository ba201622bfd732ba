"""The shop itself: its settings, its people, its keys."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from promos import audit, factor, roles, shops, tokens
from promos.admin.base import SellerAdmin, TrackedAdmin
from promos.admin.shop_pages import ShopPages
from promos.forms import (
    DryRunForm,
    MembershipForm,
    NewMemberForm,
    NewTokenForm,
    SeenForm,
    ShopForm,
)
from promos.models import Membership, Seller, WbToken
from promos.rules.days import moscow_date

CATEGORIES = {
    1: _("Content"),
    2: _("Analytics"),
    3: _("Prices"),
    4: _("Marketplace"),
    5: _("Statistics"),
    6: _("Promotion"),
    7: _("Feedbacks"),
    9: _("Chat with buyers"),
    10: _("Supplies"),
    11: _("Returns"),
    12: _("Documents"),
    13: _("Finance"),
    16: _("Users"),
}
KINDS = {
    "base": _("base"),
    "test": _("test"),
    "personal": _("personal"),
    "service": _("service"),
}


@admin.register(Seller)
class SellerSettingsAdmin(ShopPages):
    """One shop: the one the person works in."""

    area = roles.Area.SHOP
    seller_field = "pk"
    list_display = ("name", "tone", "margin_floor", "dry_run")
    readonly_fields = ("dry_run",)
    fieldsets = (
        (None, {"fields": ("name", "tone", "dry_run")}),
        (
            _("What is suggested"),
            {
                "fields": (
                    "suggest_on_promo_request",
                    "suggest_on_thanks",
                    ("expiring_days", "repeat_days"),
                )
            },
        ),
        (
            _("Margin"),
            {"fields": ("margin_floor", "require_cost", "forty_five_counts")},
        ),
        (
            _("Loss budgets"),
            {
                "fields": (
                    "loss_budget_day",
                    (
                        "loss_budget_loyalty",
                        "loss_budget_retention",
                        "loss_budget_conversion",
                    ),
                ),
                "description": _(
                    "Rubles of discount; empty is no limit. Days and months are "
                    "Moscow's. Until WB's reports arrive it is an estimate: sends × "
                    "0.3 × the discount. At 80 % you are warned, at 100 % no code is "
                    "suggested."
                ),
            },
        ),
        (
            _("What is kept, and what WB's calls cost"),
            {"fields": (("keep_chats_days", "keep_tokens_days"), "call_price")},
        ),
        (None, {"fields": ("change_reason", "seen")}),
    )

    form = SeenForm
    actions_detail = ("open_calls", "open_legal", "open_data")

    @action(description=_("Calls to WB"), url_path="go-calls", icon="query_stats")
    def open_calls(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.find(request, object_id)
        return redirect("admin:promos_seller_calls")

    @action(description=_("Legal questions"), url_path="go-legal", icon="gavel")
    def open_legal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.find(request, object_id)
        return redirect("admin:promos_seller_legal")

    @action(description=_("All data"), url_path="go-data", icon="archive")
    def open_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.find(request, object_id)
        return redirect("admin:promos_seller_data")

    def get_urls(self) -> list[URLPattern]:
        return [
            self.page(self.dry_run_view, "dry-run/", "dry_run"),
            self.page(self.open_view, "open/", "open"),
            *super().get_urls(),
        ]

    def dry_run_view(self, request: HttpRequest) -> HttpResponse:
        """The owner's word that replies may really go out, or no longer."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        seller = request.seller  # type: ignore[attr-defined]
        form = DryRunForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            seller.dry_run = not seller.dry_run
            seller._change_reason = (
                "dry run: on" if seller.dry_run else "dry run: off, confirmed"
            )
            seller.save(update_fields=["dry_run", "updated_at"])
            state = gettext("on") if seller.dry_run else gettext("off")
            audit.of_request(request, audit.Kind.MODE, seller, state)
            return redirect("admin:index")
        title = gettext("Dry run")
        return self.show(request, "admin/dry_run.html", title, form=form, shop=seller)

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """The keeper of the installation opens a shop and becomes its owner."""
        if not request.user.is_superuser or request.method != "POST":
            raise PermissionDenied
        form = ShopForm(request.POST)
        if form.is_valid():
            shops.open_shop(form.cleaned_data["name"], request.user)
        else:
            messages.error(request, gettext("Enter the name of the shop."))
        return redirect("admin:index")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(TrackedAdmin):
    """People of the shop; an account may work in several shops."""

    area = roles.Area.PEOPLE
    list_display = ("user", "role", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("user__username", "user__first_name", "user__last_name")
    ordering = ("user__username",)
    list_select_related = ("user",)
    readonly_fields = ("user",)
    actions = ("take_factor_off",)

    @admin.action(
        description=_("Take the second factor off: the phone is lost"),
        permissions=["change"],
    )
    def take_factor_off(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """An account that works elsewhere too is for the keeper alone to open."""
        for member in rows:
            others = Membership.objects.filter(user=member.user, is_active=True)
            if others.exclude(seller=member.seller).exists():
                words = gettext("%s works in other shops too: ask the keeper.")
                messages.error(request, words % member.user)
                continue
            factor.remove(member.user)
            done = gettext("taken off")
            audit.of_request(request, audit.Kind.FACTOR, member.user, done)
            words = gettext("%s signs in by the password alone now.")
            messages.success(request, words % member.user)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A new member gets an account of their own."""
        kwargs["form"] = MembershipForm if obj else NewMemberForm
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"seller": request.seller})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ("role", "is_active", "undo_seconds")
        first = ("user",) if obj else ("username", "password")
        return ((None, {"fields": (*first, *fields)}),)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.user = get_user_model().objects.create_user(
                form.cleaned_data["username"], password=form.cleaned_data["password"]
            )
        super().save_model(request, obj, form, change)
        shops.give_desk(obj.user)
        state = obj.get_role_display() if obj.is_active else gettext("off")
        audit.of_request(request, audit.Kind.PEOPLE, obj.user, state)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Members are switched off, so that their past acts keep a name."""
        return False


@admin.register(WbToken)
class WbTokenAdmin(SellerAdmin):
    """Keys to WB: entered once, never shown, their facts readable."""

    area = roles.Area.KEYS
    list_display = ("kind_shown", "category_names", "valid_until", "days", "state")
    readonly_fields = (
        "kind_shown",
        "category_names",
        "read_only",
        "valid_until",
        "days",
        "will_not_work",
        "state",
        "refusal",
        "created_at",
    )
    fieldsets = ((None, {"fields": ("is_active", *readonly_fields)}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by("-pk")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The key is typed once, when it is new."""
        if obj is None:
            kwargs["form"] = NewTokenForm
        form = super().get_form(request, obj, **kwargs)
        return type(
            form.__name__, (form,), {"seller": request.seller, "by": request.user}
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("token", "secret")}),)
        return super().get_fieldsets(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """A new key was saved by the step that judged it."""
        if change:
            obj.save(update_fields=["is_active"])
        state = gettext("in use") if obj.is_active else gettext("off")
        audit.of_request(request, audit.Kind.KEYS, obj, state)

    @admin.display(description=_("Type"))
    def kind_shown(self, token: WbToken) -> str:
        return str(KINDS.get(token.kind, _("unknown")))

    @admin.display(description=_("Categories"))
    def category_names(self, token: WbToken) -> str:
        names = [str(CATEGORIES.get(one, one)) for one in sorted(token.categories)]
        return ", ".join(names) or "—"

    @admin.display(description=_("Valid until"), ordering="expires_at")
    def valid_until(self, token: WbToken) -> str:
        return shops.day_or_dash(token.expires_at)

    @admin.display(description=_("Days left"))
    def days(self, token: WbToken) -> int | str:
        if token.expires_at is None:
            return "—"
        left = moscow_date(token.expires_at) - moscow_date(timezone.now())
        return max(left.days, 0)

    @admin.display(description=_("Will not work"))
    def will_not_work(self, token: WbToken) -> str:
        missing = tokens.missing(token)
        return "; ".join(map(str, missing)) or gettext("nothing: everything is covered")

    @display(
        description=_("State"),
        label={
            "refused": "danger",
            "ended": "danger",
            "in use": "success",
            "off": "warning",
        },
    )
    def state(self, token: WbToken) -> Any:
        if token.refused_at:
            return "refused", gettext("refused by WB")
        if token.is_expired(timezone.now()):
            return "ended", gettext("ended")
        return (
            ("in use", gettext("in use"))
            if token.is_active
            else ("off", gettext("off"))
        )
