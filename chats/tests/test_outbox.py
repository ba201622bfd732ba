from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.testing import NOON, make_seller
from agentiq.wb.records import Receipt
from chats import outbox, revisions, settling, tasks
from chats.models import Attempt, Chat, FeedCursor, Message, Outgoing, SendGate
from promos.models import PromoCodeSend, WbToken

TEXT = "Здравствуйте! Посмотрите, пожалуйста, таблицу размеров в карточке товара."
WITH_CODE = (
    "Здравствуйте! Промокод SALE10: скидка 10\u00a0% на все товары нашего магазина."
)


@pytest.fixture
def wb_chat(seller, simulator, wb):
    """A chat that WB knows, ready to be answered."""

    def wb_chat(text="Какой размер выбрать?"):
        sid = next(iter(simulator.sellers))
        wb_chat_id = simulator.new_chat(text, seller=sid)
        sign = simulator.sellers[sid].chats[wb_chat_id].signs[-1]
        return Chat.objects.create(
            seller=seller, wb_chat_id=wb_chat_id, reply_sign=sign, nm_id=12345678
        )

    return wb_chat


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def queue(seller, now):
    def queue(chat, text=TEXT, at=None, **fields):
        values = {"due_at": at or now, "key": uuid4()} | fields
        return Outgoing.objects.create(
            seller_id=chat.seller_id, chat=chat, text=text, **values
        )

    return queue


@pytest.fixture
def send(wb, now):
    def send(at=None):
        at = at or now
        return outbox.deliver(outbox.claim(now=at), client=wb, now=at)

    return send


def show(chat, text=TEXT, at=None, source="seller-public-api", stored_at=None):
    message = Message.objects.create(
        seller_id=chat.seller_id,
        chat=chat,
        event_id=str(uuid4()),
        sender="seller",
        source=source,
        text=text,
        added_at=at or timezone.now(),
    )
    if stored_at:
        Message.objects.filter(pk=message.pk).update(stored_at=stored_at)
    return message


def polls(seller, number, now):
    FeedCursor.objects.update_or_create(
        seller=seller, defaults={"polls": number, "polled_at": now}
    )


def story(outgoing):
    return [(row.status, row.reason) for row in outgoing.changes.all()]


def test_a_claimed_reply_reaches_wb_as_written(wb_chat, queue, send, simulator):
    text = "Строка одна,\nстрока две: «ёж» 🌿  с двумя пробелами"
    queue(wb_chat(), text)

    outgoing = send()

    assert [post["message"] for post in simulator.sent] == [text]
    assert story(outgoing) == [("sending", "sending"), ("sent", "accepted")]
    attempt = outgoing.attempts.get()
    assert (attempt.outcome, attempt.http_status) == ("accepted", 200)


def test_a_code_is_recorded_with_the_receipt(wb_chat, queue, send, make_code, now):
    code = make_code(
        starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=1)
    )
    queue(wb_chat(), WITH_CODE, promo_code=code)

    outgoing = send()

    recorded = PromoCodeSend.objects.get()
    assert (recorded.promo_code, recorded.outgoing_key) == (code, outgoing.key)
    assert Chat.objects.get().code_sent_at == outgoing.sent_at


def test_a_refusal_of_wb_is_shown_in_its_words(wb_chat, queue, send, simulator):
    queue(wb_chat())
    simulator.fault("reject", "send", detail="message failed moderation")

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("failed", "rejected")
    assert outgoing.reason_detail == "message failed moderation"
    assert Chat.objects.get().has_failed
    assert not PromoCodeSend.objects.exists()


def test_a_dropped_answer_is_unknown_and_never_repeated_blindly(
    wb_chat, queue, send, simulator, now
):
    queue(wb_chat())
    simulator.fault("drop-after", "send")

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("unknown", "no_answer")
    assert outbox.claim(now=now + timedelta(days=1)) is None
    assert len(simulator.sent) == 1


@pytest.mark.parametrize("kind", ["5xx", "5xx-after", "truncated", "not-json"])
def test_an_answer_that_says_nothing_is_unknown_too(
    wb_chat, queue, send, simulator, kind
):
    queue(wb_chat())
    simulator.fault(kind, "send")

    assert send().status == "unknown"


def test_a_throttled_seller_waits_as_long_as_wb_asks(
    wb_chat, queue, send, simulator, now
):
    queue(wb_chat())
    simulator.fault("429", "send", seconds=3600)

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("queued", "throttled")
    ended = outgoing.attempts.get().finished_at
    assert outbox.claim(now=ended + timedelta(seconds=3599)) is None
    assert outbox.claim(now=ended + timedelta(seconds=3601)) == outgoing


@pytest.mark.parametrize(
    ("fault", "detail", "word"),
    [
        ("401", "token problem; withdrawn", "token_withdrawn"),
        ("401", "token expired", "token_expired"),
        ("403", "token scope is not allowed for this path", "token_category"),
        ("403", "read-only token", "token_read_only"),
        ("402", "", "unpaid"),
    ],
)
def test_a_refused_seller_waits_with_the_reason(
    wb_chat, queue, send, simulator, now, fault, detail, word
):
    queue(wb_chat())
    simulator.fault(fault, "send", detail=detail)

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("queued", word)
    assert SendGate.objects.get().reason == word
    assert outbox.claim(now=now + timedelta(minutes=14)) is None
    retired = word in ("token_withdrawn", "token_expired", "token_category")
    assert (WbToken.objects.get().refused_at is not None) is retired


def test_a_new_token_opens_the_gate_at_once(wb_chat, queue, send, simulator, now):
    queue(wb_chat())
    simulator.fault("401", "send")
    send()
    old = WbToken.objects.get()
    old.pk, old.refused_at, old.refusal = None, None, ""
    old.save()

    later = now + timedelta(minutes=1)
    outbox.gate.lift(now=later)

    assert outbox.claim(now=later) is not None


@pytest.mark.parametrize("fault", ["5xx", "drop-after"])
def test_five_failures_in_a_row_make_tries_rare(
    wb_chat, queue, send, simulator, now, fault
):
    for _ in range(6):
        queue(wb_chat())
    simulator.fault(fault, "send", times=None)

    for _ in range(5):
        send()

    assert SendGate.objects.get().reason == "breaker"
    assert outbox.claim(now=now + timedelta(seconds=20)) is None
    assert outbox.claim(now=now + timedelta(seconds=40)) is not None


def test_an_answer_forgives_earlier_failures(wb_chat, queue, send, simulator):
    for _ in range(5):
        queue(wb_chat())
    simulator.fault("5xx", "send", times=4)

    for _ in range(5):
        send()

    assert SendGate.objects.get().failures == 0


def test_an_unreachable_wb_is_tried_again_a_little_later(
    wb_chat, queue, send, wb_server, now
):
    queue(wb_chat())
    wb_server.close()

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("queued", "unavailable")
    assert outgoing.attempts.get().outcome == "not_sent"
    assert outbox.claim(now=now + timedelta(seconds=10)) == outgoing


def test_our_own_limiter_leaves_no_trace(wb_chat, queue, wb, now, monkeypatch):
    class Busy:
        def acquire(self, method):
            return 0.4

        def observe(self, method, headers, status):
            pass

    before = queue(wb_chat())
    wb._limiter = Busy()

    outgoing = outbox.deliver(outbox.claim(now=now), client=wb, now=now)

    assert (outgoing.status, outgoing.reason) == ("queued", "queued")
    assert outgoing == before
    assert not Attempt.objects.exists()
    assert story(outgoing) == []
    assert outbox.claim(now=now) is None
    assert outbox.claim(now=now + timedelta(seconds=1)) == before


def test_a_replaced_signature_is_tried_once(wb_chat, queue, send, simulator, now):
    chat = wb_chat()
    Chat.objects.update(previous_sign=chat.reply_sign, reply_sign="1:wrong:sign")
    queue(chat)

    assert send().reason == "sign_renewed"
    assert send(now + timedelta(seconds=1)).status == "sent"


def test_a_chat_without_a_signature_waits_for_it(wb_chat, queue, send, simulator, now):
    queue(wb_chat())
    Chat.objects.update(reply_sign="")

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("queued", "no_sign")
    assert not simulator.sent


def test_a_code_that_ended_in_the_queue_is_not_sent(
    wb_chat, queue, send, make_code, simulator
):
    queue(wb_chat(), WITH_CODE, promo_code=make_code())  # it ended in March

    outgoing = send()

    assert (outgoing.status, outgoing.reason) == ("failed", "code_ended")
    assert not simulator.sent


def test_a_switch_to_dry_run_stops_what_is_queued(
    wb_chat, queue, send, seller, simulator
):
    queue(wb_chat())
    seller.dry_run = True
    seller.save()

    assert send().status == "dry"
    assert not simulator.sent


def test_replies_of_a_chat_go_one_by_one_in_order(wb_chat, queue, now):
    chat = wb_chat()
    first = queue(chat, at=now - timedelta(seconds=1))
    second = queue(chat, at=now - timedelta(seconds=9))

    assert outbox.claim(now=now) == first
    assert outbox.claim(now=now) is None
    Outgoing.objects.filter(pk=first.pk).update(status="unknown")
    assert outbox.claim(now=now) is None
    Outgoing.objects.filter(pk=first.pk).update(status="sent")
    assert outbox.claim(now=now) == second


def test_one_seller_behind_a_closed_gate_slows_nobody(wb_chat, queue, seller, now):
    blocked = wb_chat()
    for _ in range(3):
        queue(blocked)
    outbox.gate.close(seller.pk, "throttled", now=now, wait=timedelta(hours=1))
    other = make_seller("Другая")
    with scopes_disabled():
        chat = Chat.objects.create(seller=other, wb_chat_id="1:b", reply_sign="s")
        reply = queue(chat)

        assert outbox.sellers_due(now=now) == [other.pk]
        assert outbox.claim(now=now) == reply


def test_a_seller_opens_when_a_reply_is_due_and_the_gate_lets_it(
    wb_chat, queue, seller, now
):
    queue(wb_chat(), at=now + timedelta(seconds=0.4))
    queue(wb_chat(), at=now + timedelta(seconds=0.6))
    tick = timedelta(seconds=1)
    assert outbox.openings(now=now, within=timedelta()) == {}
    opens = outbox.openings(now=now, within=tick)
    assert opens == {seller.pk: now + timedelta(seconds=0.4)}

    outbox.gate.close(seller.pk, "throttled", now=now, wait=timedelta(seconds=0.9))
    opens = outbox.openings(now=now, within=tick)
    assert opens == {seller.pk: now + timedelta(seconds=0.9)}

    outbox.gate.close(seller.pk, "throttled", now=now, wait=timedelta(seconds=1.1))
    assert outbox.openings(now=now, within=tick) == {}


def test_a_worker_waits_out_a_gate_that_opens_at_once(
    wb_chat, queue, seller, simulator
):
    reply = queue(wb_chat(), at=timezone.now())
    wait = timedelta(seconds=0.15)
    outbox.gate.close(seller.pk, "throttled", now=timezone.now(), wait=wait)

    tasks.send_seller(seller.pk)

    reply.refresh_from_db()
    assert reply.status == "sent"


def test_a_gate_that_opens_within_the_tick_is_nudged_then(
    wb_chat, queue, seller, now, monkeypatch
):
    queue(wb_chat(), at=now)
    outbox.gate.close(seller.pk, "throttled", now=now, wait=timedelta(hours=1))
    nudges = []
    monkeypatch.setattr(
        tasks.send_seller,
        "apply_async",
        lambda args, countdown: nudges.append((args, countdown)),
    )

    tasks.send_due()
    outbox.gate.close(
        seller.pk, "throttled", now=timezone.now(), wait=timedelta(seconds=0.9)
    )
    tasks.send_due()

    ((args, countdown),) = nudges
    assert args == [seller.pk]
    assert countdown is None or countdown <= 0.9


def test_the_feed_settles_an_unknown_delivery(
    wb_chat, queue, send, simulator, seller, make_code, now
):
    code = make_code(
        starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=1)
    )
    chat = wb_chat()
    queue(chat, WITH_CODE, promo_code=code)
    simulator.fault("drop-after", "send")
    outgoing = send()

    message = show(chat, WITH_CODE.replace("\u00a0", " ") + "\r\n")
    settling.settle(seller, now=now + timedelta(seconds=3))

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("sent", "seen_in_feed")
    assert outgoing.message == message
    assert PromoCodeSend.objects.get().message_id == message.event_id


def test_an_event_without_a_source_may_be_our_reply(
    wb_chat, queue, send, simulator, seller, now
):
    chat = wb_chat()
    queue(chat)
    simulator.fault("drop-after", "send")
    outgoing = send()

    show(chat, source="")
    settling.settle(seller, now=now + timedelta(seconds=3))

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("sent", "seen_in_feed")


def test_a_sent_reply_learns_its_message(wb_chat, queue, send, seller, now):
    chat = wb_chat()
    queue(chat)
    outgoing = send()
    message = show(chat)

    settling.settle(seller, now=now)
    settling.settle(seller, now=now)

    outgoing.refresh_from_db()
    assert outgoing.message == message
    assert [row.status for row in outgoing.changes.all()] == ["sending", "sent"]


def test_an_older_message_with_the_same_text_is_not_ours(
    wb_chat, queue, send, simulator, seller, now
):
    chat = wb_chat()
    queue(chat)
    show(chat)
    simulator.fault("5xx", "send")
    outgoing = send()
    show(chat, at=now - timedelta(minutes=6))
    show(chat, source="seller-portal")

    settling.settle(seller, now=now)

    outgoing.refresh_from_db()
    assert outgoing.status == "unknown"


def test_a_poll_that_began_before_the_try_may_bring_its_message(
    wb_chat, queue, send, simulator, seller, now
):
    chat = wb_chat()
    queue(chat)
    simulator.fault("drop-after", "send")
    outgoing = send()
    show(chat, stored_at=now - timedelta(seconds=2))

    settling.settle(seller, now=now)

    outgoing.refresh_from_db()
    assert outgoing.status == "sent"


@pytest.mark.parametrize(
    ("later_polls", "seconds", "status"),
    [
        pytest.param(2, 60, "unknown", id="too few polls"),
        pytest.param(3, 20, "unknown", id="too soon"),
        pytest.param(3, 60, "queued", id="polls and time enough"),
    ],
)
def test_a_retry_waits_for_polls_and_time(
    wb_chat, queue, send, simulator, seller, now, settings, later_polls, seconds, status
):
    settings.WB_SETTLE_POLLS, settings.WB_SETTLE_SECONDS = 3, 30
    polls(seller, 7, now)
    queue(wb_chat())
    simulator.fault("5xx", "send")
    outgoing = send()
    polls(seller, 7 + later_polls, now)

    later = now + timedelta(seconds=seconds)
    settling.settle(seller, now=later)

    outgoing.refresh_from_db()
    assert outgoing.status == status
    if status == "queued":
        assert outgoing.reason == "not_delivered"
        assert send(later).status == "sent"
        assert len(simulator.sent) == 1


def test_a_late_event_stops_the_retry(
    wb_chat, queue, send, simulator, seller, now, settings
):
    settings.WB_SETTLE_POLLS = settings.WB_SETTLE_SECONDS = 0
    chat = wb_chat()
    polls(seller, 1, now)
    queue(chat)
    simulator.fault("drop-after", "send")
    outgoing = send()
    later = now + timedelta(minutes=1)
    settling.settle(seller, now=later)
    show(chat)

    settling.settle_chat(chat.pk, now=later)

    outgoing.refresh_from_db()
    assert outgoing.status == "sent"
    assert outbox.claim(now=later) is None


def test_tries_without_an_answer_end_with_a_person(
    wb_chat, queue, send, simulator, seller, now, settings
):
    settings.WB_SETTLE_POLLS = settings.WB_SETTLE_SECONDS = 0
    polls(seller, 1, now)
    queue(wb_chat())
    simulator.fault("5xx", "send", times=None)

    for hour in range(5):
        outgoing = send(now + timedelta(hours=hour))
        settling.settle(seller, now=now + timedelta(hours=hour, minutes=1))

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("failed", "gave_up")


def test_two_replies_with_the_same_text_take_one_event_each(
    wb_chat, queue, send, simulator, seller, now
):
    chat = wb_chat()
    first, second = queue(chat), queue(chat)
    send()
    simulator.fault("drop-after", "send")
    send()
    shown = show(chat)

    settling.settle(seller, now=now + timedelta(seconds=2))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.message, second.status) == (shown, "unknown")

    again = show(chat)
    settling.settle(seller, now=now + timedelta(seconds=4))

    second.refresh_from_db()
    assert (second.message, second.status) == (again, "sent")


def test_a_worker_that_died_before_the_call_left_nothing(
    wb_chat, queue, seller, now, settings
):
    outgoing = queue(wb_chat())
    outbox.claim(now=now)

    settling.sweep(seller, now=now + timedelta(seconds=settings.WB_SENDING_SECONDS - 1))
    outgoing.refresh_from_db()
    assert outgoing.status == "sending"

    settling.sweep(seller, now=now + timedelta(seconds=settings.WB_SENDING_SECONDS))
    outgoing.refresh_from_db()
    assert outgoing.status == "queued"


def test_a_worker_that_died_during_the_call_leaves_a_question(
    wb_chat, queue, seller, now
):
    outgoing = queue(wb_chat())
    outbox.claim(now=now)
    Attempt.objects.create(seller=seller, outgoing=outgoing, started_at=now)

    settling.settle(seller, now=now + timedelta(minutes=5))

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("unknown", "worker_lost")
    assert outgoing.attempts.get().outcome == "unknown"


def test_a_copied_reply_is_sent_once_the_cabinet_shows_it(wb_chat, queue, seller, now):
    chat = wb_chat()
    outgoing = queue(chat, status="copied")
    show(chat, source="seller-portal")

    settling.settle(seller, now=now)

    outgoing.refresh_from_db()
    assert outgoing.status == "sent"


def test_a_late_receipt_counts_although_the_retry_was_queued(wb_chat, queue, now):
    outgoing = queue(wb_chat())
    claimed = outbox.claim(now=now)

    class Slow:
        def send_message(self, **parts):
            Outgoing.objects.update(status="queued")  # meanwhile it was settled
            return Receipt("1:a", now, "", ())

    outbox.deliver(claimed, client=Slow(), now=now)

    outgoing.refresh_from_db()
    assert outgoing.status == "sent"


def test_no_token_puts_the_reply_back(wb_chat, queue, now):
    outgoing = queue(wb_chat())
    outbox.not_connected(outbox.claim(now=now), "no_token", now=now)

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("queued", "no_token")
    assert outbox.claim(now=now) is None


def race(seller, *works):
    """Run works at the same moment, each in a thread and connection of its own."""
    start, results = Barrier(len(works)), [None] * len(works)

    def run(place, work):
        try:
            with scope(seller=seller):
                start.wait()
                results[place] = work()
        finally:
            connection.close()

    threads = [
        Thread(target=run, args=(place, work)) for place, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_four_workers_never_take_the_same_reply(make_chat, queue, seller, now):
    chats = [make_chat() for _ in range(6)]
    for chat in chats * 2:
        queue(chat)

    def work():
        taken = []
        while outgoing := outbox.claim(now=now):
            taken.append(outgoing.pk)
        return taken

    taken = [pk for result in race(seller, *[work] * 4) for pk in result]

    assert len(taken) == len(set(taken)) == len(chats)


@pytest.mark.django_db(transaction=True)
def test_undo_and_dispatch_race_and_one_wins(make_chat, queue, seller, operator, now):
    for _ in range(10):
        outgoing = queue(make_chat())

        undone, claimed = race(
            seller,
            lambda reply=outgoing: revisions.undo(reply, operator=operator, now=now),
            lambda: outbox.claim(now=now),
        )

        outgoing.refresh_from_db()
        assert bool(undone) is not bool(claimed)
        assert outgoing.status == ("cancelled" if undone else "sending")


def test_undone_at_noon_is_gone_for_good(make_chat, queue, operator):
    outgoing = queue(make_chat(), at=NOON)
    revisions.undo(outgoing, operator=operator, now=NOON)

    assert outbox.claim(now=NOON + timedelta(days=1)) is None
