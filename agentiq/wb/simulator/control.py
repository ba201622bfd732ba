"""
The control plane: other processes tell the simulator what happens next.

POST /_simulator/ with ``{"call": name, "args": {…}}`` answers ``{"result": …}``.
It exists only when the simulator was made with ``control=True``.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.error import HTTPError

from agentiq.wb.simulator.faults import Fault
from agentiq.wb.simulator.http import Refused, Reply, Request
from agentiq.wb.simulator.world import World

PREFIX = "/_simulator/"
_CALLS = frozenset(
    {
        "add",
        "add_good",
        "add_promotion",
        "add_seller",
        "buyer_says",
        "clear_faults",
        "fault",
        "make_token",
        "new_chat",
        "portal_reply",
        "raw_event",
        "renew_sign",
        "save",
        "set_discount",
        "set_file",
        "wb_says",
        "withdraw",
    }
)
_SETTINGS = frozenset(
    {
        "page_size",
        "border",
        "event_delay",
        "rotate_signs",
        "chat_path",
        "refuse_base",
    }
)


def answer(simulator: World, request: Request) -> Reply:
    """Do what is told and return the result; 404 when control is off."""
    if not simulator.control:
        return Reply({"error": "control is off"}, 404)
    try:
        told = request.json()
        result = _do(simulator, str(told.get("call")), dict(told.get("args") or {}))
    except Refused as error:
        return Reply({"error": error.message}, 400)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        return Reply({"error": f"{type(error).__name__}: {error}"}, 400)
    return Reply({"result": result})


def _do(simulator: World, call: str, args: dict[str, Any]) -> Any:
    if call == "set":
        return _set(simulator, args)
    if call in _VIEWS:
        with simulator.lock:
            return _VIEWS[call](simulator)
    if call not in _CALLS:
        raise KeyError(f"no such call: {call}")
    for name in ("at", "starts_at"):
        if args.get(name):
            args[name] = datetime.fromisoformat(args[name])
    if args.get("files"):
        args["files"] = [(n, k, base64.b64decode(b)) for n, k, b in args["files"]]
    result = getattr(simulator, call)(**args)
    return dataclasses.asdict(result) if isinstance(result, Fault) else result


def _set(simulator: World, args: Mapping[str, Any]) -> None:
    for name, value in args.items():
        if name == "window":
            simulator.throttle.window = value
            simulator.throttle.forget()
        elif name in _SETTINGS:
            setattr(simulator, name, value)
        else:
            raise KeyError(f"no such setting: {name}")


_VIEWS: Mapping[str, Callable[[Any], Any]] = {
    "faults": lambda simulator: [
        dataclasses.asdict(fault) for fault in simulator.faults.planned
    ],
    "sent": lambda simulator: simulator.sent,
    "calls": lambda simulator: dict(simulator.calls),
    "throttled": lambda simulator: dict(simulator.throttled),
    "sellers": lambda simulator: [
        {"sid": it.sid, "name": it.name, "chats": list(it.chats)}
        for it in simulator.sellers.values()
    ],
    "chats": lambda simulator: [
        {**chat.wire(), "seller": seller.sid}
        for seller in simulator.sellers.values()
        for chat in seller.chats.values()
    ],
}


class Remote:
    """
    A simulator in another process, told what to do by the same names.

    ``Remote(url).buyer_says(chat_id="1:…", text="Да")`` is ``Simulator.buyer_says``
    there; views (sent, faults, calls, throttled, sellers, chats) are calls too, and
    ``set(window="sliding")`` changes settings. ValueError repeats its complaint.
    """

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = url.rstrip("/") + PREFIX
        self._timeout = timeout

    def __getattr__(self, call: str) -> Callable[..., Any]:
        if call.startswith("_"):
            raise AttributeError(call)
        return lambda **args: self._call(call, args)

    def _call(self, call: str, args: Mapping[str, Any]) -> Any:
        body = json.dumps({"call": call, "args": args}, default=_wire).encode()
        request = urllib.request.Request(
            self._url, body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return json.load(response)["result"]
        except HTTPError as error:
            with error:
                raise ValueError(error.read().decode("utf-8", "replace")) from None


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")
