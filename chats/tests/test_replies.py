import re
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from chats import replies
from chats.policy import outbound, rendering
from chats.policy.rendering import TemplateError
from chats.policy.terms import Terms

TERMS = Terms("THANKS10", Decimal(10), date(2027, 2, 28))


def test_a_reply_with_terms_names_the_code_once_and_passes_the_policy():
    reply = replies.compose("positive_feedback", "positive", terms=TERMS, name="Анна")

    assert reply.text.count("THANKS10") == 1
    assert "28\u00a0февраля" in reply.text
    assert outbound.check(reply.text, TERMS) == ()


def test_the_same_seed_gives_the_same_words():
    first, second = (
        replies.compose("positive_feedback", "positive", seed="chat-1")
        for _ in range(2)
    )

    assert first == second


def test_a_variant_does_not_come_twice_while_another_is_left():
    used: list[str] = []
    for _ in range(3):
        reply = replies.compose("positive_feedback", "positive", used=used, seed="c")
        used.append(reply.variant)

    assert len(set(used)) == 3


INTENTS = [
    "defect_not_working",
    "wrong_item",
    "quality_complaint",
    "return_refund",
    "delivery_status",
    "order_cancel",
    "usage_instruction",
    "warranty_docs",
    "pre_purchase",
    "sizing_fit",
    "availability",
    "compatibility",
    "promo_request",
    "positive_feedback",
    "thanks",
    "other",
]
TITLE = "Фен Polaris PHD 2077i, 2000 Вт"
ANSWER = "Размер 46 есть в наличии, обхват груди 92 см."
FILLS = [
    ("", "", ""),
    ("Анна", TITLE, ""),
    ("Жан-Поль", "", ANSWER),
]
REGISTRY = [
    TERMS,
    Terms("ЛЕТО-7", Decimal("7.50"), date(2027, 1, 1), "selected", frozenset({111222})),
    Terms(
        "HELLO3",
        Decimal(3),
        date(2027, 12, 31),
        "selected",
        frozenset(range(10000, 10009)),
    ),
]


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("sentiment", ["positive", "neutral", "negative"])
@pytest.mark.parametrize("with_code", [False, True])
def test_each_intent_and_mood_has_three_neutral_variants(intent, sentiment, with_code):
    section = replies.library()[
        replies.section_id(intent, sentiment, with_code=with_code)
    ]

    assert len([variant for variant in section if variant.tone == "neutral"]) >= 3


@pytest.mark.parametrize("template_id", sorted(replies.library()))
def test_every_variant_passes_the_policy_however_filled(template_id):
    registry = REGISTRY if template_id.endswith("with_code") else [None]
    for variant, terms, fill in product(
        replies.library()[template_id], registry, FILLS
    ):
        name, title, answer = fill
        rendered = rendering.render(
            variant.source, terms=terms, name=name, product=title, answer=answer
        )

        assert outbound.check(rendered.text, terms) == (), rendered.text
        assert len(rendered.text) <= 1000
        assert not re.search(r"  | [,.!?]|\[|\]|\n\n\n", rendered.text)
        assert rendered.text[0].isupper()
        assert terms is None or rendered.text.count(terms.code) == 1


def test_a_reply_without_a_code_does_not_speak_of_one():
    for template_id, variants in replies.library().items():
        if not template_id.endswith("with_code") and "promo_request" not in template_id:
            words = " ".join(variant.source for variant in variants)
            assert not re.search("промокод|скидк", words, re.IGNORECASE)


def test_the_warm_tone_prefers_warm_variants_and_falls_back_to_neutral_ones():
    warm = replies.compose("positive_feedback", "positive", tone="warm", seed="1")
    plain = replies.compose("order_cancel", "neutral", tone="warm", seed="1")

    assert warm.variant.endswith("#4")
    assert plain.text


def test_an_unsafe_turn_gets_a_calm_reply_that_asks_nothing():
    reply = replies.escalate("injury_health", name="Анна")
    other = replies.escalate("something_new")

    assert (
        "врач" in reply.text or "медицинск" in reply.text or "сохраните" in reply.text
    )
    assert other.template_id == "escalation/any"
    assert "?" not in reply.text


def test_a_known_answer_replaces_the_question():
    asked = replies.compose("sizing_fit", "neutral", seed="a")
    told = replies.compose(
        "sizing_fit", "neutral", seed="a", answer="Идёт размер в размер."
    )

    assert "Идёт размер в размер." in told.text
    assert "мерки" not in told.text
    assert "мерк" in asked.text or "обхват" in asked.text


def test_an_intent_without_texts_is_an_error():
    with pytest.raises(replies.NoTemplate):
        replies.compose("no_such_intent", "neutral")


def test_a_code_in_a_section_without_is_refused():
    with pytest.raises(TemplateError):
        replies.parse("x", "== neutral\nПромокод {код} для заказа\n")


def test_a_sellers_own_wording_is_used_instead():
    own = [replies.Variant("thanks/positive", 1, "Пожалуйста[, {имя}], заходите ещё!")]

    reply = replies.compose("thanks", "positive", name="Олег", variants=own)

    assert reply.text == "Пожалуйста, Олег, заходите ещё!"
