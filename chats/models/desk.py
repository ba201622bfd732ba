"""What the desk itself needs: who did what to a chat, saved wording, kept counts."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from chats.models.conversations import Chat
from promos.models import Seller


class ChatAct(models.Model):
    """What a colleague did to a chat without writing to the buyer. Never edited."""

    class Kind(models.TextChoices):
        CLAIM = "claim", _("took the chat")
        TAKE_OVER = "take_over", _("took the chat over")
        ASSIGN = "assign", _("assigned the chat")
        SNOOZE = "snooze", _("put the chat off")
        WAKE = "wake", _("took the chat up again")
        TAG = "tag", _("changed the tags")
        LOW_RATING = "low_rating", _("noted a low rating")
        UNDO = "undo", _("took the change back")

    seller = models.ForeignKey(Seller, models.CASCADE)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="acts")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)  # the fields as they were, for undo
    batch = models.UUIDField(null=True)  # chats changed by one act
    at = models.DateTimeField()

    objects = scoped()

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=("seller", "batch"), name="act_by_batch")]


class SavedReply(models.Model):
    """Wording the shop uses again; its slots are filled when it is put to use."""

    seller = models.ForeignKey(
        Seller, models.CASCADE, verbose_name=_("shop"), related_name="saved_replies"
    )
    title = models.CharField(_("Name"), max_length=100)
    text = models.TextField(
        _("Text"),
        max_length=1000,
        help_text=_("Slots: {имя}, {товар}, {код}, {процент}, {дата}, {условия}."),
    )
    use_count = models.PositiveIntegerField(_("Used"), default=0, editable=False)
    is_active = models.BooleanField(_("In use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped()

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        ordering = ("title", "pk")
        indexes = [models.Index(fields=("seller", "title"), name="saved_by_title")]

    def __str__(self) -> str:
        return self.title


class Tally(models.Model):
    """
    How many chats a filter holds: the sum of ``n`` over the rows of a key.

    Triggers on the chat table add a row for each change, so writers never wait for
    one another; ``desk.tidy`` sums them up. Keys are those of chats_tally_keys().
    """

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="+", db_constraint=False
    )
    key = models.CharField(max_length=60)
    n = models.BigIntegerField()

    objects = scoped()

    class Meta:
        indexes = [
            models.Index(fields=("seller", "key"), include=("n",), name="tally_sum")
        ]
