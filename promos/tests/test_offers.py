from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos import offers, registry, sends
from promos.models import Product, PromoCode, PromoCodeSend

NM = 12345678


@pytest.fixture
def choose(seller):
    def choose(intent="sizing_fit", sentiment="neutral", **options):
        options = {"nm_id": NM, "chat_id": "1:a", "now": NOON} | options
        return offers.choose(seller, intent=intent, sentiment=sentiment, **options)

    return choose


def send(code, at=NOON, chat_id="1:a", key=None, **snapshot):
    return sends.record(
        promo_code=code,
        snapshot=snapshot,
        chat_id=chat_id,
        message_id="",
        sent_at=at,
        intent="sizing_fit",
        sentiment="neutral",
        use_case="UC3",
        nm_id=NM,
        operator=None,
        decision="accept",
        answer_seconds=60,
        key=key or uuid4(),
        auto_suggested=True,
        operator_approved=True,
    )


def words(offer):
    return {one.promo_code.code: one.reasons or one.loss for one in offer.rejected}


def test_the_smallest_sufficient_discount_is_offered(choose, make_code):
    make_code("BIG20", "20")
    small = make_code("SMALL5", "5")

    offer = choose()

    assert (offer.chosen, offer.reason) == (small, "conversion")
    assert words(offer) == {"BIG20": "larger_discount"}


@pytest.mark.parametrize(
    ("intent", "sentiment", "reason"),
    [
        pytest.param("delivery_status", "neutral", "no_rule", id="no code for parcels"),
        pytest.param("sizing_fit", "negative", "no_rule", id="an angry question"),
        pytest.param("thanks", "positive", "thanks_off", id="off unless switched on"),
    ],
)
def test_a_turn_without_a_rule_takes_no_code(
    choose, make_code, intent, sentiment, reason
):
    make_code()

    offer = choose(intent, sentiment)

    assert (offer.chosen, offer.reason) == (None, reason)


def test_the_seller_may_keep_codes_from_those_who_ask(choose, make_code, seller):
    make_code()
    seller.suggest_on_promo_request = False

    assert choose("promo_request").reason == "promo_request_off"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"is_draft": True}, "draft"),
        ({"is_active": False}, "off"),
        ({"is_leaked": True}, "leaked"),
        ({"starts_at": NOON + timedelta(hours=1)}, "not_started"),
        ({"expires_at": NOON}, "expired"),
        ({"expires_at": NOON + timedelta(hours=11)}, "expires_too_soon"),
        ({"use_for_pre_purchase": False}, "wrong_use_case"),
        ({"percent": "4"}, "below_min_discount"),
        ({"applies_to": "selected", "product_nms": [1]}, "out_of_scope"),
    ],
)
def test_each_code_says_what_is_against_it(choose, make_code, fields, reason):
    make_code(**fields)

    offer = choose()

    assert offer.chosen is None
    assert words(offer)["SALE10"][0] == reason


def test_a_chat_gets_a_code_once_in_the_sellers_period(choose, make_code):
    code = make_code()
    send(code, NOON - timedelta(days=29, hours=23))

    assert choose().reason == "sent_recently"
    assert choose(chat_id="1:b").chosen == code
    assert choose(now=NOON + timedelta(hours=2)).chosen == code


def test_a_code_on_its_way_counts_as_sent(choose, make_code):
    make_code()

    assert choose(code_on_its_way=True).reason == "sent_recently"


def test_a_daily_cap_counts_moscow_days(choose, make_code):
    code = make_code(daily_cap=1)
    send(code, NOON.replace(hour=20, minute=59) - timedelta(days=1), "1:b")

    assert choose().chosen == code  # 23:59 of the day before

    send(code, NOON.replace(hour=21, minute=0) - timedelta(days=1), "1:c")

    assert words(choose())["SALE10"] == ("daily_cap",)


def test_a_loss_budget_is_held_by_estimate(choose, make_code):
    code = make_code(loss_budget=Decimal(60))
    send(code, chat_id="1:b", discount_rub="100.00")

    assert choose().chosen == code  # one send: 0.3 × 100 = 30

    send(code, chat_id="1:c", discount_rub="100.00")

    assert words(choose())["SALE10"] == ("budget_code",)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"loss_budget": Decimal(60)}, "budget_code"), ({"daily_cap": 2}, "daily_cap")],
)
def test_a_new_version_of_a_code_has_what_the_old_ones_left(
    choose, make_code, limit, reason
):
    code = make_code(**limit)
    for chat, percent in (("1:b", "12"), ("1:c", "13")):
        send(code, chat_id=chat, discount_rub="100.00")
        code.refresh_from_db()
        code = registry.change(
            code, by=None, now=NOON, discount_percent=Decimal(percent)
        )

    # Two sends by two earlier versions, 0.3 × 100 ₽ each.
    assert code.version == 3
    assert words(choose())["SALE10"] == (reason,)


def test_price_and_margin_are_weighed(choose, make_code, seller):
    make_code("SALE10", "10")
    product = Product.objects.create(
        seller=seller,
        nm_id=NM,
        price=Decimal(1000),
        cost=Decimal(500),
        commission_percent=Decimal(20),
        tax="none",
    )

    offer = choose()

    # 1 000 less 10 % is 900; less 180 commission and 500 cost leaves 220.
    assert offer.figures.quote.final == Decimal("900.00")
    assert offer.figures.margin.rub == Decimal("220.00")

    seller.margin_floor = Decimal("220.01")
    assert words(choose())["SALE10"] == ("below_margin_floor",)

    product.discount_percent = Decimal(46)
    product.save()
    assert "void_above_45" in words(choose())["SALE10"]


def test_two_queries_are_enough_for_any_number_of_codes(
    choose, make_code, django_assert_num_queries
):
    for number in range(10):
        make_code(f"CODE{number}", "10", daily_cap=5, loss_budget=Decimal(1000))

    with django_assert_num_queries(2):
        choose()


def test_a_send_of_unknown_price_counts_as_the_average_of_the_others(choose, make_code):
    code = make_code(loss_budget=Decimal(60))
    send(code, chat_id="1:b", discount_rub="100.00")
    send(code, chat_id="1:c", discount_rub=None)

    # Two sends of 100 ₽ at the cautious rate: 2 × 0.3 × 100 = 60.
    assert words(choose())["SALE10"] == ("budget_code",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"is_active": False}, "off", id="switched off"),
        pytest.param({"expires_at": NOON}, "expired", id="ended"),
        pytest.param({"discount_percent": 4}, "below_min_discount", id="made smaller"),
        pytest.param(
            {"applies_to": "selected", "product_nms": [1]}, "out_of_scope", id="scope"
        ),
        pytest.param({"loss_budget": 0}, "budget_code", id="nothing left to give"),
    ],
)
def test_a_change_of_a_code_is_seen_at_once(choose, make_code, change, reason):
    code = make_code()
    assert choose().chosen == code

    PromoCode.objects.filter(pk=code.pk).update(**change)

    assert reason in words(choose())["SALE10"]


def test_a_change_of_price_or_a_send_is_seen_at_once(choose, make_code, seller):
    code = make_code()
    article = Product.objects.create(seller=seller, nm_id=NM, price=Decimal(1000))
    assert choose().figures.quote.final == Decimal("900.00")

    Product.objects.filter(pk=article.pk).update(price=Decimal(500))
    assert choose().figures.quote.final == Decimal("450.00")

    send(code)
    assert choose().reason == "sent_recently"


@pytest.mark.parametrize(
    ("nm_id", "reason"),
    [
        pytest.param(NM, None, id="covered"),
        pytest.param(999, "out_of_scope", id="another article"),
        pytest.param(None, "unknown_article", id="no article"),
    ],
)
def test_the_scope_of_a_code_is_held_against_the_article(
    choose, make_code, nm_id, reason
):
    make_code(applies_to="selected", product_nms=[NM, 1])

    offer = choose(nm_id=nm_id)

    if reason:
        assert words(offer)["SALE10"] == (reason,)
    else:
        assert offer.chosen.product_nms == [NM, 1]


def test_the_narrower_of_two_equal_codes_is_taken(choose, make_code):
    make_code("ALL10")
    make_code("TWO10", applies_to="selected", product_nms=[NM, 1])
    one = make_code("ONE10", applies_to="selected", product_nms=[NM])

    offer = choose()

    assert offer.chosen == one
    assert words(offer) == {"ALL10": "wider_scope", "TWO10": "wider_scope"}


def test_every_field_of_a_chosen_code_and_its_article_can_be_read(
    choose, make_code, seller
):
    code = make_code(description="for the winter")
    article = Product.objects.create(
        seller=seller, nm_id=NM, price=Decimal(1000), brand="Лён"
    )

    offer = choose()

    for found, row in ((offer.chosen, code), (offer.product, article)):
        row.refresh_from_db()
        names = [field.attname for field in row._meta.concrete_fields]
        assert [getattr(found, name) for name in names] == [
            getattr(row, name) for name in names
        ]


def test_a_send_is_recorded_once(make_code):
    code, key = make_code(), uuid4()

    first, again = send(code, key=key), send(code, NOON + timedelta(1), key=key)

    code.refresh_from_db()
    assert first == again
    assert PromoCodeSend.objects.count() == 1
    assert code.first_sent_at == NOON


def test_a_send_learns_its_message_later_and_only_once(make_code):
    row, key = make_code(), uuid4()
    send(row, key=key)

    sends.link(key, "event-1")
    sends.link(key, "event-2")

    assert PromoCodeSend.objects.get().message_id == "event-1"


class TestShopBudgets:
    """100 ₽ off at the cautious rate of 0.3: a send counts for 30 ₽."""

    @pytest.mark.parametrize(
        ("budgets", "reasons"),
        [
            pytest.param({"loss_budget_day": "60.01"}, None, id="a kopeck of today"),
            pytest.param({"loss_budget_day": "60"}, ("budget_day",), id="today's all"),
            pytest.param({"loss_budget_conversion": "60.01"}, None, id="of the month"),
            pytest.param(
                {"loss_budget_conversion": "60"}, ("budget_use_case",), id="month's all"
            ),
            pytest.param({"loss_budget_loyalty": "0"}, None, id="another use case"),
            pytest.param(
                {"loss_budget_day": "1", "loss_budget_conversion": "1"},
                ("budget_day", "budget_use_case"),
                id="both",
            ),
        ],
    )
    def test_at_a_hundred_percent_no_code_is_suggested(
        self, choose, make_code, seller, budgets, reasons
    ):
        code = make_code()
        for chat in ("1:b", "1:c"):
            send(code, chat_id=chat, discount_rub="100.00")
        for name, rubles in budgets.items():
            setattr(seller, name, Decimal(rubles))

        offer = choose()

        if reasons is None:
            assert offer.chosen == code
        else:
            assert words(offer)["SALE10"] == reasons
            assert offer.reason == "budget_spent"

    def test_a_day_and_a_month_begin_at_moscows_midnight(
        self, choose, make_code, seller
    ):
        code = make_code()
        seller.loss_budget_day = seller.loss_budget_conversion = Decimal(30)
        midnight = NOON.replace(day=1, hour=21, minute=0)  # of 2 March, in Moscow
        send(code, midnight - timedelta(seconds=1), "1:b", discount_rub="100.00")

        assert words(choose())["SALE10"] == ("budget_use_case",)

        tomorrow = NOON + timedelta(days=1)
        seller.loss_budget_conversion = None
        send(code, midnight, "1:c", discount_rub="100.00")
        assert words(choose())["SALE10"] == ("budget_day",)
        assert choose(now=tomorrow).chosen == code

    def test_a_new_month_has_its_whole_budget(self, choose, make_code, seller):
        april = NOON.replace(month=4, day=1)
        code = make_code(
            starts_at=april - timedelta(20), expires_at=april + timedelta(9)
        )
        seller.loss_budget_conversion = Decimal(30)
        send(code, april - timedelta(days=1), "1:b", discount_rub="100.00")

        assert choose(now=april).chosen == code
        assert words(choose(now=april - timedelta(days=1)))["SALE10"] == (
            "budget_use_case",
        )

    def test_sends_of_every_code_count_together(self, choose, make_code, seller):
        seller.loss_budget_day = Decimal(60)
        first, second = make_code("FIRST10"), make_code("SECOND12", "12")
        send(first, chat_id="1:b", discount_rub="100.00")

        assert choose().chosen == first

        send(second, chat_id="1:c", discount_rub="100.00")

        assert {*words(choose()).values()} == {("budget_day",)}

    def test_another_shops_sends_do_not_count(self, choose, make_code, seller):
        code = make_code()
        seller.loss_budget_day = Decimal(30)
        other = make_seller("Чужая")
        with scope(seller=other):
            theirs = PromoCode.objects.create(
                seller=other,
                code="THEIRS10",
                discount_percent=10,
                starts_at=code.starts_at,
                expires_at=code.expires_at,
            )
            send(theirs, chat_id="1:z", discount_rub="100.00")

        assert choose().chosen == code

    def test_one_query_more_where_a_budget_is_set(
        self, choose, make_code, seller, django_assert_num_queries
    ):
        make_code()
        seller.loss_budget_day = seller.loss_budget_loyalty = Decimal(1000)

        with django_assert_num_queries(3):
            choose()

    def test_what_is_used_is_told_as_an_estimate(self, make_code, seller):
        code = make_code()
        seller.loss_budget_day = Decimal(100)
        seller.loss_budget_conversion = Decimal(1000)
        send(code, discount_rub="100.00")
        send(code, NOON - timedelta(days=1), chat_id="1:b", discount_rub="50.00")

        used = offers.shop_budgets_used(seller, now=NOON)

        # Today 0.3 × 100; this month 2 × 0.3 × (100 + 50) / 2.
        assert {name: one.loss.total for name, one in used.items()} == {
            "day": Decimal("30.00"),
            "UC3": Decimal("45.00"),
        }
        assert used["day"].percent == 30
        assert used["day"].loss.is_estimate
