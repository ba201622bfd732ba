"""
What leaves the machine for an external model: the turn, masked, and nothing else.

The page «what the AI sees» and the request itself are made from the same Brief.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chats.analyzer import Context, Line, Turn
from chats.policy import masking
from chats.policy.masking import PiiKind

LONGEST = 1500
"""Characters of one message that are shown; the text is masked before it is cut."""
READ = 20_000
EARLIER = 6
TURN = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of masked text; ``kind`` says what a placeholder stands for."""

    text: str
    kind: PiiKind | None = None


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
    return Brief(
        good=_said("good", title),
        earlier=tuple(_lines(context.history[-EARLIER:])),
        turn=tuple(_said("buyer", text) for text in turn.messages[-TURN:]),
    )


def _lines(history: Iterable[Line]) -> Iterable[Said]:
    return (_said(line.author, line.text) for line in history)


def _said(author: str, text: str) -> Said:
    """Mask, then cut: a number cut in two would no longer be seen as one."""
    text = text[:READ]
    pieces, end = [], 0
    for span in masking.mask(text).spans:
        pieces += [Piece(text[end : span.start]), Piece(span.placeholder, span.kind)]
        end = span.end
    pieces.append(Piece(text[end:]))
    return Said(author, tuple(_cut(pieces)))


def _cut(pieces: Iterable[Piece]) -> Iterable[Piece]:
    left = LONGEST
    for piece in pieces:
        if piece.text and left > 0:
            whole = piece.kind or len(piece.text) <= left
            yield piece if whole else Piece(piece.text[: left - 1] + "…")
            left -= len(piece.text)
