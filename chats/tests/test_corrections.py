import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from chats import corrections
from chats.analyzer import Flag, Intent, Sentiment, corpus, features, learning
from chats.analyzer.encoder import ENCODER, Encoder
from chats.analyzer.heads import INTENTS, Heads
from chats.analyzer.text import words
from chats.models import Analysis, Correction
from chats.tests.conftest import say


@pytest.fixture
def read(seller, make_chat):
    """Store a reading of one turn, as if the analyser had given it."""

    def read(*texts, intent="thanks", sentiment="positive", flags=(), version="v1"):
        chat = make_chat(*texts)
        messages = list(chat.messages.order_by("pk"))
        return Analysis.objects.create(
            seller=seller,
            chat=chat,
            message=messages[-1],
            message_ids=[message.pk for message in messages],
            intent=intent,
            sentiment=sentiment,
            scenario="UC1",
            intent_confidence=0.9,
            sentiment_confidence=0.9,
            scenario_confidence=0.9,
            confident=True,
            reading={"flags": list(flags)},
            version=version,
        )

    return read


def correct(analysis, intent="sizing_fit", sentiment="neutral", operator=None, flag=""):
    return corrections.correct(
        analysis,
        intent=intent,
        sentiment=sentiment,
        flag=flag,
        operator=operator,
        now=NOON,
    )


def test_a_correction_is_kept_beside_the_reading_and_moves_the_chat(read, operator):
    analysis = read("А размер?")

    made = correct(analysis, operator=operator)

    analysis.refresh_from_db()
    analysis.chat.refresh_from_db()
    assert (made.intent, made.operator) == ("sizing_fit", operator)
    assert analysis.intent == "thanks"
    assert analysis.chat.intent == "sizing_fit"
    assert analysis.chat.changed_at == NOON


def test_correcting_an_older_turn_leaves_the_chat_where_the_newest_put_it(read):
    older = read("А размер?")
    older.chat.intent = "thanks"
    older.chat.save()
    newest = say(older.chat, "Спасибо!", at=NOON + timedelta(minutes=5))
    Analysis.objects.create(
        **{
            field: getattr(older, field)
            for field in (
                "seller",
                "chat",
                "intent",
                "sentiment",
                "scenario",
                "intent_confidence",
                "sentiment_confidence",
                "scenario_confidence",
                "confident",
                "reading",
                "version",
            )
        },
        message=newest,
    )

    correct(older)

    older.chat.refresh_from_db()
    assert older.chat.intent == "thanks"


def test_a_word_outside_the_taxonomy_is_refused(read):
    analysis = read("А размер?")

    with pytest.raises(ValueError, match="give_code"):
        correct(analysis, intent="give_code")

    assert not Correction.objects.exists()


def test_what_is_exported_is_masked_and_read_by_the_training(read, tmp_path):
    correct(read("Мой номер 89123456789", "А какой\nразмер?"))
    correct(
        read("Подам в суд за 46 размер", flags=["legal_threat"]), sentiment="negative"
    )

    call_command("export_corrections", tmp_path)

    by_flag = {bool(e.flags): e for e in corpus.load(tmp_path)}
    plain, flagged = by_flag[False], by_flag[True]
    assert plain.text == "Мой номер [телефон]\nА какой\nразмер?"
    assert (plain.intent, plain.sentiment) == (Intent.SIZING_FIT, Sentiment.NEUTRAL)
    assert flagged.flags == (Flag.LEGAL_THREAT,)
    assert flagged.sentiment is Sentiment.NEGATIVE


def test_a_flag_raised_in_vain_or_missed_is_exported_as_the_operator_says(
    read, tmp_path
):
    correct(read("Умереть как красиво", flags=["self_harm"]), flag="none")
    correct(read("Рука теперь в гипсе"), flag="injury_health")

    call_command("export_corrections", tmp_path)

    by_text = {example.text: example for example in corpus.load(tmp_path)}
    assert by_text["Умереть как красиво"].lookalike
    assert by_text["Рука теперь в гипсе"].flags == (Flag.INJURY_HEALTH,)


def test_a_flag_outside_the_taxonomy_is_refused(read):
    with pytest.raises(ValueError, match="boredom"):
        correct(read("А размер?"), flag="boredom")

    assert not Correction.objects.exists()


def test_exported_corrections_train_an_analyser_that_has_learnt_them(
    read, tmp_path, monkeypatch, capsys
):
    base = tmp_path / "training" / "voice"
    base.mkdir(parents=True)
    for name, word in (("thanks.positive", "спасибо"), ("other.neutral", "алло")):
        lines = [f"{word} {number}" for number in range(12)]
        (base / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    for number in range(12):
        correct(read(f"спасибо {number}"), intent="order_cancel", sentiment="negative")
    call_command("export_corrections", tmp_path / "export")
    monkeypatch.setattr(corpus.load, "__defaults__", (base.parent,))
    monkeypatch.setattr(learning, "ROUNDS", 20)
    monkeypatch.setattr(corpus.apart, "__defaults__", (tmp_path / "apart",))
    monkeypatch.setattr(corpus, "CALIBRATING", ("few",))
    (tmp_path / "apart").mkdir()
    rows = [
        {"text": "ау", "intent": "other", "sentiment": "neutral"},
        {
            "text": "хам",
            "intent": "other",
            "sentiment": "negative",
            "flags": ["abuse_only"],
        },
    ]
    (tmp_path / "apart" / "few.jsonl").write_text(
        "\n".join(map(json.dumps, rows)), encoding="utf-8"
    )
    out = tmp_path / "heads.npz"

    learning.main(["--extra", str(tmp_path / "export"), "--out", str(out)])

    fitted = Heads.load(out)
    turn = features.see(words("спасибо 5"))
    dense = features.dense(Encoder(ENCODER), ["спасибо 5"], [turn])
    best = fitted.scores([turn.hashes], dense)[0, :16].argmax()
    assert INTENTS[best] is Intent.ORDER_CANCEL
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["examples"] == 24


def test_a_folder_without_messages_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        learning.main(["--extra", str(tmp_path / "nowhere")])

    assert "no messages in" in capsys.readouterr().err


def test_the_last_correction_counts_and_a_second_export_needs_an_empty_folder(
    read, tmp_path
):
    analysis = read("А размер?")
    correct(analysis)
    correct(analysis, intent="availability")

    call_command("export_corrections", tmp_path)

    assert [example.intent for example in corpus.load(tmp_path)] == ["availability"]
    with pytest.raises(CommandError):
        call_command("export_corrections", tmp_path)


def test_the_table_counts_where_readings_were_moved(read, seller):
    for _ in range(2):
        correct(read("А размер?"))
    correct(read("Спасибо"), intent="thanks", sentiment="neutral")
    read("Спасибо большое")
    correct(read("Размер?", version="v2"))

    table = corrections.confusion(seller, version="v1")

    (row,) = table.rows
    counts = dict(zip(table.labels, row.counts, strict=True))
    assert (row.predicted, row.read, row.corrected) == ("thanks", 4, 2)
    assert counts["sizing_fit"] == 2
    assert counts["thanks"] == 1
    assert row.percent is None  # four readings say nothing


def test_a_share_is_shown_from_twenty_readings_on(read, seller):
    analyses = [read("Спасибо") for _ in range(20)]
    correct(analyses[0])

    (row,) = corrections.confusion(seller, version="v1").rows

    assert row.percent == Decimal("5.0")


def test_moods_have_a_table_of_their_own(read, seller):
    correct(read("Спасибо"), intent="thanks", sentiment="negative")

    table = corrections.confusion(seller, version="v1", field="sentiment")

    assert table.labels == ("negative", "neutral", "positive")
    assert table.rows[0].counts == (1, 0, 0)


def test_another_shop_sees_nothing_of_it(read):
    correct(read("Спасибо"))
    other = make_seller("Чужая")

    with scope(seller=other):
        assert corrections.versions(other) == []
        assert corrections.confusion(other, version="v1").rows == ()


def test_versions_come_newest_first(read, seller):
    read("Спасибо", version="v1")
    read("Спасибо", version="v2")

    assert corrections.versions(seller) == ["v2", "v1"]
