from chats.policy.kinds import Kind
from chats.wording import ADVICE


def test_every_kind_has_its_advice():
    assert set(ADVICE) == set(Kind)
