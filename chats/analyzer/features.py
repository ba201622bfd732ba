"""
A turn as numbers: hashed words and letter groups, the encoder's view, the shape.

Three views of the same tokens, because each fails differently: words are exact
and blind to the unseen, letter groups survive typos and glued words, the encoder
knows what means the same. The shape says how it is written.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.encoder import Encoder
from chats.analyzer.layers import POOLED
from chats.analyzer.mood import MOOD, mood
from chats.analyzer.pieces import DIM
from chats.analyzer.safety import Alarm, alarms
from chats.analyzer.taxonomy import Flag
from chats.analyzer.text import Word, plain
from chats.analyzer.topics import TOPICS, topics

Floats = NDArray[np.float32]

WORD_BUCKETS = 1 << 15
LETTER_BUCKETS = 1 << 15
BUCKETS = WORD_BUCKETS + LETTER_BUCKETS
LOOSE = ("utf-8", "surrogatepass")
"""Half a surrogate pair is a letter like any other: it must not stop a reading."""
WORD_LIMIT = 300
"""Tokens of a turn whose hashes count; the rest is left to the encoder."""

ENDINGS = tuple(
    sorted(
        [
            "ами",
            "ями",
            "ого",
            "его",
            "ому",
            "ему",
            "ыми",
            "ими",
            "ая",
            "яя",
            "ое",
            "ее",
            "ые",
            "ие",
            "ый",
            "ий",
            "ой",
            "ей",
            "ых",
            "их",
            "ую",
            "юю",
            "ом",
            "ем",
            "ам",
            "ям",
            "ах",
            "ях",
            "ов",
            "ев",
            "ешь",
            "ишь",
            "ете",
            "ите",
            "ет",
            "ит",
            "ют",
            "ут",
            "ят",
            "ат",
            "ла",
            "ло",
            "ли",
            "л",
            "на",
            "но",
            "ны",
            "ть",
            "ти",
            "те",
            "вши",
            "в",
            "а",
            "я",
            "о",
            "е",
            "ы",
            "и",
            "у",
            "ю",
            "ь",
            "й",
        ],
        key=lambda ending: -len(ending),
    )
)
QUESTION_WORDS = frozenset(
    [
        "как",
        "какой",
        "какая",
        "какие",
        "какое",
        "где",
        "когда",
        "сколько",
        "скока",
        "почему",
        "зачем",
        "что",
        "чем",
        "кто",
        "куда",
        "откуда",
        "есть",
        "можно",
        "подойдет",
        "подскажите",
        "скажите",
        "чей",
        "ли",
        "какого",
        "какую",
        "каком",
    ]
)
GLAD = frozenset("😊😍🥰👍❤💕😁😄🙏🌹💐🎉🔥👏😘💖✨🤗☺😃😀💯♥")
SAD = frozenset("😡🤬😠👎😢😭💔😤🤮😞☹😔🤦😒🙄💩🤡😩😫")
SHAPE = 20


@dataclass(frozen=True)
class Hashes:
    """Hashed features of one turn: bucket, weight before the idf, and the token."""

    buckets: NDArray[np.intp]
    tokens: NDArray[np.intp]


def stem(form: str) -> str:
    """Return a word without its likely ending; three letters always stay."""
    if len(form) <= 4:
        return form
    if form.endswith(("ся", "сь")):
        form = form[:-2]
    for ending in ENDINGS:
        if form.endswith(ending) and len(form) - len(ending) >= 3:
            return form[: -len(ending)]
    return form


def _word_bucket(feature: str) -> int:
    return crc32(feature.encode(*LOOSE)) & (WORD_BUCKETS - 1)


@lru_cache(maxsize=50_000)
def _token(form: str) -> tuple[str, tuple[int, ...]]:
    """Return the stem of a token and the buckets that need no neighbour."""
    shape = re.sub(r"\d", "0", form) if form[0].isdigit() else form
    base = stem(shape)
    buckets = [_word_bucket("=" + shape)]
    if base != shape:
        buckets.append(_word_bucket("~" + base))
    if form[0].isalpha():
        padded = f" {form[:30]} "
        for size in (3, 4, 5):
            for start in range(len(padded) - size + 1):
                group = padded[start : start + size]
                bucket = crc32(group.encode(*LOOSE)) & (LETTER_BUCKETS - 1)
                buckets.append(WORD_BUCKETS + bucket)
    return base, tuple(buckets)


def hashes(tokens: list[Word]) -> Hashes:
    """Return the hashed features of a turn, each with the token that gave it."""
    buckets: list[int] = []
    owners: list[int] = []
    before, earlier = "^", ""
    for index, token in enumerate(tokens[:WORD_LIMIT]):
        base, own = _token(token.form)
        pair = [_word_bucket(f"{before} {base}")]
        if before == "не":
            pair += [_word_bucket(f"не &{token.form[-size:]}") for size in (2, 3)]
        if earlier:
            pair.append(_word_bucket(f"{earlier} * {base}"))
            pair.append(_word_bucket(f"{earlier} {before} {base}"))
        buckets += own
        buckets += pair
        owners += [index] * (len(own) + len(pair))
        earlier, before = before, base
    buckets.append(_word_bucket(f"{before} $"))
    owners.append(min(len(tokens), WORD_LIMIT) - 1)
    return Hashes(np.array(buckets, dtype=np.intp), np.array(owners, dtype=np.intp))


def shape(text: str, tokens: list[Word]) -> list[float]:
    """Return how the turn is written, SHAPE numbers between 0 and about 1."""
    forms = [token.form for token in tokens]
    count = len(forms) or 1
    letters = [letter for letter in text[:2000] if letter.isalpha()] or [" "]
    marks = "".join(form for form in forms if form[0] in "!?().…")
    first = forms[:3]
    return [
        min(len(forms), 60) / 60,
        float(len(forms) <= 2),
        float(len(forms) <= 5),
        float("?" in marks),
        min(marks.count("?"), 4) / 4,
        float(bool(forms) and "?" in forms[-1]),
        min(marks.count("!"), 6) / 6,
        float(")" in marks and "(" not in marks),
        float("(" in marks and ")" not in marks),
        float("..." in marks),
        float(any(form in QUESTION_WORDS for form in first)),
        float("ли" in forms),
        min(sum(form in QUESTION_WORDS for form in forms), 4) / 4,
        sum(letter.isupper() for letter in letters) / len(letters),
        sum("a" <= letter.lower() <= "z" for letter in letters) / len(letters),
        sum(form[0].isdigit() for form in forms) / count,
        float(any(letter in GLAD for letter in text[:2000])),
        float(any(letter in SAD for letter in text[:2000])),
        float("\n" in text[:2000]),
        min(sum(form in ("не", "нет", "ни", "без") for form in forms), 4) / 4,
    ]


FLAGS = tuple(Flag)
DENSE = DIM + POOLED + SHAPE + MOOD + 1 + len(FLAGS) + TOPICS


@dataclass(frozen=True)
class Seen:
    """One turn with everything that is read off it."""

    tokens: list[Word]
    hashes: Hashes
    alarms: list[Alarm]


def see(tokens: list[Word], named: Collection[str] = ()) -> Seen:
    """
    Return a turn's tokens with their hashes and the alarms they raise.

    ``named`` are the words of the good's title, if it is known.
    """
    return Seen(tokens, hashes(tokens), alarms(tokens, named))


def dense(encoder: Encoder, texts: list[str], turns: list[Seen]) -> Floats:
    """Return the encoder's view, shape, mood, alarms, topics: a row of DENSE each."""
    vectors, peaks = encoder.encode([plain(turn.tokens) for turn in turns])
    rest = [
        shape(text, turn.tokens) + mood(turn.tokens) + _rung(turn.alarms)
        for text, turn in zip(texts, turns, strict=True)
    ]
    touched = np.zeros((len(turns), TOPICS), dtype=np.float32)
    for row, turn in zip(touched, turns, strict=True):
        row[list(topics(turn.tokens))] = 1
    return np.hstack([vectors, peaks, np.array(rest, dtype=np.float32), touched])


def _rung(rung: list[Alarm]) -> list[float]:
    flags = {alarm.flag for alarm in rung}
    return [float(bool(flags)), *(float(flag in flags) for flag in FLAGS)]
