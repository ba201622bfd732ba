"""The simulator through the client, as every other test will meet it."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests

from agentiq.tests.conftest import NOON
from agentiq.wb import errors
from agentiq.wb.client import Hosts
from agentiq.wb.errors import ForbiddenCause
from agentiq.wb.records import Attachment, Category, DownloadPending, TokenKind
from agentiq.wb.simulator import Remote, Simulator
from agentiq.wb.simulator.__main__ import main

PNG = b"\x89PNG\r\n\x1a\n--\r\n\r\n\x00"


def sign_of(sim, chat_id):
    return next(
        it.chats[chat_id].signs[-1]
        for it in sim.sellers.values()
        if chat_id in it.chats
    )


def texts(page):
    return [event.text for event in page.events]


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


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        pytest.param({"days": -1}, ForbiddenCause.TOKEN_EXPIRED, id="expired"),
        pytest.param({"categories": [3]}, ForbiddenCause.CATEGORY, id="category"),
        pytest.param({"sid": "other"}, ForbiddenCause.TOKEN_INVALID, id="stranger"),
        pytest.param({"kind": "test"}, ForbiddenCause.TOKEN_INVALID, id="sandbox"),
        pytest.param({"kind": "service"}, ForbiddenCause.TOKEN_TYPE, id="no secret"),
    ],
)
def test_a_token_is_refused_for_its_cause(sim, connect, token, cause):
    sim.add_seller(sid="shop")
    client = connect(sim.make_token(**{"sid": "shop", **token}))

    with pytest.raises(errors.WbForbidden) as caught:
        client.events()

    assert caught.value.cause is cause


def test_a_secret_goes_with_a_service_token_only(sim, connect):
    sim.add_seller(sid="shop")
    service = sim.make_token(TokenKind.SERVICE, sid="shop")
    personal = sim.make_token(TokenKind.PERSONAL, sid="shop")

    connect(service, client_secret="s").events()
    with pytest.raises(errors.WbForbidden) as caught:
        connect(personal, client_secret="s").events()

    assert caught.value.cause is ForbiddenCause.TOKEN_TYPE


def test_a_read_only_token_reads_and_may_not_send(sim, connect):
    sim.add_seller(sid="shop")
    client = connect(sim.make_token(read_only=True, sid="shop"))
    chat_id = sim.new_chat("0")
    client.events()

    with pytest.raises(errors.WbForbidden) as caught:
        client.send_message(reply_sign=sign_of(sim, chat_id), text="a")

    assert caught.value.cause is ForbiddenCause.READ_ONLY


def test_a_withdrawn_token_is_refused(sim, connect):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))
    sim.withdraw(token)

    with pytest.raises(errors.WbForbidden) as caught:
        connect(token).events()

    assert caught.value.cause is ForbiddenCause.WITHDRAWN


def test_what_is_no_token_is_malformed(sim, connect):
    with pytest.raises(errors.WbForbidden, match="malformed"):
        connect("not-a-token").events()


def test_a_seller_is_let_in_by_token_or_by_sid_and_once(sim):
    token = sim.make_token(sid="a")

    assert sim.add_seller(token) == "a"
    assert sim.add_seller("a") == "a"
    assert sim.add_seller("b") == "b"
    assert list(sim.sellers) == ["a", "b"]


def test_sellers_do_not_see_each_other(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    chat_id = sim.new_chat("0", seller="a")

    assert texts(second.events()) == []
    assert second.chats() == ()
    with pytest.raises(errors.WbRejected, match="Invalid signature"):
        second.send_message(reply_sign=sign_of(sim, chat_id), text="a")
    assert texts(first.events()) == ["0"]


def allowed_in(wb, clock, seconds, step):
    """How many of the requests made every ``step`` seconds were let through."""
    passed = 0
    for _ in range(round(seconds / step)):
        try:
            wb.events()
            passed += 1
        except errors.WbThrottled:
            pass
        clock.pass_(step)
    return passed


def test_a_bucket_lets_ten_through_at_once_and_then_one_a_second(clock, wb):
    assert allowed_in(wb, clock, 10, 0.25) == 10 + 9


def test_a_window_lets_ten_through_in_any_ten_seconds(sim, clock, wb):
    sim.throttle.window = "sliding"

    assert allowed_in(wb, clock, 10, 0.25) == 10
    assert allowed_in(wb, clock, 10, 0.25) == 10


def test_a_429_says_when_to_come_back_and_is_counted(sim, clock, wb):
    for _ in range(10):
        wb.events()
    clock.pass_(0.4)

    with pytest.raises(errors.WbThrottled) as caught:
        wb.events()

    assert caught.value.retry_after == 1
    assert sim.throttled == {"events": 1}
    assert sim.calls == {"events": 11}
    clock.pass_(1)
    wb.events()


def test_rate_headers_tell_what_is_left(sim, running):
    token = sim.make_token(sid=sim.add_seller(sid="shop"))

    def headers():
        url = f"{running.url}/api/v1/seller/chats"
        answer = requests.get(url, headers={"Authorization": token}, timeout=5)
        return {k: v for k, v in answer.headers.items() if k.startswith("X-Rate")}

    assert headers() == {
        "X-Ratelimit-Limit": "10",
        "X-Ratelimit-Remaining": "9",
        "X-Ratelimit-Reset": "1",
    }
    for _ in range(9):
        headers()
    assert headers() == {
        "X-Ratelimit-Limit": "10",
        "X-Ratelimit-Reset": "10",
        "X-Ratelimit-Retry": "1",
    }


def test_a_base_token_gets_one_call_an_hour(sim, connect, clock):
    client = connect(sim.make_token("base", sid=sim.add_seller(sid="shop")))
    client.events()
    clock.pass_(2)

    with pytest.raises(errors.WbThrottled) as caught:
        client.events()

    assert caught.value.retry_after == 3598


def test_a_base_token_can_be_turned_away_altogether(sim, connect):
    sim.refuse_base = True
    token = sim.make_token("base", sid=sim.add_seller(sid="shop"))

    with pytest.raises(errors.WbForbidden) as caught:
        connect(token).events()

    assert caught.value.cause is ForbiddenCause.TOKEN_TYPE
    connect(token, client_secret="secret").events()


def test_each_method_and_seller_has_a_bucket_of_its_own(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    for _ in range(10):
        first.events()

    first.chats()
    second.events()

    assert sim.throttled == {}


@pytest.mark.parametrize(
    ("fault", "failure", "delivered"),
    [
        ({"kind": "429", "seconds": 7}, errors.WbThrottled, 0),
        ({"kind": "5xx"}, errors.WbUnknown, 0),
        ({"kind": "drop-before"}, errors.WbUnknown, 0),
        ({"kind": "reject", "detail": "PROHIBITED_CONTENT"}, errors.WbRejected, 0),
        ({"kind": "402"}, errors.WbPaymentRequired, 0),
        ({"kind": "401"}, errors.WbForbidden, 0),
        ({"kind": "403"}, errors.WbForbidden, 0),
        ({"kind": "disabled"}, errors.WbDisabled, 0),
        ({"kind": "drop-after"}, errors.WbUnknown, 1),
        ({"kind": "5xx-after"}, errors.WbUnknown, 1),
        ({"kind": "truncated"}, errors.WbUnknown, 1),
        ({"kind": "not-json"}, errors.WbUnknown, 1),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_a_planned_failure_of_a_send(sim, wb, fault, failure, delivered):
    chat_id = sim.new_chat("0")
    planned = sim.fault(method="send", **fault)

    with pytest.raises(failure):
        wb.send_message(reply_sign=sign_of(sim, chat_id), text="1")

    assert planned.hits == 1
    assert len(sim.sent) == delivered
    assert len(texts(wb.events())) == 1 + delivered
    wb.send_message(reply_sign=sign_of(sim, chat_id), text="2")


def test_a_slow_answer_is_still_the_answer(sim, clock, wb):
    sim.new_chat("0")
    sim.fault("slow", "events", seconds=3)

    assert texts(wb.events()) == ["0"]
    assert clock.now == NOON + timedelta(seconds=3)


def test_an_empty_list_beside_a_full_history(sim, wb):
    sim.new_chat("0")
    sim.fault("empty-chats", "chats", times=None)

    assert wb.chats() == ()
    assert texts(wb.events()) == ["0"]


def test_signatures_can_be_missing_everywhere(sim, wb):
    sim.new_chat("0")
    sim.fault("no-sign", times=None)

    assert wb.chats()[0].reply_sign is None
    assert wb.events().events[0].reply_sign is None


def test_downloads_can_be_pending_or_blocked_on_demand(sim, wb):
    sim.fault("pending", "download", seconds=12)
    sim.fault("blocked", "download")

    assert wb.download("x") == DownloadPending(12)
    with pytest.raises(errors.WbDownloadBlocked):
        wb.download("x")


def test_a_fault_keeps_to_its_seller_its_skip_and_its_count(sim, connect):
    first = connect(sim.make_token(sid=sim.add_seller(sid="a")))
    second = connect(sim.make_token(sid=sim.add_seller(sid="b")))
    sim.fault("5xx", "events", "a", skip=1, times=2)

    def outcome(client):
        try:
            client.events()
        except errors.WbUnavailable:
            return "x"
        return "."

    assert "".join(outcome(first) for _ in range(5)) == ".xx.."
    assert outcome(second) == "."


def test_random_faults_are_the_same_for_the_same_seed():
    def hits(seed):
        sim = Simulator(seed=seed)
        sim.fault("5xx", probability=0.2, times=None)
        return [bool(sim.faults.struck("send", "a")) for _ in range(1000)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 150 < sum(hits(1)) < 250


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


def test_another_process_drives_it_by_the_same_names(sim, running, wb):
    remote = Remote(running.url)
    chat_id = remote.new_chat(text="Здравствуйте!", at=NOON)
    remote.buyer_says(chat_id=chat_id, text="фото", files=[["a.png", "image/png", PNG]])
    remote.fault(kind="5xx", method="events")
    remote.set(page_size=1, window="off")

    with pytest.raises(errors.WbUnavailable):
        wb.events()
    assert texts(wb.events()) == ["Здравствуйте!"]
    assert remote.calls() == {"events": 2}
    assert [fault["hits"] for fault in remote.faults()] == [1]
    assert remote.sent() == []
    assert [it["chatID"] for it in remote.chats()] == [chat_id]
    with pytest.raises(ValueError, match="no such chat"):
        remote.buyer_says(chat_id="?", text="a")
    with pytest.raises(ValueError, match="no such call"):
        remote.answer()


def test_without_control_nobody_drives_it(sim, running):
    sim.control = False

    with pytest.raises(ValueError, match="control is off"):
        Remote(running.url).sent()


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


@contextmanager
def process(*arguments):
    command = [sys.executable, "-m", "agentiq.wb.simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()
            child.wait(10)
    assert child.returncode == 0


def test_as_a_process_it_keeps_its_chats_from_run_to_run(tmp_path):
    state = ("--state", str(tmp_path / "state" / "wb.json"))
    with process(*state) as url:
        Remote(url).add_seller(sid="shop")
        chat_id = Remote(url).new_chat(text="Здравствуйте!")

    with process(*state) as url:
        [chat] = Remote(url).chats()

    assert chat["chatID"] == chat_id
    assert chat["lastMessage"]["text"] == "Здравствуйте!"


def test_a_taken_port_is_said_in_one_line(running, capsys):
    assert main(["--port", str(running.port)]) == 1

    assert f"cannot listen on port {running.port}" in capsys.readouterr().err
