"""Requests as handlers see them, and replies in WB's shapes of success and error."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qs

Environ = Mapping[str, Any]
PROBLEM = "application/problem+json"
PLAIN = "application/json"


class Dropped(ConnectionAbortedError):
    """The connection ends here without an answer."""


class Refused(Exception):
    """A handler's no: WB's status and words."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass
class Reply:
    """What goes back. ``body`` is JSON unless it is bytes; None is no body."""

    body: Any = None
    status: int = 200
    content_type: str = PLAIN
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Request:
    """A request, its body read."""

    verb: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    found: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """Return a query parameter's last value."""
        return self.query.get(name, [default])[-1]

    def whole(self, name: str, default: int | None = None, **bounds: int) -> int:
        """Return a whole query parameter within bounds (least, most)."""
        return check_whole(name, self.query.get(name, [default])[-1], **bounds)

    def flag(self, name: str) -> bool:
        """Return a true/false query parameter that must be there."""
        value = self.one(name)
        if value not in ("true", "false"):
            raise Refused(f"Invalid value for {name}")
        return value == "true"

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body."""
        if "json" not in self.headers.get("content-type", ""):
            raise Refused("content-type is not application/json")
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused("invalid request body") from None
        if not isinstance(value, dict):
            raise Refused("invalid request body")
        return value

    def parts(self) -> list[Part]:
        """Return the parts of a multipart/form-data body, bytes untouched."""
        kind = self.headers.get("content-type", "")
        match = re.match(r'multipart/form-data;.*?boundary="?([^";]+)"?', kind)
        if not match:
            raise Refused("request Content-Type isn't multipart/form-data")
        pieces = (b"\r\n" + self.body).split(b"\r\n--" + match[1].encode())
        if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
            raise Refused("multipart: NextPart: EOF")
        return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    message = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            message[key.strip()] = value.strip()
    name = message.get_param("name", "", "content-disposition")
    filename = message.get_filename()
    kind = message.get_content_type() if "content-type" in message else ""
    return Part(str(name), filename, kind, content)


def check_whole(
    name: str, value: Any, *, least: int | None = None, most: int | None = None
) -> int:
    """Return the value as a whole number within bounds, or refuse it by name."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Refused(f"Invalid value for {name}") from None
    if (least is not None and number < least) or (most is not None and number > most):
        raise Refused(f"Invalid value for {name}")
    return number


def read(environ: Environ, most: int = 40 * 1024 * 1024) -> Request:
    """Return the request of a WSGI environ."""
    size = min(int(environ.get("CONTENT_LENGTH") or 0), most)
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    # WSGI hands the path over as latin-1 letters of the UTF-8 bytes.
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    body = environ["wsgi.input"].read(size) if size else b""
    return Request(environ["REQUEST_METHOD"], path, query, headers, body)


def gateway(status: int, title: str, detail: str, code: str = "") -> Reply:
    """Return an error of WB's gateway: 401, 402, 403, 429 and 5xx look like this."""
    body = {
        "title": title,
        "detail": detail,
        "code": code or "07e4668e--a53a3d31f8b0-[UK-oWaVDUqNrKG]",
        "requestId": uuid.uuid4().hex,
        "origin": "s2s-api-auth-catalog",
        "status": status,
        "statusText": title.title(),
        "timestamp": "2026-10-24T06:52:38Z",
    }
    return Reply(body, status, PROBLEM)


def _chat(message: str, status: int) -> Reply:
    titles = {400: "Bad Request", 451: "Unavailable for Legal Reasons"}
    body = {
        "status": status,
        "title": titles.get(status, "Bad Request"),
        "origin": "proxy-chats",
        "detail": message,
        "requestId": uuid.uuid4().hex,
    }
    if status == 400:
        body["error"] = message
    return Reply(body, status, PROBLEM)


def _finance(message: str, status: int) -> Reply:
    body = {
        "title": "Bad Request",
        "status": status,
        "detail": message,
        "requestId": uuid.uuid4().hex,
        "origin": "open-api-finreports",
    }
    return Reply(body, status, PROBLEM)


def _calendar(message: str, status: int) -> Reply:
    return Reply({"errorText": message}, status, PROBLEM)


def _prices(message: str, status: int) -> Reply:
    return Reply({"data": None, "error": True, "errorText": message}, status)


def _feedbacks(message: str, status: int) -> Reply:
    body = {
        "data": None,
        "error": True,
        "errorText": message,
        "additionalErrors": None,
        "requestId": uuid.uuid4().hex,
    }
    return Reply(body, status)


def _statistics(message: str, status: int) -> Reply:
    return Reply({"errors": [message]}, status)


REFUSALS: Mapping[str, Callable[[str, int], Reply]] = {
    "chat": _chat,
    "finance": _finance,
    "calendar": _calendar,
    "prices": _prices,
    "content": _feedbacks,
    "feedbacks": _feedbacks,
    "statistics": _statistics,
}


def refusal(host: str, message: str, status: int = 400) -> Reply:
    """Return WB's 4xx in the shape of the host that says it."""
    return REFUSALS.get(host, _finance)(message, status)
