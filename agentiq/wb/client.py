"""WbClient: all calls to WB with one seller's token."""

from __future__ import annotations

from agentiq.wb.account import AccountCalls
from agentiq.wb.chat import ChatCalls
from agentiq.wb.transport import Hosts, new_session

__all__ = ["Hosts", "WbClient", "new_session"]


class WbClient(ChatCalls, AccountCalls):
    """
    Calls WB as one seller; each call is one request that is never repeated here.

    ``limiter`` is asked before each call and told of each answer; ``on_call``
    gets a CallReport afterwards. Calls raise the errors of ``errors``. A session
    may be shared by clients: it keeps no token.
    """
