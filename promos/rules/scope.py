"""
The articles of a code, read from whatever was pasted.

Sellers paste columns from Excel, lists from the cabinet, links to products and
all of it mixed with headings, prices and stray words. An article (nmID) is a
number of its own, of 4 to 12 digits, or the number in a link to a product page.
Thousands separated by blanks are no article: in «12 345 678» nobody can tell one
number from three, so only the pieces of that size count and the rest is junk.

Articles come back in the order pasted, each once; what came twice and what could
not be read is told apart, so that a form can show both. Nothing is guessed: a
number inside a word, with decimals or too long stays junk.
"""

import re
from dataclasses import dataclass

LARGEST_PASTE = 1_000_000
LONGEST_JUNK = 60

_BETWEEN = re.compile(r"[\s,;|\"'«»()\[\]{}\u200b\ufeff]+")
_ARTICLE = re.compile(r"(?:№|#)?0*([1-9][0-9]{3,11})[.:]?", re.ASCII)
_LINK = re.compile(
    r"(?:https?://)?(?:[a-z]{1,20}\.){0,3}(?:wildberries|wb)\.[a-z]{2,3}/catalog/0*([1-9][0-9]{3,11})"
    r"(?:[/?#].*)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """
    What a paste held: articles in order, those that came again, and the rest.

    ``junk`` holds the lines with something that is no article: line number from
    1, and the pieces not understood, cut to ``LONGEST_JUNK`` characters.
    """

    nm_ids: tuple[int, ...]
    duplicates: tuple[int, ...]
    junk: tuple[tuple[int, str], ...]


def parse_nm_ids(text: str) -> Pasted:
    """
    Return the articles in a pasted text of at most 1 000 000 characters.

    ValueError for a longer one: it is a file, and files have their own import.
    """
    if len(text) > LARGEST_PASTE:
        raise ValueError(f"more than {LARGEST_PASTE} characters")
    seen: dict[int, None] = {}
    again: dict[int, None] = {}
    junk: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        strange = []
        for piece in _BETWEEN.split(line):
            nm_id = _article(piece)
            if nm_id is None:
                strange += [piece] if piece else []
            elif nm_id in seen:
                again[nm_id] = None
            else:
                seen[nm_id] = None
        if strange:
            junk.append((number, " ".join(strange)[:LONGEST_JUNK]))
    return Pasted(tuple(seen), tuple(again), tuple(junk))


def _article(piece: str) -> int | None:
    """Return the article a piece between blanks is or links to."""
    found = _ARTICLE.fullmatch(piece) or (
        _LINK.fullmatch(piece) if "/" in piece else None
    )
    return int(found[1]) if found else None
