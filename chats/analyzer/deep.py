"""
The second reader: the encoder's inner layers, taught on our own messages.

The linear heads weigh features made for every purpose; here the features
themselves have been bent to intents, moods and flags by ``tuning``. The two err
apart, so their scores are averaged.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np

from chats.analyzer.layers import Arrays, Layers, rounded, widened
from chats.analyzer.pieces import Floats, Group, Pieces

MARK = "deep."
"""Begins the names of this reader's arrays in the file it shares with the heads."""
LAYERS = ("proj", "w1_2", "w1_3", "w1_5", "w2_2", "w2_3", "w2_5", "head")
"""The matrices kept in eight bits."""
CALM = 3
"""Sums over a text are made this much smaller, to the size of its peaks."""


class Deep:
    """Taught layers with a head of their own. Safe to share between threads."""

    def __init__(self, pieces: Pieces, weights: Mapping[str, Floats]) -> None:
        """``weights`` hold the inner layers and ``head``, ``head_b``."""
        self._pieces = pieces
        self._layers = Layers(pieces, weights)
        self._head, self._bias = weights["head"], weights["head_b"]

    @classmethod
    def of(cls, arrays: Arrays, pieces: Pieces) -> Self:
        """Return the reader whose arrays, made by ``stored``, are among these."""
        own = {
            name.removeprefix(MARK): array
            for name, array in arrays.items()
            if name.startswith(MARK)
        }
        return cls(pieces, widened(own))

    def scores(self, texts: list[str]) -> Floats:
        """Return a row of raw scores for each text, columns as those of the heads."""
        scores = np.empty((len(texts), len(self._bias)), dtype=np.float32)
        for chosen, group in self._pieces.groups(texts):
            pooled, _ = pool(self._layers.features(group), group)
            scores[chosen] = pooled @ self._head + self._bias
        return scores


def pool(features: Floats, group: Group) -> tuple[Floats, Floats]:
    """Return a row for each text: the peaks, then the sums; and the peaks alone."""
    peaks = np.maximum.reduceat(features, group.starts, axis=0)
    sums = np.add.reduceat(features, group.starts, axis=0)
    sums /= calm(group)
    return np.hstack([peaks, sums]), peaks


def calm(group: Group) -> Floats:
    """Return what the sum over each text is divided by, as a column."""
    found: Floats = CALM * np.sqrt(group.lengths.astype(np.float32))[:, None]
    return found


def stored(weights: Mapping[str, Floats]) -> Arrays:
    """Return weights as they are kept: the large matrices in eight bits."""
    kept: Arrays = {}
    for name, values in weights.items():
        parts = rounded(name, values) if name in LAYERS else {name: values}
        kept |= {MARK + part: array for part, array in parts.items()}
    return kept
