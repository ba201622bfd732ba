import pytest

from chats.benchmarks import _shops, delivery
from chats.models import Message, Suggestion


@pytest.mark.django_db
def test_ingest_is_measured_on_messages_that_are_there(seller):
    new, again = delivery._ingest(24, 8)

    assert (new["events"], again["events"]) == ("new", "again")
    assert new["wall"] > 0
    assert again["cpu"] >= 0


def test_the_pages_hold_dialogues_of_four(seller):
    delivery._read(seller, [delivery._body(0, 8)])

    assert Message.objects.count() == 8
    assert Message.objects.values("chat").distinct().count() == 2
    assert not Suggestion.objects.exists()


def test_a_percentile_of_hand():
    assert _shops.p95([n / 100 for n in range(101)], 10) == pytest.approx(9.7, abs=0.3)
    assert _shops.p95([]) is None
