"""Files of buyers: passed on to those who may see the chat, under what they are."""

import pytest
from django.test import Client

from agentiq.testing import make_member, make_seller
from chats import inbox
from chats.models import Attachment, Chat
from chats.tests.conftest import say

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
PDF = b"%PDF-1.4\n..."


@pytest.fixture
def sent(seller, wb, simulator):
    """A buyer's file as the feed tells it: the row, and its id at WB."""
    chat_id = simulator.new_chat(client_name="Анна")

    def sent(name="чек.png", kind="image/png", content=PNG, text="Вот"):
        simulator.buyer_says(chat_id, text, files=[(name, kind, content)])
        cursor = None
        while (page := wb.events(cursor)).total:
            inbox.receive(seller, page, now=simulator.now())
            cursor = page.next
        return Attachment.objects.latest("pk")

    return sent


@pytest.fixture
def open_file(operator):
    client = Client()
    client.force_login(operator)
    return lambda row: client.get(f"/files/{row.pk}/")


@pytest.mark.parametrize(
    ("name", "claimed", "content", "kind", "shown"),
    [
        pytest.param("a.png", "image/png", PNG, "image/png", "inline", id="picture"),
        pytest.param(
            "a.png",
            "image/png",
            b"<script>alert(1)</script>",
            "application/octet-stream",
            "attachment",
            id="a page that calls itself a picture",
        ),
        pytest.param(
            "чек.pdf", "application/pdf", PDF, "application/pdf", "attachment", id="pdf"
        ),
    ],
)
def test_a_file_goes_out_as_what_its_bytes_are(
    sent, open_file, name, claimed, content, kind, shown
):
    answer = open_file(sent(name, claimed, content))

    assert (answer.status_code, answer.content) == (200, content)
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"].startswith(shown)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        pytest.param("pending", 202, "WB ещё проверяет", id="being checked"),
        pytest.param("blocked", 451, "WB удалил", id="removed"),
    ],
)
def test_a_file_wb_does_not_give_says_why_and_the_chat_shows_it(
    sent, open_file, simulator, state, status, said
):
    row = sent()
    simulator.set_file(row.download_id, state)

    answer = open_file(row)

    assert answer.status_code == status
    assert said in answer.content.decode()
    assert Attachment.objects.get(pk=row.pk).state == state


def test_a_file_that_passed_the_check_is_shown_again(sent, open_file, simulator):
    row = sent()
    simulator.set_file(row.download_id, "pending")
    assert open_file(row)["Retry-After"] == "30"

    simulator.set_file(row.download_id, "ready")

    assert open_file(row).status_code == 200
    assert Attachment.objects.get(pk=row.pk).state == ""


def test_another_shop_s_file_does_not_exist_here(sent):
    row = sent()
    stranger = Client()
    stranger.force_login(make_member(make_seller("Чужая"), "owner"))

    assert stranger.get(f"/files/{row.pk}/").status_code == 404
    assert Client().get(f"/files/{row.pk}/").status_code == 302  # to the login


def test_a_shop_without_a_key_says_so(seller, open_file):
    chat = Chat.objects.create(seller=seller, wb_chat_id="1")
    message = say(chat, "Фото")
    row = Attachment.objects.create(
        seller=seller, message=message, kind="image", download_id="gone"
    )

    assert open_file(row).status_code == 502
    assert Attachment.objects.get().state == ""
