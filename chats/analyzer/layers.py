"""
The encoder's inner layers: what each piece means beside its neighbours.

Three branches read windows of two, three and five pieces, twice over. What depends
on one piece alone is worked out once and remembered, which leaves half of the
arithmetic.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.pieces import DIM, Floats, Group, Integers, Pieces

POOLED = 1280
ORDERS = ((2, 0), (3, 1), (5, 2))
"""(width, left context) of the three convolutions."""
WIDTH = 256
SLOTS = 8_192
"""Pieces remembered at once, the first one all zeros; past that, anew."""
TINY = 1e-12
"""What keeps the scaling of a row of zeros finite."""


Arrays = dict[str, NDArray[Any]]


def arrays(path: Path) -> Arrays:
    """Return every array of a file of weights."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def widened(kept: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """Return the weights of a file as numbers, those in eight bits widened."""
    found = {
        name: value.astype(np.float32, copy=False)
        for name, value in kept.items()
        if value.dtype == np.float32
    }
    for name, value in kept.items():
        if name.endswith(".q"):
            step = found.pop(name.removesuffix("q") + "s")
            found[name.removesuffix(".q")] = value.astype(np.float32) * step
    return found


def rounded(name: str, values: NDArray[Any]) -> Arrays:
    """Return a matrix in eight bits with the step of each column."""
    step = (np.abs(values).max(axis=0) / 127 + TINY).astype(np.float32)
    return {f"{name}.q": np.round(values / step).astype(np.int8), f"{name}.s": step}


def normal(rows: Floats, gain: Floats, bias: Floats) -> Floats:
    """Return rows of mean nought and spread one, times a gain, plus a bias."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1] + TINY)
    rows /= spread[:, None].astype(np.float32)
    rows *= gain
    rows += bias
    return rows


class Layers:
    """One set of inner layers. Safe to share between threads."""

    def __init__(self, pieces: Pieces, weights: Mapping[str, Floats]) -> None:
        """``weights`` are those of ``widened``; others among them are left alone."""
        self._pieces, self._weights = pieces, weights
        self._slot_of = np.full(len(pieces), -1, dtype=np.intp)
        self._rows = np.zeros((SLOTS, DIM), dtype=np.float32)
        self._branches = np.zeros((SLOTS, 3 * WIDTH), dtype=np.float32)
        self._products = [
            np.zeros((width, SLOTS, WIDTH), dtype=np.float32) for width, _ in ORDERS
        ]
        self._filled = 1
        self._lock = threading.Lock()

    def features(self, group: Group) -> Floats:
        """Return a row of POOLED features for each piece of a group."""
        with self._lock:
            return self._features(self._slots(group.numbers), group.near)

    def _slots(self, numbers: Integers) -> Integers:
        """Return where each piece is remembered, learning those that are not."""
        slots = self._slot_of[numbers]
        missing = np.unique(numbers[slots < 0])
        if not len(missing):
            return slots
        if self._filled + len(missing) > SLOTS:
            self._slot_of[:] = -1
            self._filled = 1
            missing = np.unique(numbers)
        self._learn(missing)
        return self._slot_of[numbers]

    def _learn(self, missing: Integers) -> None:
        known = self._weights
        rows = self._pieces.rows(missing)
        branch = rows @ known["proj"] + known["proj_b"]
        branch = normal(branch, known["ln_branch_g"], known["ln_branch_b"])
        slots = np.arange(self._filled, self._filled + len(missing))
        self._rows[slots], self._branches[slots] = rows, branch
        for order, (width, _) in enumerate(ORDERS):
            part = branch[:, order * WIDTH : (order + 1) * WIDTH]
            kernel = known[f"w1_{width}"].reshape(width, WIDTH, WIDTH)
            for tap in range(width):
                self._products[order][tap, slots] = part @ kernel[tap]
        self._slot_of[missing] = slots
        self._filled += len(missing)

    def _features(self, slots: Integers, near: Integers) -> Floats:
        count = len(slots)
        known = self._weights
        padded = np.append(slots, 0)
        features = np.empty((count, POOLED), dtype=np.float32)
        features[:, :DIM] = self._rows[slots]
        hidden = np.zeros((count + 1, WIDTH), dtype=np.float32)
        for order, (width, left) in enumerate(ORDERS):
            inner = hidden[:count]
            inner[:] = known[f"b1_{width}"]
            for tap in range(width):
                inner += self._products[order][tap].take(
                    padded[near[:, tap + 2 - left]], axis=0
                )
            np.maximum(inner, 0, out=inner)
            inner += self._branches[slots, order * WIDTH : (order + 1) * WIDTH]
            window = hidden[near[:, 2 - left : 2 - left + width]]
            second = window.reshape(count, -1) @ known[f"w2_{width}"]
            second += known[f"b2_{width}"]
            np.maximum(second, 0, out=second)
            second += inner
            offset = DIM + order * WIDTH
            features[:, offset : offset + WIDTH] = second
        return normal(features, known["ln_g"], known["ln_b"])
