"""
Postal addresses, from «ул. Ленина, д. 5, кв. 12» to «ленина 5-12».

An address is a chain of parts (index, region, town, street, house, flat) with little
between them. A chain counts when it holds a street and a house, or enough of the rest.
"""

import re
from collections.abc import Iterator

from chats.policy import lexicon
from chats.policy.folding import Folded

Span = tuple[int, int]
Part = tuple[int, int, str]

_STREETS = lexicon.words("streets")
_TOWNS = lexicon.words("towns")

_STREET_FORMS = _STREETS | {
    street[:-2] + ending
    for street in _STREETS
    if street.endswith("ая")
    for ending in ("ую", "ой")
}
_W = r"[а-я][а-я-]{1,24}"
_NUM = r"\d{1,4}(?:[ ]?[а-я](?![а-я]))?(?:[ ]?[/\\\-][ ]?\d{1,4}[а-г]?(?![а-я\d]))?(?:[ ]?[кc]\.?[ ]?\d{1,3})?(?:[ ]?с\.?[ ]?\d{1,3})?"
_COUNT = (
    r"(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|сем|восем|девят|десят|девян|один|одна|два|две|двад|три|четыр|"
    r"сорок|сто|двести|триста|четыреста)(?:[а-я]{0,9})"
)
_SPELLED = rf"{_COUNT}(?:[ ]{_COUNT}){{0,2}}"
"""A number in words, «сто сорок втором»."""
_END = r"(?![\w%]|[ ]?этаж(?:а|ей|н)|[ ]?комнат(?!а|е)|[ ]?подъезд(?:а|ов)|[ ]?(?:р\b|руб|₽|шт|см\b|мм\b|кг|дн|мин|час|лет|год|раз|мл|градус|%|числ|м\b|метр|процент|-?(?:й|я|го|ый|ая) ))"
_KIND = (
    r"(?:ул(?:иц[аыеу]|\.|(?=[ ]))|просп(?:ект\w{0,2}|\.|(?=[ ]))|пр-?(?:т|кт|кт\.|т\.)(?!\w)|пр\.|пер(?:еул\w+|\.|(?=[ ]))|"
    r"б-?р(?!\w)|бул(?:ьвар\w{0,2}|\.)|ш(?:оссе|\.)|пл(?:ощад[ьи]|\.)|наб(?:ережн\w+|\.)|пр-?д(?!\w)|проезд\w{0,2}|мкр(?:н|-?н|\.)?(?!\w)|"
    r"м-?н(?!\w)|микрорайон\w{0,2}|кв-л(?!\w)|квартал\w{0,2}|туп(?:ик\w{0,2}|\.)|алле[яие]|тракт[ау]?(?!\w)|[жк][кп](?!\w)|снт(?!\w)|днп(?!\w))"
)
_NAME = rf"(?:(?:им\.?|имени)[ ])?(?:\d{{1,3}}(?:-?(?:я|й|го|ая|ый|ой|летия?))?[ ](?:лет[ ])?)?(?:(?:им\.?|имени)[ ])?(?:[а-я]\.[ ]?){{0,2}}{_W}(?:[ ]{_W}){{0,2}}?"
_PARTS = {
    "street": re.compile(
        rf"(?<!\w)(?:\d{{1,2}}-?(?:й|я|ый|ая|ой)[ ])?{_KIND}[ ]{{0,2}}[«\"]?(?P<name>{_NAME})[»\"]?(?=[\s,.;:)»]*(?:д\.?[ ]?\d|дом|\d|корп|$|[,;.\n])|[ ](?:в|город|кварт|кв\b|без\b))"
        rf"|(?<!\w)(?P<before>(?!\w+[ыи]й[ ]ул)(?:\d{{1,2}}-?(?:я|й|ая|ый|ой)[ ])?{_W}(?:ая|ий|ый|ой|ое|ого|ом|ей|ова|ева|ина)(?:[ ]{_W}(?:ая|ий|ый|ой|ое))?)[ ]{_KIND}(?!\w)"
    ),
    "district": re.compile(
        r"(?<!\w)(?:мкр(?:н|-?н|\.)?|микрорайон\w?|м-?н|квартал\w?|кв-л)[ ]{0,2}(?:№[ ]?)?\d{1,3}(?:[ ]?[а-я])?(?!\w)"
        r"|(?<!\w)\d{1,3}(?:[ ]?[а-я]|-?(?:й|ый|ой|м|ом))?[ ](?:мкр(?:н|-?н|\.)?|микрорайон\w{0,2}|квартал\w{0,2}|кв-л)(?!\w)"
    ),
    "known": re.compile(
        rf"(?<!\w)(?:карла[ ]маркса|(?:{'|'.join(sorted(_STREET_FORMS, key=len, reverse=True))}))(?=[ ,]{{1,3}}(?:д\.?[ ]?|дом[ ]?)?\d{{1,4}}(?!\d))"
    ),
    "spelled": re.compile(
        rf"(?<!\w)(?:{'|'.join(sorted(_STREET_FORMS, key=len, reverse=True))}|(?<=на[ ]){_W}(?:ова|ева|ина|ской|ского))[ ,]{{1,3}}(?:дом[ ])?{_SPELLED}(?:[ ]дробь[ ]{_SPELLED})?"
        r"(?!\w|[ ](?:шт|пар|раз|недел|дн|месяц|год|лет|час|человек|руб|тысяч|процент|дом|квартир|подъезд|этаж|корпус))"
    ),
    "estate": re.compile(
        rf"(?<!\w)(?:гск|гпк|сдт|тсн|снт|днт|днп|жк|кп|гаражн\w+[ ](?:кооператив\w*|обществ\w*)|(?:садов|дачн|коттеджн|жил)\w{{2,4}}[ ](?:товариществ\w*|обществ\w*|кооператив\w*|посел\w+|комплекс\w*)|садоводств\w{{1,2}})"
        rf"[ ]{{1,2}}[«\"]?{_W}(?:[ ]{_W})?[»\"]?"
        r"(?:[ ,]{1,3}(?:(?:(?:\d{1,3}-?(?:я|й|ая|ый)?[ ])?(?:линия|линии|аллея|ряд|участок|участке|уч|дом|д|бокс|гараж|блок|секция|корпус|корп|к)\.?(?!\w))(?:[ ]?№?[ ]?\d{1,4}[а-г]?(?!\w))?|№?[ ]?\d{1,4}[а-г]?(?!\w))){1,4}"
    ),
    "line": re.compile(
        rf"(?<!\w)в\.?[ ]?о\.?[ ,]{{1,3}}\d{{1,2}}(?:-?(?:я|ая))?[ ]линия[ ,]{{1,3}}(?:д\.?[ ]?|дом[ ]?)?{_NUM}"
    ),
    "titled": re.compile(
        rf"(?<!\w)\d{{1,3}}(?:[ ]лет[ ]{_W}|-?(?:я|й|ая|ой)[ ]{_W})(?=[ ,]{{1,3}}(?:д\.?[ ]?|дом[ ]?)?\d{{1,4}}(?!\d))"
        rf"|(?<=[аеу-я][ ,])[ ]?{_W}(?:ая|ой|ого|ий|ова|ева|ина)(?=[ ,]{{1,3}}{_NUM}[ ,]{{1,3}}(?:кв|корп|под|эт|стр|оф)\w{{0,8}}\.?[ ]?\d)"
    ),
    "town": re.compile(
        rf"(?<!\w)(?:(?:г|гор|с|дер|д|пос|п|пгт|рп|ст|х|аул|ст-ца)\.[ ]?|(?:город|село|деревн\w|пос[её]лок|пгт|станиц\w|хутор|п(?:ос)?/о)[еауы]{{0,2}}[ ]|г[ ](?=[а-я]{{4}}))(?P<town>{_W}(?:[ -](?!(?:ул|улиц\w*|просп\w*|переул\w*|бульвар\w*|пр|пер|дом|д|б|мкр|ш|кв|наб|пл|на|по|в|и|с)\b){_W})?)"
        rf"|(?<!\w)(?:{'|'.join(t.replace('_', ' ') for t in sorted(_TOWNS, key=len, reverse=True))})(?:а|у|е|ы|и|ь|ом|ой|ю|о|ах|ям)?(?!\w)"
    ),
    "region": re.compile(
        rf"(?<!\w){_W}(?:ая|ой|ую|ий|ого|ом)[ ](?:обл(?:аст[ьи]|\.)?|респ(?:ублик\w|\.)?|кра[йяею]|р-?[ио]?н|район\w{{0,2}}|округ\w?|ао)(?!\w)"
        rf"|(?<!\w)(?:респ(?:ублик\w|\.)[ ]{_W}|россия|рф|казахстан|беларусь|узбекистан|киргизия|кыргызстан|армения|татарстан|башкири?я|башкортостан|дагестан|подмосковье|[мл]о(?=,))(?!\w)"
    ),
    "after_town": re.compile(
        rf"(?<![\w])(?!(?:на|за|в|до|от|по|с|со|к|и|это|где|из|через|дня|дней|размер\w*|цен\w*|ждать|уже|ещё|еще|код|тариф\w*)\b){_W}(?:[ ]{_W})?(?=[ ,]{{1,3}}(?:(?:д\.?[ ]?|дом[ ]?)?{_NUM}{_END}|{_SPELLED}[ ]дом(?!\w)))"
    ),
    "index": re.compile(r"(?<![\w.,-])[1-6]\d{5}(?![\w-])"),
    "house": re.compile(
        rf"(?<!\w)(?:д(?:ом\w{{0,2}}|\.)?|вл(?:ад\w*|\.)?|уч(?:аст\w*|\.)?|зд(?:ание|\.)?)[ ]{{0,2}}(?:номер |№)?[ ]?{_NUM}{_END}"
        rf"|(?<!\w)дом[ ]{_SPELLED}(?!\w)|(?<!\w)(?:в[ ])?{_SPELLED}[ ]дом(?:е|а|у)?(?!\w)"
    ),
    "unit": re.compile(
        r"(?<!\w)(?:кв(?:арт\w*|\.)?|корп(?:ус\w?|\.)?|к\.?|стр(?:оен\w*|\.)?|литер\w?|лит\.?|оф(?:ис\w?|\.)?|под(?:ъезд\w?|ьезд\w?|\.)?|п\.|"
        r"эт(?:аж[еу]?|\.)?|домофон\w?|комн(?:ат\w|\.)?|секци\w|пом(?:ещ\w*|\.)?|код домофона|домофон код)[ ]{0,2}[:№\-]?[ ]{0,2}\d{1,5}[а-гк]?\d{0,4}(?![\w%])"
        r"|(?<!\w)код[ ]{0,2}\d{1,4}[кk]\d{1,6}(?!\w)"
        rf"|(?<!\w)(?:квартира|корпус|подъезд|этаж)[ ]{_SPELLED}(?!\w)"
        rf"|(?<!\w){_SPELLED}[ ](?:квартир[аеуы]|корпус[еа]?|подъезд[е]?|подьезд[е]?)(?!\w|[ ]{_COUNT}|[ ]?\d)"
        r"|(?<!\w)\d{1,3}(?:-?(?:й|ый|ой|м|ом))?[ ](?:(?:подъезд\w?|подьезд\w?|этаж\w?|эт\.|под\.)(?!\w|[ ]{0,2}№?\d{1,4}(?!\d|[ ,]{0,2}(?:эт|кв|под)))|(?:кв(?:артира|\.|(?=$|[,;!?\n]))|корпус)(?!\w|[ ]{0,2}№?\d))"
        r"|(?<!\w)(?:литер\w?|лит\.|корп(?:ус|\.)|стр(?:оение|\.))[ ]{0,2}[«\"]?[а-г][»\"]?(?!\w)"
    ),
    "number": re.compile(rf"(?<![\w.,]){_NUM}{_END}"),
    "worded": re.compile(
        rf"(?<!\w){_SPELLED}(?:[ ]дробь[ ]{_SPELLED})?(?!\w|[ ](?:шт|пар|раз|недел|дн|месяц|год|лет|час|человек|руб|тысяч|процент))"
    ),
}
_GAP = re.compile(
    r"[\s,.;:()«»\"\-–—/№]{0,5}(?:(?:в|на|по|и|город\w?|россия|рф|это|там|наш|область|г\.?|ул\.?)[\s,.;:]{1,3})?"
)
_BEHIND = re.compile(r"[ ,]{1,3}(?:на[ ]|ул\.?[ ])?")
_VILLAGE = re.compile(rf"[ ]?,[ ]?{_W}(?:[ -]{_W})?[ ]?,?[ ]?")
_CONTEXT = re.compile(
    r"(?:адрес\w{0,3}|живу|прожива\w+|прописан\w*|регистраци\w+|прописк\w*|доставь\w*|доставк\w+|доставить|привез\w+|приех\w+|"
    r"отправ\w+|вышл\w+|пвз|пункт\w*(?: выдачи)?|постамат\w*|курьер\w*|находи\w+сь?|забира\w+|забер\w+|перевед\w+ на|перенес\w+|получ\w+|заказ\w*|самовывоз\w*|ехать|приезж\w+|подъе\w+)"
    r"[^\n.!?\d]{0,40}$"
)
_LOOSE_STREET = re.compile(
    rf"(?:(?:(?<!\w)(?:на|по|с|адрес\w{{0,3}}:?|живу|прожива\w+|выдачи|пвз|постамат\w*)|[:,])[\s]{{1,2}})"
    rf"(?P<name>(?:\d{{1,2}}-?(?:я|й|ая|ой)[ ])?(?:(?!(?:адрес|пункт|пвз|вместо|наш|это|на|по|за|от|из|до|мне|дом)\w*[ ]){_W}[ ])?{_W})[, ]{{1,3}}(?P<num>{_NUM}){_END}"
)
_SURE_STREET = re.compile(
    r"(?:[скц]к(?:ая|ую|ой|ого|ому)|ова|ева|инская|(?:н|в|р|л|д|т|ж|ч|ш)(?:ую|ая|ой))$"
)
_PAIR = re.compile(r"\d{1,3}[а-я]?[ ]?[-/][ ]?\d{1,4}")
_STAY = re.compile(
    r"[\s,.]{1,3}(?:я )?(?:живу|живем|прожива\w+|пвз|пункт\w*|мой адрес|квартир\w)"
)
_WEAK_KIND = re.compile(
    r"(?:пл|лини|квартал|проезд|алле|тракт|наб|пер(?=[ ])|ш\.|пр\.|жк|м-?н|туп)"
)
_CAP = r"[А-ЯЁ][а-яё]{2,20}(?:-[А-ЯЁа-яё][а-яё]{1,15})?"
_FLAT = r"(?:кв(?:арт\w*|\.)?|дом|д\.|корп(?:ус)?\.?|стр(?:оение)?\.?|лит(?:ера?)?\.?|комн(?:ата)?\.?|подъезд|этаж|оф(?:ис)?\.?|вл\.?|домофон|под\.|эт\.|к\.?)"
_MORE_AFTER = re.compile(
    rf"(?:[ ,;.]{{1,3}}(?:{_CAP}[ ,.]{{1,3}}){{0,3}}(?:(?:{_FLAT})[ ,.№]{{0,3}})?(?:\d{{1,4}}(?:[/-]\d{{1,4}})?[а-гА-Г]?(?:с\d{{1,2}})?(?![\w%]|[ \-(]{{1,2}}\d{{2}})|(?<=лит )[А-Га-г](?!\w))"
    rf"|[ ,]{{1,2}}(?:квартира|корпус|подъезд|этаж|дом)[ ]{_COUNT}(?:[ ]{_COUNT})?(?!\w))"
    rf"(?:[ ,;.]{{1,3}}(?:{_FLAT})[ ,.№]{{0,3}}(?:\d{{1,5}}[а-яА-Я]?(?![\w%])|{_COUNT}(?!\w))){{0,4}}"
    rf"|[ ,]{{1,2}}лит(?:ера?)?\.?[ ]?[А-Га-г](?!\w)"
)
"""What goes on after a known part: a street, a house, flats."""
_MORE_PARTS = re.compile(r"(?<=\d)(?:[-/]\d{1,4}){1,2}(?![\d.,]\d)")
"""«33-2-118»: a house, its part and a flat."""
_MORE_BEFORE = re.compile(
    rf"(?:(?<=[\s,.:;(])|^)(?P<more>(?:\d{{6}}[ ,]{{1,3}})?(?:{_CAP}[ ](?:обл\w*\.?|край|район|р-н|респ\w*\.?)[ ,]{{1,3}})?"
    rf"(?:(?:г|с|ст|п|д|х|пос|дер|ул|пер|пр)\.[ ]?)?(?:{_CAP})(?:[ ]{_CAP})?[ ]?,[ ]?)$"
)
"""«443100, Ишим, » before a street: a capital word and a comma."""
_HOUSE_NEAR = re.compile(
    rf"(?<!\w)(?P<name>(?:\d{{1,3}}(?:-?(?:й|я|го|ая|ый))?[ ](?:лет[ ])?)?{_CAP}(?:[ ]{_CAP})?)[ ,]{{1,3}}(?:(?:д|дом|вл)\.?[ ]?)?"
    rf"\d{{1,3}}[а-гА-Г]?(?:[/-]\d{{1,4}}[а-г]?)?(?:с\d)?{_END}(?!\d|[ \-(]{{1,2}}\d{{2}})(?<!24/7)"
)
_PLACE = re.compile(
    r"(?<!\w)(?:пвз|пункт\w* выдачи|пункт\w?(?!\w)|живу|живем|прожива\w+|адрес(?:а|у|ом|е)?|курьер\w*|достав(?:ьте|ить|ка на|ляйте)|перее[хз]\w+|общежит\w+|"
    r"прописан\w*|улиц\w|привез\w+|подъезд\w?|квартир\w|кв\b|комнат\w|вход со|со двора|домофон\w?|постамат\w*|перенес\w+|самовывоз\w*|индекс(?=\D{0,5}\d{6}))(?!\w)"
)
_NOT_STREETS = lexicon.words("not_streets")
_COMMON = lexicon.words("common_words")


_WORTH_READING = re.compile(
    r"\d|(?<!\w)(?:ул|просп|пер|адрес|улиц|шоссе|дом|кварт)|дцать|десят|сорок"
)
_WORDY_STREETS = frozenset({"мира", "труда", "победы", "свободы", "новая", "лесная"})


def addresses(folded: Folded) -> Iterator[Span]:
    """Yield postal addresses, each as one span."""
    text = folded.text
    if not _WORTH_READING.search(text):
        return
    parts = _found_parts(folded)
    chains = [chain for chain in _chains(text, parts) if _counts(folded, chain)]
    found = [(chain[0][0], max(part[1] for part in chain)) for chain in chains]
    for loose in _LOOSE_STREET.finditer(text):
        if _is_loose(folded, loose):
            found.append((loose.start("name"), loose.end("num")))
    for house in _HOUSE_NEAR.finditer(folded.cased):
        if _is_near(folded, house):
            found.append((house.start("name"), house.end()))
    yield from _merged(folded, sorted(found))


def _merged(folded: Folded, found: list[Span]) -> Iterator[Span]:
    """Yield the spans with what belongs to them on either side, joined where they meet."""
    last: Span | None = None
    for start, end in found:
        start, end = _widened(folded, start, end)
        if last and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last:
            yield last
        last = start, end
    if last:
        yield last


def _widened(folded: Folded, start: int, end: int) -> Span:
    """Return the span with towns before it and flats after it that no rule knows."""
    after = _MORE_AFTER.match(folded.cased, end)
    if after:
        end = after.end()
    parts = _MORE_PARTS.match(folded.text, end)
    if parts:
        end = parts.end()
    before = _MORE_BEFORE.search(folded.cased[max(0, start - 80) : start])
    if before:
        start = max(0, start - 80) + before.start("more")
    return start, end


def _is_near(folded: Folded, found: re.Match[str]) -> bool:
    """Return whether a capital word with a number stands where people speak of places."""
    words = found["name"].lower().replace("ё", "е").split()
    if any(word in _NOT_STREETS for word in words) or words[-1] in _COMMON:
        return False
    around = folded.text[max(0, found.start() - 50) : found.end() + 30]
    return bool(_PLACE.search(around))


def _found_parts(folded: Folded) -> list[Part]:
    text = folded.text
    parts: list[Part] = []
    for kind, pattern in _PARTS.items():
        streets = {end for _, end, known in parts if known == "street"}
        for found in pattern.finditer(text):
            if kind == "street" and not _is_street(folded, found):
                continue
            start, end = found.span()
            if kind == "after_town":
                starts = (start, start + found.group().rfind(" ") + 1)
                follows = [at for at in starts if _follows_town(folded, at, end, parts)]
                if not follows:
                    continue
                start = follows[0]
            if kind == "worded":
                if streets.isdisjoint((start - 1, start - 2)):
                    continue  # a number in words is a house only behind its street
                parts.append((start, end, "number"))
            else:
                parts.append((start, end, kind))
    rank = {kind: place for place, kind in enumerate(_PARTS)}
    parts.sort(key=lambda part: (part[0], rank[part[2]]))
    kept: list[Part] = []
    for part in parts:
        if kept and part[0] < kept[-1][1]:
            if rank[part[2]] >= rank[kept[-1][2]] or part[1] <= kept[-1][1]:
                continue
            last = kept.pop()
            if part[0] > last[0]:
                kept.append((last[0], part[0], last[2]))
        kept.append(part)
    return kept


def _follows_town(folded: Folded, start: int, end: int, parts: list[Part]) -> bool:
    """Return whether «Тверь, Хорошая 5» names a street: a capital behind a town."""
    name = folded.text[start:end]
    if name.split()[-1] in _NOT_STREETS:
        return False
    capital = folded.cased[start].isupper()
    if not (capital or re.search(r"(?:ая|ой|ого|ова|ева|ина|ей|ов|ы)$", name)):
        return False
    return any(
        kind == "town" and _BEHIND.fullmatch(folded.text, town_end, start)
        for _, town_end, kind in parts[-40:]
    )


def _is_street(folded: Folded, found: re.Match[str]) -> bool:
    group = "name" if found["name"] else "before"
    words = found[group].split()
    if any(word in _NOT_STREETS for word in words):
        return False
    cased = folded.cased[found.start(group) : found.end(group)]
    capital = any(word[0].isupper() for word in cased.split()) or cased[0].isdigit()
    numbered = re.match(r"[\s,.]*(?:д\b|дом|\d)", folded.text[found.end() :][:12])
    if _WEAK_KIND.match(found.group()) or group == "before":
        return (
            capital
            or bool(
                numbered
                and re.match(r"[\s,.]*(?:д\b|дом\b)", folded.text[found.end() :][:12])
            )
            or _in_context(folded, found.start())
        )
    return capital or bool(numbered)


def _chains(text: str, parts: list[Part]) -> Iterator[list[Part]]:
    chain: list[Part] = []
    for part in parts:
        if chain and not _joined(text, chain[-1], part):
            yield chain
            chain = []
        chain.append(part)
    if chain:
        yield chain


def _joined(text: str, one: Part, other: Part) -> bool:
    """Return whether nothing lies between two parts; a village may, after a region."""
    if _GAP.fullmatch(text, one[1], other[0]):
        return True
    return one[2] == "region" and bool(_VILLAGE.fullmatch(text, one[1], other[0]))


def _counts(folded: Folded, chain: list[Part]) -> bool:
    """Return whether the chain tells where somebody lives; trim leading numbers."""
    while chain and chain[0][2] == "number":
        chain.pop(0)
    if not chain:
        return False
    kinds = [kind for _, _, kind in chain]
    numbers = sum(kind in ("house", "unit", "number") for kind in kinds)
    street = "street" in kinds
    if "estate" in kinds or "line" in kinds:
        return any(char.isdigit() for char in folded.text[chain[0][0] : chain[-1][1]])
    if "spelled" in kinds:
        return folded.cased[chain[0][0]].isupper() or len(kinds) > 1
    if "district" in kinds:
        return len(kinds) > 1 or _in_context(folded, chain[0][0])
    if street:
        return bool(numbers) or len(kinds) > 1 or _named_street(folded, chain)
    if "known" in kinds:
        return bool(numbers) and not _is_colour(folded, chain)
    if "titled" in kinds and numbers:
        return len(set(kinds)) > 2 or _in_context(folded, chain[0][0])
    if "house" in kinds and "unit" in kinds:
        return True
    if "after_town" in kinds and "town" in kinds and numbers:
        return True
    if {"town", "region"} & set(kinds) and {"house", "unit"} & set(kinds):
        return True
    if "index" in kinds and {"town", "region"} & set(kinds):
        return True
    if "region" in kinds and "town" in kinds and _in_context(folded, chain[0][0]):
        return True
    units = kinds.count("unit")
    if units >= 2:
        return True
    return kinds == ["index"] and bool(
        re.search(r"индекс\w{0,2}[\s:\-]{1,3}$", folded.text[: chain[0][0]][-14:])
    )


def _is_colour(folded: Folded, chain: list[Part]) -> bool:
    """Return whether «зелёная 46» is a thing and its size, not a street and a house."""
    if len(chain) != 2 or chain[1][2] != "number":
        return False
    start, end, _ = chain[0]
    number = folded.text[chain[1][0] : chain[1][1]]
    plain = folded.cased[start].islower() and folded.text[start:end].endswith("ая")
    alone = not folded.text[:start].strip() and not folded.text[chain[1][1] :].strip()
    return plain and number.isdigit() and not alone and not _in_context(folded, start)


def _named_street(folded: Folded, chain: list[Part]) -> bool:
    """Return whether a street without a house is still somebody's address."""
    start, end, _ = chain[0]
    words = folded.cased[start:end].split()
    return any(word.strip('«"')[:1].isupper() for word in words[1:]) or _in_context(
        folded, start
    )


def _in_context(folded: Folded, start: int) -> bool:
    return bool(_CONTEXT.search(folded.text[max(0, start - 70) : start]))


def _is_loose(folded: Folded, found: re.Match[str]) -> bool:
    words = found["name"].split()
    if any(word in _NOT_STREETS for word in words):
        return False
    cased = folded.cased[found.start("name") : found.end("name")].split()
    last = words[-1]
    before = folded.text[max(0, found.start() - 60) : found.end("name") - len(last)]
    if last in _WORDY_STREETS and "адрес" in before[-20:]:
        return True
    capital = cased[-1][0].isupper()
    if capital and last.endswith(("ы", "и", "а", "я")) and _stays(folded, found):
        return True
    streetlike = last in _STREET_FORMS or re.search(
        r"(?:ская|скую|цкая|ную|ной|вую|ского|ова|ева|ина|ого|ая|ской|цкой|ных|ей|ов|ий)$",
        last,
    )
    if not streetlike:
        return False
    if capital and _PAIR.fullmatch(found["num"]) and _SURE_STREET.search(last):
        return True
    sure = last in _STREET_FORMS or re.search(
        r"(?:ская|скую|цкая|ского|ова|ева|ской)$", last
    )
    return bool(_CONTEXT.search(before)) and bool(capital or sure)


def _stays(folded: Folded, found: re.Match[str]) -> bool:
    """Return whether the buyer says right after it that this is where they live."""
    return bool(_STAY.match(folded.text, found.end("num")))
