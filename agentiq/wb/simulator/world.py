"""
The simulated WB: its sellers, what WB leaves open as settings, and the hands that
move its buyers.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

from agentiq.wb.errors import InvalidToken
from agentiq.wb.simulator import access
from agentiq.wb.simulator.faults import Fault, FaultKind, Faults
from agentiq.wb.simulator.sellers import Chat, Row, Seller
from agentiq.wb.simulator.throttle import Throttle, Window
from agentiq.wb.tokens import Category, TokenKind, decode_token

File = tuple[str, str, bytes]
_NAMESPACE = uuid.UUID("4019cd7d-cca8-4e90-8b11-f78afbea42e3")


class World:
    """
    WB, answered from memory.

    What WB does not say is a setting, and may be changed at any time:
    ``page_size`` and ``border`` of the feed, ``window`` (how limits are counted),
    ``event_delay`` (seconds until a sent message is in the feed), ``rotate_signs``
    (a new signature with each send; old ones stay valid), ``chat_path`` (whether
    the unpublished sending path exists), ``refuse_base`` (whether a Base token without
    a secret is turned away instead of held to its small limits).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] = time.sleep,
        page_size: int = 50,
        border: Literal["exclusive", "inclusive"] = "exclusive",
        window: Window = "bucket",
        event_delay: float = 0.0,
        rotate_signs: bool = False,
        chat_path: bool = False,
        refuse_base: bool = False,
        control: bool = False,
        seed: int = 0,
        state: str | os.PathLike[str] | None = None,
    ) -> None:
        self.now = clock
        self.sleep = sleep
        self.page_size = page_size
        self.border = border
        self.event_delay = event_delay
        self.rotate_signs = rotate_signs
        self.chat_path = chat_path
        self.refuse_base = refuse_base
        self.control = control
        self.throttle = Throttle(window)
        self.faults = Faults(Random(seed))
        self.sellers: dict[str, Seller] = {}
        self.sent: list[dict[str, Any]] = []
        self.lock = threading.RLock()
        self._issued = 0
        self._state = Path(state) if state else None
        if self._state and self._state.exists():
            self.load(self._state)

    # What was asked

    @property
    def calls(self) -> Counter[str]:
        """Requests by method, over all sellers, refused ones too."""
        with self.lock:
            return sum((it.calls for it in self.sellers.values()), Counter[str]())

    @property
    def throttled(self) -> Counter[str]:
        """Requests by method that broke a limit; planned 429s do not count."""
        with self.lock:
            return sum((it.throttled for it in self.sellers.values()), Counter[str]())

    # Sellers and tokens

    def make_token(
        self,
        kind: TokenKind | str = TokenKind.PERSONAL,
        categories: Iterable[Category | int] = tuple(Category),
        days: float = 180,
        read_only: bool = False,
        sid: str | None = None,
    ) -> str:
        """Return a token that lives so many days from now, for a new or given seller."""
        return access.make_token(
            kind=TokenKind(kind),
            categories=[Category(part) for part in categories],
            expires_at=self.now() + timedelta(days=days),
            read_only=read_only,
            sid=sid or self.new_id(),
            token_id=self.new_id(),
        )

    def add_seller(
        self, token: str | None = None, *, sid: str | None = None, name: str = "Магазин"
    ) -> str:
        """Let a seller in by token or sid; return the sid. Twice is once."""
        known = sid or (self._sid_of(token) if token else "") or self.new_id()
        with self.lock:
            self.sellers.setdefault(known, Seller(known, name))
        return known

    def _sid_of(self, token: str) -> str:
        try:
            return decode_token(token).seller_uuid
        except InvalidToken:
            return token  # a sid given where a token may be

    def withdraw(self, token: str) -> None:
        """Make WB refuse a token from now on."""
        facts = decode_token(token)
        self.seller(facts.seller_uuid).withdrawn.add(facts.token_id)

    def seller(self, sid: str | None = None) -> Seller:
        """Return a seller by sid, or the first one."""
        with self.lock:
            return self.sellers[sid] if sid else next(iter(self.sellers.values()))

    # Buyers and what they do

    def new_chat(
        self,
        text: str | None = None,
        *,
        seller: str | None = None,
        chat_id: str | None = None,
        client_name: str = "Анна",
        nm_id: int | None = 12345678,
        price: int = 1410,
        rid: str | None = None,
        size: str = "0",
        listed: bool = True,
        with_sign: bool = True,
        at: datetime | None = None,
        source: str = "rusite",
    ) -> str:
        """
        Open a chat about an ordered unit and return its id.

        With ``text`` the buyer writes at once. A chat that is not ``listed`` is
        known from the feed only; ``with_sign=False`` gives it no signature at all.
        """
        with self.lock:
            owner = self.seller(seller)
            chat = Chat(chat_id or f"1:{self.new_id()}", client_name, [], listed=listed)
            if with_sign:
                chat.signs.append(self.new_sign(chat.chat_id))
            if nm_id is not None:
                chat.good_card = _good_card(nm_id, price, rid or self.new_id(), size)
            owner.chats[chat.chat_id] = chat
            if text is not None:
                self.buyer_says(chat.chat_id, text, at=at, source=source)
            return chat.chat_id

    def buyer_says(
        self,
        chat_id: str,
        text: str,
        *,
        at: datetime | None = None,
        source: str = "rusite",
        files: Sequence[File] = (),
        good_card: Row | None = None,
    ) -> str:
        """Write as the buyer; ``files`` are (name, content type, bytes)."""
        seller, chat = self._find(chat_id)
        event = self.append(
            seller,
            chat,
            text,
            sender="client",
            source=source,
            at=at,
            files=files,
            good_card=good_card,
        )
        return str(event["eventID"])

    def portal_reply(
        self, chat_id: str, text: str, *, at: datetime | None = None
    ) -> str:
        """Answer from the WB cabinet, as an operator may at any moment."""
        seller, chat = self._find(chat_id)
        event = self.append(
            seller, chat, text, sender="seller", source="seller-portal", at=at
        )
        return str(event["eventID"])

    def wb_says(self, chat_id: str, text: str, *, at: datetime | None = None) -> str:
        """Write as WB itself."""
        seller, chat = self._find(chat_id)
        event = self.append(seller, chat, text, sender="wb", source="global", at=at)
        return str(event["eventID"])

    def raw_event(self, event: Row, *, seller: str | None = None) -> None:
        """Put an event of any shape into the feed; missing keys stay missing."""
        with self.lock:
            row = {"addTimestamp": self._next_ms(self.seller(seller), None), **event}
            self.seller(seller).add_event(row, 0)

    def renew_sign(self, chat_id: str) -> str:
        """Give a chat a new signature; every older one stops working."""
        with self.lock:
            _, chat = self._find(chat_id)
            chat.signs = [self.new_sign(chat_id)]
            return chat.signs[0]

    def set_file(self, download_id: str, state: str) -> None:
        """Set a file's moderation: ready, pending or blocked."""
        with self.lock:
            for seller in self.sellers.values():
                for row in seller.of("files"):
                    if row["id"] == download_id:
                        row["state"] = state

    # Failures

    def fault(
        self,
        kind: FaultKind | str,
        method: str | None = None,
        seller: str | None = None,
        *,
        times: int | None = 1,
        probability: float = 1.0,
        skip: int = 0,
        status: int = 503,
        seconds: float = 1.0,
        detail: str = "",
    ) -> Fault:
        """Plan a failure (see Fault); the value returned counts its hits."""
        planned = Fault(
            FaultKind(kind),
            method,
            seller,
            times,
            probability,
            skip,
            status,
            seconds,
            detail,
        )
        with self.lock:
            self.faults.planned.append(planned)
        return planned

    def clear_faults(self) -> None:
        """Plan no more failures."""
        with self.lock:
            self.faults.planned.clear()

    # What handlers share

    def now_ms(self) -> int:
        """Return the simulator's time as WB writes it."""
        return int(self.now().timestamp() * 1000)

    def new_id(self) -> str:
        """Return an id that no earlier one equals, the same in each run."""
        with self.lock:
            self._issued += 1
            return str(uuid.uuid5(_NAMESPACE, str(self._issued)))

    def new_number(self) -> int:
        """Return a number that no earlier one equals."""
        with self.lock:
            self._issued += 1
            return self._issued

    def new_sign(self, chat_id: str) -> str:
        """Return a signature of the form and length WB gives."""
        mark = uuid.uuid5(_NAMESPACE, chat_id + self.new_id()).hex
        return f"{chat_id}:{(mark * 5)[:160]}"

    def append(
        self,
        seller: Seller,
        chat: Chat,
        text: str,
        *,
        sender: str,
        source: str,
        at: datetime | None = None,
        files: Sequence[File] = (),
        good_card: Row | None = None,
        delay: float = 0.0,
    ) -> Row:
        """Add a message to the feed and to its chat; return the event."""
        with self.lock:
            stamp = self._next_ms(seller, at)
            first = not chat.started
            event: Row = {
                "chatID": chat.chat_id,
                "eventID": self.new_id(),
                "eventType": "message",
            }
            if first:
                event["isNewChat"] = True
            event["message"] = self._message(
                seller, text, files, good_card or (chat.good_card if first else None)
            )
            event |= {"source": source, "addTimestamp": stamp, "addTime": iso(stamp)}
            if first and chat.signs:
                event["replySign"] = chat.signs[-1]
            event["sender"] = sender
            if sender == "client":
                event["clientName"] = chat.client_name
            chat.started = True
            if stamp >= chat.last_ms:
                chat.last_text, chat.last_ms = text, stamp
            seller.add_event(event, self.now_ms() + int(delay * 1000) if delay else 0)
            return event

    def _message(
        self, seller: Seller, text: str, files: Sequence[File], good: Row | None
    ) -> Row:
        attachments: Row = {"goodCard": good} if good else {}
        for name, kind, content in files:
            row = {"downloadID": self.new_id(), "date": iso(self.now_ms())}
            row["url"] = f"https://chat-basket-01.wbbasket.ru/{row['downloadID']}"
            stored = {"id": row["downloadID"], "contentType": kind, "state": "ready"}
            seller.of("files").append({**stored, "hex": content.hex()})
            if kind.startswith("image/"):
                attachments.setdefault("images", []).append(row)
            else:
                whole: Row = {**row, "contentType": kind, "name": name}
                attachments.setdefault("files", []).append(
                    {**whole, "size": len(content)}
                )
        return (
            {"text": text, "attachments": attachments}
            if attachments
            else {"text": text}
        )

    def _next_ms(self, seller: Seller, at: datetime | None) -> int:
        """A given time is kept; otherwise each event has a millisecond of its own."""
        if at is not None:
            return int(at.timestamp() * 1000)
        return max(self.now_ms(), seller.newest_ms() + 1)

    def _find(self, chat_id: str) -> tuple[Seller, Chat]:
        with self.lock:
            for seller in self.sellers.values():
                if chat_id in seller.chats:
                    return seller, seller.chats[chat_id]
        raise KeyError(f"no such chat: {chat_id}")

    # State between runs

    def save(self, path: str | os.PathLike[str] | None = None) -> None:
        """Write all that is known to a file, whole or not at all."""
        target = Path(path) if path else self._state
        if target is None:
            raise ValueError("no path to save to")
        with self.lock:
            state = {
                "issued": self._issued,
                "sent": self.sent,
                "sellers": [it.snapshot() for it in self.sellers.values()],
            }
            text = json.dumps(state, ensure_ascii=False)
        _replace(target, text)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take over what ``save`` wrote; faults and limits begin afresh."""
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        with self.lock:
            self._issued = state["issued"]
            self.sent = state["sent"]
            found = [Seller.restored(row) for row in state["sellers"]]
            self.sellers = {it.sid: it for it in found}


def _replace(target: Path, text: str) -> None:
    """Put a text in the place of a file; a crash leaves the old one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _good_card(nm_id: int, price: int, rid: str, size: str) -> Row:
    return {
        "nmID": nm_id,
        "price": price,
        "priceCurrency": "RUB",
        "rid": rid,
        "size": size,
    }


def iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
