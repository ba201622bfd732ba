"""Which handler answers which URL, and what WB asks of a token there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agentiq.wb import limits
from agentiq.wb.simulator import catalogue, chat, money, voices
from agentiq.wb.simulator.http import Reply, Request
from agentiq.wb.simulator.sellers import Seller
from agentiq.wb.simulator.world import World
from agentiq.wb.tokens import Category

Handler = Callable[[World, Seller, Request], Reply]


@dataclass(frozen=True)
class Route:
    """One method of WB. ``host`` names whose shape of error it answers in."""

    verb: str
    pattern: re.Pattern[str]
    method: str
    host: str
    category: Category | None
    handler: Handler
    writes: bool = False
    closed_to_base: bool = False


def _route(
    verb: str,
    path: str,
    method: str,
    host: str,
    category: Category | None,
    handler: Handler,
    **marks: bool,
) -> Route:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")
    return Route(verb, pattern, method, host, category, handler, **marks)


_CHAT = ("chat", Category.CHAT)
_PRICES = ("prices", Category.PRICES)
_CALENDAR = ("calendar", Category.PRICES)
_FINANCE = ("finance", Category.FINANCE)
_STATISTICS = ("statistics", Category.STATISTICS)
_FEEDBACKS = ("feedbacks", Category.FEEDBACKS)
_COMMON = ("common", None)
_PLANS = "/api/v1/calendar/promotions"
_MONEY = "/api/finance/v1/sales-reports"
_UPLOADS = "/api/v2/{place}"

ROUTES: tuple[Route, ...] = (
    _route("GET", "/api/v1/seller/chats", limits.CHATS, *_CHAT, chat.chats),
    _route("GET", "/api/v1/seller/events", limits.EVENTS, *_CHAT, chat.events),
    _route(
        "POST", "/api/v1/seller/message", limits.SEND, *_CHAT, chat.message, writes=True
    ),
    _route(
        "POST",
        "/api/v1/seller/chats/{id}/messages",
        limits.SEND,
        *_CHAT,
        chat.chat_path,
        writes=True,
    ),
    _route(
        "GET", "/api/v1/seller/download/{id}", limits.DOWNLOAD, *_CHAT, chat.download
    ),
    _route("GET", _PLANS, limits.PROMOTIONS, *_CALENDAR, catalogue.promotions),
    _route(
        "GET",
        f"{_PLANS}/details",
        limits.PROMOTION_DETAILS,
        *_CALENDAR,
        catalogue.details,
    ),
    _route(
        "GET",
        f"{_PLANS}/nomenclatures",
        limits.PROMOTION_GOODS,
        *_CALENDAR,
        catalogue.nomenclatures,
    ),
    _route(
        "POST",
        f"{_PLANS}/upload",
        limits.PROMOTION_UPLOAD,
        *_CALENDAR,
        catalogue.upload,
        writes=True,
    ),
    _route("GET", "/api/v2/list/goods/filter", limits.GOODS, *_PRICES, catalogue.goods),
    _route(
        "POST",
        "/api/v2/list/goods/filter",
        limits.GOODS,
        *_PRICES,
        catalogue.goods_by_nm,
    ),
    _route(
        "GET", f"{_UPLOADS}/goods/task", limits.UPLOADS, *_PRICES, catalogue.task_goods
    ),
    _route("GET", f"{_UPLOADS}/tasks", limits.UPLOADS, *_PRICES, catalogue.task),
    _route(
        "POST",
        "/content/v2/get/cards/list",
        limits.CARDS,
        "content",
        Category.CONTENT,
        catalogue.cards,
    ),
    _route(
        "GET",
        "/api/v1/tariffs/commission",
        limits.COMMISSION,
        *_COMMON,
        catalogue.commission,
    ),
    _route(
        "POST", f"{_MONEY}/detailed", limits.SALES_REPORT, *_FINANCE, money.detailed
    ),
    _route(
        "POST",
        f"{_MONEY}/list",
        limits.SALES_REPORTS,
        *_FINANCE,
        money.reports,
        closed_to_base=True,
    ),
    _route(
        "GET",
        "/api/v1/supplier/sales",
        limits.SUPPLIER_SALES,
        *_STATISTICS,
        money.sales,
    ),
    _route(
        "GET",
        "/api/v1/supplier/orders",
        limits.SUPPLIER_ORDERS,
        *_STATISTICS,
        money.orders,
    ),
    _route(
        "POST",
        "/api/analytics/v1/order-feed",
        limits.ORDER_FEED,
        "analytics",
        Category.ANALYTICS,
        money.order_feed,
    ),
    _route("GET", "/api/v1/feedbacks", limits.FEEDBACKS, *_FEEDBACKS, voices.feedbacks),
    _route("GET", "/api/v1/questions", limits.QUESTIONS, *_FEEDBACKS, voices.questions),
    _route(
        "GET",
        "/api/v1/claims",
        limits.CLAIMS,
        "returns",
        Category.RETURNS,
        voices.claims,
    ),
    _route(
        "GET", "/api/v1/seller-info", limits.SELLER_INFO, *_COMMON, voices.seller_info
    ),
    _route("GET", "/api/communications/v2/news", limits.NEWS, *_COMMON, voices.news),
)

_PING_CATEGORIES = {
    "buyer-chat-api": Category.CHAT,
    "discounts-prices-api": Category.PRICES,
    "content-api": Category.CONTENT,
    "common-api": None,
    "finance-api": Category.FINANCE,
    "statistics-api": Category.STATISTICS,
    "seller-analytics-api": Category.ANALYTICS,
    "feedbacks-api": Category.FEEDBACKS,
    "returns-api": Category.RETURNS,
}


def find(verb: str, path: str, domain: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request and what its path names, None when WB has none."""
    if path == "/ping" and verb == "GET":
        return _ping_route(domain), {}
    for route in ROUTES:
        match = route.pattern.match(path)
        if match and route.verb == verb:
            return route, match.groupdict()
    return None


def _ping_route(domain: str) -> Route:
    name = domain.partition(".")[0]
    category = _PING_CATEGORIES.get(name)
    return _route("GET", "/ping", f"ping:{name}", "common", category, _ping)


def _ping(sim: World, seller: Seller, request: Request) -> Reply:
    return Reply({"TS": sim.now().isoformat(), "Status": "OK"})
