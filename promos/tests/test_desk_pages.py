"""Planner, reasons, rotation, versions, calculator: what a seller asks of the desk."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from promos import calculator, planner
from promos.models import Product, PromoCode
from promos.rules.days import days_of, moscow_date, period
from promos.rules.margin import REGIMES, Costs
from promos.rules.pricing import PriceTag, Rules

DAY = timedelta(days=1)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def today():
    return moscow_date(timezone.now())


def page(name, *args):
    return reverse(f"admin:promos_{name}", args=args)


def live(make_code, today, code="CARE10", first=-3, days=10, **fields):
    starts_at, expires_at = period(
        today + first * DAY, today + (first + days - 1) * DAY
    )
    return make_code(code, starts_at=starts_at, expires_at=expires_at, **fields)


def typed(today, **changes):
    """What the code form posts."""
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


def test_a_code_is_entered_in_moscow_days_and_with_a_comma(desk, seller, today, owner):
    answer = desk.post(page("promocode_add"), typed(today))

    assert answer.status_code == 302
    code = PromoCode.objects.get()
    assert days_of(code.starts_at, code.expires_at) == (today + DAY, today + 14 * DAY)
    assert code.discount_percent == Decimal("12.50")
    assert (code.created_by, code.seller) == (owner, seller)
    assert code.history.get().history_user == owner


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"code": "SАLE10"}, "code", id="a Cyrillic letter in Latin"),
        pytest.param({"discount_percent": "51"}, "discount_percent", id="51 %"),
        pytest.param({"discount_percent": "десять"}, "discount_percent", id="a word"),
        pytest.param({"starts_at": "01.01.2020"}, "starts_at", id="long ago"),
        pytest.param({"expires_at": "01.01.2020"}, "expires_at", id="ends before"),
        pytest.param({"applies_to": "selected"}, "product_nms", id="no articles"),
        pytest.param(
            {"applies_to": "selected", "product_nms": "123456 цена"},
            "product_nms",
            id="junk among articles",
        ),
        pytest.param(
            {"margin_override_until": "01.02.2030"},
            "margin_override_reason",
            id="an exception without a reason",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field(desk, seller, today, change, field):
    answer = desk.post(page("promocode_add"), typed(today, **change))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not PromoCode.objects.exists()


def test_a_code_without_a_name_gets_a_readable_one(desk, seller, today):
    desk.post(page("promocode_add"), typed(today, code=""))

    assert "12" in PromoCode.objects.get().code


def test_a_thousand_articles_with_junk_skipped_on_request(desk, seller, today):
    pasted = "\n".join(["Артикул"] + [str(100_000 + n) for n in range(1000)] * 2)
    form = {"applies_to": "selected", "product_nms": pasted, "skip_unread": "on"}

    desk.post(page("promocode_add"), typed(today, **form))

    assert len(PromoCode.objects.get().product_nms) == 1000


def test_the_eleventh_code_is_refused_beside_the_field(desk, make_code, today):
    for number in range(10):
        live(make_code, today, f"RUN{number}AB")

    answer = desk.post(page("promocode_add"), typed(today))

    assert "starts_at" in answer.context["adminform"].form.errors


def test_terms_that_went_out_are_read_only_and_change_by_a_version(
    desk, make_code, today
):
    code = live(make_code, today, first_sent_at=timezone.now())
    same = typed(
        today,
        code="CARE10",
        discount_percent="11",
        starts_at=(today - 3 * DAY).strftime("%d.%m.%Y"),
    )

    desk.post(page("promocode_change", code.pk), same | {"seen": ""})
    code.refresh_from_db()
    assert code.discount_percent == 10
    answer = desk.post(page("promocode_version", code.pk), same)

    code.refresh_from_db()
    assert answer.status_code == 302
    assert code.discount_percent == 10
    assert (code.replaced_by.discount_percent, code.replaced_by.version) == (11, 2)


def test_whoever_saves_second_is_told_and_loses_nothing(desk, make_code, today):
    code = live(make_code, today)
    form = desk.get(page("promocode_change", code.pk)).context["adminform"].form
    seen = form["seen"].value()
    code.description = "другой человек"
    code.save()
    mine = typed(
        today,
        code="CARE10",
        discount_percent="10",
        starts_at=(today - 3 * DAY).strftime("%d.%m.%Y"),
        description="моё",
        seen=seen,
    )

    answer = desk.post(page("promocode_change", code.pk), mine)

    code.refresh_from_db()
    assert code.description == "другой человек"
    assert "другой человек" in answer.content.decode()
    assert "моё" in answer.content.decode()


def test_a_code_is_extended_by_a_new_one(desk, seller, make_code, today):
    old = live(
        make_code, today, first=-5, days=10, applies_to="selected", product_nms=[4242]
    )
    offered = desk.get(page("promocode_extend", old.pk)).context["form"].initial
    form = {
        "code": offered["code"],
        "starts_at": (today + 5 * DAY).strftime("%d.%m.%Y"),
        "expires_at": (today + 14 * DAY).strftime("%d.%m.%Y"),
    }
    assert moscow_date(offered["starts_at"]) == today + 5 * DAY

    answer = desk.post(page("promocode_extend", old.pk), form)

    new = PromoCode.objects.exclude(pk=old.pk).get()
    assert (new.is_draft, new.product_nms) == (True, [4242])
    assert answer.url == page("promocode_made", new.pk)
    assert new.code in desk.get(answer.url).content.decode()
    made = uuid.uuid4()
    desk.post(answer.url, {"code": new.code, "wb_uuid": f"https://x/promo/{made}?a=1"})
    new.refresh_from_db()
    assert (new.is_draft, new.wb_uuid) == (False, made)


def test_the_planner_names_gaps_and_free_days(desk, seller, make_code, today):
    live(make_code, today, first=-1, days=11, use_for_positive=False)

    answer = desk.get(page("promocode_planner"))

    line = answer.context["timeline"]
    assert [sum(cell.days for cell in row) for row in line.rows] == [90] * 10
    assert line.rows[0][0].code.code == "CARE10"
    assert line.rows[0][0].days == 10
    retention = dict(line.coverage)[planner.UseCase.RETENTION]
    assert [(run.days, run.codes, run.mood) for run in retention] == [
        (10, 1, "thin"),
        (80, 0, "none"),
    ]
    gap = next(it for it in line.missing if it.gap.use_case == "UC2")
    assert (gap.gap.first, gap.is_due) == (today + 10 * DAY, True)
    assert gap.window.first == today + 10 * DAY


def test_why_lists_every_reason_against_every_code(desk, seller, make_code, today):
    live(make_code, today, "CARE10")
    live(
        make_code, today, "TINY3", percent="3", is_active=False, use_for_negative=False
    )
    ask = {"use_case": "UC2", "min_discount": "10", "nm_id": ""}

    found = desk.get(page("promocode_why"), ask).context["found"]

    assert found.chosen == "CARE10"
    tiny = next(one for one in found.codes if one.code == "TINY3")
    assert len(tiny.against) == 3  # off, another use case, too small


def test_the_preview_answers_while_typing(desk, seller, make_code, today):
    Product.objects.create(
        seller=seller, nm_id=5555, price=2000, discount_percent=50, cost=100
    )
    Product.objects.create(
        seller=seller, nm_id=6666, price=1000, cost=950, commission_percent=20
    )
    answer = desk.post(page("promocode_preview"), typed(today))

    known = answer.context["known"]
    assert known.slots_taken == 1
    assert known.effects.void == (5555,)
    assert [one.nm_id for one in known.effects.below_floor] == [6666]
    assert not PromoCode.objects.exists()


def test_the_calculator_by_hand():
    """1000 ₽ − 10 % = 900; fees 20 % 180, tax 6 % 54, cost 400: 266 left."""
    costs = Costs(
        cost=Decimal(400), commission_pct=Decimal(20), tax=REGIMES["usn_income"]
    )

    made = calculator.calculate(
        PriceTag(Decimal(1000)),
        costs,
        percent=Decimal(10),
        other_percent=Decimal(20),
        rules=Rules(),
    )

    assert made.quote.final == Decimal("900.00")
    assert made.margin.rub == Decimal("266.00")
    assert made.margin_without.rub == Decimal("340.00")
    assert made.other.rub == Decimal("192.00")
    assert made.lift == Decimal("38.55")  # 266 / 192 − 1, rounded up
    assert made.lowest == Decimal("540.54")  # 400 / 0.74
    assert made.safe_code == Decimal("45.94")  # 540.60 leaves 0.04, 540.50 loses


def test_the_calculator_page_takes_a_product_and_recomputes(desk, seller):
    Product.objects.create(
        seller=seller,
        nm_id=777,
        price=1000,
        cost=400,
        commission_percent=20,
    )

    whole = desk.get(page("product_calculator"), {"nm_id": "777"})
    part = desk.get(
        page("product_calculator"),
        {"price": "1000,00", "cost": "400", "commission_percent": "20", "tax": "none"}
        | {"percent": "10"},
        headers={"HX-Request": "true"},
    )

    assert "266,00" in whole.content.decode()
    assert "320,00" in part.content.decode()  # without tax: 900 − 180 − 400
    assert "<html" not in part.content.decode()


def test_a_price_of_zero_is_refused_beside_the_field(desk, seller):
    answer = desk.post(
        page("product_add"), {"nm_id": "123456", "price": "0", "tax": "none"}
    )

    assert "price" in answer.context["adminform"].form.errors
    assert not Product.objects.exists()


def test_pages_of_another_shop_do_not_exist(desk, today):
    assert isinstance(today, date)
    for name in ("extend", "version", "made", "preview_of"):
        assert desk.post(page(f"promocode_{name}", 10**6)).status_code == 404


def test_the_list_says_the_state_by_the_shops_own_days(desk, seller, make_code, today):
    live(make_code, today, first=-5, days=10)  # ends in five days
    seller.expiring_days = 7
    seller.save()

    text = desk.get(page("promocode_changelist")).content.decode()

    assert "истекает" in text
    assert "desk-pill state-expiring" in text
