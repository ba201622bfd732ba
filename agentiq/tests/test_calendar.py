from datetime import timedelta

import pytest

from agentiq.tests.conftest import NOON
from agentiq.wb import errors

WEEK = timedelta(days=7)


@pytest.fixture
def promotion_id(sim, wb):
    sim.add_good(1, price=1000, discount=10)
    sim.add_good(2, price=2000, discount=20)
    return sim.add_promotion({1: 34, 2: 46}, starts_at=NOON + timedelta(days=1))


def test_actions_are_listed_between_two_instants(wb, promotion_id):
    [promotion] = wb.promotions(NOON, NOON + WEEK)

    assert promotion.promotion_id == promotion_id
    assert promotion.starts_at == NOON + timedelta(days=1)
    assert promotion.kind == "regular"
    assert wb.promotions(NOON - WEEK, NOON) == ()


def test_details_tell_the_sellers_part(wb, promotion_id):
    [detail] = wb.promotion_details([promotion_id, 5])

    assert (detail.in_total, detail.not_in_total) == (0, 2)
    assert detail.ranging[0].condition == "productsInPromotion"


def test_an_action_asks_for_a_discount_and_a_price(wb, promotion_id):
    first, second = wb.promotion_goods(promotion_id, in_action=False)

    assert (first.nm_id, first.discount_pct, first.plan_discount_pct) == (1, 10, 34)
    assert (first.price, first.plan_price) == (1000, 660)
    assert second.plan_discount_pct == 46
    assert wb.promotion_goods(promotion_id, in_action=True) == ()


def test_joining_now_changes_the_discount_at_once(wb, promotion_id):
    ticket = wb.promotion_upload(promotion_id, [1, 9], now=True)

    upload = wb.upload_status(ticket.upload_id)
    assert (upload.status, upload.total, upload.succeeded) == (5, 2, 1)
    taken, refused = wb.upload_goods(ticket.upload_id)
    assert (taken.status, refused.status) == (2, 3)
    assert refused.error == "The product is not suitable for the promotion"
    assert wb.goods()[0].discount_pct == 34
    assert [it.nm_id for it in wb.promotion_goods(promotion_id, in_action=True)] == [1]


def test_joining_later_waits_in_the_buffer_for_the_start(wb, clock, promotion_id):
    ticket = wb.promotion_upload(promotion_id, [1], now=False)

    assert wb.upload_status(ticket.upload_id, waiting=True).status == 1
    assert wb.upload_status(ticket.upload_id) is None
    assert wb.goods()[0].discount_pct == 10
    clock.pass_(86_400)
    assert wb.upload_status(ticket.upload_id).status == 3
    assert wb.upload_status(ticket.upload_id, waiting=True) is None
    assert wb.goods()[0].discount_pct == 34


def test_the_same_upload_twice_is_one(wb, promotion_id):
    first = wb.promotion_upload(promotion_id, [1, 2], now=False)
    second = wb.promotion_upload(promotion_id, [2, 1], now=False)

    assert not first.already_exists
    assert (second.upload_id, second.already_exists) == (first.upload_id, True)


def test_an_auto_action_cannot_be_joined(sim, wb, promotion_id):
    auto = sim.add_promotion({1: 30}, kind="auto")

    with pytest.raises(errors.WbRejected, match="Auto promotion") as caught:
        wb.promotion_upload(auto, [1], now=True)

    assert caught.value.status == 422


def test_an_upload_without_an_answer_is_unknown(sim, wb, promotion_id):
    sim.fault("drop-after", "promotion-upload")

    with pytest.raises(errors.WbUnknown):
        wb.promotion_upload(promotion_id, [1], now=True)

    assert wb.goods()[0].discount_pct == 34


def test_the_calendar_needs_the_category_of_prices(sim, connect):
    sim.add_seller(sid="shop")
    client = connect(sim.make_token(categories=[6], sid="shop"))

    with pytest.raises(errors.WbForbidden):
        client.promotions(NOON, NOON + WEEK)
