"""
The buyer chat: who wrote, what was said, and the way to answer.

Source: buyer-chat-api.wildberries.ru, category "Чат с покупателями". Each method
has its own limit of 10 requests per 10 s per seller.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from agentiq.wb import limits, wire
from agentiq.wb.errors import WbRejected
from agentiq.wb.records import (
    Attachment,
    ChatCard,
    ChatEvent,
    Download,
    DownloadPending,
    EventPage,
    FileRef,
    GoodCard,
    Receipt,
)
from agentiq.wb.transport import MEGABYTE, Request, Transport

logger = logging.getLogger(__name__)


class ChatCalls(Transport):
    """The chat's part of WbClient."""

    def chats(self) -> tuple[ChatCard, ...]:
        """
        Return every chat WB lists. Chats that only the feed knows are not here.

        Source: GET /api/v1/seller/chats, 10 requests per 10 s per seller.
        """
        url = f"{self.hosts.chat}/api/v1/seller/chats"
        request = Request(
            limits.CHATS, "GET", url, max_bytes=128 * MEGABYTE, patience=120
        )
        return self.call(request).read(
            lambda body: wire.readable(wire.array(wire.result(body)), chat_card)[0]
        )

    def events(self, next: int | None = None) -> EventPage:
        """
        Return one page of the feed from the cursor on, or from its beginning.

        Source: GET /api/v1/seller/events, 10 requests per 10 s per seller.
        """
        url = f"{self.hosts.chat}/api/v1/seller/events"
        query = [("next", str(next))] if next and next > 0 else []  # WB refuses 0
        request = Request(limits.EVENTS, "GET", url, query, max_bytes=64 * MEGABYTE)
        return self.call(request).read(event_page)

    def send_message(
        self,
        *,
        reply_sign: str,
        text: str = "",
        files: Sequence[Attachment] = (),
        chat_id: str | None = None,
    ) -> Receipt:
        """
        Send a text, files or both to a chat, once.

        WbUnknown means that the message may be there: settle it from the feed.
        ``chat_id`` is needed by the chat-path profile only, which has no files:
        there they raise WbRejected, and nothing leaves.
        Source: POST /api/v1/seller/message, 10 requests per 10 s per seller.
        """
        if not text and not files:
            raise ValueError("a message needs a text or a file")
        if self.send_profile == "chat-path":
            request = self._chat_path(chat_id, text, files)
        else:
            request = self._message(reply_sign, text, files)
        return self.call(request).read(lambda body: _receipt(body, chat_id or ""))

    def download(self, download_id: str) -> Download | DownloadPending:
        """
        Return a file of a message, or how long WB still moderates it.

        WbDownloadBlocked: it was refused for good.
        Source: GET /api/v1/seller/download/{id}, 10 requests per 10 s per seller.
        """
        url = f"{self.hosts.chat}/api/v1/seller/download/{quote(download_id, safe='')}"
        answer = self.call(
            Request(limits.DOWNLOAD, "GET", url, max_bytes=32 * MEGABYTE)
        )
        if answer.status == 202:
            seconds = answer.read(
                lambda body: wire.number(wire.obj(body), "retrySeconds")
            )
            return DownloadPending(float(seconds or 30))
        kind = answer.headers.get("Content-Type", "application/octet-stream")
        return Download(answer.body, kind.partition(";")[0].strip())

    def _message(
        self, reply_sign: str, text: str, files: Sequence[Attachment]
    ) -> Request:
        # Parts without a file name: so requests writes multipart without files too.
        parts: list[tuple[str, tuple[str | None, str | bytes, str]]] = [
            ("replySign", (None, reply_sign, "text/plain; charset=utf-8"))
        ]
        if text:
            parts.append(("message", (None, text, "text/plain; charset=utf-8")))
        parts += [("file", (it.name, it.content, it.content_type)) for it in files]
        url = f"{self.hosts.chat}/api/v1/seller/message"
        return Request(limits.SEND, "POST", url, files=parts, writes=True)

    def _chat_path(
        self, chat_id: str | None, text: str, files: Sequence[Attachment]
    ) -> Request:
        if not chat_id:
            raise ValueError("the chat-path profile needs a chat_id")
        if files:
            raise WbRejected("the chat-path profile takes no files", method=limits.SEND)
        place = quote(chat_id, safe=":")
        url = f"{self.hosts.chat}/api/v1/seller/chats/{place}/messages"
        return Request(limits.SEND, "POST", url, json={"message": text}, writes=True)


def event_page(document: object) -> EventPage:
    """Return a page of the feed; an event that cannot be read is only counted."""
    result = wire.obj(wire.result(document), "result")
    found = wire.items(result, "events")
    events, skipped = wire.readable(found, chat_event)
    total = wire.whole(result, "totalEvents")
    return EventPage(
        events=events,
        next=wire.whole(result, "next") or None,
        total=len(found) if total is None else total,
        oldest_at=_maybe_instant(result.get("oldestEventTime")),
        newest_at=_maybe_instant(result.get("newestEventTime")),
        skipped=skipped,
    )


def chat_event(value: object) -> ChatEvent:
    """
    Return one event; without chat, id and time it is none and raises BadShape.

    Anything else that cannot be read is left out: a buyer's words are not lost for
    the sake of a flag.
    """
    raw = wire.obj(value, "event")
    words = _maybe_object(raw.get("message"))
    attachments = _maybe_object(words.get("attachments"))
    return ChatEvent(
        chat_id=wire.needed(raw, "chatID"),
        event_id=wire.needed(raw, "eventID"),
        event_type=_maybe_text(raw, "eventType"),
        sender=_maybe_text(raw, "sender"),
        source=_maybe_text(raw, "source"),
        text=_maybe_text(words or raw, "text" if words else "message"),
        added_at=_added_at(raw),
        is_new_chat=raw.get("isNewChat") is True,
        reply_sign=_maybe_text(raw, "replySign") or None,
        client_name=_maybe_text(raw, "clientName"),
        good_card=good_card(attachments.get("goodCard")),
        files=(
            *_file_refs(attachments.get("files"), "file"),
            *_file_refs(attachments.get("images"), "image"),
        ),
        raw=raw,
    )


def chat_card(value: object) -> ChatCard:
    """Return one chat of the list; without its id it raises BadShape."""
    raw = wire.obj(value, "chat")
    last = _maybe_object(raw.get("lastMessage"))
    milliseconds = wire.whole(last, "addTimestamp")
    return ChatCard(
        chat_id=wire.needed(raw, "chatID"),
        reply_sign=wire.text(raw, "replySign") or None,
        client_name=wire.text(raw, "clientName"),
        good_card=good_card(raw.get("goodCard")),
        last_text=wire.text(last, "text"),
        last_at=wire.from_ms(milliseconds) if milliseconds else None,
    )


def good_card(value: object) -> GoodCard | None:
    """Return the order a chat is about; an unreadable one is none, not a lost text."""
    raw = _maybe_object(value)
    if not raw:
        return None
    try:
        return GoodCard(
            nm_id=wire.whole(raw, "nmID") or None,
            price=wire.number(raw, "price"),
            currency=wire.text(raw, "priceCurrency"),
            rid=wire.text(raw, "rid") or None,
            size=wire.text(raw, "size") or None,
        )
    except wire.BadShape:
        return None


def _receipt(body: object, chat_id: str) -> Receipt:
    """
    WB took the message when its answer has a result; anything else is unknown.

    What else stands there and how cannot make a message unsent.
    """
    document = wire.obj(body)
    result = document.get("result")
    if not isinstance(result, dict):
        raise wire.BadShape("no result")
    errors = document.get("errors") or []
    return Receipt(
        chat_id=_maybe_text(result, "chatID") or chat_id,
        added_at=_maybe_moment(result, "addTime"),
        sign=_maybe_text(result, "sign"),
        errors=tuple(map(str, errors if isinstance(errors, list) else [errors])),
    )


def _added_at(raw: wire.Obj) -> datetime:
    moment = _maybe_moment(raw, "addTimestamp") or wire.instant(raw.get("addTime"))
    if moment is None:
        raise wire.BadShape("addTimestamp is missing")
    return moment


def _file_refs(value: object, kind: Literal["file", "image"]) -> Iterable[FileRef]:
    for item in value if isinstance(value, list) else []:
        raw = _maybe_object(item)
        try:
            yield FileRef(
                download_id=wire.needed(raw, "downloadID"),
                name=wire.text(raw, "name"),
                content_type=wire.text(raw, "contentType"),
                size=wire.whole(raw, "size"),
                url=wire.text(raw, "url"),
                kind=kind,
            )
        except wire.BadShape:
            continue  # a file nobody can fetch does not take the text with it


def _maybe_object(value: object) -> wire.Obj:
    return value if isinstance(value, dict) else {}


def _maybe_text(source: wire.Obj, key: str) -> str:
    value = source.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    if value:  # an empty object says as little as null
        logger.warning("%s is no longer a string", key)
    return str(value) if type(value) is int else ""


def _maybe_moment(source: wire.Obj, key: str) -> datetime | None:
    try:
        milliseconds = wire.whole(source, key)
        return wire.from_ms(milliseconds) if milliseconds else None
    except wire.BadShape:
        return None


def _maybe_instant(value: object) -> datetime | None:
    try:
        return wire.instant(value)
    except wire.BadShape:
        return None
