"""
Personal data out of a text, before it is logged or leaves the machine.

Every kind is looked for in a folded copy, so full-width digits and zero-width
characters do not help; the spans are those of the text as written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from chats.policy import addresses, contacts, numbers, people, tagger
from chats.policy.folding import Folded, fold


class PiiKind(StrEnum):
    """What was hidden."""

    EMAIL = "email"
    LINK = "link"
    CARD = "card"
    PASSPORT = "passport"
    PHONE = "phone"
    ORDER = "order"
    ADDRESS = "address"
    NAME = "name"


PLACEHOLDERS = {
    PiiKind.EMAIL: "[почта]",
    PiiKind.LINK: "[ссылка]",
    PiiKind.CARD: "[карта]",
    PiiKind.PASSPORT: "[документ]",
    PiiKind.PHONE: "[телефон]",
    PiiKind.ORDER: "[номер заказа]",
    PiiKind.ADDRESS: "[адрес]",
    PiiKind.NAME: "[ФИО]",
}


@dataclass(frozen=True, slots=True)
class Span:
    """One hidden stretch of the original text, end exclusive."""

    start: int
    end: int
    kind: PiiKind
    placeholder: str


@dataclass(frozen=True, slots=True)
class Masked:
    """The text with placeholders, and what they stand for, in order."""

    text: str
    spans: tuple[Span, ...]


_CHAINED = frozenset({PiiKind.ADDRESS, PiiKind.NAME})
"""Kinds that two finders may have found halves of."""

Finder = Callable[[Folded], Iterator[tuple[int, int]]]
_FINDERS: tuple[tuple[PiiKind, Finder], ...] = (
    (PiiKind.EMAIL, contacts.mails),
    (PiiKind.LINK, contacts.links),
    (PiiKind.LINK, contacts.handles),
    (PiiKind.CARD, numbers.cards),
    (PiiKind.PASSPORT, numbers.documents),
    (PiiKind.PHONE, contacts.phones),
    (PiiKind.ORDER, numbers.orders),
    (PiiKind.ADDRESS, addresses.addresses),
    (PiiKind.NAME, people.people),
    (PiiKind.ADDRESS, tagger.addresses),
    (PiiKind.NAME, tagger.people),
)
"""In the order of trust: what one finder took, the next ones do not see."""


def mask(text: str) -> Masked:
    """Return ``text`` with personal data replaced; any Unicode, time linear in it."""
    folded = fold(text)
    taken = bytearray(len(folded.text))
    found: list[tuple[int, int, PiiKind]] = []
    for number, (kind, finder) in enumerate(_FINDERS, 1):
        for start, end in finder(folded):
            if number in taken[start:end]:
                continue
            if kind is PiiKind.NAME:
                start, end = people.widened(folded, start, end)
            for first, last in _free(folded.text, taken, start, end):
                taken[first:last] = bytes([number]) * (last - first)
                found.append((*folded.span(first, last), kind))
    spans = tuple(
        Span(*place, PLACEHOLDERS[place[2]]) for place in _merged(text, sorted(found))
    )
    return Masked(_replaced(text, spans), spans)


Place = tuple[int, int, PiiKind]


def _merged(text: str, found: list[Place]) -> Iterator[Place]:
    """Yield the places, those of one kind with nothing but marks between them as one."""
    last: Place | None = None
    for place in found:
        if last and last[2] is place[2] in _CHAINED and _touch(text, last, place):
            last = last[0], place[1], last[2]
            continue
        if last:
            yield last
        last = place
    if last:
        yield last


def _touch(text: str, one: Place, other: Place) -> bool:
    between = text[one[1] : other[0]]
    return len(between) <= 3 and not any(char.isalnum() for char in between)


def _free(
    text: str, taken: bytearray, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Yield what of a span nobody has taken yet, without loose marks at its ends."""
    while start < end:
        last = start
        while last < end and not taken[last]:
            last += 1
        piece = text[start:last]
        if any(char.isalnum() for char in piece):
            yield start, last if last == end else start + len(piece.rstrip(" ,;.:-\n"))
        start = last
        while start < end and taken[start]:
            start += 1


def _replaced(text: str, spans: tuple[Span, ...]) -> str:
    pieces: list[str] = []
    end = 0
    for span in spans:
        pieces += (text[end : span.start], span.placeholder)
        end = span.end
    return "".join((*pieces, text[end:]))
