"""The simulator through the client, as every other test will meet it."""

from datetime import timedelta

import pytest
import requests

from agentiq.tests.conftest import NOON, sign_of, texts
from agentiq.wb import errors
from agentiq.wb.client import Hosts
from agentiq.wb.errors import ForbiddenCause
from agentiq.wb.records import Attachment, Category, DownloadPending
from agentiq.wb.simulator import Simulator

PNG = b"\x89PNG\r\n\x1a\n--\r\n\r\n\x00"


def test_a_buyers_first_message_opens_a_chat(sim, wb):
    chat_id = sim.new_chat("Здравствуйте!", client_name="Алёна", nm_id=77, price=500)

    [event] = wb.events().events

    assert event.chat_id == chat_id
    assert event.is_new_chat
    assert event.reply_sign == sign_of(sim, chat_id)
    assert (event.sender, event.source, event.client_name) == (
        "client",
        "rusite",
        "Алёна",
    )
    assert (event.good_card.nm_id, event.good_card.price) == (77, 500)
    assert event.added_at == NOON


def test_only_the_first_event_of_a_chat_is_new_and_signed(sim, wb):
    chat_id = sim.new_chat("раз")
    sim.buyer_says(chat_id, "два")

    second = wb.events().events[1]

    assert not second.is_new_chat
    assert second.reply_sign is None
    assert second.good_card is None


def test_what_is_sent_comes_back_as_an_event_of_the_api(sim, wb):
    chat_id = sim.new_chat("Здравствуйте!")
    text = "Добрый день!\r\n\n Скидка 10 %\t🎁 "

    receipt = wb.send_message(reply_sign=sign_of(sim, chat_id), text=text)

    event = wb.events().events[-1]
    assert (event.sender, event.source) == ("seller", "seller-public-api")
    assert event.text == text
    assert event.client_name == ""
    assert event.added_at == receipt.added_at
    assert receipt.chat_id == chat_id
    assert [(it["chatID"], it["message"], it["seller"]) for it in sim.sent] == [
        (chat_id, text, "shop")
    ]


def test_a_reply_from_the_cabinet_is_in_the_feed(sim, wb):
    chat_id = sim.new_chat("Здравствуйте!")
    sim.portal_reply(chat_id, "Ответ из кабинета")

    event = wb.events().events[-1]

    assert (event.sender, event.source) == ("seller", "seller-portal")
    assert sim.sent == []


def test_the_list_shows_the_last_message_and_leaves_out_the_quiet(sim, wb):
    chat_id = sim.new_chat("раз")
    sim.buyer_says(chat_id, "два")
    sim.new_chat("тихо", listed=False)

    [card] = wb.chats()

    assert (card.chat_id, card.last_text) == (chat_id, "два")
    assert card.reply_sign == sign_of(sim, chat_id)


def test_the_feed_is_read_page_by_page_until_it_is_empty(sim, wb):
    sim.page_size = 2
    chat_id = sim.new_chat("0")
    for number in range(1, 5):
        sim.buyer_says(chat_id, str(number))

    pages, cursor = [], None
    while not pages or pages[-1]:
        page = wb.events(cursor)
        pages.append(texts(page))
        cursor = page.next

    assert pages == [["0", "1"], ["2", "3"], ["4"], []]


def test_an_exclusive_border_loses_what_an_overlap_finds_again(sim, wb):
    sim.page_size = 2
    chat_id = sim.new_chat("0", at=NOON)
    for number in "123":
        sim.buyer_says(chat_id, number, at=NOON)

    first = wb.events()

    assert texts(first) == ["0", "1"]
    assert texts(wb.events(first.next)) == []
    assert texts(wb.events(first.next - 1)) == ["0", "1"]


def test_an_inclusive_border_repeats_the_last_moment_and_still_ends(sim, wb):
    sim.border, sim.page_size = "inclusive", 2
    chat_id = sim.new_chat("0", at=NOON)
    sim.buyer_says(chat_id, "1", at=NOON)
    sim.buyer_says(chat_id, "2", at=NOON + timedelta(seconds=1))

    first = wb.events()
    second = wb.events(first.next)

    assert texts(second) == ["0", "1", "2"]
    assert texts(wb.events(second.next)) == []


def test_a_sent_message_may_take_a_while_to_reach_the_feed(sim, clock, wb):
    sim.event_delay = 5
    chat_id = sim.new_chat("0")
    wb.send_message(reply_sign=sign_of(sim, chat_id), text="1")

    assert texts(wb.events()) == ["0"]
    clock.pass_(5)
    assert texts(wb.events()) == ["0", "1"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [("next=0", 'Invalid value for "next"'), ("next=soon", "Invalid number")],
)
def test_a_wrong_cursor_is_refused_in_wbs_words(sim, running, query, detail):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    answer = requests.get(
        f"{running.url}/api/v1/seller/events?{query}",
        headers={"Authorization": token},
        timeout=5,
    )

    body = answer.json()
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body.pop("requestId")
    assert body == {
        "status": 400,
        "title": "Bad Request",
        "origin": "proxy-chats",
        "detail": detail,
        "error": detail,
    }


@pytest.mark.parametrize(
    ("message", "words"),
    [
        pytest.param({"reply_sign": "1:x:y", "text": "a"}, "Invalid signature", id="s"),
        pytest.param(
            {"text": "я" * 1001}, 'Invalid value for "message"', id="a letter too many"
        ),
        pytest.param(
            {"files": [Attachment("a.mp4", b"ftyp", "video/mp4")]},
            '"a.mp4" has unsupported mime type',
            id="a video",
        ),
        pytest.param(
            {"files": [Attachment("a.png", PNG + bytes(5 << 20), "image/png")]},
            "attachment too big. Max size: 5MiB",
            id="over five megabytes",
        ),
    ],
)
def test_a_wrong_message_is_refused_in_wbs_words(sim, wb, message, words):
    chat_id = sim.new_chat("0")
    message = {"reply_sign": sign_of(sim, chat_id), **message}

    with pytest.raises(errors.WbRejected) as caught:
        wb.send_message(**message)

    assert words in caught.value.message
    assert sim.sent == []


def test_a_thousand_letters_are_taken(sim, wb):
    chat_id = sim.new_chat("0")

    wb.send_message(reply_sign=sign_of(sim, chat_id), text="🎁" * 1000)

    assert len(sim.sent[0]["message"]) == 1000


def test_json_is_not_how_a_message_is_sent(sim, running):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    chat_id = sim.new_chat("0")

    answer = requests.post(
        f"{running.url}/api/v1/seller/message",
        json={"replySign": sign_of(sim, chat_id), "message": "a"},
        headers={"Authorization": token},
        timeout=5,
    )

    assert answer.status_code == 400
    assert sim.sent == []


def test_the_unpublished_path_is_open_only_when_told(sim, connect):
    client = connect(send_profile="chat-path")
    chat_id = sim.new_chat("0")
    with pytest.raises(errors.WbRejected):
        client.send_message(reply_sign="", text="Да", chat_id=chat_id)

    sim.chat_path = True
    receipt = client.send_message(reply_sign="", text="Да", chat_id=chat_id)

    assert receipt.chat_id == chat_id
    assert [it["message"] for it in sim.sent] == ["Да"]


def test_a_renewed_signature_voids_the_old_one(sim, wb):
    chat_id = sim.new_chat("0")
    old = sign_of(sim, chat_id)

    new = sim.renew_sign(chat_id)

    with pytest.raises(errors.WbRejected, match="Invalid signature"):
        wb.send_message(reply_sign=old, text="a")
    assert wb.send_message(reply_sign=new, text="a").sign == new


def test_rotated_signatures_leave_the_old_ones_valid(sim, wb):
    sim.rotate_signs = True
    chat_id = sim.new_chat("0")
    old = sign_of(sim, chat_id)

    receipt = wb.send_message(reply_sign=old, text="a")

    assert receipt.sign != old
    wb.send_message(reply_sign=old, text="b")


def test_a_file_is_downloaded_byte_for_byte_once_moderated(sim, wb):
    chat_id = sim.new_chat("0")
    sim.buyer_says(chat_id, "фото", files=[("a.png", "image/png", PNG)])
    sim.buyer_says(chat_id, "чек", files=[("ч.pdf", "application/pdf", b"%PDF")])
    image, document = (it.files[0] for it in wb.events().events[1:])

    assert (image.kind, image.name) == ("image", "")
    assert (document.kind, document.name, document.size) == ("file", "ч.pdf", 4)
    assert wb.download(image.download_id).content == PNG
    sim.set_file(image.download_id, "pending")
    assert wb.download(image.download_id) == DownloadPending(30)
    sim.set_file(image.download_id, "blocked")
    with pytest.raises(errors.WbDownloadBlocked):
        wb.download(image.download_id)
    with pytest.raises(errors.WbRejected, match="invalid fileID"):
        wb.download("nothing")


def test_files_sent_come_back_in_the_event(sim, wb):
    chat_id = sim.new_chat("0")
    wb.send_message(
        reply_sign=sign_of(sim, chat_id),
        files=[Attachment("скидка.png", PNG, "image/png")],
    )

    [file] = wb.events().events[-1].files

    assert sim.sent[0]["files"] == ["скидка.png"]
    assert wb.download(file.download_id).content == PNG


def test_sellers_do_not_see_each_other(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    chat_id = sim.new_chat("0", seller="a")

    assert texts(second.events()) == []
    assert second.chats() == ()
    with pytest.raises(errors.WbRejected, match="Invalid signature"):
        second.send_message(reply_sign=sign_of(sim, chat_id), text="a")
    assert texts(first.events()) == ["0"]


def test_an_odd_event_passes_through_as_it_is(sim, wb):
    sim.add_seller(sid="shop")
    sim.raw_event({"chatID": "1:a", "eventID": "e", "eventType": "refund"})
    sim.raw_event({"no": "chat"})

    page = wb.events()

    assert [event.event_type for event in page.events] == ["refund"]
    assert (page.total, page.skipped) == (2, 1)


def test_a_restart_keeps_chats_signatures_and_history(sim, wb, tmp_path, clock):
    chat_id = sim.new_chat("0")
    sim.buyer_says(chat_id, "1", files=[("a.png", "image/png", PNG)])
    wb.send_message(reply_sign=sign_of(sim, chat_id), text="2")

    sim.save(tmp_path / "state.json")
    again = Simulator(clock=clock, state=tmp_path / "state.json")

    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert again.sent == sim.sent
    assert again.calls == sim.calls
    assert again.seller().snapshot() == sim.seller().snapshot()
    assert again.new_chat() not in sim.seller().chats


def test_a_ping_checks_the_category_of_its_host(sim, running, connect):
    sim.add_seller(sid="shop")
    token = sim.make_token(categories=[Category.CHAT], sid="shop")
    client = connect(token, hosts=Hosts.under(running.url))

    client.ping("chat")
    client.ping("common")
    with pytest.raises(errors.WbForbidden) as caught:
        client.ping("finance")
    with pytest.raises(ValueError, match="no ping"):
        client.ping("calendar")

    assert caught.value.cause is ForbiddenCause.CATEGORY


def test_an_unknown_url_is_not_found(running, sim):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    answer = requests.get(
        f"{running.url}/api/v9", headers={"Authorization": token}, timeout=5
    )

    assert answer.status_code == 404
    assert answer.json()["title"] == "path not found"
