"""
Who writes to the demo shop and what is said: the same people for the same seed.

``conversations.txt`` holds the scripts. A section begins with ``== intent mood tags``;
tags are keys or groups of goods (``*`` is any), ``м`` makes the buyer a man, ``!`` marks
a turn that is unsafe for a code. Lines: ``>`` the buyer, ``<`` the shop from AgentIQ,
``<<`` the shop from the WB cabinet; ``|`` parts alternatives, ``[фото]`` adds a picture.
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Literal

from chats.demo.shop import GOODS, Good
from promos.rules.days import MOSCOW

Who = Literal["buyer", "shop", "cabinet"]

SCRIPTS = Path(__file__).with_name("conversations.txt")
STORIES = 345
DAYS = 90
WAITING = 26
"""So many of the newest chats have the buyer's word as the last."""

_SPACE = uuid.UUID("6f3b1a52-9a4e-4d0b-8d5e-1f2a3b4c5d6e")
_MARKS: dict[str, Who] = {">": "buyer", "<": "shop", "<<": "cabinet"}
_WOMEN = re.findall(
    r"\w+",
    "Анна Елена Ольга Наталья Мария Ирина Светлана Татьяна Екатерина Юлия Дарья Ксения "
    "Алина Вера Полина Людмила Галина Марина Виктория Оксана Алёна Жанна Софья Лариса",
)
_MEN = re.findall(
    r"\w+", "Андрей Сергей Дмитрий Павел Илья Николай Роман Максим Артём Олег"
)
_GREETINGS = ("", "", "", "Здравствуйте! ", "Добрый день! ", "здравствуйте, ")
_SILENCE = "Здравствуйте! Спасибо за сообщение, разберёмся и ответим."
"""What the shop says in a script that leaves its answer open."""
_FAREWELLS = {
    "negative": (
        "Спасибо за терпение: напишем сюда, как только появятся новости.",
        "Передали ваше сообщение руководителю магазина, вернёмся с ответом здесь.",
    ),
    "": (
        "Пожалуйста! Если появятся вопросы, пишите.",
        "Рады помочь! Хорошего вам дня.",
        "Спасибо вам! Приятных покупок.",
    ),
}
"""A chat of the past ends with the shop's word, or it would still wait."""


@dataclass(frozen=True)
class Script:
    """One section of the file; ``lines`` are who speaks and the alternatives."""

    intent: str
    sentiment: str
    tags: frozenset[str]
    is_man: bool
    is_unsafe: bool
    lines: tuple[tuple[Who, tuple[str, ...]], ...]

    def fits(self, good: Good) -> bool:
        named = {good.key, *good.tags}
        return "*" in self.tags or bool(self.tags & named)


@dataclass(frozen=True)
class Said:
    """One message of a story."""

    who: Who
    text: str
    at: datetime
    picture: bool = False


@dataclass(frozen=True)
class Story:
    """One chat from its first message to its last."""

    chat_id: str
    buyer: str
    good: Good
    rid: str
    size: str
    intent: str
    sentiment: str
    is_unsafe: bool
    lines: tuple[Said, ...]

    @property
    def is_waiting(self) -> bool:
        return self.lines[-1].who == "buyer" and len(self.turn) == len(self.lines)

    @property
    def turn(self) -> tuple[Said, ...]:
        """The buyer's messages up to the shop's first answer."""
        answered = (n for n, said in enumerate(self.lines) if said.who != "buyer")
        return self.lines[: next(answered, len(self.lines))]

    @property
    def answer(self) -> Said | None:
        """The shop's first answer, None while the buyer waits."""
        return next((said for said in self.lines if said.who != "buyer"), None)

    def answering(self, text: str) -> "Story":
        """The same story with another first answer."""
        place = len(self.turn)
        lines = list(self.lines)
        lines[place] = replace(lines[place], text=text)
        return replace(self, lines=tuple(lines))


@lru_cache(maxsize=1)
def scripts() -> tuple[Script, ...]:
    """Return the sections of the file, in order."""
    text = SCRIPTS.read_text(encoding="utf-8")
    found = re.findall(r"^== (.+)\n((?:(?!== ).*\n?)*)", text, re.MULTILINE)
    return tuple(_script(heading.split(), body) for heading, body in found)


def _script(heading: Sequence[str], body: str) -> Script:
    intent, sentiment, *tags = heading
    lines = [line.partition(" ") for line in body.splitlines() if line.strip()]
    return Script(
        intent,
        sentiment,
        frozenset(tags) - {"м", "!"},
        "м" in tags,
        "!" in tags,
        tuple((_MARKS[mark], tuple(text.split(" | "))) for mark, _, text in lines),
    )


def stories(now: datetime, *, count: int = STORIES, seed: int = 7) -> list[Story]:
    """
    Return ``count`` chats of the ninety days before ``now``, oldest first.

    Scripts take turns, so that every intent is as frequent as its sections. The
    newest ``WAITING`` chats end with the buyer's question, hours or minutes ago.
    """
    drawn = Random(seed)
    order = _rounds(count, drawn)
    opened = _openings(now, count, drawn)
    told = [
        _story(number, script, at, drawn)
        for number, (script, at) in enumerate(zip(order, opened, strict=True))
    ]
    quiet = told[: count - WAITING]
    return [*quiet, *_waiting(told[count - WAITING :], now)]


def _rounds(count: int, drawn: Random) -> list[Script]:
    """All scripts, shuffled, again and again."""
    order: list[Script] = []
    while len(order) < count:
        order += drawn.sample(scripts(), len(scripts()))
    return order[:count]


def _openings(now: datetime, count: int, drawn: Random) -> list[datetime]:
    """Instants by day, more of them lately and in the evening; none tonight."""
    today = now.astimezone(MOSCOW).date()
    days = [int(DAYS * (1 - drawn.random() ** 0.8)) + 1 for _ in range(count)]
    return sorted(_moment(today - timedelta(days=day), drawn) for day in days)


def _moment(day: date, drawn: Random) -> datetime:
    hour = min(22, max(8, round(drawn.gauss(16, 3.5))))
    clock = time(hour, drawn.randrange(60), drawn.randrange(60))
    return datetime.combine(day, clock, MOSCOW)


def _story(number: int, script: Script, at: datetime, drawn: Random) -> Story:
    good = drawn.choice([good for good in GOODS if script.fits(good)])
    name = drawn.choice(_MEN if script.is_man else _WOMEN)
    said = tuple(_said(script, good, at, drawn))
    return Story(
        chat_id=f"1:{uuid.uuid5(_SPACE, f'chat {number}')}",
        buyer=name,
        good=good,
        rid=uuid.uuid5(_SPACE, f"order {number}").hex,
        size=drawn.choice(good.sizes),
        intent=script.intent,
        sentiment=script.sentiment,
        is_unsafe=script.is_unsafe,
        lines=said,
    )


def _said(script: Script, good: Good, at: datetime, drawn: Random) -> Iterator[Said]:
    lines = list(script.lines)
    if all(who == "buyer" for who, _ in lines):
        lines.append(("shop", (_SILENCE,)))
    elif lines[-1][0] == "buyer":
        mood = script.sentiment if script.sentiment in _FAREWELLS else ""
        lines.append(("shop", _FAREWELLS[mood]))
    before: Who = "buyer"
    for number, (who, alternatives) in enumerate(lines):
        text = drawn.choice(alternatives).replace("{товар}", good.key)
        at += _pause(before, who, drawn) if number else timedelta()
        picture = text.startswith("[фото] ")
        text = text.removeprefix("[фото] ")
        if number == 0:
            text = _greeted(text, drawn)
        yield Said(who, text, at, picture)
        before = who


def _greeted(text: str, drawn: Random) -> str:
    greeting = drawn.choice(_GREETINGS)
    if not greeting or re.match(r"(?i)здравств|добр", text):
        return text
    return greeting + text


def _pause(before: Who, who: Who, drawn: Random) -> timedelta:
    """Buyers go on within minutes; answers take minutes, now and then hours."""
    if before == who:
        return timedelta(seconds=drawn.randint(15, 100))
    if who == "buyer":
        return timedelta(seconds=drawn.randint(60, 1500))
    slow = drawn.random() < 0.12
    return timedelta(
        seconds=drawn.randint(3600, 20000) if slow else drawn.randint(90, 2400)
    )


def _waiting(told: Sequence[Story], now: datetime) -> list[Story]:
    """Cut the stories at the buyer's turn and move them to the last hours."""
    moved = []
    for number, story in enumerate(told):
        ago = timedelta(minutes=6 + 9 * (len(told) - number) ** 1.15)
        shift = now - ago - story.lines[0].at
        turn = tuple(replace(said, at=said.at + shift) for said in story.turn)
        moved.append(replace(story, lines=turn))
    return moved
