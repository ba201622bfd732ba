"""What the shop lets AgentIQ answer by itself, beside the evidence for it."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from chats import autosend
from chats.models import AutoSend
from promos import roles
from promos.admin.base import SellerAdmin


class AutoSendForm(forms.ModelForm):
    """Intents as boxes to tick."""

    intents = forms.MultipleChoiceField(
        label=_("What may be answered"),
        choices=AutoSend.Intent.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = AutoSend
        fields = ("is_on", "intents", "daily_cap", "code_daily_cap")


@admin.register(AutoSend)
class AutoSendAdmin(SellerAdmin):
    """One row a shop. Ticking an intent is not enough: the evidence decides."""

    area = roles.Area.SHOP
    form = AutoSendForm
    fields = ("is_on", "intents", "evidence", "daily_cap", "code_daily_cap")
    readonly_fields = ("evidence",)
    list_display = ("seller", "is_on", "daily_cap", "changed_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        seller = getattr(request, "seller", None)
        made = seller and AutoSend.objects.filter(seller=seller).exists()
        return super().has_add_permission(request) and not made

    @admin.display(description=_("Evidence of the last 90 days"))
    def evidence(self, row: AutoSend) -> SafeString:
        if row.pk is None:
            return SafeString("—")
        found = autosend.evidence(row.seller, now=timezone.now())
        nothing = autosend.Evidence(0, 0)
        lines = (
            (label, _line(found.get(intent, nothing)))
            for intent, label in AutoSend.Intent.choices
        )
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines)
        )


def _line(seen: autosend.Evidence) -> str:
    """Say how far the evidence of one intent has come."""
    figures = {"unchanged": seen.unchanged, "cases": seen.cases, "of": autosend.CASES}
    text = _("%(unchanged)d of %(cases)d unchanged, %(of)d needed") % figures
    return f"{text} ✓" if seen.is_enough else text
