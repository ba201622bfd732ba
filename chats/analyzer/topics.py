"""
Which topics a turn touches, and which of them meet.

A word seldom makes a message unsafe; two topics meeting do: a child and harm, a
review and money. ``topics.txt`` says what each word is about, so that the heads
learn such meetings also from words their examples never used.
"""

from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path

from chats.analyzer.text import Word

FILE = Path(__file__).parent / "topics.txt"
DENIALS = frozenset({"не", "ни", "нет", "без", "нету", "никакой", "никаких"})
DENIABLE = 22
"""The first topics of the file are told apart where they are denied."""
REACH = 2
"""Words after a denial that it still denies, and before «нет»."""
NEAR = 12
"""Words within which two topics meet."""
READ = 300
"""Words of a turn that are looked at."""


@cache
def _topics() -> tuple[tuple[str, ...], dict[str, frozenset[int]]]:
    """Return the names of the topics, and the topics of each beginning of a word."""
    names: list[str] = []
    known: dict[str, set[int]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *begins = line.replace("ё", "е").split()
            for begin in begins:
                known.setdefault(begin, set()).add(len(names))
            names.append(name)
    return tuple(names), {word: frozenset(found) for word, found in known.items()}


@lru_cache(maxsize=50_000)
def about(form: str) -> frozenset[int]:
    """Return the numbers of the topics that a word belongs to."""
    _, known = _topics()
    found = known.get(form + "$", frozenset())
    for size in range(1, min(len(form), 14) + 1):
        found |= known.get(form[:size], frozenset())
    return found


NAMES = _topics()[0]
PAIRS = {pair: at for at, pair in enumerate(combinations(range(len(NAMES)), 2))}
TOPICS = len(NAMES) + DENIABLE + len(PAIRS)


def topics(tokens: list[Word]) -> set[int]:
    """
    Return which of TOPICS places a turn takes.

    First come the topics that are there, then those denied, then the PAIRS met.
    """
    found: set[int] = set()
    met: list[tuple[int, int]] = []
    forms = [token.form for token in tokens[:READ]]
    for at, form in enumerate(forms):
        denied = _denied(forms, at)
        for topic in about(form):
            if denied and topic < DENIABLE:
                found.add(len(NAMES) + topic)
            else:
                met.append((at, topic))
                found.add(topic)
    first = len(NAMES) + DENIABLE
    start = 0
    for number, (at, topic) in enumerate(met):
        while met[start][0] < at - NEAR:
            start += 1
        for _, other in met[start:number]:
            if other != topic:
                pair = (other, topic) if other < topic else (topic, other)
                found.add(first + PAIRS[pair])
    return found


def _denied(forms: list[str], at: int) -> bool:
    """Return whether a word is denied («без запаха») or found missing («сыпи нет»)."""
    before = forms[max(0, at - REACH) : at]
    after = forms[at + 1 : at + 2]
    return bool(DENIALS.intersection(before)) or after in (["нет"], ["нету"])
