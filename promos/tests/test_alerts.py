"""One alert per cause, however often and after whatever pause the checks run."""

import threading
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos import alarms, alert_words, alerts, ledger
from promos.alerts import Cause, Kind, Level
from promos.models import Alert, Product, PromoCode, PromoCodeSend, WbToken

DAY = timedelta(days=1)
LATE = Cause(kind=Kind.POLL_BEHIND, params={"minutes": 6, "problem": "unavailable"})


def kinds(**filters):
    """Kinds and keys of the alerts that stand."""
    standing = Alert.objects.standing().filter(**filters)
    return sorted(standing.values_list("kind", "cause_key"))


def standing(kind):
    return Alert.objects.standing().get(kind=kind)


@pytest.fixture
def cover(make_code):
    """Codes for everything, one after another, beyond what the tests look at."""
    starts = [NOON + days * DAY for days in (-1, 29, 59, 89)]
    for number, start in enumerate(starts):
        make_code(f"COVER{number}", starts_at=start, expires_at=start + 30 * DAY)


class TestRaising:
    def test_the_same_cause_ten_times_is_one_alert(self, seller):
        for minute in range(10):
            alerts.raise_once(seller, LATE, now=NOON + timedelta(minutes=minute))

        alert = Alert.objects.get()
        assert alert.raised_at == NOON
        assert alert.last_seen_at == NOON + timedelta(minutes=9)

    def test_it_closes_when_the_cause_is_gone_and_may_come_back(self, seller):
        alerts.keep(seller, [Kind.POLL_BEHIND], [LATE], now=NOON)
        alerts.keep(seller, [Kind.POLL_BEHIND], [], now=NOON + DAY)
        alerts.keep(seller, [Kind.POLL_BEHIND], [LATE], now=NOON + 2 * DAY)

        states = Alert.objects.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["closed", "open"]
        assert Alert.objects.order_by("pk")[0].closed_at == NOON + DAY

    def test_kinds_that_were_not_looked_at_stay(self, seller):
        alerts.raise_once(seller, LATE, now=NOON)

        alerts.keep(seller, [Kind.SEND_TROUBLE], [], now=NOON)

        assert kinds() == [("poll_behind", "")]

    def test_a_cause_said_once_is_never_said_again(self, seller):
        once = Cause(
            kind=Kind.WB_NEWS, key="7", params={"header": "Промокоды"}, once=True
        )
        assert alerts.raise_once(seller, once, now=NOON)
        assert alerts.resolve(seller, Kind.WB_NEWS, "7", now=NOON)

        assert alerts.raise_once(seller, once, now=NOON + DAY) is None
        assert kinds() == []

    def test_another_shop_has_its_own(self, seller):
        alerts.raise_once(seller, LATE, now=NOON)
        other = make_seller("Чужая")
        with scope(seller=other):
            assert alerts.raise_once(other, LATE, now=NOON)
            assert Alert.objects.count() == 1


class TestHandling:
    def test_acknowledged_stays_until_the_cause_is_gone(self, seller, operator):
        alert = alerts.raise_once(seller, LATE, now=NOON)
        assert alerts.acknowledge(alert, by=operator, now=NOON)

        alerts.keep(seller, [Kind.POLL_BEHIND], [LATE], now=NOON + DAY)

        alert.refresh_from_db()
        assert (alert.state, alert.acknowledged_by) == ("acknowledged", operator)
        assert not Alert.objects.pressing(NOON).exists()

    def test_it_opens_again_when_more_is_affected(self, seller, operator):
        alert = alerts.raise_once(
            seller, Cause(kind=Kind.SEND_TROUBLE, params={"count": 4}), now=NOON
        )
        alerts.acknowledge(alert, by=operator, now=NOON)

        alerts.raise_once(
            seller, Cause(kind=Kind.SEND_TROUBLE, params={"count": 5}), now=NOON
        )

        assert standing(Kind.SEND_TROUBLE).state == "open"

    def test_put_off_it_comes_back_when_its_time_is_over(self, seller):
        alert = alerts.raise_once(seller, LATE, now=NOON)
        alerts.snooze(alert, until=NOON + DAY)
        assert not Alert.objects.pressing(NOON).exists()
        assert Alert.objects.pressing(NOON + DAY).exists()

        alerts.raise_once(seller, LATE, now=NOON + DAY)

        assert standing(Kind.POLL_BEHIND).state == "open"

    def test_a_closed_alert_takes_no_more_acts(self, seller, operator):
        alert = alerts.raise_once(seller, LATE, now=NOON)
        alerts.resolve(seller, Kind.POLL_BEHIND, now=NOON)

        assert not alerts.acknowledge(alert, by=operator, now=NOON)
        assert not alerts.snooze(alert, until=NOON + DAY)
        assert Alert.objects.get().state == "closed"

    def test_it_can_be_put_into_somebodys_hands(self, seller, operator):
        alert = alerts.raise_once(seller, LATE, now=NOON)
        assert alerts.assign(alert, to=operator)
        assert Alert.objects.get().assigned_to == operator


class TestCodesEnding:
    """The code's last Moscow day is 15 March; NOON is 2 March."""

    @pytest.fixture
    def ending(self, make_code, cover):
        return make_code("ENDS", expires_at=NOON + timedelta(days=13, hours=12))

    def watch_on(self, seller, *days):
        for day in days:
            alarms.watch(seller, now=NOON + (day - 2) * DAY)

    def said(self):
        rows = Alert.objects.filter(cause_key__startswith="ENDS").order_by("raised_at")
        return [(row.cause_key.rsplit(":")[-1], row.raised_at.day) for row in rows]

    def test_each_threshold_is_said_on_its_day(self, seller, ending):
        self.watch_on(seller, *[day for day in range(2, 21) for _ in range(10)])

        assert self.said() == [("7", 8), ("3", 12), ("1", 14), ("0", 15)]
        assert kinds(kind=Kind.CODE_EXPIRES) == []

    def test_after_two_days_down_it_is_said_late_and_once(self, seller, ending):
        self.watch_on(seller, 7, 10, 10, 11)
        assert self.said() == [("7", 10)]

    def test_after_a_week_down_only_the_nearest_is_said(self, seller, ending):
        self.watch_on(seller, 7, 14)
        assert self.said() == [("1", 14)]

    def test_only_the_nearest_threshold_stands(self, seller, ending):
        self.watch_on(seller, 8, 12, 14)
        assert kinds(kind=Kind.CODE_EXPIRES) == [("code_expires", "ENDS:2026-03-15:1")]

    def test_a_new_end_starts_anew(self, seller, ending):
        self.watch_on(seller, 14)
        PromoCode.objects.filter(pk=ending.pk).update(expires_at=NOON + 29 * DAY)
        self.watch_on(seller, 15)
        assert kinds(kind=Kind.CODE_EXPIRES) == []

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"is_draft": True}], ids=["off", "draft"]
    )
    def test_nobody_asks_about_a_code_not_in_use(self, seller, ending, change):
        PromoCode.objects.filter(pk=ending.pk).update(**change)
        self.watch_on(seller, 14)
        assert kinds(kind=Kind.CODE_EXPIRES) == []

    def test_it_names_the_use_cases_left_without_a_code(self, seller, ending):
        PromoCode.objects.exclude(pk=ending.pk).update(use_for_negative=False)
        self.watch_on(seller, 14)

        alert = standing(Kind.CODE_EXPIRES)

        assert alert.params["bare"] == ["UC2"]
        assert alert.level == Level.CRITICAL
        assert "удержание" in alert_words.body(alert)


class TestCoverage:
    def test_a_shop_without_codes_is_told_once_not_thrice(self, seller):
        alarms.watch(seller, now=NOON)
        assert kinds() == [("no_code", "")]

    def test_a_use_case_without_a_code_now(self, seller, cover):
        PromoCode.objects.update(use_for_pre_purchase=False)
        alarms.watch(seller, now=NOON)
        assert kinds() == [("no_code", "UC3")]

    def test_a_gap_is_said_ten_days_ahead_and_not_eleven(self, seller, make_code):
        make_code(expires_at=NOON + 10 * DAY - timedelta(hours=12))
        for days, expected in ((-1, []), (0, ["UC1", "UC2", "UC3"])):
            alarms.watch(seller, now=NOON + days * DAY)
            gaps = [key for kind, key in kinds() if kind == "coverage_gap"]
            assert gaps == [f"{case}:2026-03-12" for case in expected]

    def test_a_new_code_closes_the_gap(self, seller, make_code):
        make_code(expires_at=NOON + 5 * DAY)
        alarms.watch(seller, now=NOON)
        assert len(kinds(kind=Kind.COVERAGE_GAP)) == 3

        make_code("NEXT", starts_at=NOON + 4 * DAY, expires_at=NOON + 30 * DAY)
        alarms.watch(seller, now=NOON)

        assert kinds(kind=Kind.COVERAGE_GAP) == []

    def test_ten_codes_at_once_are_said_nine_are_not(self, seller, make_code):
        for number in range(9):
            make_code(f"CODE{number}", expires_at=NOON + 29 * DAY)
        alarms.watch(seller, now=NOON)
        assert kinds() == []

        make_code("CODE9", expires_at=NOON + 29 * DAY)
        alarms.watch(seller, now=NOON)
        assert kinds() == [("ten_slots", "")]


class TestToken:
    @pytest.fixture
    def token(self, seller, cover):
        return WbToken.objects.create(
            seller=seller,
            sealed_token="x",
            categories=[3, 9],
            expires_at=NOON + 20 * DAY,
        )

    def test_fourteen_seven_and_one_days_before(self, seller, token):
        for hour in range(0, 21 * 24, 6):
            alarms.watch(seller, now=NOON + timedelta(hours=hour))

        said = Alert.objects.filter(kind=Kind.TOKEN_EXPIRES).order_by("pk")
        days = [(row.params["days"], row.raised_at.date().isoformat()) for row in said]
        assert [day for _, day in days] == [
            "2026-03-07",
            "2026-03-14",
            "2026-03-20",
            "2026-03-21",
        ]
        assert kinds() == [("token_expires", f"{token.pk}:0")]

    def test_a_refused_token_is_urgent_until_there_is_a_better_one(self, seller, token):
        WbToken.objects.update(refused_at=NOON, refusal="token is revoked.")
        alarms.watch(seller, now=NOON)
        alert = standing(Kind.TOKEN_REFUSED)
        assert alert.level == Level.CRITICAL
        assert "token is revoked" in alert_words.body(alert)

        WbToken.objects.create(
            seller=seller,
            sealed_token="y",
            categories=[1, 3, 9],
            expires_at=NOON + 180 * DAY,
        )
        alarms.watch(seller, now=NOON + DAY)
        assert kinds() == []


class TestMoney:
    @pytest.fixture
    def product(self, seller, make_code):
        make_code("SALE10", percent="10")
        return Product.objects.create(
            seller=seller,
            nm_id=1001,
            price=Decimal(1000),
            cost=Decimal(600),
            commission_percent=Decimal(20),
            tax="none",
        )

    def test_a_price_cut_turns_a_margin_into_a_loss(self, seller, product):
        # 1000 − 10 % = 900; − 20 % commission = 720; − 600 = 120 left.
        alarms.watch_money(seller, now=NOON)
        assert kinds() == []

        # 800 − 10 % = 720; 576 after commission; 24 lost.
        Product.objects.update(price=Decimal(800))
        alarms.watch_money(seller, now=NOON)

        alert = standing(Kind.NEGATIVE_MARGIN)
        assert alert.params["margin"] == "-24.00"
        assert "остаётся −24,00 ₽" in alert_words.body(alert)

    def test_a_loss_the_seller_accepted_is_no_news(self, seller, product):
        Product.objects.update(price=Decimal(800))
        PromoCode.objects.update(margin_override_until=NOON.date())
        alarms.watch_money(seller, now=NOON)
        assert kinds() == []
        alarms.watch_money(seller, now=NOON + DAY)
        assert kinds() == [("negative_margin", "SALE10")]

    @pytest.mark.parametrize(
        ("discount", "expected"),
        [("45", []), ("45.01", [("code_void", "SALE10")])],
        ids=["45 % itself is fine", "above is void"],
    )
    def test_void_above_45_percent(self, seller, product, discount, expected):
        Product.objects.update(price=Decimal(9000), discount_percent=Decimal(discount))
        alarms.watch_money(seller, now=NOON)
        assert kinds() == expected

    def test_articles_outside_the_code_do_not_count(self, seller, product):
        PromoCode.objects.update(applies_to="selected", product_nms=[2002])
        Product.objects.update(price=Decimal(800))
        alarms.watch_money(seller, now=NOON)
        assert kinds() == []


def sent(code, rubles, use_case="UC1"):
    send = PromoCodeSend.objects.create(
        seller=code.seller,
        promo_code=code,
        chat_id="chat",
        sent_at=NOON,
        use_case=use_case,
        outgoing_key=uuid4(),
        snapshot={"discount_rub": rubles},
    )
    ledger.count(send)


class TestBudget:
    @pytest.mark.parametrize(
        ("budget", "expected"),
        [("75.01", []), ("75", ["SALE10:80"]), ("60", ["SALE10:100"])],
        ids=["79.99 %", "80 %", "100 %"],
    )
    def test_eighty_and_a_hundred_percent(self, seller, make_code, budget, expected):
        """Two sends at 100 ₽ with the cautious rate of 0.3 are 60 ₽."""
        code = make_code("SALE10", loss_budget=Decimal(budget))
        make_code("COVER", expires_at=NOON + 29 * DAY)
        for _ in range(2):
            sent(code, "100.00")
        alarms.watch(seller, now=NOON)
        budgets = Alert.objects.standing().filter(kind=Kind.LOSS_BUDGET)
        assert list(budgets.values_list("cause_key", flat=True)) == expected

    @pytest.mark.parametrize(
        ("budget", "expected"),
        [("75.01", []), ("75", ["day:2026-03-02:80"]), ("60", ["day:2026-03-02:100"])],
        ids=["79.99 %", "80 %", "100 %"],
    )
    def test_the_shops_budget_of_a_day(self, seller, make_code, budget, expected):
        """Two sends at 100 ₽ with the cautious rate of 0.3 are 60 ₽."""
        code = make_code("SALE10", expires_at=NOON + 29 * DAY)
        seller.loss_budget_day = Decimal(budget)
        for _ in range(2):
            sent(code, "100.00")
        alarms.watch(seller, now=NOON)
        found = Alert.objects.standing().filter(kind=Kind.LOSS_BUDGET)
        assert list(found.values_list("cause_key", flat=True)) == expected

        alarms.watch(seller, now=NOON + DAY)
        assert not found.all().exists()  # a new day has its own budget

    def test_the_budget_of_a_use_case_is_named_in_words(self, seller, make_code):
        code = make_code("SALE10", expires_at=NOON + 29 * DAY)
        seller.loss_budget_retention = Decimal(30)
        sent(code, "100.00", use_case="UC2")
        alarms.watch(seller, now=NOON)
        (alert,) = Alert.objects.standing().filter(kind=Kind.LOSS_BUDGET)
        assert alert.cause_key == "uc2:2026-03:100"
        assert alert_words.title(alert) == ("Бюджет потерь месяца (удержание) исчерпан")
        assert alert_words.body(alert) == (
            "Отдано скидками: 30,00 из 30,00 ₽ (оценка). AgentIQ больше не предлагает "
            "промокоды за его счёт. Увеличьте бюджет в настройках магазина, если он "
            "окупается."
        )


def test_a_code_strangers_use_is_told_until_it_ends(seller, cover, make_code):
    code = make_code("LEAK", expires_at=NOON + 20 * DAY)
    PromoCode.objects.filter(pk=code.pk).update(is_leaked=True, is_active=False)

    for minute in range(3):
        alarms.watch(seller, now=NOON + timedelta(minutes=minute))
    alert = standing(Kind.CODE_LEAKED)
    assert (alert.cause_key, alert.raised_at) == ("LEAK", NOON)
    assert alert.link.endswith(f"/promocode/{code.pk}/change/")

    alarms.watch(seller, now=NOON + 20 * DAY)
    assert not Alert.objects.standing().filter(kind=Kind.CODE_LEAKED).exists()


def test_news_about_promo_codes_are_said_once(seller, wb, simulator):
    alarms.watch_news(seller, client=wb, now=NOON)
    alarms.watch_news(seller, client=FakeNews(), now=NOON)
    alarms.watch_news(seller, client=FakeNews(), now=NOON + DAY)

    mine = Alert.objects.filter(cause_key__in=("901", "902"))
    assert [row.params["header"] for row in mine] == ["Новые промокоды"]


class FakeNews:
    """Two announcements, one of them about promo codes."""

    def news(self, since):
        from agentiq.wb.records import News

        return (
            News(901, "Новые промокоды", "<p>Теперь до 20</p>", NOON, ()),
            News(902, "Новые склады", "<p>Тула</p>", NOON, ()),
        )


@pytest.mark.django_db(transaction=True)
def test_two_workers_raise_one_alert():
    seller = make_seller()
    raised, barrier = [], threading.Barrier(2)

    def work():
        try:
            with scope(seller=seller):
                barrier.wait()
                raised.append(alerts.raise_once(seller, LATE, now=NOON))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(alert is not None for alert in raised) == 1
    with scope(seller=seller):
        assert Alert.objects.count() == 1
