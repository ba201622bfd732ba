"""What the shop sells: prices as WB has them, costs as the seller knows them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from promos import sentences, tasks
from promos.admin.base import FilesAdmin
from promos.admin.codes import CHOSEN
from promos.admin.pages import ProductPages
from promos.forms import ProductForm
from promos.models import Product
from promos.resources import ProductResource

MOST_ARTICLES = 10_000
COSTS = (
    "cost",
    "commission_percent",
    "logistics",
    "return_logistics",
    "storage",
    "acquiring_percent",
    "return_percent",
    "tax",
)


class CostFilter(admin.SimpleListFilter):
    """Articles whose margin cannot be told."""

    title = _("cost")
    parameter_name = "cost_known"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not known")), ("yes", _("known"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(cost__isnull=self.value() == "no")


class GoneFilter(admin.SimpleListFilter):
    """Articles that WB no longer lists."""

    title = _("catalogue")
    parameter_name = "gone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("listed")), ("yes", _("left the catalogue"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(gone_at__isnull=self.value() == "no")


@admin.register(Product)
class ProductAdmin(ProductPages, FilesAdmin):
    """Costs are entered here; every figure says how old it is."""

    resource_classes = (ProductResource,)
    form = ProductForm
    actions = ("make_code",)
    actions_list = ("sync_now",)
    actions_row = ("open_calculation",)
    actions_detail = ("open_calculation",)
    list_display = (
        "nm_id",
        "title_shown",
        "price_shown",
        "discounts",
        "cost_shown",
        "prices_synced_at",
    )
    list_filter = (CostFilter, GoneFilter, "tax")
    search_fields = ("nm_id", "title", "vendor_code")
    search_help_text = _("Article, title or vendor code")
    ordering = ("nm_id",)
    readonly_fields = (
        "cost_updated_at",
        "prices_synced_at",
        "card_synced_at",
        "commission_synced_at",
        "action_synced_at",
        "gone_at",
    )
    fieldsets = (
        (
            None,
            {"fields": (("nm_id", "vendor_code"), "title", ("brand", "subject_name"))},
        ),
        (
            _("Price at WB"),
            {
                "fields": (
                    ("price", "discount_percent"),
                    ("action_percent", "loyalty_percent"),
                    ("prices_synced_at", "action_synced_at"),
                )
            },
        ),
        (
            _("What a unit costs you"),
            {
                "fields": (
                    ("cost", "tax"),
                    ("commission_percent", "acquiring_percent"),
                    ("logistics", "return_logistics"),
                    ("storage", "return_percent"),
                    ("cost_source", "cost_updated_at"),
                )
            },
        ),
        (
            _("As of"),
            {"fields": (("card_synced_at", "commission_synced_at"), "gone_at")},
        ),
        (None, {"fields": ("change_reason", "seen")}),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form the shop it is made for."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"seller": request.seller})

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if set(form.changed_data) & set(COSTS):
            obj.cost_updated_at = timezone.now()
        super().save_model(request, obj, form, change)

    @action(
        description=_("Read from WB now"),
        url_path="sync",
        icon="sync",
        permissions=["edit"],
    )
    def sync_now(self, request: HttpRequest) -> HttpResponse:
        """Nudge the two tasks; the list shows the time of what they read."""
        seller = request.seller  # type: ignore[attr-defined]
        tasks.sync_prices.delay_on_commit(seller.pk)
        tasks.sync_cards.delay_on_commit(seller.pk)
        messages.info(request, _("WB is being read: reload the page in a minute."))
        return redirect("admin:promos_product_changelist")

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @action(description=_("Price and margin"), url_path="go-margin", icon="calculate")
    def open_calculation(self, request: HttpRequest, object_id: str) -> HttpResponse:
        product = self.find(request, object_id)
        page = reverse("admin:promos_product_calculator")
        return redirect(f"{page}?nm_id={product.nm_id}")

    @admin.action(description=_("New code for these articles"), permissions=["edit"])
    def make_code(
        self, request: HttpRequest, rows: QuerySet[Product]
    ) -> HttpResponse | None:
        """Open the form of a code with the chosen articles; those gone stay out."""
        listed = rows.in_catalogue().values_list("nm_id", flat=True)
        chosen = list(listed[: MOST_ARTICLES + 1])
        if len(chosen) > MOST_ARTICLES:
            words = {"most": MOST_ARTICLES}
            said = _(
                "At most %(most)d articles at once; for more, choose all products."
            )
            messages.error(request, said % words)
            return None
        if not chosen:
            messages.error(request, _("All of these have left the catalogue."))
            return None
        request.session[CHOSEN] = chosen
        return redirect(f"{reverse('admin:promos_promocode_add')}?{CHOSEN}=1")

    @admin.display(description=_("Base price, ₽"), ordering="price")
    def price_shown(self, product: Product) -> str:
        return sentences.rubles(product.price)

    @admin.display(description=_("Title"), ordering="title")
    def title_shown(self, product: Product) -> SafeString:
        words = (product.title or "—", product.vendor_code)
        return format_html('{}<br><span class="desk-quiet">{}</span>', *words)

    @admin.display(description=_("Discounts"), ordering="discount_percent")
    def discounts(self, product: Product) -> str:
        if product.discount_percent is None:
            return "—"
        shown = f"{sentences.number(product.discount_percent)} %"
        if not product.action_percent:
            return shown
        words = {"percent": sentences.number(product.action_percent)}
        return f"{shown}, {gettext('action %(percent)s %%') % words}"

    @admin.display(description=_("Cost, ₽"), ordering="cost")
    def cost_shown(self, product: Product) -> str:
        return sentences.rubles(product.cost)
