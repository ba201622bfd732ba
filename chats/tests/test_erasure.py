"""What buyers wrote can be erased, and is, once the shop keeps it no longer."""

import io
import uuid
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from agentiq import crypto
from agentiq.testing import NOON, make_member, make_seller
from chats import erasure
from chats.models import Analysis, Chat, Draft, Message, Note, Outgoing, Suggestion
from promos import retention, takeout
from promos.models import AuditEntry, Product, WbToken

PHONE = "позвоните 89161234567"


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def written(seller):
    """Every text of every table of the shop, as its archive has it."""
    archive = io.BytesIO()
    takeout.write(seller, archive)
    with ZipFile(archive) as found:
        return {name: found.read(name).decode("utf-8-sig") for name in found.namelist()}


def test_an_erased_chat_says_nothing_anywhere(seller, operator, make_chat):
    chat = make_chat(PHONE, buyer_name="Анна Каренина")
    Draft.objects.create(
        seller=seller, chat=chat, operator=operator, text=PHONE, updated_at=NOON
    )
    Note.objects.create(seller=seller, chat=chat, author=operator, text=PHONE)
    Outgoing.objects.create(
        seller=seller,
        chat=chat,
        key=uuid.uuid4(),
        text=PHONE,
        due_at=NOON,
        status="sent",
    )
    message = Message.objects.get(chat=chat)
    reading = Analysis.objects.create(
        seller=seller,
        chat=chat,
        message=message,
        intent="other",
        sentiment="neutral",
        scenario="none",
        intent_confidence=1,
        sentiment_confidence=1,
        scenario_confidence=1,
        confident=True,
        reading={"evidence": [PHONE]},
        version="1",
    )
    Suggestion.objects.create(
        seller=seller,
        chat=chat,
        analysis=reading,
        event_id="e",
        text=PHONE,
        snapshot={"messages": [{"text": PHONE}]},
    )
    other = make_chat("останется")
    assert sum(PHONE in text for text in written(seller).values()) >= 6

    erasure.erase(chat, by=operator, now=NOON)

    found = written(seller)
    assert not [name for name, text in found.items() if PHONE in text]
    assert not [name for name, text in found.items() if "Каренина" in text]
    assert Message.objects.get(chat=other).text == "останется"
    assert Message.objects.filter(chat=chat).count() == 1
    assert AuditEntry.objects.get().subject == chat.wb_chat_id


def test_a_reply_on_its_way_keeps_its_chat(seller, operator, make_chat):
    chat = make_chat("Здравствуйте")
    Outgoing.objects.create(
        seller=seller, chat=chat, key=uuid.uuid4(), text="Да", due_at=NOON
    )

    with pytest.raises(erasure.StillSending):
        erasure.erase(chat, by=operator, now=NOON)

    assert Message.objects.get(chat=chat).text == "Здравствуйте"


def test_chats_older_than_the_shop_keeps_them_are_erased_once(seller, make_chat):
    seller.keep_chats_days = 90
    old, young = make_chat("старое"), make_chat("свежее")
    Chat.objects.filter(pk=old.pk).update(last_at=NOON - timedelta(days=91))
    Chat.objects.filter(pk=young.pk).update(last_at=NOON - timedelta(days=89))

    assert erasure.erase_old(seller, now=NOON) == 1
    assert erasure.erase_old(seller, now=NOON) == 0

    texts = set(Message.objects.values_list("text", flat=True))
    assert texts == {"", "свежее"}


def test_a_token_out_of_use_loses_its_seal(seller):
    fields = {"seller": seller, "sealed_token": crypto.seal("t"), "kind": "personal"}
    ended = WbToken.objects.create(expires_at=NOON - timedelta(days=31), **fields)
    fresh = WbToken.objects.create(expires_at=NOON - timedelta(days=29), **fields)
    used = WbToken.objects.create(expires_at=NOON + timedelta(days=90), **fields)

    assert retention.forget_tokens(seller, now=NOON) == 1

    sealed = {it.pk: bool(it.sealed_token) for it in WbToken.objects.all()}
    assert sealed == {ended.pk: False, fresh.pk: True, used.pk: True}


def test_an_owner_erases_a_chat_from_its_page(desk, make_chat):
    chat = make_chat(PHONE)
    page = reverse("admin:chats_chat_erase", args=[chat.pk])

    assert "вернуть их нельзя" in desk.get(page).content.decode()
    desk.post(page)

    assert Message.objects.get(chat=chat).text == ""


def test_a_manager_erases_nothing(seller, make_chat):
    client = Client()
    client.force_login(make_member(seller, "manager"))
    chat = make_chat(PHONE)

    answer = client.post(reverse("admin:chats_chat_erase", args=[chat.pk]))

    assert answer.status_code in (302, 403)
    assert Message.objects.get(chat=chat).text == PHONE


def test_the_archive_is_the_shops_own_and_holds_no_key(desk, seller, make_chat):
    make_chat("=наше", reply_sign="подпись")
    WbToken.objects.create(
        seller=seller, sealed_token=crypto.seal("t"), kind="personal"
    )
    with scopes_disabled():
        Product.objects.create(seller=make_seller("Чужая"), nm_id=777, title="чужое")

    answer = desk.post(reverse("admin:promos_seller_data"))

    with ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as found:
        texts = {it: found.read(it).decode("utf-8-sig") for it in found.namelist()}
    assert "'=наше" in texts["chats.message.csv"]
    together = "".join(texts.values())
    assert "чужое" not in together
    assert "подпись" not in together
    assert "sealed" not in together
    assert AuditEntry.objects.get().kind == "export"
