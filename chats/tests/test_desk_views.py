"""The pages of the desk: what they show, who may act, whose they are."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import get_resolver, reverse
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import NOON, make_member, make_seller
from chats import live, suggestions
from chats.models import (
    Attachment,
    Chat,
    ChatAct,
    Correction,
    Decision,
    Draft,
    Message,
    Note,
    Outgoing,
    SavedReply,
)
from promos.models import Product
from promos.rules.days import moscow_date

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"


def make_waiting(seller, text="Спасибо, всё отлично, очень довольна!", number=1):
    now = timezone.now()
    chat = Chat.objects.create(
        seller=seller,
        wb_chat_id=f"1:{number}",
        buyer_name="Анна",
        reply_sign="sign",
        last_event_id=f"e{number}",
        preview=text,
        waiting_since=now,
        due_at=now + timedelta(hours=number),
        last_at=now,
    )
    Message.objects.create(
        seller=seller,
        chat=chat,
        event_id=f"e{number}",
        sender="client",
        text=text,
        added_at=now - timedelta(minutes=1),
    )
    return chat


@pytest.fixture
def thanks(seller, make_code):
    """A happy buyer's chat with a code to offer."""
    now = timezone.now()
    make_code(
        "SALE10", starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=9)
    )
    chat = make_waiting(seller)
    suggestions.suggest(chat, now=now)
    return chat


@pytest.fixture
def desk_client(client, operator):
    client.force_login(operator)
    return client


def decide(client, chat, **data):
    suggestion = chat.suggestions.get()
    values = {"key": uuid.uuid4(), "seen": chat.last_event_id} | data
    return client.post(
        f"/suggestions/{suggestion.pk}/decide/", values, headers={"HX-Request": "true"}
    )


def test_an_open_chat_shows_the_reply_the_code_and_why(desk_client, thanks):
    page = desk_client.get(f"/chats/{thanks.pk}/").content.decode()

    for words in ("Использовать промокод", "SALE10", "Почему", "<mark", "уверенность"):
        assert words in page
    assert thanks.suggestions.get().text.split("\n")[0] in page


def test_a_chat_opened_by_its_address_keeps_the_filters_folded(desk_client, thanks):
    page = desk_client.get(f"/chats/{thanks.pk}/").content.decode()

    assert page.index('<details class="filters">') < page.index('id="facets"')


def test_accepting_queues_the_reply_as_it_was_shown(desk_client, thanks):
    answer = decide(desk_client, thanks, act="accept")

    assert answer.status_code == 200
    outgoing = Outgoing.objects.get()
    assert outgoing.text == thanks.suggestions.get().text
    assert 'id="undo"' in answer.content.decode()


def test_a_double_click_is_one_reply(desk_client, thanks):
    key = uuid.uuid4()

    for _ in range(2):
        decide(desk_client, thanks, act="accept", key=key)

    assert Outgoing.objects.count() == Decision.objects.count() == 1


def test_without_a_code_is_an_equal_choice(desk_client, thanks):
    decide(desk_client, thanks, act="plain")

    assert "SALE10" not in Outgoing.objects.get().text


def test_skipping_says_why(desk_client, thanks):
    decide(desk_client, thanks, act="skip", skip_reason="poor_wording")

    assert Decision.objects.get().skip_reason == "poor_wording"
    assert not Outgoing.objects.exists()


def test_after_an_act_comes_the_next_waiting_chat(desk_client, seller, thanks):
    following = make_waiting(seller, "Когда приедет заказ?", number=2)

    answer = decide(desk_client, thanks, act="accept", go_on="1")

    assert f'data-chat="{following.pk}"' in answer.content.decode()
    assert answer["HX-Push-Url"] == f"/chats/{following.pk}/"


def test_a_reply_can_be_taken_back_into_the_draft(desk_client, operator, thanks):
    decide(desk_client, thanks, act="accept")
    outgoing = Outgoing.objects.get()

    answer = desk_client.post(f"/outgoing/{outgoing.pk}/undo/")

    outgoing.refresh_from_db()
    assert outgoing.status == "cancelled"
    assert Draft.objects.get().text == outgoing.text
    shown = answer.content.decode()
    assert "Отменено" in shown
    assert "Подсказка к этому сообщению уже использована" in shown
    assert "Подсказка готовится" not in shown


def test_what_came_meanwhile_stops_the_send_once(desk_client, seller, thanks):
    Message.objects.create(
        seller=seller,
        chat=thanks,
        event_id="e-new",
        sender="client",
        text="Нет, передумала!",
        added_at=timezone.now(),
    )
    Chat.objects.update(last_event_id="e-new")
    values = {"text": "Спасибо за заказ, рады помочь!", "seen": "e1"}
    url = f"/chats/{thanks.pk}/reply/"

    first = desk_client.post(url, values | {"key": uuid.uuid4()})
    second = desk_client.post(url, values | {"key": uuid.uuid4(), "force": "1"})

    assert first.status_code == 409
    assert "Нет, передумала!" in first.content.decode()
    assert second.status_code == 200
    assert Outgoing.objects.count() == 1


def test_the_check_names_the_words_and_keeps_the_draft(desk_client, thanks):
    text = "Напишите нам в телеграм @lavka"
    answer = desk_client.post(f"/chats/{thanks.pk}/draft/", {"text": text})

    assert "контакты" in answer.content.decode()
    assert Draft.objects.get().text == text


def test_a_forbidden_text_does_not_leave(desk_client, thanks):
    values = {"text": "Звоните +7 900 123-45-67", "seen": "e1", "key": uuid.uuid4()}

    answer = desk_client.post(f"/chats/{thanks.pk}/reply/", values)

    assert answer.status_code == 422
    assert not Outgoing.objects.exists()


def test_a_chat_without_a_signature_says_so(desk_client, seller):
    chat = make_waiting(seller)
    Chat.objects.update(reply_sign="")

    page = desk_client.get(f"/chats/{chat.pk}/").content.decode()

    assert "Отправка пока невозможна" in page


def test_a_closer_search_offers_the_shop_s_people_and_codes_and_keeps_its_fields(
    desk_client, seller, operator, thanks
):
    stranger = make_member(make_seller("Чужая"), "operator", username="чужой")
    fields = f"operator={operator.pk}&since=2026-03-01&until=2026-03-09&nm_id=7"

    html = desk_client.get(f"/narrow/?{fields}").content.decode()

    assert f'<option value="{operator.pk}" selected>' in html
    assert "SALE10" in html
    assert stranger.username not in html
    assert 'name="since" value="2026-03-01"' in html
    assert 'name="until" value="2026-03-09"' in html
    assert 'value="7"' in html


def test_the_list_is_narrowed_to_who_answered_and_when(
    desk_client, seller, operator, thanks
):
    answered = make_waiting(seller, "Спасибо вам", number=2)
    Decision.objects.create(
        seller=seller,
        chat=answered,
        key=uuid.uuid4(),
        kind="write",
        operator=operator,
        decided_at=timezone.now(),
    )

    def shown(query):
        page = desk_client.get(f"/list/?scope=all&{query}").context["page"]
        return {chat.pk for chat in page.chats}

    today = moscow_date(timezone.now())
    assert shown(f"operator={operator.pk}") == {answered.pk}
    assert shown(f"operator={operator.pk}&since={today}") == {answered.pk}
    assert shown(f"until={today - timedelta(days=1)}") == set()
    assert shown("since=вчера") == {answered.pk, thanks.pk}  # says nothing: no filter


def test_a_correction_moves_the_chat_and_is_kept(desk_client, thanks):
    analysis = thanks.analyses.get()

    desk_client.post(
        f"/analyses/{analysis.pk}/correct/",
        {"intent": "sizing_fit", "mood": "neutral", "flag": "none"},
    )

    thanks.refresh_from_db()
    assert (thanks.intent, thanks.sentiment) == ("sizing_fit", "neutral")
    made = Correction.objects.get()
    assert (made.intent, made.flag) == ("sizing_fit", "none")


def test_another_code_shows_its_own_text(desk_client, seller, make_code, thanks):
    now = timezone.now()
    other = make_code(
        "LETO15",
        "15",
        starts_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=9),
    )
    suggestion = thanks.suggestions.get()

    page = desk_client.get(f"/suggestions/{suggestion.pk}/?code={other.pk}")

    assert "LETO15" in page.content.decode()


def test_an_analyst_reads_and_cannot_act(client, seller, thanks):
    client.force_login(make_member(seller, "analyst"))
    suggestion = thanks.suggestions.get()
    urls = [
        f"/suggestions/{suggestion.pk}/decide/",
        f"/chats/{thanks.pk}/reply/",
        f"/chats/{thanks.pk}/notes/",
        f"/chats/{thanks.pk}/claim/",
        "/bulk/",
    ]

    page = client.get(f"/chats/{thanks.pk}/")

    assert page.status_code == 200
    assert 'id="composer"' not in page.content.decode()
    assert [client.post(url, {"text": "x"}).status_code for url in urls] == [403] * 5
    assert not Note.objects.exists()


def test_buyer_text_is_never_code(desk_client, seller, operator):
    chat = make_waiting(seller, SCRIPT)
    Chat.objects.update(buyer_name=SCRIPT, tags=[SCRIPT])
    Note.objects.create(seller=seller, chat=chat, author=operator, text=SCRIPT)
    suggestions.suggest(chat, now=timezone.now())

    pages = [
        desk_client.get(url).content.decode()
        for url in ("/", f"/chats/{chat.pk}/", f"/chats/{chat.pk}/news/?after=0")
    ]

    assert not [page for page in pages if SCRIPT in page]
    assert "&lt;script&gt;" in pages[1]


def test_another_shop_does_not_exist_here(client, thanks):
    """Every address with a key in it, asked by a stranger: 404, whatever the verb."""
    stranger = make_seller("Чужая")
    with scope(seller=stranger):
        client.force_login(make_member(stranger, "owner"))
    message = thanks.messages.get()
    seller = thanks.seller
    keys = {
        "chat": thanks.pk,
        "suggestion": thanks.suggestions.get().pk,
        "analysis": thanks.analyses.get().pk,
        "outgoing": Outgoing.objects.create(
            seller=seller, chat=thanks, key=uuid.uuid4(), due_at=timezone.now()
        ).pk,
        "file": Attachment.objects.create(
            seller=seller, message=message, kind="file", download_id="d"
        ).pk,
        "saved": SavedReply.objects.create(seller=seller, title="t", text="x").pk,
    }
    of = {
        "card": "suggestion",
        "decide": "suggestion",
        "correct": "analysis",
        "undo": "outgoing",
        "settle": "outgoing",
        "attachment": "file",
    }
    names = [
        pattern.name
        for part in get_resolver().url_patterns
        if getattr(part, "app_name", "") == "chats"
        for pattern in part.url_patterns
        if "pk" in pattern.pattern.converters
    ]
    assert len(names) > 10

    for name in names:
        kwargs = {"pk": keys[of.get(name, "chat")]}
        if name == "saved_text":
            kwargs["saved_pk"] = keys["saved"]
        url = reverse(f"chats:{name}", kwargs=kwargs)
        answers = {client.get(url).status_code, client.post(url).status_code}
        assert answers <= {404, 405}, name
        assert 404 in answers, name
    assert "Анна" not in client.get("/?scope=all").content.decode()


def count_queries(client, url, django_assert_max_num_queries, most):
    with django_assert_max_num_queries(most) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_no_page_asks_more_with_more_rows(
    desk_client, seller, thanks, django_assert_max_num_queries
):
    urls = ("/", "/list/", f"/chats/{thanks.pk}/", f"/chats/{thanks.pk}/side/")
    for url in urls:
        desk_client.get(url)
    few = [
        count_queries(desk_client, url, django_assert_max_num_queries, 12)
        for url in urls
    ]
    for number in range(2, 30):
        chat = make_waiting(seller, number=number)
        Message.objects.create(
            seller=seller,
            chat=thanks,
            event_id=f"more-{number}",
            sender="client",
            text="Ещё",
            added_at=chat.last_at,
        )

    many = [
        count_queries(desk_client, url, django_assert_max_num_queries, 12)
        for url in urls
    ]

    assert many == few


def test_nothing_new_costs_no_query(
    client, seller, operator, django_assert_num_queries
):
    ticket = live.ticket(seller.pk, operator.pk)
    first = client.get("/live/", {"ticket": ticket})

    with django_assert_num_queries(0):
        again = client.get(
            "/live/", {"ticket": ticket}, headers={"If-None-Match": first["ETag"]}
        )

    assert (first.status_code, again.status_code) == (200, 304)
    assert client.get("/live/", {"ticket": "forged"}).status_code == 403


def test_the_answer_says_when_wb_s_feed_was_read(client, seller, operator):
    ticket = live.ticket(seller.pk, operator.pk)
    first = client.get("/live/", {"ticket": ticket})
    assert first["X-Feed"] == ""

    live.read_out({seller.pk: NOON})
    again = client.get(
        "/live/", {"ticket": ticket}, headers={"If-None-Match": first["ETag"]}
    )

    assert (again.status_code, again["X-Feed"]) == (304, NOON.isoformat())


def test_a_change_is_news(client, seller, operator, django_capture_on_commit_callbacks):
    ticket = live.ticket(seller.pk, operator.pk)
    before = client.get("/live/", {"ticket": ticket})["ETag"]

    with django_capture_on_commit_callbacks(execute=True):
        live.bump(seller.pk)

    answer = client.get("/live/", {"ticket": ticket}, headers={"If-None-Match": before})
    assert answer.status_code == 200
    cache.clear()


def test_news_of_a_chat_are_only_what_is_newer(desk_client, seller, thanks):
    last = thanks.messages.get()
    Message.objects.create(
        seller=seller,
        chat=thanks,
        event_id="e9",
        sender="seller",
        source="seller-portal",
        text="Ответ из кабинета",
        added_at=timezone.now(),
    )

    page = desk_client.get(f"/chats/{thanks.pk}/news/?after={last.pk}")

    assert "Ответ из кабинета" in page.content.decode()
    assert "кабинет WB" in page.content.decode()
    assert f'id="m{last.pk}"' not in page.content.decode()


def test_a_note_never_reaches_the_buyer(desk_client, thanks):
    answer = desk_client.post(f"/chats/{thanks.pk}/notes/", {"text": "Наш постоянный"})

    assert "Наш постоянный" in answer.content.decode()
    assert not Outgoing.objects.exists()
    assert not Draft.objects.exists()


def test_a_draft_outlives_the_session_and_is_nobody_else_s(
    client, seller, operator, owner, thanks
):
    def field(person):
        client.logout()
        client.force_login(person)
        page = client.get(f"/chats/{thanks.pk}/", headers={"HX-Request": "true"})
        return page.context["draft"]

    client.force_login(operator)
    client.post(
        f"/chats/{thanks.pk}/draft/", {"key": uuid.uuid4(), "text": "Начало ответа"}
    )

    assert field(operator) == "Начало ответа"
    assert field(owner) == ""
    decide(client, thanks, act="skip", skip_reason="other")
    assert field(operator) == "Начало ответа"


@pytest.mark.parametrize(
    ("values", "field", "changed"),
    [
        pytest.param({"act": "assign", "to_me": "1"}, "assignee_id", None, id="assign"),
        pytest.param({"act": "tag", "tag": "опт"}, "tags", [], id="tag"),
        pytest.param({"act": "rate"}, "low_rated_at", None, id="low rating"),
    ],
)
def test_each_bulk_act_is_taken_back_as_a_whole(
    desk_client, seller, values, field, changed
):
    chats = [make_waiting(seller, number=number).pk for number in (1, 2)]

    desk_client.post("/bulk/", values | {"chats": chats})
    assert changed not in Chat.objects.values_list(field, flat=True)
    desk_client.post(f"/bulk/{ChatAct.objects.first().batch}/undo/")

    assert list(Chat.objects.values_list(field, flat=True)) == [changed, changed]


def test_many_chats_are_put_off_and_brought_back(desk_client, seller):
    chats = [make_waiting(seller, number=number).pk for number in (1, 2, 3)]

    done = desk_client.post("/bulk/", {"act": "snooze", "chats": chats, "hours": 5})
    put_off = Chat.objects.filter(snoozed_until__isnull=False).count()
    batch = ChatAct.objects.first().batch
    desk_client.post(f"/bulk/{batch}/undo/")

    assert "Изменено 3 чата." in done.content.decode()
    assert put_off == 3
    assert not Chat.objects.filter(snoozed_until__isnull=False).exists()


def test_two_hundred_chats_at_once_are_the_most(desk_client):
    values = {"act": "tag", "tag": "опт", "chats": list(range(1, 202))}

    answer = desk_client.post("/bulk/", values)

    assert answer.status_code == 422
    assert "200" in answer.content.decode()


def test_a_chat_of_a_long_dialogue_opens_on_its_end(desk_client, seller, thanks):
    start = timezone.now() - timedelta(days=30)
    Message.objects.bulk_create(
        Message(
            seller=seller,
            chat=thanks,
            event_id=f"old-{number}",
            sender="client",
            text=f"реплика №{number}.",
            added_at=start + timedelta(minutes=number),
        )
        for number in range(120)
    )

    page = desk_client.get(f"/chats/{thanks.pk}/").content.decode()
    first = thanks.messages.order_by("-added_at")[49]
    up = desk_client.get(f"/chats/{thanks.pk}/earlier/?before={first.pk}")

    assert "реплика №119." in page
    assert "реплика №50." not in page
    assert "реплика №50." in up.content.decode()


def test_a_saved_reply_leaves_empty_slots_to_be_seen(desk_client, seller, thanks):
    saved = SavedReply.objects.create(
        seller=seller,
        title="Спасибо",
        text="{имя}, спасибо! Ваш код {код}.",
    )

    text = desk_client.get(f"/chats/{thanks.pk}/saved/{saved.pk}/").content.decode()
    answer = desk_client.post(
        f"/chats/{thanks.pk}/reply/",
        {"text": text, "seen": "e1", "key": uuid.uuid4()},
    )

    assert text == "Анна, спасибо! Ваш код {код}."
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("{имя}, спасибо за отзыв!", 1, id="a known slot"),
        pytest.param("{фамилия}, спасибо!", 0, id="an unknown one"),
    ],
)
def test_the_owner_enters_saved_replies(client, owner, text, kept):
    client.force_login(owner)
    form = {"title": "Спасибо", "text": text, "is_active": "on"}

    client.post("/admin/chats/savedreply/add/", form)

    assert SavedReply.objects.count() == kept


def test_accepting_keeps_what_was_typed_and_not_sent(desk_client, operator, thanks):
    Draft.objects.create(
        seller=thanks.seller,
        chat=thanks,
        operator=operator,
        text="Допишу потом",
        updated_at=timezone.now(),
    )

    decide(desk_client, thanks, act="accept")

    assert Draft.objects.get().text == "Допишу потом"


def test_news_that_were_shown_no_longer_stop_the_send(desk_client, thanks):
    Chat.objects.update(last_event_id="e-new")

    page = desk_client.get(f"/chats/{thanks.pk}/news/?after=0").content.decode()

    assert 'id="seen" value="e-new"' in page


@pytest.mark.parametrize(
    ("title", "letter"), [("«чайник» 1,7 л", "Ч"), ("", "№")], ids=str
)
def test_a_letter_stands_for_a_product_without_a_picture(
    desk_client, seller, title, letter
):
    Product.objects.create(seller=seller, nm_id=7, title=title)
    chat = make_waiting(seller)
    Chat.objects.update(nm_id=7)

    shown = desk_client.get(f"/chats/{chat.pk}/side/").content.decode()

    assert f'<span class="photo tint-3" aria-hidden="true">{letter}</span>' in shown
