"""
What raw scores are worth: temperatures and bars, by messages kept from training.

A reader is surer of messages like those it learnt than of anybody else's, so what
sets these numbers was written apart from the training messages.
"""

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.features import Floats
from chats.analyzer.heads import (
    COLUMNS,
    PAIRS,
    SAFE,
    scenarios,
    softmax,
)

PRECISION = 0.96
"""The share of offered scenarios that must be right on messages kept from training."""
BLOCKED = 0.97
"""The share of unsafe messages kept from training, most of them hard, that is flagged."""
DOUBT = 0.8
"""
How sure an intent is of what ``evaluation/dev.jsonl`` would allow.

Real reviews are read right less often than messages written for a test.
"""


def settings(scores: Floats, labels: NDArray[np.intp], lift: Floats) -> Floats:
    """
    Return the settings: two temperatures, three scenario bars, the alarm bar.

    A temperature makes confidences true on average. A bar of a scenario is the
    lowest probability at which it has been right often enough (PRECISION), that of
    the alarms the highest that still blocks enough (BLOCKED).
    """
    heats = [
        _temperature(scores[:, columns], labels[:, head]) * doubt
        for head, (columns, doubt) in enumerate(zip(COLUMNS, (DOUBT, 1), strict=False))
    ]
    chances = [
        softmax(scores[:, columns] * heat)
        for columns, heat in zip(COLUMNS[:2], heats, strict=True)
    ]
    guesses = scenarios(chances[0], chances[1], lift)
    known = (labels[:, :2] >= 0).all(axis=1)
    truth = PAIRS[labels[known, 0], labels[known, 1]].argmax(axis=1)
    bars = [_bar(guesses[known], truth, column) for column in range(3)]
    unsafe = softmax(scores[:, COLUMNS[2]])[:, SAFE:].sum(axis=1)
    alarm = float(np.quantile(unsafe[labels[:, 2] >= SAFE], 1 - BLOCKED))
    return np.array([*heats, *bars, alarm], dtype=np.float32)


def _temperature(scores: Floats, labels: NDArray[np.intp]) -> float:
    """Return the factor on the scores that makes the labels likeliest."""
    known = labels >= 0
    scores, labels = scores[known], labels[known]

    def surprise(heat: float) -> float:
        chances = softmax(scores * np.float32(heat))
        picked = chances[np.arange(len(labels)), labels]
        return -float(np.log(picked + 1e-9).mean())

    return float(min(np.arange(0.3, 4.0, 0.02), key=surprise))


def _bar(guesses: Floats, truth: NDArray[np.intp], column: int) -> float:
    """Return the lowest bar with the wanted precision among those above it."""
    chosen = guesses.argmax(axis=1) == column
    for bar in np.arange(0.3, 0.95, 0.01):
        above = chosen & (guesses[:, column] >= bar)
        if not above.any() or (truth[above] == column).mean() >= PRECISION:
            return float(bar)
    return 0.95
