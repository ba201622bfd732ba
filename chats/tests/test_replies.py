from datetime import date
from decimal import Decimal

from chats import replies
from chats.policy import outbound
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
