"""
Refused: why a reply is not taken, to a person and to a page; check(): the rules.

What is checked holds for every reply, whoever wrote it: its text, its code, its files
and whether WB lets anybody write to the chat at all.
"""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from agentiq.wb.records import Attachment
from chats import reasons, vetting
from chats.models import Chat, Message
from chats.policy import outbound
from chats.policy.outbound import LIMIT, Violation
from promos.models import PromoCode

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
    now: datetime,
) -> None:
    """
    Raise Refused for a reply that may not or cannot go out.

    A text pasted by hand (``copy``) needs no signature of WB.
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


def check_code(code: PromoCode | None, now: datetime) -> None:
    if code and not code.starts_at <= now < code.expires_at:
        raise Refused("code_ended")


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
