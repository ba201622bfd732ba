"""What the simulated WB knows: sellers, and all that is theirs, in wire words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class Chat:
    """One chat; ``signs`` are the signatures that work, the newest last."""

    chat_id: str
    client_name: str
    signs: list[str]
    good_card: Row | None = None
    listed: bool = True
    started: bool = False
    last_text: str = ""
    last_ms: int = 0

    def wire(self) -> Row:
        """Return the chat as /chats lists it."""
        row: Row = {"chatID": self.chat_id, "replySign": ""}
        if self.signs:
            row["replySign"] = self.signs[-1]
        row["clientName"] = self.client_name
        if self.good_card:
            row["goodCard"] = self.good_card
        if self.last_ms:
            row["lastMessage"] = {
                "text": self.last_text,
                "addTimestamp": self.last_ms,
            }
        return row


@dataclass
class Seller:
    """
    One seller, known by the ``sid`` of the tokens.

    ``events`` are ``[addTimestamp, visible from, event]`` by time. ``rows`` holds
    everything else by kind: cards, prices, report lines, claims …
    """

    sid: str
    name: str = "Магазин"
    chats: dict[str, Chat] = field(default_factory=dict)
    events: list[tuple[int, int, Row]] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    withdrawn: set[str] = field(default_factory=set)

    def of(self, kind: str) -> list[Row]:
        """Return the seller's rows of a kind, to read or to add to."""
        return self.rows.setdefault(kind, [])

    def newest_ms(self) -> int:
        """Return the time of the newest event, 0 when there is none."""
        return self.events[-1][0] if self.events else 0

    def add_event(self, event: Row, visible_ms: int) -> None:
        """File an event by its time, after those of the same millisecond."""
        insort(self.events, (event["addTimestamp"], visible_ms, event), key=_time)

    def page(
        self, after: int | None, size: int, now_ms: int, *, inclusive: bool
    ) -> list[Row]:
        """
        Return the events from a cursor on, oldest first.

        ``inclusive`` repeats the events of the cursor's own millisecond, as long
        as there is a newer one; otherwise the feed would never be caught up.
        """
        start = 0 if after is None else bisect_right(self.events, after, key=_time)
        newer = self._visible(start, size, now_ms)
        if not inclusive or after is None or not newer:
            return newer[:size]
        first = bisect_left(self.events, after, key=_time)
        border = [row for _, seen, row in self.events[first:start] if seen <= now_ms]
        return (border + newer)[: max(size, len(border) + 1)]

    def _visible(self, start: int, size: int, now_ms: int) -> list[Row]:
        found: list[Row] = []
        for place in range(start, len(self.events)):
            _, seen, row = self.events[place]
            if seen <= now_ms:
                found.append(row)
            if len(found) == size:
                break
        return found

    def snapshot(self) -> Row:
        """Return all of it as JSON values."""
        return {
            "sid": self.sid,
            "name": self.name,
            "chats": {key: asdict(chat) for key, chat in self.chats.items()},
            "events": self.events,
            "rows": self.rows,
            "calls": dict(self.calls),
            "throttled": dict(self.throttled),
            "withdrawn": sorted(self.withdrawn),
        }

    @classmethod
    def restored(cls, row: Mapping[str, Any]) -> Seller:
        """Return the seller of a snapshot."""
        chats = {key: Chat(**chat) for key, chat in row["chats"].items()}
        return cls(
            sid=row["sid"],
            name=row["name"],
            chats=chats,
            events=[(time, seen, event) for time, seen, event in row["events"]],
            rows=row["rows"],
            calls=Counter(row["calls"]),
            throttled=Counter(row["throttled"]),
            withdrawn=set(row["withdrawn"]),
        )


def public(row: Row) -> Row:
    """Return a row without the simulator's own keys."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


def set_discount(seller: Seller, nm_id: int, discount: int) -> None:
    """Set an article's discount and what follows from it."""
    for row in seller.of("goods"):
        if row["nmID"] == nm_id:
            row["discount"] = discount
            for size in row["sizes"]:
                size["discountedPrice"] = size["price"] * (100 - discount) / 100
                size["clubDiscountedPrice"] = size["discountedPrice"]


def planned_price(seller: Seller, nm_id: int, discount: int) -> float:
    """Return what an article would cost at another discount, 0 if unknown."""
    for row in seller.of("goods"):
        if row["nmID"] == nm_id:
            return float(row["sizes"][0]["price"] * (100 - discount) / 100)
    return 0.0


def _time(entry: tuple[int, int, Row]) -> int:
    return entry[0]
