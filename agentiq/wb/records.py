"""
What crosses the border: frozen values in our words.

Instants are aware UTC, money is Decimal in the currency named beside it, ``*_pct``
runs from 0 to 100. None means that WB did not say. ``raw`` keeps the JSON object
as it came, for the fields nobody reads yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from agentiq.wb.tokens import Category as Category  # noqa: PLC0414
from agentiq.wb.tokens import TokenFacts as TokenFacts  # noqa: PLC0414
from agentiq.wb.tokens import TokenKind as TokenKind  # noqa: PLC0414
from agentiq.wb.tokens import decode_token as decode_token  # noqa: PLC0414

# Every call


@dataclass(frozen=True)
class RateHeaders:
    """WB's X-Ratelimit-* of one answer; the last two in seconds."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    retry: float | None = None


@dataclass(frozen=True)
class CallReport:
    """One finished call, for metrics and the count of paid calls."""

    method: str
    status: int | None
    seconds: float
    request_id: str = ""


# Chat


@dataclass(frozen=True)
class GoodCard:
    """The ordered unit a chat is about; ``rid`` equals ``srid`` elsewhere."""

    nm_id: int | None
    price: Decimal | None
    currency: str
    rid: str | None
    size: str | None


@dataclass(frozen=True)
class FileRef:
    """A file in a message. Fetch it by ``download_id``, never by ``url``."""

    download_id: str
    name: str
    content_type: str
    size: int | None
    url: str
    kind: Literal["file", "image"]


@dataclass(frozen=True)
class ChatEvent:
    """One event of the feed; ``event_id`` tells repeats apart."""

    chat_id: str
    event_id: str
    event_type: str
    sender: str
    source: str
    text: str
    added_at: datetime
    is_new_chat: bool
    reply_sign: str | None
    client_name: str
    good_card: GoodCard | None
    files: tuple[FileRef, ...]
    raw: Mapping[str, object]


@dataclass(frozen=True)
class EventPage:
    """
    One answer of the feed, oldest event first.

    ``next`` is the cursor to go on from, None when WB gave none. The feed is
    caught up when ``total`` is 0. ``skipped`` events could not be read.
    """

    events: tuple[ChatEvent, ...]
    next: int | None
    total: int
    oldest_at: datetime | None
    newest_at: datetime | None
    skipped: int


@dataclass(frozen=True)
class ChatCard:
    """One chat of the list; without ``reply_sign`` nothing can be sent to it."""

    chat_id: str
    reply_sign: str | None
    client_name: str
    good_card: GoodCard | None
    last_text: str
    last_at: datetime | None


@dataclass(frozen=True)
class Attachment:
    """A file to send: JPEG, PNG or PDF, at most 5 MB, 30 MB in one message."""

    name: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True)
class Receipt:
    """WB took a message; ``errors`` are about its files only."""

    chat_id: str
    added_at: datetime | None
    sign: str
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Download:
    """A file of a message."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True)
class DownloadPending:
    """The file is in moderation: ask again after so many seconds."""

    retry_seconds: float


# Goods


@dataclass(frozen=True)
class SizePrice:
    """Prices of one size of an article."""

    size_id: int | None
    name: str
    price: Decimal | None
    discounted_price: Decimal | None
    club_price: Decimal | None


@dataclass(frozen=True)
class Price:
    """
    An article's price before discounts and the seller's discounts on it.

    The three prices are the highest over the sizes; sizes differ only when
    ``per_size``. WB's own discount (СПП) is in none of them.
    """

    nm_id: int
    vendor_code: str
    price: Decimal | None
    discounted_price: Decimal | None
    club_price: Decimal | None
    discount_pct: Decimal
    club_discount_pct: Decimal
    currency: str
    per_size: bool
    sizes: tuple[SizePrice, ...]


@dataclass(frozen=True)
class CardSize:
    """One size of a card; ``wb_size`` is what a good card calls size."""

    chrt_id: int | None
    tech_size: str
    wb_size: str
    skus: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """An article as buyers see it. ``photos`` are public addresses, big first."""

    nm_id: int
    imt_id: int | None
    title: str
    description: str
    brand: str
    vendor_code: str
    subject_id: int | None
    subject_name: str
    photos: tuple[str, ...]
    thumbnail: str
    sizes: tuple[CardSize, ...]
    updated_at: datetime | None
    raw: Mapping[str, object]


@dataclass(frozen=True)
class CardCursor:
    """Where the next page of cards begins; ``updated_at`` is WB's text."""

    updated_at: str
    nm_id: int


@dataclass(frozen=True)
class CardPage:
    """One page of cards; ``next`` is None on the last."""

    cards: tuple[Card, ...]
    next: CardCursor | None
    skipped: int


@dataclass(frozen=True)
class Commission:
    """WB's tariff for a subject, in % by way of delivery; None if not said."""

    subject_id: int
    subject_name: str
    parent_id: int | None
    parent_name: str
    fbw_pct: Decimal | None
    fbs_pct: Decimal | None
    dbs_pct: Decimal | None
    edbs_pct: Decimal | None
    pickup_pct: Decimal | None
    booking_pct: Decimal | None


# WB's actions


@dataclass(frozen=True)
class Promotion:
    """An action of WB's calendar; ``kind`` is regular or auto."""

    promotion_id: int
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    kind: str


@dataclass(frozen=True)
class Ranging:
    """What part of the goods must join for a boost in search."""

    condition: str
    participation_pct: Decimal
    boost: Decimal


@dataclass(frozen=True)
class PromotionDetail:
    """An action with the seller's part in it."""

    promotion_id: int
    name: str
    description: str
    advantages: tuple[str, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    kind: str
    in_leftovers: int
    in_total: int
    not_in_leftovers: int
    not_in_total: int
    participation_pct: Decimal
    exceptions: int
    ranging: tuple[Ranging, ...]


@dataclass(frozen=True)
class PromotionGood:
    """An article and what a regular action asks of its price and discount."""

    nm_id: int
    in_action: bool
    price: Decimal | None
    plan_price: Decimal | None
    discount_pct: Decimal | None
    plan_discount_pct: Decimal | None
    currency: str


@dataclass(frozen=True)
class UploadTicket:
    """WB took an upload; follow it by ``upload_id``."""

    upload_id: int
    already_exists: bool


@dataclass(frozen=True)
class Upload:
    """
    How far an upload is.

    ``status``: 1 in processing, 3 done, 4 cancelled, 5 done with errors in some
    goods, 6 all goods failed. ``waiting`` is true while it waits for the start
    of its action.
    """

    upload_id: int
    status: int
    waiting: bool
    uploaded_at: datetime | None
    activates_at: datetime | None
    total: int
    succeeded: int


@dataclass(frozen=True)
class UploadGood:
    """One article of an upload. ``status``: 1 waiting, 2 taken, 3 refused."""

    nm_id: int
    vendor_code: str
    size_id: int | None
    size_name: str
    price: Decimal | None
    discount_pct: Decimal | None
    club_discount_pct: Decimal | None
    currency: str
    status: int
    error: str


# Money


@dataclass(frozen=True)
class ReportLine:
    """
    One row of the sales report, ``rrd_id`` its key.

    Amounts are positive whatever the row means: ``operation`` says the sign.
    ``promo_uuid`` is lower-case and empty when no code was used. Dates are
    Moscow days. Fields that were not asked for are empty or 0.
    """

    rrd_id: int
    report_id: str
    report_type: int | None
    report_from: date | None
    report_to: date | None
    created_on: date | None
    currency: str
    srid: str
    order_uid: str
    shk_id: int | None
    nm_id: int | None
    vendor_code: str
    title: str
    subject_name: str
    brand: str
    sku: str
    size: str
    doc_type: str
    operation: str
    bonus_type: str
    ordered_at: datetime | None
    sold_at: datetime | None
    operated_on: date | None
    quantity: int
    deliveries: int
    returns: int
    retail_price: Decimal
    sale_pct: Decimal
    total_discount_pct: Decimal
    price_with_discount: Decimal
    retail_amount: Decimal
    spp_pct: Decimal
    promo_uuid: str
    promo_pct: Decimal
    legacy_promo_pct: Decimal
    seller_promo_id: int | None
    seller_promo_pct: Decimal
    loyalty_id: int | None
    loyalty_pct: Decimal
    wholesale_pct: Decimal
    affiliated_pct: Decimal
    commission_pct: Decimal
    kvw_pct: Decimal
    sales_commission: Decimal
    vw: Decimal
    vw_nds: Decimal
    acquiring_fee: Decimal
    acquiring_pct: Decimal
    pickup_reward: Decimal
    for_pay: Decimal
    delivery_cost: Decimal
    penalty: Decimal
    additional_payment: Decimal
    storage_cost: Decimal
    deduction: Decimal
    acceptance_cost: Decimal
    rebill_logistics: Decimal
    raw: Mapping[str, object]


@dataclass(frozen=True)
class ReportPage:
    """
    One page of report lines.

    ``next`` is the ``rrd_id`` to go on from, None once WB has no more rows.
    ``skipped`` rows could not be read: a report with any is not complete.
    """

    lines: tuple[ReportLine, ...]
    next: int | None
    skipped: int


@dataclass(frozen=True)
class SalesReport:
    """A report of the list, with its sums to check imported lines against."""

    report_id: str
    report_type: int | None
    date_from: date | None
    date_to: date | None
    created_on: date | None
    currency: str
    retail_amount: Decimal
    for_pay: Decimal
    delivery_cost: Decimal
    storage_cost: Decimal
    acceptance_cost: Decimal
    deduction: Decimal
    penalty: Decimal
    additional_payment: Decimal
    bank_payment: Decimal
    raw: Mapping[str, object]


@dataclass(frozen=True)
class SupplierSale:
    """A fresh sale (``sale_id`` S…) or return (R…); money may be 0 for a day."""

    srid: str
    sale_id: str
    basket: str
    nm_id: int | None
    vendor_code: str
    subject_name: str
    brand: str
    size: str
    sold_at: datetime | None
    changed_at: datetime | None
    changed_mark: str
    total_price: Decimal
    discount_pct: Decimal
    spp_pct: Decimal
    finished_price: Decimal
    price_with_discount: Decimal
    for_pay: Decimal
    is_return: bool
    raw: Mapping[str, object]


@dataclass(frozen=True)
class SupplierOrder:
    """A fresh order, or its cancellation."""

    srid: str
    basket: str
    nm_id: int | None
    vendor_code: str
    subject_name: str
    brand: str
    size: str
    ordered_at: datetime | None
    changed_at: datetime | None
    changed_mark: str
    cancelled_at: datetime | None
    is_cancelled: bool
    total_price: Decimal
    discount_pct: Decimal
    spp_pct: Decimal
    finished_price: Decimal
    price_with_discount: Decimal
    raw: Mapping[str, object]


@dataclass(frozen=True)
class FeedOrder:
    """
    An order of the real-time feed.

    ``status`` is created, buyout, cancel, return or returnDefective.
    """

    srid: str
    nm_id: int | None
    chrt_id: int | None
    status: str
    cancel_type: str
    created_at: datetime | None
    updated_at: datetime | None
    seller_price: Decimal | None
    raw: Mapping[str, object]


@dataclass(frozen=True)
class OrderFeedPage:
    """One page of the feed; the next one repeats ``snapshot_time`` and a new offset."""

    orders: tuple[FeedOrder, ...]
    snapshot_time: str
    currency: str
    skipped: int


# What buyers say elsewhere


@dataclass(frozen=True)
class Feedback:
    """A review. It names no order and no chat."""

    feedback_id: str
    nm_id: int | None
    product_name: str
    text: str
    pros: str
    cons: str
    rating: int
    buyer_name: str
    created_at: datetime | None
    answer: str
    state: str
    order_status: str
    shk_id: int | None
    tags: tuple[str, ...]
    photos: tuple[str, ...]
    raw: Mapping[str, object]


@dataclass(frozen=True)
class Question:
    """A question at an article's page."""

    question_id: str
    nm_id: int | None
    product_name: str
    text: str
    created_at: datetime | None
    answer: str
    state: str
    was_viewed: bool
    raw: Mapping[str, object]


@dataclass(frozen=True)
class Claim:
    """A return claim; ``claim_type`` 1 is from the portal, 3 from the chat."""

    claim_id: str
    claim_type: int | None
    status: int | None
    status_ex: int | None
    nm_id: int | None
    srid: str
    comment: str
    wb_comment: str
    created_at: datetime | None
    updated_at: datetime | None
    ordered_at: datetime | None
    price: Decimal | None
    currency: str
    actions: tuple[str, ...]
    raw: Mapping[str, object]


@dataclass(frozen=True)
class ClaimPage:
    """One page of claims out of ``total``."""

    claims: tuple[Claim, ...]
    total: int
    skipped: int


@dataclass(frozen=True)
class NewsTag:
    """A subject of an announcement."""

    tag_id: int
    name: str


@dataclass(frozen=True)
class News:
    """An announcement to sellers; ``content`` is WB's HTML, not to be trusted."""

    news_id: int
    header: str
    content: str
    published_at: datetime | None
    tags: tuple[NewsTag, ...]


@dataclass(frozen=True)
class SellerInfo:
    """Whose token it is; ``seller_uuid`` equals the token's."""

    seller_uuid: str
    name: str
    trade_mark: str
    tax_id: str
    country: str
