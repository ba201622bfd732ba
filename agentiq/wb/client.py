"""WbClient: all calls to WB with one seller's token."""

from __future__ import annotations

from agentiq.wb.account import AccountCalls
from agentiq.wb.calendar import CalendarCalls
from agentiq.wb.cards import CardCalls
from agentiq.wb.chat import ChatCalls
from agentiq.wb.finance import FinanceCalls
from agentiq.wb.orders import OrderCalls
from agentiq.wb.prices import PriceCalls
from agentiq.wb.transport import Hosts, new_session
from agentiq.wb.voices import VoiceCalls

__all__ = ["Hosts", "WbClient", "new_session"]


class WbClient(
    ChatCalls,
    CalendarCalls,
    PriceCalls,
    CardCalls,
    FinanceCalls,
    OrderCalls,
    VoiceCalls,
    AccountCalls,
):
    """
    Calls WB as one seller; each call is one request that is never repeated here.

    ``limiter`` is asked before each call and told of each answer; ``on_call``
    gets a CallReport afterwards. Calls raise the errors of ``errors``. A session
    may be shared by clients: it keeps no token.
    """
