"""Who holds a chat, who looks at it, and for how long."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django_scopes import scope

from agentiq.testing import NOON
from chats import conversation, presence
from chats.models import Chat, ChatAct, Presence


@pytest.fixture
def chat(seller):
    return Chat.objects.create(seller=seller, wb_chat_id="1:1")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_takes_the_chat(seller, chat):
    names = [f"o{n}" for n in range(50)]
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=name) for name in names
    )
    won, start = [], threading.Barrier(10)

    def take(people):
        with scope(seller=seller):
            start.wait()
            for person in people:
                if presence.claim(chat, person, now=NOON):
                    won.append(person)
        connection.close()

    # Fifty claims at ten connections at once.
    threads = [threading.Thread(target=take, args=(users[n::10],)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert Chat.objects.get().claimed_by == won[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "taken"),
    [
        pytest.param(4, False, id="within the lease it stays taken"),
        pytest.param(5, True, id="after five minutes it is free"),
    ],
)
def test_a_lease_ends(operator, owner, chat, minutes, taken):
    presence.claim(chat, operator, now=NOON)

    later = NOON + timedelta(minutes=minutes)

    assert presence.claim(chat, owner, now=later) is taken


@pytest.mark.django_db
def test_work_renews_the_lease(seller, operator, owner, chat):
    presence.claim(chat, operator, now=NOON)
    at_four = NOON + timedelta(minutes=4)
    presence.seen(seller, operator, chat=chat, state="writing", now=at_four)

    assert not presence.claim(chat, owner, now=NOON + timedelta(minutes=8))


@pytest.mark.django_db
def test_a_take_over_keeps_its_reason(operator, owner, chat):
    presence.claim(chat, operator, now=NOON)

    presence.take_over(chat, owner, reason="Обед", now=NOON)

    assert Chat.objects.get().claimed_by == owner
    act = ChatAct.objects.get()
    assert (act.reason, act.before) == ("Обед", {"claimed_by": operator.pk})


@pytest.mark.django_db
def test_the_second_is_told_who_holds_the_chat(client, operator, owner, chat):
    client.force_login(operator)
    client.post(f"/chats/{chat.pk}/claim/")
    client.force_login(owner)

    answer = client.post(f"/chats/{chat.pk}/claim/")

    assert answer.status_code == 409
    assert operator.username in answer.content.decode()


@pytest.mark.django_db
def test_a_colleague_is_seen_and_forgotten(seller, operator, owner, chat):
    presence.seen(seller, operator, chat=chat, state="writing", now=NOON)
    soon, late = NOON + timedelta(seconds=10), NOON + timedelta(seconds=25)

    seen = conversation.present(seller, now=soon, but=owner.pk)
    presence.seen(seller, owner, chat=None, state="reading", now=late)

    assert [one.state for one in seen[chat.pk]] == ["writing"]
    assert not Presence.objects.exists()
