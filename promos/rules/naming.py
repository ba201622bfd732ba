"""
Names for codes: readable aloud, no letter that passes for another, the number right.

A name is a short word that fits the use case, then the discount: CARE10. Letters
and digits that are mistaken for each other (O and 0, I, L and 1, S and 5, B and
8, Z and 2, G and 6, Q) appear in no word and no suffix. Of a discount with a
fraction the name keeps the whole part: CARE12 for 12.5 % promises nothing false.

Where every word is taken, a letter or two follow: CARE10K. A suffix is never a
digit, so that the number stays the discount.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from random import Random

from promos.rules.limits import skeleton
from promos.rules.terms import UseCase

ALPHABET = "ACDEFHJKMNPRTUVWXY"
WORDS = {
    UseCase.LOYALTY: ("THANK", "DEAR", "CHEER", "HAPPY", "TREAT", "WARM", "FAN"),
    UseCase.RETENTION: ("CARE", "AMEND", "MEND", "HEART", "PEACE", "REPAY"),
    UseCase.CONVERSION: ("NEW", "TRY", "NEXT", "MEET", "TAKE", "READY", "WANT"),
}


def suggest_code(
    use_case: UseCase, percent: Decimal, taken: Iterable[str], rng: Random
) -> str:
    """
    Return a name for a code that nobody takes for one of those taken.

    The draw is ``rng``'s: the same seed and codes give the same name. There is
    always one: suffixes grow longer once the short ones are used up.
    """
    used = {skeleton(code) for code in taken}
    words = list(WORDS[use_case])
    rng.shuffle(words)
    for length in count():
        for word in words:
            suffix = "".join(rng.choices(ALPHABET, k=length))
            code = f"{word}{int(percent)}{suffix}"
            if skeleton(code) not in used:
                return code
    raise AssertionError("count() does not end")
