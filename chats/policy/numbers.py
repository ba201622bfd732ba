"""
Cards, documents and order numbers: figures told apart by shape and the words before.

All functions take a folded text and yield spans of it.
"""

import re
from collections.abc import Iterator
from itertools import chain

from chats.policy.contacts import is_counted, spoken
from chats.policy.folding import Folded

Span = tuple[int, int]

_S = r"[\s.\-–—/|,_=*()]{0,3}"
_CARD = re.compile(
    rf"(?<![\da-z_.])[2-69]\d{{3}}(?:{_S}\d{{4}}){{3}}(?:{_S}\d{{1,3}})?(?![\w])"
    rf"|(?<![\da-z_.])[2-6](?:[ \-]?\d){{15}}(?![\w])"
    rf"|(?<!\w)3[47]\d\d{_S}\d{{6}}{_S}\d{{5}}(?!\w)"
    rf"|(?<!\w)(?:40[5-8]|42[0-6]|301)\d{{2}}(?:{_S}\d){{15}}(?!\w)"
)
_THEN = r"(?:дальше|далее|потом|затем|еще|после|там|идет|идут|кончается|заканчивается|конец|последние|пробел|тире|слэш|и|а)"
_CARD_SAID = re.compile(
    rf"(?<![\w.])\d{{2,16}}(?!\d)(?:{_S}(?:{_THEN}[\s,.:)]{{1,3}}){{0,3}}\d{{2,16}}(?!\d)){{0,7}}(?!\w)"
)
"""«5336 69, дальше 02 1148 7733»: sixteen figures with words between them."""
_CARD_NEAR = re.compile(r"(?:карт|счет|сбер|тинь|цифр)[^\d\n!?]{0,40}$")
_CARD_TAIL = re.compile(
    r"(?<!\w)(\d{4}[ \-]?\d{0,2}[ \-]?(?:[*xх•]{1,8}[ \-]?){1,3}\d{4})(?!\d)"
    r"|последн\w+ (?:\w+ )?цифр\w*[^\d\n]{0,15}(\d{4})(?!\d)|(?<!\w)(?:карт[аеуоы]\w{0,2}|счет\w{0,2}|сбер\w*|тинькоф\w*|т-банк\w*|альф\w*|втб|мир|visa|mastercard|виз[аеуы]|озон банк\w*)"
    r"[^\d\n.!?]{0,25}?(?:\*{1,4}|x{2,4}|х{2,4}|•{1,4}|[.…]{2,4}|на |(?:за|о)?канчива\w+ (?:на )?|последн\w+ (?:четыре |4 )?(?:цифр\w* )?)[\s.:]{0,3}(\d\d-?\d\d)(?![\d\w])"
    r"|(?<!\w)(?:cvv|cvc|цвв|цвц|свв|cvv2|cvc2|код на обороте|с обратной стороны|пин(?:-?код)?|pin)[^\d\n]{0,12}(\d{3,4})(?!\d)"
    r"|(?<!\w)(?:карт[аеуоы]\w{0,2}|кошел\w{2,3}|юмани|счет\w{0,2}|р/с|к/с|расч[её]тн\w+|лицев\w+|iban)[^\d\n]{0,40}?((?:\d[ \-]{0,2}){11,23}\d)(?!\d)"
    r"|(?<!\w)(?:срок|действ\w*|карт[аеуоы]\w{0,2})[^\d\n.!?]{0,12}?((?:0[1-9]|1[0-2])[ ]?/[ ]?(?:20)?[2-4]\d)(?![\d/])"
    r"|(?<![\w*•])((?:(?:\*{2,}+|•{2,}+)[ \-]?){1,4}\d{4}|(?:[xх][ \-]){2,3}\d{4})(?!\d)"
    r"|(?<!\w)(?:карт[аеуоы]\w{0,2}|сбер\w*|тинькоф\w*|т-банк\w*)[^\d\n.!?]{0,25}(\d{4}[ \-]\d{4}(?:[ \-]\d{4})?)(?!\d)"
)
_CARD_ENDS = re.compile(r"(?:\.{2,4}|…|\*{1,4}|•{1,4})[ ]?(\d{4})(?![\d\w])")
"""«...8812» of a text that speaks of a card."""
_DOC = (
    r"(?:па[сc]+порт\w*|пасп(?!\w)|загран\w*|миграцион\w+ карт\w*|водительск\w*|ву|военник\w*|пенсионн\w+|студак\w*|студенческ\w+ билет\w*|доверенност\w*|докумен\w*|удостоверени\w*|серия|серии|"
    r"свидетельств\w*|права|правах|снилс\w*|инн|уд\.?[ ]?личности|полис\w*|омс|кпп|огрн\w*|бик|вид\w? на жительств\w*|в/у|птс|стс|военн\w+ билет\w*|внж|рвп|выдан\w*)"
)
_PASSPORT = re.compile(
    r"(?<![\w.,])(?<!\d )\d{2}[ \-]?\d{2}(?:[ ,;]{1,3}(?:№|n|номер|ном\.?)?[ ]{0,2})\d{6}(?![\w])"
    r"|(?<!\w)\d{2} \d{2}[ ]?(?:№|n)?[ ]?\d{6}(?!\w)"
    r"|(?<!\w)[авекмнорстухabekmhopctyx]\d{3}[авекмнорстухabekmhopctyx]{2}[ ]?\d{2,3}(?!\w)"
    r"|(?<!\w)\d{4}[ ]?(?:№|#|n)[ ]?\d{6}(?!\w)"
    r"|(?<!\w)\d{3}[ -]\d{3}[ -]\d{3}[ -]\d{2}(?!\w)"
    r"|(?<!\w)(?:[ivxlc]{1,6}|[1-9]\d?)[ -]?[а-я]{2}[ ]{0,2}(?:№|n)?[ ]{0,2}\d{6}(?!\w)"
)
_SERIES = re.compile(
    r"(?<!\w)сери[яию]\w{0,2}[\s:]{0,3}(?:паспорта[\s:]{0,3})?((?:\d{2}[ ]?\d{2}|[ivx]{1,5}-?[а-я]{2}|\d{2} [а-я]{2}))"
    r"[\s,;:.]{0,3}(?:(?:и|a|а)\s)?(?:номер\w{0,2}|ном\.?|№|n)?[\s:№]{0,3}(\d{3}[ ]?\d{3,4})"
)
_SERIES_THEN = re.compile(
    r"(?<!\w)(?:сери[яию]\w{0,2}|па[сc]порт\w{0,3})[^\d\n.!?]{0,15}?(\d{2}[ ]?(?:\d{2})?(?!\d)[^\d\n!?]{1,25}?\d{3}[ ]?\d{3,4})(?!\d)"
)
"""«серия 8009, потом 114 562»: any few words before the number."""
_AFTER_DOC = re.compile(
    rf"(?<!\w){_DOC}[^\d\n]{{0,45}}?((?:\d[ \-№,]{{0,3}}){{5,15}}\d)(?!\d)"
)
_FOREIGN = re.compile(
    rf"(?<!\w){_DOC}[^\d\n]{{0,45}}?(?<!\w)((?:[a-zа-я]{{1,2}}[ \-№]{{0,3}}|[ivx]{{1,4}}-[а-я]{{2}}[ №]{{1,3}}|\d{{2}}[ ]?[а-я]{{2}}[ №]{{1,3}})\d{{5,9}})(?!\w)"
)
_DIVISION = re.compile(
    r"(?<!\w)(?:код подр\w*\.?|подразделени\w*|к/п)[^\d\n]{0,10}(\d{3}[ \-–]\d{3})(?!\d)"
)
_MONTH = r"(?:январ|феврал|март|апрел|ма[яй]|июн|июл|август|сентябр|октябр|ноябр|декабр)[а-я]{0,2}"
_BIRTHDAY = rf"\d{{1,2}}[ .\-/]{{1,2}}(?:\d{{1,2}}|{_MONTH})[ .\-/]{{1,2}}(?:19|20)?\d\d(?!\d)|(?:19|20)\d\d-\d\d-\d\d"
_BORN = re.compile(
    rf"(?<!\w)(?:родил\w{{1,3}}|рожден\w{{0,4}}|рожд\.?|д\.[ ]?р\.?|др)(?!\w)[^\d\n.!?]{{0,15}}?({_BIRTHDAY}|19\d\d(?!\d))"
    rf"|(?<![\w.])({_BIRTHDAY})[ ]?(?:г\.?|года?)?[ ,]{{0,2}}(?:рождени|рожд\.|г\.[ ]?р\.?|д\.[ ]?р\.?)"
    r"|(?<![\w.])((?:19|20)\d\d)[ ]?(?:г\.?|года?)?[ ,]{0,2}(?:рождени|рожд\.|г\.[ ]?р\.?)"
)
"""A day of birth, or its year, with the word that says so."""
_MORE_SERIES = re.compile(r"(?<!\w)сери[яию]\w{0,2}[\s:]{0,3}(\d{2}[ ]?\d{2})(?!\d)")
_MORE_NUMBER = re.compile(r"(?<!\w)(?:номер\w{0,2}|№)[\s:]{0,3}(\d{3}[ ]?\d{3})(?!\d)")

_ORDER_WORD = (
    r"(?:заказ(?:а|у|ом|е|ов|ы|ик\w*)?|зказ|закз|ордер\w?|уид|uid|брон[ьи]|отправлени\w*|отправк[аиу]|посыл(?:к|оч)\w*|тр[еэ]к(?:-(?:код|номер)\w*|\w*)|track\w*|srid|rid|order|"
    r"штрих-?\s?код\w*|баркод\w*|barcode|шк|накладн\w+|заявк\w*|обращени\w*|тикет\w*|чек\w{0,2}|"
    r"квитанц\w*|стикер\w*|sticker|договор\w{0,2}|рекламаци\w*|жалоб\w{1,2}|диалог\w{0,2}|инцидент\w?|qr\w*|возврат\w*|доставк\w*|идентификатор\w*|id|айди|ид|поставк\w*|сборочн\w+(?: задани\w+)?|"
    r"код\w{0,2} (?:получени\w*|выдачи|для получени\w*|заказа|доставки)|претензи\w*|отслеживани\w*|рид|ттн|упд|счет-фактур\w*|акт\w?)"
)
_NUMBERED = r"(?:№|#|n|nr|no|номер\w{0,3}|ном\.?|num|number|:|-|—|–|=|\()"
_ORDER_ID = r"(?=[\w\-./]{0,40}\d[\w\-./]{0,40}\d)[a-zа-я0-9](?:[a-zа-я0-9_]|[\-./](?=[a-zа-я0-9])){3,79}"
_MEANT = (
    r"(?:(?:мой|моего|мо[ей]й|наш\w*|такой|этот|вот|у меня|wb|вб|вайлдберриз|на wb|под|с|за|по|от|его|ее|прошлый|"
    r"отправк\w+|отправлени\w+|посылк\w+|покупк\w+|возврат\w*|доставк\w+|на возврат|в поддержк\w+)[^\S\n]{1,2}){0,3}"
)
"""Words between «заказ» and its number."""
_ORDER = re.compile(
    rf"(?<!\w){_ORDER_WORD}[^\S\n]{{0,3}}{_MEANT}"
    rf"(?:{_NUMBERED}[^\S\n]{{0,3}}){{0,3}}({_ORDER_ID})"
)
_GROUPS = r"\d{1,10}(?:[ \-/]\d{1,7}){1,11}"
_ORDER_GROUPED = re.compile(
    rf"(?<!\w){_ORDER_WORD}[^\S\n]{{0,3}}{_MEANT}(?:{_NUMBERED}[^\S\n]{{0,3}}){{0,3}}((?:[a-z]{{2,3}}[ \-]{{1,2}})?{_GROUPS})(?!\w)"
    rf"|(?<!\w)(?:(?:номер\w{{0,2}}|№)[ ](?:\w{{2,10}}[ ]){{0,2}}{_ORDER_WORD}|{_ORDER_WORD}[ ](?:\w{{2,10}}[ ]){{0,2}}(?:номер\w{{0,2}}|№))(?!\w)(?:[^\d\n.!?]|\.{{2,3}}){{0,40}}?({_GROUPS})(?!\w)"
    rf"|(?<!\w)(?:пакет\w{{0,2}}|стикер\w{{0,2}}|наклейк\w{{1,2}}|посылк\w{{1,2}})(?!\w)[^\d\n.!?]{{0,30}}?({_GROUPS})(?!\w)"
    rf"|(?<!\w)(?:№|#)[ ]?({_GROUPS})(?!\w)"
)
"""A number in groups: after its word, after «номер заказа», on a parcel's sticker."""
_ORDER_BARE = re.compile(
    r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])"
    r"|(?<!\w)(?=[0-9a-z]*\d)(?=[0-9a-z]*[a-z])[0-9a-z]{16,64}(?:\.\d{1,3}){0,3}(?!\w)"
    r"|(?<![\w.])\d{6,24}(?:\.\d{1,4}){2}(?!\w)"
    r"|(?<!\w)(?:[a-z]{2}(?:[ \-]?\d){9}[ \-]?[a-z]{2}|[а-я]{2}\d{9}[а-я]{2})(?!\w)"
    r"|(?<!\w)wb[-_ ]?[a-z]{0,3}[-_ ]?\d{6,18}(?!\w)"
    r"|(?<!\w)[a-z]{1,4}\.[0-9a-z]{12,64}(?:\.\d{1,3}){0,3}(?!\w)"
    r"|(?<![\w.,])\d{8,11}-\d{4}-\d{1,3}(?!\w)"
    r"|(?<![\w.,+])\d{10,30}(?![\w])"
)
_ORDER_FAR = re.compile(
    rf"(?<!\w){_ORDER_WORD}(?!\w)[^\n.!?]{{0,60}}?(?<![\w.,])(\d{{7,20}}|[a-z]{{1,4}}-?\d{{5,12}})(?![\w%])"
)
_ORDER_WEAK = re.compile(
    r"(?<!\w)(?:покупк\w*|операци\w|транзакци\w|платеж\w?|отменит\w*|отследит\w*|найдит\w*)(?!\w)[^\d\n.!?]{0,25}?(?<![\w.,])"
    r"(\d{7,20}|\d{4,8}-\d{3,6})(?![\w%])"
)
"""Words that may also stand before a price or a size: a long number is neither."""
_ORDER_NEXT = re.compile(
    r"(?:[ ,;]{1,3}|\s?\n\s?)(?:(?:и|или|да|а также|плюс|второй|еще)[ ]){0,2}(?:№[ ]?)?(\d{5,20})(?![\w%])"
)
_PICKUP = re.compile(
    r"(?<!\w)(?:пвз|пункт\w*|получ\w+|выдач\w|выда\w+|qr|кьюар|куар)[^\d\n.!?]{0,40}?(?<!\w)код\w{0,2}[^\d\n.!?]{0,25}?(?<!\w)(\d{3}[ -]?\d{2,3}|\d{4,8}|\d\d(?:[ -]\d\d){1,2})(?![\w%])"
    r"|(?<!\w)(?:qr|кьюар|куар)[^\d\n]{0,40}?цифр\w*[^\d\n.!?]{0,12}?(?<!\w)(\d\d(?:[ -]\d\d){1,2}|\d{3}[ -]?\d{2,3}|\d{4,8})(?![\w%])"
    r"|(?<!\w)чек\w{0,2} (?:номер|№) ?(\d{3,12})(?![\w%])"
    r"|(?<!\w)(?:qr|кьюар|куар)-?код\w{0,2}[^\d\n.!?]{0,20}?(?<!\w)(\d{4,8})(?![\w%])"
    r"|(?<!\w)код\w{0,2} (?:получени\w+|выдачи|на выдачу)[^\d\n.!?]{0,12}(\d(?: \d){3,5})(?!\w)"
    r"|(?<!\w)(?:qr|кьюар|куар)\w{0,3}[^\d\n.!?]{0,40}?(?<!\w)код\w{0,2}[^\d\n.!?]{0,12}?(\d{2}(?:[ -]\d{2}){2})(?!\w)"
    r"|(?<!\w)код\w{0,2}[^\d\n.!?]{0,25}?(?:пвз|получ|выда[чвл]|пункт|курьер)[^\d\n.!?]{0,25}?(?<!\w)(\d{3}[ -]?\d{2,3}|\d{4,8})(?![\w%])"
)
_MONEY = re.compile(
    r"[ ]?(?:руб|р\b|₽|шт|мл\b|гр?\b|см\b|мм\b|кг|км\b|вт\b|мин|дн|час|раз|тыс|лет)"
)
_SPOKEN_CARD = re.compile(r"(?:карт|счет|сбер|тинь)[^\d\n.!?]{0,40}$")
_SPOKEN_DOC = re.compile(r"(?:паспорт|серия|снилс|инн)[^\d\n.!?]{0,40}$")
_SPOKEN_ORDER = re.compile(rf"(?<!\w){_ORDER_WORD}(?!\w)[^\d\n.!?]{{0,30}}$")
_ORDER_AFTER = re.compile(
    r"(?:№|#)[ ]?(\d{6,20}(?:-\d{1,8}){0,3})(?!\w)|(?<!\w)код\w{0,2}[^\d\n.!?]{0,20}?[ ](\d{4,8}|\d\d[ -]\d\d|\d{3}[ -]\d{3})[ ](?:нужен |надо )?(?:для|на|от|в)?[ ]?(?:пвз|получ|выдач|пункт)|(?<!\w)(\d{7,20})[ ,\-—]{1,3}(?:это )?(?:мой |наш )?"
    r"(?:номер\w? )?(?:заказ|отправлени|посылк|трек|отмен|верн[уи]|возврат)"
)
_ARTICLE = re.compile(
    r"(?:артик\w*|арт\.?|нм|nm\w*|sku|модел\w*|код товара|товар\w*|карточк\w*|скю)[\s:№#\-–—(]{0,5}(?:номер\w*\s|wb\s|вб\s)?$"
)
_ON_GOODS = re.compile(
    r"честн\w{0,3} знак|(?<!\w)ean|на (?:пачке|упаковке|бирке|банке)"
)
_DATE = re.compile(r"[0-3]?\d[./ -][01]?\d(?:[./ -](?:20)?\d\d)?|20\d\d-\d\d-\d\d")


def cards(folded: Folded) -> Iterator[Span]:
    """Yield bank cards and accounts, whole or the last digits, and their secrets."""
    for found in _CARD.finditer(folded.text):
        if not _is_article(folded.text, found.start(), card=True):
            yield found.span()
    for found in _CARD_SAID.finditer(folded.text):
        near = folded.text[max(0, found.start() - 60) : found.start()]
        if len(re.sub(r"\D", "", found.group())) == 16 and _CARD_NEAR.search(near):
            yield found.span()
    for found in _CARD_TAIL.finditer(folded.text):
        yield _filled(found)
    if "карт" in folded.text:
        for found in _CARD_ENDS.finditer(folded.text):
            yield found.span(1)
    yield from _spoken_after(folded, _SPOKEN_CARD)


def documents(folded: Folded) -> Iterator[Span]:
    """Yield numbers of passports and other documents of a person."""
    text = folded.text
    yield from _spoken_after(folded, _SPOKEN_DOC)
    for found in _SERIES.finditer(text):
        yield found.span()
    for found in _BORN.finditer(text):
        yield _filled(found)
    for found in _PASSPORT.finditer(text):
        if not _is_article(text, found.start()):
            yield found.span()
    for pattern in (_SERIES_THEN, _FOREIGN, _AFTER_DOC, _DIVISION):
        for found in pattern.finditer(text):
            if not _DATE.fullmatch(found[1].strip()):
                yield found.span(1)
    if re.search(r"(?<!\w)(?:па[сc]+порт|загран)", text):
        for pattern in (_MORE_SERIES, _MORE_NUMBER):
            for found in pattern.finditer(text):
                yield found.span(1)


def orders(folded: Folded) -> Iterator[Span]:
    """Yield numbers of orders, parcels, claims, receipts and barcodes."""
    text = folded.text
    on_goods = bool(_ON_GOODS.search(text))
    for found in _ORDER_BARE.finditer(text):
        named = _is_article(text, found.start()) or is_counted(found.group())
        if not (named or (on_goods and _is_barcode(found.group()))):
            yield found.span()
    for found in _ORDER_GROUPED.finditer(text):
        start, end = _filled(found)
        if _is_article(text, found.start()) or _MONEY.match(text, end):
            continue
        if _is_grouped(text[start:end]):
            yield start, end
    for found in _ORDER.finditer(text):
        if on_goods and _is_barcode(found[1]):
            continue
        if _is_order(found[1]) and not _MONEY.match(text, found.end()):
            yield found.span(1)
            yield from _next_orders(text, found.end())
    for found in chain(_ORDER_FAR.finditer(text), _ORDER_WEAK.finditer(text)):
        named = _is_article(text, found.start(1)) or _names_article(text, found.end())
        if not (named or (on_goods and _is_barcode(found[1]))):
            yield found.span(1)
            yield from _next_orders(text, found.end())
    yield from _spoken_after(folded, _SPOKEN_ORDER)
    for found in _PICKUP.finditer(text):
        if not _MONEY.match(text, found.end()):
            yield _filled(found)
    for found in _ORDER_AFTER.finditer(text):
        span = _filled(found)
        if not _is_article(text, span[0]) and not _is_article(text, span[0] - 1):
            yield span


def _next_orders(text: str, end: int) -> Iterator[Span]:
    while found := _ORDER_NEXT.match(text, end):
        if _MONEY.match(text, found.end()) or _names_article(text, found.end()):
            return
        yield found.span(1)
        end = found.end()


def _spoken_after(folded: Folded, context: re.Pattern[str]) -> Iterator[Span]:
    for start, end in spoken(folded):
        if context.search(folded.text[max(0, start - 60) : start]):
            yield start, end


def _names_article(text: str, end: int) -> bool:
    return bool(re.match(r"[ ,\-—(]{0,3}(?:арт|нм\b|nm)", text[end : end + 10]))


def _is_grouped(written: str) -> bool:
    """Return whether the groups are a number, and not sizes or a day."""
    groups = re.findall(r"\d+", written)
    digits = "".join(groups)
    if len(digits) < 7 or _DATE.fullmatch(written):
        return False
    if len(digits) >= 10 or max(map(len, groups)) != 2:
        return True
    return groups != sorted(groups)


def _is_order(written: str) -> bool:
    digits = sum(char.isdigit() for char in written)
    if digits < 4 or _DATE.fullmatch(written):
        return False
    if re.fullmatch(r"20[12]\d(?:г|год\w*)?", written):
        return False
    return not re.fullmatch(
        r"\d{1,5}(?:р|руб\w*|шт\w*|мл|гр?|см|мм|кг|км|вт|мин\w*)", written
    )


def _is_barcode(written: str) -> bool:
    """Return whether it may be the code of a kind of goods, 460 to 469."""
    return bool(re.fullmatch(r"46\d{11}", written))


def _is_article(text: str, start: int, *, card: bool = False) -> bool:
    """Return whether an article is announced; «карточка» is also a bank's."""
    found = _ARTICLE.search(text[max(0, start - 30) : max(0, start)])
    if found is None:
        return False
    return not (card and found.group().startswith("карточк"))


def _filled(found: re.Match[str]) -> Span:
    group = next(i for i in range(1, found.re.groups + 1) if found[i] is not None)
    return found.span(group)
