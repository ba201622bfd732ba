"""
The worst day: answers lost, WB failing, workers killed, the database cut.

Replies are decided with double clicks while worker processes poll, send and settle
all at once. A proxy before WB drops answers after WB acted and fails without acting;
workers are killed with SIGKILL, database sessions ended. In the end WB's own feed is
counted: every reply once, none missing, every state final and explained.

WB is the simulator in a process of its own, or any stand-in: ``--url`` (else
WB_CHAT_URL), with the ``--token`` of each of its sellers whose chats a buyer began.
"""

import threading
import time
import uuid
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.wb.tokens import decode_token
from chats import decisions, matching, reasons, revisions
from chats.benchmarks import _scratch
from chats.benchmarks._chaos_wb import (
    CHAT_SENDS,
    SELLER_SENDS,
    NoStandIn,
    Proxy,
    StandIn,
)
from chats.benchmarks._chaos_workers import BROKEN, Workers, nursery
from chats.models import Chat, Outgoing
from promos import tokens as keys
from promos.models import PromoCode, PromoCodeSend, Seller

SENDS = 1000
UNDONE = 0.05
CLICKERS = 4
LEAST = 100
"""Replies that are decided however slow the machine is."""
AFTERWARDS = 3
"""Workers killed when all is decided; then what is left may come to its end."""


@dataclass
class Run:
    """One run: what was asked of it, what was done to it."""

    sends: int
    seed: int
    limit: float
    within: float
    done: Counter[str] = field(default_factory=Counter)
    keys: list[uuid.UUID] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def add_arguments(parser: ArgumentParser) -> None:
    """Add ``bench chaos``'s own arguments."""
    parser.add_argument("--sends", type=int, default=SENDS)
    parser.add_argument("--seed", type=int, action="append", help="may be repeated")
    parser.add_argument("--limit", type=float, default=0, help="seconds in all")
    parser.add_argument("--url", default="", help="a stand-in for WB")
    parser.add_argument("--token", action="append", default=[], help="of its sellers")
    parser.add_argument("--nursery", action="store_true", help="for workers only")


def run(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each run; duplicates and lost have to be 0."""
    if options["nursery"]:
        nursery()
        return
    url = options["url"] or _configured()
    for seed in options["seed"] or [1]:
        with _scratch.places("chaos"):
            try:
                yield chaos(
                    sends=options["sends"],
                    seed=seed,
                    limit=options["limit"],
                    url=url,
                    tokens=options["token"],
                )
            except NoStandIn as error:
                raise CommandError(str(error)) from None


def _configured() -> str:
    """Return the stand-in that WB_CHAT_URL names; WB's own address is none."""
    url = str(settings.WB_HOSTS["chat"])
    return "" if (urlsplit(url).hostname or "").endswith(".wildberries.ru") else url


def chaos(
    *,
    sends: int,
    seed: int = 1,
    limit: float = 0,
    within: float = float("inf"),
    url: str = "",
    tokens: Sequence[str] = (),
) -> dict[str, Any]:
    """
    Return what came of so many replies on the worst of days.

    ``within``: seconds after which no more replies are decided, for a slow machine.
    ``limit``: seconds after which the run is given up; 0 goes by WB's limits.
    """
    began = time.monotonic()
    wb = StandIn(url, tokens, sends, seed)
    limit = limit or 300 + 2 * sends / len(wb.tokens)
    this = Run(sends, seed, limit, within)
    try:
        with Proxy(wb.url, seed) as proxy:
            hosts = dict.fromkeys(settings.WB_HOSTS, proxy.url)
            with override_settings(WB_HOSTS=hosts), Workers(proxy.url, seed) as workers:
                sellers = [_seller(token) for token in wb.tokens]
                _act(this, sellers, workers)
                this.done.update(workers.done)
            this.done.update(proxy.done)
        return {
            "bench": "chaos",
            "seed": seed,
            "seconds": round(time.monotonic() - began, 1),
            **{f"{name}_until": it for name, it in this.seconds.items()},
            **dict(this.done),
            **_counted(this, wb),
        }
    finally:
        wb.close()


# People


def _seller(token: str) -> Seller:
    facts, now = decode_token(token), timezone.now()
    seller = Seller.objects.create(name=f"Лавка {facts.seller_uuid[:8]}")
    keys.enter(seller, token, by=None, now=now)
    with scope(seller=seller):
        PromoCode.objects.create(
            seller=seller,
            code="ZABOTA10",
            discount_percent=10,
            starts_at=now - timedelta(days=1),
            expires_at=now + timedelta(days=5),
        )
    return seller


def _act(this: Run, sellers: Sequence[Seller], workers: Workers) -> None:
    """Decide upon every reply while things go wrong, then wait for the last state."""
    random, began = Random(this.seed), time.monotonic()
    chats = _chats(this, sellers, began + this.limit)
    this.seconds["chats"] = round(time.monotonic() - began, 1)
    ends = time.monotonic() + this.within
    clicks: list[Future[None]] = []
    with ThreadPoolExecutor(CLICKERS) as pool:
        for number in range(this.sends):
            if number >= LEAST and time.monotonic() > ends:
                break
            chat, key = chats[number % len(chats)], uuid.uuid4()
            this.keys.append(key)
            with_code = number < len(chats) and random.random() < 0.3
            twins = number >= len(chats) and random.random() < 0.5
            text = _text(0 if twins else number, with_code)
            for _ in range(2):
                clicks.append(pool.submit(_decide, chat, text, with_code, key))
            if random.random() < UNDONE:
                clicks.append(pool.submit(_undo, chat.seller, key))
            if number % 10 == 9:
                clicks[-8].exception()  # people are no faster than the server
                _harm(random, workers)
        leave = threading.Barrier(CLICKERS)
        for _ in range(CLICKERS):
            pool.submit(_go_home, leave)
    this.done["refused_clicks"] = sum(it.exception() is not None for it in clicks)
    this.seconds["decisions"] = round(time.monotonic() - began, 1)
    harms = AFTERWARDS
    while _open(this) and time.monotonic() < began + this.limit:
        if harms > 0:
            _harm(random, workers)
            harms -= 1
        time.sleep(3)
    this.seconds["settled"] = round(time.monotonic() - began, 1)


def _harm(random: Random, workers: Workers) -> None:
    workers.kill_one()
    if random.random() < 0.3:
        workers.cut_database()


def _chats(this: Run, sellers: Sequence[Seller], ends: float) -> list[Chat]:
    """Wait until the workers have read the chats from the feed, as many as there are."""
    wanted = min(this.sends, len(sellers) * SELLER_SENDS) // CHAT_SENDS
    found: list[Chat] = []
    since = time.monotonic()
    while time.monotonic() < ends:
        with scopes_disabled():
            rows = Chat.objects.filter(seller__in=sellers).exclude(reply_sign="")
            rows = rows.exclude(last_buyer_at=None).select_related("seller")
            newest = list(rows.order_by("pk"))
        if len(newest) > len(found):
            found, since = newest, time.monotonic()
        if len(found) >= wanted or (found and time.monotonic() > since + 10):
            return found
        if not found and time.monotonic() > since + 60:
            break
        time.sleep(0.3)
    raise NoStandIn(
        "the feed shows no chat that a buyer began and that can be answered"
    )


def _text(number: int, with_code: bool) -> str:
    if with_code:
        return (
            f"Здравствуйте! Спасибо за вопрос, это ответ {number}. Промокод ZABOTA10:"
            " скидка 10\u00a0% на все товары нашего магазина."
        )
    return f"Здравствуйте! Спасибо за вопрос, это ответ {number}, смотрим размеры."


def _decide(chat: Chat, text: str, with_code: bool, key: uuid.UUID) -> None:
    """Click as a person does: again, when nothing came back."""
    for _ in range(20):
        try:
            with scope(seller=chat.seller):
                code = PromoCode.objects.get() if with_code else None
                decisions.write(
                    chat,
                    text=text,
                    promo_code=code,
                    operator=None,
                    key=key,
                    seen_event_id=chat.last_event_id,
                    force=True,
                    now=timezone.now(),
                )
            return
        except BROKEN:
            connection.close()
    raise TimeoutError("the database was never there")


def _undo(seller: Seller, key: uuid.UUID) -> None:
    try:
        with scope(seller=seller):
            outgoing = Outgoing.objects.filter(key=key).first()
            if outgoing:
                revisions.undo(outgoing, operator=None, now=timezone.now())
    except BROKEN:
        connection.close()


def _go_home(leave: threading.Barrier) -> None:
    """Close this thread's database session; the barrier gives each thread one."""
    leave.wait()
    connection.close()


def _open(this: Run) -> bool:
    try:
        with scopes_disabled():
            rows = Outgoing.objects.filter(key__in=this.keys)
            unseen = rows.filter(status="sent", message=None)
            return rows.unsettled().exists() or unseen.exists()
    except BROKEN:
        connection.close()
        return True


# Counting


def _counted(this: Run, wb: StandIn) -> dict[str, Any]:
    """Return the books: what was wanted against what WB's own feed shows."""
    shown = wb.shown()
    with scopes_disabled():
        rows = list(
            Outgoing.objects.filter(key__in=this.keys)
            .select_related("chat")
            .prefetch_related("changes")
        )
        coded = sum(
            row.promo_code_id is not None and row.status == "sent" for row in rows
        )
        recorded = PromoCodeSend.objects.filter(outgoing_key__in=this.keys).count()
    wanted = Counter(
        (row.chat.wb_chat_id, matching.tidy(row.text))
        for row in rows
        if row.status != "cancelled"
    )
    return {
        "asked": len(this.keys),
        "decided": len(rows),
        "undone": sum(row.status == "cancelled" for row in rows),
        "states": dict(Counter(row.status for row in rows)),
        "shown": shown.total(),
        "duplicates": (shown - wanted).total(),
        "lost": (wanted - shown).total(),
        "unlinked": sum(
            row.status == "sent" and row.message_id is None for row in rows
        ),
        "unexplained": sum(not _explained(row) for row in rows),
        "codes_missing": coded - recorded,
    }


def _explained(row: Outgoing) -> bool:
    """Return whether the last change of a reply is its state, with a known reason."""
    changes = list(row.changes.all())
    final = row.status in ("sent", "failed", "cancelled", "dry")
    return bool(
        final
        and changes
        and changes[-1].status == row.status
        and changes[-1].reason in reasons.DELIVERY
    )
