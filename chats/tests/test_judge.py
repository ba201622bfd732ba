from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from chats.policy import frames, judge, learning
from chats.policy.folding import fold, native
from chats.policy.judge import KINDS, PROMO, Judge
from chats.policy.kinds import Kind
from chats.policy.outbound import blocks, check
from chats.policy.terms import Terms

DATA = Path(__file__).parent / "data"
CODE = Terms("THANKS10", Decimal(10), date(2027, 2, 28))
GIVEN = {"code": CODE, "none": None}


def lines(name):
    return (DATA / name).read_text(encoding="utf-8").splitlines()


FORBIDDEN = [tuple(line.split(" | ", 2)) for line in lines("paraphrases_bad.txt")]
HARMLESS = lines("paraphrases_good.txt")
STRANGERS = [tuple(line.split("\t", 2)) for line in lines("strangers_outbound.tsv")]
OTHERS = [tuple(line.split("\t", 2)) for line in lines("strangers2_outbound.tsv")]
THIRD = [tuple(line.split("\t", 2)) for line in lines("strangers3_outbound.tsv")]
TEPLO = Terms("TEPLO10", Decimal(10), date(2026, 12, 20))


def found(text, *, promo=False):
    return list(judge.findings(native(fold(text)).text, promo=promo))


def test_paraphrases_nobody_trained_on_are_blocked():
    missed = [
        text for _, terms, text in FORBIDDEN if not blocks(check(text, GIVEN[terms]))
    ]

    assert len(missed) <= 0.05 * len(FORBIDDEN), missed


def test_most_look_alikes_nobody_trained_on_pass():
    stopped = [
        text
        for text in HARMLESS
        if blocks(check(text, CODE if CODE.code in text else None))
    ]

    assert len(stopped) <= 0.1 * len(HARMLESS), stopped


def test_what_a_stranger_wrote_is_told_apart():
    wrong = {
        verdict: [
            text
            for expected, _, text in STRANGERS
            if expected == verdict and blocks(check(text)) != (verdict == "block")
        ]
        for verdict in ("block", "pass")
    }

    assert len(wrong["block"]) <= 5, wrong["block"]
    assert len(wrong["pass"]) <= 3, wrong["pass"]


@pytest.mark.parametrize(
    ("texts", "missed", "stopped"),
    [
        pytest.param(OTHERS, 3, 2, id="another"),
        pytest.param(THIRD, 4, 1, id="a third, not learnt from"),
    ],
)
def test_what_other_strangers_wrote_is_told_apart(texts, missed, stopped):
    wrong = {
        verdict: [
            text
            for expected, kind, text in texts
            if expected == verdict
            and blocks(
                check(text, TEPLO if TEPLO.code in text or kind == "bad_code" else None)
            )
            != (verdict == "bad")
        ]
        for verdict in ("bad", "good")
    }

    assert len(wrong["bad"]) <= missed, wrong["bad"]
    assert len(wrong["good"]) <= stopped, wrong["good"]


def test_none_of_these_lies_in_the_training_files():
    trained = "\n".join(
        path.read_text(encoding="utf-8") for path in learning.TRAINING.glob("*.txt")
    )

    for text in [
        text for _, _, text in FORBIDDEN + STRANGERS + OTHERS + THIRD
    ] + HARMLESS:
        assert text not in trained


def test_the_words_that_weigh_most_are_named():
    text = "Добрый день! Коробка мятая, жаль. Сумму полностью зачислим в пятницу."

    (violation,) = check(text)

    assert violation.kind is Kind.REFUND_PROMISE
    assert "Сумму полностью зачислим" in text[violation.start : violation.end]
    assert violation.params["text"] == text[violation.start : violation.end]


def test_a_promise_hidden_in_a_long_sentence_is_found():
    text = (
        "Здравствуйте, размер 46 есть в наличии, цвет чёрный, ткань хлопок, "
        "а разницу в цене перечислим вам на карту завтра, хорошего вам дня"
    )

    assert {violation.kind for violation in check(text)} == {Kind.REFUND_PROMISE}


@pytest.mark.parametrize("kind", sorted(PROMO))
def test_some_harm_is_harm_only_beside_a_code(kind):
    texts = [text for name, _, text in FORBIDDEN if name == kind]

    assert any(one.kind is kind for text in texts for one in found(text, promo=True))
    assert not any(one.kind is kind for text in texts for one in found(text))


def test_an_assurance_about_a_known_good_is_only_a_warning():
    text = "Не порвётся никогда, обещаем"

    assert blocks(check(text))
    assert not blocks(check(text, facts="Чайник электрический"))


def test_a_long_text_is_read_to_its_end():
    harmless = " и ".join(HARMLESS[0].lower().strip(".") for _ in range(50)) + " "

    assert not found(harmless)
    assert found(harmless + "сумму полностью зачислим вам на карту в пятницу")


def test_a_frame_says_everything_it_can_and_no_more():
    said = set(frames.sentences(["(Вернём|Отдадим) (вам |)деньги"], each=9, seed=1))

    assert said == {
        "Вернём вам деньги",
        "Вернём деньги",
        "Отдадим вам деньги",
        "Отдадим деньги",
    }


def test_choices_lie_within_choices():
    said = set(frames.sentences(["а(б(в|г)|)"], each=9, seed=1))

    assert said == {"абв", "абг", "а"}


@pytest.mark.parametrize("kind", ["clean", *KINDS])
def test_every_family_has_sentences_enough(kind):
    text = (learning.TRAINING / f"{kind}.txt").read_text(encoding="utf-8")

    drawn = frames.sentences(text.splitlines(), each=learning.EACH, seed=1)

    assert len(set(drawn)) >= (1500 if kind == "clean" else 600)


def test_replies_are_frames_without_slots():
    made = learning.reply_frames(learning.REPLIES)

    assert made
    assert not any(mark in frame for frame in made for mark in "{}[]")


@pytest.fixture
def folder(tmp_path):
    """Two sentences of each family."""
    for number, kind in enumerate(["clean", *KINDS]):
        word = "абвгдежзиклмнпр"[number] * 4
        text = f"(один|два) {word} и {word}\nтри {word}"
        (tmp_path / f"{kind}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_same_frames_give_the_same_bytes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "ROUNDS", 5)
    monkeypatch.setattr(learning, "questions", list)

    for name in ("once.npz", "again.npz"):
        fitted = learning.train(folder, replies=folder)
        learning.save(tmp_path / name, fitted)

    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    words = learning.stems_of("три бббб")
    stored = Judge.load(tmp_path / "once.npz")
    assert stored.chances(words) == pytest.approx(fitted.chances(words), abs=0.02)
