"""
The words of a reply: a text for this intent and mood, with or without a code.

The shop's texts lie in ``templates/replies/<intent>.txt``. A file has sections, begun
by ``== positive``, ``== neutral`` or ``== negative`` with ``with_code`` when a code
goes along, each holding variants parted by ``---``; ``(warm)`` on the line before a
variant keeps it to the warm tone. Slots and brackets are those of ``policy.rendering``.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from chats.policy import rendering
from chats.policy.rendering import PROMO_SLOTS, Slot, TemplateError
from chats.policy.terms import Terms

FOLDER = Path(__file__).resolve().parents[1] / "templates" / "replies"
ESCALATION = "escalation"
"""The file for turns with a safety flag; its sections are the flags."""
DEFAULT_FLAG = "any"

Tone = Literal["neutral", "warm"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording: ``template_id`` names its section, ``number`` counts from 1."""

    template_id: str
    number: int
    source: str
    tone: Tone = "neutral"

    @property
    def id(self) -> str:
        """Return what ``used`` holds of a variant that was sent."""
        return f"{self.template_id}#{self.number}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A text for the buyer, the variant it came from, and what filled its slots."""

    text: str
    template_id: str
    variant: str
    slots: Mapping[str, str]


class NoTemplate(LookupError):
    """There is no text for this intent and mood."""


def compose(
    intent: str,
    sentiment: str,
    *,
    terms: Terms | None = None,
    name: str = "",
    product: str = "",
    answer: str = "",
    nm_id: int | None = None,
    tone: Tone = "neutral",
    used: Collection[str] = frozenset(),
    seed: str = "",
    variants: Iterable[Variant] | None = None,
) -> Reply:
    """
    Return a reply to a buyer, with a code exactly when ``terms`` are given.

    ``answer`` is what is known and answers the question; without it the reply asks.
    ``used`` are variant ids already sent in this chat: none comes again while
    another is left. ``seed`` (the chat and event) makes the choice repeatable.
    ``variants`` replace those of the files: a seller's own wording.

    Raises NoTemplate, and TemplateError when a variant cannot be filled.
    """
    template_id = section_id(intent, sentiment, with_code=terms is not None)
    offered = list(variants) if variants is not None else _section(template_id)
    chosen = _choose(offered, template_id, tone=tone, used=used, seed=seed)
    rendered = rendering.render(
        chosen.source,
        terms=terms,
        name=name,
        product=product,
        answer=answer,
        nm_id=nm_id,
    )
    return Reply(rendered.text, template_id, chosen.id, rendered.slots)


def escalate(
    flag: str, *, name: str = "", used: Collection[str] = frozenset(), seed: str = ""
) -> Reply:
    """
    Return the reply to an unsafe turn: calm, no code, handed to a person.

    ``flag`` is a safety flag of intents.md; an unknown one gets the general text.
    """
    template_id = f"{ESCALATION}/{flag}"
    if template_id not in library():
        template_id = f"{ESCALATION}/{DEFAULT_FLAG}"
    chosen = _choose(
        _section(template_id), template_id, tone="neutral", used=used, seed=seed
    )
    rendered = rendering.render(chosen.source, name=name)
    return Reply(rendered.text, template_id, chosen.id, rendered.slots)


def section_id(intent: str, sentiment: str, *, with_code: bool) -> str:
    """Return the id of a section, such as ``sizing_fit/neutral/with_code``."""
    parts = (str(intent), str(sentiment), *(("with_code",) if with_code else ()))
    return "/".join(parts)


@lru_cache(maxsize=1)
def library() -> Mapping[str, tuple[Variant, ...]]:
    """Return every variant of the files by section id. Read once per process."""
    sections: dict[str, tuple[Variant, ...]] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        sections.update(parse(path.stem, path.read_text(encoding="utf-8")))
    return sections


def parse(stem: str, text: str) -> dict[str, tuple[Variant, ...]]:
    """
    Return the sections of one file by id.

    Raises TemplateError for a broken variant, and for one with a code in a section
    without, or the other way round.
    """
    sections: dict[str, tuple[Variant, ...]] = {}
    for heading, body in re.findall(
        r"^== (.+)\n((?:(?!== ).*\n?)*)", text, re.MULTILINE
    ):
        template_id = "/".join((stem, *heading.split()))
        sources = [
            part.strip() for part in re.split(r"^---$", body, flags=re.MULTILINE)
        ]
        sections[template_id] = tuple(
            _variant(template_id, number, source)
            for number, source in enumerate(filter(None, sources), 1)
        )
    return sections


def problems(source: str, *, with_code: bool) -> TemplateError | None:
    """Return why a template cannot stand in its section, None when it can."""
    try:
        used = rendering.slots_of(source)
    except TemplateError as error:
        return error
    if with_code and source.count("{код}") != 1:
        return TemplateError(rendering.Fault.EMPTY_SLOT, Slot.CODE)
    if not with_code and used & PROMO_SLOTS:
        return TemplateError(rendering.Fault.UNKNOWN_SLOT, min(used & PROMO_SLOTS))
    return None


def _variant(template_id: str, number: int, source: str) -> Variant:
    warm = source.startswith("(warm)")
    source = source.removeprefix("(warm)").strip()
    if error := problems(source, with_code=template_id.endswith("/with_code")):
        raise TemplateError(error.fault, f"{template_id}#{number}: {error.detail}")
    return Variant(template_id, number, source, "warm" if warm else "neutral")


def _section(template_id: str) -> list[Variant]:
    return list(library().get(template_id, ()))


def _choose(
    offered: list[Variant],
    template_id: str,
    *,
    tone: Tone,
    used: Collection[str],
    seed: str,
) -> Variant:
    """Draw a variant by the seed: fresh before used, warm first in the warm tone."""
    if tone == "neutral":
        offered = [variant for variant in offered if variant.tone == "neutral"]
    if not offered:
        raise NoTemplate(template_id)

    def rank(variant: Variant) -> tuple[bool, bool, str]:
        drawn = hashlib.sha256(f"{seed}\x1f{variant.id}".encode()).hexdigest()
        return variant.id in used, variant.tone != tone, drawn

    return min(offered, key=rank)
