"""Sends with the words of the analyser, which lies above the app that keeps them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from chats import labels
from chats.admin import words
from promos.admin.sends import PromoCodeSendAdmin
from promos.models import PromoCodeSend

admin.site.unregister(PromoCodeSend)


@admin.register(PromoCodeSend)
class SendAdmin(PromoCodeSendAdmin):
    """What set a send off, in words."""

    list_display = (
        "promo_code",
        "chat_id",
        "sent_at",
        "nm_id",
        "meant_for",
        "meaning",
        "mood",
        "auto_suggested",
        "operator_approved",
    )
    list_filter = (
        words.UseCaseFilter,
        words.TriggerIntentFilter,
        words.TriggerMoodFilter,
        "auto_suggested",
        "operator_approved",
    )
    fields = (
        ("promo_code", "sent_at"),
        ("chat_id", "message_id", "nm_id"),
        ("meant_for", "meaning", "mood"),
        ("auto_suggested", "operator_approved", "operator"),
        "answer_seconds",
        "terms",
    )
    readonly_fields = ("meant_for", "meaning", "mood", "terms")

    @admin.display(description=_("Use case"), ordering="use_case")
    def meant_for(self, send: PromoCodeSend) -> str:
        return words.use_case(send.use_case)

    @admin.display(description=_("Intent"), ordering="trigger_intent")
    def meaning(self, send: PromoCodeSend) -> str:
        return labels.intent(send.trigger_intent) or "—"

    @admin.display(description=_("Mood"), ordering="trigger_sentiment")
    def mood(self, send: PromoCodeSend) -> str:
        return labels.mood(send.trigger_sentiment) or "—"
