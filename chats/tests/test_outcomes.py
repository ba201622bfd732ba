"""Saved replies: found as one types, filled at use, counted by what came of them."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentiq.testing import NOON
from chats import composer, outcomes
from chats.models import ChatOrder, Decision, Outgoing, SavedReply
from chats.tests.conftest import order, say

DAY = timedelta(days=1)


@pytest.fixture
def saved(seller):
    return SavedReply.objects.create(
        seller=seller, title="Спасибо", text="Спасибо, что написали!"
    )


@pytest.fixture
def send(seller, operator, saved, make_chat):
    def send(answered_after=None, fate="", status="sent"):
        chat = make_chat("Здравствуйте")
        decision = Decision.objects.create(
            seller=seller,
            chat=chat,
            key=uuid.uuid4(),
            kind="write",
            operator=operator,
            decided_at=NOON,
        )
        Outgoing.objects.create(
            seller=seller,
            chat=chat,
            decision=decision,
            key=uuid.uuid4(),
            text=saved.text,
            status=status,
            due_at=NOON,
            sent_at=NOON if status == "sent" else None,
        )
        composer.count_use(decision, str(saved.pk))
        ChatOrder.objects.filter(pk=order(chat).pk).update(fate=fate)
        if answered_after:
            say(chat, "Поняла", at=NOON + answered_after)
        return decision

    return send


def counts():
    row = outcomes.of_saved(SavedReply.objects.all()).get()
    return row.use_count, row.sent, row.answered, row.bought, row.returned


def test_a_reply_nobody_used_has_no_outcome(saved):
    assert counts() == (0, 0, 0, 0, 0)


def test_what_came_of_a_reply_is_counted(send):
    send(answered_after=DAY, fate="bought")
    send(answered_after=7 * DAY, fate="returned")
    send(answered_after=8 * DAY, fate="defective")  # too late to be an answer to it
    send(fate="ordered")
    send(status="cancelled", fate="bought")  # taken back: it never went out

    assert counts() == (5, 4, 2, 1, 2)


def test_an_act_counts_its_reply_once(send, saved):
    decision = send()

    composer.count_use(Decision.objects.get(pk=decision.pk), str(saved.pk))

    assert counts()[:2] == (1, 1)


@pytest.mark.parametrize("key", ["", "0", "999999", "x", "-1"])
def test_a_key_that_names_no_reply_counts_nothing(send, saved, key):
    decision = send()
    Decision.objects.update(saved_reply=None)

    composer.count_use(Decision.objects.get(pk=decision.pk), key)

    assert Decision.objects.get().saved_reply is None


def test_the_owner_reads_the_outcomes_in_one_query_for_all(owner, seller, send, saved):
    send(answered_after=DAY, fate="bought")
    desk = Client()
    desk.force_login(owner)
    place = reverse("admin:chats_savedreply_changelist")

    def queries():
        with CaptureQueriesContext(connection) as caught:
            page = desk.get(place)
        return len(caught), page.content.decode()

    queries()
    few, html = queries()
    for number in range(9):
        SavedReply.objects.create(seller=seller, title=f"{number}", text="Текст")
    many, _ = queries()

    assert "Покупатель ответил за неделю" in html
    assert many == few


class TestSearch:
    @pytest.fixture
    def found(self, operator, make_chat):
        client, chat = Client(), make_chat("Здравствуйте")
        client.force_login(operator)

        def found(words):
            page = client.get(f"/chats/{chat.pk}/saved/", {"words": words})
            return [one.title for one in page.context["saved"]]

        return found

    def test_a_name_stands_before_a_text_and_use_decides_among_them(
        self, seller, found
    ):
        rows = (
            ("Возврат", "Оформите заявку", 1),
            ("Условия возврата", "Текст", 9),
            ("Брак", "Оформим возврат", 50),
            ("Доставка", "В пути", 99),
        )
        for title, text, used in rows:
            SavedReply.objects.create(
                seller=seller, title=title, text=text, use_count=used
            )

        assert found("возврат") == ["Условия возврата", "Возврат", "Брак"]
        assert found("") == ["Доставка", "Брак", "Условия возврата", "Возврат"]

    def test_twenty_are_offered_at_most(self, seller, found):
        SavedReply.objects.bulk_create(
            SavedReply(seller=seller, title=f"Ответ {number}", text="Текст")
            for number in range(25)
        )

        assert len(found("ответ")) == 20
