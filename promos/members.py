"""Who asks and in which shops they work, read in one query."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from agentiq.compiled import Compiled, Slot
from promos.models import Membership


class MemberBackend(ModelBackend):
    """
    Brings a signed-in person together with their memberships.

    Nearly every request needs both; ``user.works`` spares the second question.
    """

    def get_user(self, user_id: Any) -> Any:
        """Return the person with ``works``, in the order they joined the shops."""
        works = _WORKS(user=user_id)
        if not works:
            return super().get_user(user_id)
        user = works[0].user
        user.works = works
        return user if self.user_can_authenticate(user) else None


def working(user_id: Any) -> Any:
    """Return a person's memberships that count, each with its shop."""
    mine = Membership.objects.filter(
        user=user_id, is_active=True, seller__is_active=True
    )
    return mine.select_related("seller").order_by("pk")


_WORKS = Compiled(lambda: working(Slot("user")).select_related("user"), whose="user")
