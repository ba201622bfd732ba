from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from agentiq.testing import NOON
from chats import autosend, outbox, revisions, suggestions
from chats.models import Analysis, AutoSend, Decision, Outgoing, Suggestion
from chats.tests.conftest import say

SIZE = "Здравствуйте! Подскажите, какой размер выбрать на рост 170, обхват груди 92?"
BROKEN = "Чайник сломался на второй день, не включается совсем. Ужасно расстроена!"


@pytest.fixture
def settings_row(seller):
    return AutoSend.objects.create(
        seller=seller, is_on=True, intents=["sizing_fit", "positive_feedback"]
    )


@pytest.fixture
def shadow(make_chat, operator, seller):
    """So many suggestions of an intent decided by people, so many of them changed."""

    def shadow(cases=100, changed=5, intent="sizing_fit"):
        chat = make_chat()
        for number in range(cases):
            message = say(chat, "вопрос")
            analysis = Analysis.objects.create(
                seller=seller,
                chat=chat,
                message=message,
                intent=intent,
                sentiment="neutral",
                scenario="UC3",
                intent_confidence=0.9,
                sentiment_confidence=0.9,
                scenario_confidence=0.9,
                confident=True,
                reading={},
                version="test",
            )
            suggestion = Suggestion.objects.create(
                seller=seller,
                chat=chat,
                analysis=analysis,
                event_id=message.event_id,
                state="accepted",
                text="Ответ",
                reason="conversion",
            )
            edited = number < changed
            Decision.objects.create(
                seller=seller,
                chat=chat,
                suggestion=suggestion,
                key=uuid4(),
                kind="edit" if edited else "accept",
                text="Иначе" if edited else "Ответ",
                operator=operator,
                decided_at=NOON - timedelta(days=1),
            )

    return shadow


@pytest.fixture
def proposed(make_chat, make_code):
    make_code()
    return suggestions.suggest(make_chat(SIZE), now=NOON)


def why(suggestion, now=NOON):
    row = AutoSend.objects.filter(seller=suggestion.seller).first()
    return autosend.why_not(suggestion, row, now=now)


def test_nothing_is_sent_unless_the_shop_says_so(proposed, shadow):
    shadow()

    assert autosend.consider(proposed, now=NOON) is None
    assert why(proposed) == "off"
    assert not Outgoing.objects.exists()


def test_with_evidence_the_reply_goes_out_labelled_and_undoable(
    proposed, shadow, settings_row, operator
):
    shadow()

    decision = autosend.consider(proposed, now=NOON)

    assert (decision.kind, decision.operator) == ("auto", None)
    outgoing = decision.outgoing.get()
    assert outgoing.text == proposed.text
    assert outgoing.due_at == NOON + timedelta(seconds=15)
    assert revisions.undo(outgoing, operator=operator, now=NOON)


def test_the_same_suggestion_is_sent_once(proposed, shadow, settings_row):
    shadow()

    autosend.consider(proposed, now=NOON)
    proposed.refresh_from_db()
    autosend.consider(proposed, now=NOON)

    assert Outgoing.objects.count() == 1


@pytest.mark.parametrize(
    ("cases", "changed", "expected"),
    [
        pytest.param(99, 0, "no_evidence", id="99 cases"),
        pytest.param(100, 6, "no_evidence", id="94 % unchanged"),
        pytest.param(100, 5, "", id="95 % of 100"),
    ],
)
def test_people_must_have_agreed_often_enough(
    proposed, shadow, settings_row, cases, changed, expected
):
    shadow(cases, changed)

    assert why(proposed) == expected


def test_evidence_counts_for_its_own_intent_only(proposed, shadow, settings_row):
    shadow(intent="positive_feedback")

    assert why(proposed) == "no_evidence"


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(5, "quiet_hours"), (6, ""), (17, ""), (18, "quiet_hours")],
    ids=["8:00 MSK", "9:00 MSK", "20:00 MSK", "21:00 MSK"],
)
def test_nights_are_quiet(proposed, shadow, settings_row, hour, expected):
    shadow()

    assert why(proposed, NOON.replace(hour=hour)) == expected


def test_an_intent_must_be_allowed(proposed, shadow, settings_row):
    shadow()
    AutoSend.objects.update(intents=["thanks"])

    assert why(proposed) == "not_allowed"


def test_a_complaint_is_never_answered_automatically(make_chat, shadow, settings_row):
    shadow(intent="defect_not_working")
    AutoSend.objects.update(intents=sorted(autosend.NEVER))

    assert why(suggestions.suggest(make_chat(BROKEN), now=NOON)) == "never"


def test_what_a_model_drafted_waits_for_a_person(proposed, shadow, settings_row):
    shadow()

    proposed.plain_variant = "llm/1"

    assert why(proposed) == "never"


def test_a_chat_gets_one_automatic_reply_a_day(
    proposed, shadow, settings_row, make_chat
):
    shadow()
    autosend.consider(proposed, now=NOON)
    Outgoing.objects.update(status="sent")
    say(proposed.chat, "Таблицу видел", "seller")
    say(proposed.chat, SIZE)
    following = suggestions.suggest(proposed.chat, now=NOON)

    assert why(following) == "answered_today"
    assert why(following, NOON + timedelta(hours=25)) == ""


@pytest.mark.parametrize(
    ("cap", "word"), [("daily_cap", "shop_cap"), ("code_daily_cap", "code_cap")]
)
def test_the_days_caps_hold(proposed, shadow, settings_row, make_chat, cap, word):
    shadow()
    AutoSend.objects.update(**{cap: 1})
    autosend.consider(proposed, now=NOON)

    another = suggestions.suggest(make_chat(SIZE), now=NOON)

    assert why(another) == word


def test_the_switch_stops_what_is_already_queued(proposed, shadow, settings_row):
    shadow()
    autosend.consider(proposed, now=NOON)
    AutoSend.objects.update(is_on=False)
    later = NOON + timedelta(seconds=15)

    outgoing = outbox.deliver(outbox.claim(now=later), client=None, now=later)

    assert (outgoing.status, outgoing.reason) == ("cancelled", "auto_off")
    proposed.chat.refresh_from_db()
    assert proposed.chat.waiting_since is not None


def test_the_desk_shows_the_evidence_beside_the_boxes(
    client, owner, shadow, settings_row
):
    shadow(cases=3, changed=1)
    Decision.objects.update(decided_at=timezone.now())
    client.force_login(owner)

    page = client.get(f"/admin/chats/autosend/{settings_row.pk}/change/")

    assert page.status_code == 200
    assert "без правок 2 из 3, нужно 100" in page.content.decode()
