"""
From written frames and word lists to the tagger's weights, the same bytes each time.

``training/spans/said.txt`` holds what buyers say around an @адрес or an @имя,
``address.txt`` and ``name.txt`` how these are written, with ``%words`` that the
``coining`` of people and places fills; ``plain.txt`` and the analyser's training
messages are without personal data. Run by ``manage.py train_policy``.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from chats.policy import addresses, coining, contacts, frames, numbers, people
from chats.policy.folding import fold
from chats.policy.regression import regress
from chats.policy.tagger import (
    ADDRESS,
    BUCKETS,
    NAME,
    TAGS,
    WEIGHTS,
    Tagger,
    features,
    tokens,
)

HERE = Path(__file__).resolve().parent
SPANS = HERE / "training" / "spans"
BUYERS = HERE.parent / "analyzer" / "training"
SEED = 20_262
SAID = 150
"""Sentences drawn from one frame of ``said.txt``; the bare ones get more."""
PLAIN = 120
SHOUTED = 0.12
"""The share of clean messages that are learnt in capitals, too: capitals are no names."""
PENALTY = 3e-6
ROUNDS = 60
KEPT = 40_000
"""Buckets that are stored: the heaviest ones."""

_MARK = re.compile(r"[\x01\x02\x03]")
_OPENED = {ADDRESS: "\x01", NAME: "\x02"}
_CLOSED = "\x03"


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the tag of each of its characters."""

    text: str
    tags: bytes


def examples(folder: Path = SPANS, buyers: Path = BUYERS) -> Iterator[Example]:
    """Yield what buyers say of themselves, then what they say of anything else."""
    lines = {path.stem: _lines(path) for path in sorted(folder.glob("*.txt"))}
    for number, frame in enumerate(lines["said"]):
        each = SAID * (4 if len(frame) < 8 else 1)
        for turn in range(each):
            yield _said(lines, frame, random.Random(f"{SEED}/{number}/{turn}"))
    for number, frame in enumerate(lines["plain"]):
        for turn in range(PLAIN):
            draw = random.Random(f"{SEED}/plain/{number}/{turn}")
            yield _read(coining.fill(frames.drawn(frame, draw), draw), draw)
    draw = random.Random(SEED)
    for path in sorted(buyers.glob("*/*.txt")):
        for line in _lines(path):
            text = line.replace("\\n", " ")
            if _is_personal(text):
                continue
            yield Example(text, bytes(len(text)))
            if draw.random() < SHOUTED:
                yield Example(
                    draw.choice((text.upper(), text.title())), bytes(len(text))
                )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _said(lines: dict[str, list[str]], frame: str, draw: random.Random) -> Example:
    """Return a sentence drawn from a frame, addresses and names written into it."""

    def address(_: re.Match[str]) -> str:
        written = frames.drawn(draw.choice(lines["address"]), draw)
        return f"{_OPENED[ADDRESS]}{written}{_CLOSED}"

    def name(_: re.Match[str]) -> str:
        return frames.drawn(draw.choice(lines["name"]), draw)

    text = re.sub("@адрес", address, frames.drawn(frame, draw))
    text = coining.fill(re.sub("@имя", name, text), draw)
    return _read(text, draw)


def _read(text: str, draw: random.Random) -> Example:
    """Return the text as a hasty buyer types it, without the marks of its spans."""
    text = _hasty(coining.mark(text, _OPENED[NAME], _CLOSED), draw)
    tags, tag = bytearray(), 0
    for char in text:
        if char == _CLOSED:
            tag = 0
        elif char in "\x01\x02":
            tag = ord(char)
        else:
            tags.append(tag)
    return Example(_MARK.sub("", text), bytes(tags))


def _hasty(text: str, draw: random.Random) -> str:
    if draw.random() < 0.45:
        text = text.lower()
    if draw.random() < 0.4:
        text = re.sub(r",(?=[ \x03])", "", text)
    if draw.random() < 0.25:
        text = re.sub(r"(?<=[а-я])\.(?=[ \d\x03])", "", text)
    return text


def _is_personal(text: str) -> bool:
    """Return whether the rules see anything in a message: it teaches nothing then."""
    folded = fold(text)
    finders = (addresses.addresses, people.people, numbers.orders, contacts.phones)
    return any(any(True for _ in finder(folded)) for finder in finders)


def train(folder: Path = SPANS, buyers: Path = BUYERS) -> Tagger:
    """Return a tagger fitted to the frames of a folder."""
    rows: list[list[int]] = []
    labels: list[int] = []
    for example in examples(folder, buyers):
        folded = fold(example.text)
        row = tokens(folded)
        rows += features(row)
        labels += [example.tags[folded.span(one.start, one.end)[0]] for one in row]
    share = np.full((len(labels), 1), 1 / len(labels), dtype=np.float32)
    weights, bias = regress(
        _matrix(rows),
        np.array(labels),
        share,
        classes=len(TAGS),
        penalty=PENALTY,
        rounds=ROUNDS,
    )
    heavy = np.argsort(-np.abs(weights).max(axis=1), kind="stable")[:KEPT]
    step = np.array(np.abs(weights).max() / 127 + 1e-12, dtype=np.float32)
    stored = np.zeros(weights.shape, dtype=np.int8)
    stored[heavy] = np.round(weights[heavy] / step)
    return Tagger(stored, step, bias)


def _matrix(rows: Sequence[Sequence[int]]) -> csr_matrix:
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((one for row in rows for one in row), dtype=np.int32)
    shape = (len(rows), BUCKETS)
    made = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape)
    made.sum_duplicates()
    return made


def save(path: Path, fitted: Tagger) -> None:
    """Write the tagger so that the same tagger is the same bytes."""
    seen = np.flatnonzero(fitted.weights.any(axis=1))
    np.savez_compressed(
        path,
        seen=seen.astype(np.int32),
        weights=fitted.weights[seen],
        step=fitted.step,
        bias=fitted.bias,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line; ``--out FILE`` says where the weights go."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(exist_ok=True)
    save(options.out, train())
    print(json.dumps({"bytes": options.out.stat().st_size}))


if __name__ == "__main__":
    main()
