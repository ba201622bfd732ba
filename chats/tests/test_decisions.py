from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope

from agentiq.testing import NOON
from agentiq.wb.records import Attachment
from chats import decisions, revisions, suggestions
from chats.models import Chat, Decision, Draft, Outgoing, OutgoingChange
from chats.refusing import Refused
from chats.tests.conftest import say
from promos.models import Membership, PromoCodeSend

SIZE = "Здравствуйте! Подскажите, какой размер выбрать на рост 170, обхват груди 92?"
OWN = "Здравствуйте! Посмотрите, пожалуйста, таблицу размеров в карточке товара."


@pytest.fixture
def suggestion(make_chat, make_code):
    make_code()
    chat = make_chat(SIZE)
    return suggestions.suggest(chat, now=NOON)


@pytest.fixture
def decide(suggestion, operator):
    def decide(kind="accept", **options):
        options = {
            "key": uuid4(),
            "operator": operator,
            "seen_event_id": suggestion.event_id,
            "now": NOON,
        } | options
        return decisions.decide(suggestion, kind=kind, **options)

    return decide


@pytest.fixture
def write(make_chat, operator):
    chat = make_chat(SIZE)

    def write(text=OWN, **options):
        chat.refresh_from_db()
        options = {
            "key": uuid4(),
            "operator": operator,
            "seen_event_id": chat.last_event_id,
            "now": NOON,
        } | options
        return decisions.write(chat, text=text, **options)

    write.chat = chat
    return write


def refused(act, *args, **options):
    with pytest.raises(Refused) as caught:
        act(*args, **options)
    return caught.value


def test_accepting_queues_the_text_as_it_was_shown(decide, suggestion, operator):
    decision = decide()

    outgoing = decision.outgoing.get()
    assert outgoing.text == suggestion.text
    assert outgoing.promo_code == suggestion.promo_code
    assert (outgoing.status, outgoing.due_at) == ("queued", NOON + timedelta(seconds=5))
    assert decision.edit_distance == 0
    suggestion.refresh_from_db()
    assert suggestion.state == "accepted"
    assert Chat.objects.get().waiting_since is None
    assert [row.reason for row in outgoing.changes.all()] == ["queued"]


def test_accepting_without_the_code_sends_the_plain_text(decide, suggestion):
    outgoing = decide(with_code=False).outgoing.get()

    assert (outgoing.text, outgoing.promo_code) == (suggestion.plain_text, None)


def test_an_edited_text_keeps_how_much_was_changed(decide, suggestion):
    decision = decide("edit", text=suggestion.text + " Спасибо!")

    suggestion.refresh_from_db()
    assert (decision.kind, suggestion.state) == ("edit", "edited")
    assert 0 < decision.edit_distance < 0.2
    assert decision.with_code


def test_an_edit_that_changes_nothing_is_an_acceptance(decide, suggestion):
    assert decide("edit", text=suggestion.text).kind == "accept"


def test_who_takes_the_code_out_sends_no_code(decide, suggestion):
    outgoing = decide("edit", text=OWN).outgoing.get()

    assert outgoing.promo_code is None


def test_skipping_sends_nothing_and_the_buyer_waits_on(decide, suggestion):
    decision = decide("skip", skip_reason="poor_wording", skip_note="сухо")

    suggestion.refresh_from_db()
    assert suggestion.state == "skipped"
    assert (decision.skip_reason, decision.skip_note) == ("poor_wording", "сухо")
    assert not Outgoing.objects.exists()
    assert Chat.objects.get().waiting_since is not None


def test_skipping_because_no_answer_is_needed_ends_the_wait(decide):
    decide("skip", skip_reason="no_answer_needed")

    assert Chat.objects.get().waiting_since is None


def test_the_same_act_twice_is_one_decision(decide):
    key = uuid4()

    assert decide(key=key) == decide(key=key)
    assert Outgoing.objects.count() == 1


def test_a_suggestion_is_decided_upon_once(decide):
    decide()

    assert refused(decide).code == "closed"


def test_news_stop_a_decision_until_it_is_forced(decide, suggestion):
    chat = suggestion.chat
    say(chat, "Уже не нужно, спасибо")

    error = refused(decide)

    assert (error.code, [one.text for one in error.news]) == (
        "stale",
        ["Уже не нужно, спасибо"],
    )
    assert decide(force=True).overrode_newer


def test_an_overtaken_suggestion_is_not_sent_as_such(decide, suggestion):
    chat = suggestion.chat
    say(chat, "А есть синее?")
    suggestions.suggest(chat, now=NOON)

    assert refused(decide).code == "stale"
    forced = decide(force=True)
    suggestion.refresh_from_db()
    assert (forced.kind, forced.suggestion) == ("write", None)
    assert suggestion.state == "superseded"


def test_our_own_message_in_the_feed_is_no_news(write, operator):
    write()
    seen = write.chat.last_event_id
    say(write.chat, OWN, "seller", source="seller-public-api")

    write("Если нужна помощь с выбором, напишите ваши мерки.", seen_event_id=seen)

    assert Outgoing.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("  ", "empty", id="nothing"),
        pytest.param("а" * 1001, "too_long", id="1001 characters"),
        pytest.param("Пишите нам в телеграм @shop_best", "policy", id="a contact"),
        pytest.param(
            "Вот промокод SALE10, скидка 15 %", "policy", id="an unasked code"
        ),
    ],
)
def test_a_text_that_may_not_leave_is_refused(write, make_code, text, code):
    make_code()

    error = refused(write, text)

    assert error.code == code
    assert bool(error.violations) is (code == "policy")
    assert not Decision.objects.exists()
    assert write.chat.waiting_since is not None


def test_a_wrong_percentage_beside_the_code_is_refused(write, make_code):
    code = make_code()
    text = "Дарим промокод SALE10: скидка 15 % на все товары нашего магазина."

    assert refused(write, text, promo_code=code).code == "policy"


def test_a_chosen_code_must_be_in_the_text(write, make_code):
    assert refused(write, promo_code=make_code()).code == "code_not_in_text"


def test_a_code_that_ended_is_refused(decide, suggestion):
    assert refused(decide, now=suggestion.promo_code.expires_at).code == "code_ended"


def test_a_chat_without_a_signature_cannot_be_answered_yet(write):
    Chat.objects.update(reply_sign="")

    error = refused(write)

    assert error.code == "no_sign"
    assert "Отправка пока невозможна" in error.message


@pytest.mark.parametrize(
    ("name", "kind", "content", "fine"),
    [
        ("a.png", "image/png", b"\x89PNG....", True),
        ("a.png", "image/png", b"GIF89a", False),
        ("a.gif", "image/gif", b"GIF89a", False),
        ("a.pdf", "application/pdf", b"%PDF" + bytes(5 * 1024 * 1024), False),
    ],
)
def test_only_files_that_wb_takes_are_queued(write, name, kind, content, fine):
    files = [Attachment(name, content, kind)]

    if fine:
        assert write(files=files).outgoing.get().files.count() == 1
    else:
        assert refused(write, files=files).code == "bad_file"


def test_a_way_of_sending_without_files_says_so_before_anything_is_queued(
    write, settings
):
    settings.WB_SEND_PROFILE = "chat-path"
    files = [Attachment("a.png", "image/png", b"\x89PNG....")]

    error = refused(write, files=files)

    assert error.code == "no_files"
    assert "не передаёт файлы" in error.message


def test_a_dry_run_keeps_everything_in(write, seller):
    seller.dry_run = True
    seller.save()

    outgoing = write().outgoing.get()

    assert (outgoing.status, outgoing.reason) == ("dry", "dry_run")


@pytest.mark.parametrize(("asked", "given"), [(None, 7), (0, 0), (99, 15)])
def test_the_undo_window_is_the_persons_own(write, operator, asked, given):
    Membership.objects.update(undo_seconds=7)

    outgoing = write(undo_seconds=asked).outgoing.get()

    assert outgoing.due_at == NOON + timedelta(seconds=given)


def test_undoing_returns_the_text_and_the_wait(write, operator):
    since = write.chat.waiting_since
    Draft.objects.create(
        seller=write.chat.seller,
        chat=write.chat,
        operator=operator,
        text=OWN,
        updated_at=NOON,
    )
    outgoing = write().outgoing.get()
    assert not Draft.objects.exists()

    assert revisions.undo(outgoing, operator=operator, now=NOON)

    assert outgoing.status == "cancelled"
    assert Draft.objects.get().text == OWN
    assert Chat.objects.get().waiting_since == since
    assert not revisions.undo(outgoing, operator=operator, now=NOON)


def test_what_was_typed_since_stays_below_the_text_taken_back(write, operator):
    outgoing = write().outgoing.get()
    Draft.objects.create(
        seller=write.chat.seller,
        chat=write.chat,
        operator=operator,
        text="ещё",
        updated_at=NOON,
    )

    revisions.undo(outgoing, operator=operator, now=NOON)

    assert Draft.objects.get().text == f"{OWN}\n\nещё"


def test_a_failed_reply_is_tried_again_only_then(write, operator):
    outgoing = write().outgoing.get()
    assert (
        refused(revisions.retry, outgoing, operator=operator, now=NOON).code
        == "in_progress"
    )
    Outgoing.objects.update(status="failed")

    revisions.retry(outgoing, operator=operator, now=NOON)

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == ("queued", "retried")
    assert outgoing.changes.last().actor == operator


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        ("sent", "sent", "confirmed_by_hand"),
        ("retry", "queued", "retried"),
        ("drop", "failed", "dropped_by_hand"),
    ],
)
def test_a_person_may_settle_an_unknown_delivery(
    decide, operator, outcome, status, reason
):
    outgoing = decide().outgoing.get()
    Outgoing.objects.update(status="unknown")

    revisions.resolve_unknown(outgoing, outcome=outcome, operator=operator, now=NOON)

    outgoing.refresh_from_db()
    assert (outgoing.status, outgoing.reason) == (status, reason)
    assert PromoCodeSend.objects.count() == (outcome == "sent")


@pytest.mark.parametrize(("was_sent", "status"), [(True, "sent"), (False, "cancelled")])
def test_a_copied_reply_is_sent_once_a_person_says_so(
    decide, operator, was_sent, status
):
    outgoing = decide(copy=True).outgoing.get()
    assert (outgoing.status, outgoing.reason) == ("copied", "copied")

    revisions.confirm_copy(outgoing, was_sent=was_sent, operator=operator, now=NOON)

    outgoing.refresh_from_db()
    assert outgoing.status == status
    assert PromoCodeSend.objects.count() == was_sent
    assert (Chat.objects.get().waiting_since is None) is was_sent


@pytest.mark.django_db(transaction=True)
def test_a_double_click_in_two_processes_is_one_reply(suggestion, operator, seller):
    start, made, key = Barrier(4), [], uuid4()

    def click():
        try:
            with scope(seller=seller):
                start.wait()
                made.append(
                    decisions.decide(
                        suggestion,
                        kind="accept",
                        operator=operator,
                        key=key,
                        seen_event_id=suggestion.event_id,
                        now=NOON,
                    ).pk
                )
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 4
    assert len(set(made)) == 1
    assert Outgoing.objects.count() == 1
    assert OutgoingChange.objects.count() == 1
