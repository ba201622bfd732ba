"""What WB's values of any size become, so that a row can hold them."""

import hashlib
from datetime import datetime

from agentiq.wb.records import ChatEvent

ID_LENGTH = 100
BIGGEST = 2**63 - 1
LAST_YEAR = 2200  # a time beyond is a fault of the feed, and would top every list


def says(event: ChatEvent) -> bool:
    """
    Whether the event is part of the conversation.

    A buyer's empty message may be of a kind the API does not show, and waits all
    the same; a seller's counts as an answer only when WB says where it was written.
    """
    if event.text or event.files:
        return True
    if event.event_type not in ("", "message"):
        return False
    return event.sender == "client" or bool(event.source)


def preview(event: ChatEvent) -> str:
    """Return the beginning of what it says, on one line."""
    words = event.text or ", ".join(file.name for file in event.files if file.name)
    return " ".join(words[:400].split())[:200]


def known_id(value: str) -> str:
    """Return the id, or a shorter one that is as much its own."""
    if len(value) <= ID_LENGTH:
        return value
    return value[:59] + ":" + hashlib.sha1(value.encode()).hexdigest()


def moment(event: ChatEvent, now: datetime) -> datetime:
    """Return when it was written; a time that cannot be is now."""
    return event.added_at if 2000 <= event.added_at.year < LAST_YEAR else now


def whole(value: int | None) -> int | None:
    """Return the number if it fits a column, else None."""
    return value if value is not None and 0 <= value <= BIGGEST else None
