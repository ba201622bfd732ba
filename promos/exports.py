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
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_SHEET_NAME = 31
_NOT_IN_SHEET_NAME = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(frozen=True, slots=True)
class Table:
    """A table, titled or not; cells are text, numbers or None. ``more`` rows were left out."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: int = 0


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
        if table.title:
            writer.writerow([safe(table.title)])
        writer.writerow([safe(cell) for cell in table.header])
        writer.writerows([safe(cell) for cell in row] for row in table.rows)
        writer.writerow([])
    return ("\ufeff" + out.getvalue()).encode()


def to_xlsx(tables: Iterable[Table]) -> bytes:
    """Return a workbook with a sheet for each table."""
    book = Workbook(write_only=True)
    for table in tables:
        name = table.title.translate(_NOT_IN_SHEET_NAME)[:_LONGEST_SHEET_NAME]
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for place, width in enumerate(_widths(table), 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        header = [WriteOnlyCell(sheet, safe(cell)) for cell in table.header]
        for cell in header:
            cell.font = Font(bold=True)
        sheet.append(header)
        for row in table.rows:
            sheet.append([safe(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _widths(table: Table) -> list[int]:
    """Return how wide each column is, in characters."""
    columns = zip(table.header, *table.rows, strict=True)
    return [
        min(60, max(len(str(cell or "")) for cell in column) + 2) for column in columns
    ]
