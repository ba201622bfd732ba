"""
Queries whose SQL is made once and then only filled in.

Django takes longer to write the SQL of a wide row than PostgreSQL takes to find it.
The few queries that every act at the desk asks are written once for each process.
"""

from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet, Value
from django.db.models.query import ModelIterable
from django_scopes import scopes_disabled

M = TypeVar("M", bound=Model)


class Slot(Value):
    """A value of a query that is known only when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Leave the place open."""
        return "%s", [self]


class Compiled(Generic[M]):
    """
    The rows of ``build()``, with its slots filled in at each call.

    It is built outside the scope of any seller, so it has to name its own: a query
    without ``Slot("seller")`` is refused. ``whose`` names another slot that bounds it.
    """

    def __init__(self, build: Callable[[], QuerySet[M]], whose: str = "seller") -> None:
        self._build = build
        self._whose = whose
        self._made: tuple[Any, str, tuple[Any, ...]] | None = None

    def __call__(self, **values: Any) -> list[M]:
        """Ask the database; one query."""
        made, sql, slots = self._made or self._make()
        filled = [values[it.name] if isinstance(it, Slot) else it for it in slots]
        compiler = copy(made)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # of this thread
        compiler.as_sql = lambda *args, **kwargs: (sql, filled)
        return list(ModelIterable(_Asked(compiler)))

    def _make(self) -> tuple[Any, str, tuple[Any, ...]]:
        with scopes_disabled():
            compiler = self._build().query.get_compiler(DEFAULT_DB_ALIAS)
            sql, params = compiler.as_sql()
        names = {it.name for it in params if isinstance(it, Slot)}
        if self._whose not in names:
            raise ValueError(f"a compiled query names its {self._whose}")
        self._made = compiler, sql, tuple(params)
        return self._made


class _Asked:
    """What ModelIterable wants of a queryset: its compiler, and nothing cached."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any) -> None:
        self.query = self
        self._compiler = compiler

    def get_compiler(self, using: str) -> Any:
        """Return the compiler that has its SQL already."""
        return self._compiler
