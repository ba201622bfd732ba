"""What people really type and upload: a sentence beside the field, nothing half saved."""

import io
import threading
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from openpyxl import Workbook

from agentiq.testing import make_member, make_seller
from promos.models import Product, PromoCode
from promos.rules.days import days_of, moscow_date
from promos.rules.limits import max_overlap
from promos.wrongs import wrongs

DAY = timedelta(days=1)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def page(name, *args):
    return reverse(f"admin:promos_{name}", args=args)


def typed(**changes):
    """What the code form posts."""
    today = moscow_date(timezone.now())
    return {
        "code": "NEW12",
        "discount_percent": "12,5",
        "starts_at": (today + DAY).strftime("%d.%m.%Y"),
        "expires_at": (today + 14 * DAY).strftime("%d.%m.%Y"),
        "applies_to": "all",
        "product_nms": "",
        "is_active": "on",
        "use_for_negative": "on",
    } | changes


def errors(answer, field):
    return " ".join(answer.context["adminform"].form.errors.get(field, []))


def sheet(*rows, merged=()):
    """An uploaded XLSX with these rows and merged ranges."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("file.xlsx", out.getvalue())


def tried(desk, model, upload):
    """The text of the dry run's page."""
    form = {"import_file": upload, "format": "0"}
    return desk.post(page(f"{model}_import"), form).content.decode()


@pytest.mark.django_db(transaction=True)
def test_twenty_people_at_the_form_cannot_make_an_eleventh_code():
    seller = make_seller()
    client = Client()
    client.force_login(make_member(seller, "owner"))
    ready, answers = threading.Barrier(20), []

    def post(number):
        mine = Client(raise_request_exception=False)
        mine.cookies = client.cookies
        ready.wait()
        form = typed(code=f"RUN{number:02}AB", discount_percent="12")
        try:
            answers.append(mine.post(page("promocode_add"), form))
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(it,)) for it in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with scope(seller=seller):
        assert max_overlap(PromoCode.objects.all()) == PromoCode.objects.count() == 10
    refused = [it for it in answers if it.status_code == 200]
    assert sorted(it.status_code for it in answers) == [200] * 10 + [302] * 10
    assert all("10" in errors(it, "starts_at") for it in refused)


def test_ten_thousand_pasted_articles_with_junk(desk, seller):
    lines = [f"{100_000 + n}" for n in range(10_000)]
    lines[500] = "Итого: 12 шт"
    form = {"applies_to": "selected", "product_nms": "\n".join(lines)}

    refused = desk.post(page("promocode_add"), typed(**form))
    assert "501: Итого: 12 шт" in errors(refused, "product_nms")
    assert not PromoCode.objects.exists()
    desk.post(page("promocode_add"), typed(**form, skip_unread="on"))

    assert len(PromoCode.objects.get().product_nms) == 9_999


def test_a_cyrillic_letter_is_named(desk, seller):
    answer = desk.post(page("promocode_add"), typed(code="SАLE12"))

    assert "А" in errors(answer, "code")
    assert not PromoCode.objects.exists()


@pytest.mark.parametrize("value", ["12,5", "12.5", "12,5 %", " 12,50 "])
def test_a_comma_is_a_decimal_sign(desk, seller, value):
    desk.post(
        page("promocode_add"), typed(discount_percent=value, loss_budget="1000,5")
    )

    code = PromoCode.objects.get()
    assert (code.discount_percent, code.loss_budget) == (
        Decimal("12.5"),
        Decimal("1000.5"),
    )


def test_costs_of_an_article_take_commas(desk, seller):
    form = {"nm_id": "123456", "price": "1 234,50", "cost": "99,9", "tax": "none"}

    answer = desk.post(page("product_add"), form | {"commission_percent": "17,5"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Product.objects.get()
    assert (made.price, made.cost) == (Decimal("1234.50"), Decimal("99.90"))
    assert made.commission_percent == Decimal("17.5")


def test_the_shops_settings_take_commas(desk, seller):
    shown = desk.get(page("seller_change", seller.pk)).context["adminform"].form
    form = {name: shown[name].value() or "" for name in shown.fields}

    answer = desk.post(
        page("seller_change", seller.pk), form | {"margin_floor": "10,5"}
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    seller.refresh_from_db()
    assert seller.margin_floor == Decimal("10.5")


@pytest.mark.parametrize(
    ("clock", "accepted"),
    [
        pytest.param("20:59:59", True, id="a second before midnight in Moscow"),
        pytest.param("21:00:00", False, id="midnight: that day is today now"),
        pytest.param("23:59:59", False, id="in UTC it is still the day before"),
    ],
)
def test_tomorrow_is_tomorrow_in_moscow(desk, seller, monkeypatch, clock, accepted):
    today = moscow_date(timezone.now()) + DAY
    now = datetime.combine(today, time.fromisoformat(clock), UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    days = {"starts_at": today + DAY, "expires_at": today + 9 * DAY}

    answer = desk.post(page("promocode_preview"), typed(**days))

    assert ("starts_at" not in answer.context["form"].errors) is accepted


def test_an_article_that_left_the_catalogue_is_named(desk, seller):
    for nm_id, gone_at in ((123456, None), (654321, timezone.now())):
        Product.objects.create(seller=seller, nm_id=nm_id, gone_at=gone_at)
    form = {"applies_to": "selected", "product_nms": "123456 654321"}

    answer = desk.post(page("promocode_add"), typed(**form), follow=True)

    said = [str(it) for it in answer.context["messages"]]
    assert any("654321" in it and "123456" not in it for it in said), said


def test_a_heading_over_merged_cells_is_told(desk, seller):
    upload = sheet(
        ["Мои промокоды", None, None, None],
        ["code", "discount_percent", "starts_at", "expires_at"],
        merged=["A1:D1"],
    )

    text = tried(desk, "promocode", upload)

    assert "объединённые ячейки" in text.lower()
    assert "Traceback" not in text
    assert not PromoCode.objects.exists()


def test_merged_cells_in_the_table_are_an_error_of_their_row(desk, seller):
    today = moscow_date(timezone.now())
    days = [today + DAY, today + 9 * DAY]
    upload = sheet(
        ["code", "discount_percent", "starts_at", "expires_at"],
        ["CARE10", 10, *days],
        [None, 12, *days],
        merged=["A2:A3"],
    )

    answer = desk.post(page("promocode_import"), {"import_file": upload, "format": "0"})

    result = answer.context["result"]
    assert wrongs(result) == [(3, "code", "Заполните это поле.")]
    assert "Заполните это поле." in answer.content.decode()
    assert not PromoCode.objects.exists()


def test_a_spreadsheets_own_dates_are_moscow_days(desk, seller):
    today = moscow_date(timezone.now())
    first = datetime.combine(today + DAY, datetime.min.time())
    last = datetime.combine(today + 9 * DAY, datetime.max.time().replace(microsecond=0))
    upload = sheet(
        ["code", "discount_percent", "starts_at", "expires_at"],
        ["CARE10", "10,5", first, last],
    )

    form = {"import_file": upload, "format": "0"}
    confirm = desk.post(page("promocode_import"), form).context["confirm_form"]
    desk.post(
        page("promocode_process_import"),
        {name: confirm.initial.get(name, "") for name in confirm.fields},
    )

    code = PromoCode.objects.get()
    assert code.discount_percent == Decimal("10.5")
    assert days_of(code.starts_at, code.expires_at) == (today + DAY, today + 9 * DAY)


def test_a_file_that_is_no_table_is_told(desk, seller):
    text = tried(desk, "product", SimpleUploadedFile("file.xlsx", b"not a workbook"))

    assert "Traceback" not in text
    assert not Product.objects.exists()
