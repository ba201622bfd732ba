"""The hands that fill a shop: goods, actions, money, reviews."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from agentiq.wb.simulator import examples, sellers
from agentiq.wb.simulator.sellers import Row
from agentiq.wb.simulator.world import World, iso


class Stock(World):
    """A world whose sellers have something to sell."""

    def add_good(
        self,
        nm_id: int,
        *,
        title: str = "Мини-печь",
        price: int = 1410,
        discount: int = 0,
        vendor_code: str = "",
        subject_id: int = 6461,
        subject_name: str = "Мини-печи",
        brand: str = "Тест",
        photo: str = "",
        seller: str | None = None,
    ) -> None:
        """Put an article into the catalogue: a card, its photo's address, its price."""
        with self.lock:
            owner = self.seller(seller)
            code = vendor_code or f"art-{nm_id}"
            size = {"sizeID": nm_id * 10, "price": price, "techSizeName": "0"}
            good = {"nmID": nm_id, "sizes": [size], "discount": discount}
            owner.of("goods").append({**examples.GOOD, **good, "vendorCode": code})
            sellers.set_discount(owner, nm_id, discount)
            owner.of("cards").append(
                {
                    **examples.CARD,
                    "nmID": nm_id,
                    "title": title,
                    "description": title,
                    "vendorCode": code,
                    "subjectID": subject_id,
                    "subjectName": subject_name,
                    "brand": brand,
                    "photos": [_photo(nm_id, photo)],
                    "sizes": [_card_size(nm_id)],
                    "updatedAt": iso(self.now_ms()),
                }
            )

    def set_discount(
        self, nm_id: int, discount: int, *, seller: str | None = None
    ) -> None:
        """Change an article's discount, as a seller does in the cabinet."""
        with self.lock:
            sellers.set_discount(self.seller(seller), nm_id, discount)

    def add_promotion(
        self,
        goods: Mapping[int | str, int],
        *,
        promotion_id: int = 0,
        name: str = "ХИТЫ ГОДА",
        kind: str = "regular",
        starts_at: datetime | None = None,
        days: float = 7,
        seller: str | None = None,
    ) -> int:
        """Plan an action; ``goods`` maps articles to the discount it asks, in %."""
        with self.lock:
            owner = self.seller(seller)
            start = starts_at or self.now()
            number = promotion_id or 100 + len(owner.of("promotions"))
            row: Row = {**examples.PROMOTION, "id": number, "name": name, "type": kind}
            row["startDateTime"] = _seconds(start)
            row["endDateTime"] = _seconds(start + timedelta(days=days))
            row["_goods"] = {
                str(nm_id): {
                    "inAction": False,
                    "planDiscount": discount,
                    "planPrice": sellers.planned_price(owner, int(nm_id), discount),
                }
                for nm_id, discount in goods.items()
            }
            owner.of("promotions").append(row)
            return number

    def add(
        self, kind: str, row: Row | None = None, *, seller: str | None = None
    ) -> Row:
        """
        Add a row of a kind (examples.KINDS): WB's example with these keys changed.

        A row without its own key gets one. ``_period`` of report rows is weekly or
        daily; ``_archived`` moves a claim to the archive.
        """
        with self.lock:
            example, key = examples.KINDS[kind]
            made = {**copy.deepcopy(dict(example)), **(row or {})}
            if key and key not in made:
                numbered = key in examples.NUMBERED or kind == "news"
                made[key] = self.new_number() if numbered else self.new_id()
            self.seller(seller).of(kind).append(made)
            return made


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _photo(nm_id: int, photo: str) -> Row:
    place = f"https://basket-10.wbbasket.ru/vol{nm_id}/images"
    names = ("big", "c246x328", "c516x688", "square", "tm")
    return {name: photo or f"{place}/{name}/1.webp" for name in names}


def _card_size(nm_id: int) -> Row:
    barcode = f"20{nm_id:011d}"
    return {
        "chrtID": nm_id * 10,
        "techSize": "0",
        "wbSize": "0",
        "skus": [barcode],
    }
