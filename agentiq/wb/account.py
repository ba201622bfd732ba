"""Whose token it is, whether it works, and what WB announces."""

from __future__ import annotations

from typing import Literal

from agentiq.wb import limits
from agentiq.wb.transport import Request, Transport

Host = Literal[
    "chat",
    "prices",
    "content",
    "common",
    "finance",
    "statistics",
    "analytics",
    "feedbacks",
    "returns",
    "calendar",
]


class AccountCalls(Transport):
    """The account's part of WbClient."""

    def ping(self, host: Host) -> None:
        """
        Return if the token opens this host, or raise why not.

        The calendar has no ping. Not for monitoring: WB may block who does that.
        Source: GET /ping, 3 requests per 30 s per host and seller.
        """
        if host == "calendar" or not hasattr(self.hosts, host):
            raise ValueError(f"{host} has no ping")
        url = f"{getattr(self.hosts, host)}/ping"
        self.call(Request(f"{limits.PING}:{host}", "GET", url))
