"""
Titles of a spreadsheet's columns: machine names, or what the desk calls them.

Case, blanks, units and remarks do not matter: «Скидка, %» and «скидка» are the same.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

DAYS = {"starts_at": _("First day"), "expires_at": _("Last day")}
"""A file holds days, both included, as the form does; the row holds instants."""
ALSO = {
    "code": ("Код", "Code"),
    "discount_percent": ("Скидка",),
    "nm_id": ("Артикул WB", "Номенклатура", "nmID"),
    "price": ("Цена",),
    "product_nms": ("Артикулы",),
    "storage": ("Хранение",),
    "tax": ("Налог",),
}
CUTS = ",(:"


class Headers(NamedTuple):
    """The columns of a file by machine name, and the titles nobody knows or twice."""

    names: list[str]
    unknown: list[str]
    twice: list[str]


def title(model: Any, name: str) -> str:
    """Return what the desk calls a column."""
    return str(DAYS.get(name) or model._meta.get_field(name).verbose_name)


def read(model: Any, fields: Iterable[str], headers: Sequence[Any]) -> Headers:
    """Return the headers of a file as machine names; an empty one stays empty."""
    known = _known(model, list(fields))
    written = [str(it if it is not None else "").strip() for it in headers]
    found = [known.get(_key(it)) or known.get(_short(it)) for it in written]
    unknown = [it for it, name in zip(written, found, strict=True) if it and not name]
    names = [name or it for it, name in zip(written, found, strict=True)]
    count = Counter(name for name in names if name)
    twice = [
        it for it, name in zip(written, names, strict=True) if name and count[name] > 1
    ]
    return Headers(names, unknown, twice)


def _known(model: Any, fields: Sequence[str]) -> dict[str, str]:
    """Return every accepted writing; a machine name wins over a title."""
    known: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            for name in fields:
                said = str(model._meta.get_field(name).verbose_name)
                for text in (said, title(model, name), *ALSO.get(name, ())):
                    known.setdefault(_key(text), name)
                    known.setdefault(_short(text), name)
    return known | {_key(name): name for name in fields}


def _key(text: str) -> str:
    return "".join(it for it in text.casefold().replace("ё", "е") if it.isalnum())


def _short(text: str) -> str:
    """Return the key of a title without its unit or remark."""
    for cut in CUTS:
        text = text.partition(cut)[0]
    return _key(text)
