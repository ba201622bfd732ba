"""What to change in a text that may not leave: one sentence for each kind."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.policy.kinds import Kind
from chats.policy.outbound import Violation

ADVICE: Mapping[Kind, Promise] = {
    Kind.EMPTY: _("Write the reply: there are no words in it."),
    Kind.ONE_WORD: _("Write a sentence: one word sounds curt."),
    Kind.TOO_LONG: _("Shorten to %(limit)s characters: there are %(length)s now."),
    Kind.MAY_BE_TOO_LONG: _("Remove some emoji: WB may count them twice (%(units)s)."),
    Kind.UNFILLED: _("Replace the variable “%(text)s” with words."),
    Kind.EMPTY_SLOT: _("Something is missing at “%(text)s”: fill it in."),
    Kind.CONTACT: _(
        "Remove “%(text)s”: contacts and calls to write elsewhere are banned."
    ),
    Kind.LINK: _("Remove “%(text)s”: links and site names are banned in the chat."),
    Kind.OTHER_SHOP: _("Remove “%(text)s”: do not lead the buyer away from WB."),
    Kind.REFUND_PROMISE: _(
        "Reword “%(text)s”: WB decides on refunds. Explain how to file a claim."
    ),
    Kind.REVIEW_REWARD: _("Remove “%(text)s”: nothing may be given for a review."),
    Kind.REVIEW_WITH_CODE: _("Do not ask for a review next to a code: “%(text)s”."),
    Kind.PERSONAL: _("Reword “%(text)s”: the code is shared, anybody can use it."),
    Kind.UNKNOWN_CODE: _(
        "“%(text)s” is not the code chosen for this reply: remove it."
    ),
    Kind.WRONG_PERCENT: _(
        "The discount “%(text)s” is not that of the code: %(right)s."
    ),
    Kind.WRONG_DATE: _("“%(text)s” is not the last day of the code: %(right)s."),
    Kind.WRONG_SCOPE: _("“%(text)s” is not what the code covers: %(right)s."),
    Kind.AI_MENTION: _("Remove “%(text)s”: the reply comes from the shop."),
    Kind.URGENCY: _("Remove “%(text)s”: do not hurry the buyer."),
    Kind.ASSURANCE: _("Reword “%(text)s”: state only what is known of the product."),
    Kind.LEGAL: _("Remove “%(text)s”: the shop gives no legal advice."),
    Kind.BAD_WORDS: _("Reword “%(text)s”: no blame and no insults."),
    Kind.MEDICAL: _("Remove “%(text)s”: only a doctor advises on health."),
    Kind.TRICK: _(
        "Remove “%(text)s”: do not ask the buyer to hide a reason or to cancel for you."
    ),
}
"""With ``Violation.params`` for the percent signs."""

NO_CODE = _("no code goes with this reply")


def advice(violation: Violation) -> str:
    """Return what to change, with the words that broke the rule."""
    params = {"text": "", "right": NO_CODE, **violation.params}
    return str(ADVICE[violation.kind]) % params
