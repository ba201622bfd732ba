"""
Rows of the conversation side, in the order of the loop.

WB event → Message → Analysis → Suggestion → Decision → Outgoing → Attempt → WB.
"""

from chats.models.autosend import AutoSend
from chats.models.clocks import AnswerTarget
from chats.models.conversations import (
    Attachment,
    Chat,
    ChatOrder,
    ChatQuerySet,
    Draft,
    FeedCursor,
    Message,
    MessageQuerySet,
    Note,
    Presence,
)
from chats.models.desk import ChatAct, SavedReply, Tally
from chats.models.fates import ClaimState, Fate, FateReading
from chats.models.figures import FigureDay
from chats.models.outbox import (
    Attempt,
    Outgoing,
    OutgoingChange,
    OutgoingFile,
    OutgoingQuerySet,
    SendGate,
)
from chats.models.readings import (
    Analysis,
    Correction,
    Decision,
    Suggestion,
    SuggestionQuerySet,
)
from chats.models.replies import ReplyTemplate, WordingProposal

__all__ = [
    "Analysis",
    "AnswerTarget",
    "Attachment",
    "Attempt",
    "AutoSend",
    "Chat",
    "ChatAct",
    "ChatOrder",
    "ChatQuerySet",
    "ClaimState",
    "Correction",
    "Decision",
    "Draft",
    "Fate",
    "FateReading",
    "FeedCursor",
    "FigureDay",
    "Message",
    "MessageQuerySet",
    "Note",
    "Outgoing",
    "OutgoingChange",
    "OutgoingFile",
    "OutgoingQuerySet",
    "Presence",
    "ReplyTemplate",
    "SavedReply",
    "SendGate",
    "Suggestion",
    "SuggestionQuerySet",
    "Tally",
    "WordingProposal",
]
