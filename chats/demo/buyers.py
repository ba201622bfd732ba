"""
Buyers who keep writing while the demo runs, through the simulated WB.

They open chats, answer what the shop sent them, and now and then somebody answers a
chat from the WB cabinet, as an operator of a real shop may at any moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from chats.demo import people, shop

NEW_CHAT = (25, 60)  # seconds between new questions, at least and at most
ANSWER = (6, 25)  # seconds until a buyer answers the shop
CABINET_AFTER = timedelta(seconds=75)
CABINET_CHANCE = 0.15  # of a chat that waited so long: answered in the cabinet
ANSWERS = {
    "code": (
        "Спасибо за промокод! А на какие товары он действует?",
        "О, спасибо! Попробую при заказе",
        "Промокод применился, спасибо большое!",
    ),
    "plain": (
        "Спасибо за ответ!",
        "Поняла, спасибо",
        "А когда ждать решения?",
        "Хорошо, сделаю так. Спасибо",
    ),
}
CABINET = "Здравствуйте! Ответили вам из кабинета: вопрос решён, хорошего дня."


@dataclass
class Buyers:
    """What the buyers did and will do; ``remote`` drives the simulator."""

    remote: Any
    seed: int = 7
    said: list[str] = field(default_factory=list)  # for the terminal

    def __post_init__(self) -> None:
        self._drawn = Random(self.seed)
        self._scripts = self._questions()
        self._seen = len(self.remote.sent())
        self._next_chat: datetime | None = None
        self._answers: list[tuple[datetime, str, str]] = []
        self._waiting: dict[str, datetime] = {}

    def act(self, now: datetime) -> None:
        """Do what is due at ``now``; safe to call as often as wanted."""
        self._notice_replies(now)
        self._answer(now)
        self._use_cabinet(now)
        if self._next_chat is None or now >= self._next_chat:
            if self._next_chat:
                self._ask(now)
            self._next_chat = now + self._soon(NEW_CHAT)

    def _notice_replies(self, now: datetime) -> None:
        sent = self.remote.sent()
        for reply in sent[self._seen :]:
            self._waiting.pop(reply["chatID"], None)
            if self._drawn.random() < 0.8:
                kind = "code" if "промокод" in reply["message"].lower() else "plain"
                text = self._drawn.choice(ANSWERS[kind])
                due = now + self._soon(ANSWER)
                self._answers.append((due, reply["chatID"], text))
        self._seen = len(sent)

    def _answer(self, now: datetime) -> None:
        due = [one for one in self._answers if one[0] <= now]
        self._answers = [one for one in self._answers if one[0] > now]
        for _, chat_id, text in due:
            self.remote.buyer_says(chat_id=chat_id, text=text)
            self.said.append(f"покупатель ответил: {text}")

    def _ask(self, now: datetime) -> None:
        name, good, turn = next(self._scripts)
        chat_id = self._open(name, good, turn[0])
        for text in turn[1:]:
            self.remote.buyer_says(chat_id=chat_id, text=text)
        self._waiting[chat_id] = now
        self.said.append(f"новый чат, {name}: {turn[0]}")

    def _open(self, name: str, good: shop.Good, text: str) -> str:
        return str(
            self.remote.new_chat(
                text=text,
                client_name=name,
                nm_id=good.nm_id,
                price=good.sold_for,
                size=good.sizes[0],
                seller=shop.SID,
            )
        )

    def _use_cabinet(self, now: datetime) -> None:
        for chat_id, since in list(self._waiting.items()):
            if now - since < CABINET_AFTER:
                continue
            del self._waiting[chat_id]
            if self._drawn.random() < CABINET_CHANCE:
                self.remote.portal_reply(chat_id=chat_id, text=CABINET)
                self.said.append("магазин ответил покупателю из кабинета WB")

    def _questions(self) -> Iterator[tuple[str, shop.Good, list[str]]]:
        """Stories of a later seed, turn by turn, without end."""
        for number in count(1):
            far = datetime.fromisoformat("2026-01-01T12:00+03:00")
            told = people.stories(far, count=100, seed=self.seed * 1000 + number)
            self._drawn.shuffle(told)
            for story in told:
                yield story.buyer, story.good, [said.text for said in story.turn]

    def _soon(self, span: tuple[int, int]) -> timedelta:
        return timedelta(seconds=self._drawn.uniform(*span))
