"""connect(seller): where settings and tokens become a WbClient, and nowhere else."""

import os
from collections.abc import Iterable
from typing import Any

import requests
from django.apps import apps
from django.conf import settings

from agentiq import crypto, metering
from agentiq.limiter import RedisLimiter
from agentiq.wb.client import Hosts, WbClient, new_session

_sessions: dict[int, requests.Session] = {}


class SellerClient(WbClient):
    """A client that knows the row its token came from: see promos.tokens.refuse."""

    row: Any


class NotConnected(Exception):
    """The seller has no usable token; ``reason`` is a machine word, see promos.tokens."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def connect(seller: Any, *, category: int | None = None) -> SellerClient:
    """
    Return a client that speaks to WB as ``seller``, within the shared limits.

    All clients of a process share its connections, and each call is counted.

    ``category`` is the token's category bit the call needs (wb_api §7.1); a token
    that has it is preferred. Raises NotConnected when there is none.
    """
    token_model = apps.get_model("promos", "WbToken")
    return _client(seller, token_model.objects.usable(seller), category)


def connect_all(
    sellers: Iterable[Any], *, category: int | None = None
) -> list[tuple[Any, SellerClient | NotConnected]]:
    """Return each seller with its client, or with why there is none, in one query."""
    token_model = apps.get_model("promos", "WbToken")
    sellers = list(sellers)
    rows: dict[int, list[Any]] = {seller.pk: [] for seller in sellers}
    for row in token_model.objects.usable(*sellers):
        rows[row.seller_id].append(row)
    found: list[tuple[Any, SellerClient | NotConnected]] = []
    for seller in sellers:
        try:
            found.append((seller, _client(seller, rows[seller.pk], category)))
        except NotConnected as error:
            found.append((seller, error))
    return found


def _client(seller: Any, rows: Iterable[Any], category: int | None) -> SellerClient:
    row = _pick(rows, category)
    try:
        token = crypto.unseal(row.sealed_token)
        secret = crypto.unseal(row.sealed_secret) if row.sealed_secret else None
    except crypto.SealBroken:
        raise NotConnected("sealed") from None
    client = SellerClient(
        token,
        hosts=Hosts(**settings.WB_HOSTS),
        prefix=settings.WB_AUTH_PREFIX,
        client_secret=secret,
        timeout=(settings.WB_CONNECT_TIMEOUT, settings.WB_READ_TIMEOUT),
        limiter=RedisLimiter.for_token(row, settings),
        send_profile=settings.WB_SEND_PROFILE,
        session=_session(),
        on_call=metering.counter(seller.pk),
    )
    client.row = row
    return client


def _session() -> requests.Session:
    """One session a process: a fork must not share its parent's connections."""
    pid = os.getpid()
    if pid not in _sessions:
        _sessions[pid] = new_session(pool_size=64)
    return _sessions[pid]


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
