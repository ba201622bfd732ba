import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentiq.testing import NOON, make_member, make_seller
from chats.models import Analysis, Correction, ReplyTemplate, WordingProposal

LIST = "admin:chats_replytemplate_changelist"
PREVIEW = "admin:chats_replytemplate_preview"
GOOD = {
    "intent": "thanks",
    "sentiment": "positive",
    "tone": "neutral",
    "text": "Спасибо[, {имя}], что написали нам!",
    "is_active": "on",
}


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def template_of(seller):
    def template_of(text):
        return ReplyTemplate.objects.create(
            seller=seller, intent="thanks", sentiment="positive", text=text
        )

    return template_of


@pytest.fixture
def proposal(seller):
    row = ReplyTemplate.objects.create(
        seller=seller,
        intent="thanks",
        sentiment="positive",
        text="Спасибо, что написали. Рады помочь снова.",
    )
    return WordingProposal.objects.create(
        seller=seller,
        variant=row.variant().id,
        removed="Рады помочь",
        added="Готовы помочь",
        before=row.text,
        after="Спасибо, что написали. Готовы помочь снова.",
        edits=3,
        created_at=NOON,
    )


def save(desk, **fields):
    return desk.post(reverse("admin:chats_replytemplate_add"), GOOD | fields)


def test_a_text_entered_at_the_desk_is_the_shops_own_with_its_history(desk, seller):
    answer = save(desk)

    row = ReplyTemplate.objects.get()
    assert answer.status_code == 302
    assert (row.seller, row.text) == (seller, GOOD["text"])
    assert row.history.get().history_user_id


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "Спасибо, {имя}!"}, "имя"),
        ({"text": "Спасибо! Пишите на shop@mail.ru."}, "shop@mail.ru"),
        ({"with_code": "on"}, "{код}"),
    ],
)
def test_a_text_that_may_not_leave_is_not_kept(desk, fields, said):
    answer = save(desk, **fields)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not ReplyTemplate.objects.exists()


def test_the_preview_shows_the_text_as_buyers_will_see_it(desk):
    page = desk.post(reverse(PREVIEW), GOOD).content.decode()

    assert 'id="template-preview"' in page
    assert "Спасибо, Анна, что написали нам!" in page
    assert "Спасибо, что написали нам!" in page


def test_the_preview_says_what_is_wrong(desk):
    page = desk.post(reverse(PREVIEW), {"text": "Ваш код {код}"}).content.decode()

    assert 'class="problems"' in page


def test_the_form_asks_for_the_preview_without_inline_code(desk):
    page = desk.get(reverse("admin:chats_replytemplate_add")).content.decode()

    assert f'hx-post="{reverse(PREVIEW)}"' in page
    assert 'id="template-preview"' in page
    assert "chats/wordings.css" in page


def test_copying_the_standard_texts_is_asked_first(desk):
    page = desk.get(reverse(LIST)).content.decode()
    way = re.search(r'href="([^"]*copy-standard[^"]*)"', page)[1]

    asked = desk.get(way)

    assert asked.status_code == 200
    assert not ReplyTemplate.objects.exists()
    assert desk.post(way).status_code == 302
    assert ReplyTemplate.objects.count() > 200


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_who_only_reads_changes_nothing(seller, role, proposal):
    client = Client()
    member = make_member(seller, role)
    member.is_staff = True
    member.save()
    client.force_login(member)

    assert client.get(reverse(LIST)).status_code == 200
    assert save(client).status_code == 403
    decide(client, proposal, "approve")
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_the_texts_of_another_shop_do_not_exist_here(seller, proposal):
    other = make_member(make_seller("Чужая"), "owner")
    client = Client()
    client.force_login(other)
    row = ReplyTemplate.objects.get()

    way = reverse("admin:chats_replytemplate_change", args=[row.pk])
    assert client.get(way).status_code == 404
    assert row.text not in client.get(reverse(LIST)).content.decode()
    decide(client, proposal, "approve")
    proposal.refresh_from_db()
    assert proposal.state == "open"


def decide(client, proposal, act):
    return client.post(
        reverse("admin:chats_wordingproposal_changelist"),
        {"action": act, "_selected_action": [proposal.pk]},
    )


def test_an_approved_proposal_changes_the_text(desk, proposal, owner):
    answer = decide(desk, proposal, "approve")

    proposal.refresh_from_db()
    assert answer.status_code == 302
    assert (proposal.state, proposal.decided_by) == ("approved", owner)
    assert ReplyTemplate.objects.get().text == proposal.after


def test_a_declined_proposal_changes_nothing(desk, proposal):
    decide(desk, proposal, "decline")

    proposal.refresh_from_db()
    assert proposal.state == "declined"
    assert ReplyTemplate.objects.get().text == proposal.before


def test_a_proposal_shows_both_texts(desk, proposal):
    way = reverse("admin:chats_wordingproposal_change", args=[proposal.pk])

    page = desk.get(way).content.decode()

    assert proposal.before in page
    assert proposal.after in page


def correction(seller, chat):
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
        version="v-test",
    )
    return Correction.objects.create(
        seller=seller, analysis=analysis, intent="sizing_fit", sentiment="neutral"
    )


def test_the_table_of_errors_is_a_page_of_the_desk(desk, seller, make_chat):
    correction(seller, make_chat("А размер?"))
    listed = desk.get(reverse("admin:chats_correction_changelist")).content.decode()
    way = re.search(r'href="([^"]*confusion[^"]*)"', listed)[1]

    page = desk.get(way).content.decode()

    assert "v-test" in page
    assert re.search(r'<td class="moved">1</td>', page)
    assert "—" in page  # one reading has no share


def test_the_table_of_another_shop_is_empty(seller, make_chat):
    correction(seller, make_chat("А размер?"))
    client = Client()
    client.force_login(make_member(make_seller("Чужая"), "owner"))

    answer = client.get("/admin/chats/correction/confusion", follow=True)

    assert answer.status_code == 200
    assert "v-test" not in answer.content.decode()


def test_the_list_takes_as_many_queries_for_many_texts_as_for_one(
    desk, template_of, django_assert_max_num_queries
):
    template_of("Спасибо, что написали!")
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse(LIST))
    for number in range(20):
        template_of(f"Спасибо, что написали {number} раз!")

    with django_assert_max_num_queries(len(one)):
        page = desk.get(reverse(LIST)).content.decode()

    assert "написали 19 раз" in page
