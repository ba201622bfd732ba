"""
What WB knows of the catalogue: prices, cards, commissions and running actions.

Each figure says when it was read. Pages are stored as they come, so a run that is
cut short has done what it did; an article is said to have left the catalogue only
after the whole list was read without it. Costs are the seller's and are not touched.

Sources: goods/filter, cards/list, tariffs/commission, calendar/promotions.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import Q

from agentiq.wb.client import WbClient
from agentiq.wb.errors import WbRejected, WbThrottled
from agentiq.wb.records import Card, CardCursor, Price, Promotion
from promos.models import Product, Seller

PAGE = 1000
CARDS_PAGE = 100
LONGEST_WAIT = 65.0  # a minute's limit and a little; longer waits are another run's
TRIES = 10

T = TypeVar("T")
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Synced:
    """How many articles were read, and how many left the catalogue."""

    read: int
    gone: int = 0


def prices(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep = time.sleep
) -> Synced:
    """Read prices and the seller's discounts of the whole catalogue."""
    offset, read = 0, 0
    while True:
        page = patient(lambda: client.goods(PAGE, offset), sleep)  # noqa: B023
        _store_prices(seller, page, now)
        read += len(page)
        if len(page) < PAGE:
            break
        offset += PAGE
    gone = Product.objects.filter(seller=seller, gone_at=None).filter(
        Q(prices_synced_at__lt=now) | Q(prices_synced_at=None, card_synced_at__lt=now)
    )
    return Synced(read, gone.update(gone_at=now) if read else 0)


def cards(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep = time.sleep
) -> Synced:
    """Read titles, photos and subjects of the whole catalogue."""
    cursor: CardCursor | None = None
    read = 0
    while True:
        page = patient(lambda: client.cards(cursor, limit=CARDS_PAGE), sleep)  # noqa: B023
        _store_cards(seller, page.cards, now)
        read += len(page.cards)
        cursor = page.next
        if cursor is None:
            return Synced(read)


def commissions(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep = time.sleep
) -> Synced:
    """
    Read WB's commission by subject: the larger of its warehouse's and the seller's.

    A commission the seller entered by hand stays.
    """
    tariffs = patient(client.commission, sleep)
    rates = {
        it.subject_id: max(_known(it.fbw_pct, it.fbs_pct))
        for it in tariffs
        if _known(it.fbw_pct, it.fbs_pct)
    }
    mine = Product.objects.filter(seller=seller, subject_id__in=rates).filter(
        Q(commission_percent=None) | Q(commission_synced_at__isnull=False)
    )
    count = 0
    for subject_id in mine.order_by().values_list("subject_id", flat=True).distinct():
        count += mine.filter(subject_id=subject_id).update(
            commission_percent=rates[subject_id], commission_synced_at=now
        )
    return Synced(count)


def actions(
    seller: Seller, *, client: WbClient, now: datetime, sleep: Sleep = time.sleep
) -> Synced:
    """
    Read the discounts that running actions plan for articles that joined them.

    Auto actions have no list of articles; what they do shows in the prices only.
    """
    running = patient(
        lambda: client.promotions(now - timedelta(days=1), now + timedelta(days=1)),
        sleep,
    )
    planned: dict[int, Decimal] = {}
    for action in running:
        if not _runs(action, now) or action.kind == "auto":
            continue
        for nm_id, percent in _planned(client, action, sleep):
            planned[nm_id] = max(percent, planned.get(nm_id, percent))
    rows = Product.objects.filter(seller=seller)
    rows.exclude(nm_id__in=planned).update(action_percent=None, action_synced_at=now)
    joined = list(rows.filter(nm_id__in=planned))
    for product in joined:
        product.action_percent, product.action_synced_at = planned[product.nm_id], now
    Product.objects.bulk_update(
        joined, ["action_percent", "action_synced_at"], batch_size=PAGE
    )
    return Synced(len(joined))


def _runs(action: Promotion, now: datetime) -> bool:
    starts, ends = action.starts_at, action.ends_at
    return starts is not None and starts <= now and (ends is None or now < ends)


def _planned(
    client: WbClient, action: Promotion, sleep: Sleep
) -> Iterable[tuple[int, Decimal]]:
    offset = 0
    while True:
        try:
            page = patient(
                lambda: client.promotion_goods(
                    action.promotion_id,
                    in_action=True,
                    limit=PAGE,
                    offset=offset,  # noqa: B023
                ),
                sleep,
            )
        except WbRejected:  # 422: an auto action by another name
            return
        for good in page:
            if good.plan_discount_pct is not None:
                yield good.nm_id, good.plan_discount_pct
        if len(page) < PAGE:
            return
        offset += PAGE


def _store_prices(seller: Seller, page: Iterable[Price], now: datetime) -> None:
    rows = [
        Product(
            seller=seller,
            nm_id=it.nm_id,
            vendor_code=it.vendor_code[:100],
            price=it.price or None,
            discount_percent=it.discount_pct,
            loyalty_percent=it.club_discount_pct,
            currency=it.currency[:3] or "RUB",
            prices_synced_at=now,
            gone_at=None,
            updated_at=now,
        )
        for it in page
    ]
    _store(
        rows,
        "vendor_code",
        "price",
        "discount_percent",
        "loyalty_percent",
        "currency",
        "prices_synced_at",
        "gone_at",
        "updated_at",
    )


def _store_cards(seller: Seller, page: Iterable[Card], now: datetime) -> None:
    rows = [
        Product(
            seller=seller,
            nm_id=it.nm_id,
            title=it.title[:300],
            vendor_code=it.vendor_code[:100],
            brand=it.brand[:100],
            subject_id=it.subject_id,
            subject_name=it.subject_name[:200],
            photo_url=(it.thumbnail or next(iter(it.photos), ""))[:500],
            card_synced_at=now,
            updated_at=now,
        )
        for it in page
    ]
    _store(
        rows,
        "title",
        "vendor_code",
        "brand",
        "subject_id",
        "subject_name",
        "photo_url",
        "card_synced_at",
        "updated_at",
    )


def _store(rows: list[Product], *fields: str) -> None:
    """Write a page in one statement; an article that comes twice counts once."""
    once = list({row.nm_id: row for row in rows}.values())
    if once:
        Product.objects.bulk_create(
            once,
            update_conflicts=True,
            unique_fields=["seller", "nm_id"],
            update_fields=list(fields),
        )


def _known(*values: Decimal | None) -> list[Decimal]:
    return [value for value in values if value is not None]


def patient(call: Callable[[], T], sleep: Sleep) -> T:
    """Return what WB answers, waiting where its limits ask for a short while."""
    for _ in range(TRIES):
        try:
            return call()
        except WbThrottled as error:
            if error.retry_after > LONGEST_WAIT:
                raise
            sleep(error.retry_after)
    return call()
