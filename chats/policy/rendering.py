"""
Templates with typed slots; a code enters a text here and nowhere else.

A template is plain text with slots such as ``{имя}``. ``[, {имя}]`` is left out when
a slot in it is empty, and ``[{ответ}|Уточните размер]`` falls back to what follows
the bar. Outside brackets an empty slot is an error, never a hole in the text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chats.policy import codes, contacts, names, outbound
from chats.policy.folding import fold, spelled
from chats.policy.terms import Terms, date_words, percent_words, scope_words

LIMIT = 1000
_TITLE_LENGTH = 60


class Slot(StrEnum):
    """What a template may ask for."""

    NAME = "имя"
    PRODUCT = "товар"
    CODE = "код"
    PERCENT = "процент"
    DATE = "дата"
    SCOPE = "условия"
    ANSWER = "ответ"


PROMO_SLOTS = frozenset({Slot.CODE, Slot.PERCENT, Slot.DATE, Slot.SCOPE})


class Fault(StrEnum):
    """Why a template cannot be sent."""

    UNKNOWN_SLOT = "unknown_slot"
    EMPTY_SLOT = "empty_slot"
    BROKEN = "broken"
    TOO_LONG = "too_long"
    FOREIGN_CODE = "foreign_code"


class TemplateError(ValueError):
    """A template that cannot be rendered; ``detail`` is the slot or the stray text."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be checked and sent, and what filled its slots."""

    text: str
    slots: Mapping[str, str]


_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_SLOT = re.compile(r"\{([^{}]*)\}")
_BAIT = spelled(
    r"(?:скид|промо|код\b|купон|распрод|акци|бесплат|вернем|деньг|возврат|бонус|"
    r"админ|поддержк|оператор|директор|менеджер|sale|promo|discount|wildberries|вайлдбер|"
    r"правил|инструкц|систем|system|ignore|игнор|процент|рубл|телегр|ватсап|озон\b|ozon)"
)
_PROBE = "Спасибо за покупку «{}» с промокодом"
"""A title must pass the policy even next to a code."""
_NAME = re.compile(r"[А-ЯЁа-яё]{2,20}(?:-[А-ЯЁа-яё]{2,20})?|[A-Za-z]{2,15}")


def slots_of(source: str) -> frozenset[Slot]:
    """
    Return the slots a template uses.

    Raises TemplateError for an unknown slot or a stray bracket.
    """
    _parts(source)
    used = set()
    for name in _SLOT.findall(source):
        if name not in frozenset(Slot):
            raise TemplateError(Fault.UNKNOWN_SLOT, name)
        used.add(Slot(name))
    if re.search(r"[{}]", _SLOT.sub("", source)):
        raise TemplateError(Fault.BROKEN, "{")
    return frozenset(used)


def render(
    source: str,
    *,
    terms: Terms | None = None,
    name: str = "",
    product: str = "",
    answer: str = "",
    nm_id: int | None = None,
) -> Rendered:
    """
    Return the template filled; ``name`` and ``product`` are cleaned first.

    Raises TemplateError when a slot stays empty, the text passes 1000 characters, or
    anything in it but the code of ``terms`` looks like a code.
    """
    used = slots_of(source)
    values = _values(terms, name=name, product=product, answer=answer, nm_id=nm_id)
    pieces = []
    for optional, text in _parts(source):
        pieces.append(_optional(text, values) if optional else _fill(text, values))
    text = _tidy("".join(pieces))
    if len(text) > LIMIT:
        raise TemplateError(Fault.TOO_LONG, str(len(text)))
    allowed = {terms.code} if terms and Slot.CODE in used else set()
    view = fold(text)
    for start, end in codes.unknown(view, codes.facts(allowed, (), "")):
        raise TemplateError(Fault.FOREIGN_CODE, view.cased[start:end])
    return Rendered(text, {slot: values[slot] for slot in sorted(used)})


def first_name(raw: str) -> str:
    """
    Return how to address the buyer, or nothing when the name is no name.

    A buyer chooses what is shown as the name: whatever looks like an offer, a
    contact, a code or an instruction is dropped.
    """
    if len(raw) > 60 or _is_bait(raw) or re.search(r"[\d@{}\[\]<>/\\%:]", raw):
        return ""
    words = raw.split()
    if not words or len(words) > 3 or not all(map(_NAME.fullmatch, words)):
        return ""
    known = [word for word in words if names.is_first_name(word)]
    chosen = known[0] if known else words[0]
    if not known and len(chosen) < 3:
        return ""
    return "-".join(part.capitalize() for part in chosen.split("-"))


def title(raw: str) -> str:
    """Return the product's title fit for a sentence, or nothing when it is not."""
    words = re.sub(r"[«»\"“”„<>{}\[\]|\x00-\x1f]", " ", raw[:300]).split()
    kept = [word for word in words if not _codelike(word)]
    short = ""
    for word in kept:
        if len(short) + len(word) >= _TITLE_LENGTH:
            break
        short = f"{short} {word}".strip()
    short = short.rstrip(" ,.;:-–—/+&(")
    if short.count("(") != short.count(")"):
        short = short.split("(")[0].rstrip(" ,")
    if not short:
        return ""
    return "" if _is_bait(short) or outbound.check(_PROBE.format(short)) else short


def _codelike(word: str) -> bool:
    return bool(re.search(r"\d", word) and re.search(r"[A-Za-zА-Яа-я]", word)) or (
        word.isupper() and len(word) >= 5
    )


def _is_bait(raw: str) -> bool:
    view = fold(raw)
    finders = (contacts.phones, contacts.mails, contacts.links, contacts.handles)
    return bool(_BAIT.search(view.text)) or any(any(find(view)) for find in finders)


def _values(
    terms: Terms | None, *, name: str, product: str, answer: str, nm_id: int | None
) -> dict[Slot, str]:
    values = {
        Slot.NAME: first_name(name),
        Slot.PRODUCT: title(product),
        Slot.ANSWER: answer.strip(),
        **dict.fromkeys(PROMO_SLOTS, ""),
    }
    if terms:
        values[Slot.CODE] = terms.code
        values[Slot.PERCENT] = percent_words(terms)
        values[Slot.DATE] = date_words(terms)
        values[Slot.SCOPE] = scope_words(terms, nm_id=nm_id)
    return values


def _parts(source: str) -> list[tuple[bool, str]]:
    parts, end = [], 0
    for found in _PART.finditer(source):
        if found.start() != end:
            break
        end = found.end()
        optional = found[1] is not None
        parts.append((optional, found[1] if optional else found[2]))
    if end != len(source):
        raise TemplateError(Fault.BROKEN, source[end : end + 20])
    return parts


def _optional(text: str, values: Mapping[Slot, str]) -> str:
    *choices, last = text.split("|")
    for choice in choices:
        if all(values[Slot(name)] for name in _SLOT.findall(choice)):
            return _fill(choice, values)
    if not choices and not all(values[Slot(name)] for name in _SLOT.findall(last)):
        return ""
    return _fill(last, values)


def _fill(text: str, values: Mapping[Slot, str]) -> str:
    def value(found: re.Match[str]) -> str:
        filled = values[Slot(found[1])]
        if not filled:
            raise TemplateError(Fault.EMPTY_SLOT, found[1])
        return filled

    return _SLOT.sub(value, text)


def _tidy(text: str) -> str:
    """Close the holes left by dropped parts: double spaces and empty lines."""
    lines = [re.sub(r"[ \t]{2,}", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
