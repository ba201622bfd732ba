"""The linear heads, and both readers as one; the weights come from one small file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.deep import Deep
from chats.analyzer.encoder import Encoder
from chats.analyzer.features import (
    BUCKETS,
    WORD_BUCKETS,
    Floats,
    Hashes,
    Seen,
    dense,
)
from chats.analyzer.layers import Arrays, arrays
from chats.analyzer.taxonomy import Flag, Intent, Scenario, Sentiment, scenario_of
from chats.analyzer.text import plain

HEADS = Path(__file__).parent / "weights" / "heads.npz"
INTENTS = tuple(Intent)
SENTIMENTS = tuple(Sentiment)
FLAGS = tuple(Flag)
SCENARIOS = (Scenario.UC1, Scenario.UC2, Scenario.UC3, Scenario.NONE)
SAFE = len(SENTIMENTS)
"""The last head's columns without a flag: one for each sentiment."""
COLUMNS = (slice(0, 16), slice(16, 19), slice(19, 19 + SAFE + len(FLAGS)))
"""The heads' columns: intents, sentiments, then no flag and each flag."""


def weigh(idf: Floats, turn: Hashes) -> tuple[NDArray[np.intp], Floats]:
    """
    Return the distinct buckets of a turn and their weights.

    Words and letter groups are scaled to unit length apart, so that neither
    drowns the other; buckets the training never saw have no weight.
    """
    buckets, counts = np.unique(turn.buckets, return_counts=True)
    weights = (1 + np.log(counts)).astype(np.float32) * idf[buckets]
    split = int(np.searchsorted(buckets, WORD_BUCKETS))
    for part in (weights[:split], weights[split:]):
        part /= max(float(np.sqrt(part @ part)), 1e-6)
    return buckets, weights


def softmax(scores: Floats) -> Floats:
    """Return probabilities along the last axis."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores)
    total: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return total


PAIRS = np.array(
    [
        [
            [scenario_of(intent, sentiment) is scenario for scenario in SCENARIOS]
            for sentiment in SENTIMENTS
        ]
        for intent in INTENTS
    ],
    dtype=np.float32,
)


def scenarios(intents: Floats, sentiments: Floats, lift: Floats) -> Floats:
    """
    Return the probability of each scenario: the sum over the pairs that make it.

    ``lift`` favours the pairs of intent and sentiment that go together.
    """
    pairs = intents[:, :, None] * sentiments[:, None, :] * lift
    pairs /= pairs.sum(axis=(1, 2), keepdims=True)
    total: Floats = np.einsum("nis,isc->nc", pairs, PAIRS)
    return total


@dataclass(frozen=True)
class Heads:
    """
    All heads side by side: the columns are intents, sentiments, safe, then flags.

    ``sparse`` holds eight-bit steps of ``step`` for each bucket and column;
    ``centre`` and ``scale`` bring the dense features to one size. ``settings``
    are those of ``calibration.settings``.
    """

    version: str
    idf: Floats
    sparse: NDArray[np.int8]
    step: Floats
    dense: Floats
    bias: Floats
    centre: Floats
    scale: Floats
    settings: Floats
    lift: Floats

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the heads stored in a file made by ``learning.save``."""
        return cls.of(arrays(path))

    @classmethod
    def of(cls, kept: Arrays) -> Self:
        """Return the heads whose arrays, made by ``learning.train``, these are."""
        seen = kept["seen"]
        idf = np.zeros(BUCKETS, dtype=np.float32)
        idf[seen] = kept["idf"].astype(np.float32)
        sparse = np.zeros((BUCKETS, kept["sparse"].shape[1]), dtype=np.int8)
        sparse[seen] = kept["sparse"]
        return cls(
            version=bytes(kept["version"]).decode(),
            idf=idf,
            sparse=sparse,
            step=kept["step"],
            dense=kept["dense"].astype(np.float32),
            bias=kept["bias"],
            centre=kept["centre"],
            scale=kept["scale"],
            settings=kept["settings"],
            lift=kept["lift"],
        )

    def scores(self, turns: list[Hashes], dense: Floats) -> Floats:
        """Return a row of raw scores for each turn."""
        sized = (dense - self.centre) * self.scale
        scores: Floats = (sized @ self.dense + self.bias).astype(np.float32)
        for row, turn in enumerate(turns):
            buckets, weights = weigh(self.idf, turn)
            scores[row] += (weights @ self.sparse[buckets]) * self.step
        return scores


def both(
    encoder: Encoder, heads: Heads, deep: Deep, texts: list[str], turns: list[Seen]
) -> Floats:
    """Return a row of raw scores for each turn: the mean of what both readers say."""
    linear = heads.scores([turn.hashes for turn in turns], dense(encoder, texts, turns))
    taught = deep.scores([plain(turn.tokens) for turn in turns])
    mean: Floats = (linear + taught) / np.float32(2)
    return mean
