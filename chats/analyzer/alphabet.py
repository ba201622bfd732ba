"""
Russian typed in Latin letters: by sound («privet») or on the wrong layout.

The encoder's pieces judge: the spelling that falls into clearly fewer of them is
the one that was meant. English words are few pieces as they stand and stay.
"""

from dataclasses import replace

from chats.analyzer.encoder import Encoder
from chats.analyzer.text import LATIN, Word

CLEARER = 0.8
"""The share of the pieces that a better spelling may have at most."""
SOUNDS = (
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"),
    ("sh", "ш"), ("yu", "ю"), ("ju", "ю"), ("ya", "я"), ("ja", "я"), ("yo", "е"),
    ("jo", "е"), ("ye", "е"), ("iy", "ий"), ("yy", "ый"), ("a", "а"), ("b", "б"),
    ("v", "в"), ("w", "в"), ("g", "г"), ("d", "д"), ("e", "е"), ("z", "з"), ("i", "и"),
    ("j", "й"), ("k", "к"), ("q", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"),
    ("p", "п"), ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("f", "ф"), ("h", "х"),
    ("x", "х"), ("c", "к"), ("y", "ы"), ("'", "ь"),
)  # fmt: skip
LAYOUT = str.maketrans(
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.", "йцукенгшщзхъфывапролджэячсмитьбю"
)


def russian(tokens: list[Word], encoder: Encoder) -> list[Word]:
    """Return the tokens, respelt in Cyrillic when that is plainly what was meant."""
    latin = [token for token in tokens if LATIN.match(token.form)]
    words = sum(token.form[0].isalpha() for token in tokens)
    if not latin or len(latin) < 0.7 * words:
        return tokens
    written = [token.form for token in latin]
    options = ([_sound(form) for form in written], [_keys(form) for form in written])
    cost = _pieces(written, encoder)
    best = min(options, key=lambda forms: _pieces(forms, encoder))
    if _pieces(best, encoder) > CLEARER * cost:
        return tokens
    respelt = dict(zip(written, best, strict=True))
    return [
        replace(token, form=respelt.get(token.form, token.form)) for token in tokens
    ]


def _sound(form: str) -> str:
    for latin, cyrillic in SOUNDS:
        form = form.replace(latin, cyrillic)
    return form


def _keys(form: str) -> str:
    return form.translate(LAYOUT)


def _pieces(forms: list[str], encoder: Encoder) -> int:
    return len(encoder.pieces(" ".join(forms)))
