"""What the database itself holds: ten codes at a time, 1 to 31 days, marks."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import NOON, make_seller
from promos.models import PromoCode
from promos.rules.limits import max_overlap

DAY = timedelta(days=1)


def make(seller, code, start, days, **fields):
    return PromoCode.objects.create(
        seller=seller,
        code=code,
        discount_percent=10,
        starts_at=NOON + start * DAY,
        expires_at=NOON + (start + days) * DAY,
        **fields,
    )


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_saves_leave_ten_codes():
    seller = make_seller()
    ready = threading.Barrier(20)
    refused = []

    def save(number):
        ready.wait()
        try:
            with scope(seller=seller):
                make(seller, f"RUN{number}", number % 5, 14)
        except IntegrityError as error:
            refused.append(error.__cause__.diag.constraint_name)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(it,)) for it in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with scope(seller=seller):
        assert PromoCode.objects.count() == 10
    assert refused == ["ten_slots"] * 10


def test_ten_are_counted_at_every_instant_and_not_only_now(seller):
    for number in range(10):
        make(seller, f"LATER{number}", 20, 5)

    with pytest.raises(IntegrityError), transaction.atomic():
        make(seller, "LONG", 0, 21)
    make(seller, "BEFORE", 0, 20)
    make(seller, "AFTER", 25, 5)

    assert max_overlap(PromoCode.objects.all()) == 10


def test_drafts_and_replaced_versions_hold_no_slot(seller):
    codes = [make(seller, f"RUN{number}", 0, 10) for number in range(9)]
    old = make(seller, "OLD", 0, 10, replaced_by=codes[0])
    make(seller, "DRAFT", 0, 10, is_draft=True)
    make(seller, "TENTH", 0, 10)

    with pytest.raises(IntegrityError), transaction.atomic():
        make(seller, "ELEVENTH", 0, 10)
    with pytest.raises(IntegrityError), transaction.atomic():
        PromoCode.objects.filter(pk=old.pk).update(replaced_by=None)


def test_each_shop_has_its_own_ten(seller):
    for number in range(10):
        make(seller, f"RUN{number}", 0, 10)
    other = make_seller("Другая")

    with scope(seller=other):
        assert make(other, "RUN1", 0, 10).pk


@pytest.mark.parametrize(
    ("length", "fits"),
    [
        pytest.param(DAY - timedelta(minutes=1), True, id="an end at 23:59 is a day"),
        pytest.param(DAY - timedelta(minutes=2), False, id="shorter than a day"),
        pytest.param(31 * DAY, True, id="31 days"),
        pytest.param(31 * DAY + timedelta(seconds=1), False, id="a second more"),
    ],
)
def test_length(seller, length, fits):
    def save():
        with transaction.atomic():
            PromoCode.objects.create(
                seller=seller,
                code="SALE",
                discount_percent=10,
                starts_at=NOON,
                expires_at=NOON + length,
            )

    if fits:
        save()
    else:
        with pytest.raises(IntegrityError):
            save()


def test_a_start_beyond_three_months_is_refused(seller):
    start = timezone.now() + 95 * DAY

    with pytest.raises(IntegrityError), transaction.atomic():
        PromoCode.objects.create(
            seller=seller,
            code="FAR",
            discount_percent=10,
            starts_at=start,
            expires_at=start + DAY,
        )


def test_a_start_that_lies_behind_is_marked(seller):
    now = timezone.now()
    running = make(seller, "RUNS", 0, 10)
    planned = PromoCode.objects.create(
        seller=seller,
        code="NEXT",
        discount_percent=10,
        starts_at=now + DAY,
        expires_at=now + 5 * DAY,
    )

    running.refresh_from_db()
    planned.refresh_from_db()
    assert (running.already_live, planned.already_live) == (True, False)
