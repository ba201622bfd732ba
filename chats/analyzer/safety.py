"""
Rules for what a promo code must never follow: harm, threats, grief, hatred.

The rules are in ``alarms.txt``. Each paragraph is a rule: the flag, then what
raises it (``+`` any of these, ``+=`` any of these as whole words) and what calls
it off when found nearby (``-``), for words said in jest or in passing. ``*``
names a group of words for use as ``{NAME}``; ``~3~`` is a gap of up to three
words. Patterns meet the regular spelling, tokens parted by one space.

Recall comes first: a missed flag costs more than a missed promo. Gaps are
bounded, so time grows only with the text.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chats.analyzer.taxonomy import Flag
from chats.analyzer.text import Word

RULES = Path(__file__).parent / "alarms.txt"
AROUND = 60
"""Code points on either side of a match that a guard looks at."""
ROOT = 5
"""Letters by which a word of the good's title is known again."""
READ = 6_000
"""Code points of a turn's regular spelling that the rules look at."""


@dataclass(frozen=True)
class Rule:
    """What raises a flag, and what nearby calls it off."""

    flag: Flag
    raises: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True)
class Alarm:
    """A flag raised by a rule, with the first and the last token that raised it."""

    flag: Flag
    first: int
    last: int


@cache
def rules(path: Path = RULES) -> tuple[Rule, ...]:
    """Return the rules of a file, in its order."""
    groups: dict[str, str] = {}
    found: list[Rule] = []
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        if not lines:
            continue
        name, body = lines[0], lines[1:]
        if body[0].startswith("* "):
            group = "|".join(line.removeprefix("* ") for line in body)
            groups[name] = rf"\b(?:{group})\b"
        else:
            raises, unless = _expanded(body, "+", groups), _expanded(body, "-", groups)
            guard = re.compile(unless) if unless else None
            found.append(Rule(Flag(name), re.compile(raises), guard))
    return tuple(found)


def _expanded(lines: list[str], mark: str, groups: dict[str, str]) -> str:
    words = "|".join(_after(lines, mark + "="))
    parts = [rf"\b(?:{words})\b"] if words else []
    pattern = "|".join([*parts, *_after(lines, mark)])
    pattern = re.sub(r"~(\d)~", r"(?:\\S+ ){0,\1}?", pattern)
    return re.sub(r"\{([A-Z]+)\}", lambda name: groups[name[1]], pattern)


def _after(lines: list[str], mark: str) -> Iterator[str]:
    return (line[len(mark) + 1 :] for line in lines if line.startswith(mark + " "))


def alarms(tokens: list[Word], named: Collection[str] = ()) -> list[Alarm]:
    """
    Return the first alarm of each rule that fires, in the order of the rules.

    ``named`` are the words of the good's title: what is sold is no cause for
    alarm («тараканы» under a gel against them).
    """
    text, starts = _spelt(tokens)
    sold = {word[:ROOT] for word in named if len(word) >= ROOT}
    found: list[Alarm] = []
    for rule in rules():
        for match in rule.raises.finditer(text):
            left, right = match.span()
            near = text[max(0, left - AROUND) : right + AROUND]
            if rule.unless is None or not rule.unless.search(near):
                first = max(bisect_right(starts, left) - 1, 0)
                last = max(bisect_right(starts, right - 1) - 1, first)
                raising = tokens[first : last + 1]
                if sold.isdisjoint(token.form[:ROOT] for token in raising):
                    found.append(Alarm(rule.flag, first, last))
                    break
    return found


def _spelt(tokens: list[Word]) -> tuple[str, list[int]]:
    """Return the tokens' spelling and where in it each token starts."""
    starts: list[int] = []
    size = 0
    for token in tokens:
        if size > READ:
            break
        starts.append(size)
        size += len(token.form) + 1
    return " ".join(token.form for token in tokens[: len(starts)]), starts
