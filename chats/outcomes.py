"""
What came of a saved reply: how often it went out, and what the chats did then.

Counts, not effects: whoever gets a reply about a return differs from who gets thanks.
"""

from datetime import timedelta

from django.db.models import (
    Count,
    Exists,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from chats.models import ChatOrder, Fate, Message, Outgoing, SavedReply

ANSWERED_WITHIN = timedelta(days=7)


def of_saved(replies: QuerySet[SavedReply]) -> QuerySet[SavedReply]:
    """
    Add ``sent``, ``answered``, ``bought`` and ``returned`` to each saved reply.

    A text that was changed before it left still counts. ``answered``: the buyer wrote
    within a week. ``bought`` and ``returned`` count replies in chats with an order of
    which WB told that; of the others nothing is known.
    """
    sent = Outgoing.objects.filter(
        decision__saved_reply=OuterRef("pk"), status=Outgoing.Status.SENT
    )
    answers = Message.objects.filter(
        chat=OuterRef("chat"),
        sender=Message.Sender.BUYER,
        added_at__gt=OuterRef("sent_at"),
        added_at__lte=OuterRef("sent_at") + ANSWERED_WITHIN,
    )
    orders = ChatOrder.objects.filter(chat=OuterRef("chat"))
    came_back = (Fate.RETURNED, Fate.DEFECTIVE)
    return replies.annotate(
        sent=_count(sent),
        answered=_count(sent.filter(Exists(answers))),
        bought=_count(sent.filter(Exists(orders.filter(fate=Fate.BOUGHT)))),
        returned=_count(sent.filter(Exists(orders.filter(fate__in=came_back)))),
    )


def _count(rows: QuerySet[Outgoing]) -> Coalesce:
    found = rows.order_by().values("decision__saved_reply").annotate(n=Count("pk"))
    return Coalesce(Subquery(found.values("n"), output_field=IntegerField()), 0)
