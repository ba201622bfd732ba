"""What the API reads and answers about codes, sends, products, alerts, webhooks."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agentiq import problems
from promos import alert_words
from promos.endpoint import PageQuery
from promos.models import (
    Alert,
    Product,
    PromoCode,
    PromoCodeSend,
    Webhook,
    WebhookDelivery,
)
from promos.rules.status import Status, status

LARGEST_ID = 2**63 - 1
NM_ID = {"min_value": 1, "max_value": LARGEST_ID}


class Words(serializers.Serializer):
    """The same sentence in Russian and English."""

    ru = serializers.CharField()
    en = serializers.CharField()


class Warning(serializers.Serializer):
    """Something that would be accepted but may mislead."""

    field = serializers.CharField()
    code = serializers.CharField()
    messages = Words()


class PromoCodeOut(serializers.ModelSerializer):
    """A code with its status at this moment."""

    status = serializers.SerializerMethodField()

    class Meta:
        model = PromoCode
        fields = (
            "id",
            "code",
            "discount_percent",
            "description",
            "applies_to",
            "product_nms",
            "starts_at",
            "expires_at",
            "is_active",
            "is_draft",
            "use_for_positive",
            "use_for_negative",
            "use_for_pre_purchase",
            "daily_cap",
            "loss_budget",
            "wb_uuid",
            "status",
            "version",
            "replaced_by",
            "first_sent_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_status(self, promo_code: PromoCode) -> Status:
        days = promo_code.seller.expiring_days
        now = self.context.get("now") or timezone.now()
        return status(promo_code.terms(), now, expiring_days=days)


class PromoCodeSaved(PromoCodeOut):
    """The code as stored, and what may mislead a buyer about it."""

    warnings = Warning(many=True, read_only=True)

    class Meta(PromoCodeOut.Meta):
        fields = (*PromoCodeOut.Meta.fields, "warnings")
        read_only_fields = fields


class PromoCodeIn(serializers.Serializer):
    """A code as made in the WB cabinet."""

    code = serializers.CharField(
        max_length=50, help_text=_("3 to 50 letters, digits, “-” and “_”.")
    )
    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, help_text=_("From 3 to 50.")
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=5000
    )
    applies_to = serializers.ChoiceField(
        choices=PromoCode.AppliesTo.choices,
        required=False,
        help_text=_("“selected” needs product_nms."),
    )
    product_nms = serializers.ListField(
        child=serializers.IntegerField(**NM_ID), required=False, max_length=10_000
    )
    starts_at = serializers.DateTimeField(
        help_text=_("From tomorrow; without an offset it is Moscow time.")
    )
    expires_at = serializers.DateTimeField(
        help_text=_("The first moment at which the code no longer works; 31 days most.")
    )
    is_active = serializers.BooleanField(required=False)
    is_draft = serializers.BooleanField(required=False)
    already_live = serializers.BooleanField(
        required=False, help_text=_("It runs at WB already: it may have started.")
    )
    use_for_positive = serializers.BooleanField(required=False)
    use_for_negative = serializers.BooleanField(required=False)
    use_for_pre_purchase = serializers.BooleanField(required=False)
    daily_cap = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    loss_budget = serializers.DecimalField(
        max_digits=12, decimal_places=2, required=False, allow_null=True, min_value=0
    )
    wb_uuid = serializers.UUIDField(required=False, allow_null=True)


class PromoCodeQuery(PageQuery):
    """Which codes to list."""

    state = serializers.ChoiceField(
        choices=("active", "live", "planned", "expired", "off", "draft", "all"),
        default="active",
        help_text=_("“active”: switched on and not ended, running or planned."),
    )
    code = serializers.CharField(required=False, max_length=50)
    nm_id = serializers.IntegerField(
        required=False, **NM_ID, help_text=_("Codes that cover this article.")
    )
    use_case = serializers.ChoiceField(required=False, choices=("UC1", "UC2", "UC3"))


class AnalyticsQuery(serializers.Serializer):
    """Moscow days, both included; the last 30 when none are given."""

    first = serializers.DateField(required=False)
    last = serializers.DateField(required=False)
    code = serializers.CharField(required=False, max_length=50, default="")
    operator = serializers.IntegerField(required=False, **NM_ID)

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        if ("first" in given) != ("last" in given):
            lacking = "last" if "first" in given else "first"
            raise serializers.ValidationError(
                {lacking: [serializers.ErrorDetail(_("Give both days."), "required")]}
            )
        return given


class Analytics(serializers.Serializer):
    """Sends of the period; every breakdown adds up to the total."""

    first = serializers.DateField()
    last = serializers.DateField()
    total = serializers.IntegerField()
    answer_seconds = serializers.IntegerField(
        allow_null=True, help_text=_("Mean time from the buyer's message.")
    )
    answered = serializers.IntegerField(
        help_text=_("For how many sends that time is known.")
    )
    by_day = serializers.DictField(child=serializers.IntegerField())
    by_code = serializers.DictField(child=serializers.IntegerField())
    by_use_case = serializers.DictField(child=serializers.IntegerField())
    by_intent = serializers.DictField(child=serializers.IntegerField())
    by_sentiment = serializers.DictField(child=serializers.IntegerField())
    by_article = serializers.DictField(child=serializers.IntegerField())
    by_operator = serializers.DictField(child=serializers.IntegerField())
    by_decision = serializers.DictField(child=serializers.IntegerField())
    by_answer_time = serializers.DictField(child=serializers.IntegerField())
    conversions = serializers.JSONField(
        allow_null=True,
        help_text=_(
            "Sales by code. Null: this version does not match sales to codes, and a "
            "send is no sale, so nothing stands in for them."
        ),
    )


class SendOut(serializers.ModelSerializer):
    """One code that WB took to one buyer."""

    promo_code = serializers.CharField(source="promo_code.code")
    promo_code_id = serializers.IntegerField()

    class Meta:
        model = PromoCodeSend
        fields = (
            "id",
            "promo_code",
            "promo_code_id",
            "chat_id",
            "message_id",
            "sent_at",
            "trigger_intent",
            "trigger_sentiment",
            "auto_suggested",
            "operator_approved",
            "use_case",
            "nm_id",
            "decision",
            "answer_seconds",
            "snapshot",
        )
        read_only_fields = fields


class SendQuery(PageQuery):
    """Which sends to list."""

    chat_id = serializers.CharField(required=False, max_length=100)
    code = serializers.CharField(required=False, max_length=50)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class ProductOut(serializers.ModelSerializer):
    """An article with its price and what is known of its costs."""

    photo_url = serializers.CharField()

    class Meta:
        model = Product
        fields = (
            "id",
            "nm_id",
            "title",
            "vendor_code",
            "brand",
            "subject_name",
            "photo_url",
            "price",
            "discount_percent",
            "action_percent",
            "currency",
            "cost",
            "commission_percent",
            "prices_synced_at",
            "gone_at",
        )
        read_only_fields = fields


class ProductQuery(PageQuery):
    """Which articles to list."""

    nm_id = serializers.IntegerField(required=False, **NM_ID)
    gone = serializers.BooleanField(required=False, default=False)


class AlertOut(serializers.ModelSerializer):
    """Something about to go wrong, what to do about it, and who does."""

    title = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", default=None, allow_null=True
    )
    assigned_to = serializers.CharField(
        source="assigned_to.username", default=None, allow_null=True
    )

    class Meta:
        model = Alert
        fields = (
            "id",
            "kind",
            "level",
            "state",
            "cause_key",
            "title",
            "text",
            "params",
            "link",
            "raised_at",
            "last_seen_at",
            "acknowledged_by",
            "acknowledged_at",
            "assigned_to",
            "snoozed_until",
            "closed_at",
        )
        read_only_fields = fields

    @extend_schema_field(Words)
    def get_title(self, alert: Alert) -> dict[str, str]:
        return _in_languages(alert_words.title, alert)

    @extend_schema_field(Words)
    def get_text(self, alert: Alert) -> dict[str, str]:
        return _in_languages(alert_words.body, alert)


class AlertQuery(PageQuery):
    """Which alerts to list."""

    state = serializers.ChoiceField(
        choices=("standing", "pressing", *Alert.State.values, "all"),
        default="standing",
        help_text=_(
            "standing: not closed; pressing: neither acknowledged nor put off."
        ),
    )
    kind = serializers.ChoiceField(choices=Alert.Kind.values, required=False)
    level = serializers.ChoiceField(choices=Alert.Level.values, required=False)
    assigned_to = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=150,
        help_text=_("A username; empty for alerts nobody is in charge of."),
    )
    since = serializers.DateTimeField(
        required=False, help_text=_("Alerts raised since.")
    )


class SnoozeIn(serializers.Serializer):
    """Until when an alert is put off."""

    until = serializers.DateTimeField(help_text=_("Later than now, within 90 days."))


class AssignIn(serializers.Serializer):
    """Who is in charge of an alert."""

    to = serializers.CharField(
        allow_null=True,
        max_length=150,
        help_text=_("The username of a person of the shop; null for nobody."),
    )


class WebhookOut(serializers.ModelSerializer):
    """An address and the events it is told."""

    class Meta:
        model = Webhook
        fields = ("id", "url", "kinds", "is_active", "created_at")
        read_only_fields = fields


class WebhookMade(WebhookOut):
    """The new webhook with its secret, shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookOut.Meta):
        fields = (*WebhookOut.Meta.fields, "secret")
        read_only_fields = fields


class WebhookIn(serializers.Serializer):
    """Where to call and about what; no kinds means all."""

    url = serializers.URLField(max_length=500)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=Webhook.Kind.values),
        required=False,
        max_length=20,
    )
    is_active = serializers.BooleanField(required=False)


class DeliveryOut(serializers.ModelSerializer):
    """One event to one address, and how it went."""

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "event_id",
            "kind",
            "chat_key",
            "payload",
            "happened_at",
            "state",
            "tries",
            "due_at",
            "delivered_at",
            "http_status",
            "problem",
        )
        read_only_fields = fields


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state = serializers.ChoiceField(
        choices=WebhookDelivery.State.values, required=False
    )


def _in_languages(say: Callable[[Any], str], about: Any) -> dict[str, str]:
    """Return what is said of something, in each language."""
    said = {}
    for language in problems.LANGUAGES:
        with translation.override(language):
            said[language] = say(about)
    return said


def listing(row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the serializer of a page of ``row``, for the schema."""
    fields = {
        "results": row(many=True),
        "next_cursor": serializers.CharField(allow_null=True),
        "next": serializers.CharField(allow_null=True),
        "__doc__": str(PAGE),
    }
    return type(f"{row.__name__}Page", (serializers.Serializer,), fields)


PAGE: Promise = _("One page of a list; next is the address of the following one.")
