"""What the demo shop sells, who works there, and its codes in every state."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from promos.rules.terms import UseCase

NAME = "Лавка «Тёплый дом» (демо)"
SID = "d3300000-0000-4000-8000-000000000001"
"""The seller's id at the simulated WB; tokens carry it."""

LOGINS = (
    ("seller", "owner", "Елена", "Владелец", "seller-demo-2026"),
    ("operator", "operator", "Мария", "Оператор", "operator-demo-2026"),
)
"""Username, role, first name, what it is for, password. Of the demo only."""


@dataclass(frozen=True)
class Good:
    """One article; money in rubles, ``tags`` say which conversations fit it."""

    nm_id: int
    key: str
    title: str
    subject_id: int
    subject: str
    tags: tuple[str, ...]
    price: int
    discount: int
    cost: int | None
    commission: str
    sizes: tuple[str, ...] = ("0",)

    @property
    def sold_for(self) -> int:
        """What a buyer pays before WB's own discount."""
        return self.price * (100 - self.discount) // 100


SAVED = (
    (
        "Как оформить возврат",
        (
            "Здравствуйте[, {имя}]! Возврат оформляется в личном кабинете, "
            "в разделе с покупками."
        ),
    ),
    (
        "Уточнить брак",
        (
            "Здравствуйте[, {имя}]! Расскажите, пожалуйста, что именно не так с товаром "
            "«{товар}», и приложите фото. Разберёмся."
        ),
    ),
    (
        "Сроки доставки",
        (
            "Здравствуйте[, {имя}]! Срок доставки показан в карточке заказа, его считает "
            "Wildberries. Если он изменится, там появится новая дата."
        ),
    ),
    (
        "Промокод на прощание",
        (
            "Спасибо, что написали! По промокоду {код} скидка {процент} {условия}, "
            "последний день {дата}."
        ),
    ),
)
"""Saved replies of the shop: name and text."""

_WEAR = ("42", "44", "46", "48", "50", "52")
GOODS = (
    Good(
        210345001,
        "пижама",
        "Пижама женская из вискозы",
        162,
        "Пижамы",
        ("одежда",),
        3890,
        35,
        980,
        "19.5",
        _WEAR,
    ),
    Good(
        210345002,
        "халат",
        "Халат махровый с капюшоном",
        155,
        "Халаты",
        ("одежда",),
        4990,
        30,
        1450,
        "19.5",
        _WEAR,
    ),
    Good(
        210345003,
        "ботинки",
        "Ботинки детские утеплённые",
        106,
        "Ботинки",
        ("обувь",),
        5400,
        30,
        1700,
        "17.0",
        ("28", "29", "30", "31", "32"),
    ),
    Good(
        210345004,
        "чайник",
        "Чайник электрический стеклянный 1,7 л",
        2674,
        "Чайники электрические",
        ("техника",),
        3490,
        30,
        1240,
        "15.0",
    ),
    Good(
        210345005,
        "фен",
        "Фен с диффузором 2200 Вт",
        1069,
        "Фены",
        ("техника",),
        4290,
        35,
        1390,
        "15.0",
    ),
    Good(
        210345006,
        "наушники",
        "Наушники беспроводные с кейсом",
        593,
        "Наушники",
        ("техника",),
        3990,
        40,
        1150,
        "14.5",
    ),
    Good(
        210345007,
        "лампа",
        "Ночник светодиодный с аккумулятором",
        811,
        "Ночники",
        ("техника",),
        1890,
        30,
        520,
        "18.0",
    ),
    Good(
        210345008,
        "плед",
        "Плед велсофт 200×220",
        339,
        "Пледы",
        ("дом",),
        3290,
        35,
        890,
        "19.0",
    ),
    Good(
        210345009,
        "сковорода",
        "Сковорода 28 см антипригарная",
        463,
        "Сковороды",
        ("дом",),
        3690,
        30,
        1100,
        "18.0",
    ),
    Good(
        210345010,
        "кружка",
        "Термокружка 450 мл",
        1472,
        "Термокружки",
        ("дом",),
        1990,
        25,
        560,
        "18.0",
    ),
    Good(
        210345011,
        "рюкзак",
        "Рюкзак школьный ортопедический",
        297,
        "Рюкзаки",
        (),
        5990,
        35,
        1900,
        "19.0",
    ),
    Good(
        210345012,
        "крем",
        "Набор кремов для рук, 5 шт.",
        1007,
        "Кремы",
        (),
        1290,
        25,
        340,
        "22.0",
    ),
    Good(
        210345013,
        "конструктор",
        "Конструктор деревянный, 120 деталей",
        414,
        "Конструкторы",
        ("игрушки",),
        2790,
        30,
        None,
        "18.5",
    ),
)
BY_KEY = {good.key: good for good in GOODS}
BY_NM = {good.nm_id: good for good in GOODS}


@dataclass(frozen=True)
class Code:
    """A code of the demo; ``first`` and ``last`` are Moscow days, both included."""

    code: str
    percent: Decimal
    first: date
    last: date
    use_cases: frozenset[UseCase]
    note: str
    nm_ids: tuple[int, ...] = ()
    is_active: bool = True
    is_draft: bool = False


_NAMES = {
    UseCase.LOYALTY: ("7", ("SPASIBO7", "RADUEM7", "TEPLO7", "UYUT7")),
    UseCase.RETENTION: ("12", ("ZABOTA12", "RYADOM12", "OPORA12", "VNIMANIE12")),
    UseCase.CONVERSION: ("5", ("PRIVET5", "ZNAKOM5", "VYBOR5", "NOVOE5")),
}
_NOTES = {
    UseCase.LOYALTY: "Довольным покупателям",
    UseCase.RETENTION: "Тем, у кого что-то пошло не так",
    UseCase.CONVERSION: "Тем, кто выбирает",
}
_SPELL = 30  # days a code of a generation runs
_ALL = frozenset(UseCase)


def codes(today: date) -> list[Code]:
    """
    Return the codes of a shop whose ninety days end on ``today``.

    Four generations of three codes, the last of them running; beside them one
    that ends in two days, one that is planned, a draft, one switched off, one for
    some articles only, and one so deep that margins refuse it.
    """
    return [*_generations(today), *_special(today)]


def _generations(today: date) -> list[Code]:
    made = []
    for number in range(4):
        first = today - timedelta(days=93 - _SPELL * number)
        last = first + timedelta(days=_SPELL - 1)
        for case, (percent, names) in _NAMES.items():
            made.append(
                Code(
                    names[number],
                    Decimal(percent),
                    first,
                    last,
                    frozenset({case}),
                    _NOTES[case],
                )
            )
    return made


def _special(today: date) -> list[Code]:
    def day(offset: int) -> date:
        return today + timedelta(days=offset)

    boots = BY_KEY["ботинки"].nm_id
    return [
        Code(
            "OSEN10",
            Decimal(10),
            day(-20),
            day(1),
            _ALL,
            "Осенний, заканчивается послезавтра",
        ),
        Code(
            "ZIMA10",
            Decimal(10),
            day(5),
            day(30),
            _ALL,
            "Зимний, начнётся через пять дней",
        ),
        Code(
            "PODAROK15",
            Decimal(15),
            day(7),
            day(27),
            _ALL,
            "Черновик: ещё не заведён в кабинете WB",
            is_draft=True,
        ),
        Code(
            "LETO20",
            Decimal(20),
            day(-10),
            day(12),
            _ALL,
            "Выключен: попал на сайт с купонами",
            is_active=False,
        ),
        Code(
            "BOTINKI10",
            Decimal(10),
            day(-5),
            day(20),
            frozenset({UseCase.CONVERSION, UseCase.RETENTION}),
            "Только детские ботинки",
            nm_ids=(boots,),
        ),
        Code(
            "MEGA45",
            Decimal(45),
            day(-3),
            day(10),
            frozenset({UseCase.RETENTION}),
            "Слишком глубокий: правила его не пропустят",
        ),
    ]
