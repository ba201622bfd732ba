"""
What a text says of a code (per cent, last day, scope) against the registry's terms.

All functions take a folded text and yield spans of it with the value that is right.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from chats.policy.folding import Folded, spelled
from chats.policy.terms import MONTHS, Terms

Span = tuple[int, int]

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?=\S)[^.!?\n]*)*[.!?\n]*")
_PROMO = spelled(r"(?:промо|код(?!ек)|скидк|скидок|купон|дешевл|выгод)")
_WORD_NUMBERS = {
    **dict(
        zip(
            [
                "три",
                "четыре",
                "пять",
                "шесть",
                "семь",
                "восемь",
                "девять",
                "десять",
                "одиннадцать",
                "двенадцать",
                "тринадцать",
                "четырнадцать",
                "пятнадцать",
                "шестнадцать",
                "семнадцать",
                "восемнадцать",
                "девятнадцать",
                "двадцать",
            ],
            range(3, 21),
            strict=True,
        )
    ),
    "один": 1,
    "два": 2,
    "тридцать": 30,
    "сорок": 40,
    "пятьдесят": 50,
    "шестьдесят": 60,
    "семьдесят": 70,
    "восемьдесят": 80,
    "девяносто": 90,
    "сто": 100,
    "десяти": 10,
    "пяти": 5,
    "пятнадцати": 15,
    "двадцати": 20,
    "тридцати": 30,
    "пятидесяти": 50,
}
_NUMBER_WORDS = "|".join(sorted(_WORD_NUMBERS, key=len, reverse=True))
_PERCENT = re.compile(
    rf"(?<![\w.,])(?P<digits>\d{{1,3}}(?:[.,]\d{{1,2}})?)[\s-]{{0,3}}(?:%|٪|процент\w*|проц\b|проц\.)"
    rf"|(?<!\w)(?P<tens>двадцать|тридцать|сорок|пятьдесят)?\s?(?P<word>{_NUMBER_WORDS})[\s-]{{0,2}}(?:%|процент\w*)"
    r"|(?:скидк\w*|дешевле|скинем|минус)\s(?:в\s|на\s|до\s|целых\s)?(?P<bare>\d{1,2})(?![\d\w%]|[.,]\d|\s?(?:%|процент|[а-я]*р\b|руб|₽|шт|товар|дн|числ|"
    + "|".join(MONTHS)
    + r"))"
    rf"|(?:скидк\w*|дешевле)\s(?:в\s|на\s|до\s)?(?P<bareword>{_NUMBER_WORDS})(?!\s?(?:процент|%|руб|товар|дн))(?!\w)"
)
_SHARE = re.compile(
    r"(?:хлопк|хлопок|полиэст|эластан|вискоз|шерст|нейлон|состав|лен\b|льн|шелк|акрил|"
    r"влажн|заряд|какао|жирн|спирт|кислот|концентр|натуральн|масл|кашемир|бамбук|"
    r"модал|лайкр|спандекс|полиамид|меринос|сахар|белк|экстракт|витамин|затемн|яркост)"
)
_SHOWN = re.compile(
    r"[^.!?\n]{0,12}(?:учтен|вошл|включен|показан|видн|отражен)\w{0,2}[^.!?\n]{0,8} (?:цен|карточк)"
)
_CODE = spelled(r"(?:промо|код|купон)")
_AMOUNT = spelled(
    r"(?:скидк\w*|скидочк\w*|промо\w*|код\w*|дешевле|минус|скинем|сброс\w*|уступ\w*|сэконом\w*|эконом\w*|выгод\w*)[^.!?\n\d]{0,30}?"
    r"\d[\d ]{0,6}[ ]?(?:руб|₽|р\b|р\.|тысяч|к\b)"
)
_FIGURE = re.compile(
    r"(?:вдвое|втрое|в \d+ раза?|в (?:два|три) раза|наполовину) дешевле|полцены|"
    r"пол-?цены|половин\w* (?:цены|стоимости)|за (?:один|1) рубль|бесплатн|"
    r"\b1\s?\+\s?1\b|\b2\s?\+\s?1\b|вторая? \w+ в подарок|два по цене|2 по цене|даром\b|на (?:четверть|треть|половину)\b"
)
_DAY = re.compile(
    rf"(?<!\d)(?P<day>[0-3]?\d)\s?(?:-?го|-?ое)?\s?(?P<month>{'|'.join(MONTHS)})(?:\s?(?P<year>20\d\d))?"
    r"|(?<![\d.,/])(?P<d>[0-3]?\d)[./](?P<m>[01]?\d)(?:[./](?P<y>(?:20)?\d\d))?(?!\d|[./]\d|\s?(?:%|см|мм|кг|г\b|л\b|м\b))"
    r"|(?<!\d)(?P<iy>20\d\d)-(?P<im>[01]\d)-(?P<id>[0-3]\d)(?!\d)"
)
_VAGUE = re.compile(
    r"до (?:конца|начала|середины) \w+|бессрочн\w*|всегда действ\w*|действ\w* всегда|навсегда|"
    r"без (?:ограничени\w* (?:по )?)?срок\w*|(?:в течение|ещ[её]|целых?|всего|на|через)\s(?:\d+|\w+)\s(?:дн\w+|день|недел\w*|месяц\w*|час\w*|сут\w+)|"
    r"(?:\d+|две|три|пару|несколько)\s?(?:дн\w+|недел\w+|месяц\w*|час\w*|сут\w+)|"
    r"(?:до|по) (?:понедельник\w*|вторник\w*|сред[ыу]|четверг\w*|пятниц\w*|суббот\w*|воскресень\w*|завтра\w*|послезавтра|вечера|полуночи|выходных|лета|зимы|весны|осени|"
    r"нового года|\d{1,2}(?:-?го|-?ое)? числа)|(?:одну |эту |целую |ещ[её] )недел\w+|"
    r"(?:весь|целый|этот) (?:день|месяц|год)\b|до \d{1,2}-?го\b"
)
_WORDED = re.compile(
    r"(?:до|по)\s(?:двадцат\w+\s|тридцат\w+\s)?(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|десят|двадцат|тридцат|\w+надцат)\w{0,5}\s"
    rf"(?:{'|'.join(MONTHS)})|весь\s(?:январь|февраль|март|апрель|май|июнь|июль|август|сентябрь|октябрь|ноябрь|декабрь)"
)
"""A day in words cannot be compared with the registry: write it in figures."""
_RELATIVE = re.compile(r"(?:до|по|только|лишь|ещ[её])?\s?(сегодня|завтра)(?!шн)")
_OTHER_DAYS = re.compile(
    r"доставк|достав[яи]|поступл|поступит|поставк|прид[её]т|приед|возврат|вернуть|заявк|рассм|"
    r"ответ[а-я]* (?:до|в теч)|проверк|гаранти|использов|склад|хран|изготов|годн|носк|стирк"
)
_VALIDITY = re.compile(
    r"(?:^|\W)(?:до|по|срок|действ\w*|годен|истека\w*|воспольз\w*|включительно)\b"
)
_ALL = re.compile(
    r"(?<!не )на (?:абсолютно )?(?:вс[её]\b(?! же| равно)(?! этот| эти)|весь ассортимент|весь каталог|весь магазин|весь заказ|всю (?:корзин|продукц|покупк|коллекц)|все (?:наши )?(?:товар|вещ|модел|позиц|артикул|издели)|"
    r"люб(?:ой|ую|ые|ое|ая)|вс[её] подряд|каждый (?:товар|заказ))|весь ассортимент|(?<!\w)(?:что угодно|везде)\b|для всех товаров|на всех товар|ко всем (?:товар|заказ)|к любо(?:му|й)"
)
_SOME = re.compile(
    r"(?:только |лишь |исключительно )?на (?:этот|эту|эти|это|данн\w+|выбранн\w+|отдельн\w+|некоторы\w+|определ[её]нн\w+|избранн\w+)"
    r"|(?:на|для) товар\w* с артикул\w*|на артикул\w*|кроме|за исключением"
)


def wrong_percents(folded: Folded, terms: Terms | None, facts: str) -> Iterator[Span]:
    """Yield discounts in a promo text that are not the registered one."""
    text = folded.text
    for found in _PERCENT.finditer(text):
        value = _percent(found)
        if terms and value == terms.discount_percent:
            continue
        if not (_is_share(text, found, facts) or not terms and _is_shown(text, found)):
            yield found.span()
    for pattern in (_AMOUNT, _FIGURE):
        for found in pattern.finditer(text):
            yield found.span()


def wrong_dates(
    folded: Folded, terms: Terms | None, today: date | None
) -> Iterator[Span]:
    """Yield days and periods said of the code that are not its last day."""
    for start, end in _validity(folded.text, terms):
        sentence = folded.text[start:end]
        taken: list[Span] = []
        for found in _DAY.finditer(sentence):
            taken.append(found.span())
            if _is_other_day(sentence, found.start()):
                continue
            if not (terms and _is_day(found, terms.expires_on)):
                yield start + found.start(), start + found.end()
        for found in _RELATIVE.finditer(sentence):
            shift = timedelta(days=found[1] == "завтра")
            if not (terms and today and today + shift == terms.expires_on):
                yield start + found.start(), start + found.end()
        for found in _WORDED.finditer(sentence):
            yield start + found.start(), start + found.end()
        for found in _VAGUE.finditer(sentence):
            if not any(a < found.end() and found.start() < b for a, b in taken):
                yield start + found.start(), start + found.end()


def wrong_scopes(folded: Folded, terms: Terms) -> Iterator[Span]:
    """Yield words that widen or narrow what the code covers."""
    pattern = _SOME if terms.scope == "all" else _ALL
    for start, end in _promo_sentences(folded.text, terms):
        for found in pattern.finditer(folded.text, start, end):
            yield found.span()
    if terms.scope == "selected":
        yield from _foreign_articles(folded.text, terms)


def _is_other_day(sentence: str, start: int) -> bool:
    """Return whether the date belongs to a delivery or the like, not to the code."""
    before = sentence[max(0, start - 30) : start]
    others = [found.end() for found in _OTHER_DAYS.finditer(before)]
    return bool(others) and not _PROMO.search(before, others[-1])


def _foreign_articles(text: str, terms: Terms) -> Iterator[Span]:
    for start, end in _promo_sentences(text, terms):
        if "артикул" not in text[start:end]:
            continue
        for found in re.finditer(r"(?<![\w])\d{6,12}(?!\w)", text[start:end]):
            if int(found.group()) not in terms.nm_ids:
                yield start + found.start(), start + found.end()


def _percent(found: re.Match[str]) -> Decimal | None:
    word = found["word"] or found["bareword"]
    if word:
        return Decimal(_WORD_NUMBERS[word] + _WORD_NUMBERS.get(found["tens"], 0))
    try:
        return Decimal((found["digits"] or found["bare"]).replace(",", "."))
    except InvalidOperation:
        return None


def _is_share(text: str, found: re.Match[str], facts: str) -> bool:
    """Return whether the per cent tells what a thing is made of."""
    around = text[max(0, found.start() - 25) : found.end() + 25]
    near_discount = _PROMO.search(text, max(0, found.start() - 15), found.end() + 10)
    if _SHARE.search(around) and not near_discount:
        return True
    written = re.sub(r"\s", "", found.group())
    return bool(facts) and written in re.sub(r"\s", "", facts.lower())


def _is_shown(text: str, found: re.Match[str]) -> bool:
    """Return whether the per cent is the marketplace's own, seen on the card."""
    after = text[found.end() : found.end() + 60]
    return bool(_SHOWN.match(after)) and not _CODE.search(text)


def _is_day(found: re.Match[str], expected: date) -> bool:
    if found["month"]:
        number = str(MONTHS.index(found["month"]) + 1)
        parts = (found["year"], number, found["day"])
    else:
        parts = (
            found["y"] or found["iy"],
            found["m"] or found["im"],
            found["d"] or found["id"],
        )
    year, month, day = parts
    if year and int(year) % 100 != expected.year % 100:
        return False
    return (int(month), int(day)) == (expected.month, expected.day)


def _sentences(text: str) -> Iterator[Span]:
    for found in _SENTENCE.finditer(text):
        if found.group():
            yield found.span()


def _promo_sentences(text: str, terms: Terms) -> Iterator[Span]:
    """Yield sentences about the code, and the one right after each of them."""
    carried = False
    for start, end in _sentences(text):
        named = terms.code.lower() in text[start:end]
        speaks = named or bool(_PROMO.search(text, start, end))
        if speaks or carried:
            yield start, end
        carried = speaks


def _validity(text: str, terms: Terms | None) -> Iterator[Span]:
    for start, end in _sentences(text):
        sentence = text[start:end]
        if (
            _PROMO.search(sentence)
            or (terms and terms.code.lower() in sentence)
            or _VALIDITY.search(sentence)
            and not _OTHER_DAYS.search(sentence)
        ):
            yield start, end
