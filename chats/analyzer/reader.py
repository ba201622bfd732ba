"""
Reading a turn: what the buyer wants, in what tone, and what must not follow.

The heads give probabilities; the conversation may lend a short follow-up its
intent; the alarms overrule the scenario. The artefacts are loaded once, at the
first reading.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from chats.analyzer import features
from chats.analyzer.alphabet import russian
from chats.analyzer.context import (
    SIZE_ASKED,
    followed,
    is_follow_up,
    is_size,
    sold,
)
from chats.analyzer.deep import Deep
from chats.analyzer.encoder import ENCODER, Encoder
from chats.analyzer.evidence import Quotes
from chats.analyzer.features import Floats, Seen
from chats.analyzer.heads import (
    COLUMNS,
    FLAGS,
    HEADS,
    INTENTS,
    SAFE,
    SCENARIOS,
    SENTIMENTS,
    Heads,
    both,
    scenarios,
    softmax,
)
from chats.analyzer.layers import arrays
from chats.analyzer.records import Context, Evidence, Reading, Turn
from chats.analyzer.taxonomy import (
    Flag,
    Intent,
    Scenario,
    Sentiment,
    scenario_of,
)
from chats.analyzer.text import Word, language, plain, words

SECOND = 0.2
"""The least probability of a second intent worth naming."""
READABLE = frozenset({"ru", "be", "uk"})
"""Languages whose readings may be confident."""
BATCH = 64


@dataclass(frozen=True)
class Chances:
    """Calibrated probabilities of one turn, and how unsafe each flag says it is."""

    intents: Floats
    sentiments: Floats
    flags: Floats


@dataclass(frozen=True)
class Page:
    """A turn laid out for reading: its tokens and the message each stands in."""

    messages: tuple[str, ...]
    text: str
    seen: Seen
    places: list[int]


@cache
def _artefacts() -> tuple[Encoder, Heads, Deep]:
    encoder = Encoder(ENCODER)
    kept = arrays(HEADS)
    return encoder, Heads.of(kept), Deep.of(kept, encoder.texts)


def analyze(turn: str | Turn, context: Context | None = None) -> Reading:
    """
    Return what the turn says. Any text is read, an empty one as other.

    ``context`` is what was said before; without it a short follow-up is other.
    """
    return analyze_many([(turn, context)])[0]


def analyze_many(
    turns: Iterable[tuple[str | Turn, Context | None]],
) -> list[Reading]:
    """Return one Reading for each (turn, context), in order; faster than singly."""
    asked = list(turns)
    readings: list[Reading] = []
    for start in range(0, len(asked), BATCH):
        readings += _read_batch(asked[start : start + BATCH])
    return readings


def _read_batch(asked: list[tuple[str | Turn, Context | None]]) -> list[Reading]:
    pages = [_page(turn, sold(context)) for turn, context in asked]
    chances = _chances(pages)
    return [
        _reading(page, _in_context(page, chance, context))
        for page, chance, (_, context) in zip(pages, chances, asked, strict=True)
    ]


def _page(turn: str | Turn, named: Collection[str] = ()) -> Page:
    encoder, *_ = _artefacts()
    messages = (turn,) if isinstance(turn, str) else tuple(turn.messages)
    tokens: list[Word] = []
    places: list[int] = []
    for number, message in enumerate(messages):
        found = russian(words(message), encoder)
        tokens += found
        places += [number] * len(found)
        if len(tokens) > features.WORD_LIMIT * 4:
            break
    return Page(messages, "\n".join(messages), features.see(tokens, named), places)


def _chances(pages: list[Page]) -> list[Chances]:
    """Return the probabilities of each page, in order."""
    if not pages:
        return []
    encoder, heads, deep = _artefacts()
    texts, turns = [page.text for page in pages], [page.seen for page in pages]
    scores = both(encoder, heads, deep, texts, turns)
    heats = (*heads.settings[:2], np.float32(1))
    parts = [
        softmax(scores[:, columns] * heat)
        for columns, heat in zip(COLUMNS, heats, strict=True)
    ]
    return [Chances(*row) for row in zip(*parts, strict=True)]


def _in_context(page: Page, chances: Chances, context: Context | None) -> Chances:
    """Return the probabilities once the conversation has had its say."""
    forms = [token.form for token in page.seen.tokens]
    if is_size(forms, context):
        return Chances(SIZE_ASKED, chances.sentiments, chances.flags)
    if not forms or not is_follow_up(forms, chances.intents, context):
        return chances
    assert context is not None
    earlier = _chances([_page(text) for text in followed(context)])
    intents = chances.intents
    for before in reversed(earlier):
        if INTENTS[int(before.intents.argmax())] not in (Intent.OTHER, Intent.THANKS):
            intents = 0.15 * chances.intents + 0.85 * before.intents
            break
    return Chances(intents, chances.sentiments, chances.flags)


def _reading(page: Page, chances: Chances) -> Reading:
    if not page.seen.tokens:
        return _nothing(page)
    _, heads, _ = _artefacts()
    first, second = np.argsort(-chances.intents)[:2]
    mood = int(chances.sentiments.argmax())
    options = _options(chances, heads)
    best = int(options.argmax())
    scenario, sure = SCENARIOS[best], float(options[best])
    flags = _flags(page.seen, chances, heads)
    tongue = language(plain(page.seen.tokens))
    clear = scenario is Scenario.NONE or sure >= float(heads.settings[2 + best])
    told = scenario_of(INTENTS[first], SENTIMENTS[mood])
    second_fits = chances.intents[second] >= SECOND and second != len(INTENTS) - 1
    return Reading(
        intent=INTENTS[first],
        sentiment=SENTIMENTS[mood],
        intent_confidence=round(float(chances.intents[first]), 4),
        sentiment_confidence=round(float(chances.sentiments[mood]), 4),
        scenario=Scenario.NONE if flags else scenario,
        scenario_confidence=round(sure, 4),
        confident=clear and told in (scenario, Scenario.NONE) and tongue in READABLE,
        flags=flags,
        evidence=_evidence(page, heads, int(first), mood, flags),
        secondary_intent=INTENTS[second] if second_fits else None,
        language=tongue,
        version=heads.version,
    )


def _options(chances: Chances, heads: Heads) -> Floats:
    options = scenarios(chances.intents[None], chances.sentiments[None], heads.lift)
    best: Floats = options[0]
    return best


def _flags(seen: Seen, chances: Chances, heads: Heads) -> tuple[Flag, ...]:
    """Return the likeliest flag of an unsafe turn, and those its alarms raised."""
    if float(chances.flags[SAFE:].sum()) < float(heads.settings[5]):
        return ()
    rung = {alarm.flag for alarm in seen.alarms}
    rung.add(FLAGS[int(chances.flags[SAFE:].argmax())])
    return tuple(flag for flag in FLAGS if flag in rung)


def _evidence(
    page: Page, heads: Heads, intent: int, mood: int, flags: tuple[Flag, ...]
) -> tuple[Evidence, ...]:
    quotes = Quotes(heads, page.seen, page.places)
    found = quotes.column("intent", INTENTS[intent].value, intent)
    column = COLUMNS[1].start + mood
    found += quotes.column("sentiment", SENTIMENTS[mood].value, column)
    rung = {alarm.flag: alarm for alarm in page.seen.alarms}
    for flag in flags:
        if flag in rung:
            found += quotes.alarm(rung[flag])
        else:
            column = COLUMNS[2].start + SAFE + FLAGS.index(flag)
            found += quotes.column("flag", flag.value, column)
    return tuple(found)


def _nothing(page: Page) -> Reading:
    """Return the reading of a turn without a single token."""
    return Reading(
        intent=Intent.OTHER,
        sentiment=Sentiment.NEUTRAL,
        intent_confidence=1.0,
        sentiment_confidence=1.0,
        scenario=Scenario.NONE,
        scenario_confidence=1.0,
        confident=False,
        flags=(),
        evidence=(),
        secondary_intent=None,
        language=language(plain(page.seen.tokens)),
        version=_artefacts()[1].version,
    )
