"""
Machine words of the loop, and the sentence a person reads for each.

Rows keep the word, pages and the API the sentence; what a code lost by is said by
``promos.reasons``, what may not leave by ``chats.wording``.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos import reasons as promo_reasons

SUGGESTIONS: Mapping[str, Promise] = {
    **promo_reasons.OFFERS,
    "safety_flag": _("This needs a person at once: no code is offered here."),
    "not_confident": _("It is not certain what the buyer means: no code is offered."),
    "open_problem": _("The dialogue had a problem not long ago: no thank-you code."),
    "already_ordered": _("The buyer has already ordered this article."),
    "unsayable": _("No text with this code passes the rules for replies."),
}
"""Why a suggestion carries a code or none: ``Suggestion.reason``."""

CLOSED: Mapping[str, Promise] = {
    "newer_message": _("A newer message came."),
    "answered": _("The chat was answered otherwise."),
    "answered_elsewhere": _("The chat was answered in the WB cabinet."),
    "code_ended": _("The code no longer runs."),
}
"""Why a suggestion ended without a decision: ``Suggestion.closed_reason``."""

REFUSED: Mapping[str, Promise] = {
    "stale": _("The chat moved on: read what is new, then decide."),
    "closed": _("This suggestion was already decided upon."),
    "policy": _("The text may not be sent as it is."),
    "no_sign": _(
        "Sending is not possible yet: WB has not given this chat's signature. "
        "It usually arrives within a minute."
    ),
    "too_long": _("WB takes at most 1000 characters."),
    "empty": _("There is nothing to send."),
    "code_ended": _("The code no longer runs: choose another or send without it."),
    "code_changed": _("The terms of this code were changed: choose it anew."),
    "budget_code": _(
        "The loss budget of this code is used up: choose another or send without it."
    ),
    "budget_day": _("Today's loss budget of the shop is used up: send without a code."),
    "budget_use_case": _(
        "This month's loss budget for such occasions is used up: send without a code."
    ),
    "daily_cap": _(
        "This code went out as often as it may today: choose another or send without "
        "it."
    ),
    "no_code": _("This suggestion has no code."),
    "code_not_in_text": _("The chosen code is not in the text."),
    "bad_file": _("WB takes JPEG, PNG and PDF up to 5 MB, 30 MB together."),
    "no_files": _("This way of sending takes no files: send the text alone."),
    "in_progress": _("The reply is already being sent."),
    "not_open": _("The delivery of this reply is already settled."),
    "no_key": _("The act has no key."),
}
"""Why a decision was not taken: ``refusing.Refused.code``."""

DELIVERY: Mapping[str, Promise] = {
    "queued": _("Waits to be sent; it can still be taken back."),
    "sending": _("Being handed to WB."),
    "accepted": _("WB took the message."),
    "seen_in_feed": _("WB shows the message in the chat."),
    "rejected": _("WB refused the message."),
    "throttled": _("WB asks to wait; the reply goes out by itself."),
    "unavailable": _("WB could not be reached; another try follows by itself."),
    "breaker": _("WB keeps failing; tries are rarer until it answers again."),
    "disabled": _("WB switched sending off; another try follows by itself."),
    "no_answer": _("WB did not answer; we check whether the message arrived."),
    "worker_lost": _(
        "Sending was cut short here; we check whether the message arrived."
    ),
    "not_delivered": _("The message did not show up at WB; it is sent again."),
    "token_invalid": _(
        "WB does not accept the token. Enter a new one in the settings."
    ),
    "token_expired": _("The token has expired. Enter a new one in the settings."),
    "token_category": _(
        "The token lacks the category “Chat with buyers”. Make a new one with it."
    ),
    "token_type": _("WB does not take this type of token for the chat."),
    "token_read_only": _("The token is read-only. Make one that may write."),
    "token_withdrawn": _("The token was withdrawn in the WB cabinet. Enter a new one."),
    "no_token": _("The shop has no token that works. Enter one in the settings."),
    "unpaid": _("The balance of the WB service is empty. Top it up in the cabinet."),
    "no_sign": _("WB has not given this chat's signature yet; the reply waits for it."),
    "undone": _("Taken back before it was sent."),
    "dry_run": _("Dry run: nothing is sent."),
    "copied": _("Copied for the WB cabinet. Sent?"),
    "copy_confirmed": _("Marked as sent by hand in the WB cabinet."),
    "copy_dropped": _("Not sent by hand."),
    "confirmed_by_hand": _("Marked as delivered by a person."),
    "dropped_by_hand": _("Given up by a person."),
    "retried": _("Sent again at a person's request."),
    "code_ended": _("Its code ended before it could be sent."),
    "sign_renewed": _("WB wants the chat's other signature; sent again with it."),
    "too_slow": _("Sending took too long to begin; another try follows by itself."),
    "gave_up": _("Several tries brought no answer. Check the chat and try again."),
    "auto_off": _("Automatic replies were switched off before it was sent."),
    "shop_off": _("The shop is switched off."),
}
"""Why a reply is in its state: ``Outgoing.reason`` and ``OutgoingChange.reason``."""

AUTO: Mapping[str, Promise] = {
    "off": _("Automatic replies are switched off."),
    "never": _("Messages like this are never answered automatically."),
    "not_allowed": _("The shop has not allowed it for messages like this."),
    "no_evidence": _(
        "Too little evidence: 100 suggestions of this kind, 95 % accepted unchanged."
    ),
    "not_confident": _("It is not certain what the buyer means."),
    "quiet_hours": _("Between 21:00 and 9:00 in Moscow nothing is sent automatically."),
    "answered_today": _("This chat got an automatic reply within 24 hours."),
    "code_this_month": _("This chat got a code within 30 days."),
    "shop_cap": _("The automatic replies of the day are used up."),
    "code_cap": _("The automatic sends of this code for the day are used up."),
    "not_open": _("The suggestion does not wait for a decision."),
}
"""Why a suggestion is left to a person: ``autosend.why_not``."""

SKIPS: Mapping[str, Promise] = {
    "no_answer_needed": _("No answer is needed"),
    "wrong_meaning": _("The buyer meant something else"),
    "poor_wording": _("The wording does not fit"),
    "wrong_code": _("The code does not fit"),
    "answered_elsewhere": _("Answered elsewhere"),
    "other": _("Another reason"),
}
"""What an operator may say for skipping: ``Decision.skip_reason``."""

FORBIDDEN: Mapping[str, str] = {
    "token-invalid": "token_invalid",
    "token-expired": "token_expired",
    "category": "token_category",
    "token-type": "token_type",
    "read-only": "token_read_only",
    "withdrawn": "token_withdrawn",
    "other": "token_invalid",
}
"""The word for each ``ForbiddenCause`` of the border."""

_ALL = (SUGGESTIONS, CLOSED, REFUSED, DELIVERY, SKIPS, AUTO)


def suggestion(word: str) -> str:
    """Return why a suggestion is as it is."""
    return str(SUGGESTIONS.get(word, word))


def delivery(word: str) -> str:
    """Return why a reply is in its state."""
    return str(DELIVERY.get(word, word))


def say(word: str) -> str:
    """Return the sentence for any machine word; an unknown one stays as it is."""
    return next((str(words[word]) for words in _ALL if word in words), word)
