"""How soon a buyer is to be answered: WB's two clocks, and the shop's own targets."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from agentiq.tenancy import scoped
from chats.hours import Hours
from promos.models import Seller

ANSWER_WITHIN = timedelta(days=10)  # WB's offer: after that the chat counts as missed
AFTER_RATING = timedelta(hours=72)
"""WB lets a shop talk a low rating over for so long."""

_BOUNDS = (MinValueValidator(1), MaxValueValidator(10_000))


def office_week() -> list[list[list[int]]]:
    """Return Monday to Friday, 9 to 18, in minutes since midnight."""
    return [[[540, 1080]]] * 5 + [[], []]


class AnswerTarget(models.Model):
    """When the shop works, and within how many minutes of that it means to answer."""

    seller = models.OneToOneField(
        Seller, models.CASCADE, verbose_name=_("shop"), related_name="answer_target"
    )
    first_minutes = models.PositiveIntegerField(
        _("First answer within, working minutes"),
        null=True,
        blank=True,
        validators=_BOUNDS,
        help_text=_("Empty: no target of one's own for it."),
    )
    later_minutes = models.PositiveIntegerField(
        _("Further answers within, working minutes"),
        null=True,
        blank=True,
        validators=_BOUNDS,
        help_text=_("Empty: no target of one's own for it."),
    )
    week = models.JSONField(default=office_week, editable=False)
    holidays = ArrayField(models.DateField(), default=list, editable=False)

    objects = scoped()

    class Meta:
        verbose_name = _("answer target")
        verbose_name_plural = _("answer targets")

    def __str__(self) -> str:
        return str(self.seller)

    def hours(self) -> Hours:
        """Return the working time the targets are counted in."""
        days: list[date] = self.holidays
        week = tuple(tuple((a, b) for a, b in spans) for spans in self.week)
        return Hours(week, frozenset(days))
