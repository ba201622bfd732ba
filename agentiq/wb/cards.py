"""
What is sold: cards as buyers see them, and WB's commission by subject.

Source: content-api and common-api.wildberries.ru.
"""

from __future__ import annotations

from agentiq.wb import limits, wire
from agentiq.wb.records import Card, CardCursor, CardPage, CardSize, Commission
from agentiq.wb.transport import MEGABYTE, Request, Transport


class CardCalls(Transport):
    """The catalogue's part of WbClient."""

    def cards(
        self, cursor: CardCursor | None = None, *, limit: int = 100, text: str = ""
    ) -> CardPage:
        """
        Return one page of cards, from the cursor on; ``limit`` is at most 100.

        ``text`` finds an article, a vendor code or a barcode.
        Source: POST /content/v2/get/cards/list, 100 requests per minute per seller.
        """
        place: dict[str, object] = {"limit": limit}
        if cursor:
            place |= {"updatedAt": cursor.updated_at, "nmID": cursor.nm_id}
        settings = {
            "sort": {"ascending": False},
            "filter": {"withPhoto": -1, "textSearch": text},
            "cursor": place,
        }
        request = Request(
            limits.CARDS,
            "POST",
            f"{self.hosts.content}/content/v2/get/cards/list",
            [("locale", "ru")],
            json={"settings": settings},
            max_bytes=32 * MEGABYTE,
        )
        return self.call(request).read(lambda body: card_page(body, limit))

    def commission(self) -> tuple[Commission, ...]:
        """
        Return WB's tariff for every subject.

        Source: GET /api/v1/tariffs/commission, 1 request per minute per seller.
        """
        url = f"{self.hosts.common}/api/v1/tariffs/commission"
        request = Request(
            limits.COMMISSION, "GET", url, [("locale", "ru")], max_bytes=32 * MEGABYTE
        )
        return self.call(request).read(
            lambda body: wire.rows(wire.obj(body), "report", commission)
        )


def card_page(body: object, limit: int) -> CardPage:
    """Return a page of cards; a page shorter than asked is the last."""
    document = wire.obj(body)
    cards, skipped = wire.readable(wire.items(document, "cards"), card)
    place = wire.child(document, "cursor")
    total = wire.count(place, "total")
    updated_at, nm_id = wire.text(place, "updatedAt"), wire.whole(place, "nmID")
    more = total >= limit and updated_at and nm_id
    return CardPage(
        cards=cards,
        next=CardCursor(updated_at, nm_id) if more and nm_id else None,
        skipped=skipped,
    )


def card(value: object) -> Card:
    """Return one card."""
    raw = wire.obj(value, "card")
    photos = [wire.obj(it, "photo") for it in wire.items(raw, "photos")]
    big = [wire.text(it, "big") or wire.text(it, "c516x688") for it in photos]
    return Card(
        nm_id=wire.key(raw, "nmID"),
        imt_id=wire.whole(raw, "imtID"),
        title=wire.text(raw, "title"),
        description=wire.text(raw, "description"),
        brand=wire.text(raw, "brand"),
        vendor_code=wire.text(raw, "vendorCode"),
        subject_id=wire.whole(raw, "subjectID"),
        subject_name=wire.text(raw, "subjectName"),
        photos=tuple(address for address in big if address),
        thumbnail=wire.text(photos[0], "c246x328") if photos else "",
        sizes=wire.rows(raw, "sizes", _size),
        updated_at=wire.instant(raw.get("updatedAt")),
        raw=raw,
    )


def _size(value: object) -> CardSize:
    raw = wire.obj(value, "size")
    return CardSize(
        chrt_id=wire.whole(raw, "chrtID"),
        tech_size=wire.text(raw, "techSize"),
        wb_size=wire.text(raw, "wbSize"),
        skus=tuple(str(sku) for sku in wire.items(raw, "skus")),
    )


def commission(value: object) -> Commission:
    """Return one subject's tariff; sellers abroad have it under other keys."""
    raw = wire.obj(value, "tariff")
    abroad = wire.first_number(raw, "kgvpChina", "kgvpTurkey", "kgvpUAE")
    fbw = wire.first_number(raw, "paidStorageKgvp", "kgvpPaidStorageUz")
    fbs = wire.first_number(raw, "kgvpMarketplace", "kgvpMarketplaceUz")
    dbs = wire.first_number(raw, "kgvpSupplier", "kgvpSupplierUz")
    return Commission(
        subject_id=wire.key(raw, "subjectID"),
        subject_name=wire.text(raw, "subjectName"),
        parent_id=wire.whole(raw, "parentID"),
        parent_name=wire.text(raw, "parentName"),
        fbw_pct=abroad if fbw is None else fbw,
        fbs_pct=abroad if fbs is None else fbs,
        dbs_pct=abroad if dbs is None else dbs,
        edbs_pct=wire.number(raw, "kgvpSupplierExpress"),
        pickup_pct=wire.number(raw, "kgvpPickup"),
        booking_pct=wire.number(raw, "kgvpBooking"),
    )
