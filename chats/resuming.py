"""Try WB again at once: somebody says that what stopped a shop is mended."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django_scopes import scope

from agentiq.limiter import RedisLimiter
from chats import gate
from chats.models import FeedCursor, SendGate
from promos import tokens
from promos.models import Seller

logger = logging.getLogger(__name__)

UNPAID = "unpaid"


def is_stopped(seller: Seller, *, now: datetime) -> bool:
    """Say whether the shop waits for a person: nobody paid, or its key was refused."""
    words = (UNPAID, *tokens.REFUSALS)
    with scope(seller=seller):
        reading = FeedCursor.objects.filter(problem__in=words)
        sending = SendGate.objects.filter(
            closed_until__gt=now, reason__in=(UNPAID, *gate.TOKEN_WORDS)
        )
        return (
            reading.exists()
            or sending.exists()
            or tokens.refused(seller, now=now).exists()
        )


def resume(seller: Seller, *, now: datetime) -> None:
    """
    Read and send again from now on, with the keys that were refused, too.

    What WB still refuses stops the shop once more, after a single request.
    """
    with scope(seller=seller), transaction.atomic():
        for row in tokens.retry(seller, now=now):
            RedisLimiter.for_token(row, settings).resume()
        gate.passed(seller.pk, now=now)
        FeedCursor.objects.filter(seller=seller).update(due_at=now, failures=0)
    logger.info("resumed", extra={"seller": seller.pk})
