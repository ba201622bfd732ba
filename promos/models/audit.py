"""What a shop must be able to prove later: who did what that matters, and when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from promos.models.sellers import Seller


class AuditEntry(models.Model):
    """
    One act, written once. The database itself refuses to change or delete it.

    The person is kept as a name and a number, not as a key: the entry outlives
    the account.
    """

    class Kind(models.TextChoices):
        LOGIN = "login", _("Signed in")
        LOGIN_FAILED = "login_failed", _("Failed to sign in")
        FACTOR = "factor", _("Second factor")
        SEND = "send", _("Code sent to a buyer")
        OVERRIDE = "override", _("Exception from a guard")
        EXPORT = "export", _("Data taken out")
        ERASURE = "erasure", _("Data erased")
        PEOPLE = "people", _("People and roles")
        KEYS = "keys", _("Tokens and keys")
        MODE = "mode", _("Dry run")

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="audit", verbose_name=_("shop")
    )
    at = models.DateTimeField(_("When"))
    kind = models.CharField(_("What"), max_length=15, choices=Kind)
    subject = models.CharField(_("Of what"), max_length=200, blank=True)
    detail = models.CharField(_("In detail"), max_length=500, blank=True)
    actor = models.CharField(_("Who"), max_length=150, blank=True)
    actor_pk = models.BigIntegerField(null=True, editable=False)
    address = models.GenericIPAddressField(_("From where"), null=True)

    objects = scoped()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=("seller", "-at"), name="audit_by_day")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}".rstrip(": ")
