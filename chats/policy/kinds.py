"""Why a text may not leave."""

from enum import StrEnum


class Kind(StrEnum):
    """A reason to stop a text; what to change is said by ``chats.wording``."""

    EMPTY = "empty"
    ONE_WORD = "one_word"
    TOO_LONG = "too_long"
    MAY_BE_TOO_LONG = "may_be_too_long"
    UNFILLED = "unfilled"
    EMPTY_SLOT = "empty_slot"
    CONTACT = "contact"
    LINK = "link"
    OTHER_SHOP = "other_shop"
    REFUND_PROMISE = "refund_promise"
    REVIEW_REWARD = "review_reward"
    REVIEW_WITH_CODE = "review_with_code"
    PERSONAL = "personal"
    UNKNOWN_CODE = "unknown_code"
    WRONG_PERCENT = "wrong_percent"
    WRONG_DATE = "wrong_date"
    WRONG_SCOPE = "wrong_scope"
    AI_MENTION = "ai_mention"
    URGENCY = "urgency"
    ASSURANCE = "assurance"
    LEGAL = "legal"
    BAD_WORDS = "bad_words"
    MEDICAL = "medical"
    TRICK = "trick"
