"""A shop's own wording, and what its operators' edits propose to change in it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agentiq.tenancy import scoped
from chats.analyzer import Intent, Sentiment
from chats.replies import Variant, section_id
from promos.models import Seller

MOODS = {
    Sentiment.NEGATIVE: _("negative"),
    Sentiment.NEUTRAL: _("neutral"),
    Sentiment.POSITIVE: _("positive"),
}
MEANINGS = {
    Intent.DEFECT_NOT_WORKING: _("does not work, broken"),
    Intent.WRONG_ITEM: _("wrong item or set"),
    Intent.QUALITY_COMPLAINT: _("complaint about quality"),
    Intent.RETURN_REFUND: _("return and refund"),
    Intent.DELIVERY_STATUS: _("where the order is"),
    Intent.ORDER_CANCEL: _("cancelling or changing an order"),
    Intent.USAGE_INSTRUCTION: _("how to use it"),
    Intent.WARRANTY_DOCS: _("warranty and papers"),
    Intent.PRE_PURCHASE: _("question before buying"),
    Intent.SIZING_FIT: _("size and fit"),
    Intent.AVAILABILITY: _("availability"),
    Intent.COMPATIBILITY: _("compatibility"),
    Intent.PROMO_REQUEST: _("asks for a discount"),
    Intent.POSITIVE_FEEDBACK: _("praise"),
    Intent.THANKS: _("thanks"),
    Intent.OTHER: _("something else"),
}


class ReplyTemplate(models.Model):
    """
    One wording of a shop for an intent and a mood, with or without a code.

    As soon as a shop has one of its own, the standard ones of that section rest.
    """

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="templates", verbose_name=_("shop")
    )
    intent = models.CharField(
        _("Intent"), max_length=30, choices=[(k.value, v) for k, v in MEANINGS.items()]
    )
    sentiment = models.CharField(
        _("Mood"), max_length=10, choices=[(k.value, v) for k, v in MOODS.items()]
    )
    with_code = models.BooleanField(_("With a code"), default=False)
    tone = models.CharField(
        _("Tone"),
        max_length=10,
        choices=Seller.Tone,
        default=Seller.Tone.NEUTRAL,
        help_text=_("Warm texts are used only when the shop's tone is warm."),
    )
    text = models.TextField(_("Text"), max_length=2000)
    is_active = models.BooleanField(_("In use"), default=True)
    created_at = models.DateTimeField(_("Created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    objects = scoped()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        ordering = ("intent", "sentiment", "with_code", "pk")
        indexes = [
            models.Index(
                fields=("seller", "intent", "sentiment", "with_code"),
                condition=models.Q(is_active=True),
                name="template_section",
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def section(self) -> str:
        """Return the id of the section it stands in, as in the standard files."""
        return section_id(self.intent, self.sentiment, with_code=self.with_code)

    def variant(self) -> Variant:
        """Return the wording as ``replies.compose`` takes it; its number is the row."""
        tone = "warm" if self.tone == Seller.Tone.WARM else "neutral"
        return Variant(f"own/{self.section}", self.pk, self.text, tone)


class WordingProposal(models.Model):
    """A change that operators keep making to one wording. Only a person applies it."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for a decision")
        APPROVED = "approved", _("Taken over")
        DECLINED = "declined", _("Declined")
        OUTDATED = "outdated", _("The text has changed since")

    seller = models.ForeignKey(Seller, models.CASCADE, verbose_name=_("shop"))
    variant = models.CharField(_("Wording"), max_length=120)
    removed = models.TextField(_("Instead of"), blank=True)
    added = models.TextField(_("Operators write"), blank=True)
    before = models.TextField(_("Text now"))
    after = models.TextField(_("Proposed text"))
    edits = models.PositiveIntegerField(_("Edits"))
    sent = models.PositiveIntegerField(_("Replies with this wording"), default=0)
    operators = models.PositiveIntegerField(_("Operators"), default=1)
    state = models.CharField(
        _("State"), max_length=10, choices=State, default=State.OPEN
    )
    created_at = models.DateTimeField(_("Found"))
    decided_at = models.DateTimeField(_("Decided"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Who decided"),
    )

    objects = scoped()

    class Meta:
        verbose_name = _("proposed wording")
        verbose_name_plural = _("proposed wordings")
        ordering = ("-created_at", "-edits", "pk")
        constraints = [
            # A change is proposed once: a declined one does not come back each week.
            models.UniqueConstraint(
                fields=("seller", "variant", "removed", "added"),
                name="one_proposal",
            )
        ]

    def __str__(self) -> str:
        return f"«{self.removed}» → «{self.added}»"
