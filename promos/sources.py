"""
Where each figure of a margin is from, and of when it is: MC-01's «источник и дата».

WB gives prices, discounts, actions and commissions, each stamped when it was read.
Costs carry what the shop wrote of them. What a person changed since is theirs, with
the date of the change, told by the article's history. A figure tried out on the page
is nobody's yet.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos import sentences
from promos.models import Product

READ_AT = {
    "price": "prices_synced_at",
    "discount_percent": "prices_synced_at",
    "loyalty_percent": "prices_synced_at",
    "action_percent": "action_synced_at",
    "commission_percent": "commission_synced_at",
}
"""Figures that WB gives, with the field that says when they were read."""

COSTS = (
    "cost",
    "logistics",
    "return_logistics",
    "storage",
    "acquiring_percent",
    "return_percent",
    "tax",
)
FIGURES = (*READ_AT, *COSTS)
LOOKED_BACK = 100
"""Changes of an article that are looked through for the last one of a figure."""

WB: Promise = _("Wildberries")
SHOP: Promise = _("entered in the shop")
TRIED: Promise = _("tried out here, not saved")
NONE: Promise = _("not entered: counts as nothing")
NEEDED: Promise = _("not entered: no margin without it")


class Input(NamedTuple):
    """A figure by name and in words, its source, and of when it is, where known."""

    name: str
    value: str
    source: str
    at: datetime | None


def inputs(product: Product | None, tried: Mapping[str, Any]) -> list[Input]:
    """Return every figure a margin is made of; ``tried`` are those of the form."""
    changed = _changed(product) if product else {}
    return [_input(name, product, tried.get(name), changed) for name in FIGURES]


def _input(
    name: str, product: Product | None, value: Any, changed: Mapping[str, datetime]
) -> Input:
    label = str(Product._meta.get_field(name).verbose_name)
    saved = getattr(product, name) if product else None
    if value in (None, ""):
        needed = name in ("cost", "commission_percent")
        return Input(label, "—", str(NEEDED if needed else NONE), None)
    if product is None or saved != value:
        return Input(label, _words(name, value), str(TRIED), None)
    source, at = _source(product, name, changed.get(name))
    return Input(label, _words(name, value), source, at)


def _source(
    product: Product, name: str, typed_at: datetime | None
) -> tuple[str, datetime | None]:
    """Return who gave a saved figure, and when."""
    if name in COSTS:
        at = product.cost_updated_at or typed_at
        return product.cost_source or str(SHOP), at
    read_at: datetime | None = getattr(product, READ_AT[name])
    if read_at and not (typed_at and typed_at > read_at):
        return str(WB), read_at
    return str(SHOP), typed_at


def _changed(product: Product) -> dict[str, datetime]:
    """Return when each figure was last changed by a save, as far as history tells."""
    rows = product.history.order_by("-history_date", "-pk")
    found = list(rows.values("history_date", *FIGURES)[:LOOKED_BACK])
    return {name: at for name in FIGURES if (at := _last_change(name, found))}


def _last_change(name: str, newest_first: Iterable[Mapping[str, Any]]) -> Any:
    """Return the date from which the figure is what it is, None without a history."""
    at, value = None, None
    for row in newest_first:
        if at is not None and row[name] != value:
            break
        at, value = row["history_date"], row[name]
    return at


def _words(name: str, value: Any) -> str:
    if name == "tax":
        return str(dict(Product.Tax.choices)[value])
    unit = "%" if name.endswith("percent") else "₽"
    return f"{sentences.number(Decimal(value))} {unit}"
