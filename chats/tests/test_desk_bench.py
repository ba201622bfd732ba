import os

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from chats.benchmarks import _rows, _stand, desk
from chats.models import Message, Suggestion


@pytest.fixture
def small(transactional_db, live_server):
    """Twelve chats, the desk in this process and the floor beside it."""
    with scopes_disabled():
        _rows.write(12, long=60)
        base = live_server.url.replace("localhost", "127.0.0.1")  # one cookie for both
        session = _stand.signed_in(base)
        ours = _stand.Server(base, [os.getpid()], session)
        environment = _stand.environment(connection.settings_dict["NAME"])
        plain = _stand.plain_session(session)
        with _stand.server("chats.benchmarks._floor", environment, plain) as floor:
            yield desk.stand(12, ours, floor)
        session.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE floor_floorchat, floor_floormessage")


def test_every_page_is_measured_beside_its_floor(small):
    lines = [one for page in desk.PAGES for one in desk.measured(page, [small], 2, 2)]

    assert [line["page"] for line in lines] == list(desk.PAGES)
    assert all(line["cpu_ms"] > 0 and line["floor_cpu_ms"] > 0 for line in lines)
    assert all(line["light"] for line in lines)
    assert Message.objects.count() == 60 + 11 * 10
    # Of eight that wait, four were answered in turns and two more to be weighed.
    assert Suggestion.objects.open().count() == 8 - 4 - 2


def test_growth_is_told_from_the_smallest_size():
    small = {"page": "search", "chats": 1000, "cpu_ms": 4.0}

    assert desk.grown(small, small | {"chats": 100_000, "cpu_ms": 10.0}) == {
        "page": "search",
        "from": 1000,
        "to": 100_000,
        "growth": 2.5,
        "bar": 2.5,
        "met": True,
    }
