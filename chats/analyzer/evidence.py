"""Which of the buyer's own words a reading rests on."""

from typing import Literal

import numpy as np

from chats.analyzer.features import Seen
from chats.analyzer.heads import Heads, weigh
from chats.analyzer.records import Evidence
from chats.analyzer.safety import Alarm
from chats.analyzer.text import Word

SHARE = 0.5
"""A word is quoted when it weighs at least this share of the heaviest."""
QUOTES = 3
_EMPTY = """
добрый доброе доброго день дня вечер вечера утро утра здравствуйте здравствуй привет
пожалуйста а и но да же то вот это этот эта эти был была было были бы в во на с со к
ко по о об от до из за у для при я мы вы он она оно они мне меня нам нас вам вас ему
ей им его ее их себе себя мой моя мое мои ваш ваша ваше ваши что как так там тут уже
еще раз если или который которая которые
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that explain nothing to an operator, however much they weigh."""

Kind = Literal["intent", "sentiment", "flag"]


class Quotes:
    """The stretches of one turn that speak for a column of the heads."""

    def __init__(self, heads: Heads, seen: Seen, places: list[int]) -> None:
        """``places`` is the message number of each token."""
        self._heads, self._seen, self._places = heads, seen, places
        self._buckets, self._each = weigh(heads.idf, seen.hashes)
        self._of = np.searchsorted(self._buckets, seen.hashes.buckets)

    def column(self, kind: Kind, label: str, column: int) -> list[Evidence]:
        """Return the words that weigh most for a column, neighbours joined."""
        tokens = self._seen.tokens[: len(self._places)]
        if not tokens:
            return []
        pull = self._each * self._heads.sparse[self._buckets, column]
        share = np.bincount(
            self._seen.hashes.tokens, weights=pull[self._of], minlength=len(tokens)
        )
        spoken = np.array([token.form[0].isalnum() for token in tokens[: len(share)]])
        telling = spoken & [token.form not in EMPTY for token in tokens[: len(share)]]
        share = np.where(telling if telling.any() else spoken, share[: len(spoken)], 0)
        heaviest = share.max(initial=0)
        if heaviest <= 0:
            return []
        chosen = np.flatnonzero(share >= SHARE * heaviest)
        order = sorted(chosen, key=lambda index: -share[index])[: QUOTES * 2]
        return self._joined(kind, label, sorted(int(index) for index in order))

    def alarm(self, alarm: Alarm) -> list[Evidence]:
        """Return the words that raised an alarm."""
        indices = list(range(alarm.first, alarm.last + 1))
        return self._joined("flag", alarm.flag.value, indices)

    def _joined(self, kind: Kind, label: str, indices: list[int]) -> list[Evidence]:
        runs: list[tuple[int, Word, Word, int]] = []
        for index in indices:
            word, place = self._seen.tokens[index], self._places[index]
            if runs and runs[-1][3] == index - 1 and runs[-1][0] == place:
                runs[-1] = (place, runs[-1][1], word, index)
            else:
                runs.append((place, word, word, index))
        return [
            Evidence(place, first.start, last.end, kind, label)
            for place, first, last, _ in runs[:QUOTES]
        ]
