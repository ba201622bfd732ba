"""Import and export: a dry run with an error per row, all or nothing."""

import time
from datetime import timedelta

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from import_export.formats import base_formats

from promos.models import Product, PromoCode
from promos.resources import ProductResource, PromoCodeResource
from promos.tables import Csv
from promos.wrongs import wrongs

TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def codes(*rows):
    first = TOMORROW.strftime("%d.%m.%Y")
    last = (TOMORROW + timedelta(days=9)).strftime("%d.%m.%Y")
    headers = ["code", "discount_percent", "starts_at", "expires_at"]
    return tablib.Dataset(*[(*row, first, last) for row in rows], headers=headers)


def load(seller, resource, dataset, **kwargs):
    return resource(seller=seller).import_data(
        dataset, rollback_on_validation_errors=True, **kwargs
    )


def test_codes_come_in_by_the_rules(seller):
    result = load(seller, PromoCodeResource, codes(("CARE10", "10"), ("TRY7", "7,5")))

    assert not result.has_errors()
    assert {it.code: float(it.discount_percent) for it in PromoCode.objects.all()} == {
        "CARE10": 10.0,
        "TRY7": 7.5,
    }


def test_what_a_code_applies_to_is_never_guessed(seller):
    made = codes(("CARE10", "10"), ("TRY7", "7"), ("GIFT5", "5"))
    made.append_col(["Выбранные артикулы", "", "ALL"], header="applies_to")
    made.append_col(["123456", "123456", ""], header="product_nms")
    unclear = codes(("CARE12", "12"))
    unclear.append_col(["некоторые"], header="applies_to")

    result = load(seller, PromoCodeResource, made)
    refused = load(seller, PromoCodeResource, unclear)

    assert not result.has_errors()
    assert dict(PromoCode.objects.values_list("code", "applies_to")) == {
        "CARE10": "selected",
        "TRY7": "selected",
        "GIFT5": "all",
    }
    (wrong,) = wrongs(refused)
    assert "некоторые" in str(wrong)
    assert "Выбранные артикулы" in str(wrong)


def test_columns_may_be_called_as_on_the_desk(seller):
    made = codes(("CARE10", "10"))
    made.headers = ["Код ", "скидка,%", "ПЕРВЫЙ ДЕНЬ", "Последний  день"]
    costs = tablib.Dataset(
        ("4242", "99", "20"), headers=["Артикул WB", "Себестоимость", "комиссия wb, %"]
    )

    results = [
        load(seller, PromoCodeResource, made),
        load(seller, ProductResource, costs),
    ]

    assert [wrongs(it) for it in results] == [[], []]
    assert PromoCode.objects.get().code == "CARE10"
    product = Product.objects.get()
    assert (product.nm_id, product.cost, product.commission_percent) == (4242, 99, 20)


def test_columns_nobody_knows_are_named_once(seller):
    data = tablib.Dataset(
        ("4242", "9", "x", ""), headers=["nm_id", "Себестоимсть", "Цвет", ""]
    )

    result = load(seller, ProductResource, data)

    (wrong,) = wrongs(result)
    assert wrong.text == (
        "Неизвестные столбцы: «Себестоимсть», «Цвет». "
        "Назовите их как в шаблоне или удалите."
    )
    assert not Product.objects.exists()


def test_what_goes_out_comes_in_again_unchanged(seller):
    load(seller, PromoCodeResource, codes(("CARE10", "10")))
    Product.objects.create(seller=seller, nm_id=4242, title="=Плед", cost="12.50")

    for resource in (PromoCodeResource, ProductResource):
        text = resource(seller=seller).export().csv
        result = load(seller, resource, Csv().create_dataset(text.encode()))

        assert wrongs(result) == []
        assert result.totals["skip"] == 1


def test_one_wrong_row_keeps_all_out_and_says_why(seller):
    result = load(
        seller,
        PromoCodeResource,
        codes(("CARE10", "10"), ("SАLE", "10"), ("BIG", "60")),
    )

    assert PromoCode.objects.count() == 0
    assert wrongs(result) == [
        (3, "code", "Смешаны латинские и русские буквы: «А» русские."),
        (4, "discount_percent", "Скидка от 3 до 50 %."),
    ]


def test_the_eleventh_code_of_a_file_is_refused(seller):
    rows = [(f"NAME{number:02}AB", "10") for number in range(11)]

    result = load(seller, PromoCodeResource, codes(*rows))

    assert [(one.row, one.column) for one in wrongs(result)] == [(12, "starts_at")]
    assert PromoCode.objects.count() == 0


def test_a_thousand_costs_within_ten_seconds(seller):
    rows = [(100_000 + n, "1 234,50", "20") for n in range(1000)]
    data = tablib.Dataset(*rows, headers=["nm_id", "cost", "commission_percent"])
    start = time.process_time()

    result = load(seller, ProductResource, data)

    assert not result.has_errors()
    assert time.process_time() - start < 10
    assert str(Product.objects.get(nm_id=100_999).cost) == "1234.50"


def test_a_column_that_is_missing_changes_nothing(seller):
    Product.objects.create(seller=seller, nm_id=4242, title="Печь", cost=1)
    data = tablib.Dataset(("4242", "99"), headers=["nm_id", "cost"])

    load(seller, ProductResource, data)

    product = Product.objects.get()
    assert (product.title, product.cost) == ("Печь", 99)


def test_rows_and_cells_wrong_in_any_way_are_told_together(seller):
    rows = [
        ("4242", "0", "10"),
        ("", "5", "10"),
        ("", None, " "),
        ("4243", "сто", "очень"),
        ("4244", "5", "115"),
    ]
    data = tablib.Dataset(*rows, headers=["nm_id", "price", "discount_percent"])

    result = load(seller, ProductResource, data)

    # Rows as the spreadsheet counts them; the empty one is no error.
    assert [(one.row, one.column) for one in wrongs(result)] == [
        (2, "price"),
        (3, "nm_id"),
        (5, "discount_percent"),
        (5, "price"),
        (6, "discount_percent"),
    ]
    assert not Product.objects.exists()


def test_empty_rows_at_the_end_do_not_count(seller):
    rows = [("4242", "5"), *[(None, "")] * 10_001]
    data = tablib.Dataset(*rows, headers=["nm_id", "price"])

    result = load(seller, ProductResource, data)

    assert wrongs(result) == []
    assert Product.objects.get().price == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_as_any_spreadsheet_writes_it(encoding, separator):
    lines = [["nm_id", "title", "cost"], ["4242", "Плед", '"12,50"']]
    text = "\r\n".join(separator.join(cells) for cells in lines)

    read = Csv().create_dataset(text.encode(encoding))

    assert read.dict == [{"nm_id": "4242", "title": "Плед", "cost": "12,50"}]


@pytest.mark.parametrize("price", ["0", "-5", "дорого"])
def test_a_bad_price_is_an_error_of_its_row(seller, price):
    data = tablib.Dataset(("4242", price), headers=["nm_id", "price"])

    result = load(seller, ProductResource, data)

    assert result.has_errors() or result.has_validation_errors()
    assert not Product.objects.exists()


def test_what_goes_out_runs_in_no_spreadsheet(seller):
    Product.objects.create(seller=seller, nm_id=4242, title='=HYPERLINK("x")')

    text = ProductResource(seller=seller).export().csv

    assert "\"'=HYPERLINK" in text


def test_the_pages_of_an_import_speak_of_columns_as_the_desk_does(desk, seller):
    page = reverse("admin:promos_product_import")
    good = SimpleUploadedFile("a.csv", b"nm_id,cost\n4242,100\n", "text/csv")
    rows = "nm_id,cost\n4242,дорого\n".encode()
    bad = SimpleUploadedFile("b.csv", rows, "text/csv")

    empty = desk.get(page).content.decode()
    tried = desk.post(page, {"import_file": good, "format": "1"}).content.decode()
    refused = desk.post(page, {"import_file": bad, "format": "1"}).content.decode()

    assert "Себестоимость" in empty
    assert "Себестоимость" in tried
    assert "return_rate" not in empty + tried
    assert "«дорого»" in refused


def test_a_file_is_tried_before_it_is_taken(desk, seller):
    page = reverse("admin:promos_product_import")
    upload = SimpleUploadedFile("costs.csv", b"nm_id,cost\n4242,100\n", "text/csv")
    tried = desk.post(page, {"import_file": upload, "format": "1"})

    assert tried.status_code == 200
    assert not Product.objects.exists()
    form = tried.context["confirm_form"]
    done = desk.post(
        reverse("admin:promos_product_process_import"),
        {name: form.initial.get(name, "") for name in form.fields},
    )
    assert done.status_code == 302
    assert Product.objects.get().cost == 100


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("model", "resource", "row"),
    [
        ("promocode", PromoCodeResource, {"Промокод": "CARE10", "Скидка, %": "10"}),
        ("product", ProductResource, {"Артикул WB (nmID)": "4242"}),
    ],
)
def test_a_template_is_offered_and_read_when_filled(
    desk, seller, kind, model, resource, row
):
    offered = desk.get(reverse(f"admin:promos_{model}_import")).content.decode()
    page = reverse(f"admin:promos_{model}_template", args=[kind])
    answer = desk.get(page)

    form = Csv() if kind == "csv" else base_formats.XLSX()
    data = form.create_dataset(answer.content)
    day = TOMORROW.strftime("%d.%m.%Y")
    filled = row | {"Первый день": day, "Последний день": day}
    data.append([filled.get(title, "") for title in data.headers])
    result = load(seller, resource, data)

    assert page in offered
    assert wrongs(result) == []
    assert result.totals["new"] == 1


def test_an_export_holds_only_the_shops_rows(desk, seller):
    Product.objects.create(seller=seller, nm_id=4242, title="наш")

    answer = desk.post(
        reverse("admin:promos_product_export"),
        {"format": "1", "resource": "0"}
        | {f"productresource_{name}": "on" for name in ("nm_id", "title")},
    )

    assert b"4242" in answer.content
