"""connect(seller): where settings and tokens become a WbClient, and nowhere else."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings

from agentiq import crypto
from agentiq.limiter import RedisLimiter
from agentiq.wb.client import Hosts, WbClient


class NotConnected(Exception):
    """The seller has no usable token; ``reason`` is a machine word, see promos.tokens."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def connect(seller: Any, *, category: int | None = None) -> WbClient:
    """
    Return a client that speaks to WB as ``seller``, within the shared limits.

    ``category`` is the token's category bit the call needs (wb_api §7.1); a token
    that has it is preferred. Raises NotConnected when there is none.
    """
    token_model = apps.get_model("promos", "WbToken")
    row = _pick(token_model.objects.usable(seller), category)
    try:
        token = crypto.unseal(row.sealed_token)
        secret = crypto.unseal(row.sealed_secret) if row.sealed_secret else None
    except crypto.SealBroken:
        raise NotConnected("sealed") from None
    return WbClient(
        token,
        hosts=Hosts(**settings.WB_HOSTS),
        prefix=settings.WB_AUTH_PREFIX,
        client_secret=secret,
        timeout=(settings.WB_CONNECT_TIMEOUT, settings.WB_READ_TIMEOUT),
        limiter=RedisLimiter.for_token(row, settings),
        send_profile=settings.WB_SEND_PROFILE,
    )


def _pick(rows: Iterable[Any], category: int | None) -> Any:
    rows = list(rows)
    if not rows:
        raise NotConnected("no_token")
    if category is None:
        return rows[0]
    for row in rows:
        if category in row.categories:
            return row
    raise NotConnected("no_category")
