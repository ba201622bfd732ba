"""
The terms of a code, as the rules see them.

A code is shared: whoever knows it may use it, any number of times, from the
moment it starts until the moment it ends. It takes a percentage off every unit
in its scope. The seller says for which situations it is meant. All the rules
take these frozen values and never a database row, so a send can keep the very
terms it was made under.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class UseCase(StrEnum):
    """What a code is for. Source: the seller's three scenarios."""

    LOYALTY = "UC1"
    RETENTION = "UC2"
    CONVERSION = "UC3"


ALL_USE_CASES = frozenset(UseCase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    What one code promises and when the seller wants it offered.

    ``discount_percent`` is 0–100. The code is valid in ``[starts_at, expires_at)``,
    both aware. ``nm_ids`` None means every article of the seller. ``margin_floor``
    is in rubles per unit; below it the code is not offered, unless
    ``below_floor_until`` (the seller's override) still lies ahead. ``is_leaked``
    says that strangers use the code.

    Where a caller narrows ``nm_ids`` to the articles at hand, ``scope_size`` keeps
    the number of articles the code really covers.
    """

    code: str
    discount_percent: Decimal
    starts_at: datetime
    expires_at: datetime
    nm_ids: frozenset[int] | None = None
    use_cases: frozenset[UseCase] = ALL_USE_CASES
    is_active: bool = True
    is_draft: bool = False
    is_leaked: bool = False
    margin_floor: Decimal = Decimal(0)
    below_floor_until: datetime | None = None
    scope_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse naive instants: a Moscow midnight must not become a UTC one."""
        for name in ("starts_at", "expires_at", "below_floor_until"):
            instant = getattr(self, name)
            if instant is not None and instant.tzinfo is None:
                raise ValueError(f"{name} of {self.code} has no time zone")

    def covers(self, nm_id: int | None) -> bool:
        """Say whether the article is in scope; an unknown one only if all are."""
        return self.nm_ids is None or nm_id in self.nm_ids

    @property
    def breadth(self) -> float:
        """The number of articles covered; infinity when the code covers all."""
        if self.nm_ids is None:
            return float("inf")
        return len(self.nm_ids) if self.scope_size is None else self.scope_size
