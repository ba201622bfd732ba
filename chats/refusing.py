"""
Refused: why a reply is not taken, to a person and to a page; check(): the rules.

What is checked holds for every reply, whoever wrote it: its text, its code, its files,
what is left of the code's limits, and whether WB lets anybody write to the chat.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models.functions import Coalesce

from agentiq.wb.records import Attachment
from chats import reasons, vetting
from chats.models import Chat, Message, Outgoing
from chats.policy import outbound
from chats.policy.outbound import LIMIT, Violation
from promos import spending
from promos.models import PromoCode, Seller
from promos.spending import Waiting

FILE_BYTES = 5 * 1024 * 1024
ALL_BYTES = 30 * 1024 * 1024
_MAGIC = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "application/pdf": b"%PDF",
}


class Refused(Exception):
    """A decision was not taken; ``message`` says why to a person, ``code`` to a page."""

    def __init__(
        self,
        code: str,
        *,
        violations: Sequence[Violation] = (),
        news: Sequence[Message] = (),
    ) -> None:
        self.code = code
        self.message = str(reasons.REFUSED[code])
        self.violations = tuple(violations)
        self.news = list(news)
        super().__init__(self.message)


def check(
    chat: Chat,
    *,
    text: str,
    promo_code: PromoCode | None,
    files: Sequence[Attachment],
    copy: bool,
    use_case: str = "",
    now: datetime,
) -> None:
    """
    Raise Refused for a reply that may not or cannot go out.

    A text pasted by hand (``copy``) needs no signature of WB. ``use_case`` is what the
    code was suggested for, empty for one a person chose.
    """
    if not text.strip() and not files:
        raise Refused("empty")
    if len(text) > LIMIT:
        raise Refused("too_long")
    check_code(promo_code, now)
    _check_files(files)
    if text.strip():
        found = vetting.vet(text, chat=chat, promo_code=promo_code, now=now)
        if outbound.blocks(found):
            raise Refused("policy", violations=found)
    if not chat.can_reply and not copy and not chat.seller.dry_run:
        raise Refused("no_sign")
    if promo_code:
        check_limits(chat.seller, promo_code, use_case=use_case, now=now)


def check_code(code: PromoCode | None, now: datetime) -> None:
    if code and not code.starts_at <= now < code.expires_at:
        raise Refused("code_ended")
    if code and code.replaced_by_id:
        raise Refused("code_changed")


def check_limits(
    seller: Seller, code: PromoCode, *, use_case: str, now: datetime
) -> None:
    """
    Raise Refused where the code's sends or money are used up by now.

    Those on their way count; until the transaction ends nobody else of the shop gets
    what is left.
    """
    if not spending.is_limited(seller, code):
        return
    spending.hold(seller)
    spent = spending.against(
        seller, code, use_case=use_case, waiting=_on_their_way(seller), now=now
    )
    if spent:
        raise Refused(spent.value)


def _on_their_way(seller: Seller) -> list[Waiting]:
    """Return the shop's codes that were decided upon and are not sent yet."""
    rows = Outgoing.objects.unsettled().filter(seller=seller, promo_code__isnull=False)
    decided_at = Coalesce("decision__decided_at", "created_at")
    return [
        Waiting(key, made_for(snapshot), _rubles(snapshot), at)
        for key, snapshot, at in rows.values_list(
            "promo_code__code_key", "promo_snapshot", decided_at
        )
    ]


def made_for(snapshot: Mapping[str, Any]) -> str:
    """Return the use case a reply's code was suggested for, nothing if by a person."""
    return str(snapshot.get("trigger", {}).get("use_case", ""))


def _rubles(snapshot: Mapping[str, Any]) -> Decimal | None:
    """Return what a code takes off the price, as far as its snapshot knows."""
    known = snapshot.get("discount_rub")
    return None if known is None else Decimal(known)


def _check_files(files: Sequence[Attachment]) -> None:
    if files and settings.WB_SEND_PROFILE == "chat-path":
        raise Refused("no_files")
    for file in files:
        known = _MAGIC.get(file.content_type)
        if not known or not file.content.startswith(known):
            raise Refused("bad_file")
        if len(file.content) > FILE_BYTES:
            raise Refused("bad_file")
    if sum(len(file.content) for file in files) > ALL_BYTES:
        raise Refused("bad_file")
