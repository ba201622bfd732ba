"""Names of people as Russians write them: first names, patronymics, surnames."""

import re
from collections.abc import Iterable

from chats.policy import lexicon

MALE = lexicon.words("male_names")
FEMALE = lexicon.words("female_names")
_SHORT = lexicon.words("short_names")
_AMBIGUOUS = lexicon.words("names_that_are_words")


def _forms(name: str) -> list[str]:
    """Return the name in its cases."""
    name = name.replace("ё", "е")
    stem = name[:-1]
    if name.endswith("ия"):
        return [name, *(stem + end for end in ("и", "ю", "ей", "ею"))]
    if name.endswith(("а", "я")):
        endings = ("ы", "и", "е", "у", "ю", "ой", "ою", "ей", "ею")
        return [name, *(stem + end for end in endings)]
    if name.endswith(("й", "ь")):
        return [name, *(stem + end for end in ("я", "ю", "ем", "е", "и", "ью"))]
    if name == "павел":
        return [name, "павла", "павлу", "павлом", "павле"]
    if name == "лев":
        return [name, "льва", "льву", "львом", "льве"]
    if name == "петр":
        return [name, "петра", "петру", "петром", "петре"]
    return [name, *(name + end for end in ("а", "у", "ом", "е"))]


FIRST_NAMES = frozenset(
    form for name in {*MALE, *FEMALE, *_SHORT} for form in _forms(name)
)
PLAIN_WORDS = frozenset(form for name in _AMBIGUOUS for form in _forms(name)) | {
    *[
        "лучи",
        "маша",
        "мая",
        "яны",
        "юли",
        "толи",
        "роме",
        "рома",
        "рому",
        "светом",
        "вере",
        "силой",
        "марки",
        "паши",
    ]
}
"""Forms of names that are common words or brands: no evidence on their own."""

PATRONYMIC = re.compile(
    r"[а-я]{2,14}(?:(?:ович|евич|ьич|иевич)(?:а|у|ем|е)?|(?:овн|евн|иевн|ичн|иничн)(?:а|ы|е|у|ой|ою))"
    r"|[а-я]{3,12} (?:оглы|кызы|улы|углы|гызы)"
)
"""A lower-case patronymic in any case."""

SURNAME = re.compile(
    r"[а-я]{2,16}(?:"
    r"(?:ов|ев|ин|ын)(?:а|у|ым|е|ой|ых|ыми|ы)?"
    r"|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую|их)"
    r"|(?:енко|ко|ук|юк|чук|щук|як|ак|ик)(?:а|у|ом|е)?"
    r"|(?:швили|дзе|ян|янц|янца|яна|яну|идзе|уа|ия|оглу|заде)"
    r"|(?:ых|их|аго|яго)"
    r"|(?:ман|берг|штейн|ер|ец|ль|нд|ис|ич|ун|ат|ель)(?:а|у|ом|е)?"
    r")"
)
"""A lower-case word that may be a surname: evidence only beside a name."""

SURE_SURNAME = re.compile(
    r"[а-я]{2,16}(?:(?:ов|ев|[нлкшчртсдг]ин|цын)(?:а|у|ым|ой)?|(?:вск|нск|цк|йск)(?:ий|ого|ому|им|ая|ой|ую)|енко|чук|щук|швили|дзе|[аоиертнгкдмслз]ян)"
)
"""An ending that is a surname's more often than not, when the word is capitalised."""

_ROOT = 4
"""Letters of a name that no case changes."""
_FAMOUS = frozenset(
    frozenset(part[:_ROOT] for part in pair.split("_"))
    for pair in lexicon.words("famous")
)


def is_famous(words: Iterable[str]) -> bool:
    """Return whether the words name somebody of a book or a stage, in any case."""
    return frozenset(word[:_ROOT] for word in words) in _FAMOUS


_STAGED_BEFORE = re.compile(
    r"(?<!\w)(?:как у|как на|а-ля|в стиле|(?:в )?клип\w?|фильм\w? с|сериал\w? с|кукл[аыу]|кукол|портрет|бюст|постер|песн[яи]|"
    r"концерт\w?|стихи|сказки|рассказы|роман\w?|повесть|автор\w?|писател\w+|поэт\w?|певи?ц\w*|актрис\w|актер\w?|блогер\w*|"
    r"ведущ\w+|диск\w?|альбом\w?|пластинк\w|кассет\w|геро\w+|героин\w|персонаж\w?|сорт|торт|бренд|том|книга|книгу|книги)[ :«\"]{1,2}$"
)
_STAGED_AFTER = re.compile(
    r"[»\"]?[ ,]{1,2}(?:в (?:так\w+|это\w|том|той) же|рекламир\w+|реклам\w+ эт|нос(?:ит|ила?)|пел[аи]?|по[ёе]т|сыграла?|снима\w+ся|"
    r"стихи|сказк[аи]|роман\w?|повест[ьи]|рассказы|том\w?|собрание|издание|избранное|по телек\w*|по телевизору|по тв|говорит \d|умеет)(?!\w)"
)


def is_on_stage(text: str, start: int, end: int) -> bool:
    """Return whether the text speaks of somebody read, watched or played with."""
    before = text[max(0, start - 25) : start]
    return bool(_STAGED_BEFORE.search(before) or _STAGED_AFTER.match(text, end))


def is_first_name(word: str) -> bool:
    """Return whether the word is a Russian first name, full or short, in any case."""
    return word.lower().replace("ё", "е") in FIRST_NAMES
