import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from agentiq.testing import NOON, make_member, make_seller
from chats import proposals, replies, tasks, wordings
from chats.models import (
    Analysis,
    Decision,
    ReplyTemplate,
    Suggestion,
    WordingProposal,
)
from chats.proposals import Change

SECTION = "thanks/positive"
STANDARD = replies.library()[SECTION][0]


@pytest.fixture
def edit(seller, make_chat, operator):
    """An operator changes a suggested reply before it is sent."""

    def edit(old, new, variant=STANDARD.id, source=None, at=NOON, by=None):
        chat = make_chat("Спасибо!")
        analysis = Analysis.objects.create(
            seller=seller,
            chat=chat,
            message=chat.last_message,
            intent="thanks",
            sentiment="positive",
            scenario="UC1",
            intent_confidence=0.9,
            sentiment_confidence=0.9,
            scenario_confidence=0.9,
            confident=True,
            reading={},
            version="v1",
        )
        text = replies.rendering.render(
            source or STANDARD.source, name=chat.buyer_name
        ).text
        made = Suggestion.objects.create(
            seller=seller,
            chat=chat,
            analysis=analysis,
            event_id=chat.last_event_id,
            state=Suggestion.State.EDITED,
            text=text,
            plain_text=text,
            variant=variant,
            plain_variant=variant,
            reason="loyalty",
        )
        return Decision.objects.create(
            seller=seller,
            chat=chat,
            suggestion=made,
            key=uuid.uuid4(),
            kind="edit",
            original=text,
            text=text.replace(old, new),
            operator=by or operator,
            decided_at=at,
        )

    return edit


def words_of(source):
    """Two words of a standard text that stand in it once, outside brackets."""
    plain = source.rsplit("]", 1)[-1].split()
    return " ".join(plain[-2:])


LAST = words_of(STANDARD.source)


def propose(seller):
    return proposals.propose(seller, now=NOON)


@pytest.mark.parametrize(
    ("original", "text", "expected"),
    [
        ("Рады помочь вам", "Рады помочь вам", []),
        ("Рады помочь вам", "Рады служить вам", [Change("помочь", "служить")]),
        ("Рады помочь вам", "Рады вам", [Change("помочь", "")]),
        (
            "Мы рады помочь",
            "Мы рады сердечно помочь",
            [Change("Мы рады", "Мы рады сердечно")],
        ),
        ("Рады помочь", "Очень рады помочь", [Change("Рады", "Очень рады")]),
    ],
)
def test_changes_are_those_of_words(original, text, expected):
    assert list(proposals.changes(original, text)) == expected


def test_three_like_edits_make_a_proposal(seller, edit):
    for _ in range(3):
        edit(LAST, "Всего вам доброго!")

    (made,) = propose(seller)

    assert (made.edits, made.sent, made.operators) == (3, 3, 1)
    assert made.before == STANDARD.source
    assert made.after == STANDARD.source.replace(LAST, "Всего вам доброго!")
    assert made.state == "open"
    assert not ReplyTemplate.objects.exists()  # never silent


def test_two_edits_are_too_few_and_old_ones_do_not_count(seller, edit):
    for _ in range(2):
        edit(LAST, "Всего вам доброго!")
    edit(LAST, "Всего вам доброго!", at=NOON - timedelta(days=29))

    assert propose(seller) == []


def test_edits_in_different_directions_make_none(seller, edit):
    for words in ("Всего доброго!", "До свидания!", "Хорошего дня!"):
        edit(LAST, words)

    assert propose(seller) == []


@pytest.mark.parametrize(
    "added",
    ["Пишите на 89123456789!", "Ваш промокод SALE90!", "Здравствуйте, {имя}!"],
)
def test_what_may_not_stand_in_a_template_is_not_proposed(seller, edit, added):
    for _ in range(3):
        edit(LAST, added)

    assert propose(seller) == []


def test_a_declined_change_does_not_come_back(seller, edit, owner):
    for _ in range(3):
        edit(LAST, "Всего вам доброго!")
    (made,) = propose(seller)

    assert proposals.decline(made, operator=owner, now=NOON)

    assert propose(seller) == []
    assert not proposals.decline(made, operator=owner, now=NOON)
    assert proposals.approve(made, operator=owner, now=NOON) is None


def test_an_approved_change_of_a_standard_text_keeps_its_neighbours(
    seller, edit, owner
):
    for _ in range(3):
        edit(LAST, "Всего вам доброго!")
    (made,) = propose(seller)

    template = proposals.approve(made, operator=owner, now=NOON)

    own = ReplyTemplate.objects.filter(intent="thanks", sentiment="positive")
    assert template.text == made.after
    assert own.count() == len(replies.library()[SECTION])
    assert template.history.count() == 2
    made.refresh_from_db()
    assert (made.state, made.decided_by) == ("approved", owner)


def test_a_change_of_an_own_text_is_made_in_it(seller, edit, owner):
    row = ReplyTemplate.objects.create(
        seller=seller,
        intent="thanks",
        sentiment="positive",
        text="Спасибо, что написали. Рады помочь снова.",
    )
    for _ in range(3):
        edit("Рады помочь", "Готовы помочь", variant=row.variant().id, source=row.text)
    (made,) = propose(seller)

    proposals.approve(made, operator=owner, now=NOON)

    row.refresh_from_db()
    assert row.text == "Спасибо, что написали. Готовы помочь снова."


def test_a_text_changed_meanwhile_is_left_alone(seller, edit, owner):
    row = ReplyTemplate.objects.create(
        seller=seller,
        intent="thanks",
        sentiment="positive",
        text="Спасибо, что написали. Рады помочь снова.",
    )
    for _ in range(3):
        edit("Рады помочь", "Готовы помочь", variant=row.variant().id, source=row.text)
    (made,) = propose(seller)
    row.text = "Спасибо за ваше сообщение!"
    row.save()

    assert proposals.approve(made, operator=owner, now=NOON) is None

    made.refresh_from_db()
    row.refresh_from_db()
    assert made.state == "outdated"
    assert row.text == "Спасибо за ваше сообщение!"


def test_another_shops_edits_are_its_own(seller, edit):
    for _ in range(3):
        edit(LAST, "Всего вам доброго!")

    assert proposals.propose(make_seller("Чужая"), now=NOON) == []
    assert not WordingProposal.objects.exists()


def test_the_operators_of_a_change_are_counted(seller, edit):
    other = make_member(seller, "operator", "second")
    for by in (other, None, None):
        edit(LAST, "Всего вам доброго!", by=by)

    assert propose(seller)[0].operators == 2


def test_the_weekly_task_proposes_for_each_shop(seller, edit):
    for _ in range(3):
        edit(LAST, "Всего вам доброго!", at=timezone.now())

    tasks.propose_wordings()

    assert WordingProposal.objects.count() == 1


def test_the_uses_of_a_wording_are_counted_with_its_edits(seller, edit):
    edit(LAST, "Всего вам доброго!")
    kept = edit(LAST, LAST)
    Decision.objects.filter(pk=kept.pk).update(kind="accept")
    edit(LAST, LAST, at=NOON - timedelta(days=2))

    counted = wordings.uses(seller, since=NOON - timedelta(days=1))

    assert counted == {STANDARD.id: wordings.Uses(sent=2, edited=1)}
