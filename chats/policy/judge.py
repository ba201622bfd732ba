"""
A learnt second reader beside the rules: which sentences sound like a forbidden one.

``phrases`` knows wordings, this knows their company: hashed word stems, their pairs
and letter groups, weighed by a linear model that ``learning`` fits to ``training/``.
It names the family of harm and the words that weigh most.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from chats.policy.kinds import Kind

Floats = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("weights") / "judge.npz"
BUCKETS = 1 << 16
HALF = BUCKETS // 2
"""Words lie in the lower half of the buckets, letter groups in the upper."""
KINDS = (
    Kind.CONTACT,
    Kind.LINK,
    Kind.OTHER_SHOP,
    Kind.REFUND_PROMISE,
    Kind.REVIEW_REWARD,
    Kind.REVIEW_WITH_CODE,
    Kind.PERSONAL,
    Kind.URGENCY,
    Kind.AI_MENTION,
    Kind.ASSURANCE,
    Kind.LEGAL,
    Kind.BAD_WORDS,
    Kind.MEDICAL,
    Kind.TRICK,
)
PROMO = frozenset({Kind.REVIEW_WITH_CODE, Kind.PERSONAL})
"""Harm only beside a code or a discount."""
SURE, SURER = 0.5, 0.65
"""From these probabilities a sentence, and a piece of one, is forbidden; set on texts
not trained on."""
FEW, DOUBT = 5, 0.1
"""Below so many words each one missing raises the bar by so much."""
SHORT = 22.0
"""The length below which the weights of a sentence are not stretched."""
CLAUSE = 4
STEP = 8
"""Words by which one piece of a long sentence follows another, twice as long."""

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.](?=\w)[^.!?\n]*)*[.!?\n]*")
_PAUSE = re.compile(r"[,;:()«»–—-]")
WORD = re.compile(r"[^\W_]+|[%₽]")
_LATIN = re.compile(r"[a-z]+")
_LETTERS = (
    *(("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч")),
    *(("sh", "ш"), ("yu", "ю"), ("ya", "я"), ("yo", "е"), ("ju", "ю"), ("ja", "я")),
    *zip("abvgdezijklmnoprstufhcywx", "абвгдезийклмнопрстуфхцывх", strict=True),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A forbidden-sounding stretch of the text, and how sure the reader is."""

    kind: Kind
    start: int
    end: int
    chance: float


@dataclass(frozen=True)
class Judge:
    """Columns of the weights: a clean sentence, then KINDS in order."""

    idf: Floats
    weights: NDArray[np.int8]
    step: Floats
    bias: Floats

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Return the reader stored by ``learning.save``."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        idf = np.zeros(BUCKETS, dtype=np.float32)
        idf[arrays["seen"]] = arrays["idf"].astype(np.float32)
        weights = np.zeros((BUCKETS, len(KINDS) + 1), dtype=np.int8)
        weights[arrays["seen"]] = arrays["weights"]
        return cls(idf, weights, arrays["step"], arrays["bias"])

    def chances(self, words: Sequence[str]) -> Floats:
        """Return the probability of each column for a sentence."""
        buckets, values = weigh(self.idf, features(words))
        scores = (values @ self.weights[buckets]) * self.step + self.bias
        powers = np.exp(scores - scores.max())
        total: Floats = (powers / powers.sum()).astype(np.float32)
        return total


def findings(
    text: str, *, promo: bool, sure: float = SURE, surer: float = SURER
) -> Iterator[Finding]:
    """
    Yield the stretches of a folded text that sound forbidden.

    ``promo`` tells that the text speaks of a code: some harm is harm only then. A
    piece of a sentence lacks what the rest of it may deny: it asks for ``surer``.
    """
    judge = _judge()
    barred = [
        number for number, kind in enumerate(KINDS, 1) if promo or kind not in PROMO
    ]
    for found, whole in stretches(text):
        words = stems(found)
        if not whole and len(set(words)) < CLAUSE:
            continue
        chances = judge.chances(words)
        chance = float(chances[barred].sum())
        if chance >= (sure if whole else surer) + DOUBT * max(0, FEW - len(words)):
            column = barred[int(chances[barred].argmax())]
            first, last = _heaviest(judge, words, column)
            start, end = found[first].start(), found[last].end()
            yield Finding(KINDS[column - 1], start, end, chance)


Words = list[re.Match[str]]


def stretches(text: str) -> Iterator[tuple[Words, bool]]:
    """Yield each sentence's words with True; of a long one, pieces with False."""
    for sentence in _SENTENCE.finditer(text):
        found = list(WORD.finditer(text, *sentence.span()))
        if 1 < len(found) <= 2 * STEP:
            yield found, True
        else:
            for start in range(0, len(found) - STEP, STEP):
                yield found[start : start + 2 * STEP], False
        if len(found) > STEP:
            yield from ((clause, False) for clause in _clauses(text, found))


def _clauses(text: str, words: Words) -> Iterator[Words]:
    """Yield the words between commas and the like, four of them or more."""
    clause = [words[0]]
    for before, word in pairwise(words):
        if _PAUSE.search(text, before.end(), word.start()):
            if len(clause) >= CLAUSE:
                yield clause[: 2 * STEP]
            clause = []
        clause.append(word)
    if CLAUSE <= len(clause) < len(words):
        yield clause[: 2 * STEP]


def stems(words: Iterable[re.Match[str]]) -> list[str]:
    """Return what each word found in a text is known by."""
    return [_stem(word.group()) for word in words]


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """Return what a word is known by: figures alike, endings cut, translit undone."""
    if word.isdigit():
        return "#"
    if any(char.isdigit() for char in word):
        return "§"
    if _LATIN.fullmatch(word):
        for latin, letter in _LETTERS:
            word = word.replace(latin, letter)
    return word if len(word) <= 5 else word[: max(5, len(word) - 3)][:7]


def features(words: Sequence[str]) -> NDArray[np.intp]:
    """Return the buckets of a sentence: words, pairs, pairs over one, letter groups."""
    marked = ["^", *words, "$"]
    keys = [*words]
    keys += [f"{a} {b}" for a, b in pairwise(marked)]
    keys += [f"{a} _ {b}" for a, b in zip(marked, marked[2:], strict=False)]
    lower = [zlib.crc32(key.encode()) % HALF for key in keys]
    upper = [bucket for word in words for bucket in _groups(word)]
    return np.array(lower + upper, dtype=np.intp)


def weigh(idf: Floats, buckets: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
    """
    Return distinct buckets and their weights, each half scaled to unit length.

    What is short stays shorter: a few words are no proof of anything.
    """
    buckets, counts = np.unique(buckets, return_counts=True)
    values = np.sqrt(counts).astype(np.float32) * idf[buckets]
    split = int(np.searchsorted(buckets, HALF))
    for part in (values[:split], values[split:]):
        part /= max(float(np.sqrt(part @ part)), SHORT)
    return buckets, values


@lru_cache(maxsize=20_000)
def _groups(word: str) -> tuple[int, ...]:
    padded = f"<{word}>"
    return tuple(
        HALF + zlib.crc32(padded[start : start + size].encode()) % HALF
        for size in (3, 4)
        for start in range(max(1, len(padded) - size + 1))
    )


def _heaviest(judge: Judge, words: Sequence[str], column: int) -> tuple[int, int]:
    """Return the first and the last word of the stretch that weighs most."""
    gain = [_gain(judge, words, place, column) for place in range(len(words))]
    best, first, last, total, start = float("-inf"), 0, len(words) - 1, 0.0, 0
    for place, value in enumerate(gain):
        if total <= 0:
            total, start = 0.0, place
        total += value
        if total > best:
            best, first, last = total, start, place
    return first, max(last, min(first + 1, len(words) - 1))


def _gain(judge: Judge, words: Sequence[str], place: int, column: int) -> float:
    """Return how much one word and its next speak for the column and not for clean."""
    some = features(words[place : place + 2])
    step = judge.step
    rows = judge.weights[some] * judge.idf[some][:, None]
    gain: Floats = rows[:, column] * step[column] - rows[:, 0] * step[0]
    return float(gain.sum())


@lru_cache(maxsize=1)
def _judge() -> Judge:
    return Judge.load()
