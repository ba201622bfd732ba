"""
Fills the simulated WB and the database with the same shop, by the real steps.

The buyers' first turns are put into the simulator and read from it over HTTP, page
by page, as any feed is (``inbox.receive``). ``history`` then answers the old ones as
an operator would have; its answers join the feed, which is read once more.
"""

import struct
import time
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django_scopes import scope

from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.simulator import Simulator, serve
from chats import fates, folding, inbox, listing
from chats.demo import history, people, pictures, shop
from chats.demo.people import Said, Story
from chats.models import Chat, Message, SavedReply
from promos import tokens
from promos.models import Membership, Product, PromoCode, Seller
from promos.rules import days

_PAGE = 1000
COMPLAINTS = frozenset(
    {"defect_not_working", "quality_complaint", "wrong_item", "return_refund"}
)
Progress = Callable[[str], None]


def seed(
    state: Path, *, now: datetime, tell: Progress, count: int = people.STORIES
) -> Seller:
    """
    Return the new demo shop; ``state`` keeps the simulated WB that belongs to it.

    The same ``now`` gives the same chats, answers and codes. Raises RuntimeError
    where a shop that is no demo lives in the database.
    """
    simulator = Simulator(
        control=True, page_size=_PAGE, window="off", state=None, clock=lambda: now
    )
    tell("магазин, товары, промокоды")
    seller = open_shop(now)
    token = simulator.make_token(sid=simulator.add_seller(sid=shop.SID, name=shop.NAME))
    tokens.enter(seller, token, by=None, now=now)
    stock(simulator)
    told = people.stories(now, count=count)
    tell(f"{len(told)} чатов покупателей")
    for story in told:
        open_chat(simulator, story)
    with serve(simulator) as running:
        client = WbClient(token, hosts=Hosts.under(running.url))
        read_feed(seller, client, now)
        tell("ответы магазина за 90 дней")
        with scope(seller=seller):
            told = history.replay(seller, told)
        for story in told:
            answer(simulator, story)
            deliver(simulator, story, now)
        read_feed(seller, client, now)
        with scope(seller=seller):
            fates.read_orders(seller, client=client, now=now, sleep=time.sleep)
            fates.read_claims(seller, client=client, now=now, sleep=time.sleep)
        client.close()
    with scope(seller=seller):
        backdate(seller, now)
        history.link(seller)
        history.ask(seller, now)
    simulator.save(state)
    return seller


@transaction.atomic
def open_shop(now: datetime) -> Seller:
    """Make the shop with its people, goods and codes."""
    if Seller.objects.filter(is_demo=False).exists():
        raise RuntimeError("в базе есть настоящий магазин, демо нужна своя база")
    seller = Seller.objects.create(
        name=shop.NAME,
        is_demo=True,
        tone=Seller.Tone.WARM,
        margin_floor=100,
        loss_budget_day=5_000,
        loss_budget_retention=60_000,
        loss_budget_conversion=60_000,
    )
    for username, role, first_name, _, password in shop.LOGINS:
        user = get_user_model().objects.create_user(
            username, password=password, first_name=first_name, is_staff=role == "owner"
        )
        Membership.objects.create(seller=seller, user=user, role=role)
    with scope(seller=seller):
        Product.objects.bulk_create(_product(seller, good, now) for good in shop.GOODS)
        for code in shop.codes(days.moscow_date(now)):
            _enter(seller, code)
        SavedReply.objects.bulk_create(
            SavedReply(seller=seller, title=title, text=text)
            for title, text in shop.SAVED
        )
    return seller


def stock(simulator: Simulator) -> None:
    """Put the shop's goods, commissions and an action into the simulated WB."""
    for good in shop.GOODS:
        simulator.add_good(
            good.nm_id,
            title=good.title,
            price=good.price,
            discount=good.discount,
            vendor_code=f"TD-{good.nm_id % 1000:03d}",
            subject_id=good.subject_id,
            subject_name=good.subject,
            brand="Тёплый дом",
            photo=pictures.of(good.key),
            seller=shop.SID,
        )
        row = {"subjectID": good.subject_id, "subjectName": good.subject}
        commission = {"kgvpMarketplace": float(good.commission)}
        simulator.add("commission", {**row, **commission}, seller=shop.SID)
    deeper = {good.nm_id: good.discount + 5 for good in shop.GOODS[:4]}
    simulator.add_promotion(deeper, name="Тёплая осень", seller=shop.SID)


def open_chat(simulator: Simulator, story: Story) -> None:
    """Let the buyer write the first turn of a story."""
    simulator.new_chat(
        seller=shop.SID,
        chat_id=story.chat_id,
        client_name=story.buyer,
        nm_id=story.good.nm_id,
        price=story.good.sold_for,
        rid=story.rid,
        size=story.size,
    )
    for said in story.turn:
        _say(simulator, story, said)


def answer(simulator: Simulator, story: Story) -> None:
    """Let the rest of a story happen, from the shop's first answer on."""
    for said in story.lines[len(story.turn) :]:
        _say(simulator, story, said)


def deliver(simulator: Simulator, story: Story, now: datetime) -> None:
    """
    Let the story's order end as its key draws it: kept, sent back, still on its way.

    Where something was wrong with the goods, every other buyer claims a return.
    """
    drawn = int(story.rid[:4], 16) % 100
    ends = ((66, "buyout"), (78, "return"), (86, "cancel"), (100, "created"))
    asked = story.turn[0].at
    ordered = max(asked - timedelta(days=3), now - timedelta(days=30))
    order = {
        "srid": story.rid,
        "nmId": story.good.nm_id,
        "status": next(word for edge, word in ends if drawn < edge),
        "createdAt": ordered.isoformat(),
        "updatedAt": min(asked + timedelta(days=2), now).isoformat(),
        "sellerPrice": story.good.sold_for,
    }
    if now - asked < timedelta(days=27):  # WB tells of a month at most
        simulator.add("feed-orders", order, seller=shop.SID)
    if story.intent in COMPLAINTS and drawn % 2:
        claim = {
            "srid": story.rid,
            "nm_id": story.good.nm_id,
            "status": drawn % 3,
            "user_comment": story.turn[-1].text,
            "price": story.good.sold_for,
            "dt": asked.astimezone(days.MOSCOW).replace(tzinfo=None).isoformat(),
        }
        simulator.add("claims", claim, seller=shop.SID)


def read_feed(seller: Seller, client: WbClient, now: datetime) -> None:
    """Read the whole feed and the list of chats; what is known stays as it is."""
    cursor = None
    while (page := client.events(cursor)).total:
        inbox.receive(seller, page, now=now)
        cursor = page.next
    listing.receive(seller, client.chats(), now=now)


def backdate(seller: Seller, now: datetime) -> None:
    """Let rows be as old as what they tell of: they were not made today."""
    Message.objects.filter(seller=seller, added_at__lt=now).update(
        stored_at=F("added_at")
    )
    firsts = Message.objects.filter(seller=seller).order_by("chat", "added_at")
    first = dict(firsts.distinct("chat").values_list("chat", "added_at"))
    chats = list(Chat.objects.filter(seller=seller))
    for chat in chats:
        chat.created_at = first.get(chat.pk, now)
    Chat.objects.bulk_update(chats, ["created_at"])


def _say(simulator: Simulator, story: Story, said: Said) -> None:
    if said.who == "buyer":
        files = [("photo.png", "image/png", picture(story.rid))] if said.picture else []
        simulator.buyer_says(story.chat_id, said.text, at=said.at, files=files)
    elif said.who == "cabinet":
        simulator.portal_reply(story.chat_id, said.text, at=said.at)
    else:
        owner, chat = simulator.seller(shop.SID), story.chat_id
        simulator.append(
            owner,
            owner.chats[chat],
            said.text,
            sender="seller",
            source=folding.OWN,
            at=said.at,
        )


def picture(key: str, size: int = 96) -> bytes:
    """Return a small PNG of two colours that the key chooses."""
    top, bottom = bytes.fromhex(key[:6]), bytes.fromhex(key[6:12])
    rows = [b"\0" + (top if y < size // 2 else bottom) * size for y in range(size)]
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(b"".join(rows))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checked


def _product(seller: Seller, good: shop.Good, now: datetime) -> Product:
    """A product as the synchronisation would leave it; one has no costs yet."""
    known = good.cost is not None
    return Product(
        seller=seller,
        nm_id=good.nm_id,
        title=good.title,
        vendor_code=f"TD-{good.nm_id % 1000:03d}",
        brand="Тёплый дом",
        subject_id=good.subject_id,
        subject_name=good.subject,
        photo_url=pictures.of(good.key),
        price=good.price,
        discount_percent=good.discount,
        cost=good.cost,
        commission_percent=good.commission,
        logistics=95 if known else None,
        return_logistics=50 if known else None,
        storage=9 if known else None,
        acquiring_percent="1.8" if known else None,
        return_percent=12 if known else None,
        cost_source="демо" if known else "",
        cost_updated_at=now if known else None,
        prices_synced_at=now,
        card_synced_at=now,
        commission_synced_at=now,
    )


def _enter(seller: Seller, code: shop.Code) -> PromoCode:
    starts_at, expires_at = days.period(code.first, code.last)
    selected = PromoCode.AppliesTo.SELECTED if code.nm_ids else PromoCode.AppliesTo.ALL
    flags = {case.name.lower(): case in code.use_cases for case in shop.UseCase}
    return PromoCode.objects.create(
        seller=seller,
        code=code.code,
        discount_percent=code.percent,
        description=code.note,
        applies_to=selected,
        product_nms=list(code.nm_ids),
        starts_at=starts_at,
        expires_at=expires_at,
        is_active=code.is_active,
        is_draft=code.is_draft,
        already_live=not code.is_draft,
        use_for_positive=flags["loyalty"],
        use_for_negative=flags["retention"],
        use_for_pre_purchase=flags["conversion"],
    )
