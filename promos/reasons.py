"""Machine words of the rules, and the sentence a person reads for each."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos.rules.choice import Loss
from promos.rules.eligibility import Refusal

REFUSALS: Mapping[str, Promise] = {
    Refusal.DRAFT: _("a draft: not yet made in the WB cabinet"),
    Refusal.OFF: _("switched off by the shop"),
    Refusal.NOT_STARTED: _("has not started yet"),
    Refusal.EXPIRED: _("has ended"),
    Refusal.EXPIRES_TOO_SOON: _("ends within 12 hours: the buyer has no time"),
    Refusal.LEAKED: _("is used by strangers"),
    Refusal.WRONG_USE_CASE: _("is not meant for this occasion"),
    Refusal.BELOW_MIN_DISCOUNT: _("the discount is too small for this occasion"),
    Refusal.UNKNOWN_ARTICLE: _("the article of the chat is not known"),
    Refusal.OUT_OF_SCOPE: _("does not cover this article"),
    Refusal.ARTICLE_GONE: _("the article has left the catalogue"),
    Refusal.NO_PRICE: _("the article has no price"),
    Refusal.VOID_ABOVE_45: _("would not work: discounts are above 45 %"),
    Refusal.WORSE_THAN_LOYALTY: _("gives no more than the loyalty discount"),
    Refusal.COST_UNKNOWN: _("the cost of the article is not known"),
    Refusal.BELOW_MARGIN_FLOOR: _("would leave less than the least margin"),
    Refusal.BUDGET_CODE: _("the loss budget of the code is used up"),
    Refusal.BUDGET_DAY: _("the loss budget of the day is used up"),
    Refusal.BUDGET_USE_CASE: _(
        "the loss budget of this occasion for the month is used up"
    ),
    Refusal.DAILY_CAP: _("the sends of the day are used up"),
    Refusal.SENT_RECENTLY: _("this chat got a code not long ago"),
}
"""Why a code may not be offered, to follow its name."""

LOSSES: Mapping[str, Promise] = {
    Loss.LARGER_DISCOUNT: _("a smaller discount is enough"),
    Loss.ENDS_SOONER: _("ends sooner"),
    Loss.WIDER_SCOPE: _("covers more articles than needed"),
    Loss.LATER_NAME: _("equal in everything; the name decided"),
}
"""By what a suitable code lost to the chosen one."""

OFFERS: Mapping[str, Promise] = {
    "loyalty": _("A thank-you to a happy buyer."),
    "retention": _("An apology to an unhappy buyer."),
    "conversion": _("A nudge for a buyer who is choosing."),
    "no_rule": _("A message like this takes no code."),
    "promo_request_off": _("The shop does not offer codes to those who ask for one."),
    "thanks_off": _("The shop does not offer codes for a plain thank-you."),
    "no_live_codes": _("The shop has no code that runs now."),
    "sent_recently": _("This chat got a code not long ago."),
    "budget_spent": _("The loss budget is used up: no code is suggested."),
    "none_fits": _("None of the codes fits this chat."),
}
"""Why a code was chosen, or why there is none: ``Offer.reason``."""


def against(reason: str) -> str:
    """Return why a code was not chosen; an unknown word stays as it is."""
    return str(REFUSALS.get(reason) or LOSSES.get(reason) or reason)
