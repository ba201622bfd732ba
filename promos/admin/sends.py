"""What went out: facts, to be read and searched."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("promo_code", "operator")
