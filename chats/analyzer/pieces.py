"""
Texts to word pieces, and each piece to its row of the encoder's table.

The pieces and their rows are those of the published encoder, cut to what Russian
chats use; the rows are rounded to eight bits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]

DIM = 512
TOKENS = 400
"""Pieces of one text that are read: the first and the last halves."""
GROUP = 160
"""Pieces worked on together: few enough for the processor's cache."""
UNKNOWN, BEGIN, END = 0, 1, 2


@dataclass(frozen=True)
class Group:
    """
    Several texts laid end to end.

    ``near`` holds the positions of the pieces from two before to two after each;
    past the text's ends it points one past the last piece.
    """

    numbers: Integers
    starts: Integers
    lengths: Integers
    near: Integers


def group(texts: list[list[int]]) -> Group:
    """Return texts, as piece numbers, laid end to end."""
    lengths = np.array([len(numbers) for numbers in texts])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    flat = np.array([number for numbers in texts for number in numbers])
    return Group(flat, starts, lengths, _neighbours(starts, lengths))


def _neighbours(starts: Integers, lengths: Integers) -> Integers:
    count = int(lengths.sum())
    position = np.arange(count)[:, None] + np.arange(-2, 3)
    first = np.repeat(starts, lengths)[:, None]
    last = np.repeat(starts + lengths, lengths)[:, None]
    return np.where((position >= first) & (position < last), position, count)


class Pieces:
    """The likeliest cut of each word into known pieces, and their rows."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """``arrays`` are those of the encoder's file."""
        pieces = bytes(arrays["pieces"]).decode().split("\n")
        scores = arrays["scores"].astype(float).tolist()
        self._unknown_score = min(scores) - 10.0
        self._longest = max(map(len, pieces))
        self._prefixes: dict[str, tuple[int, float]] = {}
        for number, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
            if number > END:
                for end in range(1, len(piece)):
                    self._prefixes.setdefault(piece[:end], (-1, 0.0))
                self._prefixes[piece] = (number, score)
        self._words: dict[str, tuple[int, ...]] = {}
        self._table = arrays["table"]
        self._scale: Floats = arrays["row_scale"].astype(np.float32)
        self._low: Floats = arrays["row_low"].astype(np.float32)

    def __len__(self) -> int:
        """Return how many pieces there are."""
        return len(self._table)

    def rows(self, numbers: Integers) -> Floats:
        """Return a row of DIM numbers for each piece."""
        rows = self._table[numbers].astype(np.float32)
        found: Floats = rows * self._scale[numbers, None] + self._low[numbers, None]
        return found

    def of(self, text: str) -> list[int]:
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

    def groups(self, texts: list[str]) -> Iterator[tuple[slice, Group]]:
        """Yield the texts a few at a time: which they are, and their pieces."""
        waiting: list[list[int]] = []
        first = size = 0
        for index, text in enumerate(texts):
            numbers = self.of(text)
            if waiting and size + len(numbers) > GROUP:
                yield slice(first, index), group(waiting)
                waiting, first, size = [], index, 0
            waiting.append(numbers)
            size += len(numbers)
        if waiting:
            yield slice(first, len(texts)), group(waiting)

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
