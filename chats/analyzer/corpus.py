"""
The labelled messages of the repository, and the ways buyers misspell them.

``training/<voice>/<intent>.<sentiment>.txt`` holds one message a line;
``flagged.tsv`` adds safety flags, ``-`` marking a harmless look-alike. Those of
``alarms.tsv`` teach safety alone: its mix of intents and moods is not the buyers'.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chats.analyzer.taxonomy import Flag, Intent, Sentiment

ROOT = Path(__file__).parent / "training"
APART = Path(__file__).parent / "evaluation"
CALIBRATING = (
    *("dev", "safety", "alarms_open", "alarms_sealed"),
    *("alarms_unseen", "alarms_unseen2"),
)
"""The files, never trained on, that set temperatures and bars."""


@dataclass(frozen=True)
class Example:
    """A message with what a reader should make of it; None is not labelled."""

    text: str
    intent: Intent | None
    sentiment: Sentiment | None
    flags: tuple[Flag, ...] = ()
    lookalike: bool = False
    safety_only: bool = False
    voice: str = ""
    weight: float = 1.0


def load(root: Path = ROOT) -> list[Example]:
    """Return every example under a folder, in the order of its sorted paths."""
    return [example for path in sorted(root.glob("*/*")) for example in _file(path)]


def apart(root: Path = APART) -> list[Example]:
    """
    Return the messages that calibrate and are never trained on.

    Those of the alarm sets, an odd mix of intents, say what is unsafe and no more.
    """
    return [
        example
        for name in CALIBRATING
        for row in (root / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for example in [_apart(json.loads(row))]
    ]


def _apart(row: dict[str, Any]) -> Example:
    intent, sentiment = Intent(row["intent"]), Sentiment(row["sentiment"])
    if "flags" not in row:
        return Example(row["text"], intent, sentiment)
    flags = tuple(Flag(flag) for flag in row["flags"])
    return Example(
        row["text"], intent, sentiment, flags, lookalike=not flags, safety_only=True
    )


def distinct(examples: Iterable[Example]) -> list[Example]:
    """Return the first example of each text, in order."""
    first: dict[str, Example] = {}
    for example in examples:
        first.setdefault(example.text, example)
    return list(first.values())


def _file(path: Path) -> Iterator[Example]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line for line in lines if line.strip())
    if path.suffix == ".tsv":
        alone = path.name == "alarms.tsv"
        for row in rows:
            yield replace(_flagged(row, path.parent.name), safety_only=alone)
    elif path.suffix == ".txt":
        intent, sentiment = path.stem.split(".")
        labels = Intent(intent), Sentiment(sentiment)
        for row in rows:
            yield Example(_unescape(row), *labels, voice=path.parent.name)


def _flagged(row: str, voice: str) -> Example:
    flags, intent, sentiment, text = row.split("\t", 3)
    return Example(
        _unescape(text),
        Intent(intent),
        Sentiment(sentiment),
        () if flags == "-" else tuple(Flag(flag) for flag in flags.split("+")),
        lookalike=flags == "-",
        voice=voice,
    )


def _unescape(row: str) -> str:
    return row.strip().replace("\\n", "\n")


NEIGHBOURS = dict(
    zip(
        "йцукенгшщзхфывапролджэячсмитьбю",
        "цукенгшщзхъывапролджэжчсмитьбюб",
        strict=True,
    )
)
BY_EAR = dict(zip("оеяэщ", "аииеш", strict=True))
LOOKALIKES = str.maketrans("асеорхук", "aceopxyk")


def misspelt(examples: Iterable[Example], *, seed: int) -> list[Example]:
    """
    Return each example once more, as a hurried buyer would have typed it.

    A text is misspelt in the same way whatever stands beside it.
    """
    return [
        replace(
            example,
            text=_misspell(example.text, random.Random(f"{seed} {example.text}")),
        )
        for example in examples
    ]


def _misspell(text: str, chance: random.Random) -> str:
    ways = chance.sample(
        (_typos, _bare, _glued, _latin, _shouted, _cut, _heard, _hurried),
        k=chance.choice((1, 1, 2)),
    )
    for way in ways:
        text = way(text, chance)
    return text


def _heard(text: str, chance: random.Random) -> str:
    """Return a text as one who writes by ear would spell it."""
    text = re.sub(r"([бвгджзклмнпрстфц])\1", r"\1", text)
    text = re.sub(r"([ое])г(?=о\b)", r"\1в", text).replace("ться", "ца")
    return "".join(
        BY_EAR.get(letter, letter) if chance.random() < 0.4 else letter
        for letter in text
    )


def _hurried(text: str, chance: random.Random) -> str:
    """Return a text with some vowels left out, never a word's first letter."""
    return re.sub(
        r"(?<=\w)[аеиоуыя](?=\w)",
        lambda vowel: "" if chance.random() < 0.2 else vowel[0],
        text,
    )


def _typos(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(1 + len(text) // 25):
        at = chance.randrange(len(letters))
        if letters[at].isalpha():
            kind = chance.randrange(4)
            if kind == 0:
                letters[at] = ""
            elif kind == 1:
                letters[at] *= 2
            elif kind == 2:
                letters[at] = NEIGHBOURS.get(letters[at].lower(), letters[at])
            elif at + 1 < len(letters):
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters) or text


def _bare(text: str, chance: random.Random) -> str:
    return re.sub(r"[^\w\s]", "", text).lower() or text


def _glued(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    kept = [words[0]]
    for word in words[1:]:
        if chance.random() < 0.2:
            kept[-1] += word
        else:
            kept.append(word)
    return " ".join(kept)


def _latin(text: str, chance: random.Random) -> str:
    if chance.random() < 0.5:
        return text.replace("е", "ё", 1)
    return "".join(
        letter.translate(LOOKALIKES) if chance.random() < 0.15 else letter
        for letter in text
    )


def _shouted(text: str, chance: random.Random) -> str:
    return text.upper() if chance.random() < 0.5 else text.capitalize()


def _cut(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    if len(words) > 6:
        del words[chance.randrange(len(words))]
    return " ".join(words)
