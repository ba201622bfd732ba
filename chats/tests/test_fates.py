"""What became of an order stands beside the chat once WB told of it, never before."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import make_seller
from chats import fates, tasks
from chats.models import Chat, ChatOrder, FateReading
from chats.tests.conftest import NM, order
from promos.models import WbToken

DAY = timedelta(days=1)


def no_sleep(seconds):
    raise AssertionError(f"asked to wait {seconds} s")


@pytest.fixture
def now(simulator):
    return simulator.now()


@pytest.fixture
def ordered(make_chat, now):
    def ordered(rid, nm_id=NM):
        row = order(make_chat("Здравствуйте"), nm_id=nm_id, rid=rid)
        ChatOrder.objects.filter(pk=row.pk).update(seen_at=now)
        return row

    return ordered


def told(simulator, srid, status, now, nm_id=NM):
    row = {"srid": srid, "nmId": nm_id, "status": status}
    times = {
        "createdAt": (now - 3 * DAY).isoformat(),
        "updatedAt": (now - DAY).isoformat(),
    }
    simulator.add("feed-orders", row | times)


def claimed(simulator, srid, status, now, **fields):
    at = (now + timedelta(hours=3) - DAY).replace(tzinfo=None)
    row = {"srid": srid, "nm_id": NM, "status": status, "dt": at.isoformat()}
    simulator.add("claims", row | fields)


def fate_of(rid):
    return ChatOrder.objects.get(rid=rid).fate


def claim_of(rid):
    return ChatOrder.objects.get(rid=rid).claim


class TestOrders:
    def test_each_status_of_the_feed_is_a_fate(
        self, seller, wb, simulator, now, ordered
    ):
        words = {
            "created": "ordered",
            "buyout": "bought",
            "cancel": "cancelled",
            "return": "returned",
            "returnDefective": "defective",
            "somethingNew": "",
        }
        for status in words:
            ordered(status)
            told(simulator, status, status, now)

        fates.read_orders(seller, client=wb, now=now, sleep=no_sleep)

        assert {status: fate_of(status) for status in words} == words
        kept = ChatOrder.objects.get(rid="buyout")
        assert abs(kept.fate_at - (now - DAY)) < timedelta(seconds=1)

    def test_an_order_wb_does_not_name_stays_unknown(
        self, seller, wb, simulator, now, ordered
    ):
        ordered("never-told")
        told(simulator, "another", "buyout", now)

        assert fates.read_orders(seller, client=wb, now=now, sleep=no_sleep) == 0

        assert fate_of("never-told") == ""
        assert FateReading.objects.get().orders_read_at == now

    def test_a_shop_without_orders_in_chats_asks_nothing(self, seller, wb, simulator):
        fates.read_orders(seller, client=wb, now=simulator.now(), sleep=no_sleep)

        assert simulator.seller().calls["order-feed"] == 0

    def test_another_shop_s_order_with_the_same_number_is_left_alone(
        self, seller, wb, simulator, now, ordered
    ):
        ordered("same")
        other = make_seller("Чужая")
        with scope(seller=other):
            chat = Chat.objects.create(seller=other, wb_chat_id="1")
            theirs = order(chat, rid="same")
        told(simulator, "same", "return", now)

        fates.read_orders(seller, client=wb, now=now, sleep=no_sleep)

        assert ChatOrder.objects.get(seller=seller).fate == "returned"
        with scope(seller=other):
            assert ChatOrder.objects.get(pk=theirs.pk).fate == ""


def test_sales_tell_what_was_bought_and_what_came_back(
    seller, wb, simulator, now, ordered
):
    ordered("kept")
    ordered("sent-back")
    at = (now + timedelta(hours=3) - DAY).replace(tzinfo=None, microsecond=0)
    for number, srid in (("S1", "kept"), ("R2", "sent-back"), ("S2", "sent-back")):
        row = {"srid": srid, "saleID": number, "nmId": NM}
        times = {"date": at.isoformat(), "lastChangeDate": at.isoformat()}
        simulator.add("sales", row | times)

    fates.read_sales(seller, client=wb, now=now, sleep=no_sleep)

    assert (fate_of("kept"), fate_of("sent-back")) == ("bought", "returned")


class TestClaims:
    def test_open_and_closed_claims_are_told(self, seller, wb, simulator, now, ordered):
        for rid, status, archived in (
            ("open", 0, False),
            ("refused", 1, True),
            ("approved", 2, True),
        ):
            ordered(rid)
            claimed(simulator, rid, status, now, _archived=archived)

        fates.read_claims(seller, client=wb, now=now, sleep=no_sleep)

        found = {rid: claim_of(rid) for rid in ("open", "refused", "approved")}
        assert found == {"open": "open", "refused": "refused", "approved": "approved"}

    def test_a_new_claim_stands_over_an_archived_one(
        self, seller, wb, simulator, now, ordered
    ):
        ordered("twice")
        claimed(simulator, "twice", 1, now, id="a", _archived=True)
        claimed(simulator, "twice", 0, now, id="b", _archived=False)

        fates.read_claims(seller, client=wb, now=now, sleep=no_sleep)

        assert claim_of("twice") == "open"

    def test_many_claims_are_read_page_by_page(
        self, seller, wb, simulator, now, ordered
    ):
        for number in range(201):
            claimed(simulator, f"rid-{number}", 0, now, id=str(number))
        ordered("rid-200")

        fates.read_claims(seller, client=wb, now=now, sleep=no_sleep)

        assert claim_of("rid-200") == "open"
        assert simulator.seller().calls["claims"] == 3


class TestTask:
    def test_one_look_reads_orders_and_claims(
        self, seller, wb, simulator, now, ordered
    ):
        ordered("rid")
        told(simulator, "rid", "buyout", now)
        claimed(simulator, "rid", 0, now)

        tasks.read_shop_fates(seller.pk)

        assert (fate_of("rid"), claim_of("rid")) == ("bought", "open")

    def test_a_key_without_the_categories_says_so(self, seller, wb, ordered):
        ordered("rid")
        WbToken.objects.update(categories=[9])

        tasks.read_shop_fates(seller.pk)

        reading = FateReading.objects.get()
        assert reading.orders_problem == reading.claims_problem == "no_category"

    def test_a_key_with_statistics_alone_reads_sales(
        self, seller, wb, simulator, ordered
    ):
        ordered("rid")
        WbToken.objects.update(categories=[5, 9])

        tasks.read_shop_fates(seller.pk)

        assert simulator.seller().calls["supplier-sales"] == 1
        assert FateReading.objects.get().orders_problem == ""


class TestBesideTheChat:
    @pytest.fixture
    def beside(self, operator):
        client = Client()
        client.force_login(operator)
        return lambda chat: client.get(f"/chats/{chat.pk}/side/").content.decode()

    def test_the_fate_and_the_claim_are_told(self, seller, make_chat, beside):
        chat = make_chat("Здравствуйте")
        row = order(chat, rid="rid-7")
        ChatOrder.objects.filter(pk=row.pk).update(
            fate="returned",
            fate_at=datetime.fromisoformat("2026-03-01T09:00:00+00:00"),
            claim="open",
        )

        html = beside(chat)

        assert "возвращён" in html
        assert "1 марта" in html
        assert "на рассмотрении" in html

    def test_what_is_not_known_is_said_with_its_reason(self, seller, make_chat, beside):
        chat = make_chat("Здравствуйте")
        order(chat)
        assert "судьба неизвестна" in beside(chat)

        fates.not_read(seller, "orders", "no_category")
        fates.not_read(seller, "claims", "no_category")
        html = beside(chat)
        assert "не открывает ни «Аналитику», ни «Статистику»" in html
        assert "не открывает «Возвраты»" in html

        FateReading.objects.update(
            orders_problem="", claims_problem="", orders_read_at=timezone.now()
        )
        assert "за 31 день" in beside(chat)
