"""The figures at the top of the dashboard, each with a sentence and how it is counted."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from chats.dashboard.words import count, duration, interval, percent
from chats.figures import ChatFigures, Rate
from promos.ledger import Figures


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: what it says in a sentence, and how it is counted."""

    title: str
    value: str
    note: str
    how: str


def cards(sends: Figures, chats: ChatFigures) -> list[Card]:
    """Return the figures at the top of the page."""
    acceptance, edits = chats.decisions.acceptance, chats.decisions.edits
    offered = Rate(chats.suggested_with_code, chats.suggested)
    return [
        Card(
            _("Codes sent"),
            count(sends.total),
            _("So many replies with a promo code reached buyers in the period."),
            _(
                "Counted when WB has taken the message; one per reply. Days are "
                "Moscow days."
            ),
        ),
        Card(
            _("Replies sent"),
            count(chats.sent),
            _("Replies of any kind that WB took, with a code or without."),
            _("Replies in the state “sent”, by the day WB took them."),
        ),
        Card(
            _("Suggestions with a code"),
            percent(offered),
            _("This share of suggestions offered the buyer a code.")
            if offered.percent is not None
            else _("Too few suggestions for a share: at least 20 are needed."),
            _(
                "Suggestions with a code ÷ all suggestions, by the day they were made; "
                "no percentage below 20."
            ),
        ),
        Card(
            _("Accepted as suggested"),
            percent(acceptance),
            _rate_note(
                acceptance,
                _("This share of suggestions went out without a change."),
            ),
            _(
                "Accepted ÷ (accepted + edited + skipped). Automatic replies and "
                "suggestions nobody decided about are left out. The range is the "
                "95 % Wilson interval; no percentage below 20 decisions."
            ),
        ),
        Card(
            _("Edited before sending"),
            percent(edits),
            _rate_note(edits, _("This share of sent suggestions was changed first.")),
            _("Edited ÷ (accepted + edited). 95 % Wilson interval; 20 at least."),
        ),
        Card(
            _("Time to a reply"),
            duration(chats.answer_seconds),
            _("On average a buyer waited so long for a reply of any kind."),
            _(
                "From the moment the buyer began to wait to the moment WB took the "
                "reply; the mean over replies where both are known."
            ),
        ),
        Card(
            _("Time to a code"),
            duration(sends.answer_seconds),
            _("On average a buyer waited so long for a reply with a code."),
            _(
                "From the buyer's last message to the moment WB took the reply; the "
                "mean over sends where both are known."
            ),
        ),
        Card(
            _("Time to decide"),
            duration(chats.decision_seconds),
            _("Half of the suggestions were decided about faster than this."),
            _(
                "Median from the moment the suggestion was shown to the decision: to "
                "the second below two minutes, to about one part in a hundred above."
            ),
        ),
    ]


def _rate_note(rate: Rate, sentence: str) -> str:
    if rate.percent is None:
        return _("Too few decisions for a share: at least 20 are needed.")
    # One text of its own: makemessages does not look into f-strings.
    range_ = _("95 %% interval: %(range)s.") % {"range": interval(rate)}
    return f"{sentence} {range_}"
