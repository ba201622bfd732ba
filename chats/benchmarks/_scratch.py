"""
A database and a Redis of a measurement's own: nothing of the user's is read or left.

The database lies on the same server and is made by the migrations; Redis is one of the
server's numbered ones that is empty. Both are gone afterwards; what a killed run left
behind, the next one of the same name removes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from redis import Redis

Environment = dict[str, str]


@contextmanager
def places(name: str) -> Iterator[Environment]:
    """Work in empty places; yields what leads another process to the same ones."""
    with redis() as redis_url, database(name) as database_url:
        call_command("migrate", verbosity=0)
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@contextmanager
def database(name: str, *, like: str = "") -> Iterator[str]:
    """
    Lead the connection to a new, empty database; yields its address.

    ``like`` names one it begins as a copy of, to which nobody may be connected.
    """
    before = connection.settings_dict["NAME"]
    made = f"{before}_bench_{name}"
    copied = f' TEMPLATE "{like}"' if like else ""
    _execute(f'DROP DATABASE IF EXISTS "{made}"', f'CREATE DATABASE "{made}"{copied}')
    connection.close()
    connection.settings_dict["NAME"] = made
    try:
        yield urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{made}"))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        _execute(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')


@contextmanager
def redis() -> Iterator[str]:
    """Lead limits, cache and queues to an empty Redis; yields its address."""
    url = _empty()
    broker = current_app.conf.broker_url
    caches = {"default": settings.CACHES["default"] | {"LOCATION": url}}
    current_app.conf.broker_url = url
    try:
        with override_settings(REDIS_URL=url, CACHES=caches):
            yield url
    finally:
        current_app.conf.broker_url = broker
        with Redis.from_url(url) as server:
            server.flushdb()


def _empty() -> str:
    parts = urlsplit(settings.REDIS_URL)
    for number in range(15, 0, -1):
        url = urlunsplit(parts._replace(path=f"/{number}"))
        with Redis.from_url(url) as server:
            if not server.dbsize():
                return url
    raise RuntimeError("no empty Redis of numbers 1 to 15 to measure in")


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
