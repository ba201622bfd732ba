"""What AgentIQ understood, what it proposed, and what the operator made of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from chats.models.conversations import Chat, Message
from chats.models.desk import SavedReply
from promos.models import PromoCode, Seller


class Analysis(models.Model):
    """A Reading of one turn, kept as the analyser gave it."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="analyses")
    message = models.OneToOneField(
        Message, models.CASCADE, related_name="analysis", verbose_name=_("last message")
    )
    intent = models.CharField(_("Intent"), max_length=30)
    sentiment = models.CharField(_("Mood"), max_length=10)
    scenario = models.CharField(_("Use case"), max_length=4)
    intent_confidence = models.FloatField()
    sentiment_confidence = models.FloatField()
    scenario_confidence = models.FloatField()
    confident = models.BooleanField()
    reading = models.JSONField()  # Reading.as_dict(): flags, evidence and all
    message_ids = models.JSONField(default=list)  # the turn's messages, for evidence
    version = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped()

    class Meta:
        verbose_name = _("analysis")
        verbose_name_plural = _("analyses")
        indexes = [models.Index(fields=("seller", "-created_at"), name="turn_by_day")]

    def __str__(self) -> str:
        return f"{self.intent}, {self.sentiment}"


class Correction(models.Model):
    """An operator says what the buyer really meant: training data for the next one."""

    seller = models.ForeignKey(Seller, models.CASCADE)
    analysis = models.ForeignKey(Analysis, models.CASCADE, related_name="corrections")
    intent = models.CharField(_("Intent"), max_length=30)
    sentiment = models.CharField(_("Mood"), max_length=10)
    flag = models.CharField(_("Caution"), max_length=20, blank=True)  # "": as read
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("operator")
    )
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)

    objects = scoped()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")

    def __str__(self) -> str:
        return f"{self.intent}, {self.sentiment}"


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def open(self) -> Self:
        """Suggestions that still wait for a decision."""
        return self.filter(state=Suggestion.State.SHOWN)


class Suggestion(models.Model):
    """A proposed answer, bound to the event it answers; one open per chat."""

    class State(models.TextChoices):
        SHOWN = "shown", _("Waits for a decision")
        ACCEPTED = "accepted", _("Accepted")
        EDITED = "edited", _("Sent with changes")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("The code expired")
        SUPERSEDED = "superseded", _("Overtaken by a newer message")

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(
        Chat, models.CASCADE, related_name="suggestions", verbose_name=_("chat")
    )
    analysis = models.ForeignKey(Analysis, models.PROTECT, related_name="suggestions")
    event_id = models.CharField(max_length=100)  # the newest event it knew
    state = models.CharField(
        _("State"), max_length=10, choices=State, default=State.SHOWN
    )
    text = models.TextField(_("Reply"))  # with the code when there is one
    plain_text = models.TextField(_("Reply without a code"), blank=True)
    template_id = models.CharField(max_length=100, blank=True)
    variant = models.CharField(max_length=120, blank=True)
    plain_variant = models.CharField(max_length=120, blank=True)
    promo_code = models.ForeignKey(
        PromoCode,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("promo code"),
    )
    use_case = models.CharField(_("use case"), max_length=3, blank=True)
    reason = models.CharField(
        _("Why"), max_length=40
    )  # machine word, see chats.reasons
    # Terms, price and rejected codes with their reasons, as they were then.
    snapshot = models.JSONField(default=dict)
    is_escalation = models.BooleanField(_("For a person at once"), default=False)
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed at"), null=True)
    closed_reason = models.CharField(max_length=40, blank=True)

    objects = scoped(SuggestionQuerySet)

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints = [
            models.UniqueConstraint(
                fields=("chat",), condition=Q(state="shown"), name="one_open_suggestion"
            )
        ]
        indexes = [
            models.Index(fields=("seller", "-created_at"), name="suggestion_by_day")
        ]

    def close(self, state: str, now: datetime, reason: str = "") -> None:
        """Give the suggestion its one final state; the caller holds its lock."""
        self.state, self.closed_at, self.closed_reason = state, now, reason
        self.save(update_fields=["state", "closed_at", "closed_reason"])

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.text[:60]}"


class Decision(models.Model):
    """What a person decided about a suggestion, or wrote without one."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", _("Accepted")
        EDIT = "edit", _("Edited")
        SKIP = "skip", _("Skipped")
        WRITE = "write", _("Written by hand")
        AUTO = "auto", _("Sent automatically")

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(
        Chat, models.CASCADE, related_name="decisions", verbose_name=_("chat")
    )
    suggestion = models.OneToOneField(
        Suggestion, models.PROTECT, null=True, related_name="decision"
    )
    key = models.UUIDField(unique=True)  # one per act of the operator
    kind = models.CharField(_("Decision"), max_length=6, choices=Kind)
    with_code = models.BooleanField(_("With a code"), default=False)
    original = models.TextField(_("Text as suggested"), blank=True)
    text = models.TextField(_("Sent text"), blank=True)
    edit_distance = models.FloatField(null=True)  # 0–1, 0 = unchanged
    skip_reason = models.CharField(_("Why skipped"), max_length=30, blank=True)
    skip_note = models.CharField(_("Note on skipping"), max_length=300, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("operator"),
    )
    decided_at = models.DateTimeField(_("Decided"))
    seconds = models.PositiveIntegerField(
        _("Seconds to decide"), null=True
    )  # from shown to decided
    overrode_newer = models.BooleanField(
        _("Sent although a newer message came"), default=False
    )  # sent although newer came
    saved_reply = models.ForeignKey(  # the wording it started from
        SavedReply, models.SET_NULL, null=True, related_name="decisions"
    )

    objects = scoped()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            models.Index(fields=("seller", "-decided_at"), name="decision_by_day")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.decided_at:%d.%m.%Y}"
