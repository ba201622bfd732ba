"""
WB's limits on a code, in one place for forms, API, import and constraints.

WB's cabinet takes 3.00 to 50.00 %, a period of 1 to 31 days, a start from
tomorrow to three calendar months ahead (by the date in Moscow), and at most ten
codes at any one moment. Source: the cabinet's help on sellers' promo codes; no
API text repeats it. WB has no word on two codes with one name; here a seller has
one code per name, whatever the case, the spaces or the alphabet of its letters.

A code that already runs at WB is registered with ``already_live``: its start may
lie behind. All the rest holds for it too.

Periods are ``[starts_at, expires_at)``. In whole Moscow days the length is 1 to
31. An end written as 23:59 counts as the whole day, so the shortest period is a
minute less than a day. The database can say the same: ``expires_at`` lies between
``starts_at + SHORTEST`` and ``starts_at + LONGEST``.

Ten at a time is judged at every instant of the new period and not only now: the
codes that meet are counted from start to start. One that ends at the moment
another starts does not meet it.

``problems`` are refused, ``warnings`` are shown beside the field.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from promos.rules.days import DAY, add_months, last_day, moscow_date

SMALLEST_PERCENT = Decimal("3.00")
LARGEST_PERCENT = Decimal("50.00")
PERCENT_STEP = Decimal("0.01")
SHORTEST = timedelta(days=1) - timedelta(minutes=1)
LONGEST = timedelta(days=31)
MONTHS_AHEAD = 3
SLOTS = 10
SHORTEST_CODE = 3
LONGEST_CODE = 50

LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CYRILLIC = frozenset("АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
DIGITS = frozenset("0123456789")
SIGNS = frozenset("-_")
# Capital letters that look the same in both alphabets.
_TWINS = str.maketrans("АВЕЁКМНОРСТУХ", "ABEEKMHOPCTYX")
# What is mistaken for each other in a handwritten or hurriedly read code.
_ALIKE = str.maketrans("OQILZЗЧSGБB", "00112345668")
_PERCENT = re.compile(r"\d{1,3}([.,]\d{1,6})?")
_INVISIBLE = {"Cf", "Cc", "Zs", "Zl", "Zp"}


class Spell(Protocol):
    """Anything with a name and a period: terms, a draft, a row."""

    @property
    def code(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What a seller filled in; None is a field left empty or not understood."""

    code: str
    discount_percent: Decimal | None
    starts_at: datetime | None
    expires_at: datetime | None


class Problem(NamedTuple):
    """A field, a machine word for what is wrong with it, and the figures to say."""

    field: str
    code: str
    params: Mapping[str, object] = MappingProxyType({})


class Conflict(NamedTuple):
    """The first stretch of time with too many codes, and which were there."""

    starts_at: datetime
    expires_at: datetime
    codes: tuple[str, ...]


def problems(
    draft: Draft,
    *,
    today: date,
    others: Sequence[Spell] = (),
    already_live: bool = False,
) -> tuple[Problem, ...]:
    """
    Return what WB or the registry would not accept, in the order of the fields.

    ``today`` is the Moscow date. ``others`` are the seller's other codes that are
    no drafts: the new one may not share a name with any of them nor a slot with
    more than nine at a time. A code switched off here still holds its slot at WB.
    """
    return (
        *_code_problems(draft.code, others),
        *_percent_problems(draft.discount_percent),
        *_period_problems(draft, today, already_live=already_live),
        *_slot_problems(draft, others),
    )


def warnings(draft: Draft, *, others: Iterable[Spell] = ()) -> tuple[Problem, ...]:
    """
    Return what may mislead a buyer or the seller, though WB would accept it.

    ``look_alike``: another code differs only by letters taken for each other.
    ``cyrillic``: buyers must switch the keyboard. ``twins``: all its letters look
    Latin but are Cyrillic. ``number_mismatch``: SALE15 at 10 %.
    """
    found = []
    code = clean_code(draft.code)
    letters = set(code) - DIGITS - SIGNS
    if letters and letters <= CYRILLIC:
        twins = not set(code.translate(_TWINS)) & CYRILLIC
        found.append(Problem("code", "twins" if twins else "cyrillic"))
    alike = [
        other.code
        for other in others
        if skeleton(other.code) == skeleton(code)
        and normalise_code(other.code) != normalise_code(code)
    ]
    if alike:
        found.append(Problem("code", "look_alike", {"other": alike[0]}))
    number = mismatched_number(code, draft.discount_percent)
    if number is not None:
        params = {"number": number, "percent": draft.discount_percent}
        found.append(Problem("code", "number_mismatch", params))
    return tuple(found)


def clean_code(text: str) -> str:
    """Return a code as it is stored: NFKC, capitals, no blank or invisible signs."""
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(ch for ch in plain if unicodedata.category(ch) not in _INVISIBLE)
    return unicodedata.normalize("NFC", kept.upper())


@lru_cache(maxsize=4096)
def normalise_code(text: str) -> str:
    """
    Return the key by which a seller's codes are unique.

    «Sale 10» and «SALE10» with a Cyrillic А are one. Not for showing: a Cyrillic
    word comes out half Latin.
    """
    return clean_code(text).translate(_TWINS)


def skeleton(text: str) -> str:
    """Return a key equal for codes that a buyer may mistake for each other."""
    plain = normalise_code(text).translate(_ALIKE)
    return "".join(ch for ch in plain if ch not in SIGNS)


def mismatched_number(code: str, percent: Decimal | None) -> int | None:
    """
    Return a number in the code that reads as another discount, or None.

    Only 1 to 100 read as a percentage: a year or an article number does not. With
    12.5 %, both 12 and 125 in the code are right; 13 would promise too much.
    """
    if percent is None or not percent.is_finite():
        return None
    right = {str(int(percent)), f"{percent.normalize():f}".replace(".", "")}
    numbers = [run.lstrip("0") for run in re.findall(r"[0-9]+", clean_code(code))]
    if right & set(numbers):
        return None
    wrong = (int(run) for run in numbers if 0 < len(run) <= 3)
    return next((number for number in wrong if number <= 100), None)


def parse_percent(text: str) -> Decimal:
    """
    Return a percentage typed by a person: «12,5», «12.5 %», « 10% ».

    ValueError for anything else: no guess is made about a date or two numbers.
    """
    plain = unicodedata.normalize("NFKC", text[:40]).strip()
    plain = plain.removesuffix("%").rstrip()
    if len(text) > 40 or not _PERCENT.fullmatch(plain) or not plain.isascii():
        raise ValueError(f"{text[:40]!r} is not a percentage")
    return Decimal(plain.replace(",", "."))


def max_overlap(spells: Iterable[Spell]) -> int:
    """Return how many of the periods meet at the busiest instant."""
    level = busiest = 0
    for _, step in _edges(spells):
        level += step
        busiest = max(busiest, level)
    return busiest


def first_conflict(
    spell: Spell, others: Iterable[Spell], *, slots: int = SLOTS
) -> Conflict | None:
    """
    Return the first stretch in which the period would be one too many, or None.

    The stretch ends when the first of the codes in it ends.
    """
    start, end = spell.starts_at, spell.expires_at
    near = [one for one in others if one.starts_at < end and start < one.expires_at]
    if len(near) < slots:
        return None
    for moment in sorted({max(start, one.starts_at) for one in near}):
        there = [one for one in near if one.starts_at <= moment < one.expires_at]
        if len(there) >= slots:
            until = min(end, *(one.expires_at for one in there))
            return Conflict(moment, until, tuple(one.code for one in there))
    return None


def last_start(today: date) -> date:
    """Return the last Moscow date a code registered today may start on."""
    return add_months(today, MONTHS_AHEAD)


def _edges(spells: Iterable[Spell]) -> list[tuple[datetime, int]]:
    """Return starts and ends in time order; at one instant ends come first."""
    edges = []
    for spell in spells:
        if spell.starts_at < spell.expires_at:
            edges.append((spell.starts_at, 1))
            edges.append((spell.expires_at, -1))
    return sorted(edges)


def _code_problems(text: str, others: Iterable[Spell]) -> list[Problem]:
    """Return what is wrong with the name; the registry's own rules, not WB's."""
    code = clean_code(text)
    if not code:
        return [Problem("code", "required")]
    strange = [ch for ch in code if ch not in LATIN | CYRILLIC | DIGITS | SIGNS]
    if strange:
        return [Problem("code", "characters", {"characters": _once(strange)})]
    if set(code) & LATIN and set(code) & CYRILLIC:
        letters = _once(ch for ch in code if ch in CYRILLIC)
        return [Problem("code", "mixed_alphabets", {"letters": letters})]
    if not SHORTEST_CODE <= len(code) <= LONGEST_CODE:
        params = {"least": SHORTEST_CODE, "most": LONGEST_CODE}
        return [Problem("code", "length", params)]
    key = normalise_code(code)
    taken = [one.code for one in others if normalise_code(one.code) == key]
    return [Problem("code", "taken", {"other": taken[0]})] if taken else []


def _percent_problems(percent: Decimal | None) -> list[Problem]:
    """Return what is wrong with the discount."""
    if percent is None:
        return [Problem("discount_percent", "required")]
    if not (percent.is_finite() and SMALLEST_PERCENT <= percent <= LARGEST_PERCENT):
        params = {
            "least": SMALLEST_PERCENT,
            "most": LARGEST_PERCENT,
        }
        return [Problem("discount_percent", "range", params)]
    try:
        exact = percent == percent.quantize(PERCENT_STEP)
    except InvalidOperation:
        exact = False
    return [] if exact else [Problem("discount_percent", "decimals", {"most": 2})]


def _period_problems(draft: Draft, today: date, *, already_live: bool) -> list[Problem]:
    """Return what is wrong with the dates."""
    found = [
        Problem(name, "required")
        for name in ("starts_at", "expires_at")
        if getattr(draft, name) is None
    ]
    if draft.starts_at is not None:
        found += _start_problems(draft.starts_at, today, already_live=already_live)
    if draft.starts_at is None or draft.expires_at is None:
        return found
    length = draft.expires_at - draft.starts_at
    if length <= timedelta(0):
        found.append(Problem("expires_at", "before_start"))
    elif length < SHORTEST:
        found.append(Problem("expires_at", "too_short", {"days": 1}))
    elif length > LONGEST:
        found.append(Problem("expires_at", "too_long", {"days": LONGEST.days}))
    elif last_day(draft.expires_at) < today:
        found.append(Problem("expires_at", "ended"))
    return found


def _start_problems(
    starts_at: datetime, today: date, *, already_live: bool
) -> list[Problem]:
    """Return what is wrong with the start, by its date in Moscow."""
    first, last, day = today + DAY, last_start(today), moscow_date(starts_at)
    if day < first and not already_live:
        return [Problem("starts_at", "too_early", {"first": first})]
    if day > last:
        return [Problem("starts_at", "too_late", {"last": last})]
    return []


def _slot_problems(draft: Draft, others: Sequence[Spell]) -> list[Problem]:
    """Return whether an eleventh code would run at some instant."""
    if draft.starts_at is None or draft.expires_at is None:
        return []
    if draft.expires_at <= draft.starts_at:
        return []
    spell = _Spell(draft.code, draft.starts_at, draft.expires_at)
    conflict = first_conflict(spell, others)
    if conflict is None:
        return []
    params = {"slots": SLOTS, **conflict._asdict()}
    return [Problem("starts_at", "no_slot", params)]


class _Spell(NamedTuple):
    """A draft whose period is known."""

    code: str
    starts_at: datetime
    expires_at: datetime


def _once(characters: Iterable[str]) -> str:
    """Return each character once, in order."""
    return "".join(dict.fromkeys(characters))
