"""The shop's own texts, seen as the buyer will see them, and proposals to change them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse_lazy
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action

from chats import proposals, wordings
from chats.models import ReplyTemplate, WordingProposal
from chats.wordings import Uses
from promos import roles
from promos.admin.base import SellerAdmin, TrackedAdmin

PREVIEW = reverse_lazy("admin:chats_replytemplate_preview")
COUNTED = timedelta(days=90)
STYLES = {"all": ["chats/wordings.css"]}


class ReplyTemplateForm(forms.ModelForm):
    """A text is kept only if every buyer could be sent it."""

    class Meta:
        model = ReplyTemplate
        fields = ("intent", "sentiment", "with_code", "tone", "text", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = {"hx-post": PREVIEW, "hx-target": "#template-preview"}
        for name, trigger in (
            ("text", "load, input changed delay:300ms"),
            ("with_code", "change"),
        ):
            if name in self.fields:
                attrs = shown | {"hx-trigger": trigger, "hx-swap": "outerHTML"}
                self.fields[name].widget.attrs.update(attrs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        coded = bool(cleaned.get("with_code"))
        found = wordings.preview(cleaned.get("text", ""), with_code=coded)
        if found.problems:
            raise ValidationError({"text": list(found.problems)})
        return cleaned


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(TrackedAdmin):
    """As soon as a section has a text of the shop, the standard ones in it rest."""

    form = ReplyTemplateForm
    list_display = (
        "short",
        "intent",
        "sentiment",
        "with_code",
        "tone",
        "is_active",
        "sent",
        "edited",
    )
    list_filter = ("intent", "sentiment", "with_code", "tone", "is_active")
    search_fields = ("text",)
    search_help_text = _("Words of the text")
    ordering = ("intent", "sentiment", "with_code", "pk")
    readonly_fields = ("preview",)
    fields = (
        ("intent", "sentiment"),
        ("with_code", "tone", "is_active"),
        "text",
        "preview",
    )
    actions_list = ("copy_standard",)

    class Media:
        css = STYLES

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.preview_view))
        name = "chats_replytemplate_preview"
        return [path("preview/", view, name=name), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Show how the text being typed would reach buyers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        coded = bool(request.POST.get("with_code"))
        source = request.POST.get("text", "").strip()
        context = {
            "shown": wordings.preview(source, with_code=coded) if source else None,
            "variables": wordings.variables(with_code=coded),
        }
        return render(request, "admin/chats/_template_preview.html", context)

    @action(
        description=_("Copy the standard texts"),
        url_path="copy-standard",
        permissions=["add"],
    )
    def copy_standard(self, request: HttpRequest) -> HttpResponse:
        """Ask first: with its own texts a shop no longer follows the standard ones."""
        if request.method == "POST":
            added = wordings.copy_standard(request.seller)  # type: ignore[attr-defined]
            said = ngettext("%d text added.", "%d texts added.", added) % added
            messages.success(request, said)
            return redirect("admin:chats_replytemplate_changelist")
        context = self.admin_site.each_context(request) | {
            "title": gettext("Copy the standard texts"),
            "text": gettext(
                "Sections without a text of your own get a copy of the standard ones "
                "to edit. Texts you have are left alone."
            ),
            "back": "admin:chats_replytemplate_changelist",
        }
        return render(request, "admin/chats/confirm.html", context)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Count the uses of the texts of this page, in one query for all."""
        shown = super().get_changelist_instance(request)
        since = timezone.now() - COUNTED
        counts = wordings.uses(request.seller, since=since)  # type: ignore[attr-defined]
        for template in shown.result_list:
            template.uses = counts.get(template.variant().id, Uses())
        return shown

    @admin.display(description=_("Sent in 90 days"))
    def sent(self, template: ReplyTemplate) -> int:
        return template.uses.sent

    @admin.display(description=_("of them edited"))
    def edited(self, template: ReplyTemplate) -> int:
        return template.uses.edited

    @admin.display(description=_("Text"))
    def short(self, template: ReplyTemplate) -> str:
        return template.text[:80]

    @admin.display(description=_("How buyers will see it"))
    def preview(self, template: ReplyTemplate) -> SafeString:
        return format_html('<div id="template-preview">{}</div>', "…")


@admin.register(WordingProposal)
class WordingProposalAdmin(SellerAdmin):
    """What operators keep changing; nothing changes until somebody approves."""

    list_display = (
        "change",
        "variant",
        "edits",
        "sent",
        "operators",
        "state",
        "created_at",
    )
    list_filter = ("state",)
    search_fields = ("removed", "added", "variant")
    ordering = ("-created_at", "-edits", "pk")
    fields = (
        "variant",
        "before",
        "after",
        ("removed", "added"),
        ("edits", "sent", "operators"),
        ("state", "created_at"),
        ("decided_by", "decided_at"),
    )
    actions = ("approve", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever edits the texts decides about changes to them."""
        membership = getattr(request, "membership", None)
        return roles.may_edit(membership, self.area) and self.is_ours(request, obj)

    @admin.action(description=_("Take the change over"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[WordingProposal]) -> None:
        taken = 0
        for row in rows:
            made = proposals.approve(row, operator=request.user, now=timezone.now())
            taken += made is not None
        messages.success(request, _taken(taken))
        if left := len(rows) - taken:
            said = ngettext(
                "%d was decided before, or its text has changed since.",
                "%d were decided before, or their texts have changed since.",
                left,
            )
            messages.warning(request, said % left)

    @admin.action(description=_("Decline"), permissions=["decide"])
    def decline(self, request: HttpRequest, rows: QuerySet[WordingProposal]) -> None:
        for row in rows:
            proposals.decline(row, operator=request.user, now=timezone.now())
        messages.success(request, gettext("Declined: the texts stay as they are."))

    @admin.display(description=_("Change"))
    def change(self, proposal: WordingProposal) -> SafeString:
        return format_html(
            "<del>{}</del> → <ins>{}</ins>", proposal.removed, proposal.added or "—"
        )


def _taken(count: int) -> str:
    return ngettext("%d text changed.", "%d texts changed.", count) % count
