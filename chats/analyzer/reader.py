"""Reading a turn: what the buyer wants, in what tone, and what must not follow."""

import re
from collections.abc import Iterable, Sequence

from chats.analyzer.records import Context, Evidence, Reading, Turn
from chats.analyzer.taxonomy import Flag, Intent, Sentiment, scenario_of

VERSION = "words-1"

CUES: tuple[tuple[Intent, str], ...] = (
    (Intent.RETURN_REFUND, r"верн[уи]|возврат|обмен|поменя(?:йте|ть)|деньги"),
    (Intent.ORDER_CANCEL, r"отмен|не отправляйте|лишний раз"),
    (Intent.PROMO_REQUEST, r"промокод|скидк|дешевле|акци[яию]|кэшб[еэ]к|балл"),
    (Intent.WARRANTY_DOCS, r"гаранти|чек\b|сертификат|маркировк|упд\b"),
    (Intent.WRONG_ITEM, r"вместо|не доложили|не то\b|чужой|пуст(?:ая|ой)"),
    (Intent.DEFECT_NOT_WORKING, r"не работает|слом|трещин|разбит|не включа"),
    (Intent.DELIVERY_STATUS, r"достав|курьер|посылк|отследить|пункт|когда при"),
    (Intent.SIZING_FIT, r"размер|маломер|рост\b|обхват|в плечах"),
    (Intent.COMPATIBILITY, r"подойд[её]т|совместим|подходит к|вольт"),
    (Intent.AVAILABILITY, r"наличи|поступлени|закончил|будет ещ[её]"),
    (Intent.USAGE_INSTRUCTION, r"как (?:включ|польз|собра|стир)|инструкц"),
    (Intent.QUALITY_COMPLAINT, r"воня|ужасн|качеств|срок годности|мят[аоы]"),
    (Intent.POSITIVE_FEEDBACK, r"супер|отличн|довол(?:ен|ьна)|рекоменд|топ\b"),
    (Intent.PRE_PURCHASE, r"состав|вес\b|из чего|сколько грамм|чем отлича"),
    (Intent.THANKS, r"спасиб|благодар|хорошего дня"),
)
PATTERNS = tuple((intent, re.compile(cue, re.IGNORECASE)) for intent, cue in CUES)
NEGATIVE = re.compile(
    r"не работ|ужас|слом|разбит|воня|обман|вместо|мят[аоы]", re.IGNORECASE
)
POSITIVE = re.compile(
    r"супер|отличн|довол|рекоменд|спасиб|благодар|топ\b", re.IGNORECASE
)
UNSAFE = re.compile(r"ожог|аллерги|роспотреб|в суд\b|мошенник|полици", re.IGNORECASE)


def analyze(turn: str | Turn, context: Context | None = None) -> Reading:
    """
    Return what the turn says. Any text is read, an empty one as other.

    ``context`` is what was said before; without it a short follow-up is other.
    """
    return analyze_many([(turn, context)])[0]


def analyze_many(
    turns: Iterable[tuple[str | Turn, Context | None]],
) -> list[Reading]:
    """Return one Reading for each (turn, context), in order."""
    return [_read(_messages(turn)) for turn, _ in turns]


def _messages(turn: str | Turn) -> Sequence[str]:
    return (turn,) if isinstance(turn, str) else turn.messages


def _read(messages: Sequence[str]) -> Reading:
    intent, evidence = Intent.OTHER, ()
    for index, text in enumerate(messages):
        for candidate, pattern in PATTERNS:
            if intent is Intent.OTHER and (found := pattern.search(text[:20_000])):
                intent = candidate
                span = (index, *found.span())
                evidence = (Evidence(*span, "intent", candidate.value),)
    text = "\n".join(messages)[:20_000]
    sentiment = Sentiment.NEUTRAL
    if NEGATIVE.search(text):
        sentiment = Sentiment.NEGATIVE
    elif POSITIVE.search(text):
        sentiment = Sentiment.POSITIVE
    flags = (Flag.INJURY_HEALTH,) if UNSAFE.search(text) else ()
    return Reading(
        intent=intent,
        sentiment=sentiment,
        intent_confidence=0.5,
        sentiment_confidence=0.5,
        scenario=scenario_of(intent, sentiment),
        scenario_confidence=0.5,
        confident=False,
        flags=flags,
        evidence=evidence,
        secondary_intent=None,
        language="ru",
        version=VERSION,
    )
