"""
What became of the orders chats are about: bought, returned, claimed.

An order is known by its ``rid``, which WB calls srid elsewhere. Nothing is guessed:
an order that no answer of WB names keeps the fate it had, at first none. Sources, by
the key's categories: the order feed (Analytics, 31 days back), else sales and returns
(Statistics); claims (Returns, 14 days back).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agentiq.wb.client import WbClient
from agentiq.wb.records import Claim, FeedOrder, SupplierSale
from chats import bulk, live
from chats.models import ChatOrder, ClaimState, Fate, FateReading
from promos.models import Seller
from promos.sync import patient

BACK = timedelta(days=31) - timedelta(hours=1)  # WB refuses an earlier start
ARTICLES = 1000  # WB takes so many in one request
PAGE = 10_000
CLAIMS_PAGE = 200
AT_ONCE = 5000

Sleep = Callable[[float], None]

FATES: Mapping[str, Fate] = {
    "created": Fate.ORDERED,
    "buyout": Fate.BOUGHT,
    "cancel": Fate.CANCELLED,
    "return": Fate.RETURNED,
    "returnDefective": Fate.DEFECTIVE,
}
CLAIMS: Mapping[int | None, ClaimState] = {
    0: ClaimState.OPEN,
    1: ClaimState.REFUSED,
    2: ClaimState.APPROVED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What WB said of one order, and since when it is so."""

    word: str
    at: datetime | None


def read_orders(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep
) -> int:
    """
    Read how the orders named in chats stand; return how many rows changed.

    Source: POST /api/analytics/v1/order-feed, 1 request per minute per seller.
    """
    since = now - BACK
    named = ChatOrder.objects.filter(seller=seller, seen_at__gte=since).exclude(rid="")
    articles = sorted(set(named.exclude(nm_id=None).values_list("nm_id", flat=True)))
    told: dict[str, Told] = {}
    for start in range(0, len(articles), ARTICLES):
        wanted = articles[start : start + ARTICLES]
        for order in _orders(client, since, wanted, sleep):
            if fate := FATES.get(order.status):
                told[order.srid] = Told(fate, order.updated_at or order.created_at)
    changed = _keep(seller, told, "fate", "fate_at")
    _note(seller, orders_read_at=now, orders_problem="")
    return changed


def read_sales(seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep) -> int:
    """
    Read what was bought or came back, for a key without Analytics.

    The first look goes a month back, later ones a day beyond the look before.
    Source: GET /api/v1/supplier/sales, 1 request per minute per seller.
    """
    known = FateReading.objects.filter(seller=seller).first()
    read_at = known and known.orders_read_at
    since = read_at - timedelta(days=1) if read_at else now - BACK
    sales: tuple[SupplierSale, ...] = patient(
        lambda: client.supplier_sales(since), sleep
    )
    told = {}
    for sale in sorted(sales, key=lambda it: it.is_return):
        fate = Fate.RETURNED if sale.is_return else Fate.BOUGHT
        told[sale.srid] = Told(fate, sale.sold_at)
    changed = _keep(seller, told, "fate", "fate_at")
    _note(seller, orders_read_at=now, orders_problem="")
    return changed


def read_claims(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep
) -> int:
    """
    Read the return claims of the last two weeks; return how many rows changed.

    Source: GET /api/v1/claims, 20 requests per minute per seller.
    """
    told: dict[str, Told] = {}
    for archived in (True, False):  # an open one is newer than a closed one
        for claim in _claims(client, archived=archived, sleep=sleep):
            if claim.srid and claim.status in CLAIMS:
                told[claim.srid] = Told(CLAIMS[claim.status], claim.created_at)
    changed = _keep(seller, told, "claim", "claimed_at")
    _note(seller, claims_read_at=now, claims_problem="")
    return changed


def not_read(seller: Seller, what: str, problem: str) -> None:
    """Keep why ``orders`` or ``claims`` could not be read; what is known stays."""
    _note(seller, **{f"{what}_problem": problem[:40]})


def _orders(
    client: WbClient, since: datetime, articles: list[int], sleep: Sleep
) -> Iterable[FeedOrder]:
    offset, snapshot = 0, ""
    while True:
        page = patient(
            lambda: client.order_feed(
                since,
                nm_ids=articles,
                snapshot_time=snapshot,  # noqa: B023
                offset=offset,  # noqa: B023
                limit=PAGE,
            ),
            sleep,
        )
        yield from page.orders
        if len(page.orders) + page.skipped < PAGE:
            return
        offset, snapshot = offset + PAGE, page.snapshot_time


def _claims(client: WbClient, *, archived: bool, sleep: Sleep) -> Iterable[Claim]:
    offset = 0
    while True:
        page = patient(
            lambda: client.claims(
                archived=archived,
                limit=CLAIMS_PAGE,
                offset=offset,  # noqa: B023
            ),
            sleep,
        )
        yield from page.claims
        if len(page.claims) + page.skipped < CLAIMS_PAGE:
            return
        offset += CLAIMS_PAGE


def _keep(seller: Seller, told: Mapping[str, Told], word: str, moment: str) -> int:
    """Write what was told over what was known, where it differs."""
    changed, rids = 0, sorted(told)
    for start in range(0, len(rids), AT_ONCE):
        some = rids[start : start + AT_ONCE]
        rows: list[dict[str, Any]] = [
            {"id": order.pk, word: told[order.rid].word, moment: told[order.rid].at}
            for order in ChatOrder.objects.filter(seller=seller, rid__in=some)
            if (getattr(order, word), getattr(order, moment))
            != (told[order.rid].word, told[order.rid].at)
        ]
        bulk.update(ChatOrder, rows)
        changed += len(rows)
    if changed:
        live.bump(seller.pk)
    return changed


def _note(seller: Seller, **fields: Any) -> None:
    FateReading.objects.update_or_create(seller=seller, defaults=fields)
