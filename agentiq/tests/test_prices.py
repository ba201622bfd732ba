from decimal import Decimal

import pytest

from agentiq.wb import errors, prices
from agentiq.wb.records import SizePrice, UploadGood

# WB's published example of a good.
GOOD = {
    "nmID": 98486,
    "vendorCode": "07326060",
    "sizes": [
        {
            "sizeID": 3123515574,
            "price": 500,
            "discountedPrice": 350,
            "clubDiscountedPrice": 332.5,
            "techSizeName": "42",
        }
    ],
    "currencyIsoCode4217": "RUB",
    "discount": 30,
    "clubDiscount": 5,
    "editableSizePrice": True,
    "wholesaleDiscountThreshold": [{"minQuantity": 10, "wholesaleDiscount": 10}],
}


def test_the_published_good_is_read():
    price = prices.price(GOOD)

    assert (price.nm_id, price.vendor_code, price.currency) == (
        98486,
        "07326060",
        "RUB",
    )
    assert (price.price, price.discounted_price) == (500, 350)
    assert price.club_price == Decimal("332.5")
    assert (price.discount_pct, price.club_discount_pct) == (30, 5)
    assert price.per_size
    assert price.sizes == (
        SizePrice(3123515574, "42", Decimal(500), Decimal(350), Decimal("332.5")),
    )


def test_prices_are_the_highest_over_the_sizes():
    second = {**GOOD["sizes"][0], "price": 700, "discountedPrice": 490}

    price = prices.price({**GOOD, "sizes": [GOOD["sizes"][0], second, {}]})

    assert (price.price, price.discounted_price) == (700, 490)


def test_a_good_without_sizes_has_no_price():
    assert prices.price({**GOOD, "sizes": None}).price is None


def test_goods_are_read_page_by_page_until_one_is_empty(sim, wb):
    sim.add_seller(sid="shop")
    for nm_id in range(1, 4):
        sim.add_good(nm_id, price=100, discount=25)

    assert [it.nm_id for it in wb.goods(2, 0)] == [1, 2]
    assert [it.nm_id for it in wb.goods(2, 2)] == [3]
    assert wb.goods(2, 4) == ()
    assert wb.goods_by_nm([3, 9])[0].discounted_price == 75


def test_all_methods_of_prices_share_one_bucket(sim, wb):
    sim.add_seller(sid="shop")
    for _ in range(5):
        wb.goods()

    with pytest.raises(errors.WbThrottled):
        wb.upload_status(1)


@pytest.mark.parametrize("nm_ids", [[], range(1001)])
def test_too_many_or_no_articles_are_refused_in_the_shape_of_prices(sim, wb, nm_ids):
    sim.add_seller(sid="shop")

    with pytest.raises(errors.WbRejected, match="nmList") as caught:
        wb.goods_by_nm(nm_ids)

    assert '"error": true' in caught.value.body


def test_an_unknown_upload_is_none(sim, wb):
    sim.add_seller(sid="shop")

    assert wb.upload_status(5) is None
    assert wb.upload_goods(5) == ()


def test_the_published_upload_good_is_read():
    good = prices.upload_good(
        {
            "nmID": 544833232,
            "vendorCode": "34552332",
            "sizeID": 54483342,
            "techSizeName": "42",
            "price": 1500,
            "currencyIsoCode4217": "RUB",
            "discount": 25,
            "clubDiscount": 5,
            "status": 3,
            "errorText": "Item has been moved to Price Quarantine",
        }
    )

    assert good == UploadGood(
        544833232,
        "34552332",
        54483342,
        "42",
        Decimal(1500),
        Decimal(25),
        Decimal(5),
        "RUB",
        3,
        "Item has been moved to Price Quarantine",
    )
