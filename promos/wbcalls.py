"""What a shop's calls to WB come to: counts by method, and a month at that pace."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from agentiq import metering
from promos.models import Seller

DAYS = 30
PACE = 7  # whole days the forecast is taken from


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of the last 30 days; costs in rubles, None while a call has no price."""

    by_method: tuple[tuple[str, int], ...]
    total: int
    today: int
    month: int
    spent: Decimal | None
    month_cost: Decimal | None


def of(seller: Seller, *, today: date) -> Calls:
    """Return the counts up to ``today`` (a UTC day, as they are kept)."""
    days = [
        metering.calls(seller.pk, today - timedelta(days=n)) for n in range(DAYS + 1)
    ]
    sums: dict[str, int] = {}
    for day in days[:DAYS]:
        for method, count in day.items():
            sums[method] = sums.get(method, 0) + count
    counted = [sum(day.values()) for day in days]
    whole = [count for count in counted[1 : PACE + 1] if count] or counted[:1]
    month = round(sum(whole) / len(whole) * DAYS)
    total = sum(sums.values())
    return Calls(
        by_method=tuple(sorted(sums.items(), key=lambda pair: -pair[1])),
        total=total,
        today=counted[0],
        month=month,
        spent=_cost(seller, total),
        month_cost=_cost(seller, month),
    )


def _cost(seller: Seller, calls: int) -> Decimal | None:
    if not seller.call_price:
        return None
    return (seller.call_price * calls).quantize(Decimal("0.01"), ROUND_HALF_UP)
