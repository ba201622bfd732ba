import random

import pytest

from chats.policy import coining, tagger, tagging
from chats.policy.folding import fold
from chats.policy.masking import mask
from chats.policy.tagger import Tagger


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("доставьте аул Хабез Нартов 17 пожалуйста", "доставьте [адрес] пожалуйста"),
        ("адрес Тельмана восемь квартира два", "адрес [адрес]"),
        ("снт Рябинка 3 линия 48 везите сюда", "[адрес] везите сюда"),
        ("забрать должен Ермухан Толебаев", "забрать должен [ФИО]"),
        ("выдали Сагитовой Лиане а это не я", "выдали [ФИО] а это не я"),
    ],
)
def test_places_and_people_no_list_holds_are_hidden(text, shown):
    assert mask(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "на 48 размер брать или 50",
        "роман Лев Толстой Анна Каренина том 2",
        "т.к. ткань тонкая, т.е. просвечивает",
        "расход краски 8 кв м, хватит на 20",
        "ПРИШЛО НЕ ТО ЧТО ЗАКАЗЫВАЛА, ВЕРНИТЕ ДЕНЬГИ",
        "из Подольска едет 4 дня",
    ],
)
def test_goods_and_figures_are_nobody_and_nowhere(text):
    assert mask(text).text == text


def test_one_word_or_no_figure_is_not_enough_for_the_tagger():
    for finder in (tagger.addresses, tagger.people):
        assert not list(finder(fold("Ленинградская")))


def test_an_empty_text_has_no_tokens():
    assert not list(tagger.addresses(fold("")))


def test_halves_found_by_two_finders_are_hidden_as_one():
    text = "переехала в г Уфа проспект Октября 132/3 кв 51"

    assert mask(text).text.count("[адрес]") == 1


def test_every_coin_is_made_of_words_and_leaves_no_mark():
    draw = random.Random(1)

    for name in coining.COINS:
        text = coining.mark(coining.fill(f"%{name}", draw), "", "")
        assert text.strip()
        assert text.isprintable()
        assert "%" not in text


def test_examples_tell_which_letters_are_personal():
    sample = [
        example
        for number, example in enumerate(tagging.examples())
        if number % 50 == 0 and any(example.tags)
    ]

    assert len(sample) > 50
    for example in sample:
        assert len(example.tags) == len(example.text)
        assert example.text.isprintable()


@pytest.fixture
def folder(tmp_path):
    """A frame of each kind."""
    for name, text in {
        "said": "везите на @адрес\nзаберёт @имя",
        "address": "%вид %улица, %дом\n%город, %улица %дом",
        "name": "%полное",
        "plain": "размер %число есть\nспасибо, %первое",
    }.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_same_frames_give_the_same_bytes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tagging, "ROUNDS", 5)
    monkeypatch.setattr(tagging, "SAID", 20)

    for name in ("once.npz", "again.npz"):
        fitted = tagging.train(folder, buyers=folder)
        tagging.save(tmp_path / name, fitted)

    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    row = tagger.tokens(fold("везите на ул. Мира, 5"))
    stored = Tagger.load(tmp_path / "once.npz")
    assert stored.chances(row) == pytest.approx(fitted.chances(row), abs=0.001)
