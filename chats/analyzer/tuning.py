"""
Teaching the encoder's inner layers: gradients worked out by hand, in numpy.

``teach`` starts from the published weights and follows the labels for a few
passes (AdamW, the step falling to nought). One thread, one seed: the same
messages give the same weights.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.deep import calm, pool
from chats.analyzer.heads import COLUMNS, softmax
from chats.analyzer.layers import ORDERS, POOLED, TINY, WIDTH
from chats.analyzer.pieces import DIM, Floats, Group, Integers, Pieces, group

PASSES = 4
TEXTS = 32
"""Texts of one step."""
READ = 100
"""Pieces of one text that are learnt from."""
STEP = 1e-3
HEAD_STEP = 2e-3
WARM = 200
"""Steps over which the step grows to its full size."""
LAST = 0.02
"""The share of the full step that is left at the end."""
DECAY = 0.01
CLIP = 1.0
FORGET = 0.3
"""The share of a text's features left out in a step, so that none is relied on."""
SKIP = 0.1
"""The share of pieces left out in a step."""
STAKES = (1.0, 0.7, 1.0)
"""How much each head's errors count."""
TAUGHT = (
    *("proj", "proj_b", "ln_branch_g", "ln_branch_b", "ln_g", "ln_b"),
    *(f"{name}_{width}" for width, _ in ORDERS for name in ("w1", "b1", "w2", "b2")),
)

Weights = dict[str, Floats]


@dataclass(frozen=True)
class Lesson:
    """Texts as piece numbers with a label for each head (−1 unknown) and a weight."""

    texts: list[list[int]]
    labels: NDArray[np.intp]
    weights: Floats

    @cached_property
    def lifts(self) -> list[Floats]:
        """How far each class of each head is lifted: rare ones, halfway to even."""
        found = []
        for head, columns in enumerate(COLUMNS):
            size = columns.stop - columns.start
            labels = self.labels[:, head]
            count = np.bincount(labels[labels >= 0], minlength=size)
            lift = np.sqrt(len(labels) / size / np.maximum(count, 1))
            found.append((lift * STAKES[head]).astype(np.float32))
        return found


def teach(
    lessons: Iterable[Lesson], pieces: Pieces, start: Weights, *, seed: int
) -> Weights:
    """
    Return the weights ``Deep`` reads with.

    ``lessons`` are PASSES of one length, with the same labels; they start from the
    published weights.
    """
    chance = np.random.default_rng(seed)
    total = COLUMNS[-1].stop
    known = {name: start[name].copy() for name in TAUGHT}
    known["head"] = np.zeros((2 * POOLED, total), dtype=np.float32)
    known["head_b"] = np.zeros(total, dtype=np.float32)
    optimiser = _Adam(known)
    for step, (lesson, chosen) in enumerate(_draws(lessons, chance)):
        steps = PASSES * -(-len(lesson.texts) // TEXTS)
        share = min(1.0, (step + 1) / WARM) * max(LAST, 1 - step / steps)
        laid = group([lesson.texts[row][:READ] for row in chosen])
        trail = _Trail(laid, pieces, known, chance)
        slope = _slope(trail.scores, lesson, chosen)
        optimiser.follow(trail.gradients(slope), share)
    return known


def _draws(
    lessons: Iterable[Lesson], chance: np.random.Generator
) -> Iterator[tuple[Lesson, Integers]]:
    for lesson in lessons:
        order = chance.permutation(len(lesson.texts))
        for first in range(0, len(order), TEXTS):
            yield lesson, order[first : first + TEXTS]


def _slope(scores: Floats, lesson: Lesson, chosen: Integers) -> Floats:
    """Return how the loss of the chosen texts changes with each score."""
    slope = np.zeros_like(scores)
    labels, weights = lesson.labels[chosen], lesson.weights[chosen]
    for head, columns in enumerate(COLUMNS):
        rows = np.flatnonzero(labels[:, head] >= 0)
        truth = labels[rows, head]
        wrong = softmax(scores[rows, columns])
        wrong[np.arange(len(rows)), truth] -= 1
        weight = lesson.lifts[head][truth] * weights[rows] / len(scores)
        slope[rows, columns] = wrong * weight[:, None]
    return slope


class _Trail:
    """One step forward through the layers, and the way back."""

    def __init__(
        self, laid: Group, pieces: Pieces, known: Weights, chance: np.random.Generator
    ) -> None:
        self.laid, self.known = laid, known
        count = len(laid.numbers)
        kept = chance.random(count, dtype=np.float32) >= SKIP
        self.rows: Floats = pieces.rows(laid.numbers) * kept[:, None]
        branch = self.rows @ known["proj"] + known["proj_b"]
        self.branch = _Normal(branch, known["ln_branch_g"], known["ln_branch_b"])
        features = np.empty((count, POOLED), dtype=np.float32)
        features[:, :DIM] = self.rows
        self.orders = [
            _Order(order, laid.near, self.branch.out, known, features)
            for order in range(len(ORDERS))
        ]
        self.last = _Normal(features, known["ln_g"], known["ln_b"])
        pooled, self.peaks = pool(self.last.out, laid)
        heard = chance.random(pooled.shape, dtype=np.float32) >= FORGET
        self.kept: Floats = heard.astype(np.float32) / np.float32(1 - FORGET)
        self.pooled: Floats = pooled * self.kept
        self.scores: Floats = self.pooled @ known["head"] + known["head_b"]

    def gradients(self, slope: Floats) -> Weights:
        """Return how the loss changes with each weight."""
        found = {"head": self.pooled.T @ slope, "head_b": slope.sum(axis=0)}
        back = slope @ self.known["head"].T * self.kept
        owner = np.repeat(np.arange(len(slope)), self.laid.lengths)
        at_peak = self.last.out == self.peaks[owner]
        wide: Floats = (back[:, POOLED:] / calm(self.laid))[owner]
        wide += at_peak * back[owner, :POOLED]
        wide, found["ln_g"], found["ln_b"] = self.last.back(wide)
        branch = np.empty_like(self.branch.out)
        for order in self.orders:
            branch[:, order.columns] = order.back(wide, found)
        branch, found["ln_branch_g"], found["ln_branch_b"] = self.branch.back(branch)
        found["proj"] = self.rows.T @ branch
        found["proj_b"] = branch.sum(axis=0)
        return found


class _Order:
    """The two windows of one branch."""

    def __init__(
        self, order: int, near: Integers, branch: Floats, known: Weights, out: Floats
    ) -> None:
        """Fill the branch's columns of ``out``."""
        self.width, left = ORDERS[order]
        self.known = known
        self.columns = slice(order * WIDTH, (order + 1) * WIDTH)
        self.out = slice(DIM + order * WIDTH, DIM + (order + 1) * WIDTH)
        self.near = near[:, 2 - left : 2 - left + self.width]
        self.mirror = near[:, 2 + left - np.arange(self.width)]
        part = branch[:, self.columns]
        self.first = self._window(part)
        inner = self.first @ known[f"w1_{self.width}"] + known[f"b1_{self.width}"]
        self.inner_on = inner > 0
        inner = inner * self.inner_on + part
        self.second = self._window(inner)
        outer = self.second @ known[f"w2_{self.width}"] + known[f"b2_{self.width}"]
        self.outer_on = outer > 0
        out[:, self.out] = outer * self.outer_on + inner

    def _window(self, rows: Floats) -> Floats:
        padded = np.vstack([rows, np.zeros((1, WIDTH), dtype=np.float32)])
        window: Floats = padded[self.near].reshape(len(rows), -1)
        return window

    def back(self, wide: Floats, found: Weights) -> Floats:
        """Add the weights' gradients to ``found``; return that of the branch."""
        onward = wide[:, self.out]
        inner = onward + self._through("2", onward * self.outer_on, self.second, found)
        return inner + self._through("1", inner * self.inner_on, self.first, found)

    def _through(
        self, layer: str, slope: Floats, window: Floats, found: Weights
    ) -> Floats:
        """Return the gradient of the rows that a window was made of."""
        name = f"w{layer}_{self.width}"
        found[name] = window.T @ slope
        found[f"b{layer}_{self.width}"] = slope.sum(axis=0)
        taps = (slope @ self.known[name].T).reshape(len(slope), self.width, WIDTH)
        padded = np.vstack([taps, np.zeros((1, self.width, WIDTH), dtype=np.float32)])
        total = np.zeros((len(slope), WIDTH), dtype=np.float32)
        for tap in range(self.width):
            total += padded[self.mirror[:, tap], tap]
        return total


class _Normal:
    """Rows brought to mean nought and spread one, and the way back."""

    def __init__(self, rows: Floats, gain: Floats, bias: Floats) -> None:
        centred = rows - rows.mean(axis=1, keepdims=True)
        self.spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + TINY)
        self.unit = centred / self.spread
        self.gain = gain
        self.out: Floats = self.unit * gain + bias

    def back(self, slope: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the gradients of the rows, of the gain and of the bias."""
        gain = np.einsum("ij,ij->j", slope, self.unit)
        inner = slope * self.gain
        rows = inner - inner.mean(axis=1, keepdims=True)
        rows -= self.unit * (inner * self.unit).mean(axis=1, keepdims=True)
        return rows / self.spread, gain, slope.sum(axis=0)


class _Adam:
    """AdamW: steps of even size in every weight, whatever its gradient's size."""

    def __init__(self, known: Weights) -> None:
        self.known = known
        self.first = {name: np.zeros_like(value) for name, value in known.items()}
        self.second = {name: np.zeros_like(value) for name, value in known.items()}
        self.steps = 0

    def follow(self, gradients: Weights, share: float) -> None:
        """Change the weights in place; ``share`` of the full step."""
        self.steps += 1
        size = np.sqrt(sum(float((g * g).sum()) for g in gradients.values()))
        clip = np.float32(min(1.0, CLIP / (size + 1e-6)))
        early = np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for name, gradient in gradients.items():
            step = (HEAD_STEP if name.startswith("head") else STEP) * share
            gradient = gradient * clip
            first, second = self.first[name], self.second[name]
            first += np.float32(0.1) * (gradient - first)
            second += np.float32(0.001) * (gradient * gradient - second)
            value = self.known[name]
            value *= np.float32(1 - step * DECAY)
            value -= np.float32(step * early) * first / (np.sqrt(second) + 1e-8)
