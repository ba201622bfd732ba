"""
Everything a shop has here, for the shop to take along: a table for each kind of row.

Every model with a seller is written, whichever app it is of, so that a new one is
not forgotten. Keys and signatures stay: they are no use elsewhere and a danger.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.apps import apps
from django.db import models

from promos.exports import safe
from promos.models import Membership, Seller

SECRET = frozenset(
    {
        "sealed_token",
        "sealed_secret",
        "digest",
        "secret",
        "reply_sign",
        "previous_sign",
        "content",
    }
)
CHUNK = 2000


def tables(seller: Seller) -> list[tuple[str, models.QuerySet[Any]]]:
    """Return the shop's rows of every model that says whose its rows are."""
    found = [("shop", Seller._base_manager.filter(pk=seller.pk))]
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        owner = fields.get("seller")
        if owner is not None and owner.related_model is Seller:
            rows = model._base_manager.filter(seller_id=seller.pk).order_by("pk")
            found.append((model._meta.label_lower, rows))
    return found


def write(seller: Seller, into: IO[bytes]) -> None:
    """Write a zip of CSV tables, one for each kind of row, and the people's names."""
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        for name, rows in tables(seller):
            with archive.open(f"{name}.csv", "w") as raw:
                text = io.TextIOWrapper(raw, "utf-8-sig", newline="")
                csv.writer(text, delimiter=";").writerows(_lines(rows))
                text.flush()
                text.detach()
        people = Membership.objects.filter(seller=seller).select_related("user")
        names = {one.user_id: one.user.get_username() for one in people}
        archive.writestr("people.json", json.dumps(names, ensure_ascii=False))


def _lines(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    fields = [it for it in rows.model._meta.concrete_fields if it.name not in SECRET]
    yield [field.attname for field in fields]
    for values in rows.values_list(*[it.attname for it in fields]).iterator(CHUNK):
        yield [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return safe(value)
