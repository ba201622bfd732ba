"""Conversations at the seller's desk: facts, to be read and searched."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from chats import erasure, labels, reasons
from chats.admin import words
from chats.models import (
    Attempt,
    Chat,
    Decision,
    Message,
    Outgoing,
    Suggestion,
)
from promos import roles
from promos.admin.base import FactAdmin


@admin.register(Chat)
class ChatAdmin(FactAdmin):
    """Who wrote about what; the signature that lets us reply is never shown."""

    list_display = (
        "__str__",
        "nm_id",
        "meaning",
        "mood",
        "last_at",
        "code_sent_at",
    )
    list_filter = (words.IntentFilter, words.MoodFilter)
    search_fields = ("buyer_name", "wb_chat_id", "nm_id")
    search_help_text = _("Buyer, chat or article")
    ordering = ("-last_at", "-pk")
    fields = (
        ("buyer_name", "wb_chat_id", "nm_id"),
        ("meaning", "mood"),
        ("created_at", "last_at"),
        ("waiting_since", "due_at", "snoozed_until"),
        ("assignee", "code_sent_at"),
    )
    readonly_fields = ("meaning", "mood")
    list_select_related = ()
    actions_detail = ("erase",)

    @admin.display(description=_("Intent"), ordering="intent")
    def meaning(self, chat: Chat) -> str:
        return labels.intent(chat.intent) or "—"

    @admin.display(description=_("Mood"), ordering="sentiment")
    def mood(self, chat: Chat) -> str:
        return labels.mood(chat.sentiment) or "—"

    def has_erase_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        return roles.may_edit(request.membership, roles.Area.SHOP)  # type: ignore[attr-defined]

    @action(
        description=_("Erase what was written"),
        url_path="erase",
        icon="delete_forever",
        permissions=["erase"],
    )
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A buyer may ask for it; nobody can bring it back."""
        chat = self.find(request, object_id)
        back = "admin:chats_chat_changelist"
        if request.method == "POST":
            try:
                erasure.erase(chat, by=request.user, now=timezone.now())
            except erasure.StillSending:
                words = gettext("A reply is on its way: try again once it has arrived.")
                messages.error(request, words)
            else:
                messages.success(request, gettext("The chat's texts are erased."))
            return redirect(back)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Erase what was written"),
            "text": gettext(
                "Texts, files, the buyer's name and notes of this chat are erased and "
                "cannot be brought back. That messages and codes were sent stays in "
                "the figures. WB keeps its own copy."
            ),
            "back": back,
        }
        return render(request, "admin/chats/confirm.html", context)


@admin.register(Message)
class MessageAdmin(FactAdmin):
    """What was said, as WB's feed told it."""

    list_display = ("added_at", "sender", "short", "chat", "written_in")
    list_filter = ("sender", words.SourceFilter)
    search_fields = ("text", "event_id", "chat__wb_chat_id")
    search_help_text = _("Words of the message, event or chat")
    ordering = ("-added_at", "-pk")
    fields = ("added_at", "sender", "written_in", "text", "chat", "event_id")
    readonly_fields = ("written_in",)
    list_select_related = ("chat",)

    @admin.display(description=_("Written in"), ordering="source")
    def written_in(self, message: Message) -> str:
        return str(words.SOURCES.get(message.source, message.source)) or "—"

    @admin.display(description=_("Text"))
    def short(self, message: Message) -> str:
        return message.text[:80] or "—"


@admin.register(Suggestion)
class SuggestionAdmin(FactAdmin):
    """What AgentIQ proposed, and what became of it."""

    list_display = ("created_at", "chat", "state", "promo_code", "meant_for", "why")
    list_filter = ("state", words.UseCaseFilter, "is_escalation")
    search_fields = ("text", "chat__wb_chat_id", "promo_code__code")
    ordering = ("-created_at", "-pk")
    list_select_related = ("chat", "promo_code")
    fields = (
        ("chat", "created_at"),
        ("state", "ended"),
        "text",
        "plain_text",
        ("promo_code", "meant_for"),
        "why",
        "is_escalation",
    )
    readonly_fields = ("meant_for", "why", "ended")

    @admin.display(description=_("Use case"))
    def meant_for(self, row: Suggestion) -> str:
        return words.use_case(row.use_case)

    @admin.display(description=_("Why"))
    def why(self, row: Suggestion) -> str:
        return str(reasons.SUGGESTIONS.get(row.reason, row.reason)) or "—"

    @admin.display(description=_("How it ended"))
    def ended(self, row: Suggestion) -> str:
        return str(reasons.CLOSED.get(row.closed_reason, row.closed_reason)) or "—"


@admin.register(Decision)
class DecisionAdmin(FactAdmin):
    """What people made of the proposals."""

    list_display = (
        "decided_at",
        "chat",
        "kind",
        "operator",
        "with_code",
        "why_skipped",
    )
    list_filter = ("kind", "with_code", "overrode_newer")
    search_fields = ("text", "chat__wb_chat_id")
    ordering = ("-decided_at", "-pk")
    fields = (
        ("chat", "decided_at"),
        ("kind", "operator"),
        ("with_code", "overrode_newer", "seconds"),
        "original",
        "text",
        ("why_skipped", "skip_note"),
    )
    readonly_fields = ("why_skipped",)
    list_select_related = ("chat", "operator")

    @admin.display(description=_("Why skipped"))
    def why_skipped(self, decision: Decision) -> str:
        return str(reasons.SKIPS.get(decision.skip_reason, decision.skip_reason)) or "—"


@admin.register(Outgoing)
class OutgoingAdmin(FactAdmin):
    """Replies on their way to WB, with every change of state."""

    list_display = ("created_at", "chat", "status", "promo_code", "operator", "sent_at")
    list_filter = ("status",)
    search_fields = ("text", "chat__wb_chat_id", "promo_code__code")
    ordering = ("-pk",)
    list_select_related = ("chat", "promo_code", "operator")
    fields = (
        ("chat", "created_at"),
        ("status", "why"),
        "text",
        ("promo_code", "operator"),
        ("due_at", "sent_at"),
        "reason_detail",
        "changes_shown",
    )
    readonly_fields = ("changes_shown", "why")

    @admin.display(description=_("Why"))
    def why(self, outgoing: Outgoing) -> str:
        return str(reasons.DELIVERY.get(outgoing.reason, outgoing.reason)) or "—"

    @admin.display(description=_("Changes of state"))
    def changes_shown(self, outgoing: Outgoing) -> SafeString | str:
        lines = [
            f"{localtime(change.at):%d.%m.%Y %H:%M:%S} {change.get_status_display()}. "
            f"{reasons.DELIVERY.get(change.reason, change.reason)}"
            for change in outgoing.changes.all()
        ]
        return format_html("<pre>{}</pre>", "\n".join(lines)) if lines else "—"


@admin.register(Attempt)
class AttemptAdmin(FactAdmin):
    """Each try to hand a reply to WB."""

    list_display = ("started_at", "outgoing", "outcome", "http_status", "finished_at")
    list_filter = ("outcome", "http_status")
    search_fields = ("request_id", "detail", "outgoing__chat__wb_chat_id")
    ordering = ("-pk",)
    fields = (
        "outgoing",
        ("started_at", "finished_at"),
        ("outcome", "http_status"),
        "detail",
        "request_id",
    )
    list_select_related = ("outgoing",)
