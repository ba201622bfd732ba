"""The terms of a code as the buyer must be told them, and their Russian words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)
NAMED_ARTICLES = 3
"""More articles than this are not listed in a message: it would be unreadable."""


@dataclass(frozen=True, slots=True)
class Terms:
    """
    A promo code as registered at WB.

    ``expires_on`` is the last day it works, inclusive, in Moscow. ``nm_ids`` counts
    only when ``scope`` is ``selected``.
    """

    code: str
    discount_percent: Decimal
    expires_on: date
    scope: Literal["all", "selected"] = "all"
    nm_ids: frozenset[int] = frozenset()


def percent_words(terms: Terms) -> str:
    """Return the discount as «10 %» or «7,5 %», joined by a no-break space."""
    number = format(terms.discount_percent.normalize(), "f").replace(".", ",")
    return f"{number}\u00a0%"


def date_words(terms: Terms) -> str:
    """Return the last day as «28 февраля»: a code lives at most 31 days."""
    day = terms.expires_on
    return f"{day.day}\u00a0{MONTHS[day.month - 1]}"


def scope_words(terms: Terms, *, nm_id: int | None = None) -> str:
    """
    Return what the discount covers, to follow «скидка 10 %».

    ``nm_id`` is the article of the chat: when it is covered the words say so.
    """
    if terms.scope == "all":
        return "на все товары нашего магазина"
    if nm_id in terms.nm_ids:
        return "на этот товар" if len(terms.nm_ids) == 1 else "на этот и другие товары"
    if not 1 <= len(terms.nm_ids) <= NAMED_ARTICLES:
        return "на отдельные товары нашего магазина"
    articles = [str(nm) for nm in sorted(terms.nm_ids)]
    if len(articles) == 1:
        return f"на товар с артикулом {articles[0]}"
    return f"на товары с артикулами {', '.join(articles[:-1])} и {articles[-1]}"
