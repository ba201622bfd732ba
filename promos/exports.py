"""
Tables as files: CSV that Excel opens in Russian, XLSX with a sheet per table.

A cell that a spreadsheet would run as a formula is kept as text by a leading
apostrophe: chat names and codes come from strangers. Source: OWASP, CSV injection.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_SHEET_NAME = 31
_NOT_IN_SHEET_NAME = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; cells are text, numbers or None."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def safe(cell: Any) -> Any:
    """Return the cell so that no spreadsheet runs it. Numbers stay numbers."""
    if isinstance(cell, str):
        clean = "".join(c for c in cell if c >= " " or c in "\t\r\n")
        return f"'{clean}" if clean.startswith(_DANGEROUS) else clean
    return cell


def to_csv(tables: Iterable[Table]) -> bytes:
    """Return the tables one below another, with semicolons and a byte order mark."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for table in tables:
        writer.writerow([safe(table.title)])
        writer.writerow([safe(cell) for cell in table.header])
        writer.writerows([safe(cell) for cell in row] for row in table.rows)
        writer.writerow([])
    return ("\ufeff" + out.getvalue()).encode()


def to_xlsx(tables: Iterable[Table]) -> bytes:
    """Return a workbook with a sheet for each table."""
    book = Workbook(write_only=False)
    book.remove(book.active)
    for table in tables:
        name = table.title.translate(_NOT_IN_SHEET_NAME)[:_LONGEST_SHEET_NAME]
        sheet = book.create_sheet(name)
        sheet.append([safe(cell) for cell in table.header])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for row in table.rows:
            sheet.append([safe(cell) for cell in row])
        sheet.freeze_panes = "A2"
        for column in sheet.columns:
            longest = max(len(str(cell.value or "")) for cell in column)
            letter = column[0].column_letter
            sheet.column_dimensions[letter].width = min(60, longest + 2)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
