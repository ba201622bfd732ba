"""Wording that operators put into their own replies."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chats import outcomes
from chats.models import SavedReply
from chats.policy import rendering
from chats.policy.rendering import TemplateError
from chats.wordings import FAULTS
from promos.admin.base import SellerAdmin


class SavedReplyForm(forms.ModelForm):
    """A saved reply asks only for what the desk can fill in."""

    class Meta:
        model = SavedReply
        fields = ("title", "text", "is_active")

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        try:
            rendering.slots_of(text)
        except TemplateError as error:
            said = FAULTS[error.fault] % {"detail": error.detail}
            raise forms.ValidationError(said) from error
        return text


@admin.register(SavedReply)
class SavedReplyAdmin(SellerAdmin):
    """The shop's saved replies, how often each was used and what came of it."""

    form = SavedReplyForm
    list_display = (
        "title",
        "use_count",
        "sent",
        "answered",
        "bought",
        "returned",
        "is_active",
    )
    search_fields = ("title", "text")
    readonly_fields = ("use_count", "sent", "answered", "bought", "returned")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedReply]:
        return outcomes.of_saved(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    @admin.display(description=_("Sent"), ordering="sent")
    def sent(self, reply: Any) -> int:
        return reply.sent

    @admin.display(description=_("Buyer answered in a week"), ordering="answered")
    def answered(self, reply: Any) -> int:
        return reply.answered

    @admin.display(description=_("Order bought"), ordering="bought")
    def bought(self, reply: Any) -> int:
        return reply.bought

    @admin.display(description=_("Order returned"), ordering="returned")
    def returned(self, reply: Any) -> int:
        return reply.returned
