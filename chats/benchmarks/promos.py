"""
How fast a code is chosen, baskets are priced and the desk's lists are drawn.

A shop with ten running codes and a catalogue, in a database of its own that is gone
afterwards. Choosing is also told per second of CPU, of this process alone and with
its PostgreSQL session: that says what one core does even on a busy machine.
"""

import random
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from statistics import median, quantiles
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_user_model
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.cache import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope
from unfold.admin import ModelAdmin as UnfoldAdmin

from chats.benchmarks import _cpu, _scratch
from promos import calculator, offers
from promos.admin.codes import PromoCodeAdmin
from promos.admin.products import ProductAdmin
from promos.models import Membership, Product, PromoCode, Seller
from promos.rules.margin import REGIMES, Costs
from promos.rules.pricing import DEFAULT, Line, PriceTag, basket

Figures = dict[str, Any]
TURNS = (
    ("defect_not_working", "negative"),
    ("sizing_fit", "neutral"),
    ("positive_feedback", "positive"),
    ("return_refund", "negative"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what ``bench promos`` takes."""
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--chats", type=int, default=1000)
    parser.add_argument("--baskets", type=int, default=2000)


def run(options: Figures) -> Iterator[Figures]:
    """Return the figures, one dictionary a line."""
    yield pricing(options["baskets"])
    yield calculating(options["baskets"])
    with _scratch.places("promos"):
        yield from measured(options["products"], options["chats"])


def measured(products: int, chats: int, rounds: int = 15) -> Iterator[Figures]:
    """Yield the figures of a new shop, in the database at hand."""
    seller = Seller.objects.create(name="bench")
    with scope(seller=seller):
        fill(seller, products)
        yield choosing(seller, products, chats)
        yield from lists(seller, rounds)


def fill(seller: Seller, products: int) -> None:
    """Give the shop ten running codes and so many products with costs."""
    now = timezone.now()
    for number in range(10):
        PromoCode.objects.create(
            seller=seller,
            code=f"BENCH{number}",
            discount_percent=5 + number,
            starts_at=now - timedelta(days=1),
            expires_at=now + timedelta(days=20),
            applies_to="selected" if number % 3 == 0 else "all",
            product_nms=list(range(1_000_000, 1_001_000)) if number % 3 == 0 else [],
        )
    Product.objects.bulk_create(
        (
            Product(
                seller=seller,
                nm_id=1_000_000 + number,
                title=f"Товар {number}",
                price=Decimal(500 + number % 4000),
                discount_percent=Decimal(number % 40),
                cost=Decimal(150),
                commission_percent=Decimal(15),
                logistics=Decimal(50),
            )
            for number in range(products)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def choosing(seller: Seller, products: int, chats: int) -> Figures:
    """Return how many chats a second get their code, and by how many queries."""
    draw = random.Random(7)
    now = timezone.now()

    def choose() -> None:
        intent, sentiment = draw.choice(TURNS)
        offers.choose(
            seller,
            intent=intent,
            sentiment=sentiment,
            nm_id=1_000_000 + draw.randrange(products),
            chat_id=str(draw.random()),
            now=now,
        )

    with CaptureQueriesContext(connection) as asked:
        choose()
    connection.force_debug_cursor = False
    backend = _cpu.backend()
    start, ours, both = time.perf_counter(), time.process_time(), _cpu.spent(backend)
    for _ in range(chats):
        choose()
    took, ours = time.perf_counter() - start, time.process_time() - ours
    both = _cpu.spent(backend) - both
    return {
        "bench": "choose",
        "codes": 10,
        "products": products,
        "chats": chats,
        "queries": len(asked),
        "per_second": round(chats / took, 1),
        "per_cpu_second": round(chats / ours, 1),
        "per_cpu_second_with_database": round(chats / both, 1),
    }


def pricing(baskets: int, lines: int = 20) -> Figures:
    """Return how many baskets of twenty lines are priced a second; no database."""
    draw = random.Random(11)
    made = [
        [
            Line(
                PriceTag(
                    Decimal(draw.randrange(300, 9000)),
                    Decimal(draw.randrange(0, 40)),
                    Decimal(draw.choice((0, 0, 5))),
                    Decimal(draw.choice((0, 3))),
                ),
                draw.randrange(1, 4),
                (Decimal(draw.randrange(3, 30)),),
            )
            for _ in range(lines)
        ]
        for _ in range(200)
    ]
    start = time.perf_counter()
    for number in range(baskets):
        basket(made[number % len(made)])
    took = time.perf_counter() - start
    return {
        "bench": "pricing",
        "lines": lines,
        "baskets": baskets,
        "per_second": round(baskets / took, 1),
    }


def calculating(times: int) -> Figures:
    """Return what working an article out anew takes: the calculator's answer."""
    draw = random.Random(13)
    costs = Costs(
        cost=Decimal(400),
        commission_pct=Decimal(20),
        logistics=Decimal(50),
        return_rate=Decimal("0.2"),
        return_logistics=Decimal(50),
        acquiring_pct=Decimal(2),
        tax=REGIMES["osno"],
    )
    taken = []
    for _ in range(times):
        tag = PriceTag(Decimal(draw.randrange(300, 9000)), Decimal(20), Decimal(5))
        start = time.process_time()
        calculator.calculate(
            tag, costs, percent=Decimal(10), other_percent=Decimal(15), rules=DEFAULT
        )
        taken.append(time.process_time() - start)
    return {
        "bench": "margin of an article",
        "articles": times,
        "ms": round(median(taken) * 1000, 2),
        "p95_ms": round(quantiles(taken, n=20)[-1] * 1000, 2),
    }


def lists(seller: Seller, rounds: int) -> Iterator[Figures]:
    """Return what the desk's lists take beside a bare ModelAdmin's, same rows."""
    person = get_user_model().objects.create_superuser(f"bench-{uuid.uuid4().hex[:8]}")
    role = Membership.objects.create(seller=seller, user=person, role="owner")
    for admin_class in (PromoCodeAdmin, ProductAdmin):
        model = PromoCode if admin_class is PromoCodeAdmin else Product
        both = (admin_class, _bare(admin_class))
        ours, plain = _timed([made(model, admin.site) for made in both], role, rounds)
        yield {
            "bench": f"list of {model._meta.model_name}",
            "ours_ms": round(ours * 1000, 1),
            "bare_ms": round(plain * 1000, 1),
            "times": round(ours / plain, 2),
        }


def _bare(admin_class: type) -> type[ModelAdmin]:
    """Return a ModelAdmin of unfold's that shows plain columns of the same page."""
    shown = ("code", "discount_percent", "starts_at", "expires_at", "applies_to")
    other = ("nm_id", "title", "vendor_code", "price", "cost", "prices_synced_at")
    columns = shown if admin_class is PromoCodeAdmin else other
    fields = {"list_display": columns, "list_per_page": 50}
    return type("Bare", (UnfoldAdmin,), fields | {"show_full_result_count": False})


def _timed(admins: Sequence[ModelAdmin], role: Membership, rounds: int) -> list[float]:
    """Return each one's median CPU seconds of drawing its first page, in turn."""
    taken: list[list[float]] = [[] for _ in admins]
    for _ in range(rounds):
        for model_admin, times in zip(admins, taken, strict=True):
            request = _request(role)
            start = time.process_time()
            model_admin.changelist_view(request).render()
            times.append(time.process_time() - start)
    return [median(times) for times in taken]


def _request(role: Membership) -> HttpRequest:
    request: Any = RequestFactory().get("/admin/")
    request.user, request.membership, request.seller = role.user, role, role.seller
    request.session = SessionStore()
    request._messages = FallbackStorage(request)
    return request
