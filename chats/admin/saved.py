"""Wording that operators put into their own replies."""

from django import forms
from django.contrib import admin

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
    """The shop's saved replies, with how often each was used."""

    form = SavedReplyForm
    list_display = ("title", "use_count", "is_active")
    search_fields = ("title", "text")
    readonly_fields = ("use_count",)
