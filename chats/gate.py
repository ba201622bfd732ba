"""
Whether a seller's replies may go out now: one row a seller, asked by claim().

WB asks to wait, the token is refused, WB keeps failing: then the whole seller waits,
not each reply, and nobody else does. A closed gate opens by itself.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from chats.models import SendGate
from promos.models import WbToken

BREAKER = 5
"""Failures of WB in a row after which tries become rare."""
LONGEST_PROBE = timedelta(minutes=5)
TOKEN_WAIT = timedelta(minutes=15)
UNPAID_WAIT = timedelta(minutes=15)
DISABLED_WAIT = timedelta(minutes=1)
TOKEN_WORDS = (
    "no_token",
    "token_invalid",
    "token_expired",
    "token_category",
    "token_type",
    "token_read_only",
    "token_withdrawn",
)


def closed(now: datetime) -> QuerySet[SendGate, int]:
    """Return the ids of sellers whose replies wait, as a subquery."""
    return SendGate.objects.filter(closed_until__gt=now).values("seller_id")


def opens_in(seller_id: int, *, now: datetime) -> float:
    """Return the seconds until the seller may send again, 0 when that is now."""
    row = SendGate.objects.filter(seller=seller_id, closed_until__gt=now).first()
    return (row.closed_until - now).total_seconds() if row else 0.0


def close(
    seller_id: int,
    reason: str,
    *,
    now: datetime,
    wait: timedelta = TOKEN_WAIT,
    detail: str = "",
) -> None:
    """Let the seller's replies wait; ``reason`` is a machine word of DELIVERY."""
    SendGate.objects.update_or_create(
        seller_id=seller_id,
        defaults={
            "closed_until": now + wait,
            "reason": reason,
            "detail": detail,
            "changed_at": now,
        },
    )


def failed(seller_id: int, *, reached: bool, now: datetime) -> None:
    """
    Count a failure of WB; after five in a row only a probe now and then is sent.

    ``reached``: the request left, and 5xx or no answer came. Where WB was not reached
    at all the next try waits a little from the first failure on.
    """
    with transaction.atomic():
        gate, _ = SendGate.objects.select_for_update().get_or_create(
            seller_id=seller_id, defaults={"changed_at": now}
        )
        gate.failures += 1
        if gate.failures >= BREAKER:
            probe = timedelta(seconds=settings.WB_PROBE_SECONDS)
            wait = min(probe * 2 ** min(gate.failures - BREAKER, 5), LONGEST_PROBE)
            gate.closed_until, gate.reason = now + wait, "breaker"
        elif not reached:
            gate.closed_until = now + timedelta(seconds=2**gate.failures)
            gate.reason = "unavailable"
        gate.changed_at = now
        gate.save()


def passed(seller_id: int, *, now: datetime) -> None:
    """WB works for the seller: forget what went wrong before."""
    troubled = SendGate.objects.filter(seller_id=seller_id).filter(
        Q(failures__gt=0) | Q(closed_until__isnull=False)
    )
    troubled.update(failures=0, closed_until=None, reason="", detail="", changed_at=now)


def lift(*, now: datetime) -> int:
    """Open gates closed for want of a token where a newer one was entered."""
    lifted = 0
    waiting = SendGate.objects.filter(closed_until__gt=now, reason__in=TOKEN_WORDS)
    for gate in waiting.select_related("seller"):
        tokens = WbToken.objects.usable(gate.seller)
        if tokens.filter(created_at__gt=gate.changed_at).exists():
            passed(gate.seller_id, now=now)
            lifted += 1
    return lifted
