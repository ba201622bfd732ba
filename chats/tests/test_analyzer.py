import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.analyzer import (
    Context,
    Flag,
    Good,
    Intent,
    Line,
    Reading,
    Scenario,
    Sentiment,
    Turn,
    analyze,
    analyze_many,
)
from chats.analyzer.safety import alarms
from chats.analyzer.taxonomy import scenario_of
from chats.analyzer.text import words

NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)


def said(*lines):
    """Lines a minute apart, the last a minute before noon: (author, text)."""
    first = NOON - timedelta(minutes=len(lines))
    return Context(
        history=tuple(
            Line(author, text, first + timedelta(minutes=number))
            for number, (author, text) in enumerate(lines)
        )
    )


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        pytest.param("чайник не включается", "defect_not_working", id="broken"),
        pytest.param(
            "чайник не включается, верните деньги",
            "return_refund",
            id="a request wins over its reason",
        ),
        pytest.param("прислали синий вместо красного", "wrong_item", id="wrong item"),
        pytest.param("ткань колючая и вся в нитках", "quality_complaint", id="poor"),
        pytest.param("где мой заказ, когда привезут", "delivery_status", id="late"),
        pytest.param("отмените заказ пожалуйста", "order_cancel", id="cancel"),
        pytest.param("как включить подогрев?", "usage_instruction", id="how to"),
        pytest.param("пришлите чек на почту", "warranty_docs", id="papers"),
        pytest.param("какой состав ткани?", "pre_purchase", id="before buying"),
        pytest.param("рост 170 вес 60 какой размер", "sizing_fit", id="size"),
        pytest.param("когда появится в наличии", "availability", id="in stock"),
        pytest.param("подойдет к айфону 13?", "compatibility", id="fits"),
        pytest.param("есть промокод на скидку?", "promo_request", id="discount"),
        pytest.param("очень довольна покупкой!", "positive_feedback", id="praise"),
        pytest.param("спасибо за ответ", "thanks", id="thanks"),
        pytest.param("здравствуйте", "other", id="greeting"),
    ],
)
def test_plain_messages_are_understood(text, intent):
    assert analyze(text).intent == intent


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        pytest.param("просто браво, прислали пустую коробку", "negative", id="sarcasm"),
        pytest.param("ни капли не пожалела что взяла", "positive", id="no regret"),
        pytest.param(
            "спасибо за быструю доставку, но стекло разбито",
            "negative",
            id="polite complaint",
        ),
        pytest.param("какая длина рукава?", "neutral", id="a question"),
        pytest.param("какого хрена так долго везёте", "negative", id="swearing"),
        pytest.param("спасибо, но насос не качает", "negative", id="thanks, but"),
        pytest.param(
            "корпус красивый, а экран не работает", "negative", id="pretty but broken"
        ),
        pytest.param("совсем не понравилось", "negative", id="denied praise"),
        pytest.param("не линяет и не садится", "positive", id="denied blame"),
    ],
)
def test_the_tone_is_the_one_that_is_meant(text, sentiment):
    assert analyze(text).sentiment == sentiment


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        pytest.param("отмeнитe зaкaз пoжaлуйстa", "order_cancel", id="Latin letters"),
        pytest.param("otmenite zakaz pozhaluista", "order_cancel", id="by sound"),
        pytest.param("jnvtybnt pfrfp", "order_cancel", id="wrong layout"),
        pytest.param("отменитезаказпожалуйста", "order_cancel", id="no spaces"),
        pytest.param("ОТМЕНИТЕ ЗАКАЗ!!!!!!!", "order_cancel", id="shouting"),
        pytest.param("спасииииибо большооое", "thanks", id="stretched"),
        pytest.param("атмините заказ пажалуста", "order_cancel", id="by ear"),
        pytest.param(
            "добрый день я вчера заказала у вас куртку и вот хотела бы узнать"
            " когда она приедет потому что я уезжаю в пятницу и боюсь не успеть"
            " её забрать подскажите пожалуйста где сейчас посылка",
            "delivery_status",
            id="dictated",
        ),
    ],
)
def test_bad_spelling_is_read_through(text, intent):
    assert analyze(text).intent == intent


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        pytest.param("т в а р и вы", ["твари", "вы"], id="letter by letter"),
        pytest.param("б.л.и.н", ["блин"], id="dotted"),
        pytest.param("m0шенники", ["мошенники"], id="a digit for a letter"),
        pytest.param("40 а 42", ["40", "а", "42"], id="sizes stay"),
        pytest.param("user@mail.ru", ["user", "@", "mail", ".", "ru"], id="address"),
    ],
)
def test_words_taken_apart_are_put_together(text, forms):
    assert [word.form for word in words(text)] == forms


def test_a_word_taken_apart_keeps_its_place():
    (word,) = words("эх т в а р и")[1:]

    assert (word.start, word.end) == (3, 12)


def test_emoji_alone_are_a_mood_and_no_request():
    reading = analyze("👍👍👍")

    assert reading.sentiment is not Sentiment.NEGATIVE
    assert reading.scenario is not Scenario.UC2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("сәлеметсіз бе, қашан келеді", "kk", id="Kazakh"),
        pytest.param("hello, when will it arrive", "en", id="English"),
        pytest.param("дзякуй, усё цудоўна", "be", id="Belarusian"),
        pytest.param("коли приїде", "uk", id="Ukrainian"),
        pytest.param("когда приедет", "ru", id="Russian"),
        pytest.param("?!", "", id="no letters"),
    ],
)
def test_the_language_is_told_by_its_letters(text, language):
    assert analyze(text).language == language


def test_another_language_never_makes_a_confident_reading():
    assert not analyze("is there a discount for two pieces?").confident


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        pytest.param("после крема ожог на лице", Flag.INJURY_HEALTH, id="burn"),
        pytest.param(
            "ребенок проглотил деталь от игрушки", Flag.CHILD_SAFETY, id="child"
        ),
        pytest.param("зарядка загорелась ночью", Flag.HAZARD, id="fire"),
        pytest.param("кот отравился вашим кормом", Flag.PET_HARM, id="pet"),
        pytest.param("в крупе черви", Flag.CONTAMINATION, id="worms"),
        pytest.param("пишу в роспотребнадзор", Flag.LEGAL_THREAT, id="court"),
        pytest.param("вы мошенники", Flag.SCAM_FRAUD, id="fraud"),
        pytest.param(
            "верните 500 рублей или поставлю единицу", Flag.EXTORTION, id="extortion"
        ),
        pytest.param("твари, сдохните", Flag.ABUSE_ONLY, id="abuse"),
        pytest.param(
            "муж умер, отмените заказ", Flag.GRIEF_SENSITIVE, id="bereavement"
        ),
        pytest.param(
            "откуда у курьера мой номер телефона", Flag.PRIVACY_BREACH, id="privacy"
        ),
        pytest.param("я не хочу жить", Flag.SELF_HARM, id="despair"),
        pytest.param("выложу видео про вас в тикток", Flag.MEDIA_THREAT, id="media"),
        pytest.param("бандеровцы проклятые", Flag.HATE_POLITICS, id="hatred"),
    ],
)
def test_what_must_not_be_answered_with_a_code_is_flagged(text, flag):
    reading = analyze(text)

    assert flag in reading.flags
    assert reading.scenario is Scenario.NONE


@pytest.mark.parametrize(
    "text",
    [
        "аллергии нет, всё хорошо",
        "цена просто взрыв",
        "умереть как красиво",
        "подойдёт аллергику?",
        "не развод, всё честно",
        "загорелась идеей купить вторую",
        "средство от тараканов помогло",
        "лампочка загорелась зелёным",
    ],
)
def test_denials_and_idioms_raise_no_flag(text):
    assert analyze(text).flags == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("чайник не включается, прислали брак", id="one message"),
        pytest.param("  \n чайник 😀 не включается", id="after an emoji"),
    ],
)
def test_evidence_quotes_the_buyer(text):
    evidence = analyze(text).evidence

    quotes = [text[item.start : item.end] for item in evidence if item.kind == "intent"]
    assert any("включается" in quote for quote in quotes)


def test_evidence_names_the_message_it_stands_in():
    reading = analyze(Turn(("добрый день", "отмените мой заказ")))

    intent = [item for item in reading.evidence if item.kind == "intent"]
    assert {item.message_index for item in intent} == {1}


def test_a_flag_is_quoted_too():
    text = "всё понятно, иду в суд"
    (quote,) = [item for item in analyze(text).evidence if item.kind == "flag"][:1]

    assert "суд" in text[quote.start : quote.end]


def test_a_turn_is_read_as_a_whole():
    reading = analyze(Turn(("Здравствуйте!", "Пришёл блендер", "и он не работает")))

    assert reading.intent is Intent.DEFECT_NOT_WORKING


def test_a_short_answer_keeps_the_intent_of_the_dialogue():
    context = said(
        ("buyer", "хочу вернуть кроссовки, как оформить возврат?"),
        ("seller", "Подскажите, пожалуйста, товар был в носке?"),
    )

    assert analyze("да").intent is Intent.OTHER
    assert analyze("да", context).intent is Intent.RETURN_REFUND


def test_a_follow_up_question_keeps_the_subject():
    context = said(
        ("buyer", "44 размер есть в наличии?"), ("seller", "Да, 44 в наличии.")
    )

    assert analyze("а 46?", context).intent is Intent.AVAILABILITY


@pytest.mark.parametrize("text", ["а 46?", "46?", "размер 46 ?", "а XL?"])
def test_a_bare_size_under_clothes_asks_whether_there_is_one(text):
    dress = Context(good=Good("Платье женское летнее"))

    reading = analyze(text, dress)

    assert (reading.intent, reading.scenario) == (Intent.AVAILABILITY, Scenario.UC3)


@pytest.mark.parametrize(
    ("text", "title"),
    [("46?", "Чайник электрический"), ("46", "Платье"), ("46?", "Полотенце")],
)
def test_a_bare_number_elsewhere_is_read_as_it_stands(text, title):
    assert analyze(text, Context(good=Good(title))) == analyze(text)


def test_what_is_sold_is_no_cause_for_alarm():
    text = "тараканы в субботу были, сегодня ни одного"
    trap = Context(good=Good("Гель от тараканов"))

    assert not any(item.kind == "flag" for item in analyze(text, trap).evidence)
    assert alarms(words("тараканы"), ["тараканов"]) == []
    assert alarms(words("тараканы"), ["гречка"])


def test_a_bare_number_answers_what_was_asked():
    context = said(
        ("buyer", "какой размер мне взять?"), ("seller", "Подскажите рост и вес.")
    )

    assert analyze("170 65", context).intent is Intent.SIZING_FIT


@pytest.mark.parametrize(
    ("earlier", "asked", "answer", "intent"),
    [
        pytest.param(
            "фильтр к моему кувшину подойдёт?",
            "Напишите, пожалуйста, модель кувшина.",
            "аквафор вроде",
            Intent.COMPATIBILITY,
            id="a question without a mark",
        ),
        pytest.param(
            "опять нет 42",
            "Поступление в марте. Оставить для вас заметку?",
            "ну в марте мне уже не надо, очень жаль",
            Intent.AVAILABILITY,
            id="a longer vague answer",
        ),
    ],
)
def test_an_answer_to_the_seller_keeps_what_was_asked_about(
    earlier, asked, answer, intent
):
    context = said(("buyer", earlier), ("seller", asked))

    assert analyze(answer).intent is not intent
    assert analyze(answer, context).intent is intent


def test_a_polite_closing_of_the_seller_is_no_question():
    context = said(
        ("buyer", "где мой заказ?"),
        ("seller", "Заказ в пути. Напишите, если будут вопросы!"),
    )

    assert analyze("дно отвалилось", context) == analyze("дно отвалилось")


def test_words_nobody_understands_are_never_read_with_confidence():
    for text in ("ыва олд 12", "зел тк 5 мн", "хзщшг лорп", "мбу вл 4"):
        reading = analyze(text)
        told = scenario_of(reading.intent, reading.sentiment)
        assert told is Scenario.NONE or not reading.confident, text


def test_a_clear_new_request_is_not_swallowed_by_the_dialogue():
    context = said(
        ("buyer", "какой размер мне взять?"), ("seller", "Какой у вас рост?")
    )

    assert analyze("отмените заказ", context).intent is Intent.ORDER_CANCEL


def test_yesterday_is_forgotten():
    old = Line("buyer", "хочу вернуть кроссовки", NOON - timedelta(hours=30))
    ask = Line("seller", "Что-нибудь ещё?", NOON)

    assert analyze("да", Context((old, ask))).intent is Intent.OTHER


def test_thanks_stay_thanks_after_a_problem():
    context = said(("buyer", "чайник не работает"), ("seller", "Заменим, хорошо?"))

    assert analyze("спасибо большое", context).intent is Intent.THANKS


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u200b", ".", "https://example.com/kak-vernut"]
)
def test_nothing_to_read_is_never_a_reason_for_a_code(text):
    reading = analyze(text)

    assert reading.intent is Intent.OTHER
    assert reading.scenario is Scenario.NONE


def test_a_list_is_read_as_its_items_would_be():
    texts = ["когда приедет", "", "спасибо", "не работает кнопка"]

    together = analyze_many([(text, None) for text in texts])

    assert [reading.intent for reading in together] == [
        analyze(text).intent for text in texts
    ]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=300) | st.text("\ud800\udfff а"))
def test_any_text_has_a_reading(text):
    reading = analyze(text)

    assert 0 <= reading.scenario_confidence <= 1.0001
    assert Reading.from_dict(reading.as_dict()) == reading
    for item in reading.evidence:
        assert 0 <= item.start < item.end <= len(text)


@settings(max_examples=12, deadline=2_000)
@given(
    st.text(alphabet=string.printable + "абвгд не 0🙂", min_size=1, max_size=8),
    st.integers(10_000, 100_000),
)
def test_long_texts_take_bounded_time(piece, size):
    text = (piece * size)[:size]

    assert analyze(text).version


def test_a_hundred_thousand_messages_in_one_turn_are_read():
    assert analyze(Turn(("да",) * 100_000)).intent in set(Intent)
