"""When a turn is too short to be read alone, and which earlier lines explain it."""

import re
from datetime import timedelta

import numpy as np

from chats.analyzer.features import Floats
from chats.analyzer.heads import INTENTS
from chats.analyzer.records import Context
from chats.analyzer.taxonomy import Intent
from chats.analyzer.text import words

MEMORY = timedelta(hours=24)
"""How long a dialogue keeps its intent."""
SHORT = 4
"""Words of a turn that may be a mere follow-up."""
ANSWER = 10
"""Words of a turn that may still be an answer, if it is vague by itself."""
VAGUE = 0.6
"""Below this a longer answer to the seller's question is about what was asked."""
ASKS = re.compile(
    r"\?|\b(?:напишите|подскажите|уточните|укажите|скажите|пришлите|сообщите|назовите)\b"
    r"(?!\W+(?:(?:нам|мне|пожалуйста)\W+){0,3}(?:если|когда|как только|при)\b)"
)
"""What the seller says when he asks; «напишите, если будут вопросы» is no question."""
LOOKBACK = 5
"""Earlier lines of the buyer that are read again for their intent."""
OTHER = INTENTS.index(Intent.OTHER)
THANKS = INTENTS.index(Intent.THANKS)
ANSWERED = 0.92
"""Below this an answer to the seller's question is about what was asked."""
HANGING = 0.75
"""Below this a turn that begins with «а» hangs on what was said before."""
GRATEFUL = ("спасиб", "пасиб", "благодар", "спс", "мерси")
SIZE = re.compile(r"[2-7]\d|[2-5]?x{1,3}[ls]|[sml]|[смл]|х{1,3}[лс]")
"""A size of clothes or shoes by itself."""
LINKS = frozenset({"а", "и", "или", "тогда", "еще", "ну"})
CLOTHES = re.compile(
    "плать|юбк|брюк|джинс|шорт|футболк|рубаш|блуз|худи|толстовк|свитер|свитшот|кофт|"
    "кардиган|куртк|пухов|пальто|плащ|пиджак|жакет|костюм|комбинез|пижам|халат|белье|"
    "трус|бюстгальт|лифчик|купальник|колгот|носк|легинс|лосин|водолазк|туник|сарафан|"
    "кроссов|кед|ботин|сапог|туфл|босонож|сандал|тапоч|тапк|балетк|лофер|мокасин|"
    "ботильон|угги|валенк|дублен|шуб|ветровк|жилет|боди|майк|топ$|поло$|обув"
)
"""How the titles of goods that come in sizes begin their words."""
SIZE_ASKED = np.full(len(INTENTS), 0.05 / (len(INTENTS) - 2), dtype=np.float32)
SIZE_ASKED[INTENTS.index(Intent.AVAILABILITY)] = 0.6
SIZE_ASKED[INTENTS.index(Intent.SIZING_FIT)] = 0.35
"""What «46?» under a dress asks before anything was said: is there one, mostly."""
UNITS = frozenset(
    {"кг", "см", "мм", "г", "гр", "мл", "л", "лет", "размер", "р", "шт", "рост"}
)


def is_follow_up(forms: list[str], intents: Floats, context: Context | None) -> bool:
    """
    Return whether the conversation should lend the turn its intent.

    It does when the turn is short and either says nothing by itself while the
    seller has just asked, or hangs on what was said («а 46?»), and when a longer
    one answers the seller without saying clearly what it is about. Thanks never do.
    """
    if context is None or not context.history:
        return False
    spoken = [form for form in forms if form[0].isalnum() or form in "+👍"]
    last, top = context.history[-1], int(intents.argmax())
    asked = last.author == "seller" and ASKS.search(last.text.lower()) is not None
    if any(form.startswith(GRATEFUL) for form in spoken):
        return False
    if len(spoken) > SHORT:
        return asked and len(spoken) <= ANSWER and float(intents[top]) < VAGUE
    unclear = top in (OTHER, THANKS) or _bare(spoken)
    if asked:
        return unclear or float(intents[top]) < ANSWERED
    linked = bool(spoken) and spoken[0] in LINKS
    return _bare(spoken) or (linked and (top == OTHER or intents[top] < HANGING))


def _bare(spoken: list[str]) -> bool:
    """Return whether there is nothing but numbers, units and linking words."""
    return all(
        form[0].isdigit() or form in LINKS | UNITS or form == "+" for form in spoken
    )


def followed(context: Context) -> list[str]:
    """Return the buyer's last lines within the dialogue's memory, oldest first."""
    newest = max(line.at for line in context.history)
    lines = [
        line.text
        for line in context.history
        if line.author == "buyer" and newest - line.at <= MEMORY
    ]
    return lines[-LOOKBACK:]


def sold(context: Context | None) -> frozenset[str]:
    """Return the words of the good's title, none when it is not known."""
    if context is None or context.good is None:
        return frozenset()
    return frozenset(word.form for word in words(context.good.title))


def is_size(forms: list[str], context: Context | None) -> bool:
    """
    Return whether a chat opens with a bare size and a question («а 46?»).

    Only the good card can tell: the good must come in sizes. Once anything was
    said, the conversation tells more.
    """
    if context is None or context.history or "?" not in "".join(forms[-1:]):
        return False
    spoken = [form for form in forms if form[0].isalnum()]
    sizes = [form for form in spoken if SIZE.fullmatch(form)]
    if len(sizes) != 1 or not all(
        form in LINKS | UNITS for form in spoken if form not in sizes
    ):
        return False
    return any(CLOTHES.match(word) for word in sold(context))
