"""
«Почему код не предлагается?» for a chat: as it was decided, and as it would be now.

What was decided stands in the suggestion's snapshot, the very words the card shows.
What would be decided now is asked of the same rules, for the same reading, without a
trace. The two differ when a code ended, a price moved or a budget was used up since.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from chats import reasons, snapshots, suggestions
from chats.models import Chat, Suggestion
from promos import reasons as promo_reasons
from promos import sentences
from promos.models import Seller

LINK = re.compile(r"/chats/(\d+)/?")


class Verdict(NamedTuple):
    """A code, and every reason against it; none for the one that was taken."""

    code: str
    percent: str
    is_chosen: bool
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Why the chat got its code or none, at an instant, and what of each code."""

    at: datetime
    reason: str
    verdicts: tuple[Verdict, ...]

    def only(self, code: str) -> "Answer":
        """Return what it says of one code, as people write it; of all without one."""
        wanted = code.strip().upper()
        found = (one for one in self.verdicts if wanted in ("", one.code.upper()))
        return replace(self, verdicts=tuple(found))


def find(seller: Seller, written: str) -> Chat | None:
    """Return the shop's chat by WB's id, or by the address of its page here."""
    rows = Chat.objects.filter(seller=seller)
    link = LINK.search(written)
    if link:
        return rows.filter(pk=int(link[1][:18])).first()
    return rows.filter(wb_chat_id=written.strip()).first()


def decided(chat: Chat) -> Answer | None:
    """Return what the newest suggestion rested on, None where there was none."""
    made = Suggestion.objects.filter(chat=chat).order_by("-pk").first()
    if made is None:
        return None
    snapshot = made.snapshot
    at = datetime.fromisoformat(snapshot["at"])
    return _answer(at, made.reason, snapshot.get("code"), snapshot.get("rejected", ()))


def considered(chat: Chat, *, now: datetime) -> Answer | None:
    """Return what would be decided now, None where no turn was read yet."""
    found = suggestions.considered(chat, now=now)
    if found is None:
        return None
    offer, reason = found
    chosen = snapshots.code(offer.chosen) if offer.chosen else None
    rejected = [snapshots.rejected(one) for one in offer.rejected]
    return _answer(now, reason, chosen, rejected)


def against(one: dict[str, Any]) -> tuple[str, ...]:
    """Return in words what a snapshot holds against a code."""
    words = one.get("reasons") or [one["loss"]]
    return tuple(_said(word) for word in words)


def _answer(
    at: datetime,
    reason: str,
    chosen: dict[str, Any] | None,
    rejected: Collection[dict[str, Any]],
) -> Answer:
    taken = [_verdict(chosen, ())] if chosen else []
    others = [_verdict(one, against(one)) for one in rejected]
    return Answer(at, reasons.suggestion(reason), (*taken, *others))


def _verdict(one: dict[str, Any], against: tuple[str, ...]) -> Verdict:
    percent = sentences.number(Decimal(one["discount_percent"]))
    return Verdict(one["code"], f"{percent} %", not against, against)


def _said(word: str) -> str:
    """Return why a code was not chosen: a rule of promos, or one of the dialogue."""
    said = promo_reasons.against(word)
    return said if said != word else reasons.suggestion(word)
