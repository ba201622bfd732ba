"""The list: order, filters, counts, paging and search."""

import uuid
from datetime import date, timedelta

import pytest
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from chats import desk, live, search, suggestions, tasks
from chats.desk import Filters
from chats.models import Chat, ChatOrder, Decision, Message, Outgoing, Tally

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def make_chat(seller):
    def make(name="Анна", due=None, text="", shop=seller, **fields):
        number = Chat.objects.count() + 1
        due_at = NOON + timedelta(hours=due) if due is not None else None
        chat = Chat.objects.create(
            seller=shop,
            wb_chat_id=f"1:{number}",
            buyer_name=name,
            due_at=due_at,
            waiting_since=NOON if due is not None else None,
            **{"last_at": NOON + timedelta(seconds=number)} | fields,
        )
        if text:
            Message.objects.create(
                seller=shop,
                chat=chat,
                event_id=f"e{number}",
                sender="client",
                text=text,
                added_at=NOON,
            )
        return chat

    return make


def names(page):
    return [chat.buyer_name for chat in page.chats]


def test_what_is_due_first_stands_first(seller, make_chat):
    make_chat("поздний", due=48)
    make_chat("срочный", due=1)
    make_chat("отвеченный")

    assert names(desk.page(seller, Filters(), operator_id=0)) == ["срочный", "поздний"]


def test_a_chat_put_off_leaves_the_waiting_ones(seller, make_chat):
    make_chat("отложен", due=1, snoozed_until=NOON)

    assert names(desk.page(seller, Filters(), operator_id=0)) == []
    page = desk.page(seller, Filters(scope="snoozed"), operator_id=0)
    assert names(page) == ["отложен"]


def test_pages_follow_each_other_without_a_gap(seller, make_chat, monkeypatch):
    monkeypatch.setattr(desk, "PAGE", 2)
    for number in range(5):
        make_chat(f"{number}", due=number // 2)

    first = desk.page(seller, Filters(), operator_id=0)
    second = desk.page(seller, Filters(), operator_id=0, after=first.next)
    third = desk.page(seller, Filters(), operator_id=0, after=second.next)

    assert names(first) + names(second) + names(third) == ["0", "1", "2", "3", "4"]
    assert third.next == ""


def test_counts_move_with_every_change_and_survive_tidying(seller, operator, make_chat):
    make_chat(due=1, intent="thanks", sentiment="positive")
    make_chat(due=2, intent="thanks", sentiment="neutral", assignee=operator)
    done = make_chat(due=3, has_failed=True)
    Chat.objects.filter(pk=done.pk).update(waiting_since=None, code_sent_at=NOON)

    before = desk.tallies(seller)
    desk.tidy(seller.pk)

    assert before == {
        "all": 3,
        "waiting": 2,
        "unassigned": 1,
        f"mine:{operator.pk}": 1,
        "intent:thanks": 2,
        "mood:positive": 1,
        "mood:neutral": 1,
        "failed": 1,
        "code": 1,
    }
    assert desk.tallies(seller) == before
    assert Tally.objects.count() == len(before)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("промокода", id="another form of a word"),
        pytest.param("SALE10", id="a code"),
        pytest.param("нна", id="a part of the buyer's name"),
        pytest.param("146972802", id="an article"),
        pytest.param("rid-77", id="an order"),
    ],
)
def test_search_finds(seller, make_chat, query):
    chat = make_chat(
        "Анна", text="Ваш промокод SALE10 не сработал", nm_id=146972802, due=1
    )
    ChatOrder.objects.create(seller=seller, chat=chat, rid="rid-77", seen_at=NOON)
    make_chat("Пётр", text="Когда доставка?")

    page = desk.page(seller, Filters(query=query), operator_id=0)

    assert names(page) == ["Анна"]


@pytest.mark.parametrize("newest", [(1, 2), (1000,)], ids=["in steps", "at once"])
def test_of_too_many_chats_with_a_word_search_finds_the_newest(
    seller, make_chat, monkeypatch, newest
):
    monkeypatch.setattr(search, "FOUND", 2)
    monkeypatch.setattr(search, "NEWEST", newest)
    for number, days in enumerate((3, 1, 4, 2)):
        chat = make_chat(f"{days} дня назад", last_at=NOON - days * DAY)
        for part in (1, 2):  # a chat that says it twice is one chat
            Message.objects.create(
                seller=seller,
                chat=chat,
                event_id=f"said-{number}-{part}",
                sender="client",
                text="Промокод не сработал",
                added_at=NOON - days * DAY,
            )

    page = desk.page(seller, Filters(query="промокода"), operator_id=0)

    assert names(page) == ["1 дня назад", "2 дня назад"]


def test_search_keeps_to_the_shop(seller, make_chat):
    other = make_seller("Чужая")
    with scope(seller=other):
        make_chat("Чужой", text="промокод", shop=other)

    found = desk.page(seller, Filters(query="промокод"), operator_id=0)

    assert names(found) == []


class TestNarrowed:
    """Who answered, with which code, when: days are Moscow's, both included."""

    @pytest.fixture
    def answered(self, seller, make_chat):
        def answered(name, by, at, code=None, shop=seller, kind="write", **fields):
            chat = make_chat(name, shop=shop, last_at=at, **fields)
            decision = Decision.objects.create(
                seller=shop,
                chat=chat,
                key=uuid.uuid4(),
                kind=kind,
                operator=by,
                decided_at=at,
            )
            if kind != "skip":
                Outgoing.objects.create(
                    seller=shop,
                    chat=chat,
                    decision=decision,
                    key=uuid.uuid4(),
                    text="Ответ",
                    promo_code=code,
                    status="sent",
                    due_at=at,
                    sent_at=at,
                )
            return chat

        return answered

    def found(self, seller, **filters):
        wanted = Filters(**{"scope": "all"} | filters)
        return sorted(names(desk.page(seller, wanted, operator_id=0)))

    def test_by_the_person_who_answered(self, seller, operator, owner, answered):
        answered("её", operator, NOON)
        answered("чужой", owner, NOON)
        answered("пропущен", operator, NOON, kind="skip")

        assert self.found(seller, operator=operator.pk) == ["её"]

    def test_by_the_code_that_was_sent(self, seller, operator, answered, make_code):
        answered("с кодом", operator, NOON, make_code("SALE10"))
        answered("с другим", operator, NOON, make_code("SALE15"))
        answered("без кода", operator, NOON)

        assert self.found(seller, code="sale10") == ["с кодом"]

    @pytest.mark.parametrize(
        ("since", "until", "expected"),
        [
            pytest.param(date(2026, 3, 2), date(2026, 3, 2), ["день"], id="one day"),
            pytest.param(date(2026, 3, 2), None, ["день", "позже"], id="from"),
            pytest.param(None, date(2026, 3, 2), ["день", "раньше"], id="to"),
            pytest.param(None, date.max, ["день", "позже", "раньше"], id="no end"),
        ],
    )
    def test_days_are_those_of_moscow(
        self, seller, operator, answered, since, until, expected
    ):
        # 2 March in Moscow is from 21:00 UTC on the 1st to 21:00 on the 2nd.
        midnight = NOON.replace(hour=21)
        answered("раньше", operator, midnight - DAY - SECOND)
        answered("день", operator, midnight - SECOND)
        answered("позже", operator, midnight)

        for who in ({}, {"operator": operator.pk}):
            assert self.found(seller, since=since, until=until, **who) == expected

    def test_with_words_the_days_are_those_of_the_words(self, seller, make_chat):
        chat = make_chat("давно о том", text="Порвался шов", last_at=NOON + 9 * DAY)
        Message.objects.filter(chat=chat).update(added_at=NOON - 9 * DAY)
        Message.objects.create(
            seller=seller,
            chat=chat,
            event_id="late",
            sender="client",
            text="Спасибо",
            added_at=NOON + 9 * DAY,
        )
        make_chat("сегодня о том", text="Порвался шов")

        found = self.found(seller, query="порвался", since=NOON.date())

        assert found == ["сегодня о том"]

    def test_another_shop_s_people_and_codes_find_nothing(
        self, seller, operator, answered
    ):
        other = make_seller("Чужая")
        with scope(seller=other):
            answered("чужой", operator, NOON, shop=other)

        assert self.found(seller, operator=operator.pk) == []


def test_after_a_skipped_chat_comes_the_next_one_not_the_first(seller, make_chat):
    first, second, third = (make_chat(due=hours) for hours in (1, 2, 3))

    def after(chat):
        return desk.following(seller, Filters(), operator_id=0, but=chat, now=NOON)

    assert after(first) == second
    assert after(third) == first


def test_a_chat_somebody_holds_is_passed_over(seller, operator, make_chat):
    first = make_chat(due=1)
    make_chat(due=2, claimed_by=operator, claimed_until=NOON + timedelta(minutes=5))
    third = make_chat(due=3)

    found = desk.following(seller, Filters(), operator_id=0, but=first, now=NOON)

    assert found == third


@pytest.mark.parametrize(
    "fields",
    [
        {"intent": "thanks"},
        {"mood": "negative"},
        {"nm_id": 5},
        {"tag": "брак"},
        {"intent": "thanks", "mood": "negative", "nm_id": 5},
    ],
    ids=str,
)
def test_the_next_chat_is_one_of_those_listed(seller, make_chat, fields):
    values = {"sentiment" if name == "mood" else name: fields[name] for name in fields}
    values["tags"] = [values.pop("tag")] if "tag" in values else []
    here = make_chat(due=1, **values)
    make_chat(due=2)
    there = make_chat(due=3, **values)

    def after(chat):
        filters = Filters(**fields)
        return desk.following(seller, filters, operator_id=0, but=chat, now=NOON)

    assert after(here) == there
    assert after(there) == here


@pytest.mark.parametrize("due", [1, 3])
def test_the_next_chat_takes_one_question_at_the_list_s_end_too(
    seller, make_chat, due, django_assert_num_queries
):
    chat = make_chat(due=due)
    make_chat(due=2)

    with django_assert_num_queries(1):
        desk.following(seller, Filters(), operator_id=0, but=chat, now=NOON)


def test_counts_are_summed_up_where_they_grow(seller, make_chat, monkeypatch):
    monkeypatch.setattr(desk, "TIDY_FROM", 3)
    for hours in range(4):
        make_chat(due=hours)

    tasks.tidy_counts()

    assert set(Tally.objects.values_list("key", "n")) == {
        ("all", 4),
        ("waiting", 4),
        ("unassigned", 4),
        ("intent:", 4),
        ("mood:", 4),
    }


def test_what_is_stored_is_news_for_open_desks(
    seller, make_chat, django_capture_on_commit_callbacks
):
    chat = make_chat(due=1, text="Спасибо, всё отлично!", last_event_id="e1")
    before = live.version(seller.pk)

    with django_capture_on_commit_callbacks(execute=True):
        suggestions.suggest(chat, now=NOON)

    assert live.version(seller.pk) != before
