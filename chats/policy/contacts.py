"""
Phones, mail addresses, links and handles, as people write them.

All functions take a folded text and return spans of that folded text.
"""

import re
from collections.abc import Iterator

from chats.policy.folding import Folded

Span = tuple[int, int]

_SEP = r"[\s.\-–—=|()_/*,:·]"
_DIGITS = re.compile(
    rf"(?<![\da-z_])\+?\(?\d(?:{_SEP}{{0,3}}[\dоo]){{4,18}}(?<=\d)(?![\da-z])"
)
_SHAPES = (
    r"\+?[78] ?9\d\d ?\d{3} ?\d\d ?\d\d",
    r"\+?[78] ?9\d\d ?\d\d ?\d{3} ?\d\d",
    r"\+?[78] ?9\d\d ?\d\d ?\d\d ?\d{3}",
    r"\+?[78] ?9\d\d ?\d{3} ?\d{4}",
    r"\+?[78] ?9\d\d ?\d{4} ?\d{3}",
    r"\+?[78] ?9\d \d\d \d\d \d\d \d\d",
    r"\+?[78] ?9\d{3} ?\d\d ?\d\d ?\d\d",
    r"\+?[78] ?[3-8]\d\d ?\d{3} ?\d\d ?\d\d",
    r"\+?[78] ?[3-8]\d\d ?\d{3} ?\d{4}",
    r"\+?[78] ?[3-8]\d{3} ?\d\d ?\d\d ?\d\d",
    r"\+?[78] ?[3-8]\d{4} ?\d ?\d\d ?\d\d",
    r"9\d\d \d{3} ?\d\d ?\d\d",
    r"9\d\d \d\d \d\d \d{3}",
    r"9\d\d \d{3} \d{4}",
    r"9\d\d ?\d{7}",
    r"9\d{9}",
    r"\+[1-69]\d{0,2} ?\d\d ?\d{3} ?\d\d ?\d\d",
    r"\+[1-69]\d{0,2} ?\d{3} ?\d{3} ?\d{3,4}",
    r"\+[1-69]\d{9,13}",
    r"00\d\d ?\d{3,4} ?\d{6}",
    r"\+?375 ?\d\d ?\d{3} ?\d\d ?\d\d",
    r"\+?(?:380|998|996|992|374|994|995) ?\d\d ?\d{3} ?\d\d ?\d\d",
    r"\+? ?(?:\d ){9,13}\d",
    r"\+?(?:\d\d ){5}\d",
    r"\+?[78] (?:\d\d ){4}\d\d",
)
_SHAPE = re.compile("|".join(f"(?:{shape})" for shape in _SHAPES))
_CALLED = re.compile(
    r"(?:телефон|тел\b|моб\b|мобильн|сотов|домашн|городск|рабоч\w+ тел|номер(?!ам)\w{0,2}(?!\w| (?:заказ|отправ|посыл|трек|карт|возвр|заявк|чек|накл|товар|дома|кв|счет|парти|детал|издели|модел|артик|сери|цвет|тон|накладн))|звон|набер|смс|ватс?ап|"
    r"вацап|whats|viber|вайбер|телег|telegr|\bтг\b|\bсбп\b)[^\d\n]{0,30}$"
)
_AREA = re.compile(r"\(\d{3,5}\)")

_MAIL = re.compile(
    r"(?<![\w.+-])[\w][\w.+-]{0,63}"
    r"(?:\s{0,2}@\s{0,2}|\s{0,2}[(\[]?\b(?:собака|собачка|at)\b[)\]]?\s{0,2})"
    r"[\w-]{1,63}(?:(?:\.\s{0,1}|\s\.\s?(?=(?:ru|com|net|org|ру|рф)\b)|,(?=(?:ru|com|net|org)\b)|\s{0,2}\b(?:точка|dot)\b\s{0,2})[\w-]{1,24}){1,4}(?!\w)"
)
_MAIL_SAID = re.compile(
    r"(?<![\w.+-])(?:(?:[\w.-]{1,30}[ ]){1,2}(?:нижн\w{2} подчерк\w+|подчерк\w+|дефис|тире|минус|точка)[ ]){0,3}(?:[a-z0-9_.-]{2,30}[ ])?[\w.-]{2,40}\s{0,2}(?:собака|собачка|собачк[ау]|@)\s{0,2}"
    r"(?:яндекс|мейл|майл|мэйл|меил|гмейл|гмаил|джимейл|гугл|рамблер|инбокс|бк|лист|я|"
    r"yandex|ya|mail|gmail|bk|list|inbox|rambler|icloud|hotmail|outlook)"
    r"[ .,]{0,3}(?:точка[ ]?)?(?:ру|ком|ru|com)(?!\w)"
)
"""A mail address said aloud: its parts may stand apart, its dot may be missing."""
_MAIL_BEFORE = re.compile(
    r"(?:почта|мыло|e-?mail|имейл|мейл)[ :\-]{1,3}([\w.\-]{2,20}[ ])$"
)
"""«почта марат 88 собака …»: a word of the name that stands apart."""
_MAIL_NAMED = re.compile(
    r"(?<!\w)(?:gmail|гмейл|джимейл|яндекс[ .-]почта|почта|мыло|e-?mail|имейл|мейл)[ :\-]{1,3}([a-z][a-z\d]*[._\d][\w.\-]{2,30})(?![\w@])"
)
"""«gmail: olga.k.1990»: the half before the sign is enough to write to."""
_ZONES = (
    "ru|рф|com|net|org|su|shop|store|online|site|info|biz|pro|me|io|kz|by|ua|uz|am|ge|"
    "gg|ly|cc|link|club|app|dev|top|xyz|market|space|website|tech|msk|moscow|москва|"
    "ру|ком|орг|pw|to|ai|tv|ws|id|gl|page|life|live|world|sale|blog|center|bz|de|cn"
)
_LINK = re.compile(
    r"(?:(?:https?|hxxps?|ftp|tg|viber|whatsapp)\s?:\s?/\s?/?\s?|www\s?[.]\s?)[^\s<>\"»]{2,200}"
    rf"|(?<![\w@.-])[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,3}}\.(?:{_ZONES})"
    r"(?:/[^\s<>\"»,]{0,200})?(?![\w-])"
    rf"|(?<!\w)[\w-]{{2,63}}\s{{0,2}}[\[(]?\b(?:точка|дот|dot)\b[\])]?\s{{0,2}}(?:{_ZONES})\b"
    rf"|(?<!\w)[a-z][a-z0-9-]{{2,63}}\s?[.,]\s?(?:ru|рф|com|net|org|shop)\b"
    r"|(?<!\w)[a-z0-9]{2,30}-[a-z0-9-]{2,30}\s(?:рф|ру|ru|com)(?!\w)"
    rf"|(?<!\w)[\w-]{{2,63}}\s?[\[({{]\s?[.]\s?[\])}}]\s?(?:{_ZONES})\b"
    r"|(?<!\w)(?:t|т)(?:\s?\.\s?|\s)(?:me|ме)\s?/\s?[\w+]{0,64}"
    r"|(?<!\w)(?:wa|vk|вк|clck|goo|bit|ok)\s?\.\s?(?:me|com|ru|gl|ly|cc|ком|ру)\b(?:\s?/\s?[\w.+]{1,80})?"
)
_HANDLE = re.compile(r"(?<![\w.@])@\s?[a-zа-я_][\w.]{2,40}(?<!\.)")
_NAMED_HANDLE = re.compile(
    r"(?<!\w)(?:телегр\w*|телег[аеу]|тг|tg|telegram|инст\w*|insta\w*|inst|вк|vk|"
    r"вконтакте|ник|скайп|skype|логин)\b[\s:\-—=]{1,4}(?:мой|наш|ник|это)?[\s:\-—]{0,3}"
    r"([a-z_][a-z0-9_.]{3,40})"
)
_SAID_HANDLE = re.compile(
    r"(?<!\w)(?:собака|собачка|никнейм\w?|ник)[ :]{1,3}([a-z_][a-z0-9_.]{3,40})(?![\w@])"
)
_TAG = re.compile(r"(?<!\w)live:[\w.]{3,40}|(?<![\w#])[a-zа-я][\w.]{1,31}#\d{4}(?!\d)")
_NUMBER_WORD = (
    r"(?:ноль|нуль|один|одна|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|"
    r"(?:один|две|три|четыр|пят|шест|сем|восем|девят)надцать|двадцать|тридцать|сорок|"
    r"(?:пять|шесть|семь|восемь)десят|девяносто|сто|двести|триста|четыреста|"
    r"(?:пять|шесть|семь|восемь|девять)сот|тысяч[аи]?|плюс)"
)
_SPOKEN = re.compile(
    rf"(?<!\w)(?!номер)(?:(?:{_NUMBER_WORD}(?!\w)[\s,.\-()]{{1,3}}|\d{{1,4}}+[\s,.\-()]{{0,3}}|(?:пробел|тире|дефис|скобк[аи]|номер|и)[ ])){{4,14}}(?:{_NUMBER_WORD}|\d{{1,4}})(?!\w)"
)
_SPOKEN_ONE = re.compile(rf"(?<!\w){_NUMBER_WORD}(?!\w)")
_COUNTED = "0123456789" * 2
SPELLED = 9
"""So many numbers in words, one after another, are dictated: nobody counts so far."""
_SPOKEN_START = re.compile(
    r"(?:плюс\W+)?(?:восемь|семь|8|7)\W*(?:девятьсот|9\d\d|девять|четыреста|восемьсот)"
    r"|девятьсот\W+\w+\W+\d{3}\W+\d\d\W+\d\d|девять\W+\w+\W+\w+\W+\d{3}\W+\d\d"
)


def phones(folded: Folded) -> Iterator[Span]:
    """Yield phone numbers in digits, with any usual separators, or in words."""
    text = folded.text
    for start, end in spoken(folded):
        long = len(_SPOKEN_ONE.findall(text, start, end)) >= SPELLED
        if (
            long
            or _SPOKEN_START.match(text, start, end)
            or _CALLED.search(text[max(0, start - 45) : start])
        ):
            yield start, end
    for found in _DIGITS.finditer(text):
        if _is_phone(text, found):
            yield _trimmed(text, found)


def spoken(folded: Folded) -> Iterator[Span]:
    """Yield five or more numbers in a row, some of them in words."""
    if not _SPOKEN_ONE.search(folded.text):
        return
    for found in _SPOKEN.finditer(folded.text):
        words = len(_SPOKEN_ONE.findall(found.group()))
        if words > 1 or words and sum(map(str.isdigit, found.group())) > 5:
            yield found.span()


def mails(folded: Folded) -> Iterator[Span]:
    """Yield e-mail addresses, with «собака» and «точка» too."""
    for pattern in (_MAIL_SAID, _MAIL):
        for found in pattern.finditer(folded.text):
            start, end = found.span()
            named = _MAIL_BEFORE.search(folded.text[max(0, start - 40) : start])
            yield start - len(named[1]) if named else start, end
    for found in _MAIL_NAMED.finditer(folded.text):
        yield found.span(1)


def links(folded: Folded) -> Iterator[Span]:
    """Yield links and bare domains."""
    for found in _LINK.finditer(folded.text):
        yield found.span()


def handles(folded: Folded) -> Iterator[Span]:
    """Yield @names and names announced as somebody's account."""
    for found in _HANDLE.finditer(folded.text):
        yield found.span()
    for found in _NAMED_HANDLE.finditer(folded.text):
        yield found.span(1)
    for found in _SAID_HANDLE.finditer(folded.text):
        yield found.span(1)
    for found in _TAG.finditer(folded.text):
        yield found.span()


def is_counted(digits: str) -> bool:
    """Return whether the figures are those of a keyboard: 1234567890, 000000."""
    in_row = digits in _COUNTED or digits in _COUNTED[::-1]
    return len(digits) >= SPELLED and in_row or len(set(digits)) == 1


def _is_phone(text: str, found: re.Match[str]) -> bool:
    written = re.sub(r"[оo]", "0", found.group())
    before = text[max(0, found.start() - 45) : found.start()]
    if is_counted(re.sub(r"\D", "", written)) and not _CALLED.search(before):
        return False
    groups = re.sub(r"[^\d+]+", " ", written).strip().replace("+ ", "+")
    count = sum(c.isdigit() for c in groups)
    if _is_russian(groups):
        return True
    if _SHAPE.fullmatch(groups):
        return "," not in written or count >= 10 and groups.count(" ") <= 4
    if 10 <= count <= 15 and ("+" in groups or _AREA.search(written)):
        return True
    if re.fullmatch(r"(?:\d|\d{3})-\d\d-\d\d", written):
        return True
    return 5 <= count <= 12 and bool(_CALLED.search(before))


def _is_russian(groups: str) -> bool:
    """Return whether the digits are a Russian number, however they are grouped."""
    digits = re.sub(r"\D", "", groups)
    first = len(groups.lstrip("+").split()[0])
    if len(digits) == 11 and re.match(r"[78][3489]", digits):
        broken = first == 2 and digits[1] == "9" and 4 <= len(groups.split()) <= 5
        return first == 1 or first >= 4 or broken or groups.startswith("+")
    return len(digits) == 10 and digits[0] == "9" and first >= 3


def _trimmed(text: str, found: re.Match[str]) -> Span:
    start, end = found.span()
    if text[start] == "(" and ")" not in text[start:end]:
        start += 1
    return start, end
