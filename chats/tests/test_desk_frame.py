"""The frame of every page: who may see what, and what a visitor is told."""

import pytest

pytestmark = pytest.mark.django_db


def test_a_visitor_is_asked_to_sign_in_in_russian(client):
    page = client.get("/login/").content.decode()

    assert "<h1>Вход</h1>" in page
    assert 'lang="ru"' in page


def test_the_login_closes_after_five_failed_tries(client, operator):
    wrong = {"username": operator.username, "password": "wrong"}
    answers = [client.post("/login/", wrong) for _ in range(5)]

    assert answers[-1].status_code == 429
    assert "Слишком много попыток" in answers[-1].content.decode()


def test_no_page_allows_inline_code(client):
    policy = client.get("/login/")["Content-Security-Policy"]

    assert "unsafe-inline" not in policy
    assert "script-src 'self'" in policy


def test_a_wrong_address_is_answered_with_a_sentence(client, operator):
    client.force_login(operator)

    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "Страница не найдена" in answer.content.decode()
