"""Kept figures: how often each thing happened on each Moscow day."""

from django.db import models

from agentiq.tenancy import scoped
from promos.models import Seller


class FigureDay(models.Model):
    """
    How often a thing happened on a Moscow day: the sum of ``n`` over a place's rows.

    A place is dimension, code, operator, kind and value. Everything is counted three
    times: for all (code and operator −1), for each operator (code −1), and for each
    code and operator; 0 stands for none. Triggers on turns, suggestions, decisions
    and replies add rows, also negative ones, so writers never wait for one another;
    ``tallies.tidy`` sums them up. Never added across dimensions: see chats.figures.
    """

    EVERY = -1
    NONE = 0

    class Dimension(models.TextChoices):
        TURN = "turn"
        SUGGESTED = "suggested"
        SENT = "sent"
        DECIDED = "decided"  # of these, by what it was about:
        INTENT = "intent"
        TEMPLATE = "template"
        VERSION = "version"
        REASON = "reason"
        PACE = "pace"

    seller = models.ForeignKey(
        Seller, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    dimension = models.CharField(max_length=10, choices=Dimension)
    day = models.DateField()
    # Numbers, not keys: a count stays when what it was about goes.
    promo_code_pk = models.BigIntegerField()
    operator_pk = models.BigIntegerField()
    kind = models.CharField(max_length=6, blank=True)
    value = models.CharField(max_length=120, blank=True)
    n = models.BigIntegerField()
    coded = models.BigIntegerField(default=0)  # of these, with a code
    timed = models.BigIntegerField(default=0)  # of these, with known seconds
    seconds = models.BigIntegerField(default=0)  # of those, together
    distance = models.BigIntegerField(default=0)  # of edited texts, in millionths
    is_fresh = models.BooleanField(default=True)  # not summed up yet

    objects = scoped()

    class Meta:
        indexes = [
            models.Index(
                fields=("seller", "dimension", "promo_code_pk", "operator_pk", "day"),
                name="figure_place",
            ),
            models.Index(
                fields=("seller", "day"),
                condition=models.Q(is_fresh=True),
                name="figure_fresh",
            ),
            models.Index(fields=("seller", "day"), name="figure_of_day"),
        ]
