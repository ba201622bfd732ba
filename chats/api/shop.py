"""How the shop is doing."""

from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chats.models import (
    Chat,
    FeedCursor,
    Outgoing,
)
from chats.serializers import (
    HealthOut,
)
from promos.endpoint import READ, Endpoint


class Health(Endpoint):
    """How the shop is doing."""

    needs = {"GET": READ}

    @extend_schema(
        tags=["shop"],
        operation_id="health",
        summary=_("Whether messages come in and replies go out"),
        responses={200: HealthOut},
    )
    def get(self, request: Request) -> Response:
        feed = FeedCursor.objects.filter(seller=self.seller).first() or FeedCursor()
        rows = Outgoing.objects.unsettled().order_by().values_list("status")
        counts = dict(rows.annotate(count=Count("pk")).values_list("status", "count"))
        outgoing = {str(status): counts.get(status, 0) for status in Outgoing.OPEN}
        troubled = feed.failures or outgoing["unknown"]
        document = {
            "status": "degraded" if troubled else "ok",
            "feed": feed,
            "outgoing": outgoing,
            "waiting_chats": Chat.objects.waiting().count(),
        }
        return Response(HealthOut(document).data)
