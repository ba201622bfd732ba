"""
A learnt second finder of addresses and people beside the rules.

``addresses`` and ``people`` know shapes, this knows company: every word is weighed by
its letters, its shape, the word lists it stands in and its neighbours, by a linear
model that ``tagging`` fits to ``training/spans``.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from chats.policy import lexicon, names
from chats.policy.folding import Folded

Floats = NDArray[np.float32]
Span = tuple[int, int]

WEIGHTS = Path(__file__).with_name("weights") / "tagger.npz"
BUCKETS = 1 << 16
TAGS = ("plain", "address", "name")
ADDRESS, NAME = 1, 2
READ = 4000
"""Characters that are read: four times what a message may hold."""
SURE = {ADDRESS: 0.8, NAME: 0.8}
"""A span is personal when its surest word is so sure; set on texts not trained on."""
LIKELY = 0.35
"""Its other words need only this."""

TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_TOWNS = re.compile(
    "(?:" + "|".join(sorted(lexicon.words("towns"))).replace("_", " ") + r")\w{0,3}"
)
_STREETS = lexicon.words("streets")
_COMMON = lexicon.words("common_words")
_SURNAMES = lexicon.words("surnames")
_WHOLE = 3
"""Letters of a word that is more than an initial: «т. к.» is nobody."""
_FIGURE = re.compile(
    r"\d|(?<!\w)(?:один|дв[ае]|три|четыр|пят|шест|сем|вос[ье]м|девя|десят|сорок|сто)|дцать"
)
_NAMES = frozenset("FPSu")
_UNIT = re.compile(
    r"(?<!\w)(?:кв|квартира|дом|д|корп|корпус|комната|офис|линия|аллея|участок|уч)$"
)
_FLAT = re.compile(
    r"[ .,№]{1,3}(?:\d{1,4}[а-г]?|(?:один|дв|три|четыр|пят|шест|сем|восем|девят|десят|сорок|сто)[а-я]{0,9})(?!\w)"
)
"""A number that is left after the word for what it counts."""
_HOME = re.compile(
    r"(?<!\w)(?:дом|кв|квартира|подъезд|под|этаж|эт|корп|корпус)\W{0,3}\d"
)
_MEASURE = re.compile(
    r"\.\d|[ ]?(?:мл|мг|гр?|г/м\d?|кг|см|мм|км|мкм|вт|квт|w|v|гб|gb|шт|руб|₽|лет|цвет\w*|детал\w+|предмет\w*|комнат|вольт|ампер|дюйм\w*|кв(?![ .№]{0,3}\d))(?!\w)"
)
_ROOMS = re.compile(r"\d[ ](?:этаж(?:а|ей|н)|комнат(?!а|е)|подъезд(?:а|ов))")
"""How many floors there are, not which one."""
_PLACE = re.compile(
    r"(?<!\w)(?:г|гор|город\w?|с|село|д|дер|деревн[яею]|п|пос|пос[её]л(?:ок|ке|ка)|пгт|рп|кп|жк|снт|днт|ул|улиц[аеу]|аул\w?|хутор\w?|станиц[аеу]|дач[ауие])\.?\s{1,2}$"
)
"""What a place is called right before its name."""
_EDGE = ("w=^", "e=^", "s=^", "l=^")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a mark of a folded text, and what it is known by."""

    start: int
    end: int
    facets: tuple[str, str, str, str]
    """Its letters, its ending, its shape, the word lists it stands in."""


def tokens(folded: Folded) -> list[Token]:
    """Return the tokens of the first READ characters."""
    return _tokens(folded.text[:READ], folded.cased[:READ])


def _tokens(text: str, cased: str) -> list[Token]:
    return [
        Token(*found.span(), _facets(found.group(), cased[found.start() :][:2]))
        for found in TOKEN.finditer(text)
    ]


@lru_cache(maxsize=20_000)
def _facets(word: str, begun: str) -> tuple[str, str, str, str]:
    if word.isdigit():
        return "w=#", f"e={len(word)}", f"s={min(len(word), 7)}", "l=#"
    if not word.isalpha():
        return f"w={word}", "e=.", f"s={word}", "l=."
    capital = "X" if begun[:1].isupper() else "x"
    shape = capital + ("X" if begun[1:2].isupper() else "x") + str(min(len(word), 5))
    return f"w={word[:7]}", f"e={word[-3:]}", f"s={shape}", f"l={_lists(word)}"


def _lists(word: str) -> str:
    """Return a letter for each list of words this one stands in."""
    base = re.sub(r"(?:ой|ым|[ауеы])$", "", word)
    marks = {
        "F": word in names.FIRST_NAMES,
        "f": word in names.PLAIN_WORDS,
        "P": bool(names.PATRONYMIC.fullmatch(word)),
        "S": word in _SURNAMES or base in _SURNAMES,
        "u": bool(names.SURE_SURNAME.fullmatch(word)),
        "T": bool(_TOWNS.fullmatch(word)),
        "R": word in _STREETS,
        "c": word in _COMMON,
    }
    return "".join(mark for mark, found in marks.items() if found)


@lru_cache(maxsize=100_000)
def bucket(key: str) -> int:
    """Return where the weights of a feature lie."""
    return zlib.crc32(key.encode()) % BUCKETS


def features(row: Sequence[Token]) -> list[list[int]]:
    """Return the buckets of every token: its own facets and those around it."""
    facets = [_EDGE] * 3 + [token.facets for token in row] + [_EDGE] * 3
    return [
        [bucket(key) for key in _keys(facets, place)]
        for place in range(3, len(facets) - 3)
    ]


def _keys(facets: Sequence[tuple[str, ...]], at: int) -> Iterator[str]:
    (w, e, s, k) = facets[at]
    (bw, be, bs, bk), (nw, ne, ns, nk) = facets[at - 1], facets[at + 1]
    yield from (w, e, s, k)
    for step in (-3, -2, -1, 1, 2, 3):
        word, _, shape, lists = facets[at + step]
        yield from (f"{step}{word}", f"{step}{shape}", f"{step}{lists}")
    yield from (f"-1{be}", f"1{ne}")
    yield from (f"{bw}|{s}{k}", f"{s}{k}|{nw}", f"{bs}{bk}|{s}{k}", f"{s}{k}|{ns}{nk}")
    yield from (f"{e}|{ns}", f"{bw}|{e}", f"{e}|{nw}", f"{bs}|{s}|{ns}")
    yield from (f"{bk}|{k}|{nk}", f"{e}{s}|{k}", f"{bw}{nw}|{s}")
    two, ahead = facets[at - 2], facets[at + 2]
    yield f"{two[0]}{bw}|{s}"
    yield f"{two[2]}{bs}|{s}{k}"
    yield f"{s}{k}|{ns}{ahead[2]}"
    yield f"{ns}{ahead[0]}|{s}"


@dataclass(frozen=True)
class Tagger:
    """A column of weights for each of TAGS."""

    weights: NDArray[np.int8]
    step: Floats
    bias: Floats

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Return the tagger stored by ``tagging.save``."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        weights = np.zeros((BUCKETS, len(TAGS)), dtype=np.int8)
        weights[arrays["seen"]] = arrays["weights"]
        return cls(weights, arrays["step"], arrays["bias"])

    def chances(self, row: Sequence[Token]) -> Floats:
        """Return the probability of each tag for every token."""
        found = np.array(features(row), dtype=np.intp)
        scores = self.weights[found].sum(axis=1, dtype=np.int32)
        powers = np.exp(scores * self.step + self.bias)
        total: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return total


def addresses(folded: Folded) -> Iterator[Span]:
    """Yield stretches that sound like somebody's address: a word and a figure."""
    for start, end in _stretches(folded, ADDRESS):
        found = folded.text[start:end]
        if _is_measured(folded.text, start, end):
            continue
        if _is_named(found) and _FIGURE.search(found.replace("24/7", "")):
            before = _PLACE.search(folded.text[max(0, start - 20) : start])
            flat = _FLAT.match(folded.text, end) if _UNIT.search(found) else None
            start -= len(before.group()) if before else 0
            end = flat.end() if flat else end
            while end < len(folded.text) and folded.text[end].isalnum():
                end += 1
            yield start, end


def people(folded: Folded) -> Iterator[Span]:
    """Yield stretches that sound like a person named in full, of two words or more."""
    for start, end in _stretches(folded, NAME):
        words = re.findall(r"[^\W\d_]+", folded.text[start:end])
        whole = max(map(len, words), default=0) >= _WHOLE
        plain = not _COMMON.isdisjoint(words) or names.is_famous(words)
        plain = plain or names.is_on_stage(folded.text, start, end)
        if len(words) > 1 and whole and not plain:
            yield start, end


def _is_measured(text: str, start: int, end: int) -> bool:
    """Return whether the figures are a size, a weight, a version: no house numbers."""
    found = text[start:end]
    if _ROOMS.search(found) or re.search(r"\d\.\d", found):
        return True
    measure = _MEASURE.match(text, end)
    if measure is None:
        return False
    return " кв" in measure[0] or not _HOME.search(found)


def _is_named(found: str) -> bool:
    """Return whether a word in it may be the name of a place."""
    words = re.findall(r"[а-я]{4,}", found)
    return len(_HOME.findall(found)) > 1 or any(
        word in _STREETS or word not in _COMMON for word in words
    )


def _stretches(folded: Folded, tag: int) -> Iterator[Span]:
    row, read = _read(folded.text[:READ], folded.cased[:READ])
    if read is None:
        return
    chances = read[:, tag]
    for first, last in _runs(row, chances):
        if float(chances[first : last + 1].max()) >= SURE[tag]:
            yield row[first].start, row[last].end


@lru_cache(maxsize=4)
def _read(text: str, cased: str) -> tuple[list[Token], Floats | None]:
    """Return the tokens and their chances, None where nothing can be personal."""
    row = _tokens(text, cased)
    if not (_FIGURE.search(text) or any(map(_is_hint, row[1:]))):
        return row, None
    return row, _tagger().chances(row) if row else None


def _is_hint(token: Token) -> bool:
    """Return whether a word may be a part of a name: by its capital or a list."""
    _, _, shape, lists = token.facets
    return shape.startswith("s=X") or not _NAMES.isdisjoint(lists)


def _runs(row: Sequence[Token], chances: Floats) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of neighbours that are likely; a mark between them is too."""
    likely = [place for place in range(len(row)) if chances[place] >= LIKELY]
    words = [place for place in likely if row[place].facets[1] != "e=."]
    if not words:
        return
    first = words[0]
    for one, other in pairwise(words):
        between = range(one + 1, other)
        if not all(_links(row, place) for place in between) or len(between) > 2:
            yield first, one
            first = other
    yield first, words[-1]


def _links(row: Sequence[Token], place: int) -> bool:
    """Return whether a mark may stand within a name: no end of a sentence may."""
    _, ending, mark, _ = row[place].facets
    before = row[place - 1]
    short = before.end - before.start <= 3
    return ending == "e=." and mark not in "s=! s=? s=;" and (mark != "s=." or short)


@lru_cache(maxsize=1)
def _tagger() -> Tagger:
    return Tagger.load()
