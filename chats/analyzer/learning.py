"""
From labelled messages to the weights: one small file, the same bytes every time.

``train`` fits the linear heads, teaches the deep reader, and sets temperatures and
thresholds by messages of ``evaluation/``. Run as
``python -m chats.analyzer.learning``; one thread, one seed.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from chats.analyzer import corpus, features, heads, tuning
from chats.analyzer.alphabet import russian
from chats.analyzer.calibration import settings
from chats.analyzer.corpus import Example
from chats.analyzer.deep import Deep, stored
from chats.analyzer.encoder import ENCODER, Encoder
from chats.analyzer.features import BUCKETS, Floats, Hashes
from chats.analyzer.heads import (
    COLUMNS,
    FLAGS,
    HEADS,
    INTENTS,
    SAFE,
    SENTIMENTS,
    Heads,
    both,
)
from chats.analyzer.layers import Arrays
from chats.analyzer.text import plain, words

SEED = 20_261
SERIES = "reader-2"
SPARSE_PENALTY = 1e-5
DENSE_PENALTY = 3e-5
MISSPELT_WEIGHT = 0.5
ROUNDS = 100
TOGETHER = 0.3
"""How far the scenario heeds which intents and moods go together."""
BALANCE = 0.5
"""How far rare classes are lifted: 0 not at all, 1 to equal weight."""
VIEWS = ((512, 1.0), (1280, 1.0), (20, 1.0), (15, 2.0), (15, 1.0))
"""(width, size) of the dense views: vectors, peaks, shape, mood, alarms."""
TOPIC = 0.2
"""The size of a topic or of a meeting of two, however rare: rare ones tell most."""
SEEN = 4
"""Turns that must touch a topic before it counts."""
DEPTHS = (1.0, 1.0, 4.0)
"""How much each head leans on the dense views; meaning matters most to flags."""


@dataclass(frozen=True)
class Table:
    """Examples as numbers. ``labels`` holds a column for each head, −1 unknown."""

    hashes: list[Hashes]
    dense: Floats
    labels: NDArray[np.intp]
    weights: Floats


def tabulate(examples: Sequence[Example], encoder: Encoder) -> Table:
    """Return the examples and a misspelt copy of each."""
    everything = [*examples, *corpus.misspelt(examples, seed=SEED)]
    turns = [_seen(example.text, encoder) for example in everything]
    texts = [example.text for example in everything]
    discount = [1.0] * len(examples) + [MISSPELT_WEIGHT] * len(examples)
    return Table(
        hashes=[turn.hashes for turn in turns],
        dense=features.dense(encoder, texts, turns),
        labels=np.array([_labels(example) for example in everything]),
        weights=np.array(
            [x.weight * y for x, y in zip(everything, discount, strict=True)],
            dtype=np.float32,
        ),
    )


def lessons(examples: Sequence[Example], encoder: Encoder) -> Iterator[tuning.Lesson]:
    """Yield what the deep reader learns in each pass, misspelt otherwise each time."""
    labels = np.array([_labels(example) for example in examples])
    weights = np.array([example.weight for example in examples], dtype=np.float32)
    pieces = [_pieces(example.text, encoder) for example in examples]
    for number in range(tuning.PASSES):
        copies = corpus.misspelt(examples, seed=SEED + number)
        yield tuning.Lesson(
            [*pieces, *(_pieces(copy.text, encoder) for copy in copies)],
            np.vstack([labels, labels]),
            np.concatenate([weights, weights]),
        )


def _seen(text: str, encoder: Encoder) -> features.Seen:
    return features.see(russian(words(text), encoder))


def _pieces(text: str, encoder: Encoder) -> list[int]:
    return encoder.pieces(plain(russian(words(text), encoder)))


def _labels(example: Example) -> tuple[int, int, int]:
    """Return the column of each head within itself; −1 where nobody said."""
    if example.safety_only:
        return -1, -1, _danger(example)
    return (
        INTENTS.index(example.intent) if example.intent else -1,
        SENTIMENTS.index(example.sentiment) if example.sentiment else -1,
        _danger(example),
    )


def _danger(example: Example) -> int:
    """Return the column of the first flag; without one, that of the sentiment."""
    if example.flags:
        return SAFE + FLAGS.index(example.flags[0])
    return SENTIMENTS.index(example.sentiment) if example.sentiment else -1


def fit(table: Table) -> Heads:
    """Return heads fitted to a table, not yet calibrated."""
    idf = _idf(table.hashes)
    seen = np.flatnonzero(idf)
    sparse = matrix(table.hashes, idf)[:, seen]
    centre = table.dense.mean(axis=0)
    scale = _scale(table.dense)
    dense = ((table.dense - centre) * scale).astype(np.float32)
    parts = []
    for head, columns in enumerate(COLUMNS):
        known = np.flatnonzero(table.labels[:, head] >= 0)
        first, second, bias = _regress(
            sparse[known],
            dense[known] * np.float32(DEPTHS[head]),
            table.labels[known, head],
            table.weights[known],
            columns.stop - columns.start,
        )
        parts.append((first, second * np.float32(DEPTHS[head]), bias))
    full = np.hstack([part[0] for part in parts])
    step = (np.abs(full).max(axis=0) / 127 + 1e-12).astype(np.float32)
    stored = np.zeros((BUCKETS, full.shape[1]), dtype=np.int8)
    stored[seen] = np.round(full / step)
    return Heads(
        version="",
        idf=idf,
        sparse=stored,
        step=step,
        dense=np.hstack([part[1] for part in parts]).astype(np.float16),
        bias=np.concatenate([part[2] for part in parts]).astype(np.float32),
        centre=centre.astype(np.float32),
        scale=scale.astype(np.float32),
        settings=np.array([1, 1, 0.5, 0.5, 0.5, 0.5], dtype=np.float32),
        lift=np.ones((len(INTENTS), len(SENTIMENTS)), dtype=np.float32),
    )


def _idf(turns: list[Hashes]) -> Floats:
    found = np.zeros(BUCKETS)
    for turn in turns:
        found[np.unique(turn.buckets)] += 1
    idf = np.log((1 + len(turns)) / (1 + found)) + 1
    return np.where(found >= 3, idf, 0).astype(np.float32)


def matrix(turns: list[Hashes], idf: Floats) -> csr_matrix:
    """Return the weighted hashes of turns, a row each."""
    ends, columns, values = [0], [], []
    for turn in turns:
        buckets, weights = heads.weigh(idf, turn)
        columns.append(buckets)
        values.append(weights)
        ends.append(ends[-1] + len(buckets))
    joined = (np.concatenate(values), np.concatenate(columns), ends)
    return csr_matrix(joined, shape=(len(turns), BUCKETS), dtype=np.float32)


def _scale(dense: Floats) -> Floats:
    spread = dense.std(axis=0) + 1e-3
    scale = np.empty(dense.shape[1], dtype=np.float32)
    first = 0
    for width, size in VIEWS:
        view = slice(first, first + width)
        scale[view] = size / np.sqrt(width) / spread[view]
        first += width
    touched = np.count_nonzero(dense[:, first:], axis=0)
    scale[first:] = np.where(touched >= SEEN, TOPIC, 0)
    return scale


def _regress(
    sparse: csr_matrix,
    dense: Floats,
    labels: NDArray[np.intp],
    weights: Floats,
    size: int,
) -> tuple[Floats, Floats, Floats]:
    """Return (sparse, dense, bias) weights of a multinomial logistic regression."""
    count = np.bincount(labels, minlength=size)
    balance = (len(labels) / size / count[labels]) ** BALANCE
    weights = weights * balance.astype(np.float32)
    weights = (weights / weights.sum())[:, None]
    target = np.eye(size, dtype=np.float32)[labels]
    turned = sparse.T.tocsr()
    wide, deep = sparse.shape[1], dense.shape[1]
    cuts = (wide * size, (wide + deep) * size)

    def split(flat: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
        flat32 = flat.astype(np.float32)
        return (
            flat32[: cuts[0]].reshape(wide, size),
            flat32[cuts[0] : cuts[1]].reshape(deep, size),
            flat32[cuts[1] :],
        )

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        first, second, bias = split(flat)
        scores = sparse @ first + dense @ second + bias
        scores -= scores.max(axis=1, keepdims=True)
        chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -float((weights * target * chances).sum())
        loss += SPARSE_PENALTY / 2 * float((first * first).sum())
        loss += DENSE_PENALTY / 2 * float((second * second).sum())
        slope = weights * (np.exp(chances) - target)
        parts = (
            (turned @ slope + SPARSE_PENALTY * first).ravel(),
            (dense.T @ slope + DENSE_PENALTY * second).ravel(),
            slope.sum(axis=0),
        )
        return loss, np.concatenate(parts).astype(np.float64)

    found = minimize(
        cost,
        np.zeros(cuts[1] + size),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ROUNDS, "maxcor": 8},
    )
    return split(found.x)


def _lift(labels: NDArray[np.intp]) -> Floats:
    """Return how much oftener each pair occurs than its halves would by chance."""
    known = labels[(labels[:, :2] >= 0).all(axis=1)]
    pairs = np.full((len(INTENTS), len(SENTIMENTS)), 3.0)
    np.add.at(pairs, (known[:, 0], known[:, 1]), 1)
    pairs /= pairs.sum()
    alone = pairs.sum(axis=1, keepdims=True) * pairs.sum(axis=0, keepdims=True)
    lift: Floats = ((pairs / alone) ** TOGETHER).astype(np.float32)
    return lift


def train(
    examples: Sequence[Example], apart: Sequence[Example], encoder: Encoder
) -> Arrays:
    """
    Return what ``save`` writes: both readers, calibrated.

    ``apart`` calibrates and is never learnt from.
    """
    table = tabulate(examples, encoder)
    fitted = replace(fit(table), lift=_lift(table.labels))
    taught = tuning.teach(
        lessons(examples, encoder), encoder.texts, encoder.weights, seed=SEED
    )
    return calibrated(kept(fitted) | stored(taught), apart, encoder)


def calibrated(arrays: Arrays, apart: Sequence[Example], encoder: Encoder) -> Arrays:
    """
    Return the arrays with settings by messages kept from training, and the version.

    The readers are measured as they are kept. The version is a digest of the arrays.
    """
    fitted, deep = Heads.of(arrays), Deep.of(arrays, encoder.texts)
    texts = [example.text for example in apart]
    turns = [_seen(text, encoder) for text in texts]
    scores = both(encoder, fitted, deep, texts, turns)
    labels = np.array([_labels(example) for example in apart])
    arrays = arrays | {"settings": settings(scores, labels, fitted.lift)}
    digest = hashlib.blake2s(digest_size=4)
    for name in sorted(arrays.keys() - {"version"}):
        digest.update(arrays[name].tobytes())
    version = f"{SERIES}-{digest.hexdigest()}".encode()
    return arrays | {"version": np.frombuffer(version, dtype=np.uint8)}


def kept(fitted: Heads) -> Arrays:
    """Return the linear heads as they are kept."""
    seen = np.flatnonzero(fitted.idf)
    return {
        "version": np.frombuffer(fitted.version.encode(), dtype=np.uint8),
        "seen": seen.astype(np.int32),
        "idf": fitted.idf[seen].astype(np.float16),
        "sparse": fitted.sparse[seen],
        "step": fitted.step,
        "dense": fitted.dense,
        "bias": fitted.bias,
        "centre": fitted.centre,
        "scale": fitted.scale,
        "settings": fitted.settings,
        "lift": fitted.lift,
    }


def save(path: Path, arrays: Arrays) -> None:
    """Write both readers so that the same weights are the same bytes."""
    np.savez_compressed(path, allow_pickle=False, **arrays)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Train from the command line: ``--extra FOLDER`` adds data, ``--out FILE``.

    Where an added text stands in ``training/`` too, what was added counts.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extra", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, default=HEADS)
    options = parser.parse_args(arguments)
    added: list[Example] = []
    for folder in options.extra:
        found = corpus.load(folder)
        if not found:
            parser.error(f"no messages in {folder}: wanted FOLDER/NAME/INTENT.MOOD.txt")
        added += found
    examples = corpus.distinct([*added, *corpus.load()])
    arrays = train(examples, corpus.apart(), Encoder(ENCODER))
    save(options.out, arrays)
    version = Heads.of(arrays).version
    summary = {"version": version, "examples": len(examples)}
    print(json.dumps(summary | {"bytes": options.out.stat().st_size}))


if __name__ == "__main__":
    main()
