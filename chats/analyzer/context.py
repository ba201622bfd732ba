"""When a turn is too short to be read alone, and which earlier lines explain it."""

from datetime import timedelta

from chats.analyzer.features import Floats
from chats.analyzer.heads import INTENTS
from chats.analyzer.records import Context
from chats.analyzer.taxonomy import Intent

MEMORY = timedelta(hours=24)
"""How long a dialogue keeps its intent."""
SHORT = 4
"""Words of a turn that may be a mere follow-up."""
LOOKBACK = 5
"""Earlier lines of the buyer that are read again for their intent."""
OTHER = INTENTS.index(Intent.OTHER)
THANKS = INTENTS.index(Intent.THANKS)
LINKS = frozenset({"а", "и", "или", "тогда", "еще", "ну"})


def is_follow_up(forms: list[str], intents: Floats, context: Context | None) -> bool:
    """
    Return whether the conversation should lend the turn its intent.

    It does when the turn is short and either says nothing by itself while the
    seller has just asked, or hangs on what was said («а 46?»). Thanks never do.
    """
    if context is None or not context.history:
        return False
    spoken = [form for form in forms if form[0].isalnum() or form in "+👍"]
    if len(spoken) > SHORT or intents.argmax() == THANKS:
        return False
    last = context.history[-1]
    asked = last.author == "seller" and "?" in last.text
    if asked:
        return bool(intents.argmax() == OTHER or intents.max() < 0.6 or _bare(spoken))
    hanging = bool(spoken) and (spoken[0] in LINKS or _bare(spoken))
    return hanging and bool(intents.argmax() == OTHER or intents.max() < 0.75)


def _bare(spoken: list[str]) -> bool:
    """Return whether there is nothing but numbers and linking words."""
    return all(form[0].isdigit() or form in LINKS or form == "+" for form in spoken)


def followed(context: Context) -> list[str]:
    """Return the buyer's last lines within the dialogue's memory, oldest first."""
    newest = max(line.at for line in context.history)
    lines = [
        line.text
        for line in context.history
        if line.author == "buyer" and newest - line.at <= MEMORY
    ]
    return lines[-LOOKBACK:]
