"""
The buyer's letters made regular: one spelling of each word, with its place kept.

``words`` cuts a text into tokens that remember where they stood, so evidence
can quote the buyer exactly. ``plain`` joins them again for the encoder.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LIMIT = 4_000
"""Code points of one message that are read; a longer one keeps head and tail."""

TOKEN = re.compile(
    r"(?<!\w)[^\W\d_](?:[ .*-][^\W\d_](?!\w)){3,}"  # a word letter by letter
    r"|[^\W\d_]+[0@][а-яё]{2,}"  # a digit for a letter
    r"|[^\W\d_]+(?:[-'’*]+[^\W\d_]+)*"  # words, hyphened or starred out
    r"|\d+(?:[.,:/-]\d+)*"  # numbers, sizes, dates
    r"|[!?]+|\)+|\(+|\.{2,}|…"  # tone
    r"|[^\w\s]|_+"  # anything else seen, emoji too
)
SPACED = re.compile(r"[^\W\d_](?:[ .*-][^\W\d_]){3,}")
PARTING = re.compile(r"[ .*-]")
ROUND = str.maketrans("0@", "оа")
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff]")
REPEATED = re.compile(r"([^\W\d_])\1{2,}")
LINK = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
LATIN = re.compile(r"[a-z]")
CYRILLIC = re.compile(r"[а-яёқғңөұүһіўєїәҳѓѕј]")
LOOKALIKE_LETTERS = str.maketrans("aceopxykmtbhnurig", "асеорхукмтвнпигид")


@dataclass(frozen=True, slots=True)
class Word:
    """A token: ``form`` is the regular spelling, start and end are as written."""

    form: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """
    Return the tokens of a text, at most LIMIT code points of it.

    A bare link has none: where it leads is not what the buyer says.
    """
    found: list[Word] = []
    if LINK.fullmatch(text):
        return found
    for offset, part in _parts(text):
        for match in TOKEN.finditer(part):
            form = regular(match.group())
            if form:
                found.append(Word(form, offset + match.start(), offset + match.end()))
    return found


def _parts(text: str) -> list[tuple[int, str]]:
    """Return (offset, stretch) pairs: the text, or the head and tail of a long one."""
    if len(text) <= LIMIT:
        return [(0, text)]
    half = LIMIT // 2
    return [(0, text[:half]), (len(text) - half, text[-half:])]


@lru_cache(maxsize=50_000)
def regular(token: str) -> str:
    """
    Return the one spelling of a token: lower case, е for ё, no stretched letters.

    Latin letters that only look Cyrillic are put right inside Cyrillic words; a
    run of marks keeps its first three; digits keep their count, not their value.
    """
    token = unicodedata.normalize("NFKC", token[:80])
    token = INVISIBLE.sub("", token).lower().replace("ё", "е")
    if not token:
        return ""
    if token[0] in "!?().…":
        return token.replace("…", "...")[:3]
    if token[0].isdigit():
        return token
    if len(token) > 1:
        token = token.translate(ROUND)
    if SPACED.fullmatch(token):
        token = PARTING.sub("", token)
    if LATIN.search(token) and CYRILLIC.search(token):
        token = token.translate(LOOKALIKE_LETTERS)
    return REPEATED.sub(r"\1", token)


def plain(tokens: list[Word]) -> str:
    """Return the regular spelling of a text, parted where the buyer parted it."""
    pieces: list[str] = []
    end = 0
    for token in tokens:
        if pieces and token.start > end:
            pieces.append(" ")
        pieces.append(token.form)
        end = token.end
    return "".join(pieces)


def language(text: str) -> str:
    """
    Return the ISO 639-1 code of the script's likely language, "" without letters.

    Letters decide: Kazakh, Belarusian and Ukrainian ones are not Russian; mostly
    Latin letters are taken for English, whatever the words.
    """
    sample = text[:LIMIT].lower()
    letters = [letter for letter in sample if letter.isalpha()]
    if not letters:
        return ""
    if any(letter in "қғңұүһәө" for letter in letters):
        return "kk"
    if "ў" in letters and "и" not in letters:
        return "be"
    if any(letter in "їєґ" for letter in letters):
        return "uk"
    if "ў" in letters:
        return "uz" if any(letter in "ҳқғ" for letter in letters) else "be"
    latin = sum("a" <= letter <= "z" for letter in letters)
    cyrillic = sum("а" <= letter <= "я" or letter in "ёі" for letter in letters)
    if latin > cyrillic:
        return "en"
    return "ru" if cyrillic else "und"
