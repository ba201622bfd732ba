"""
The conversation side of the seller's desk.

conversations are facts; wordings are the shop's own texts and what edits propose to
change in them; corrections tell what the analyser misread; saved are the operators'
own replies; autosend is what may be answered without a person; targets say how
soon buyers are to be answered, and when the shop works.
"""

from chats.admin import (
    autosend,
    conversations,
    corrections,
    saved,
    sends,
    targets,
    wordings,
)

__all__ = [
    "autosend",
    "conversations",
    "corrections",
    "saved",
    "sends",
    "targets",
    "wordings",
]
