"""What the API reads and answers about chats, messages and suggestions."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agentiq import problems
from chats import reasons
from chats.models import Attachment, Chat, ChatOrder, Message, Outgoing, Suggestion
from promos.endpoint import PageQuery
from promos.models import PromoCode
from promos.serializers import NM_ID, Words

SENDERS = {"client": "buyer", "seller": "seller", "wb": "wb"}


class ChatOut(serializers.ModelSerializer):
    """A chat with what its list shows."""

    assignee = serializers.CharField(
        source="assignee.username", default=None, allow_null=True
    )
    can_reply = serializers.BooleanField()

    class Meta:
        model = Chat
        fields = (
            "id",
            "wb_chat_id",
            "buyer_name",
            "nm_id",
            "preview",
            "message_count",
            "last_at",
            "last_event_id",
            "waiting_since",
            "due_at",
            "snoozed_until",
            "intent",
            "sentiment",
            "flags",
            "tags",
            "code_sent_at",
            "has_failed",
            "can_reply",
            "assignee",
            "changed_at",
            "created_at",
        )
        read_only_fields = fields


class OrderOut(serializers.ModelSerializer):
    """An order the chat is about."""

    class Meta:
        model = ChatOrder
        fields = ("rid", "nm_id", "price", "currency", "size", "seen_at")
        read_only_fields = fields


class ChatWhole(ChatOut):
    """A chat with its orders."""

    orders = OrderOut(many=True)

    class Meta(ChatOut.Meta):
        fields = (*ChatOut.Meta.fields, "orders")
        read_only_fields = fields


class ChatQuery(PageQuery):
    """Which chats to list."""

    waiting = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("Whether the buyer waits for an answer."),
    )
    nm_id = serializers.IntegerField(required=False, **NM_ID)
    intent = serializers.CharField(required=False, max_length=30)
    changed_since = serializers.DateTimeField(
        required=False, help_text=_("Chats in which something changed since.")
    )


class AttachmentOut(serializers.ModelSerializer):
    """A file of a message; its bytes stay at WB."""

    class Meta:
        model = Attachment
        fields = ("id", "kind", "name", "content_type", "size")
        read_only_fields = fields


class MessageOut(serializers.ModelSerializer):
    """One message, from the buyer, the shop or WB."""

    sender = serializers.SerializerMethodField()
    attachments = AttachmentOut(many=True)

    class Meta:
        model = Message
        fields = (
            "id",
            "event_id",
            "sender",
            "source",
            "text",
            "nm_id",
            "added_at",
            "attachments",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=sorted(SENDERS.values())))
    def get_sender(self, message: Message) -> str:
        return SENDERS.get(message.sender, message.sender)


class MessageQuery(PageQuery):
    """Messages of a chat, oldest first."""

    since = serializers.DateTimeField(required=False)


class CodeOffered(serializers.ModelSerializer):
    """The code a suggestion carries."""

    class Meta:
        model = PromoCode
        fields = ("id", "code", "discount_percent", "expires_at")
        read_only_fields = fields


class RejectedOut(serializers.Serializer):
    """A code that was not chosen, and by what it lost (machine words)."""

    code = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class SuggestionOut(serializers.ModelSerializer):
    """A proposed reply."""

    chat_id = serializers.IntegerField()
    wb_chat_id = serializers.CharField(source="chat.wb_chat_id")
    promo_code = CodeOffered(allow_null=True)
    intent = serializers.CharField(source="analysis.intent")
    sentiment = serializers.CharField(source="analysis.sentiment")
    confidence = serializers.FloatField(source="analysis.scenario_confidence")
    reason_text = serializers.SerializerMethodField()
    rejected = serializers.SerializerMethodField()

    class Meta:
        model = Suggestion
        fields = (
            "id",
            "chat_id",
            "wb_chat_id",
            "event_id",
            "state",
            "text",
            "plain_text",
            "promo_code",
            "use_case",
            "intent",
            "sentiment",
            "confidence",
            "reason",
            "reason_text",
            "rejected",
            "is_escalation",
            "created_at",
            "closed_at",
            "closed_reason",
        )
        read_only_fields = fields

    @extend_schema_field(Words)
    def get_reason_text(self, suggestion: Suggestion) -> dict[str, str]:
        return said(suggestion.reason)

    @extend_schema_field(RejectedOut(many=True))
    def get_rejected(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        return rejected(suggestion)


class SuggestionQuery(PageQuery):
    """Which suggestions to list."""

    state = serializers.ChoiceField(
        choices=(*Suggestion.State.values, "all"), default=Suggestion.State.SHOWN.value
    )


class PromoSuggestion(serializers.Serializer):
    """The code proposed for a chat; code is null when none should be offered."""

    code = serializers.CharField(allow_null=True)
    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True
    )
    message_template = serializers.CharField(
        allow_null=True, help_text=_("The reply as it would be sent.")
    )
    reason = serializers.CharField(help_text=_("Why this code, or why none."))
    reason_text = Words()
    expires_at = serializers.DateTimeField(allow_null=True)
    promo_code_id = serializers.IntegerField(allow_null=True)
    suggestion_id = serializers.IntegerField(allow_null=True)
    intent = serializers.CharField(allow_null=True)
    sentiment = serializers.CharField(allow_null=True)
    use_case = serializers.CharField(allow_null=True)
    rejected = RejectedOut(many=True)


class AcceptIn(serializers.Serializer):
    """Send the suggestion as it is."""

    with_code = serializers.BooleanField(
        default=True, required=False, help_text=_("false: the reply without a code.")
    )
    seen_event_id = serializers.CharField(
        required=False,
        max_length=100,
        help_text=_("last_event_id of the chat as you saw it; newer ones: 409 stale."),
    )
    force = serializers.BooleanField(
        default=False, required=False, help_text=_("Send although newer messages came.")
    )


class EditIn(AcceptIn):
    """Send other words."""

    text = serializers.CharField(max_length=1000)


class WriteIn(serializers.Serializer):
    """Write to the buyer without a suggestion."""

    text = serializers.CharField(max_length=1000)
    promo_code_id = serializers.IntegerField(
        required=False, allow_null=True, **NM_ID, help_text=_("A code that is in it.")
    )
    seen_event_id = serializers.CharField(required=False, max_length=100)
    force = serializers.BooleanField(default=False, required=False)


class SkipIn(serializers.Serializer):
    """Do not answer."""

    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=30
    )
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=300
    )


class OutgoingOut(serializers.ModelSerializer):
    """A reply on its way to WB."""

    chat_id = serializers.IntegerField()
    promo_code = serializers.CharField(
        source="promo_code.code", default=None, allow_null=True
    )

    class Meta:
        model = Outgoing
        fields = (
            "id",
            "chat_id",
            "text",
            "promo_code",
            "status",
            "reason",
            "reason_detail",
            "due_at",
            "sent_at",
        )
        read_only_fields = fields


class DecisionOut(serializers.Serializer):
    """What was decided, and the reply it queued (null for a skip)."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    decided_at = serializers.DateTimeField()
    outgoing = OutgoingOut(allow_null=True)


class FeedHealth(serializers.Serializer):
    """How reading WB's feed goes."""

    polled_at = serializers.DateTimeField(allow_null=True)
    last_event_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField()
    problem = serializers.CharField(allow_blank=True)


class HealthOut(serializers.Serializer):
    """Whether the shop's messages come in and go out."""

    status = serializers.ChoiceField(choices=("ok", "degraded"))
    feed = FeedHealth()
    outgoing = serializers.DictField(child=serializers.IntegerField())
    waiting_chats = serializers.IntegerField()


def said(reason: str) -> dict[str, str]:
    """Return the sentence of a machine word in both languages."""
    sentence = reasons.SUGGESTIONS.get(reason) or NOTHING.get(reason) or reason
    return problems.in_languages(sentence, {})


def rejected(suggestion: Suggestion) -> list[dict[str, Any]]:
    """Return the codes that were not chosen, from the suggestion's snapshot."""
    rows = suggestion.snapshot.get("rejected") or []
    return [
        {"code": row["code"], "reasons": list(row.get("reasons") or ())} for row in rows
    ]


NOTHING = {"nothing_to_answer": _("The buyer does not wait for an answer.")}
