"""
JSON off the wire, read strictly by type and tolerantly by presence.

A key that is missing or null gives the default; a value of another type
raises BadShape, so that a changed field is noticed and never guessed at.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, TypeVar

Obj: TypeAlias = Mapping[str, object]

logger = logging.getLogger(__name__)

_Record = TypeVar("_Record")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadShape(ValueError):
    """A value is not of the type WB documents."""


class ErrorInside(BadShape):
    """A success that says ``error: true``; the text is WB's."""


def load(body: bytes) -> object:
    """
    Return the body as JSON values, or raise BadShape.

    NUL and half surrogate pairs, which JSON allows and PostgreSQL refuses, are
    replaced here, so that no text of a buyer can stop the feed further on.
    """
    try:
        value = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadShape(f"not JSON: {type(error).__name__}") from None
    if _ESCAPED.search(body):
        value = _storable(value)
    return value


def _refuse(constant: str) -> None:
    raise BadShape(f"{constant} is not JSON")


def _storable(value: object) -> object:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def obj(value: object, what: str = "answer") -> Obj:
    """Return the value as an object; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadShape(f"{what} is not an object")
    return value


def child(source: Obj, key: str) -> Obj:
    """Return the object under the key, empty when missing or null."""
    return obj(source.get(key), key)


def items(source: Obj, key: str) -> list[object]:
    """Return the array under the key, empty when missing or null."""
    return array(source.get(key), key)


def array(value: object, what: str = "answer") -> list[object]:
    """Return the value as an array; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadShape(f"{what} is not an array")
    return value


def text(source: Obj, key: str, default: str = "") -> str:
    """Return the string under the key."""
    value = source.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise BadShape(f"{key} is not a string")
    return value


def needed(source: Obj, key: str) -> str:
    """Return the string under the key, which must be there and not empty."""
    value = text(source, key)
    if not value:
        raise BadShape(f"{key} is missing")
    return value


def flag(source: Obj, key: str) -> bool:
    """Return the boolean under the key, false when missing or null."""
    value = source.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadShape(f"{key} is not a boolean")
    return value


def whole(source: Obj, key: str) -> int | None:
    """Return the whole number under the key; digits in quotes count."""
    value = source.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) < 25:
        try:
            return int(value)
        except ValueError:
            raise BadShape(f"{key} is not a whole number") from None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadShape(f"{key} is not a whole number")
    return value


def key(source: Obj, name: str) -> int:
    """Return the whole number that names a row; it must be there and not 0."""
    value = whole(source, name)
    if not value:
        raise BadShape(f"{name} is missing")
    return value


def count(source: Obj, key: str) -> int:
    """Return the whole number under the key, 0 when missing or null."""
    return whole(source, key) or 0


def number(source: Obj, key: str) -> Decimal | None:
    """Return the number under the key, whether WB wrote it bare or in quotes."""
    value = source.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadShape(f"{key} is not a number")
    try:
        result = Decimal(str(value))
    except InvalidOperation:
        raise BadShape(f"{key} is not a number") from None
    if not result.is_finite():
        raise BadShape(f"{key} is not a number")
    return result


def amount(source: Obj, key: str) -> Decimal:
    """Return the number under the key, 0 when missing, null or empty."""
    value = number(source, key)
    return Decimal(0) if value is None else value


def first_number(source: Obj, *names: str) -> Decimal | None:
    """Return the number under the first of the keys that has one."""
    for name in names:
        value = number(source, name)
        if value is not None:
            return value
    return None


def from_ms(milliseconds: int) -> datetime:
    """Return the instant so many milliseconds after 1970 began, in UTC."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise BadShape("time is out of range") from None


def instant(value: object, *, zone_hours: int = 0) -> datetime | None:
    """
    Return an ISO date-time as an aware UTC instant, None when empty.

    A text without a zone is taken as UTC plus ``zone_hours`` (Moscow is 3).
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadShape("time is not a string")
    if value.startswith("0001-01-01"):  # how WB writes "never"
        return None
    try:
        moment = datetime.fromisoformat(_six_digits(value))
        if moment.tzinfo is None:
            return (moment - timedelta(hours=zone_hours)).replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadShape("time is not a date-time") from None


def _six_digits(value: str) -> str:
    """WB writes nanoseconds at times; Python 3.11 reads up to six digits."""
    whole_part, dot, rest = value.partition(".")
    if not dot:
        return value
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole_part}.{rest[: min(digits, 6)].ljust(6, '0')}{rest[digits:]}"


def day(value: object) -> date | None:
    """Return the calendar day of an ISO date or date-time as written."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadShape("date is not a string")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise BadShape("date is not a date") from None


def readable(
    found: Iterable[object], read: Callable[[object], _Record]
) -> tuple[tuple[_Record, ...], int]:
    """Return the records of those values that can be read, and how many cannot."""
    records, skipped = [], 0
    for value in found:
        try:
            records.append(read(value))
        except BadShape as error:
            skipped += 1
            logger.warning("%s skipped: %s", read.__name__, error)
    return tuple(records), skipped


def rows(
    source: Obj, name: str, read: Callable[[object], _Record]
) -> tuple[_Record, ...]:
    """Return those records of the array under the key that can be read."""
    return readable(items(source, name), read)[0]


def result(document: object) -> object:
    """Return the chat's ``result``; one that is null beside errors is a failure."""
    envelope = obj(document)
    found, wrong = envelope.get("result"), envelope.get("errors")
    if found is None and wrong:
        raise BadShape(f"no result: {wrong}")
    return found


def data(document: object) -> Obj:
    """Return the ``data`` of WB's envelope, empty when it is null."""
    envelope = obj(document)
    if envelope.get("error") is True:
        raise ErrorInside(str(envelope.get("errorText") or "error"))
    return child(envelope, "data")
