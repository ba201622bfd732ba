"""What workers do. The rows are the queue; a task is a nudge, and beat repeats it."""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.marketplace import NotConnected, connect, connect_all
from agentiq.wb.client import WbClient
from agentiq.wb.errors import WbError
from agentiq.wb.tokens import Category
from chats import (
    alarms,
    autosend,
    desk,
    erasure,
    fates,
    gate,
    health,
    outbox,
    polling,
    proposals,
    settling,
    suggestions,
    tallies,
)
from chats.feed import Polled
from chats.models import Chat, Outgoing, Suggestion
from promos.models import Seller

logger = logging.getLogger(__name__)

CHAT = int(Category.CHAT)
FateStep = Callable[..., int]
DRAIN = 15.0
"""Seconds after which a seller's worker makes room; the next tick goes on."""
BREATH = 0.2
"""Seconds until WB's limit lets the next reply out that cost less than a new start."""
TICK = timedelta(seconds=1)
"""Between two looks of beat at what is due."""
ROOM = 2.0
"""Seconds after which a sweep that is not urgent makes room."""
SWEEP = 200
"""Chats a sweep takes at once; the next tick goes on."""


@shared_task
def suggest_chat(chat_id: int) -> None:
    """Propose an answer to the chat's newest turn."""
    with scopes_disabled():
        chat = Chat.objects.filter(pk=chat_id).first()
    if chat is not None:
        with scope(seller=chat.seller_id):
            made = suggestions.suggest(chat, now=timezone.now())
            if made is not None:
                autosend.consider(made, now=timezone.now())


@shared_task
def suggest_waiting() -> None:
    """
    Bring back waiting turns that a lost nudge left without a suggestion.

    Only for a moment: a worker that made hundreds would send and poll nothing.
    """
    began = time.monotonic()
    made = Suggestion.objects
    with scopes_disabled():
        known = made.filter(
            chat=OuterRef("pk"), event_id=OuterRef("last_event_id")
        ).exclude(state=Suggestion.State.EXPIRED)
        waiting = Chat.objects.waiting().filter(~Exists(known), seller__is_active=True)
        chat_ids = list(waiting.values_list("pk", flat=True)[:SWEEP])
    for chat_id in chat_ids:
        if time.monotonic() - began > ROOM:
            return
        try:
            suggest_chat(chat_id)
        except Exception:  # one chat that fails must not keep the others waiting
            logger.exception("no suggestion", extra={"chat": chat_id})


@shared_task
def expire_suggestions() -> None:
    """Close suggestions whose code no longer runs, and propose anew."""
    with scopes_disabled():
        chat_ids = suggestions.expire(now=timezone.now())
    for chat_id in chat_ids:
        suggest_chat.delay(chat_id)


@shared_task
def watch_chats() -> None:
    """Look at reading, sending and waiting buyers of every shop."""
    for pk in Seller.objects.filter(is_active=True).values_list("pk", flat=True):
        watch_shop_chats.delay(pk)


@shared_task
def watch_shop_chats(seller_pk: int) -> None:
    """Bring one shop's alerts about chats up to date. Safe any number of times."""
    seller = Seller.objects.get(pk=seller_pk)
    with scope(seller=seller):
        alarms.watch(seller, now=timezone.now())


@shared_task
def poll_due() -> None:
    """Nudge workers for the shops whose feeds are due, some shops at a time."""
    now = timezone.now()
    health.mark_worker(now)
    ids = polling.claim(now)
    for start in range(0, len(ids), polling.TOGETHER):
        poll_shops.apply_async(
            [ids[start : start + polling.TOGETHER]],
            expires=polling.LEASE.total_seconds(),
        )


@shared_task
def poll_shops(seller_ids: list[int]) -> None:
    """Read the shops' feeds, and hand on what they brought."""
    sellers = list(Seller.objects.filter(pk__in=seller_ids, is_active=True))
    if not sellers:
        return
    ready = []
    for seller, client in connect_all(sellers, category=CHAT):
        if isinstance(client, NotConnected):
            polling.not_connected(seller, client, now=timezone.now())
        else:
            ready.append((seller, client))
    polling.poll_many(ready, now=timezone.now(), done=_hand_on)


def _hand_on(seller_id: int, polled: Polled) -> None:
    for chat_id in polled.chats_with_new_buyer_turn:
        suggest_chat.delay_on_commit(chat_id)
    if polled.own_events:
        settle_seller.delay_on_commit(seller_id)


@shared_task
def read_fates() -> None:
    """Ask after every shop's orders and claims."""
    for pk in Seller.objects.filter(is_active=True).values_list("pk", flat=True):
        read_shop_fates.delay(pk)


@shared_task(time_limit=900, soft_time_limit=850)
def read_shop_fates(seller_id: int) -> None:
    """Learn what became of one shop's orders; what fails waits for the next look."""
    seller = Seller.objects.get(pk=seller_id)
    with scope(seller=seller):
        try:
            client = connect(seller, category=Category.ANALYTICS)
            _ask_after(seller, "orders", fates.read_orders, client)
        except NotConnected:
            _ask(seller, "orders", fates.read_sales, Category.STATISTICS)
        _ask(seller, "claims", fates.read_claims, Category.RETURNS)


def _ask(seller: Seller, what: str, read: FateStep, category: Category) -> None:
    try:
        client = connect(seller, category=category)
    except NotConnected as error:
        fates.not_read(seller, what, error.reason)
    else:
        _ask_after(seller, what, read, client)


def _ask_after(seller: Seller, what: str, read: FateStep, client: WbClient) -> None:
    with closing(client):
        try:
            read(seller, client=client, now=timezone.now(), sleep=time.sleep)
        except WbError as error:
            fates.not_read(seller, what, type(error).__name__)


@shared_task
def propose_wordings() -> None:
    """Turn each shop's frequent edits into changes for a person to approve."""
    for seller in Seller.objects.filter(is_active=True):
        with scope(seller=seller):
            proposals.propose(seller, now=timezone.now())


@shared_task
def send_due() -> None:
    """
    Nudge a worker for each seller with replies to send now, or before the next tick.

    Without the latter WB's ten in ten seconds would become ten in eleven.
    """
    now = timezone.now()
    with scopes_disabled():
        gate.lift(now=now)
        moments = outbox.openings(now=now, within=TICK)
    for seller_id, at in moments.items():
        _nudge(seller_id, (at - now).total_seconds())


def _nudge(seller_id: int, seconds: float) -> None:
    """Send for a seller now, or in less than a tick: no task waits for longer."""
    send_seller.apply_async([seller_id], countdown=seconds or None)


@shared_task
def send_seller(seller_id: int) -> None:
    """
    Send the seller's due replies until WB's limit, then make room for others.

    Safe at any moment and any number of times: claim() gives each reply to one worker.
    """
    seller = Seller.objects.get(pk=seller_id)
    with scope(seller=seller), outbox.alone(seller_id) as alone:
        wait = _drain(seller) if alone else 0.0
    if 0 < wait < TICK.total_seconds():
        _nudge(seller_id, wait)


def _drain(seller: Seller) -> float:
    """Send what is due; return the seconds until more may be sent, or 0."""
    try:
        client = connect(seller, category=CHAT)
    except NotConnected as error:
        if outgoing := outbox.claim(now=timezone.now(), seller=seller):
            outbox.not_connected(outgoing, error.reason, now=timezone.now())
        return 0.0
    began = time.monotonic()
    try:
        while time.monotonic() - began < DRAIN:
            if outgoing := outbox.claim(now=timezone.now(), seller=seller):
                outbox.deliver(outgoing, client=client, now=timezone.now())
                continue
            wait = gate.opens_in(seller_id=seller.pk, now=timezone.now())
            if not 0 < wait <= BREATH:
                return wait
            time.sleep(wait)
        return 0.0
    finally:
        client.close()


@shared_task
def settle_unknown() -> None:
    """Settle deliveries nobody is sure of, from what the feed has shown since."""
    with scopes_disabled():
        rows = Outgoing.objects.needs_settling(timezone.now()).order_by()
        seller_ids = list(rows.values_list("seller_id", flat=True).distinct())
    for seller_id in seller_ids:
        try:
            settle_seller(seller_id)
        except Exception:  # one seller's trouble is not the others'
            logger.exception("not settled", extra={"seller": seller_id})


@shared_task
def settle_seller(seller_id: int) -> None:
    """Settle one seller's deliveries; what is to be sent again waits for the tick."""
    seller = Seller.objects.get(pk=seller_id)
    with scope(seller=seller):
        settling.settle(seller, now=timezone.now())


@shared_task(ignore_result=True)
def erase_old_chats() -> None:
    """Erase what buyers wrote longer ago than their shop keeps it."""
    for seller in Seller.objects.all():
        with scope(seller=seller):
            erasure.erase_old(seller, now=timezone.now())


@shared_task
def tidy_counts() -> None:
    """Sum up kept counts and figures where many changes have gathered."""
    with scopes_disabled():
        for seller_id in desk.untidy():
            desk.tidy(seller_id)
        for seller_id, day in tallies.untidy():
            tallies.tidy(seller_id, day)
