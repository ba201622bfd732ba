"""Tasks of the promo side. The rows are the queues; a task is a nudge."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq.marketplace import NotConnected, connect
from agentiq.wb.errors import WbError
from agentiq.wb.tokens import Category
from promos import alarms, notices, retention, sync, webhooks
from promos.channels import MaybeDelivered, NotDelivered, telegram
from promos.models import IdempotencyRecord, Seller, TelegramBot

WORKING = timedelta(seconds=45)  # below the soft time limit of a task
KEPT = timedelta(hours=24)


@shared_task(ignore_result=True)
def deliver_webhooks() -> None:
    """Tell other systems what they wait for. Safe at any moment, any number of times."""
    until = timezone.now() + WORKING
    while timezone.now() < until and (row := webhooks.claim(now=timezone.now())):
        webhooks.deliver(row, now=timezone.now())


@shared_task(ignore_result=True)
def forget_answers() -> None:
    """Drop the answers whose 24 hours are over."""
    with scopes_disabled():
        old = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT)
        old.delete()


@shared_task(ignore_result=True)
def forget_tokens() -> None:
    """Erase tokens that have been out of use for longer than their shop keeps them."""
    for seller in Seller.objects.all():
        retention.forget_tokens(seller, now=timezone.now())


@shared_task(ignore_result=True)
def watch_shops() -> None:
    """Look at the codes, coverage, tokens and budgets of every shop."""
    for pk in _sellers():
        watch_shop.delay(pk)


@shared_task(ignore_result=True)
def watch_shop(seller_pk: int) -> None:
    """Bring one shop's alerts up to date. Safe any number of times."""
    with _shop(seller_pk) as seller:
        alarms.watch(seller, now=timezone.now())


@shared_task(ignore_result=True)
def watch_prices() -> None:
    """Look at what every shop's codes do to its articles."""
    for pk in _sellers():
        watch_shop_prices.delay(pk)


@shared_task(ignore_result=True)
def watch_shop_prices(seller_pk: int) -> None:
    """Bring the alerts about margins and void codes up to date."""
    with _shop(seller_pk) as seller:
        alarms.watch_money(seller, now=timezone.now())


@shared_task(ignore_result=True)
def watch_news() -> None:
    """Read WB's news for every shop."""
    for pk in _sellers():
        watch_shop_news.delay(pk)


@shared_task(ignore_result=True)
def watch_shop_news(seller_pk: int) -> None:
    """Look for promo codes in WB's news; a failure waits for the next look."""
    with _shop(seller_pk) as seller, suppress(NotConnected, WbError):
        alarms.watch_news(seller, client=connect(seller), now=timezone.now())


@shared_task(ignore_result=True)
def deliver_alerts() -> None:
    """Send what is due to people. Safe at any moment, any number of times."""
    until = timezone.now() + WORKING
    with scopes_disabled():
        notices.sweep(now=timezone.now())
        while timezone.now() < until and (taken := notices.claim(now=timezone.now())):
            notices.deliver(taken, now=timezone.now())


@shared_task(ignore_result=True)
def link_telegram() -> None:
    """Learn the chats of people who pressed Start in their shop's bot."""
    with scopes_disabled():
        waiting = TelegramBot.objects.filter(
            is_active=True, seller__telegramlink__chat_id=None
        ).exclude(seller__telegramlink=None)
        for bot in waiting.distinct():
            with suppress(telegram.BotRefused, NotDelivered, MaybeDelivered):
                telegram.read_updates(bot, now=timezone.now())


@shared_task(ignore_result=True)
def sync_catalogues() -> None:
    """Read every shop's prices and actions."""
    for pk in _sellers():
        sync_prices.delay(pk)


@shared_task(ignore_result=True)
def sync_all_cards() -> None:
    """Read every shop's cards and commissions."""
    for pk in _sellers():
        sync_cards.delay(pk)


@shared_task(ignore_result=True, time_limit=900, soft_time_limit=850)
def sync_prices(seller_pk: int) -> None:
    """Read prices, discounts and running actions; what fails waits for the next run."""
    with _shop(seller_pk) as seller, suppress(NotConnected, WbError):
        client = connect(seller, category=Category.PRICES)
        sync.prices(seller, client=client, now=timezone.now())
        sync.actions(seller, client=client, now=timezone.now())


@shared_task(ignore_result=True, time_limit=900, soft_time_limit=850)
def sync_cards(seller_pk: int) -> None:
    """Read titles, photos and commissions; what fails waits for the next run."""
    with _shop(seller_pk) as seller, suppress(NotConnected, WbError):
        client = connect(seller, category=Category.CONTENT)
        sync.cards(seller, client=client, now=timezone.now())
        sync.commissions(seller, client=client, now=timezone.now())


def _sellers() -> list[int]:
    return list(Seller.objects.filter(is_active=True).values_list("pk", flat=True))


@contextmanager
def _shop(seller_pk: int) -> Iterator[Seller]:
    """Give the shop and work in its scope."""
    seller = Seller.objects.get(pk=seller_pk)
    with scope(seller=seller):
        yield seller
