"""
Set-based writes: many rows in one statement, sent as one JSON text.

The feed brings events by the thousand after an outage; a row object each would cost
more than PostgreSQL needs to store it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]


def insert(
    model: type[models.Model],
    rows: Sequence[Row],
    *,
    same: Row | None = None,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """
    Insert the rows that are not there yet; return the given columns of the new ones.

    Rows have the same keys, by attribute name (``seller_id``); ``same`` holds what is
    the same in all of them, and what both leave out gets the field's default. A row
    that breaks a unique constraint is left out.
    """
    if not rows:
        return []
    query, fixed = _insertion(model, tuple(rows[0]), tuple(returning))
    given = same or {}
    values = [
        field.get_db_prep_save(
            given[field.attname] if field.attname in given else field.get_default(),
            connection,
        )
        for field in fixed
    ]
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, _json(rows)])
        return cursor.fetchall() if returning else []


@cache
def _insertion(
    model: type[models.Model], names: tuple[str, ...], returning: tuple[str, ...]
) -> tuple[str, list[models.Field]]:
    """Return the statement, and the fields whose one value goes before the rows."""
    given = [it for it in model._meta.concrete_fields if it.attname in names]
    fixed = [
        field
        for field in model._meta.concrete_fields
        if field not in given and not field.primary_key
    ]
    columns = [it.column for it in given] + [it.column for it in fixed]
    values = [f"r.{it.column}" for it in given] + [
        f"%s::{it.db_type(connection)}" for it in fixed
    ]
    query = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {_recordset(given)} ON CONFLICT DO NOTHING"
    )
    if returning:
        query += f" RETURNING {', '.join(returning)}"
    return query, fixed


def update(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Write the rows' columns over those with the same ``id``."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_replacement(model, tuple(rows[0])), [_json(rows)])


@cache
def _replacement(model: type[models.Model], names: tuple[str, ...]) -> str:
    given = [it for it in model._meta.concrete_fields if it.attname in names]
    changes = ", ".join(
        f"{it.column} = r.{it.column}" for it in given if not it.primary_key
    )
    return (
        f"UPDATE {model._meta.db_table} AS t SET {changes} "
        f"FROM {_recordset(given)} WHERE t.id = r.id"
    )


def _recordset(fields: Sequence[models.Field]) -> str:
    types = ", ".join(f"{it.column} {_type(it)}" for it in fields)
    return f"json_to_recordset(%s::json) AS r({types})"


def _type(field: models.Field) -> str:
    return str(field.rel_db_type(connection) if field.primary_key else "") or str(
        field.db_type(connection)
    )


def _json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")
