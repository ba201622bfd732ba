"""A shop with thousands of replies, or a broken key, takes nobody's turn."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.testing import make_seller
from chats import outbox, tasks
from chats.models import Chat, Outgoing, SendGate
from promos import tokens

TEXT = "Здравствуйте! Посмотрите, пожалуйста, таблицу размеров в карточке товара."


@pytest.fixture
def shop(db, simulator, wb_server):
    """Make a connected shop with so many replies that were due a while ago."""

    def shop(name, replies, chats):
        now = timezone.now()
        token = simulator.make_token()
        sid = simulator.add_seller(token)
        made = make_seller(name)
        tokens.enter(made, token, by=None, now=now)
        with scope(seller=made):
            rows = [_chat(made, simulator, sid) for _ in range(chats)]
            Outgoing.objects.bulk_create(
                Outgoing(
                    seller=made,
                    chat=rows[number % chats],
                    text=TEXT,
                    key=uuid4(),
                    due_at=now - timedelta(hours=1) if replies > 1 else now,
                )
                for number in range(replies)
            )
        return made, token

    return shop


def _chat(seller, simulator, sid):
    wb_chat_id = simulator.new_chat("Какой размер?", seller=sid)
    sign = simulator.sellers[sid].chats[wb_chat_id].signs[-1]
    return Chat.objects.create(seller=seller, wb_chat_id=wb_chat_id, reply_sign=sign)


def test_one_round_of_one_worker_serves_the_calm_shop_too(shop, simulator):
    crowded, _ = shop("С очередью", 5000, 12)
    broken, withdrawn = shop("С отозванным токеном", 40, 2)
    calm, _ = shop("Спокойная", 1, 1)
    simulator.withdraw(withdrawn)
    with scopes_disabled():
        due = outbox.sellers_due(now=timezone.now())
    assert set(due) == {crowded.pk, broken.pk, calm.pk}

    for seller_id in due:
        tasks.send_seller(seller_id)

    with scopes_disabled():
        sent = Outgoing.objects.filter(status="sent").values_list("seller", flat=True)
        waiting = set(SendGate.objects.filter(closed_until__gt=timezone.now()))
    by_shop = {pk: list(sent).count(pk) for pk in due}
    # WB's limit lets ten of the crowd out at once; then its turn is over.
    assert by_shop[calm.pk] == 1
    assert by_shop[broken.pk] == 0
    assert 10 <= by_shop[crowded.pk] <= 30
    assert {gate.seller_id for gate in waiting} >= {broken.pk}
    assert simulator.calls["send"] == by_shop[crowded.pk] + 2
    assert simulator.throttled == {}
