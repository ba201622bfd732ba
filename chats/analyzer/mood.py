"""
Praise and blame counted by a word list, with denials turned round.

The heads learn words from a few thousand messages; real reviews use more. The
list in ``lexicon.txt`` tells them which way an unseen word leans, and where in
the text it stands: what comes last, or after «но», is what is meant.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise
from math import tanh
from pathlib import Path

from chats.analyzer.text import Word

LEXICON = Path(__file__).parent / "lexicon.txt"
DENIALS = frozenset({"не", "ни", "нет", "без", "никак", "ничуть", "мало", "отнюдь"})
TURNS = frozenset({"но", "однако", "зато"})
STOPS = frozenset(".!?")
REACH = 2
"""Words after a denial that it still turns round."""
FAILS = re.compile(r"[а-я]{2,}(?:[еиюя]т|[ую]т|ит)(?:ся)?")
"""Verbs of the present third person: what a thing does not do, it fails to do."""
MOOD = 15


@cache
def _leanings() -> tuple[dict[str, int], dict[str, int]]:
    """Return the whole words and the beginnings of the list, with +1 or -1."""
    whole: dict[str, int] = {}
    begins: dict[str, int] = {}
    for line in LEXICON.read_text(encoding="utf-8").splitlines():
        if line[:1] in "+-":
            sign = 1 if line[0] == "+" else -1
            for entry in line[2:].replace("ё", "е").split():
                if entry.endswith("$"):
                    whole[entry[:-1]] = sign
                else:
                    begins[entry] = sign
    return whole, begins


@lru_cache(maxsize=50_000)
def leaning(form: str) -> int:
    """Return +1 for a word of praise, -1 for one of blame, 0 for neither."""
    whole, begins = _leanings()
    if form in whole:
        return whole[form]
    for size in range(min(len(form), 12), 2, -1):
        if form[:size] in begins:
            return begins[form[:size]]
    return 0


def mood(tokens: list[Word]) -> list[float]:
    """Return how much praise and blame a turn holds, and where: MOOD numbers."""
    signs = _signs(tokens)
    size = len(signs)
    plus, minus = _sums(signs)
    sentences = _sentences(tokens)
    first, last = _sums(signs[: sentences[0]]), _sums(signs[sentences[-1] :])
    turned = [at for at, token in enumerate(tokens) if token.form in TURNS]
    after = _sums(signs[turned[-1] :]) if turned else (0.0, 0.0)
    denied = [
        sign
        for sign, token in zip(signs, tokens, strict=True)
        if sign and sign != leaning(token.form)
    ]
    total = plus + minus
    return [
        tanh(plus / 2),
        tanh(minus / 2),
        (plus - minus) / (total + 1),
        float(plus > 0 and minus == 0),
        float(minus > 0 and plus == 0),
        (first[0] - first[1]) / (sum(first) + 1),
        (last[0] - last[1]) / (sum(last) + 1),
        (after[0] - after[1]) / (sum(after) + 1),
        tanh(sum(sign < 0 for sign in denied)),
        tanh(sum(sign > 0 for sign in denied)),
        total / (size + 3),
        float(total == 0),
        float(bool(turned) and after[0] > after[1]),
        float(bool(turned) and after[1] > after[0]),
        tanh(_failures(tokens)),
    ]


def _failures(tokens: list[Word]) -> int:
    """Return how many things are said not to happen («не греет»)."""
    return sum(
        before.form == "не"
        and not leaning(word.form)
        and bool(FAILS.fullmatch(word.form))
        for before, word in pairwise(tokens)
    )


def _signs(tokens: list[Word]) -> list[int]:
    signs: list[int] = []
    denied = 0
    for token in tokens:
        form = token.form
        if form in DENIALS:
            denied = REACH + 1
            signs.append(0)
            continue
        sign = leaning(form) if form[0].isalpha() else 0
        signs.append(-sign if denied else sign)
        denied = 0 if sign or not form[0].isalnum() else max(denied - 1, 0)
    return signs


def _sums(signs: list[int]) -> tuple[float, float]:
    return float(signs.count(1)), float(signs.count(-1))


def _sentences(tokens: list[Word]) -> tuple[int, int]:
    """Return where the first sentence ends and where the last one starts."""
    ends = [at + 1 for at, token in enumerate(tokens[:-1]) if token.form[0] in STOPS]
    return (ends[0], ends[-1]) if ends else (len(tokens), 0)
