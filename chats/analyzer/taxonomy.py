"""The words of the analyser: intents, sentiments, scenarios and safety flags."""

from enum import StrEnum


class Intent(StrEnum):
    """What the buyer wants. The order is that of the artefact's columns."""

    DEFECT_NOT_WORKING = "defect_not_working"
    WRONG_ITEM = "wrong_item"
    QUALITY_COMPLAINT = "quality_complaint"
    RETURN_REFUND = "return_refund"
    DELIVERY_STATUS = "delivery_status"
    ORDER_CANCEL = "order_cancel"
    USAGE_INSTRUCTION = "usage_instruction"
    WARRANTY_DOCS = "warranty_docs"
    PRE_PURCHASE = "pre_purchase"
    SIZING_FIT = "sizing_fit"
    AVAILABILITY = "availability"
    COMPATIBILITY = "compatibility"
    PROMO_REQUEST = "promo_request"
    POSITIVE_FEEDBACK = "positive_feedback"
    THANKS = "thanks"
    OTHER = "other"


class Sentiment(StrEnum):
    """In what tone the buyer writes; sarcasm counts as it is meant."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Scenario(StrEnum):
    """Which promo scenario a turn belongs to; none means no code."""

    UC1 = "UC1"
    UC2 = "UC2"
    UC3 = "UC3"
    NONE = "none"


class Flag(StrEnum):
    """Why no code may be offered, whatever the intent."""

    INJURY_HEALTH = "injury_health"
    CHILD_SAFETY = "child_safety"
    HAZARD = "hazard"
    PET_HARM = "pet_harm"
    CONTAMINATION = "contamination"
    LEGAL_THREAT = "legal_threat"
    SCAM_FRAUD = "scam_fraud"
    EXTORTION = "extortion"
    ABUSE_ONLY = "abuse_only"
    GRIEF_SENSITIVE = "grief_sensitive"
    PRIVACY_BREACH = "privacy_breach"
    SELF_HARM = "self_harm"
    MEDIA_THREAT = "media_threat"
    HATE_POLITICS = "hate_politics"


APOLOGY = frozenset(
    {
        Intent.DEFECT_NOT_WORKING,
        Intent.WRONG_ITEM,
        Intent.QUALITY_COMPLAINT,
        Intent.RETURN_REFUND,
    }
)
PERSUASION = frozenset(
    {
        Intent.PRE_PURCHASE,
        Intent.SIZING_FIT,
        Intent.AVAILABILITY,
        Intent.COMPATIBILITY,
        Intent.PROMO_REQUEST,
    }
)
GRATITUDE = frozenset({Intent.POSITIVE_FEEDBACK, Intent.THANKS})


def scenario_of(intent: Intent, sentiment: Sentiment) -> Scenario:
    """Return the promo scenario of a pair; every pair has exactly one."""
    if intent in APOLOGY and sentiment is Sentiment.NEGATIVE:
        return Scenario.UC2
    if intent in PERSUASION and sentiment is not Sentiment.NEGATIVE:
        return Scenario.UC3
    if intent in GRATITUDE and sentiment is Sentiment.POSITIVE:
        return Scenario.UC1
    return Scenario.NONE
