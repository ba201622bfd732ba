"""
What leaves the machine for an external model: the turn, masked, and nothing else.

The page «what the AI sees» and the request itself are made from the same Brief.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.analyzer import Context, Turn
from chats.policy import masking
from chats.policy.masking import PiiKind, Span

LONGEST = 1500
"""Characters of one message that are shown; the text is masked before it is cut."""
READ = 4000
EARLIER = 6
TURN = 10
NAMES: Mapping[PiiKind, Promise] = {
    PiiKind.EMAIL: _("e-mail address"),
    PiiKind.LINK: _("link or account"),
    PiiKind.CARD: _("bank card"),
    PiiKind.PASSPORT: _("document number"),
    PiiKind.PHONE: _("phone number"),
    PiiKind.ORDER: _("order number"),
    PiiKind.ADDRESS: _("postal address"),
    PiiKind.NAME: _("full name"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of masked text; ``kind`` says what a placeholder stands for."""

    text: str
    kind: PiiKind | None = None

    @property
    def name(self) -> str:
        """Return what is hidden here, in words; nothing for plain text."""
        return str(NAMES[self.kind]) if self.kind else ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message as an outsider would see it."""

    author: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """Return the masked text in one piece."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def hidden(self) -> tuple[Piece, ...]:
        """Return the placeholders alone."""
        return tuple(piece for piece in self.pieces if piece.kind)


@dataclass(frozen=True, slots=True)
class Brief:
    """A question to an external model. The buyer's name is not part of it."""

    good: Said
    earlier: tuple[Said, ...]
    turn: tuple[Said, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what is sent, as JSON."""
        return {
            "good": self.good.text,
            "earlier": [[said.author, said.text] for said in self.earlier],
            "messages": [said.text for said in self.turn],
        }


def brief(turn: Turn, context: Context) -> Brief:
    """Return the turn with a little of what was said before, masked."""
    title = context.good.title if context.good else ""
    history = context.history[-EARLIER:]
    words = turn.messages[-TURN:]
    authors = [line.author for line in history] + ["buyer"] * len(words)
    said = _said(authors, [line.text for line in history] + list(words))
    return Brief(
        good=_said(["good"], [title])[0],
        earlier=tuple(said[: len(history)]),
        turn=tuple(said[len(history) :]),
    )


def _said(authors: Iterable[str], texts: Iterable[str]) -> list[Said]:
    """Mask, then cut: a number cut in two would no longer be seen as one."""
    texts = [text[:READ] for text in texts]
    return [
        Said(author, tuple(_cut(_pieces(text, spans))))
        for author, text, spans in zip(authors, texts, _spans(texts), strict=True)
    ]


def _spans(texts: list[str]) -> list[list[Span]]:
    """
    Return what to hide in each text, read alone and as one dialogue.

    «Ваш паспорт?» «4509 123456»: only together do the two say what the number is.
    """
    joined = masking.mask("\n".join(texts)).spans
    found, start = [], 0
    for text in texts:
        end = start + len(text)
        own = list(masking.mask(text).spans)
        for span in joined:
            here = Span(
                max(span.start, start) - start,
                min(span.end, end) - start,
                span.kind,
                span.placeholder,
            )
            apart = all(one.end <= here.start or here.end <= one.start for one in own)
            if here.start < here.end and apart:
                own.append(here)
        found.append(sorted(own, key=lambda span: span.start))
        start = end + 1
    return found


def _pieces(text: str, spans: Iterable[Span]) -> Iterable[Piece]:
    end = 0
    for span in spans:
        yield Piece(text[end : span.start])
        yield Piece(span.placeholder, span.kind)
        end = span.end
    yield Piece(text[end:])


def _cut(pieces: Iterable[Piece]) -> Iterable[Piece]:
    left = LONGEST
    for piece in pieces:
        if piece.text and left > 0:
            whole = piece.kind or len(piece.text) <= left
            yield piece if whole else Piece(piece.text[: left - 1] + "…")
            left -= len(piece.text)
