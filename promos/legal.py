"""
Questions of law that promo codes in chats raise. AgentIQ answers none of them.

Each is marked «needs a lawyer» until the shop notes that it has asked one; the
note says who noted it and when, not what the law is.
"""

from collections.abc import Set as AbstractSet
from datetime import date
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos.models import Seller

QUESTIONS: dict[str, Promise] = {
    "advertising": _(
        "Is a promo code in an answer to a buyer's question advertising, and does it "
        "need the buyer's consent beforehand?"
    ),
    "marking": _(
        "Must a message with a promo code be marked as advertising and registered?"
    ),
    "personal_data": _(
        "On what grounds does the shop keep buyers' names and texts, and how long?"
    ),
    "processor": _(
        "Does whoever runs this installation process personal data on the shop's "
        "behalf, and is there a contract about it?"
    ),
    "servers": _("Are the servers where the law wants buyers' data to be kept?"),
    "automatic": _(
        "May a reply be sent without a person, and must the buyer be told so?"
    ),
    "model": _(
        "If an outside language model is connected: may texts without names be "
        "handed to it, and under which terms?"
    ),
    "terms": _("Are the promo code's terms complete enough for a public offer?"),
    "staff": _("May the shop measure how fast and how its operators answer?"),
}


class Question(NamedTuple):
    """A question with the note that a lawyer was asked; empty while nobody was."""

    key: str
    text: Promise
    asked_on: date | None
    noted_by: str


def questions(seller: Seller) -> list[Question]:
    """Return every question as it stands for the shop."""
    return [
        Question(
            key,
            text,
            date.fromisoformat(seller.legal_checks[key]["on"])
            if key in seller.legal_checks
            else None,
            seller.legal_checks.get(key, {}).get("by", ""),
        )
        for key, text in QUESTIONS.items()
    ]


def note(seller: Seller, asked: AbstractSet[str], *, by: str, today: date) -> None:
    """Keep which questions a lawyer has seen; an earlier note keeps its day."""
    fresh = {"on": today.isoformat(), "by": by}
    seller.legal_checks = {
        key: seller.legal_checks.get(key, fresh) for key in QUESTIONS if key in asked
    }
    seller.save(update_fields=["legal_checks", "updated_at"])
