from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis import Redis

from chats.benchmarks import _scratch, api, promos
from promos.models import Seller


@pytest.mark.django_db(transaction=True)
def test_a_measurement_has_a_database_of_its_own_that_is_gone_afterwards():
    users = connection.settings_dict["NAME"]

    with _scratch.database("test") as url, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE promos_seller (id int)")  # it was empty
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone() == (f"{users}_bench_test",)
        assert urlsplit(url).path == f"/{users}_bench_test"

    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        found = {name for (name,) in cursor.fetchall()}
    assert users in found
    assert f"{users}_bench_test" not in found
    assert not Seller.objects.exists()


def test_a_measurement_has_a_redis_of_its_own_that_is_empty_afterwards():
    with _scratch.redis() as url:
        cache.set("kept", 1)
        assert url == settings.REDIS_URL
        assert Redis.from_url(url).dbsize() == 1

    assert cache.get("kept") is None
    assert Redis.from_url(url).dbsize() == 0


@pytest.mark.django_db
def test_every_figure_of_the_offers_is_measured():
    found = list(promos.measured(products=20, chats=2, rounds=1))

    assert [one["bench"] for one in found] == [
        "choose",
        "list of promocode",
        "list of product",
    ]
    assert found[0]["queries"] <= 3


@pytest.mark.django_db
def test_every_list_of_the_api_is_measured():
    assert [one["list"] for one in api.measured(rows=3, times=1)] == [
        "chats",
        "products",
        "sends",
    ]
