"""
WB's actions as the desk shows them: what is planned, what it asks, how joining goes.

An action changes prices, and with them whether a code still works: above 45 % it
does not. Source: the calendar and the price history of WB.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agentiq.wb.client import WbClient
from agentiq.wb.errors import WbRejected
from agentiq.wb.records import (
    Promotion,
    PromotionDetail,
    PromotionGood,
    Upload,
    UploadGood,
)

AHEAD = timedelta(days=30)
MOST_DETAILS = 100
UPLOAD_STATES = {1: "working", 3: "done", 4: "cancelled", 5: "partly", 6: "failed"}


@dataclass(frozen=True, slots=True)
class Action:
    """An action and the shop's part in it, None where WB does not say."""

    promotion: Promotion
    detail: PromotionDetail | None

    @property
    def is_auto(self) -> bool:
        """Auto actions list no articles and cannot be joined one by one."""
        return self.promotion.kind == "auto"


@dataclass(frozen=True, slots=True)
class Goods:
    """The articles of an action: those in it and those that could join."""

    number: int
    inside: tuple[PromotionGood, ...]
    outside: tuple[PromotionGood, ...]
    is_auto: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is, and what WB holds against single articles."""

    upload: Upload | None
    state: str
    goods: tuple[UploadGood, ...]


def upcoming(client: WbClient, *, now: datetime) -> tuple[Action, ...]:
    """Return the actions from now to a month ahead, by start."""
    found = client.promotions(now, now + AHEAD)
    numbers = [one.promotion_id for one in found][:MOST_DETAILS]
    details = client.promotion_details(numbers) if numbers else ()
    by_number = {one.promotion_id: one for one in details}
    ordered = sorted(found, key=lambda one: (one.starts_at is None, one.starts_at))
    return tuple(Action(one, by_number.get(one.promotion_id)) for one in ordered)


def goods(client: WbClient, number: int) -> Goods:
    """Return the first thousand articles in the action and outside of it."""
    try:
        inside = client.promotion_goods(number, in_action=True)
        outside = client.promotion_goods(number, in_action=False)
    except WbRejected as error:
        if error.status == 422:
            return Goods(number, (), (), is_auto=True)
        raise
    return Goods(number, inside, outside)


def progress(client: WbClient, upload_id: int) -> Progress:
    """Return how far an upload is, also while it waits for its action to start."""
    for waiting in (False, True):
        upload = client.upload_status(upload_id, waiting=waiting)
        if upload is not None:
            listed = client.upload_goods(upload_id, waiting=waiting)
            state = (
                "waiting" if waiting else UPLOAD_STATES.get(upload.status, "working")
            )
            return Progress(upload, state, listed)
    return Progress(None, "unknown", ())
