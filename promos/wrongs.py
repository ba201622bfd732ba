"""wrongs(): what keeps a file out, a line for each thing, as the spreadsheet counts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

HEADER = 1
"""The first row holds the names of the columns, so the first one of data is row 2."""


class Wrong(NamedTuple):
    """A sentence about a cell: ``row`` None for the whole file, ``column`` may be ""."""

    row: int | None
    column: str
    text: str


def wrongs(result: Any) -> list[Wrong]:
    """Return everything wrong with an imported file, from its first row to its last."""
    whole = [
        Wrong(None, "", text) for one in result.base_errors for text in _said(one.error)
    ]
    return whole + sorted([*_of_errors(result), *_of_rules(result)])


def _of_errors(result: Any) -> Iterator[Wrong]:
    for number, errors in result.row_errors():
        for one in errors:
            for text in _said(one.error):
                yield Wrong(number + HEADER, "", text)


def _of_rules(result: Any) -> Iterator[Wrong]:
    for row in result.invalid_rows:
        for column, texts in row.field_specific_errors.items():
            for text in texts:
                yield Wrong(row.number + HEADER, column, text)
        for text in row.non_field_specific_errors:
            yield Wrong(row.number + HEADER, "", text)


def _said(error: Exception) -> list[str]:
    return error.messages if isinstance(error, ValidationError) else [str(error)]
