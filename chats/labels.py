"""What people read for an intent, a mood, a safety flag and a confidence."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.analyzer.taxonomy import Flag, Intent, Sentiment

SCOPES: Mapping[str, Promise] = {
    "waiting": _("Waiting"),
    "mine": _("Mine"),
    "unassigned": _("Nobody's"),
    "failed": _("Stuck"),
    "code": _("With code"),
    "snoozed": _("Put off"),
    "all": _("All"),
}
INTENTS: Mapping[str, Promise] = {
    Intent.DEFECT_NOT_WORKING: _("Does not work"),
    Intent.WRONG_ITEM: _("Wrong item"),
    Intent.QUALITY_COMPLAINT: _("Quality complaint"),
    Intent.RETURN_REFUND: _("Return and refund"),
    Intent.DELIVERY_STATUS: _("Delivery"),
    Intent.ORDER_CANCEL: _("Cancelling an order"),
    Intent.USAGE_INSTRUCTION: _("How to use it"),
    Intent.WARRANTY_DOCS: _("Warranty and papers"),
    Intent.PRE_PURCHASE: _("Question before buying"),
    Intent.SIZING_FIT: _("Size and fit"),
    Intent.AVAILABILITY: _("Availability"),
    Intent.COMPATIBILITY: _("Compatibility"),
    Intent.PROMO_REQUEST: _("Asks for a discount"),
    Intent.POSITIVE_FEEDBACK: _("Praise"),
    Intent.THANKS: _("Thanks"),
    Intent.OTHER: _("Something else"),
}
MOODS: Mapping[str, Promise] = {
    Sentiment.NEGATIVE: _("Unhappy"),
    Sentiment.NEUTRAL: _("Neutral"),
    Sentiment.POSITIVE: _("Happy"),
}
MOOD_TONES: Mapping[str, str] = {
    Sentiment.NEGATIVE: "bad",
    Sentiment.NEUTRAL: "",
    Sentiment.POSITIVE: "good",
}
"""The colour of a mood; the word beside it says the same."""
FLAGS: Mapping[str, Promise] = {
    Flag.INJURY_HEALTH: _("Harm to health"),
    Flag.CHILD_SAFETY: _("A child in danger"),
    Flag.HAZARD: _("Fire, smoke or shock"),
    Flag.PET_HARM: _("Harm to a pet"),
    Flag.CONTAMINATION: _("Mould, insects, spoiled goods"),
    Flag.LEGAL_THREAT: _("Court or authorities"),
    Flag.SCAM_FRAUD: _("Counterfeit or fraud"),
    Flag.EXTORTION: _("Threatens with a bad review"),
    Flag.ABUSE_ONLY: _("Only insults"),
    Flag.GRIEF_SENSITIVE: _("Grief"),
    Flag.PRIVACY_BREACH: _("Private data exposed"),
    Flag.SELF_HARM: _("Talks of self-harm"),
    Flag.MEDIA_THREAT: _("Threatens to go public"),
    Flag.HATE_POLITICS: _("Hate or politics"),
}
CONFIDENCE = ((0.8, _("high")), (0.55, _("medium")), (0.0, _("low")))


def intent(word: str) -> str:
    """Return the intent as a person reads it; nothing for nothing."""
    return str(INTENTS.get(word, word))


def mood(word: str) -> str:
    """Return the mood as a person reads it."""
    return str(MOODS.get(word, word))


def flag(word: str) -> str:
    """Return the safety flag as a person reads it."""
    return str(FLAGS.get(word, word))


def confidence(value: float) -> str:
    """Return a confidence (0–1) in words: nobody decides by the third decimal."""
    return str(next(word for least, word in CONFIDENCE if value >= least))
