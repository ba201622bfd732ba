"""
Reads a buyer's turn and says what is wanted, in what tone, and what must not follow.

Pure: no Django, no network, no downloads. Everything outside calls
``analyze(turn, context)`` and gets a ``Reading``; ``analyze_many`` is the same
for a list, faster.
"""

from chats.analyzer.reader import analyze, analyze_many
from chats.analyzer.records import Context, Evidence, Good, Line, Reading, Turn
from chats.analyzer.taxonomy import Flag, Intent, Scenario, Sentiment, scenario_of

__all__ = [
    "Context",
    "Evidence",
    "Flag",
    "Good",
    "Intent",
    "Line",
    "Reading",
    "Scenario",
    "Sentiment",
    "Turn",
    "analyze",
    "analyze_many",
    "scenario_of",
]
