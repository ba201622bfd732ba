"""What goes into the analyser and what comes out: plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from chats.analyzer.taxonomy import Flag, Intent, Scenario, Sentiment

Author = Literal["buyer", "seller", "wb"]


@dataclass(frozen=True)
class Turn:
    """The buyer's unanswered messages, oldest first."""

    messages: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One earlier message of the chat. ``at`` is an aware instant."""

    author: Author
    text: str
    at: datetime


@dataclass(frozen=True)
class Good:
    """The good card the chat hangs on; empty fields are unknown."""

    title: str = ""
    nm_id: int | None = None


@dataclass(frozen=True)
class Context:
    """What was said before the turn, oldest first, and about which good."""

    history: tuple[Line, ...] = ()
    good: Good | None = None


@dataclass(frozen=True)
class Evidence:
    """
    A stretch of the buyer's own words that drove the reading.

    ``start`` and ``end`` count code points of ``messages[message_index]`` as
    written, end exclusive. ``kind`` is intent, sentiment or flag; ``label`` is
    the value it speaks for.
    """

    message_index: int
    start: int
    end: int
    kind: Literal["intent", "sentiment", "flag"]
    label: str


@dataclass(frozen=True)
class Reading:
    """
    What the analyser understood of one turn.

    Confidences are calibrated probabilities, 0–1. ``confident`` is False when
    the scenario is not sure enough for a code: word the reply without one.
    ``flags`` not empty means no code whatever the rest says; ``scenario`` is
    then none. ``language`` is an ISO 639-1 code, "" when there are no letters.
    """

    intent: Intent
    sentiment: Sentiment
    intent_confidence: float
    sentiment_confidence: float
    scenario: Scenario
    scenario_confidence: float
    confident: bool
    flags: tuple[Flag, ...]
    evidence: tuple[Evidence, ...]
    secondary_intent: Intent | None
    language: str
    version: str

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, for storing beside the message."""
        second = self.secondary_intent
        return {
            "intent": self.intent.value,
            "sentiment": self.sentiment.value,
            "intent_confidence": self.intent_confidence,
            "sentiment_confidence": self.sentiment_confidence,
            "scenario": self.scenario.value,
            "scenario_confidence": self.scenario_confidence,
            "confident": self.confident,
            "flags": [flag.value for flag in self.flags],
            "evidence": [vars(item).copy() for item in self.evidence],
            "secondary_intent": second.value if second else None,
            "language": self.language,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the Reading that ``as_dict`` stored."""
        second = stored["secondary_intent"]
        return cls(
            intent=Intent(stored["intent"]),
            sentiment=Sentiment(stored["sentiment"]),
            intent_confidence=stored["intent_confidence"],
            sentiment_confidence=stored["sentiment_confidence"],
            scenario=Scenario(stored["scenario"]),
            scenario_confidence=stored["scenario_confidence"],
            confident=stored["confident"],
            flags=tuple(Flag(flag) for flag in stored["flags"]),
            evidence=tuple(Evidence(**item) for item in stored["evidence"]),
            secondary_intent=Intent(second) if second else None,
            language=stored["language"],
            version=stored["version"],
        )
