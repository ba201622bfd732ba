import re

import pytest
from django.utils import translation

from agentiq.wb.errors import ForbiddenCause
from chats import reasons
from promos import reasons as promo_reasons
from promos.rules.choice import Loss
from promos.rules.eligibility import Refusal

TABLES = {
    "suggestions": reasons.SUGGESTIONS,
    "closed": reasons.CLOSED,
    "refused": reasons.REFUSED,
    "delivery": reasons.DELIVERY,
    "skips": reasons.SKIPS,
    "auto": reasons.AUTO,
    "refusals": promo_reasons.REFUSALS,
    "losses": promo_reasons.LOSSES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_word_has_a_russian_sentence(table):
    with translation.override("ru"):
        silent = [
            word for word, text in table.items() if not re.search("[а-я]", str(text))
        ]

    assert silent == []


def test_no_verdict_of_the_rules_is_left_without_a_word():
    assert set(promo_reasons.REFUSALS) == set(Refusal)
    assert set(promo_reasons.LOSSES) == set(Loss)


def test_every_cause_of_a_refused_token_has_a_word():
    assert set(reasons.FORBIDDEN) == {cause.value for cause in ForbiddenCause}
    assert set(reasons.FORBIDDEN.values()) <= set(reasons.DELIVERY)


def test_an_unknown_word_is_shown_as_it_is():
    assert reasons.say("from-an-older-version") == "from-an-older-version"
