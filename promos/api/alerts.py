"""What is about to go wrong."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging
from promos.api.shop import TAG
from promos.endpoint import READ, Endpoint
from promos.models import (
    Alert,
)
from promos.serializers import (
    AlertOut,
    AlertQuery,
    listing,
)


class Alerts(Endpoint):
    """What is about to go wrong."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="listAlerts",
        summary=_("Alerts, newest first"),
        parameters=[AlertQuery],
        responses={200: listing(AlertOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(AlertQuery)
        found = Alert.objects.all()
        if given["state"] == "standing":
            found = found.standing()
        elif given["state"] != "all":
            found = found.filter(state=given["state"])
        if "kind" in given:
            found = found.filter(kind=given["kind"])
        return self.listed(
            found,
            paging.Order("raised_at"),
            given,
            lambda rows: AlertOut(rows, many=True).data,
        )
