"""
The conversation side of the seller's desk.

conversations are facts; wordings are the shop's own texts and what edits propose to
change in them; corrections tell what the analyser misread.
"""

from chats.admin import conversations, corrections, saved, wordings

__all__ = ["conversations", "corrections", "saved", "wordings"]
