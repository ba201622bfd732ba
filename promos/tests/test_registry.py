import threading
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos import registry, wording
from promos.models import PromoCode

MIDNIGHT = NOON + timedelta(hours=12)  # 3 March 00:00 in Moscow, NOON's tomorrow


def fields(**other):
    return {
        "code": "SALE10",
        "discount_percent": Decimal("10.00"),
        "starts_at": MIDNIGHT,
        "expires_at": MIDNIGHT + timedelta(days=14),
    } | other


def refused(action, *args, **kwargs):
    with pytest.raises(registry.Refused) as caught:
        action(*args, now=NOON, **kwargs)
    return [(one.field, one.code) for one in caught.value.problems]


def test_a_code_is_stored_as_it_is_read(seller, owner):
    made = registry.register(seller, by=owner, now=NOON, **fields(code=" sale 10"))

    assert (made.code, made.created_by, made.version) == ("SALE10", owner, 1)


def test_everything_wrong_is_said_at_once(seller):
    wrong = fields(
        code="A", discount_percent=Decimal(51), starts_at=NOON, applies_to="selected"
    )

    assert refused(registry.register, seller, by=None, **wrong) == [
        ("code", "length"),
        ("discount_percent", "range"),
        ("starts_at", "too_early"),
        ("product_nms", "required"),
    ]
    assert not PromoCode.objects.exists()


def test_a_code_that_already_runs_may_have_started(seller):
    running = fields(starts_at=NOON - timedelta(days=3), already_live=True)

    assert registry.register(seller, by=None, now=NOON, **running).pk


def test_a_code_without_a_send_is_changed_in_place(seller, make_code):
    code = make_code()

    changed = registry.change(code, by=None, now=NOON, discount_percent=Decimal(12))

    assert (changed.pk, changed.version) == (code.pk, 1)


def test_new_terms_after_a_send_are_a_new_version(seller, make_code, owner):
    code = make_code(first_sent_at=NOON)

    new = registry.change(
        code, by=owner, now=NOON, expires_at=code.expires_at + timedelta(days=7)
    )

    code.refresh_from_db()
    assert (new.version, code.version, code.replaced_by) == (2, 1, new)
    assert code.expires_at == NOON + timedelta(days=13)
    assert list(PromoCode.objects.current()) == [new]


def test_terms_may_be_changed_again_after_the_next_send(seller, make_code, owner):
    code = make_code()
    chain = [code]
    for percent in (12, 13):
        PromoCode.objects.filter(pk=code.pk).update(first_sent_at=NOON)
        terms = {"discount_percent": Decimal(percent)}
        code = registry.change(code, by=owner, now=NOON, **terms)
        chain.append(code)

    for row in chain:
        row.refresh_from_db()
    assert [row.version for row in chain] == [1, 2, 3]
    assert [row.replaced_by for row in chain] == [*chain[1:], None]
    assert [row.discount_percent for row in chain] == [10, 12, 13]


def test_a_code_that_strangers_use_is_followed_at_once(make_code):
    code = make_code(is_leaked=True)

    following = registry.successor(code, now=NOON, rng=Random(1))

    # Tomorrow instead of the day after its end, for its 15 Moscow days.
    assert following.window.starts_at == MIDNIGHT
    assert (following.window.last - following.window.first).days == 14


def test_a_note_on_an_ended_code_needs_no_new_terms(seller, make_code):
    code = make_code(
        starts_at=NOON - timedelta(days=30), expires_at=NOON - timedelta(days=9)
    )

    changed = registry.change(code, by=None, now=NOON, description="весна")

    assert (changed.pk, changed.description) == (code.pk, "весна")


def test_switching_off_keeps_the_version(seller, make_code):
    code = make_code(first_sent_at=NOON)

    off = registry.deactivate(code, by=None, now=NOON)

    assert (off.pk, off.is_active) == (code.pk, False)


def test_every_problem_has_a_sentence(seller, make_code):
    for number in range(10):
        make_code(f"CODE{number}", expires_at=MIDNIGHT + timedelta(days=20))

    with pytest.raises(registry.Refused) as caught:
        registry.register(seller, by=None, now=NOON, **fields())

    assert "10" in wording.sentence(caught.value.problems[0])


@pytest.mark.django_db(transaction=True)
def test_two_people_do_not_both_take_the_last_slot():
    seller = make_seller()
    outcomes = []
    with scope(seller=seller):
        for number in range(9):
            registry.register(seller, by=None, now=NOON, **fields(code=f"C-{number}"))

    def enter(code):
        try:
            with scope(seller=seller):
                registry.register(seller, by=None, now=NOON, **fields(code=code))
            outcomes.append("entered")
        except registry.Refused as refusal:
            outcomes.append(refusal.problems[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=(f"T-{n}",)) for n in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(outcomes) == ["entered", "no_slot"]
