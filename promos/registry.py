"""
The registry of codes: entering, changing, switching off; the same for form and API.

WB has no API for codes, so the seller makes a code in the cabinet and enters it
here. What WB would not accept is refused (``rules.limits``), all of it at once.
Two people entering the tenth and the eleventh code are taken one after the other:
the shop's row is locked while its codes are counted.

Once a code went out its terms are history. Changing them makes a new version; the
sends keep the old one.
"""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from promos.models import PromoCode, Seller
from promos.rules import limits, naming, slots
from promos.rules.choice import PRIORITY
from promos.rules.days import day_count, moscow_date
from promos.rules.limits import Problem
from promos.rules.slots import Window
from promos.rules.terms import UseCase

TERMS = (
    "code",
    "discount_percent",
    "starts_at",
    "expires_at",
    "applies_to",
    "product_nms",
)
"""What a buyer was promised; the rest says when the seller wants it offered."""
CARRIED_ON = (
    "discount_percent",
    "description",
    "applies_to",
    "product_nms",
    "use_for_positive",
    "use_for_negative",
    "use_for_pre_purchase",
    "daily_cap",
    "loss_budget",
)
"""What a following code takes over; an override of the margin ends with its code."""


class Refused(Exception):
    """What would break WB's limits; ``problems`` names the fields."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in problems))
        self.problems = problems


def register(
    seller: Seller, *, by: AbstractBaseUser | None, now: datetime, **fields: Any
) -> PromoCode:
    """
    Return a new code with ``fields`` (names of PromoCode). Raises Refused.

    ``already_live`` says that it runs at WB already: then its start may lie behind.
    """
    promo_code = PromoCode(seller=seller, created_by=by, **fields)
    with transaction.atomic():
        hold(seller)
        check(promo_code, now=now)
        promo_code.save()
    return promo_code


def change(
    promo_code: PromoCode,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    **fields: Any,
) -> PromoCode:
    """
    Return the code with ``fields`` changed: a new version if its old terms went out.

    Terms that stay as they are are not judged again: a note on an old code is
    always allowed. Raises Refused.
    """
    with transaction.atomic():
        hold(promo_code.seller)
        stored = PromoCode.objects.select_for_update(of=("self",)).get(pk=promo_code.pk)
        before = {name: getattr(stored, name) for name in TERMS}
        for name, value in fields.items():
            setattr(stored, name, value)
        if _said(stored) == _said(PromoCode(**before)):
            stored.save()
            return stored
        same_start = before["starts_at"] == stored.starts_at
        check(stored, now=now, same_start=same_start)
        if stored.first_sent_at is None:
            stored.save()
            return stored
        return _new_version(stored, by=by)


def deactivate(
    promo_code: PromoCode, *, by: AbstractBaseUser | None, now: datetime
) -> PromoCode:
    """Stop suggesting the code. At WB it runs on until its end."""
    return change(promo_code, by=by, now=now, is_active=False)


def check(promo_code: PromoCode, *, now: datetime, same_start: bool = False) -> None:
    """
    Bring the code into its stored form and raise Refused if WB would not take it.

    ``same_start``: the start was accepted before, so it may lie behind by now.
    """
    promo_code.code = limits.clean_code(promo_code.code)
    selected = promo_code.applies_to == PromoCode.AppliesTo.SELECTED
    promo_code.product_nms = sorted(set(promo_code.product_nms)) if selected else []
    found = limits.problems(
        draft_of(promo_code),
        today=moscow_date(now),
        others=others(promo_code),
        already_live=promo_code.already_live or same_start or promo_code.is_draft,
    )
    if not any(one.code == "taken" for one in found) and _is_drafted(promo_code):
        found = (Problem("code", "taken", {"other": promo_code.code}), *found)
    if selected and not promo_code.product_nms:
        found = (*found, Problem("product_nms", "required"))
    if found:
        raise Refused(found)


def _is_drafted(promo_code: PromoCode) -> bool:
    """Say whether a draft of the shop has the name: it holds no slot, but the name."""
    found = PromoCode.objects.filter(seller=promo_code.seller_id, is_draft=True)
    key = limits.normalise_code(promo_code.code)
    return found.current().filter(code_key=key).exclude(pk=promo_code.pk).exists()


def draft_of(promo_code: PromoCode) -> limits.Draft:
    """Return the code as the limits see it."""
    return limits.Draft(
        code=promo_code.code or "",
        discount_percent=promo_code.discount_percent,
        starts_at=promo_code.starts_at,
        expires_at=promo_code.expires_at,
    )


def others(promo_code: PromoCode) -> list[PromoCode]:
    """Return the seller's other codes: each keeps its name, and its slot at WB."""
    found = PromoCode.objects.filter(seller=promo_code.seller_id).current()
    return list(found.exclude(pk=promo_code.pk).filter(is_draft=False))


def hold(seller: Seller) -> None:
    """Let one person at a time change the codes of a shop."""
    Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)


def _said(promo_code: PromoCode) -> tuple[object, ...]:
    """Return the terms in comparable form."""
    return (
        limits.clean_code(promo_code.code),
        promo_code.discount_percent,
        promo_code.starts_at,
        promo_code.expires_at,
        promo_code.applies_to,
        sorted(promo_code.product_nms),
    )


def _new_version(changed: PromoCode, *, by: AbstractBaseUser | None) -> PromoCode:
    """
    Save ``changed`` as the next version and return it; the old row keeps its terms.

    The old row gives way first, to a row that is written right after it: at no
    instant do two current rows carry the same code, or one a slot too many.
    """
    old = changed.pk
    changed.pk, changed._state.adding = _next_pk(), True
    changed.version, changed.created_by = changed.version + 1, by
    changed.first_sent_at = None
    PromoCode.objects.filter(pk=old).update(replaced_by_id=changed.pk)
    changed.save(force_insert=True)
    return changed


def _next_pk() -> int:
    """Return a key for a row that another refers to before it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [_TABLE])
        return int(cursor.fetchone()[0])


_TABLE = PromoCode._meta.db_table


@dataclass(frozen=True, slots=True)
class Successor:
    """What a code that follows another would be: its name and Moscow days."""

    code: str
    window: Window


def successor(promo_code: PromoCode, *, now: datetime, rng: Random) -> Successor | None:
    """
    Return the code that could follow, or None when no slot is free for it.

    WB prolongs no code, so a new one takes over the day after the old one ends, of a
    code that strangers use as soon as WB allows.
    """
    holding = [row.terms() for row in others(promo_code)]
    terms = promo_code.terms()
    today = moscow_date(now)
    if terms.is_leaked:
        window = slots.free_window(
            today, day_count(terms.starts_at, terms.expires_at), holding, today=today
        )
    else:
        window = slots.follower(terms, holding, today=today)
    if window is None:
        return None
    taken = PromoCode.objects.filter(seller=promo_code.seller_id)
    name = naming.suggest_code(
        leading_use_case(promo_code),
        terms.discount_percent,
        taken.values_list("code", flat=True),
        rng,
    )
    return Successor(name, window)


def leading_use_case(promo_code: PromoCode) -> UseCase:
    """Return what the code is for most of all; retention comes first."""
    cases = promo_code.use_cases
    return next((case for case in PRIORITY if case in cases), UseCase.LOYALTY)


def follow(
    promo_code: PromoCode,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    code: str,
    starts_at: datetime,
    expires_at: datetime,
) -> PromoCode:
    """
    Return a draft that carries on the old code's terms. Raises Refused.

    It becomes a code once it is made in the WB cabinet, see ``made_at_wb``.
    """
    kept = {name: getattr(promo_code, name) for name in CARRIED_ON}
    return register(
        promo_code.seller,
        by=by,
        now=now,
        code=code,
        starts_at=starts_at,
        expires_at=expires_at,
        is_draft=True,
        **kept,
    )


def made_at_wb(
    promo_code: PromoCode,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    code: str = "",
    wb_uuid: UUID | None = None,
) -> PromoCode:
    """
    Note that the draft now exists in the WB cabinet. Raises Refused.

    ``code`` is its name there if it differs; ``wb_uuid`` is what sales reports
    will call it.
    """
    with transaction.atomic():
        hold(promo_code.seller)
        stored = PromoCode.objects.select_for_update(of=("self",)).get(pk=promo_code.pk)
        stored.code = code or stored.code
        stored.wb_uuid = wb_uuid or stored.wb_uuid
        stored.is_draft = False
        stored.already_live = stored.already_live or stored.starts_at <= now
        check(stored, now=now, same_start=True)
        stored.save()
    return stored
