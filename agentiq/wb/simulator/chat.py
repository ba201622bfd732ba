"""The buyer chat's four methods, and the path that WB does not have."""

from __future__ import annotations

import hashlib
from typing import Any

from agentiq.wb.simulator.http import Part, Refused, Reply, Request
from agentiq.wb.simulator.sellers import Chat, Row, Seller
from agentiq.wb.simulator.world import World

MESSAGE_LENGTH = 1000
SIGN_LENGTH = 255
FILE_BYTES = 5 * 1024 * 1024
ALL_BYTES = 30 * 1024 * 1024
_MAGIC = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF": "application/pdf",
}


def chats(sim: World, seller: Seller, request: Request) -> Reply:
    listed = [chat.wire() for chat in seller.chats.values() if chat.listed]
    return Reply({"result": listed, "errors": None})


def events(sim: World, seller: Seller, request: Request) -> Reply:
    after = _cursor(request)
    page = seller.page(
        after, sim.page_size, sim.now_ms(), inclusive=sim.border == "inclusive"
    )
    result: Row = {
        "next": page[-1]["addTimestamp"] if page else after or sim.now_ms(),
        "newestEventTime": page[-1].get("addTime") if page else None,
        "oldestEventTime": page[0].get("addTime") if page else None,
        "totalEvents": len(page),
        "events": page,
    }
    return Reply({"result": result, "errors": None})


def _cursor(request: Request) -> int | None:
    if "next" not in request.query:
        return None
    try:
        value = int(request.one("next"))
    except ValueError:
        raise Refused("Invalid number") from None
    if value <= 0:
        raise Refused('Invalid value for "next"')
    return value


def message(sim: World, seller: Seller, request: Request) -> Reply:
    parts = request.parts()
    sign = _text(parts, "replySign")
    chat = _signed(seller, sign)
    text = _text(parts, "message")
    files = [part for part in parts if part.name == "file"]
    _check(text, files)
    return _accept(sim, seller, chat, sign, text, files)


def chat_path(sim: World, seller: Seller, request: Request) -> Reply:
    """The path of the seed document: open only when the simulator is told so."""
    if not sim.chat_path:
        raise Refused("path not found", 404)
    chat = seller.chats.get(request.found["id"])
    text = request.json().get("message")
    if chat is None:
        raise Refused("chat not found", 404)
    if not isinstance(text, str):
        raise Refused('Invalid value for "message"')
    _check(text, [])
    return _accept(sim, seller, chat, "", text, [])


def download(sim: World, seller: Seller, request: Request) -> Reply:
    for row in seller.of("files"):
        if row["id"] != request.found["id"]:
            continue
        if row["state"] == "pending":
            body = {"moderationState": "pending", "retrySeconds": 30}
            return Reply(body, 202)
        if row["state"] == "blocked":
            raise Refused("moderation error", 451)
        return Reply(bytes.fromhex(row["hex"]), 200, row["contentType"])
    raise Refused("invalid fileID")


def _text(parts: list[Part], name: str) -> str:
    for part in parts:
        if part.name == name:
            try:
                return part.content.decode()
            except UnicodeDecodeError:
                raise Refused(f'Invalid value for "{name}"') from None
    return ""


def _signed(seller: Seller, sign: str) -> Chat:
    chat = seller.chats.get(sign.rpartition(":")[0])
    if chat is None or sign not in chat.signs or len(sign) > SIGN_LENGTH:
        raise Refused("Invalid signature")
    return chat


def _check(text: str, files: list[Part]) -> None:
    if len(text) > MESSAGE_LENGTH or not (text or files):
        raise Refused('Invalid value for "message"')
    for file in files:
        mark = hashlib.sha1(file.content, usedforsecurity=False).hexdigest()[:11]
        known = next((k for m, k in _MAGIC.items() if file.content.startswith(m)), "")
        if not known:
            name = file.filename or ""
            raise Refused(f'{mark.upper()}: "{name}" has unsupported mime type')
        if len(file.content) > FILE_BYTES:
            raise Refused(f"{mark.upper()}: attachment too big. Max size: 5MiB")
    if sum(len(file.content) for file in files) > ALL_BYTES:
        raise Refused("attachments too big. Max size: 30MiB")


def _accept(
    sim: World,
    seller: Seller,
    chat: Chat,
    sign: str,
    text: str,
    files: list[Part],
) -> Reply:
    stored = [(it.filename or "", it.content_type, it.content) for it in files]
    event = sim.append(
        seller,
        chat,
        text,
        sender="seller",
        source="seller-public-api",
        files=stored,
        delay=sim.event_delay,
    )
    if sim.rotate_signs:
        chat.signs.append(sim.new_sign(chat.chat_id))
    sent: dict[str, Any] = {
        "chatID": chat.chat_id,
        "message": text,
        "replySign": sign,
        "at": event["addTimestamp"],
        "seller": seller.sid,
        "files": [name for name, _, _ in stored],
        "eventID": event["eventID"],
    }
    sim.sent.append(sent)
    newest = chat.signs[-1] if chat.signs else ""
    result = {
        "addTime": event["addTimestamp"],
        "chatID": chat.chat_id,
        "sign": newest,
    }
    return Reply({"errors": [], "result": result})
