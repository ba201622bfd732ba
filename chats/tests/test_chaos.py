import os

import pytest

from chats.benchmarks import chaos

SENDS = int(os.environ.get("CHAOS_SENDS", "140"))


@pytest.mark.django_db(transaction=True)
def test_on_the_worst_day_every_reply_arrives_once(settings):
    """
    Twenty per cent of answers lost, ten failed, workers killed, sessions cut.

    CHAOS_SENDS and CHAOS_SEED change the run; WB_CHAT_URL with CHAOS_TOKENS (one a
    seller, by commas) leads it to another stand-in.
    """
    tokens = [one for one in os.environ.get("CHAOS_TOKENS", "").split(",") if one]

    found = chaos.chaos(
        sends=SENDS,
        seed=int(os.environ.get("CHAOS_SEED", "1")),
        limit=60 + SENDS / 2,
        url=os.environ.get("WB_CHAT_URL", "") if tokens else "",
        tokens=tokens,
    )

    assert found["decided"] == SENDS
    assert found["dropped_answers"] > SENDS / 10
    assert found["failed_answers"] > SENDS / 20
    assert found["killed_workers"] > SENDS / 20
    assert set(found["states"]) <= {"sent", "cancelled"}
    wrong = ("duplicates", "lost", "unlinked", "unexplained", "codes_missing")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0)
