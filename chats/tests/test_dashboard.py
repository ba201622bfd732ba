"""The dashboard: one number on page, API and export, and only for those who may."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from openpyxl import load_workbook

from agentiq.testing import make_member, make_seller
from chats.dashboard import words as reports
from chats.views import dashboard
from promos import apikeys, exports, ledger, sends
from promos.models import PromoCode

PAGE = "/admin/dashboard/"


@pytest.fixture
def sold(seller, make_code, operator):
    """Three sends: two of SALE10 today, one of SALE20 by an operator yesterday."""
    codes = {name: make_code(name) for name in ("SALE10", "SALE20")}
    now = timezone.now()
    for name, days, by in (
        ("SALE10", 0, None),
        ("SALE10", 0, None),
        ("SALE20", 1, operator),
    ):
        sends.record(
            promo_code=codes[name],
            snapshot={},
            chat_id="chat-1",
            message_id="",
            sent_at=now - timedelta(days=days),
            intent="thanks",
            sentiment="positive",
            use_case="UC1",
            nm_id=1001,
            operator=by,
            decision="accept",
            answer_seconds=125,
            key=uuid.uuid4(),
            auto_suggested=True,
            operator_approved=True,
        )


@pytest.fixture
def desk(client, owner):
    client.force_login(owner)
    return client


def shares(file, title):
    """The rows of one table of the CSV export, without title and header."""
    blocks = file.decode("utf-8-sig").split("\r\n\r\n")
    (block,) = [block for block in blocks if block.startswith(title)]
    return list(csv.reader(io.StringIO(block), delimiter=";"))[2:]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", 3, id="all"),
        pytest.param("?code=SALE10", 2, id="one code"),
        pytest.param("?operator={operator}", 1, id="one operator"),
        pytest.param("?first=2020-01-01&last=2020-01-31", 0, id="another month"),
    ],
)
def test_page_list_and_both_files_give_one_number(
    desk, seller, sold, operator, query, expected
):
    query = query.format(operator=operator.pk)

    page = desk.get(PAGE + query)
    listed = desk.get(f"{PAGE}sends/{query}")
    file = desk.get(f"{PAGE}export.csv{query}")
    book = load_workbook(io.BytesIO(desk.get(f"{PAGE}export.xlsx{query}").content))

    assert page.context["report"].sends.total == expected
    assert page.context["report"].cards[0].value == str(expected)
    assert len(listed.context["sends"]) == expected
    by_code = shares(file.content, "Отправки по промокодам")
    assert sum(int(row[1]) for row in by_code) == expected
    sheet = book["Отправки по промокодам"]
    assert sum(row[1] for row in sheet.iter_rows(2, values_only=True)) == expected


MIDNIGHT = datetime(2026, 2, 28, 21, tzinfo=UTC)  # 1 March begins in Moscow


@pytest.fixture
def around_midnight(seller, make_code, operator, owner):
    """Eight sends within a second of a Moscow midnight, of two codes and people."""
    codes = [make_code("SALE10"), make_code("SALE20")]
    for number in range(8):
        before = timedelta(microseconds=1) if number % 4 == 0 else timedelta()
        sends.record(
            promo_code=codes[number % 2],
            snapshot={},
            chat_id="chat-1",
            message_id="",
            sent_at=MIDNIGHT - before,
            intent="thanks" if number % 3 else "sizing_fit",
            sentiment="positive",
            use_case="UC1",
            nm_id=1001,
            operator=(operator, owner)[number // 4],
            decision="accept",
            answer_seconds=number,
            key=uuid.uuid4(),
            auto_suggested=True,
            operator_approved=True,
        )


@pytest.mark.parametrize(
    ("days", "narrowed", "expected"),
    [
        pytest.param((28, 28), {}, 2, id="the day before"),
        pytest.param((1, 1), {}, 6, id="the day after"),
        pytest.param((28, 1), {}, 8, id="both"),
        pytest.param((28, 28), {"code": "SALE10"}, 2, id="before, a code"),
        pytest.param((28, 28), {"code": "SALE20"}, 0, id="before, the other code"),
        pytest.param((1, 1), {"code": "SALE20"}, 4, id="after, a code"),
        pytest.param((1, 1), {"operator": True}, 3, id="after, a person"),
        pytest.param(
            (1, 1), {"operator": True, "code": "SALE10"}, 1, id="after, person and code"
        ),
    ],
)
def test_page_list_file_and_api_agree_at_a_moscow_midnight(
    desk, seller, owner, operator, around_midnight, days, narrowed, expected
):
    first, last = (f"2026-0{2 if day == 28 else 3}-{day:02}" for day in days)
    query = {"first": first, "last": last} | narrowed
    if narrowed.get("operator"):
        query["operator"] = operator.pk
    key = apikeys.issue(seller, name="CRM", scopes=["read"], by=owner)[1]

    page = desk.get(PAGE, query).context["report"].sends
    listed = desk.get(f"{PAGE}sends/", query).context["sends"]
    file = desk.get(f"{PAGE}export.csv", query).content
    told = Client(headers={"Authorization": f"Bearer {key}"}).get(
        "/api/promo-codes/analytics", query
    )

    assert told.json()["total"] == page.total == len(listed) == expected
    for title, name, counts in (
        ("Отправки по промокодам", "by_code", page.by_code),
        ("Отправки по дням", "by_day", page.by_day),
        ("Отправки по сценариям", "by_use_case", page.by_use_case),
        ("Отправки по намерениям", "by_intent", page.by_intent),
        ("Отправки по настроению", "by_sentiment", page.by_sentiment),
        ("Отправки по операторам", "by_operator", page.by_operator),
        ("Отправки по решениям", "by_decision", page.by_decision),
        ("Отправки по артикулам", "by_article", page.by_article),
    ):
        assert told.json()[name] == {str(key): n for key, n in counts.items()}, name
        rows = shares(file, title)
        assert [int(row[1]) for row in rows] == list(counts.values()), title
        assert sum(counts.values()) == expected


def test_the_table_of_a_long_period_goes_by_weeks_and_its_file_by_days(desk, sold):
    today = timezone.localdate()
    query = {"first": today - timedelta(days=100), "last": today}

    tables = desk.get(PAGE, query).context["report"].tables
    (weeks,) = [one for one in tables if one.title == "Отправки по неделям"]
    days = shares(desk.get(f"{PAGE}export.csv", query).content, "Отправки по дням")

    assert len(weeks.rows) in (15, 16)
    assert sum(count for _, count in weeks.rows) == 3
    assert len(days) == 101
    assert sum(int(row[1]) for row in days) == 3


def test_a_text_is_named_in_words(desk):
    assert reports.wording("sizing_fit/neutral/with_code") == (
        "Размер · Нейтральный · с промокодом"
    )
    assert reports.wording("escalation/legal_threat") == (
        "нужен ответ человека · Суд или ведомства"
    )
    assert reports.wording("escalation/any") == "нужен ответ человека"


def test_the_charts_show_the_same_number(desk, sold):
    page = desk.get(PAGE)
    charts = page.context["report"].charts
    for name in ("use-cases", "intents", "codes"):
        assert sum(sum(series["data"]) for series in charts[name]["series"]) == 3
    assert json.dumps(charts)


def test_the_page_has_no_inline_script_or_style(desk, sold):
    body = desk.get(PAGE).content.decode().split('id="dashboard"')[1]
    body = body.split("</section>\n</div>")[0]
    assert "style=" not in body
    assert "onclick" not in body
    assert '<script id="board-charts" type="application/json">' in body


def test_the_page_has_the_policy_its_frame_needs(desk):
    assert "'unsafe-eval'" in desk.get(PAGE).headers["Content-Security-Policy"]


@pytest.mark.parametrize("role", ["owner", "manager", "analyst", "support"])
def test_those_at_the_desk_may_read(client, seller, role):
    client.force_login(make_member(seller, role, f"{role}-here"))
    assert client.get(PAGE).status_code == 200


def test_operators_may_not_and_visitors_log_in(client, operator):
    assert client.get(PAGE).status_code == 302
    client.force_login(operator)
    for address in (PAGE, f"{PAGE}sends/", f"{PAGE}export.csv"):
        assert client.get(address).status_code == 403


def test_another_shop_sees_its_own_nothing(client, seller, sold):
    other = make_seller("Чужая")
    with scope(seller=other):
        client.force_login(make_member(other, "owner", "stranger"))
    found = client.get(PAGE)
    assert found.context["report"].sends.total == 0
    assert "SALE10" not in found.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?first=never&last=tomorrow",
        "?first=2026-03-02&last=2026-03-01",
        "?first=0001-01-01&last=9999-12-31",
        "?operator=999999999999999999999",
        "?operator=x&code=%00",
        "?code=NONE",
    ],
)
def test_filters_that_make_no_sense_are_said_and_shown_as_usual(desk, sold, query):
    for address in (PAGE, f"{PAGE}sends/", f"{PAGE}export.csv", f"{PAGE}export.xlsx"):
        assert desk.get(address + query).status_code == 200
    assert desk.get(PAGE + query).context["form"].errors


@pytest.mark.parametrize("after", ["-1", "x", "9" * 600, "²", "%00"])
def test_a_place_in_the_list_nobody_gave_out_is_its_beginning(desk, sold, after):
    listed = desk.get(f"{PAGE}sends/?after={after}")
    assert len(listed.context["sends"]) == 3


def test_the_list_goes_on_where_it_ended(desk, sold, monkeypatch):
    monkeypatch.setattr(dashboard, "SHOWN", 2)
    first = desk.get(f"{PAGE}sends/")
    more = desk.get(f"{PAGE}sends/?after={first.context['next']}")

    assert f"after={first.context['next']}" in first.content.decode()
    shown = [row["send"].pk for page in (first, more) for row in page.context["sends"]]
    assert len(set(shown)) == 3
    assert more.context["next"] is None


def test_the_number_of_queries_does_not_grow(desk, sold, django_assert_max_num_queries):
    with django_assert_max_num_queries(45):
        desk.get(PAGE)


@pytest.mark.parametrize("cell", ["=1+1", "+7", "-1", "@cmd", "\tx", "＝1"])
def test_no_cell_of_a_file_is_a_formula(seller, cell):
    table = exports.Table("Т", ["a"], [[cell], [-5]])

    rows = exports.to_csv([table]).decode("utf-8-sig").split("\r\n")
    book = load_workbook(io.BytesIO(exports.to_xlsx([table])))

    assert "'" in rows[2]
    assert rows[3] == "-5"
    sheet = book["Т"]
    assert (sheet["A2"].data_type, sheet["A2"].value[0]) == ("s", "'")
    assert sheet["A3"].value == -5


def test_a_code_of_a_stranger_cannot_break_the_page(desk, seller, sold):
    PromoCode.objects.filter(code="SALE10").update(code="</script><b>")
    body = desk.get(PAGE).content.decode()
    assert "</script><b>" not in body


def test_the_ledger_is_what_the_page_shows(desk, seller, sold):
    filters = ledger.last_days(timezone.now())
    assert desk.get(PAGE).context["report"].sends == ledger.figures(seller, filters)
