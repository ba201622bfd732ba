import random

import numpy as np
import pytest

from chats.analyzer import Flag, Intent, Sentiment, corpus, learning
from chats.analyzer.encoder import ENCODER, Encoder
from chats.analyzer.heads import HEADS, Heads, scenarios, softmax
from chats.benchmarks.analyzer import calibration_error


@pytest.fixture(scope="module")
def encoder():
    return Encoder(ENCODER)


@pytest.fixture
def folder(tmp_path):
    """Two dozen messages of three intents, in the layout of training data."""
    voice = tmp_path / "voice"
    voice.mkdir()
    for name, texts in {
        "thanks.positive": ["спасибо", "благодарю вас", "спасибо за ответ", "мерси"],
        "order_cancel.neutral": [
            "отмените заказ",
            "отмена",
            "уберите один",
            "отменить",
        ],
        "delivery_status.negative": ["где заказ", "долго едет", "потеряли", "ну когда"],
    }.items():
        lines = [f"{text} {number}" for text in texts for number in "абв"]
        (voice / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    (voice / "flagged.tsv").write_text(
        "legal_threat\torder_cancel\tnegative\tиду в суд\n"
        "-\torder_cancel\tneutral\tотмените, успеть до суда\\nспасибо\n",
        encoding="utf-8",
    )
    return tmp_path


def test_messages_come_with_what_their_files_say(folder):
    examples = corpus.load(folder)

    assert len(examples) == 38
    assert examples[0].intent is Intent.DELIVERY_STATUS
    assert examples[0].sentiment is Sentiment.NEGATIVE


def test_flagged_messages_and_their_look_alikes_are_told_apart(folder):
    by_text = {example.text: example for example in corpus.load(folder)}

    assert by_text["иду в суд"].flags == (Flag.LEGAL_THREAT,)
    assert by_text["отмените, успеть до суда\nспасибо"].lookalike


def test_messages_for_safety_alone_teach_no_intent(folder, encoder):
    row = "-\tthanks\tneutral\tцена просто взрыв\n"
    (folder / "voice" / "alarms.tsv").write_text(row, encoding="utf-8")

    labels = learning.tabulate(corpus.load(folder), encoder).labels

    assert sorted(labels[:, 0])[:2] == [-1, -1]
    assert (labels[:, 2] >= 0).all()


def test_every_training_file_can_be_read():
    examples = corpus.distinct(corpus.load())

    assert {example.intent for example in examples} == set(Intent)
    assert len(examples) > 6_000


def test_misspelling_is_the_same_for_the_same_seed(folder):
    examples = corpus.load(folder)

    once, again = (corpus.misspelt(examples, seed=1) for _ in range(2))

    assert once == again
    assert [item.text for item in once] != [item.text for item in examples]


def test_some_copies_are_spelt_by_ear_and_some_leave_vowels_out():
    text = "отравилась, аллергия, его боюсь"

    heard = corpus._heard(text, random.Random(2))
    hurried = corpus._hurried(text, random.Random(2))

    assert "алерг" in heard or "алирг" in heard
    assert hurried[0] == "о"
    assert len(hurried) < len(text)


def test_the_same_data_give_the_same_bytes(folder, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "ROUNDS", 5)
    examples = corpus.load(folder)

    for name in ("once.npz", "again.npz"):
        learning.save(tmp_path / name, learning.train(examples, examples, encoder))

    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_stored_heads_score_as_the_fitted_ones(folder, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "ROUNDS", 5)
    table = learning.tabulate(corpus.load(folder), encoder)
    fitted = learning.fit(table)

    learning.save(tmp_path / "heads.npz", learning.kept(fitted))
    stored = Heads.load(tmp_path / "heads.npz")

    expected = fitted.scores(table.hashes, table.dense)
    assert np.allclose(stored.scores(table.hashes, table.dense), expected, atol=0.05)


def test_the_scenarios_share_out_all_probability():
    heads = Heads.load(HEADS)
    intents = softmax(np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 16))
    sentiments = softmax(np.array([[1, 0, 0], [0, 0, 2]], dtype=np.float32))

    assert scenarios(intents, sentiments, heads.lift).sum(axis=1) == pytest.approx(1)


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    sure = np.array([0.95, 0.95, 0.65, 0.65])
    right = np.array([True, True, True, False])

    # half of the messages are off by 0.05, the other half by 0.15
    assert calibration_error(sure, right) == pytest.approx(0.1)


def test_the_weights_stay_small():
    assert ENCODER.stat().st_size + HEADS.stat().st_size <= 12_000_000
