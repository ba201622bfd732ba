"""
Many sentences from few lines: «(вернём|отдадим) (вам |)деньги» says four things.

A frame is a line; ``(a|b|)`` takes one of its parts, the empty one too, and may hold
others. ``sentences`` draws from each frame, the same ones for the same seed.
"""

import random
import re
from collections.abc import Iterable, Iterator
from functools import cache

_CHOICE = re.compile(r"\(([^()]*)\)")
TRIES = 4
"""Draws for each sentence wanted, so that repeats cost little."""


def sentences(frames: Iterable[str], *, each: int, seed: int) -> Iterator[str]:
    """Yield up to ``each`` different sentences of every frame."""
    for number, frame in enumerate(frames):
        draw = random.Random(f"{seed}/{number}/{frame}")
        made: dict[str, None] = {}
        for _ in range(min(each, ways(frame)) * TRIES):
            made.setdefault(drawn(frame, draw))
            if len(made) == each:
                break
        yield from made


@cache
def ways(frame: str) -> int:
    """Return an upper bound of how many sentences a frame can make."""
    count = 1
    for part in re.findall(r"\([^()]*\)", frame):
        count *= part.count("|") + 1
    return count


def drawn(frame: str, draw: random.Random) -> str:
    """Return one sentence of the frame: the inmost choices are made first."""
    while choice := _CHOICE.search(frame):
        part = draw.choice(choice[1].split("|"))
        frame = frame[: choice.start()] + part + frame[choice.end() :]
    return re.sub(r"\s+([,.!?])", r"\1", re.sub(r"\s{2,}", " ", frame)).strip()
