"""What needs attention, who is told of it, and how."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from promos import alert_words, alerts, audit, roles
from promos.admin.base import FactAdmin, SellerAdmin
from promos.channels import MaybeDelivered, NotDelivered, telegram
from promos.models import (
    Alert,
    AlertDelivery,
    Membership,
    NotificationRule,
    NotificationSettings,
    TelegramBot,
    TelegramLink,
)

PUT_OFF = timedelta(days=1)


class StandingFilter(admin.SimpleListFilter):
    """Open alerts unless others are asked for."""

    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("closed", _("Closed")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        chosen = list(super().choices(changelist))
        chosen[0]["display"] = _("Standing")
        return chosen

    def queryset(self, request: HttpRequest, rows: QuerySet[Alert]) -> QuerySet[Alert]:
        if self.value() == "all":
            return rows
        if self.value() == "closed":
            return rows.filter(state=Alert.State.CLOSED)
        return rows.standing()  # type: ignore[attr-defined]


@admin.register(Alert)
class AlertAdmin(FactAdmin):
    """Alerts come and go by themselves; people acknowledge, put off, take charge."""

    list_display = ("what", "urgency", "state", "raised_at", "assigned_to", "where")
    list_display_links = None
    list_filter = (StandingFilter, "level", "kind")
    list_select_related = ("assigned_to",)
    actions = ("acknowledge", "put_off", "take_charge", "close", "reopen")
    fields = (
        "what",
        ("level", "state", "raised_at"),
        ("assigned_to", "acknowledged_by"),
        ("snoozed_until", "closed_at"),
    )
    readonly_fields = ("what",)
    ordering = ("-raised_at", "-pk")
    nothing = _("Nothing needs attention")
    nothing_because = _(
        "An alert closes by itself once its cause is gone. Closed ones are under the "
        "filter “state”."
    )

    @admin.display(description=_("What to do"))
    def what(self, alert: Alert) -> SafeString:
        return format_html(
            '<div class="alert-row"><strong>{}</strong><p>{}</p></div>',
            alert_words.title(alert),
            alert_words.body(alert),
        )

    @display(
        description=_("Urgency"),
        ordering="level",
        label={"critical": "danger", "warning": "warning", "info": "info"},
    )
    def urgency(self, alert: Alert) -> tuple[str, str]:
        return alert.level, alert.get_level_display()

    @admin.display(description="")
    def where(self, alert: Alert) -> SafeString | str:
        if not alert.link:
            return ""
        return format_html(
            '<a class="alert-link" href="{}">{}</a>', alert.link, _("Go there")
        )

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return roles.may_edit(request.membership, roles.Area.CODES)  # type: ignore[attr-defined]

    @admin.action(description=_("Acknowledge"), permissions=["handle"])
    def acknowledge(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        now = timezone.now()
        done = [alerts.acknowledge(row, by=request.user, now=now) for row in rows]
        self._say(request, sum(done))

    @admin.action(description=_("Put off for a day"), permissions=["handle"])
    def put_off(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        until = timezone.now() + PUT_OFF
        self._say(request, sum(alerts.snooze(row, until=until) for row in rows))

    @admin.action(description=_("I take charge"), permissions=["handle"])
    def take_charge(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        self._say(request, sum(alerts.assign(row, to=request.user) for row in rows))

    @admin.action(description=_("Close"), permissions=["handle"])
    def close(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        now = timezone.now()
        self._say(request, sum([alerts.close(row, now=now) for row in rows]))

    @admin.action(description=_("Open again"), permissions=["handle"])
    def reopen(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        self._say(request, sum([alerts.reopen(row) for row in rows]))

    def _say(self, request: HttpRequest, count: int) -> None:
        words = ngettext("%d alert changed.", "%d alerts changed.", count) % count
        self.message_user(request, words, messages.SUCCESS)


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(FactAdmin):
    """Who was told what, when and how; and what did not arrive."""

    list_display = (
        "title",
        "membership",
        "channel",
        "status",
        "due_at",
        "sent_at",
        "attempts",
        "problem",
    )
    list_filter = ("channel", "status")
    list_select_related = ("alert", "membership__user")
    date_hierarchy = "due_at"

    @admin.display(description=_("alert"))
    def title(self, delivery: AlertDelivery) -> str:
        return alert_words.title(delivery.alert)


@admin.register(NotificationRule)
class NotificationRuleAdmin(SellerAdmin):
    """Who hears of what by which way; where there is no rule, the defaults hold."""

    area = roles.Area.PEOPLE
    list_display = ("membership", "kind", "channel", "mode")
    list_filter = ("channel", "mode", "kind")
    list_select_related = ("membership__user",)
    fields = ("membership", "kind", "channel", "mode")


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(SellerAdmin):
    """Quiet hours and the hour of the digest."""

    area = roles.Area.PEOPLE
    list_display = ("membership", "quiet_from", "quiet_until", "digest_at")
    list_select_related = ("membership__user",)
    fields = ("membership", "quiet_from", "quiet_until", "digest_at")


class BotForm(forms.ModelForm):
    """The token is asked for, checked with Telegram and never shown."""

    token = forms.CharField(
        label=_("Bot token"),
        widget=forms.PasswordInput(render_value=False),
        help_text=_("From @BotFather. It is not shown again."),
    )

    class Meta:
        model = TelegramBot
        fields = ("is_active",)

    def clean_token(self) -> str:
        token = self.cleaned_data["token"].strip()
        try:
            self.instance.username = telegram.username(token)
        except telegram.BotRefused:
            raise forms.ValidationError(
                _("Telegram does not know this token.")
            ) from None
        except (NotDelivered, MaybeDelivered):
            raise forms.ValidationError(
                _("Telegram does not answer. Try again in a minute.")
            ) from None
        self.instance.set_token(token)
        return token


@admin.register(TelegramBot)
class TelegramBotAdmin(SellerAdmin):
    """The shop's bot: alerts come from it."""

    area = roles.Area.KEYS
    form = BotForm
    list_display = ("__str__", "is_active", "created_at")

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        audit.of_request(request, audit.Kind.KEYS, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return (
            super().has_add_permission(request)
            and not TelegramBot.objects.filter(seller=request.seller).exists()  # type: ignore[attr-defined]
        )


@admin.register(TelegramLink)
class TelegramLinkAdmin(SellerAdmin):
    """People and their chats with the bot; the address is for that person only."""

    area = roles.Area.PEOPLE
    list_display = ("membership", "linked_at", "invitation")
    list_select_related = ("membership__user",)
    fields = ("membership",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_edit(
            request.membership,  # type: ignore[attr-defined]
            self.area,
        ) and self.is_ours(request, obj)

    @admin.display(description=_("Open on the phone"))
    def invitation(self, link: TelegramLink) -> SafeString | str:
        bot = TelegramBot.objects.filter(seller=link.seller, is_active=True).first()
        if link.chat_id or bot is None:
            return "—"
        address = telegram.invitation(bot, link)
        return format_html('<a class="alert-link" href="{}">{}</a>', address, address)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        member: Membership = obj.membership
        obj.pk = telegram.invite(member).pk
        obj.refresh_from_db()
