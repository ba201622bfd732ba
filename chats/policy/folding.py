"""
A text without its disguise: one plain lower-case view, each letter tied to its origin.

``fold`` undoes what hides a word from a pattern but not from a reader: full-width and
mathematical letters, strike-through marks, zero-width characters, ё, stretched
letters. ``join`` then closes s p a c e d and d.o.t.t.e.d words. Whether a letter is
Cyrillic or its Latin twin, or a digit in its place, is left to the pattern: ``spelled``.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

_PLAIN = re.compile(r"[\n\r\t -~А-Яа-яЁё«»—–№…₽]*")
_TWINS = {
    **dict(zip("αβεηικνορτυχγ", "abenikvoptuxy", strict=True)),
    **dict(zip("ӏіїјѕԁԛԝһүұөәғқңўєґ", "liijsdqwhyyoагкнуег", strict=True)),
    **dict(
        zip(
            "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡıſℓ",
            "abcdefghijklmnoprstuvwyzagisl",
            strict=True,
        )
    ),
    **dict.fromkeys("‐‑‒–—―−﹣－ー", "-"),
    **dict.fromkeys("∙•●‧・⋅。․·", "."),
    **dict.fromkeys("∕⁄／", "/"),
    "＿": "_",
    "＠": "@",
    "ё": "е",
    "Ё": "Е",
}
_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"})
_KEPT_CONTROLS = frozenset("\n\r\t")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"[\w@$]+")
_CYRILLIC = re.compile(r"[а-я]")
_FOREIGN = re.compile(r"[a-z046@$]")
_TO_CYRILLIC = str.maketrans("aeopcyxkmthbu@$", "аеорсухкмтнвиас")
_DIGITS = {"0": "о", "4": "ч", "6": "б"}
_LONE_DIGIT = re.compile(r"(?<!\d)[046](?=[а-я])|(?<=[а-я])[046](?!\d)")
_LETTER = r"(?:[^\W_]|[@$])"
_SPACED = re.compile(
    rf"(?<!{_LETTER})(?:{_LETTER}[\s.\-_*|,/\\~+'\"]{{1,4}}){{2,}}{_LETTER}(?!{_LETTER})"
)
_GAP = re.compile(r"[\s.\-_*|,/\\~+'\"]+")
_STITCHED = re.compile(r"(?<=[^\W\d_])[.\-_*|/\\~'\"]{1,2}(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Folded:
    """
    A plain view of ``source``.

    ``text`` is lower case, ``cased`` keeps the case; both are of one length, and
    ``origin[i]`` is where character i came from. ``runs`` are the stretches of
    ``text`` that were written letter by letter.
    """

    source: str
    text: str
    cased: str
    origin: Sequence[int]
    runs: tuple[tuple[int, int], ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in ``source`` of ``text[start:end]``, which is not empty."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(source: str) -> Folded:
    """Return the view with look-alike, invisible and stretched characters undone."""
    if _PLAIN.fullmatch(source):
        cased = source.replace("ё", "е").replace("Ё", "Е")
        return _unstretch(Folded(source, cased.lower(), cased, range(len(source))))
    chars: list[str] = []
    origin: list[int] = []
    for position, char in enumerate(source):
        for plain in _plain(char):
            chars.append(plain)
            origin.append(position)
    cased = "".join(chars)
    return _unstretch(Folded(source, _lower(cased), cased, origin))


def join(folded: Folded) -> Folded:
    """Return the view with words written letter by letter or in pieces closed up."""
    text = folded.text
    dropped: set[int] = set()
    spaced: list[tuple[int, int]] = []
    for run in _SPACED.finditer(text):
        gaps = [gap.span() for gap in _GAP.finditer(text, run.start(), run.end())]
        spaced.append(run.span())
        dropped.update(_closed(text, gaps))
    for stitch in _STITCHED.finditer(text):
        dropped.update(range(*stitch.span()))
    if not dropped:
        return folded
    kept = [i for i in range(len(text)) if i not in dropped]
    place = {old: new for new, old in enumerate(kept)}
    return Folded(
        folded.source,
        "".join(text[i] for i in kept),
        "".join(folded.cased[i] for i in kept),
        [folded.origin[i] for i in kept],
        tuple((place[start], place[end - 1] + 1) for start, end in spaced),
    )


def native(folded: Folded) -> Folded:
    """Return the view with «тoчкa» and «т0чка» spelled in Cyrillic; case is kept."""
    text = _WORD.sub(_in_cyrillic, folded.text)
    return folded if text == folded.text else replace(folded, text=text)


def _in_cyrillic(found: re.Match[str]) -> str:
    word = found.group()
    if not _CYRILLIC.search(word) or not _FOREIGN.search(word):
        return word
    return _LONE_DIGIT.sub(lambda d: _DIGITS[d.group()], word.translate(_TO_CYRILLIC))


def _closed(text: str, gaps: list[tuple[int, int]]) -> set[int]:
    """Return what to drop between letters; a wider gap, or a space, parts words."""
    solid = [gap for gap in gaps if not text[slice(*gap)].isspace()]
    if solid and len(solid) < len(gaps):
        return {place for gap in solid for place in range(*gap)}
    narrowest = min(end - start for start, end in gaps)
    return {
        place
        for start, end in gaps
        for place in range(start, end if end - start == narrowest else end - 1)
    }


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char in _TWINS:
        return _TWINS[char]
    if char in _KEPT_CONTROLS or char in "йЙ":
        return char
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    spread = unicodedata.normalize("NFKD", char)
    if spread in ("и\u0306", "И\u0306"):
        return char
    kept = (c for c in spread if unicodedata.category(c) not in _INVISIBLE)
    return "".join(_TWINS.get(_TWINS.get(c, c).lower(), _TWINS.get(c, c)) for c in kept)


def _lower(cased: str) -> str:
    lowered = cased.lower()
    if len(lowered) == len(cased):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in cased)


def _unstretch(folded: Folded) -> Folded:
    """Cut «ооооочень» to «очень»; digits stay, they may be a phone."""
    if not _STRETCHED.search(folded.text):
        return folded
    kept: list[int] = []
    last = 0
    for run in _STRETCHED.finditer(folded.text):
        kept.extend(range(last, run.start() + 1))
        last = run.end()
    kept.extend(range(last, len(folded.text)))
    return Folded(
        folded.source,
        "".join(folded.text[i] for i in kept),
        "".join(folded.cased[i] for i in kept),
        [folded.origin[i] for i in kept],
    )


_SPELLINGS = {
    "а": "[аa@4*]",
    "б": "[б6b]",
    "в": "[вbv8]",
    "г": "[гrg]",
    "д": "[дd]",
    "е": "[еeэ3*]",
    "ж": "(?:ж|zh)",
    "з": "[з3z]",
    "и": "[иiu1!й*y]",
    "й": "[йиiyj]",
    "к": "[кkc]",
    "л": "[лl1]",
    "м": "[мm]",
    "н": "[нhn]",
    "о": "[оo0*]",
    "п": "[пpn]",
    "р": "[рpr]",
    "с": "[сcs$]",
    "т": "[тtm7]",
    "у": "[уyu*]",
    "ф": "[фf]",
    "х": "(?:[хx]|kh|h)",
    "ц": "(?:ц|ts|c)",
    "ч": "(?:[ч4]|ch)",
    "ш": "(?:ш|sh|w)",
    "щ": "(?:щ|shch|sch|w)",
    "ъ": "[ъ']?",
    "ы": "(?:ы|[ьb6][iil1|]|y)",
    "ь": "[ьb']?",
    "э": "[эe3]",
    "ю": "(?:[юu]|yu|iu)",
    "я": "(?:[я9]|ya|ia)",
    "a": "[aа@4*]",
    "b": "[bв6]",
    "c": "[cс]",
    "e": "[eе3*]",
    "h": "[hн]",
    "i": "[i1l!|и]",
    "k": "[kк]",
    "l": "[l1i|]",
    "m": "[mм]",
    "o": "[oо0*]",
    "p": "[pр]",
    "s": "[s$5]",
    "t": "[tт7]",
    "x": "[xх]",
    "y": "[yу]",
}
_TOKEN = re.compile(r"\[[^\]]*\]|\\.|.", re.DOTALL)
_START = r"(?<![^\W_])"


@lru_cache(maxsize=1024)
def spelled(pattern: str, *, loose: bool = False) -> re.Pattern[str]:
    """
    Return a pattern of Russian words that also finds their twins and translit.

    In ``pattern`` a space stands for up to four characters that are no letters, «~»
    for up to forty characters of the same sentence, and a word is met at its start.
    ``loose`` asks neither for gaps nor for a start: for words written in one run.
    """
    parts = [] if loose else [_START]
    for token in _TOKEN.findall(pattern):
        if token == " ":
            parts.append(r"(?:[\W_]{0,4})" if loose else r"(?:[\W_]{1,4})")
        elif token == "~":
            parts.append(r"[^.!?\n]{0,40}?")
        elif loose and token == r"\b":
            continue
        elif re.fullmatch(r"\[[а-я]+\]", token):
            choices = (_SPELLINGS[char] for char in token[1:-1])
            parts.append(f"(?:{'|'.join(choices)})")
        else:
            parts.append(_SPELLINGS.get(token, token))
    return re.compile("".join(parts))
