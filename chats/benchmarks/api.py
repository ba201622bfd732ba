"""
API lists against a bare DRF list over the same rows, in the same run.

Both are called as views on one connection, in turn; the bare one has no key, no
scope, no pace, no cursor and no ETag. Runs in a database of its own. Bar: ours takes at most 1.5 times as long.
"""

import uuid
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from django_scopes import scope
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import JSONRenderer

from chats.api.conversations import Chats
from chats.benchmarks import _scratch
from chats.models import Chat
from chats.serializers import ChatOut
from promos import apikeys
from promos.api.analytics import Sends
from promos.api.shop import Products
from promos.models import Product, PromoCode, PromoCodeSend, Seller
from promos.serializers import ProductOut, SendOut

BAR = 1.5
PAGE = 100
LISTS = {
    "chats": (Chats, Chat, ChatOut, ("assignee",)),
    "products": (Products, Product, ProductOut, ()),
    "sends": (Sends, PromoCodeSend, SendOut, ("promo_code",)),
}


def add_arguments(parser: ArgumentParser) -> None:
    """How many rows there are, and how often each list is read."""
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=60)


def run(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield, for each list, the median times and how they compare."""
    with _scratch.places("api"):
        yield from measured(options["rows"], options["times"])


def measured(rows: int, times: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of a new shop with so many rows, in the database at hand."""
    seller = Seller.objects.create(name="bench")
    with scope(seller=seller):
        _fill(seller, rows)
        _, key = apikeys.issue(
            seller, name="bench", scopes=["read"], by=None, rate_per_minute=100_000
        )
        for name in LISTS:
            yield _compared(name, key, times)


def _compared(name: str, key: str, times: int) -> dict[str, Any]:
    ours, model, serializer, related = LISTS[name]
    bare = _bare(model, serializer, related)
    asked = RequestFactory(headers={"Authorization": f"Api-Key {key}"})
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(times + 5):
        for who, view in (("ours", ours.as_view()), ("bare", bare)):
            request = asked.get("/api/x", {"page_size": PAGE})
            started = perf_counter()
            _read(view, request)
            if turn >= 5:  # the first ones warm up
                took[who].append((perf_counter() - started) * 1000)
    our_time, bare_time = median(took["ours"]), median(took["bare"])
    return {
        "list": name,
        "rows_a_page": PAGE,
        "ours_ms": round(our_time, 2),
        "bare_drf_ms": round(bare_time, 2),
        "times": round(our_time / bare_time, 3),
        "bar": BAR,
    }


def _read(view: Any, request: HttpRequest) -> None:
    response = view(request)
    response.render()
    if response.status_code != 200:
        raise RuntimeError(response.content)


def _bare(model: Any, serializer: Any, related: tuple[str, ...]) -> Any:
    """Return what a DRF beginner writes for the same rows."""

    class Pages(PageNumberPagination):
        page_size = PAGE

    class Bare(ListAPIView):
        queryset = model.objects.select_related(*related).order_by("-pk")
        serializer_class = serializer
        pagination_class = Pages
        renderer_classes = (JSONRenderer,)
        authentication_classes = ()
        permission_classes = ()

    return Bare.as_view()


def _fill(seller: Seller, count: int) -> None:
    """Store so many rows in each list."""
    now = timezone.now()
    code = PromoCode.objects.create(
        seller=seller,
        code="BENCH10",
        discount_percent=10,
        starts_at=now,
        expires_at=now + timedelta(days=10),
    )
    Chat.objects.bulk_create(
        Chat(
            seller=seller,
            wb_chat_id=f"1:{number}",
            reply_sign="x",
            buyer_name="Анна",
            preview="Какой размер выбрать?",
            last_at=now,
        )
        for number in range(count)
    )
    Product.objects.bulk_create(
        Product(seller=seller, nm_id=number + 1, title="Платье", price=1000)
        for number in range(count)
    )
    PromoCodeSend.objects.bulk_create(
        PromoCodeSend(
            seller=seller,
            promo_code=code,
            chat_id=f"1:{number}",
            sent_at=now - timedelta(seconds=number),
            outgoing_key=uuid.uuid4(),
            snapshot={"code": {"code": "BENCH10", "discount_percent": "10.00"}},
        )
        for number in range(count)
    )
