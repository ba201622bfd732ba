from datetime import timedelta

import pytest

from agentiq.testing import NOON
from promos import apikeys
from promos.models import ApiKey


@pytest.fixture
def key(seller, owner):
    return apikeys.issue(seller, name="1C", scopes=["read"], by=owner)


def test_a_key_opens_and_says_when_it_was_used(key):
    row, secret = key

    assert apikeys.find(secret, now=NOON) == row
    assert ApiKey.objects.get().last_used_at == NOON


def test_only_a_hash_of_the_key_is_kept(key):
    row, secret = key

    stored = [str(value) for value in ApiKey.objects.values_list().get()]

    assert secret.startswith(row.prefix)
    assert not any(secret[len(row.prefix) :] in value for value in stored)


def test_a_revoked_key_opens_nothing(key):
    row, secret = key

    apikeys.revoke(row, now=NOON)

    assert apikeys.find(secret, now=NOON) is None


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        pytest.param(NOON - timedelta(seconds=1), True, id="before its end"),
        pytest.param(NOON, False, id="the end is exclusive"),
    ],
)
def test_a_key_ends(seller, owner, now, opens):
    _, secret = apikeys.issue(
        seller, name="1C", scopes=["read"], by=owner, expires_at=NOON
    )

    assert (apikeys.find(secret, now=now) is not None) is opens


@pytest.mark.parametrize("change", ["x", "\0", "я"])
def test_a_key_with_another_ending_opens_nothing(key, change):
    assert apikeys.find(key[1] + change, now=NOON) is None


def test_the_keys_of_a_closed_shop_open_nothing(key, seller):
    seller.is_active = False
    seller.save()

    assert apikeys.find(key[1], now=NOON) is None
