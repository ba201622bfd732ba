from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agentiq.testing import make_member, make_seller
from chats import suggestions
from chats.models import Chat, Decision, Outgoing, Suggestion
from chats.tests.conftest import say
from promos.tests.test_api import Caller, key_of, problem

PRAISE = "Платье просто чудесное, ткань приятная, сидит идеально! Очень довольна!"
THANKS = "Спасибо за тёплые слова! Носите с удовольствием, будем рады вам снова."


@pytest.fixture
def api(seller, owner):
    return Caller(key_of(seller, owner))


@pytest.fixture
def stranger(db):
    other = make_seller("Чужая")
    return Caller(key_of(other, make_member(other, "owner")))


@pytest.fixture
def code(make_code):
    now = timezone.now()
    return make_code(
        starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=13)
    )


@pytest.fixture
def chat(make_chat, code):
    made = make_chat(PRAISE)
    made.refresh_from_db()
    return made


@pytest.fixture
def suggestion(chat):
    return suggestions.suggest(chat, now=timezone.now())


def test_a_chat_is_found_by_our_id_and_by_wbs(api, chat):
    ours = api.get(f"chats/{chat.pk}").json()
    wbs = api.get(f"chats/{chat.wb_chat_id}").json()

    assert ours == wbs
    assert ours["wb_chat_id"] == chat.wb_chat_id
    assert "reply_sign" not in ours


def test_messages_come_oldest_first_and_name_who_wrote(api, chat):
    say(chat, "Спасибо!", sender="seller")

    rows = api.get(f"chats/{chat.pk}/messages").json()["results"]

    assert [(row["sender"], row["text"]) for row in rows] == [
        ("buyer", PRAISE),
        ("seller", "Спасибо!"),
    ]


def test_chats_that_wait_can_be_listed_alone(api, chat, make_chat):
    make_chat()

    rows = api.get("chats?waiting=true").json()["results"]

    assert [row["id"] for row in rows] == [chat.pk]
    assert len(api.get("chats").json()["results"]) == 2


def test_the_proposed_code_has_the_promised_names(api, chat, code):
    proposed = api.get(f"chats/{chat.pk}/promo-suggestion").json()

    assert proposed["code"] == "SALE10"
    assert proposed["discount_percent"] == "10.00"
    assert "SALE10" in proposed["message_template"]
    assert proposed["reason"] == "loyalty"
    assert set(proposed["reason_text"]) == {"ru", "en"}
    assert proposed["suggestion_id"] == Suggestion.objects.get().pk


def test_asked_twice_the_same_suggestion_is_proposed(api, chat):
    first = api.get(f"chats/{chat.pk}/promo-suggestion/").json()

    assert api.get(f"chats/{chat.pk}/promo-suggestion").json() == first
    assert Suggestion.objects.count() == 1


def test_where_nobody_waits_no_code_is_proposed(api, make_chat):
    proposed = api.get(f"chats/{make_chat().pk}/promo-suggestion").json()

    assert (proposed["code"], proposed["reason"]) == (None, "nothing_to_answer")


def test_accepting_queues_the_reply_as_it_was_proposed(api, suggestion, owner):
    answer = api.post(f"suggestions/{suggestion.pk}/accept")

    outgoing = Outgoing.objects.get()
    assert answer.status_code == 201
    assert answer.json()["outgoing"]["id"] == outgoing.pk
    assert (outgoing.text, outgoing.operator) == (suggestion.text, owner)
    seen = api.get(f"outgoing/{outgoing.pk}").json()
    assert (seen["status"], seen["promo_code"]) == ("queued", "SALE10")


def test_accepting_without_the_code_queues_the_plain_reply(api, suggestion):
    api.post(f"suggestions/{suggestion.pk}/accept", {"with_code": False})

    outgoing = Outgoing.objects.get()
    assert (outgoing.text, outgoing.promo_code) == (suggestion.plain_text, None)


def test_other_words_are_queued_as_written(api, suggestion):
    answer = api.post(
        f"suggestions/{suggestion.pk}/edit", {"text": THANKS, "with_code": False}
    )

    assert answer.json()["kind"] == "edit"
    assert Outgoing.objects.get().text == THANKS


def test_skipping_sends_nothing(api, suggestion):
    answer = api.post(f"suggestions/{suggestion.pk}/skip", {"note": "позвоним"})

    assert (answer.json()["kind"], answer.json()["outgoing"]) == ("skip", None)
    assert Decision.objects.get().skip_note == "позвоним"
    assert not Outgoing.objects.exists()


def test_a_suggestion_is_decided_upon_once(api, suggestion):
    api.post(f"suggestions/{suggestion.pk}/skip")

    late = api.post(f"suggestions/{suggestion.pk}/accept")

    assert problem(late, 409)["code"] == "closed"
    assert not Outgoing.objects.exists()


def test_the_same_act_twice_is_one_reply(api, chat):
    body = {"text": THANKS}
    first = api.post(f"chats/{chat.pk}/messages", body, Idempotency_Key="k1")
    again = api.post(f"chats/{chat.pk}/messages", body, Idempotency_Key="k1")

    assert first.json() == again.json()
    assert Outgoing.objects.count() == 1


def test_what_the_buyer_wrote_meanwhile_stops_the_reply(api, chat, suggestion):
    seen = suggestion.event_id
    say(Chat.objects.get(), "Ой, подождите, шов разошёлся!")

    late = api.post(
        f"chats/{chat.pk}/messages", {"text": THANKS, "seen_event_id": seen}
    )

    document = problem(late, 409)
    assert document["code"] == "stale"
    assert [one["text"] for one in document["news"]] == [
        "Ой, подождите, шов разошёлся!"
    ]
    assert not Outgoing.objects.exists()


def test_what_may_not_leave_is_refused_with_the_reason(api, chat):
    text = "Спасибо! Пишите нам в телеграм @shop_best, там ответим быстрее."

    document = problem(api.post(f"chats/{chat.pk}/messages", {"text": text}), 400)

    assert document["code"] == "policy"
    assert {one["pointer"] for one in document["errors"]} == {"#/text"}
    assert all(one["messages"]["ru"] for one in document["errors"])
    assert not Outgoing.objects.exists()


def test_a_code_of_another_shop_cannot_go_out(api, chat, stranger):
    other = {"text": THANKS, "promo_code_id": 999_999}

    document = problem(api.post(f"chats/{chat.pk}/messages", other), 400)

    assert document["errors"][0]["pointer"] == "#/promo_code_id"


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "chats/{chat}"),
        ("get", "chats/{wb}"),
        ("get", "chats/{chat}/messages"),
        ("post", "chats/{chat}/messages"),
        ("get", "chats/{chat}/promo-suggestion"),
        ("get", "suggestions/{suggestion}"),
        ("post", "suggestions/{suggestion}/accept"),
        ("post", "suggestions/{suggestion}/edit"),
        ("post", "suggestions/{suggestion}/skip"),
        ("get", "outgoing/{outgoing}"),
    ],
)
def test_a_row_of_another_shop_is_not_there(
    api, stranger, chat, suggestion, method, address
):
    api.post(f"chats/{chat.pk}/messages", {"text": THANKS})
    ids = {
        "chat": chat.pk,
        "wb": chat.wb_chat_id,
        "suggestion": suggestion.pk,
        "outgoing": Outgoing.objects.get().pk,
    }

    answer = stranger.send(method, address.format(**ids), {"text": THANKS})

    assert problem(answer, 404)["code"] == "not_found"
    assert Outgoing.objects.count() == 1


def test_a_key_that_may_only_read_sends_nothing(seller, chat):
    reader = Caller(key_of(seller, scopes=["read", "suggest"]))

    answer = reader.post(f"chats/{chat.pk}/messages", {"text": THANKS})

    assert problem(answer, 403)["scope"] == "send"


def test_health_tells_how_the_feed_and_the_outbox_are(api, chat):
    api.post(f"chats/{chat.pk}/messages", {"text": THANKS})

    health = api.get("health").json()

    assert health["status"] == "ok"
    assert health["outgoing"]["queued"] == 1


@pytest.mark.django_db
def test_the_docs_need_nothing_from_outside():
    page = Client().get("/api/docs")

    text = page.content.decode()
    assert page.status_code == 200
    assert "unsafe-inline" not in page["Content-Security-Policy"]
    assert "http://" not in text and "https://" not in text
    assert "<script>" not in text and "<style" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("ru", "Действующие коды магазина"), ("en", "Active codes")]
)
def test_the_schema_speaks_both_languages(language, words):
    schema = Client().get(f"/api/schema.json?lang={language}").json()

    assert words in schema["paths"]["/api/promo-codes"]["get"]["summary"]
    assert "examples" in str(schema["paths"]["/api/promo-codes"]["post"])


@pytest.mark.django_db
def test_every_post_can_be_repeated():
    schema = Client().get("/api/schema.json").json()
    posts = [path["post"] for path in schema["paths"].values() if "post" in path]

    assert len(posts) >= 7
    for post in posts:
        assert "Idempotency-Key" in [one["name"] for one in post["parameters"]]


@pytest.mark.parametrize(
    ("address", "most"), [("chats", 3), ("suggestions?state=all", 3)]
)
def test_a_list_asks_the_database_as_often_for_many_rows(
    api, make_chat, django_assert_max_num_queries, address, most
):
    for _ in range(4):
        suggestions.suggest(make_chat("Какой размер выбрать?"), now=timezone.now())
    api.get(address)

    with django_assert_max_num_queries(most):
        api.get(address)
