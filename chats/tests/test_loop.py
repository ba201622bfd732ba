from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chats import decisions, outbox, polling, settling, suggestions
from chats.models import Chat, Message, Outgoing, Suggestion
from promos.models import PromoCodeSend

SIZE = "Здравствуйте! Подскажите, какой размер выбрать на рост 170, обхват груди 92?"


@pytest.fixture
def poll(seller, wb):
    def poll():
        return polling.poll(seller, client=wb, now=timezone.now())

    return poll


def test_the_loop_from_event_to_next_suggestion(
    seller, operator, wb, simulator, make_code, poll
):
    now = timezone.now()
    code = make_code(
        starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=5)
    )

    # A buyer writes; the feed becomes a chat that waits.
    wb_chat_id = simulator.new_chat(SIZE, client_name="Ольга")
    polled = poll()
    chat = Chat.objects.get(wb_chat_id=wb_chat_id)
    assert polled.chats_with_new_buyer_turn == [chat.pk]

    # The turn is read, and a reply with a code proposed.
    proposed = suggestions.suggest(chat, now=timezone.now())
    assert (proposed.promo_code, proposed.use_case) == (code, "UC3")
    assert "Ольга" in proposed.text

    # The operator accepts; the text is queued as it was shown.
    decision = decisions.decide(
        proposed,
        kind="accept",
        operator=operator,
        key=uuid4(),
        seen_event_id=proposed.event_id,
        undo_seconds=0,
        now=timezone.now(),
    )
    claimed = outbox.claim(now=timezone.now(), seller=seller)
    assert claimed == decision.outgoing.get()

    # WB takes it, byte for byte, and the code counts as sent.
    outbox.deliver(claimed, client=wb, now=timezone.now())
    assert [post["message"] for post in simulator.sent] == [proposed.text]
    recorded = PromoCodeSend.objects.get()
    assert (recorded.promo_code, recorded.chat_id) == (code, wb_chat_id)
    assert (recorded.trigger_intent, recorded.auto_suggested) == ("sizing_fit", True)

    # It comes back through the feed and is known as ours.
    assert len(poll().own_events) == 1
    settling.settle(seller, now=timezone.now())
    outgoing = Outgoing.objects.get()
    assert outgoing.message.text == proposed.text
    recorded.refresh_from_db()
    assert recorded.message_id == outgoing.message.event_id
    chat.refresh_from_db()
    assert suggestions.suggest(chat, now=timezone.now()) is None

    # The buyer answers; the next proposal knows that the chat had its code.
    simulator.buyer_says(wb_chat_id, "Спасибо! А есть ли такое платье в синем цвете?")
    poll()
    chat.refresh_from_db()
    following = suggestions.suggest(chat, now=timezone.now())
    assert (following.promo_code, following.reason) == (None, "sent_recently")
    assert Suggestion.objects.open().get() == following
    assert Message.objects.filter(chat=chat).count() == 3


def test_an_answer_from_the_cabinet_ends_the_proposal(
    seller, operator, simulator, poll
):
    wb_chat_id = simulator.new_chat(SIZE)
    poll()
    proposed = suggestions.suggest(Chat.objects.get(), now=timezone.now())
    simulator.portal_reply(wb_chat_id, "Ответили из кабинета")
    poll()

    with pytest.raises(decisions.Refused) as refused:
        decisions.decide(
            proposed,
            kind="accept",
            operator=operator,
            key=uuid4(),
            seen_event_id=proposed.event_id,
            now=timezone.now(),
        )

    assert refused.value.code == "stale"
    assert [one.source for one in refused.value.news] == ["seller-portal"]
    assert not Outgoing.objects.exists()


def test_a_lost_answer_is_settled_by_the_next_poll(
    seller, operator, wb, simulator, poll
):
    simulator.new_chat(SIZE)
    poll()
    chat = Chat.objects.get()
    simulator.fault("drop-after", "send")
    decisions.write(
        chat,
        text="Здравствуйте! Загляните, пожалуйста, в таблицу размеров.",
        operator=operator,
        key=uuid4(),
        seen_event_id=chat.last_event_id,
        undo_seconds=0,
        now=timezone.now(),
    )
    outgoing = outbox.claim(now=timezone.now(), seller=seller)
    outbox.deliver(outgoing, client=wb, now=timezone.now())
    outgoing.refresh_from_db()
    assert outgoing.status == "unknown"

    poll()
    settling.settle(seller, now=timezone.now())

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("sent", "seen_in_feed")
    assert len(simulator.sent) == 1
