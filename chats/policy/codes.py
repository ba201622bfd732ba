"""What looks like a promo code: nobody but the registry may bring one into a text."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chats.policy.folding import Folded, spelled

Span = tuple[int, int]

_TWINS = str.maketrans(
    "АВЕКМНОРСТУХІЈЅЗБ0134569", "ABEKMHOPCTYXIJS3B0134569".replace("3", "3")
)
_TOKEN = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")
_SHAPE = re.compile(r"[A-ZА-Я]{3,16}[-_]?(\d{1,3})(?:[-_]?[A-ZА-Я]{1,10})?")
_LETTERS = re.compile(r"[A-ZА-Я]{5,20}")
_MIXED = re.compile(
    r"(?=[A-ZА-Я\d\-_]*[A-ZА-Я])(?=[A-ZА-Я\d\-_]*\d)[A-ZА-Я\d\-_]{4,30}"
)
_MODEL = re.compile(
    r"(?:IP|USB|FAT|NTFS|HDMI|LED|GPS|ГОСТ|EAN|CR|LR|AAA|RTX|GTX|ISO|AC|DC|SPF|UPF|OEKO|DDR|SSD|"
    r"TYPE|WIFI|SM|ТУ|ТР|EN|ЕАС|EAC|XXL|XXXL|FULL|IPS|АКБ|MP|BT|XL|XS|SN)[-_]?\d*[A-ZА-Я]?"
)
_MENTION = spelled(r"(?:промо[ -]?код|промик|код|купон|промо|скидк|promo|code|coupon)")
_INTRODUCED = re.compile(
    r"(?<![^\W_])(?:промо[ -]?код\w{0,3}|промик\w{0,2}|купон\w{0,3}|код(?:а|у|ом|е|ы)?|"
    r"(?:кодов\w+|секретн\w+|волшебн\w+|назовите|скажите|введите) (?:слово|фраз\w)|promo[ -]?code|code|coupon)"
    r"[\s:\-—=«»\"'“(]{1,4}([^\W_][\w\-]{2,29})"
)
_ENTERED = re.compile(
    r"(?<![^\W_])(?:введите|вводите|вбейте|впишите|примените|применяйте)[\s:«\"]{1,3}"
    r"([A-ZА-Я]{3,16}[-_]?\d{1,4})(?![\w-])",
    re.IGNORECASE,
)
"""What the buyer is told to enter, though nobody calls it a code."""
_QUOTED = re.compile(
    r"(?<![^\W_])(?:промо[ -]?код\w{0,3}|купон\w{0,3}|код(?:а|у|ом|е)?|слово|слова)"
    r"[\s:\-—]{1,3}[«\"“']([^«»\"”']{3,30})[»\"”']"
)


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """Which codes are allowed, which are known, and which tokens are plain facts."""

    allowed: frozenset[str]
    known: frozenset[str]
    facts: frozenset[str]


def skeleton(code: str) -> str:
    """Return the code as the eye sees it: upper case, Cyrillic twins as Latin."""
    return code.upper().replace("Ё", "Е").translate(_TWINS).replace("O", "0")


def facts(allowed: Collection[str], known: Collection[str], text: str) -> CodeFacts:
    """Return what ``unknown`` needs; the words of ``text`` are not codes."""
    return CodeFacts(
        frozenset(allowed),
        frozenset(skeleton(code) for code in known),
        frozenset(skeleton(token) for token in _TOKEN.findall(text)),
    )


def mentioned(folded: Folded) -> bool:
    """Return whether the text speaks of a code or a discount at all."""
    return bool(_MENTION.search(folded.text))


def unknown(folded: Folded, given: CodeFacts) -> Iterator[Span]:
    """Yield code-like tokens that are neither an allowed code nor a fact."""
    introduced = _introduced(folded)
    speaks = mentioned(folded)
    looks = {skeleton(code) for code in given.allowed}
    for found in _TOKEN.finditer(folded.cased):
        token = found.group()
        if folded.source[slice(*folded.span(*found.span()))] in given.allowed:
            continue
        seen = skeleton(token)
        if seen in looks or seen in given.known:
            yield found.span()
        elif seen in given.facts or _MODEL.fullmatch(token):
            continue
        elif _is_code(token, introduced=found.start() in introduced, speaks=speaks):
            yield found.span()


def _introduced(folded: Folded) -> frozenset[int]:
    quoted = {found.start(1) for found in _QUOTED.finditer(folded.text)}
    announced = set()
    for found in _INTRODUCED.finditer(folded.text):
        token = folded.cased[found.start(1) : found.end(1)]
        if _announced(token):
            announced.add(found.start(1))
    entered = {
        found.start(1)
        for found in _ENTERED.finditer(folded.cased)
        if found[1].isupper()
    }
    return frozenset(quoted | announced | entered)


def _announced(token: str) -> bool:
    """Return whether a word right after «промокод» is its name, not the next word."""
    if re.search(r"\d", token):
        return True
    if re.search(r"[A-Za-z]", token):
        return token.lower() not in {"wildberries", "wb", "for", "is", "the"}
    return token.isupper() and len(token) >= 4


def _is_code(token: str, *, introduced: bool, speaks: bool) -> bool:
    if introduced:
        return True
    shape = _SHAPE.fullmatch(token)
    plain = "-" not in token or len(token) >= 7
    if shape and plain and len(token) >= 5 and 3 <= int(shape[1]) <= 100:
        return True
    if not speaks:
        return False
    return bool(_MIXED.fullmatch(token) or _is_shout(token))


def _is_shout(token: str) -> bool:
    return bool(re.fullmatch(r"[A-Z]{5,20}", token)) and token != "WILDBERRIES"
