"""What the chat calls ask, byte for byte, and what they make of answers."""

import json

import pytest

from agentiq.tests.conftest import (
    RECEIPT,
    SIGN,
    TOKEN,
    ok,
)
from agentiq.wb import errors
from agentiq.wb.records import Attachment, DownloadPending


def test_a_message_is_multipart_even_without_files(stub_wb, stub):
    stub.script = [ok(RECEIPT)]

    receipt = stub_wb.send_message(reply_sign=SIGN, text="Добрый день!\nСкидка 10 % 🎁")

    seen = stub.seen[0]
    assert (seen["verb"], seen["path"]) == ("POST", "/api/v1/seller/message")
    assert seen["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert "Добрый день!\nСкидка 10 % 🎁".encode() in seen["body"]
    assert b'name="replySign"' in seen["body"]
    assert b"filename" not in seen["body"]
    assert (receipt.chat_id, receipt.sign, receipt.errors) == (
        "1:641b",
        "1:641b:abc",
        (),
    )
    assert receipt.added_at.isoformat() == "2024-04-11T15:11:10.018000+00:00"


def test_files_go_under_one_repeated_part(stub_wb, stub):
    stub.script = [ok({**RECEIPT, "errors": ["a.png: too big"]})]

    receipt = stub_wb.send_message(
        reply_sign=SIGN,
        files=[
            Attachment("a.png", b"\x89PNG", "image/png"),
            Attachment("b.pdf", b"%PDF", "application/pdf"),
        ],
    )

    assert stub.seen[0]["body"].count(b'name="file"; filename=') == 2
    assert b'name="message"' not in stub.seen[0]["body"]
    assert receipt.errors == ("a.png: too big",)


def test_the_chat_path_profile_writes_json_to_the_chat(make_client, stub):
    stub.script = [ok(RECEIPT)]

    make_client(send_profile="chat-path").send_message(
        reply_sign=SIGN, text="Да", chat_id="1:64/1b"
    )

    assert stub.seen[0]["path"] == "/api/v1/seller/chats/1:64%2F1b/messages"
    assert json.loads(stub.seen[0]["body"]) == {"message": "Да"}


def test_the_chat_path_profile_refuses_files_and_sends_nothing(make_client, stub):
    photo = Attachment("a.png", b"png", "image/png")

    with pytest.raises(errors.WbRejected, match="takes no files"):
        make_client(send_profile="chat-path").send_message(
            reply_sign=SIGN, text="Да", files=[photo], chat_id="1:64"
        )

    assert stub.seen == []


def test_a_message_without_text_and_files_never_leaves(stub_wb, stub):
    with pytest.raises(ValueError, match="needs a text or a file"):
        stub_wb.send_message(reply_sign=SIGN)

    assert stub.seen == []


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, f"Bearer {TOKEN}"),
        ({"prefix": ""}, TOKEN),
    ],
)
def test_the_prefix_of_the_token_is_a_setting(make_client, stub, options, header):
    stub.script = [ok({"result": []})]

    make_client(**options).chats()

    assert stub.seen[0]["headers"]["authorization"] == header
    assert "x-client-secret" not in stub.seen[0]["headers"]


def test_a_client_secret_has_its_own_header(make_client, stub):
    stub.script = [ok({"result": []})]

    make_client(client_secret="shh").chats()

    assert stub.seen[0]["headers"]["x-client-secret"] == "shh"


@pytest.mark.parametrize(
    ("cursor", "path"),
    [
        (None, "/api/v1/seller/events"),
        (0, "/api/v1/seller/events"),
        (1698045576000, "/api/v1/seller/events?next=1698045576000"),
    ],
)
def test_a_zero_cursor_is_never_sent(stub_wb, stub, cursor, path):
    stub.script = [ok({"result": {"next": 5, "totalEvents": 0, "events": None}})]

    page = stub_wb.events(cursor)

    assert stub.seen[0]["path"] == path
    assert (page.next, page.total) == (5, 0)


def test_downloads_are_whole_pending_or_blocked(stub_wb, stub):
    stub.script = [
        (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        (202, {}, {"moderationState": "pending", "retrySeconds": 45}),
        (451, {}, {"status": 451, "detail": "moderation error", "requestId": "r1"}),
    ]

    done = stub_wb.download("a/b")
    assert (done.content, done.content_type) == (b"\x89PNG", "image/png")
    assert stub.seen[0]["path"] == "/api/v1/seller/download/a%2Fb"
    assert stub_wb.download("c") == DownloadPending(45)
    with pytest.raises(errors.WbDownloadBlocked, match="moderation error"):
        stub_wb.download("d")
