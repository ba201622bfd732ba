"""
rows(): a question asked all the time, planned by PostgreSQL once per connection.

Django puts the values into the text of a query, so the server parses and plans each
anew: for a small answer from a larger question that is most of the work. Here values
travel beside the text; from the fifth time a connection asks, its plan is kept, and
answers come in binary. Queries are counted and logged like any other of Django's.

Plans live as long as a connection: PgBouncer must be in its ``session`` mode.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.pq import Format


def rows(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a query; ``values`` are those of its ``%(name)s``."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw: Cursor[Any] = Cursor(connection.connection)
    raw.format = Format.BINARY
    wrap = connection.make_cursor
    if connection.queries_logged:
        wrap = connection.make_debug_cursor
    with wrap(raw) as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
