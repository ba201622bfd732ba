from decimal import Decimal

import pytest

from agentiq.wb import cards

# WB's published example of a card, shortened.
CARD = {
    "nmID": 12345678,
    "imtID": 123654789,
    "subjectID": 7771,
    "subjectName": "AKF системы",
    "vendorCode": "wb7f6mumjr1",
    "brand": "Тест",
    "title": "Тест-система",
    "description": "Тестовое описание",
    "photos": [
        {
            "big": "https://basket-10.wbbasket.ru/images/big/1.webp",
            "c246x328": "https://basket-10.wbbasket.ru/images/c246x328/1.webp",
        }
    ],
    "wholesale": {"enabled": True, "quantum": 112},
    "sizes": [{"chrtID": 316399238, "techSize": "0", "skus": ["987456321654"]}],
    "updatedAt": "2023-12-06T11:17:00.96577Z",
}


def test_the_published_card_is_read():
    card = cards.card(CARD)

    assert (card.nm_id, card.subject_id, card.title) == (12345678, 7771, "Тест-система")
    assert card.photos == ("https://basket-10.wbbasket.ru/images/big/1.webp",)
    assert card.thumbnail == "https://basket-10.wbbasket.ru/images/c246x328/1.webp"
    assert card.sizes[0].skus == ("987456321654",)
    assert card.updated_at.microsecond == 965770


def test_a_card_without_photos_has_no_thumbnail():
    card = cards.card({**CARD, "photos": None})

    assert (card.photos, card.thumbnail) == ((), "")


def test_cards_are_read_by_cursor_until_the_last_page(sim, wb):
    sim.add_seller(sid="shop")
    for nm_id in range(1, 6):
        sim.add_good(nm_id)

    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = wb.cards(cursor, limit=2)
        seen += [card.nm_id for card in page.cards]
        cursor, pages = page.next, pages + 1

    assert sorted(seen) == [1, 2, 3, 4, 5]
    assert pages == 3


def test_a_card_is_found_by_its_vendor_code(sim, wb):
    sim.add_seller(sid="shop")
    sim.add_good(1, vendor_code="печь-1")
    sim.add_good(2, vendor_code="печь-2")

    assert [card.nm_id for card in wb.cards(text="печь-2").cards] == [2]


@pytest.mark.parametrize(
    ("row", "fbw", "fbs"),
    [
        ({"paidStorageKgvp": 15.5, "kgvpMarketplace": 18}, "15.5", "18"),
        ({"kgvpPaidStorageUz": 11, "kgvpMarketplaceUz": 12.25}, "11", "12.25"),
        ({"kgvpChina": 9.5}, "9.5", "9.5"),
        ({"paidStorageKgvp": 0, "kgvpChina": 9}, "0", "9"),
    ],
)
def test_a_tariff_is_read_under_the_keys_of_each_country(row, fbw, fbs):
    tariff = cards.commission({"subjectID": 6461, **row})

    assert (tariff.fbw_pct, tariff.fbs_pct) == (Decimal(fbw), Decimal(fbs))


def test_tariffs_are_listed_by_subject(sim, wb):
    sim.add_seller(sid="shop")
    sim.add("commission", {"subjectID": 7, "paidStorageKgvp": 24.5})

    [tariff] = wb.commission()

    assert (tariff.subject_id, tariff.fbw_pct) == (7, Decimal("24.5"))
    assert tariff.edbs_pct == 3
