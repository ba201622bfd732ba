"""
From written frames to the judge's weights: the same frames give the same bytes.

Run as ``python -m chats.policy.learning``, or ``manage.py train_policy``, which keeps
to one thread. ``training/<kind>.txt`` holds frames of forbidden sentences,
``training/clean.txt`` those of a shop that keeps the rules.
"""

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from chats.policy import frames, judge
from chats.policy.folding import fold, native
from chats.policy.judge import BUCKETS, KINDS, WEIGHTS, Floats, Judge
from chats.policy.regression import regress

TRAINING = Path(__file__).with_name("training")
REPLIES = Path(__file__).resolve().parents[2] / "templates" / "replies"
"""The shop's own texts: clean ones, and frames in brackets of their own."""
CLEAN = "clean"
SEED = 20_261
EACH = 40
"""Sentences drawn from one frame at most."""
LONG = 40
"""Words of a buyer's message that is still taken for one sentence."""
DROPPED = 0.2
"""The share of words left out of the second copy of a sentence."""
PENALTY = 2e-5
ROUNDS = 80
EVENNESS = 0.5
"""How far a frame of many sentences counts like one of few: 0 not at all, 1 fully."""
CAUTION = 5.0
"""How much more clean sentences count: most texts are clean."""
KEPT = 28_000
"""Buckets that are stored: the heaviest ones."""

BUYERS = Path(__file__).resolve().parents[1] / "analyzer" / "training"
ASKED = (
    "pre_purchase",
    "usage_instruction",
    "sizing_fit",
    "compatibility",
    "availability",
    "warranty_docs",
)
"""Buyers' calm questions: clean, and full of the names of all kinds of goods."""
QUESTION = 0.3
"""How much one of them counts beside a sentence written for this."""
VALUES = {
    "имя": "(Анна|Сергей|Марина)",
    "товар": "(Чайник электрический|Платье летнее|Кружка|Набор ножей)",
    "код": "(THANKS10|LETO15|SALE5|ZIMA20)",
    "процент": "(10 %|5 %|15 %|20 %)",
    "дата": "(28 февраля|3 марта|15 мая)",
    "условия": "(на все товары нашего магазина|на этот товар|на отдельные товары)",
    "ответ": "(Есть в наличии|Хлопок 95 %|Подойдёт на рост 170)",
}
"""What the slots of a reply are filled with."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence as stems, the column it belongs to, and how much it counts."""

    stems: list[str]
    column: int
    weight: float


def examples(folder: Path = TRAINING, replies: Path = REPLIES) -> list[Example]:
    """Return every sentence of the frames, and a copy with some words left out."""
    found: list[Example] = []
    draw = random.Random(SEED)
    for column, name in enumerate([CLEAN, *KINDS]):
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if name == CLEAN:
            lines += reply_frames(replies)
        for frame in lines:
            drawn = list(frames.sentences([frame], each=EACH, seed=SEED))
            for sentence in drawn:
                stems = stems_of(sentence)
                kept = [stem for stem in stems if draw.random() >= DROPPED]
                copies = (stems, kept if len(kept) > 1 else stems)
                weight = len(drawn) ** -EVENNESS
                found += [Example(copy, column, weight) for copy in copies]
                if name == CLEAN:
                    found += [Example(part, 0, weight) for part in parts_of(sentence)]
    return found


def parts_of(sentence: str) -> list[list[str]]:
    """Return the stems of the pieces a judge reads apart from the whole sentence."""
    text = native(fold(sentence)).text
    pieces = [piece for piece, whole in judge.stretches(text) if not whole]
    return [judge.stems(piece) for piece in pieces]


def questions(folder: Path = BUYERS) -> list[Example]:
    """Return the buyers' questions as clean sentences."""
    texts = [
        line.replace("\\n", " ")
        for intent in ASKED
        for path in sorted(folder.glob(f"*/{intent}.neutral.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    stems = [stems_of(text) for text in texts]
    return [Example(some, 0, QUESTION) for some in stems if 1 < len(some) < LONG]


def reply_frames(folder: Path) -> list[str]:
    """Return the sentences of the reply templates, slots filled, as frames."""
    found: dict[str, None] = {}
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("==", "---", "(warm)")) or not line.strip():
                continue
            line = re.sub(r"[()]", " ", line)
            line = re.sub(r"\[([^|\]]*)\]", r"(\1|)", line)
            line = line.replace("[", "(").replace("]", ")")
            line = re.sub(r"\{(\w+)\}", lambda slot: VALUES[slot[1]], line)
            for sentence in re.split(r"(?<=[.!?])\s+(?![^(]*\))", line):
                found.setdefault(sentence)
    return list(found)


def stems_of(sentence: str) -> list[str]:
    """Return the stems of a sentence as the judge will see them."""
    return judge.stems(judge.WORD.finditer(native(fold(sentence)).text))


def train(folder: Path = TRAINING, replies: Path = REPLIES) -> Judge:
    """Return a judge fitted to the frames of a folder."""
    rows = examples(folder, replies) + questions()
    turns = [judge.features(row.stems) for row in rows]
    labels = np.array([row.column for row in rows])
    counts = np.array([row.weight for row in rows])
    idf = _idf(turns)
    seen = np.flatnonzero(idf)
    weights, bias = regress(
        _matrix(turns, idf)[:, seen],
        labels,
        _shares(labels, counts),
        classes=len(KINDS) + 1,
        penalty=PENALTY,
        rounds=ROUNDS,
    )
    heavy = np.sort(np.argsort(-np.abs(weights).max(axis=1), kind="stable")[:KEPT])
    step = (np.abs(weights).max(axis=0) / 127 + 1e-12).astype(np.float32)
    stored = np.zeros((BUCKETS, weights.shape[1]), dtype=np.int8)
    stored[seen[heavy]] = np.round(weights[heavy] / step)
    return Judge(idf, stored, step, bias)


def _idf(turns: Sequence[NDArray[np.intp]]) -> Floats:
    found = np.zeros(BUCKETS)
    for buckets in turns:
        found[np.unique(buckets)] += 1
    idf = np.log((1 + len(turns)) / (1 + found)) + 1
    return np.where(found >= 2, idf, 0).astype(np.float32)


def _matrix(turns: Sequence[NDArray[np.intp]], idf: Floats) -> csr_matrix:
    ends, columns, values = [0], [], []
    for turn in turns:
        buckets, weights = judge.weigh(idf, turn)
        columns.append(buckets)
        values.append(weights)
        ends.append(ends[-1] + len(buckets))
    joined = (np.concatenate(values), np.concatenate(columns), ends)
    return csr_matrix(joined, shape=(len(turns), BUCKETS), dtype=np.float32)


def _shares(
    labels: NDArray[np.intp], counts: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return how much each sentence counts, as a column: rare kinds more, all one."""
    total = np.bincount(labels, weights=counts, minlength=len(KINDS) + 1)
    total[0] /= CAUTION
    share = counts / total[labels] ** 0.5
    column: Floats = (share / share.sum()).astype(np.float32)[:, None]
    return column


def save(path: Path, fitted: Judge) -> None:
    """Write the judge so that the same judge is the same bytes."""
    seen = np.flatnonzero(fitted.weights.any(axis=1))
    np.savez_compressed(
        path,
        seen=seen.astype(np.int32),
        idf=fitted.idf[seen].astype(np.float16),
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
