"""
One check for every text that may reach a buyer, whoever wrote it.

WB takes 1000 characters and does not say how it counts them, so code points are the
limit and UTF-16 units a warning. Source: POST /api/v1/seller/message.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from chats.policy import addresses, codes, contacts, judge, numbers, promises
from chats.policy.folding import Folded, fold, join, native, spelled
from chats.policy.kinds import Kind
from chats.policy.phrases import RULES, Rule
from chats.policy.terms import Terms, date_words, percent_words, scope_words

LIMIT = 1000
"""Code points WB accepts in one message."""
READ = 10_000
"""Characters that are read at all: a longer text is refused for its length alone."""

_UNFILLED = re.compile(
    r"\{[^{}\n]{0,60}\}?|\}|\[[^\]\n]{0,60}[А-Яа-яA-Za-z_][^\]\n]{0,60}\]|<[A-Za-zА-Яа-я_ ]{2,40}>|%[A-Za-zА-Яа-я_]{2,30}%"
    r"|\$[A-Za-zА-Яа-я_]{2,30}|_{3,}|(?<!\w)(?:None|null|NULL|undefined|NaN|nan|TODO|XXX+|ХХХ+)(?!\w)"
    r"|(?<!\w)#(?:имя|товар|код|процент|дата|name|code)\w*"
)
_EMPTY_SLOT = re.compile(
    r",\s*[!?](?!\w)|«\s*»|\"\s*\"|“\s*”|\(\s*\)|,\s*,"
    r"|[Пп]ромокод\w{0,3}\s*[:—–-]\s*(?=[.,;!]|$|\n)"
    r"|(?<!\w)(?:до|по|на)\s*(?:[.,!](?!\d)|$)"
    r"|[Сс]кидк\w{1,3}\s*(?:[:—–-]\s*)?%|(?<!\w)[Пп]ромокод\s+(?=действует|да[её]т)(?<=код  )"
    r"|,\s+на скидку\s*,|\bскидк\w+\s+на\s*[.,!]"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_PERSONAL = re.compile(
    r"(?:\d\W{0,3}){9}|(?<!\w)(?:паспорт|снилс|карт|сери|адрес|ул[ .]|улиц|просп|пр-|пер[ .]|дом[ .]|д\.|кв[ .]|квартир)[^\n]{0,60}\d"
)
"""What a card, a document or an address has: most texts have none of it."""
_SENTENCE_END = ".!?\n"


@dataclass(frozen=True, slots=True)
class Violation:
    """
    Why the text may not leave, and where: ``text[start:end]`` as it was written.

    ``params`` fill the explanation of the kind; ``hard`` ones cannot be overruled.
    """

    kind: Kind
    start: int
    end: int
    params: Mapping[str, str] = field(default_factory=dict, hash=False)
    hard: bool = True


def check(
    text: str,
    terms: Terms | None = None,
    *,
    known_codes: Collection[str] = frozenset(),
    facts: str = "",
    today: date | None = None,
) -> tuple[Violation, ...]:
    """
    Return every reason why ``text`` may not be sent, in the order of the text.

    ``terms`` are those of the code that goes out, None when none may. ``known_codes``
    are the seller's other codes. ``facts`` is what is known of the good (title,
    characteristics): its words are no codes, its figures no discount, and with it an
    assurance is only a warning. ``today`` (Moscow) lets «сегодня» be checked.
    """
    found = [*_size(text)]
    seen = native(fold(text[:READ]))
    views = [seen]
    joined = join(seen)
    if joined is not seen:
        views.append(native(joined))
    for view in views:
        found += _disclosures(view, joined=view is not seen)
        found += _phrases(view, facts=facts, offered=terms is not None)
        found += _promos(view, terms, known_codes, facts=facts, today=today)
    for view in views:
        found += _judged(view, found, facts=facts, offered=terms is not None)
    return _sorted(found)


def blocks(violations: Collection[Violation]) -> bool:
    """Return whether any of them is hard."""
    return any(violation.hard for violation in violations)


def _size(text: str) -> Iterator[Violation]:
    if not text.strip() or not any(char.isalnum() for char in text[:READ]):
        yield Violation(Kind.EMPTY, 0, len(text))
        return
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    params = {"limit": str(LIMIT), "length": str(len(text)), "units": str(units)}
    if len(text) > LIMIT:
        yield Violation(Kind.TOO_LONG, LIMIT, len(text), params)
    elif units > LIMIT:
        yield Violation(Kind.MAY_BE_TOO_LONG, 0, len(text), params, hard=False)
    if len(_WORD.findall(text[:READ])) < 2:
        yield Violation(Kind.ONE_WORD, 0, len(text))
    for pattern, kind in ((_UNFILLED, Kind.UNFILLED), (_EMPTY_SLOT, Kind.EMPTY_SLOT)):
        for match in pattern.finditer(text[:READ]):
            yield Violation(kind, *match.span(), {"text": match.group().strip()})


def _disclosures(view: Folded, *, joined: bool) -> Iterator[Violation]:
    for start, end in contacts.phones(view):
        yield _violation(Kind.CONTACT, view, start, end)
    if joined:
        return
    for finder in (contacts.mails, contacts.handles):
        for start, end in finder(view):
            yield _violation(Kind.CONTACT, view, start, end)
    if _PERSONAL.search(view.text):
        for finder in (numbers.cards, numbers.documents, addresses.addresses):
            for start, end in finder(view):
                yield _violation(Kind.CONTACT, view, start, end)
    for start, end in contacts.links(view):
        yield _violation(Kind.LINK, view, start, end)


def _phrases(view: Folded, *, facts: str, offered: bool) -> Iterator[Violation]:
    promo = offered or codes.mentioned(view)
    for rule in RULES:
        if rule.promo and not promo:
            continue
        hard = not (rule.kind is Kind.ASSURANCE and facts)
        for start, end in _matches(rule, view):
            yield _violation(rule.kind, view, start, end, hard=hard)


def _judged(
    view: Folded, known: Collection[Violation], *, facts: str, offered: bool
) -> Iterator[Violation]:
    """Yield what only the learnt reader sees: the rules name their own better."""
    for one in judge.findings(view.text, promo=offered or codes.mentioned(view)):
        start, end = view.span(one.start, one.end)
        if not any(old.start < end and start < old.end for old in known):
            hard = not (one.kind is Kind.ASSURANCE and facts)
            yield _violation(one.kind, view, one.start, one.end, hard=hard)


def _matches(rule: Rule, view: Folded) -> Iterator[tuple[int, int]]:
    for match in spelled(rule.pattern).finditer(view.text):
        if _is_worded(match) and not _excused(rule, view.text, match):
            yield match.span()
    for start, end in view.runs:
        for match in spelled(rule.pattern, loose=True).finditer(view.text, start, end):
            if len(match.group()) >= 3 and _is_worded(match):
                yield match.span()


def _is_worded(match: re.Match[str]) -> bool:
    """Whether anything was found that is no mere number: 607 is not «бот»."""
    found = match.group()
    return bool(found) and not found.isdigit()


def _excused(rule: Rule, text: str, match: re.Match[str]) -> bool:
    if rule.denied and re.search(r"(?<!\w)не\s$", text[: match.start()][-4:]):
        return True
    if not rule.but:
        return False
    start = max(text.rfind(mark, 0, match.start()) for mark in _SENTENCE_END) + 1
    ends = [text.find(mark, match.end()) for mark in _SENTENCE_END]
    end = min((end for end in ends if end >= 0), default=len(text))
    return bool(rule.but.search(text, max(start, match.start() - 120), end))


def _promos(
    view: Folded,
    terms: Terms | None,
    known_codes: Collection[str],
    *,
    facts: str,
    today: date | None,
) -> Iterator[Violation]:
    allowed = {terms.code} if terms else set()
    given = codes.facts(allowed, set(known_codes) - allowed, facts)
    for start, end in codes.unknown(view, given):
        yield _violation(Kind.UNKNOWN_CODE, view, start, end)
    if not (terms or codes.mentioned(view)):
        return
    for start, end in promises.wrong_percents(view, terms, facts):
        right = percent_words(terms) if terms else ""
        yield _violation(Kind.WRONG_PERCENT, view, start, end, right=right)
    for start, end in promises.wrong_dates(view, terms, today):
        right = date_words(terms) if terms else ""
        yield _violation(Kind.WRONG_DATE, view, start, end, right=right)
    if terms:
        for start, end in promises.wrong_scopes(view, terms):
            right = scope_words(terms)
            yield _violation(Kind.WRONG_SCOPE, view, start, end, right=right)


def _violation(
    kind: Kind,
    view: Folded,
    start: int,
    end: int,
    *,
    hard: bool = True,
    right: str = "",
) -> Violation:
    begin, finish = view.span(start, end)
    params = {"text": view.source[begin:finish].strip()}
    if right:
        params["right"] = right
    return Violation(kind, begin, finish, params, hard)


def _sorted(found: list[Violation]) -> tuple[Violation, ...]:
    """Drop a span that lies within another of its kind."""
    kept: list[Violation] = []
    for one in sorted(found, key=lambda v: (v.kind, v.start, -v.end)):
        last = kept[-1] if kept else None
        if last and last.kind is one.kind and one.end <= last.end:
            continue
        kept.append(one)
    return tuple(sorted(kept, key=lambda v: (v.start, v.end)))
