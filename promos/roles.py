"""
Who may do what at the seller's desk: one table, held by a test.

Operators answer buyers and have no business at the desk. Support sees what the
seller sees and changes nothing. Money, people and keys are the owner's.
"""

from enum import StrEnum

from promos.models import Membership

Role = Membership.Role


class Area(StrEnum):
    """What a page of the desk is about."""

    CODES = "codes"  # codes, products and costs
    FACTS = "facts"  # sends, messages, decisions: nobody edits them
    SHOP = "shop"  # settings of the shop
    PEOPLE = "people"  # who works here
    KEYS = "keys"  # WB tokens
    AUDIT = "audit"  # who did what: nobody edits it


READERS: dict[Area, frozenset[str]] = {
    Area.CODES: frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.SUPPORT}),
    Area.FACTS: frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.SUPPORT}),
    Area.SHOP: frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.SUPPORT}),
    Area.PEOPLE: frozenset({Role.OWNER, Role.MANAGER, Role.SUPPORT}),
    Area.KEYS: frozenset({Role.OWNER, Role.MANAGER, Role.SUPPORT}),
    Area.AUDIT: frozenset({Role.OWNER}),
}
EDITORS: dict[Area, frozenset[str]] = {
    Area.CODES: frozenset({Role.OWNER, Role.MANAGER}),
    Area.FACTS: frozenset(),
    Area.SHOP: frozenset({Role.OWNER}),
    Area.PEOPLE: frozenset({Role.OWNER}),
    Area.KEYS: frozenset({Role.OWNER}),
    Area.AUDIT: frozenset(),
}
AT_THE_DESK = READERS[Area.CODES]


def may_read(membership: Membership | None, area: Area) -> bool:
    """Say whether the person sees pages of the area; nobody without a shop does."""
    return membership is not None and membership.role in READERS[area]


def may_edit(membership: Membership | None, area: Area) -> bool:
    """Say whether the person changes what the area holds."""
    return membership is not None and membership.role in EDITORS[area]
