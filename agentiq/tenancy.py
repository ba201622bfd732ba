"""
One installation, many sellers: every row says whose it is, every query must too.

``objects`` of a scoped model raises ScopeError outside ``scope(seller=…)``; work that
is not for one seller (a beat tick, a migration) says so with ``scopes_disabled()``.
"""

from typing import Any

from django.db import models
from django_scopes import ScopedManager


def scoped(queryset: type[models.QuerySet[Any]] = models.QuerySet) -> Any:
    """Return a manager of ``queryset`` that refuses to work without a seller."""
    return ScopedManager(
        seller="seller", _manager_class=queryset.as_manager().__class__
    )
