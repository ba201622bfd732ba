"""Shops with keys for a simulated WB, and percentiles: what measurements share."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import quantiles

from django.conf import settings
from django.test.utils import override_settings
from django.utils import timezone

from agentiq.wb.simulator import Simulator, serve
from promos import tokens
from promos.models import Seller

TEXTS = (
    "Здравствуйте, подскажите, где мой заказ? Жду уже неделю",
    "Добрый день! Уточняем у склада, ответим сегодня",
    "Пришло не то, что заказывали: вместо синего красное",
    "Спасибо большое, всё подошло!",
)


@dataclass(frozen=True)
class Shop:
    """A shop of ours and of the simulator's."""

    seller: Seller
    sid: str
    token: str


def add(simulator: Simulator, name: str) -> Shop:
    """Make a connected shop."""
    token = simulator.make_token()
    sid = simulator.add_seller(token)
    seller = Seller.objects.create(name=name)
    tokens.enter(seller, token, by=None, now=timezone.now())
    return Shop(seller, sid, token)


@contextlib.contextmanager
def online(simulator: Simulator, count: int) -> Iterator[list[Shop]]:
    """Yield shops with keys, and a WB over HTTP that knows them."""
    made = [add(simulator, f"bench {number}") for number in range(count)]
    with serve(simulator) as running:
        hosts = dict.fromkeys(settings.WB_HOSTS, running.url)
        with override_settings(WB_HOSTS=hosts):
            yield made


def p95(values: list[float], scale: float = 1) -> float | None:
    """Return the value that 95 of 100 stay below; None of fewer than two."""
    if len(values) < 2:
        return None
    return round(quantiles(values, n=20)[-1] * scale, 1)
