"""Teaching the encoder's inner layers: the gradients, and what they lead to."""

import numpy as np
import pytest

from chats.analyzer import tuning
from chats.analyzer.deep import Deep, stored
from chats.analyzer.encoder import ENCODER, Encoder
from chats.analyzer.heads import COLUMNS, FLAGS, INTENTS, SAFE, softmax
from chats.analyzer.pieces import group
from chats.analyzer.taxonomy import Flag, Intent

TEXTS = ("привет", "не работает чайник, верните деньги", "а", "иду в суд на вас")
LABELS = np.array([[15, 1, 1], [3, 0, -1], [15, 1, 1], [-1, 0, SAFE]])


@pytest.fixture(scope="module")
def encoder():
    return Encoder(ENCODER)


@pytest.fixture(scope="module")
def lesson(encoder):
    pieces = [encoder.pieces(text) for text in TEXTS]
    return tuning.Lesson(pieces, LABELS, np.array([1, 0.5, 1, 2], dtype=np.float32))


def loss(scores, lesson):
    """The weighted cross-entropy of the three heads, in double precision."""
    total = 0.0
    for head, columns in enumerate(COLUMNS):
        for row, label in enumerate(lesson.labels[:, head]):
            if label >= 0:
                chance = softmax(scores[row, columns].astype(np.float64))[label]
                weight = lesson.lifts[head][label] * lesson.weights[row]
                total -= np.log(chance) * weight / len(scores)
    return total


def test_each_gradient_is_the_slope_of_the_loss(encoder, lesson, monkeypatch):
    monkeypatch.setattr(tuning, "SKIP", 0)
    monkeypatch.setattr(tuning, "FORGET", 0)
    chance = np.random.default_rng(1)
    known = {name: encoder.weights[name].copy() for name in tuning.TAUGHT}
    known["head"] = chance.normal(0, 0.05, (2560, 36)).astype(np.float32)
    known["head_b"] = np.zeros(36, dtype=np.float32)
    everyone = np.arange(len(TEXTS))

    def walked():
        laid = group(lesson.texts)
        return tuning._Trail(laid, encoder.texts, known, chance)

    trail = walked()
    gradients = trail.gradients(tuning._slope(trail.scores, lesson, everyone))

    for name, gradient in gradients.items():
        steepest = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        here = known[name][steepest]
        nudge = max(2e-3, abs(here) * 3e-3)
        known[name][steepest] = here + nudge
        above = loss(walked().scores, lesson)
        known[name][steepest] = here - nudge
        below = loss(walked().scores, lesson)
        known[name][steepest] = here
        expected = (above - below) / (2 * nudge)
        assert gradient[steepest] == pytest.approx(expected, rel=0.05), name


def test_a_taught_reader_knows_its_lesson(encoder, lesson, monkeypatch):
    monkeypatch.setattr(tuning, "WARM", 1)
    lessons = [lesson] * 25
    monkeypatch.setattr(tuning, "PASSES", len(lessons))

    taught = tuning.teach(lessons, encoder.texts, encoder.weights, seed=1)
    scores = Deep.of(stored(taught), encoder.texts).scores(list(TEXTS))

    wants = [INTENTS[at] for at in scores[:3, COLUMNS[0]].argmax(axis=1)]
    assert wants == [Intent.OTHER, Intent.RETURN_REFUND, Intent.OTHER]
    assert (
        FLAGS[scores[3, COLUMNS[2]].argmax() - SAFE] is FLAGS[0] is Flag.INJURY_HEALTH
    )


def test_eight_bits_change_the_scores_little(encoder, lesson):
    taught = tuning.teach([lesson], encoder.texts, encoder.weights, seed=1)

    exact = Deep(encoder.texts, taught).scores(list(TEXTS))
    kept = Deep.of(stored(taught), encoder.texts).scores(list(TEXTS))

    assert np.abs(exact - kept).max() < 0.02
