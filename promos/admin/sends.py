"""What went out: facts, to be read and searched."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from promos import sentences
from promos.admin.base import FactAdmin
from promos.models import PromoCodeSend


@admin.register(PromoCodeSend)
class PromoCodeSendAdmin(FactAdmin):
    """Every code that WB took to a buyer, under the names of the schema."""

    list_display = (
        "promo_code",
        "chat_id",
        "message_id",
        "sent_at",
        "trigger_intent",
        "trigger_sentiment",
        "auto_suggested",
        "operator_approved",
    )
    list_filter = (
        "use_case",
        "trigger_intent",
        "trigger_sentiment",
        "auto_suggested",
        "operator_approved",
    )
    search_fields = ("promo_code__code", "chat_id", "message_id", "nm_id")
    search_help_text = _("Code, chat, message or article")
    date_hierarchy = "sent_at"
    list_select_related = ("promo_code",)

    @admin.display(description=_("Terms when sent"))
    def terms(self, send: PromoCodeSend) -> SafeString | str:
        """The kept terms, line by line: what the buyer was told that day."""
        code = send.snapshot.get("code") or {}
        if not code:
            return "—"
        days = [datetime.fromisoformat(code[it]) for it in ("starts_at", "expires_at")]
        last = days[1] - timedelta(microseconds=1)
        nms = code.get("product_nms") or []
        lines = [
            (_("Code"), code["code"]),
            (_("Discount, %"), sentences.number(Decimal(code["discount_percent"]))),
            (_("Days"), f"{sentences.day(days[0])} – {sentences.day(last)}"),
            (_("Version"), code.get("version", 1)),
            (_("Articles"), sentences.several(len(nms), [*map(str, nms)]) or _("all")),
        ]
        price = send.snapshot.get("price") or {}
        if price:
            lines.append((_("Price with the code, ₽"), price.get("final")))
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("promo_code", "operator")
