"""
Full names of people in a text: «Иванова Анна», «меня зовут Пётр», «Сидоров А. Б.».

A first name alone is no personal datum unless the text says whose it is.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from chats.policy import lexicon, names
from chats.policy.folding import Folded

Span = tuple[int, int]

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_INTRODUCED = re.compile(
    r"(?<!\w)(?:меня зовут|зовут(?: меня| его| ее)?|звать|мо[её] имя|имя|фио|ф\.и\.о\.?|ф\. и\. о\.?|фамилия(?: имя(?: отчество)?)?|фамилии|отчество|"
    r"получател[ьяюе]\w?|отправител[ьяюе]\w?|заказчик\w?|покупател[ьяюе]\w?|владел(?:ец|ица|ьца) карты|держател[ьяюе]\w?(?: карты)?|плательщик\w?|адресат\w?|"
    r"на имя|от имени|на фамилию|на мо[её] имя|(?:оформ\w+|заказ\w*|выпис\w+|записан\w*|зарегистрир\w+|куплен\w*|запишите|оформите) (?:\w+ )?(?:на|для)|с уважением|"
    r"контактное лицо|доверенност\w+ (?:на|от)|выда(?:ть|йте|ли)|перевод\w? (?:на имя|от)|карта (?:на имя|на)|паспорт\w?(?: на имя)?|(?:это|я|пишет|вам пишет|беспокоит|подпись))"
    r"[\s:,\-–—(«\"]{1,4}(?:(?:это|будет|моя|мой|имя|изменен\w*|гражданин|гражданка|гр\.|ип|на|есть|теперь|другой|другая|сотрудник\w?|мужа|жены|сына|дочери|мамы|муж|жена|мама|дочь|сын|указан\w*|записан\w*|фамилия|фио)[\s:,\-–—]{1,3}){0,2}"
)
_CALLED = re.compile(r"(?<!\w)(?:меня зовут|зовут меня)[\s:,\-–—]{1,3}$")
_STRICT = re.compile(
    r"^(?:это|я|пишет|вам пишет|беспокоит)\W|(?<!\w)(?:это|я|пишет|вам пишет|беспокоит|выда\w+|паспорт\w?|для|на|имя|зовут|звать|покупател\w+|заказчик\w?|подпись|отчество)$"
)
_INITIALS = re.compile(
    r"(?<!\w)(?P<one>[А-ЯЁA-Z][а-яёa-z]{1,20}(?:-[А-ЯЁ][а-яё]{1,20})?)[ ,]{1,2}[А-ЯЁA-Z]\.[ ]?[А-ЯЁA-Z]\.?(?![\w])"
    r"|(?<!\w)[А-ЯЁ]\.[ ]?[А-ЯЁ]\.[ ]?(?P<two>[А-ЯЁ][а-яё]{2,20})(?!\w)"
    r"|(?<!\w)(?P<three>[А-ЯЁ][а-яё]{2,20}(?:ов|ев|ин|ова|ева|ина|ой|ий|ая|ко|ук|юк|ян|дзе|швили|у|ым))[ ][А-ЯЁ]\.(?![\w])"
    r"|(?<!\w)[А-ЯЁ][а-яё]{2,15}[ ][А-ЯЁ][а-яё]{0,2}\.[ ]?(?P<five>[А-ЯЁ][а-яё]{2,20})(?!\w)"
    r"|(?<!\w)[А-ЯЁ]\.[ ]?(?P<four>[А-ЯЁ][а-яё]{2,20}(?:ов|ев|ин|ова|ева|ина|ский|ская|енко|ук|юк|ян|дзе|швили))(?!\w)"
)
_LETTERS = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ю": "yu",
    "я": "ya",
    "ь": "",
    "ъ": "",
}
_LATIN_SURNAME = re.compile(
    r"[a-z]{2,16}(?:ov|ev|in|yn|ova|eva|ina|yna|sky|skiy|skii|skaya|skaia|enko|chuk|yan|dze|shvili|uk|yuk|ko|ich|off|eff)"
)
_SURNAMES = lexicon.words("surnames")
_NOT_SURNAMES = lexicon.words("not_surnames")
_COMMON = lexicon.words("common_words")
_SURNAME_ANYWHERE = re.compile(
    r"[а-я]{3,12}(?:кин|шин|нин|лин|тин)а|[а-я]{3,14}(?:[нлкшчртсдгмвжпбхзй]ова|[аеёинлдзс]ева|енко|чук|швили)(?:й)?"
)
_LATIN = re.compile(r"[a-z]")
_SHORT_SURNAMES = frozenset({"ли", "ян", "хе", "те", "ан"})


def _latin(name: str) -> str:
    return "".join(_LETTERS.get(char, char) for char in name)


def _patronymics(names_: frozenset[str]) -> frozenset[str]:
    """Return the patronymics of the male names, in all cases."""
    made = set()
    for name in names_:
        if name.endswith(("ий", "ь")):
            stem = name[:-2] + "ь" if name.endswith("ий") else name[:-1]
            stems = (stem, name[:-2] + "и") if name.endswith("ий") else (stem,)
            made |= {f"{s}{end}" for s in stems for end in ("евич", "евн")}
        elif name.endswith("й"):
            made |= {name[:-1] + "евич", name[:-1] + "евн"}
        elif name.endswith(("а", "я")):
            made |= {
                name[:-1] + "ич",
                name[:-1] + "иничн",
                name[:-1] + "ович",
                name[:-1] + "ичн",
            }
        else:
            made |= {name + "ович", name + "овн"}
    made |= {
        "павлович",
        "павловн",
        "львович",
        "львовн",
        "петрович",
        "петровн",
        "яковлевич",
        "яковлевн",
        "михайлович",
        "михайловн",
        "гавриилович",
        "даниловн",
        "данилович",
    }
    male = {
        m + end for m in made if m.endswith("ич") for end in ("", "а", "у", "ем", "е")
    }
    female = {
        m + end
        for m in made
        if m.endswith("н")
        for end in ("а", "ы", "е", "у", "ой", "ою")
    }
    return frozenset(male | female)


_HIS = """саныч палыч иваныч михалыч николаич сергеич андреич алексеич васильич
    степаныч семеныч григорьич евгеньич юрьич геннадьич анатольич витальич"""
_HERS = "санн палн иванн михалн николавн сергевн алексевн васильн андревн"
_SPOKEN_FATHERS = frozenset(
    stem + ending
    for stems, endings in ((_HIS, ("", "а", "у", "ем", "е")), (_HERS, "аеуы"))
    for stem in stems.split()
    for ending in endings
)
"""Patronymics as they are said."""
_PATRONYMICS = _patronymics(frozenset(names.MALE)) | _SPOKEN_FATHERS
_FATHERED = re.compile(
    r"(?<!\w)(?P<one>[А-ЯЁ][а-яё]{2,14})[ -](?:[Оо]глы|[Кк]ызы|[Гг]ызы|[Уу]гл[иы]|[Уу]лы|[Уу]улу)(?!\w)"
    r"|(?<!\w)(?:[А-ЯЁ][а-яё]{2,14}[ ])?(?P<two>[А-ЯЁ][а-яё]{2,12}(?:улы|кызы|уулу))(?:[ ][А-ЯЁ][а-яё]{2,14})?(?!\w)"
)
"""«Эльдар кызы», «Нурланулы»: patronymics of the East."""
_LATIN_NAMES = frozenset(_latin(name) for name in (*names.MALE, *names.FEMALE)) | {
    *[
        "alexander",
        "alexandr",
        "alexey",
        "alexei",
        "andrey",
        "andrei",
        "dmitry",
        "dmitri",
        "sergey",
        "sergei",
        "yury",
        "yuri",
        "evgeny",
        "evgeniy",
        "maria",
        "mariya",
        "julia",
        "yulia",
        "anastasia",
        "ksenia",
        "tatiana",
        "natalia",
        "ekaterina",
        "elena",
        "olga",
        "anna",
        "irina",
        "svetlana",
        "victoria",
        "victor",
        "maxim",
        "mikhail",
        "nikolay",
        "nikolai",
        "vasily",
        "grigory",
        "igor",
        "ilya",
        "kirill",
        "nikita",
        "denis",
        "artem",
        "egor",
        "daria",
        "sofia",
        "polina",
    ]
}
_VERB = re.compile(r"\w*(?:[аиея]л[аи]?|[аиея]ть|[аую]ю|ешь|[уа]ет|ите)")
_SMALL_INITIALS = re.compile(
    r"(?<!\w)(?:получател\w+|фио|на имя|фамилия|заказчик|покупатель)[ :\-–—]{1,3}([а-я]{3,18}[ ][а-я]\.?[ ]?[а-я]\.?)(?!\w)"
    r"|(?<!\w)([а-я]{2,15}(?:енко|чук|ов|ова|ев|ева|ин|ина|ский|ская|ян|дзе)[ ][а-я]\.?[ ]?[а-я]\.?)[ ](?:получатель|это я|заберет)(?!\w)"
    r"|(?<!\w)([а-я]{2,15}(?:енко|чук|ов|ова|ев|ева|ин|ина|ский|ская|ян|дзе)[ ](?!т\.)[а-я]\.[ ]?[а-я]\.)"
)
"""«получатель петренко о в»: initials in small letters need a word that says so."""
_MORE_NAMES = re.compile(r"(?:[ ][А-ЯЁ][а-яё]{1,15}){1,2}(?!\w)")
_CARDHOLDER = re.compile(
    r"(?<!\w)(?:[Кк]арт\w*|[Ии]мя|[Дд]ержател\w*|CARD)[^\n]{0,40}?(?<!\w)(?!VISA|MIR|MASTER|CARD|CVV)([A-Z]{2,15} [A-Z]{2,15})(?!\w)"
    r"|(?<!\w)([A-Z]{2,15} [A-Z]{2,15})(?= на карте)"
)
_BESIDE_BEFORE = re.compile(r"(?<![\w-])([А-ЯЁ][а-яё]{2,15})[ ]$")
_BESIDE_AFTER = re.compile(r"[ ]([А-ЯЁ][а-яё]{2,15})(?![\w-])")
_RECEIVES = re.compile(
    r"(?<!\w)([А-ЯЁа-яё]{2,16}(?: [А-ЯЁа-яё]{2,16}){1,2})(?=,? (?:получатель|получит|забер[её]т|забирает)(?!\w))"
)
_ENDINGS = re.compile(r"(?:а|у|ым|ой|е|ых|ы)$")


def people(folded: Folded) -> Iterator[Span]:
    """Yield full names, initials with a surname, and names the text introduces."""
    tokens = [
        (found.start(), found.end(), found.group())
        for found in _TOKEN.finditer(folded.text)
    ]
    starts = {start: index for index, (start, _, _) in enumerate(tokens)}
    yield from _full_names(folded, tokens)
    yield from _initials(folded)
    for found in _RECEIVES.finditer(folded.cased):
        words = found[1].split()
        if all(word[0].isupper() or _is_rare(word) for word in words) and any(
            map(_is_rare, words)
        ):
            yield found.span(1)
    for found in _CARDHOLDER.finditer(folded.cased):
        yield found.span(found.lastindex or 0)
    for found in _FATHERED.finditer(folded.cased):
        if (found["one"] or found["two"]).lower() not in _COMMON:
            yield found.span()
    for found in _INTRODUCED.finditer(folded.text):
        if found.end() in starts:
            strict = bool(_STRICT.search(found.group().rstrip(' :,-–—(«"')))
            yield from _introduced(folded, tokens, starts[found.end()], strict=strict)


def widened(folded: Folded, start: int, end: int) -> Span:
    """Return a found name with the capital word beside it that is nothing else."""
    near = max(0, start - 18)
    before = _BESIDE_BEFORE.search(folded.cased[near:start])
    if before and _is_rare(before[1]):
        start = near + before.start()
    after = _BESIDE_AFTER.match(folded.cased, end)
    if after and _is_rare(after[1]):
        end = after.end()
    return start, end


def _is_rare(word: str) -> bool:
    return word.lower().replace("ё", "е") not in _COMMON | _NOT_SURNAMES


def _initials(folded: Folded) -> Iterator[Span]:
    """Yield surnames with initials, and «Имя О. Фамилия»."""
    for found in _SMALL_INITIALS.finditer(folded.text):
        group = found.lastindex or 1
        if found[group].split()[0] not in _COMMON:
            yield _with_business(folded, *found.span(group))
    for found in _INITIALS.finditer(folded.cased):
        word = next(group for group in found.groups() if group).lower()
        if word not in _NOT_SURNAMES and len(word) > 2:
            yield _with_business(folded, *found.span())


def _with_business(folded: Folded, start: int, end: int) -> Span:
    """Return the span with «ИП» before it: the two together name the person."""
    return (start - 3 if folded.text[:start].endswith("ип ") else start), end


Token = tuple[int, int, str]


def _full_names(folded: Folded, tokens: list[Token]) -> Iterator[Span]:
    """Yield runs of two to four adjacent words that make a full name."""
    index = 0
    while index < len(tokens):
        run = _run(folded, tokens, index)
        if run > 1 and not names.is_on_stage(
            folded.text, tokens[index][0], tokens[index + run - 1][1]
        ):
            yield tokens[index][0], tokens[index + run - 1][1]
        index += max(run, 1)


def _run(folded: Folded, tokens: list[Token], index: int) -> int:
    first, *others = (word for _, _, word in tokens[index : index + 3])
    if any(names.is_famous((first, other)) for other in others):
        return 0
    for size in (4, 3, 2):
        window = tokens[index : index + size]
        if len(window) == size and _adjacent(folded, window):
            roles = "".join(_role(folded, token) for token in window)
            if roles in _PATTERNS or _stranger(folded, window, roles):
                return size
    return 0


def _stranger(folded: Folded, window: list[Token], roles: str) -> bool:
    """
    Return whether a first name stands beside a word that can only be a surname.

    «Цой Виктория»: a capital word that no message begins with and no text holds in
    small letters; «дубровина алина»: a surname by its ending, whatever its case.
    """
    if roles.count("F") != 1 or "\n" in folded.text[window[0][1] : window[-1][0]]:
        return False
    others = [
        (role, word)
        for role, (_, _, word) in zip(roles, window, strict=True)
        if role != "F"
    ]
    if roles in ("sF", "Fs"):
        return bool(_SURNAME_ANYWHERE.fullmatch(others[0][1])) and (
            others[0][1] not in _COMMON
        )
    capital = folded.cased[window[roles.index("F")][0]].isupper()
    if not capital or any(role != "W" for role, _ in others):
        return False
    end = window[-1][1]
    if re.match(r"[ ][А-ЯЁ][а-яё]", folded.cased[end : end + 3]):
        return False
    return all(word not in _COMMON and not _LATIN.search(word) for _, word in others)


_PATTERNS = frozenset(
    {
        "FP", "FPS", "SFP", "FPs", "sFP", "FPW", "WFP", "FS", "SF", "AS", "SA", "AP", "APS",
        "SAP", "APs", "sAP", "APW", "WAP", "SWP", "sWP", "WWP", "WPS", "LT", "TL", "LTT", "TLT", "TLL", "TLTT",
    }
)  # fmt: skip
"""Roles: F first name, A one that is also a word, P patronymic, S surname, s a word
that may be a surname, W any capital word, L and T a first name and surname in Latin."""


def _role(folded: Folded, token: Token) -> str:
    start, _, word = token
    capital = folded.cased[start].isupper()
    if word in _PATRONYMICS or (
        capital
        and re.fullmatch(r"[а-я]{2,14}(?:[ое]вич|[ое]вн)(?:а|у|ем|е|ы|ой)?", word)
    ):
        return "P"
    if "-" in word and all(part in names.FIRST_NAMES for part in word.split("-")):
        return "F"
    if capital and word in _SHORT_SURNAMES:
        return "S"
    if word in names.FIRST_NAMES:
        return "A" if word in names.PLAIN_WORDS and not capital else "F"
    if _is_surname(word, capital=capital):
        return "S"
    if word.isascii():
        if word in _LATIN_NAMES:
            return "L"
        return "T" if _LATIN_SURNAME.fullmatch(word) else "-"
    if names.SURNAME.fullmatch(word) and word not in _NOT_SURNAMES:
        return "W" if capital else "s"
    return "W" if capital and len(word) > 2 and word not in _NOT_SURNAMES else "-"


def _is_surname(word: str, *, capital: bool) -> bool:
    if word in _NOT_SURNAMES:
        return False
    base = word.split("-")[-1]
    if base in _SURNAMES or _ENDINGS.sub("", base) in _SURNAMES:
        return True
    return capital and bool(names.SURE_SURNAME.fullmatch(base))


def _adjacent(folded: Folded, window: list[Token]) -> bool:
    for (_, end, _), (start, _, _) in pairwise(window):
        if not re.fullmatch(
            r"[ \t\u00a0]{1,3}|[ ]?,[ ]?|[ ]?\n", folded.text[end:start]
        ):
            return False
    return True


def _unheard(folded: Folded, token: Token) -> Iterator[Span]:
    """Yield a name nobody knows, said after «меня зовут»."""
    if len(token[2]) > 2 and token[2] not in _COMMON | _NOT_SURNAMES:
        more = _MORE_NAMES.match(folded.cased, token[1])
        yield token[0], more.end() if more else token[1]


def _is_full(folded: Folded, tokens: list[Token], index: int) -> bool:
    """Return whether a word nobody knows is the surname after «меня зовут Кристина»."""
    start, _, word = tokens[index]
    return (
        len(word) > 3
        and word not in _COMMON | _NOT_SURNAMES
        and not _VERB.fullmatch(word)
        and bool(_CALLED.search(folded.text[: tokens[index - 1][0]][-14:]))
        and folded.text[tokens[index - 1][1] : start] == " "
    )


def _introduced(
    folded: Folded, tokens: list[Token], index: int, *, strict: bool
) -> Iterator[Span]:
    """Yield the one to three words after «получатель» or «меня зовут»."""
    taken = 0
    sure = False
    while taken < 4 and index + taken < len(tokens):
        token = tokens[index + taken]
        if taken and not re.fullmatch(
            r"[ \u00a0]{1,2}", folded.text[tokens[index + taken - 1][1] : token[0]]
        ):
            break
        role = _role(folded, token)
        if role == "-" and taken == 1 and _is_full(folded, tokens, index + 1):
            taken += 1
            break
        if role == "-" or (role == "s" and strict):
            break
        if role == "W" and (
            strict
            and not sure
            or folded.cased[token[0] : token[1]].isupper()
            and len(token[2]) > 14
        ):
            break
        sure = sure or role in "FAPSLT"
        taken += 1
    if not taken:
        if _CALLED.search(folded.text[: tokens[index][0]][-14:]):
            yield from _unheard(folded, tokens[index])
        return
    alone = _role(folded, tokens[index]) if taken == 1 else ""
    if (
        strict
        and alone in ("A", "s", "W", "P", "S", "T")
        and not (
            alone == "A"
            and folded.text[: tokens[index][0]].rstrip().endswith(("зовут", "имя"))
        )
    ):
        return
    if sure or not strict:
        end = tokens[index + taken - 1][1]
        initial = re.match(r"[ ](?:[А-ЯЁ]\.[ ]?){1,2}", folded.cased[end : end + 7])
        yield tokens[index][0], end + (initial.end() if initial else 0)
