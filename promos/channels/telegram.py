"""
Alerts by the shop's own Telegram bot, and the linking of people to it.

A person opens ``t.me/<bot>?start=<secret>``; Telegram sends the bot ``/start
<secret>``, and from then on the bot knows where to write. Only this proves that
the chat is theirs: a bot cannot write first. Source: Telegram Bot API, sendMessage
(4096 characters, 429 with retry_after), getUpdates, getMe.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from agentiq import crypto
from promos import alert_words
from promos.channels.outcomes import MaybeDelivered, NotDelivered
from promos.models import AlertDelivery, Membership, TelegramBot, TelegramLink

LONGEST = 4096
TIMEOUT = (3.05, 10.0)


class BotRefused(Exception):
    """Telegram does not know the bot's token."""


def send(taken: Sequence[AlertDelivery]) -> None:
    """Send one message with one alert, or the digest."""
    bot = TelegramBot.objects.filter(seller=taken[0].seller, is_active=True).first()
    link = TelegramLink.objects.filter(membership=taken[0].membership).first()
    if bot is None or link is None or link.chat_id is None:
        raise NotDelivered("Telegram is not linked", is_final=True)
    text = "\n\n".join(alert_words.text(row.alert) for row in taken)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    _say(bot, link.chat_id, text)


def enter(seller: Any, token: str) -> TelegramBot:
    """Keep the shop's bot after asking Telegram for its name. Raises BotRefused."""
    bot = TelegramBot.objects.filter(seller=seller).first() or TelegramBot(
        seller=seller
    )
    bot.set_token(token.strip())
    bot.username = _call(bot, "getMe", {}).get("username", "")
    bot.is_active = True
    bot.save()
    return bot


def username(token: str) -> str:
    """Return the bot's name, from Telegram. Raises BotRefused for a wrong token."""
    bot = TelegramBot()
    bot.set_token(token)
    return str(_call(bot, "getMe", {}).get("username", ""))


def invite(member: Membership) -> TelegramLink:
    """Return the person's link row with a fresh secret, the old chat forgotten."""
    link, _made = TelegramLink.objects.update_or_create(
        membership=member,
        defaults={
            "seller": member.seller,
            "secret": secrets.token_urlsafe(24),
            "chat_id": None,
            "linked_at": None,
        },
    )
    return link


def invitation(bot: TelegramBot, link: TelegramLink) -> str:
    """Return the address that opens the bot with the person's secret."""
    return f"https://t.me/{bot.username}?start={link.secret}"


def read_updates(bot: TelegramBot, *, now: datetime) -> int:
    """Link the people who pressed Start; return how many. Safe to repeat."""
    updates = _call(bot, "getUpdates", {"offset": bot.next_update, "timeout": 0})
    linked = 0
    for update in updates:
        message = update.get("message") or {}
        words = str(message.get("text", "")).split()
        chat_id = (message.get("chat") or {}).get("id")
        if len(words) == 2 and words[0] == "/start" and chat_id:
            linked += _link(bot, words[1], chat_id, now)
        bot.next_update = max(bot.next_update, int(update["update_id"]) + 1)
    if updates:
        bot.save(update_fields=["next_update"])
    return linked


def _link(bot: TelegramBot, secret: str, chat_id: int, now: datetime) -> int:
    found = TelegramLink.objects.filter(seller=bot.seller, secret=secret, chat_id=None)
    linked = found.update(chat_id=chat_id, linked_at=now)
    if linked:
        _say(
            bot, chat_id, _("AgentIQ will write to you here when something needs you.")
        )
    return linked


def _say(bot: TelegramBot, chat_id: int, text: str) -> None:
    body = {"chat_id": chat_id, "text": text, "disable_web_page_preview": True}
    try:
        _call(bot, "sendMessage", body)
    except BotRefused as error:
        raise NotDelivered(str(error), is_final=True) from error


def _call(bot: TelegramBot, method: str, body: dict[str, Any]) -> Any:
    """Return the result of a Bot API method; the token never enters an error."""
    token = crypto.unseal(bot.sealed_token)
    url = f"{settings.TELEGRAM_API_URL}/bot{token}/{method}"
    try:
        answer = requests.post(url, json=body, timeout=TIMEOUT)
    except requests.ReadTimeout:
        raise MaybeDelivered("Telegram gave no answer") from None
    except requests.RequestException as error:
        raise NotDelivered(f"Telegram: {type(error).__name__}") from None
    return _result(answer)


def _result(answer: requests.Response) -> Any:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if answer.ok and told.get("ok"):
        return told.get("result")
    problem = f"Telegram {answer.status_code}: {told.get('description', '')}"
    if answer.status_code in (401, 404):
        raise BotRefused(problem)
    wait = (told.get("parameters") or {}).get("retry_after")
    final = 400 <= answer.status_code < 500 and answer.status_code != 429
    raise NotDelivered(problem, is_final=final, wait_seconds=wait)
