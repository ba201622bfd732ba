"""
People and places that nobody has met, for training: names from lists and from letters.

``fill`` puts one in the place of every ``%word`` of a frame: a street, a town, a house
number, a person in some case.
"""

import random
import re
from collections.abc import Callable

from chats.policy import lexicon, names

Draw = random.Random


def _words(text: str) -> list[str]:
    return text.split()


_OPEN, _CLOSE = "\x04", "\x05"
_STREETS = sorted(lexicon.words("streets"))
_SURNAMES = sorted(lexicon.words("surnames"))
_TOWNS = sorted(re.sub(r"\\w\+|[^а-я_ -]", "", town) for town in lexicon.words("towns"))
_MALE = sorted(names.MALE)
_FEMALE = sorted(names.FEMALE)
_CROWDS = _words("""
строителей металлургов геологов учителей пионеров героев авиаторов нефтяников связистов
моряков рыбаков лётчиков танкистов гвардейцев первопроходцев шахтёров железнодорожников
тружеников студентов ударников партизан химиков энергетиков ткачей победителей бульваров
мира труда победы свободы дружбы революции весны октября юности парковая садовая луговая
""")
_TITLES = _words("""
парижской_коммуны дружбы_народов красных_партизан молодой_гвардии народного_ополчения
карла_маркса розы_люксембург сакко_и_ванцетти лизы_чайкиной зои_космодемьянской
мусы_джалиля габдуллы_тукая салавата_юлаева хади_такташа шейха_зайеда расула_гамзатова
богдана_хмельницкого сергея_лазо маршала_жукова генерала_петрова академика_королёва
адмирала_нахимова космонавта_волкова героя_советского_союза петра_алексеева
верхняя_набережная большая_садовая малая_бронная старый_арбат новая_слобода
""")
_ADJECTIVES = _words("""
северн южн восточн западн солнечн песчан берегов сосн берёзов дубов кленов лип озёрн
речн горн полев лугов степн родников ключев светл тих звёздн радужн весенн осенн зимн
школьн вокзальн рыночн фабричн заводск паромн мельничн пасечн хуторск казачь прибрежн
""")
_SYLLABLES = _words("""
ба ве го да жи зу ка ле ми но пе ру са та ур фа ха чи ша юл яр бор дуб кур мал нов пол
ряз сол тар уст хол чер шат ель инг ост под тур кыз ман ас бер гур дин
""")
_RURAL = _words(
    "ово ево ино ка ки цы ское ский ная ье ичи ища овка евка инка атово аул кент бад"
)
_ABROAD = _words(
    "бек хан жан гуль нур ия ат ур лан дин мира ира зия тай шат за мат рат"
)
_FAMILY = _words(
    "ов ев ин ский ко енко ук юк ян янц дзе швили заде ых як ец ман ер ич ур ай"
)
_NUMBERS = _words("""
один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать
пятнадцать семнадцать двадцать двадцать_два двадцать_пять тридцать тридцать_один
сорок сорок_восемь пятьдесят_три шестьдесят семьдесят_девять сто сто_два сто_тридцать
""")
_REGIONS = _words("""
московская тверская ростовская рязанская калужская тульская омская томская кировская
самарская саратовская пензенская курская брянская орловская смоленская псковская
""")
_KINDS = _words("""
ул ул. улица ул улица улице проспект пр-т пр. просп. пр-кт переулок пер. пер бульвар б-р
шоссе ш. набережная наб. площадь пл. проезд пр-д тупик аллея тракт линия
""")


def fill(text: str, draw: Draw) -> str:
    """Return the text with every ``%word`` coined; people lie between two marks."""
    return _COIN.sub(lambda found: COINS[found[1]](draw).replace("_", " "), text)


def mark(text: str, opened: str, closed: str) -> str:
    """Return the text with the marks around people replaced."""
    joined = re.sub(rf"{_CLOSE}([ .]?){_OPEN}", r"\1", text)
    return joined.replace(_OPEN, opened).replace(_CLOSE, closed)


def _person(word: str) -> str:
    return f"{_OPEN}{word}{_CLOSE}"


def _coined(draw: Draw, endings: list[str]) -> str:
    made = "".join(draw.choice(_SYLLABLES) for _ in range(draw.choice((1, 2, 2))))
    return made + draw.choice(endings)


def _street(draw: Draw) -> str:
    kind = draw.random()
    if kind < 0.25:
        return draw.choice(_STREETS).title()
    if kind < 0.45:
        return _case(_surname(draw, male=True), "gen", male=True).capitalize()
    if kind < 0.6:
        ending = draw.choice(("ая", "ая", "ой", "ую"))
        return (draw.choice(_ADJECTIVES) + ending).capitalize()
    if kind < 0.68:
        ending = draw.choice(("ская", "ской", "скую"))
        return (_coined(draw, [""]) + ending).capitalize()
    if kind < 0.76:
        return draw.choice(_CROWDS).capitalize()
    if kind < 0.86:
        return draw.choice(_TITLES).replace("_", " ").title()
    if kind < 0.92:
        return draw.choice(
            ("8 Марта", "9 Мая", "1 Мая", "50 лет Октября", "40 лет Победы", "30 лет ВЛКСМ", "1905 года", "26 Бакинских комиссаров")
        )  # fmt: skip
    if kind < 0.96:
        number = draw.randint(1, 9)
        return f"{number}-я {(draw.choice(_ADJECTIVES) + 'ая').capitalize()}"
    return _coined(draw, ["а", "и", "у", "ы", "ка", "е", "о"]).capitalize()


def _house(draw: Draw) -> str:
    number = str(draw.choice((draw.randint(1, 30), draw.randint(1, 250))))
    kind = draw.random()
    if kind < 0.62:
        return number
    if kind < 0.75:
        return number + draw.choice(("а", "б", "в", " а", "А", "Б", " б"))
    if kind < 0.87:
        return f"{number}{draw.choice(('/', '/', 'к', ' к ', ' корп ', ', к. ', 'с'))}{draw.randint(1, 9)}"
    return f"{number}/{draw.randint(1, 99)}"


def _town(draw: Draw) -> str:
    if draw.random() < 0.6:
        town = draw.choice(_TOWNS)
        ending = "" if re.search(r"[кгдрнцв]$", town) else draw.choice("аиеоь")
        return "-".join(part.capitalize() for part in (town + ending).split("-"))
    return _village(draw)


def _village(draw: Draw) -> str:
    made = _coined(draw, _RURAL).capitalize()
    kind = draw.random()
    if kind < 0.15:
        first = draw.choice(("Верхн", "Нижн", "Нов", "Стар", "Больш", "Мал", "Красн"))
        return f"{first}{draw.choice(('ие', 'ее', 'ое', 'ая', 'ый'))} {made}"
    if kind < 0.3:
        return (draw.choice(_ADJECTIVES) + draw.choice(("ый", "ое", "ая"))).capitalize()
    if kind < 0.45:
        plain = (
            "Ромашка Берёзка Заря Дружба Родник Юбилейный Восток Весна Рассвет Мечта"
        )
        return draw.choice(plain.split())
    return made


def _region(draw: Draw) -> str:
    stem = draw.choice(_REGIONS)
    if draw.random() < 0.6:
        return f"{stem.capitalize()} {draw.choice(('обл', 'обл.', 'область'))}"
    return draw.choice(("Краснодарский край", "Пермский край", "респ. Татарстан", "Башкирия", "Дагестан", "Алтайский край", "МО", "Хакасия", "Чувашия"))  # fmt: skip


def _district(draw: Draw) -> str:
    kind = draw.choice(("район", "р-н", "р-он", "городской округ"))
    return f"{_coined(draw, ['ский', 'инский', 'овский']).capitalize()} {kind}"


def _case(word: str, case: str, *, male: bool) -> str:
    """Return a first name or surname in a case; what has no ending stays."""
    if case == "nom":
        return word
    place = {"gen": 0, "dat": 1}[case]
    if word.endswith("ия"):
        return word[:-1] + "ии"[place]
    if re.search(r"(?:ова|ева|ина)$", word) and not male and len(word) > 5:
        return word[:-1] + "ой"
    if word.endswith(("ская", "цкая")):
        return word[:-2] + "ой"
    if word.endswith(("ский", "цкий")):
        return word[:-2] + ("ого", "ому")[place]
    if word.endswith("а"):
        soft = word[-2] in "гкхжшчщ"
        return word[:-1] + (("и" if soft else "ы"), "е")[place]
    if word.endswith("я"):
        return word[:-1] + "ие"[place]
    if not male or re.search(r"[оеиуыэю]$|ых$", word):
        return word
    if word.endswith(("й", "ь")):
        return word[:-1] + "яю"[place]
    return word + "ау"[place]


def _surname(draw: Draw, *, male: bool) -> str:
    word = draw.choice(_SURNAMES) if draw.random() < 0.55 else _coined(draw, _FAMILY)
    if not male and word.endswith(("ов", "ев", "ин")):
        return word + "а"
    if not male and word.endswith("ский"):
        return word[:-2] + "ая"
    return word


def _first(draw: Draw, *, male: bool) -> str:
    if draw.random() < 0.2:
        return _coined(draw, _ABROAD)
    return draw.choice(_MALE if male else _FEMALE)


def _father(draw: Draw, *, male: bool) -> str:
    name = draw.choice(_MALE)
    ends = ("вич", "вна") if name.endswith("й") else ("ович", "овна")
    stem = re.sub(r"[йьая]$", "е" if name.endswith("й") else "", name)
    if draw.random() < 0.05:
        return name + (" оглы" if male else " кызы")
    return stem + ends[not male]


def _whole(order: str, case: str = "nom") -> Callable[[Draw], str]:
    def coin(draw: Draw) -> str:
        male = draw.random() < 0.5
        parts = {
            "и": _first(draw, male=male),
            "о": _father(draw, male=male),
            "ф": _surname(draw, male=male),
        }
        chosen = (
            order if order != "?" else draw.choice(("фио", "иоф", "иф", "фи", "ио"))
        )
        words = [_case(parts[part], case, male=male).title() for part in chosen]
        return _person(" ".join(words))

    return coin


def _eastern(draw: Draw) -> str:
    """Return a name with a father's as the East writes it."""
    male = draw.random() < 0.5
    first, father = _first(draw, male=male), draw.choice(_MALE)
    if draw.random() < 0.5:
        father = _coined(draw, _ABROAD)
    ending = draw.choice(
        ("улы", " оглы", " угли") if male else ("кызы", " кызы", " гызы")
    )
    words = [_surname(draw, male=male), first, father + ending]
    if draw.random() < 0.4:
        words.append(words.pop(0))
    return _person(" ".join(words).title())


def _initial(draw: Draw) -> str:
    return _person(draw.choice("АБВГДЕИКЛМНОПРСТЮ") + ".")


def _latin(draw: Draw) -> str:
    first = draw.choice(
        _words(
            "ivan anna elena sergey olga dmitry marina aleksandr rustam aigul nikita"
        )
    )
    last = draw.choice(
        _words(
            "ivanov petrova sidorov kuznetsova kim sarkisyan ospanov popova morozov lee"
        )
    )
    both = f"{first} {last}" if draw.random() < 0.6 else f"{last} {first}"
    return _person(both.upper() if draw.random() < 0.6 else both.title())


def _hero(draw: Draw) -> str:
    """Return somebody of a book or a brand: no personal datum."""
    return re.sub(
        f"[{_OPEN}{_CLOSE}]", "", _whole(draw.choice(("иф", "фи", "и")))(draw)
    )


def _shaped(*shapes: str) -> Callable[[Draw], str]:
    """Return a coin of numbers: each «0» of a shape is any figure."""

    def coin(draw: Draw) -> str:
        shape = draw.choice(shapes)
        return re.sub("0", lambda _: str(draw.randint(0, 9)), shape)

    return coin


def _brand(draw: Draw) -> str:
    made = _coined(draw, ["", "а", "ин", "ель", "рон", "лайт", "мат", "ия"])
    if draw.random() < 0.5:
        made = draw.choice(
            ("Samsung", "Bosch", "Tefal", "Lindt", "Nivea", "Ahmad", "Lego", "Xiaomi", "Philips", "Garnier", "Puma", "Zara", "Makita", "Braun", "Redmi", "Dove")
        )  # fmt: skip
    return made.capitalize()


def _between(low: int, high: int) -> Callable[[Draw], str]:
    return lambda draw: str(draw.randint(low, high))


COINS: dict[str, Callable[[Draw], str]] = {
    "улица": _street,
    "вид": lambda draw: draw.choice(_KINDS),
    "дом": _house,
    "кв": _between(1, 400),
    "город": _town,
    "село": _village,
    "область": _region,
    "район": _district,
    "индекс": _between(101000, 699999),
    "цифра": _between(1, 20),
    "цифраа": lambda draw: f"{draw.randint(1, 20)}{draw.choice('абв')}",
    "словами": lambda draw: draw.choice(_NUMBERS),
    "число": _between(20, 3000),
    "цифры": _between(1000000, 399999999),
    "телефон": _shaped(
        "8900 000 00 00",
        "89000000000",
        "+7 900 000-00-00",
        "+79000000000",
        "8-900-000-00-00",
        "900 000 00 00",
        "8 (900) 000-00-00",
        "+998 90 000 00 00",
        "+7(700)0000000",
    ),
    "паспорт": _shaped(
        "0000 000000",
        "00 00 000000",
        "0000000000",
        "0000 №000000",
        "00 00 номер 000000",
    ),
    "карта": _shaped(
        "2200 0000 0000 0000",
        "4276000000000000",
        "*0000",
        "5536-9100-0000-0000",
        "0000",
    ),
    "заказ": _shaped(
        "00000000",
        "№00000000",
        "0000000000",
        "RA000000000RU",
        "WB-00000000",
        "000000000000",
        "0000",
    ),
    "бренд": _brand,
    "герой": _hero,
    "первое": lambda draw: draw.choice(_MALE + _FEMALE).capitalize(),
    "полное": _whole("фио"),
    "фи": _whole("фи"),
    "иф": _whole("иф"),
    "ио": _whole("ио"),
    "восток": _eastern,
    "родитель": _whole("?", "gen"),
    "датель": _whole("?", "dat"),
    "фамилия": lambda draw: _person(_surname(draw, male=draw.random() < 0.5).title()),
    "инициал": _initial,
    "латиница": _latin,
}
"""What each ``%word`` of a frame is replaced by."""
_COIN = re.compile(f"%({'|'.join(sorted(COINS, key=len, reverse=True))})")
