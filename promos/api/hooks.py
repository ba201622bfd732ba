"""Addresses that are told what happens, what they were told, and telling again."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import callouts, paging, problems
from agentiq.problems import FieldError, Problem
from promos import webhooks
from promos.endpoint import ADMIN, Endpoint, idempotent, one
from promos.models import (
    Webhook,
    WebhookDelivery,
)
from promos.serializers import (
    DeliveryOut,
    DeliveryQuery,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    listing,
)

A_WEBHOOK = OpenApiExample(
    "CRM",
    value={"url": "https://crm.example.com/agentiq", "kinds": ["message.received"]},
    request_only=True,
)


class Webhooks(Endpoint):
    """Addresses that are told what happens."""

    needs = {"GET": ADMIN, "POST": ADMIN}

    @extend_schema(
        tags=["webhooks"],
        operation_id="listWebhooks",
        summary=_("Webhooks of the shop"),
        responses={200: listing(WebhookOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(DeliveryQuery)
        return self.listed(
            Webhook.objects.all(),
            paging.Order(),
            given,
            lambda rows: WebhookOut(rows, many=True).data,
        )

    @extend_schema(
        tags=["webhooks"],
        operation_id="makeWebhook",
        summary=_("Make a webhook"),
        description=_(
            "Calls carry AgentIQ-Signature: t=…,v1=…, the HMAC-SHA256 of "
            "“<t>.<body>” under the secret in this answer. Events of a chat come in "
            "order, at least once, for 24 hours; drop an AgentIQ-Event-Id seen before."
        ),
        request=WebhookIn,
        responses={201: WebhookMade},
        examples=[A_WEBHOOK],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.body(WebhookIn)
        _callable(given["url"])
        row, secret = webhooks.register(
            self.seller,
            url=given["url"],
            kinds=given.get("kinds", ()),
            by=self.caller.operator,
        )
        return Response(WebhookOut(row).data | {"secret": secret}, 201)


class OneWebhook(Endpoint):
    """One webhook."""

    needs = {"GET": ADMIN, "PATCH": ADMIN, "DELETE": ADMIN}

    @extend_schema(
        tags=["webhooks"],
        operation_id="readWebhook",
        summary=_("One webhook"),
        responses={200: WebhookOut},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(WebhookOut(one(Webhook.objects.all(), id)).data)

    @extend_schema(
        tags=["webhooks"],
        operation_id="changeWebhook",
        summary=_("Change a webhook"),
        request=WebhookIn,
        responses={200: WebhookOut},
    )
    def patch(self, request: Request, id: str) -> Response:
        row = one(Webhook.objects.all(), id)
        given = self.body(WebhookIn, partial=True)
        if "url" in given:
            _callable(given["url"])
        for name, value in given.items():
            setattr(row, name, value)
        row.save()
        return Response(WebhookOut(row).data)

    @extend_schema(
        tags=["webhooks"],
        operation_id="dropWebhook",
        summary=_("Drop a webhook with its deliveries"),
        responses={204: OpenApiResponse(description=_("It is gone."))},
    )
    def delete(self, request: Request, id: str) -> Response:
        one(Webhook.objects.all(), id).delete()
        return Response(status=204)


class Deliveries(Endpoint):
    """What one address was told."""

    needs = {"GET": ADMIN}

    @extend_schema(
        tags=["webhooks"],
        operation_id="listDeliveries",
        summary=_("Deliveries of a webhook, newest first"),
        parameters=[DeliveryQuery],
        responses={200: listing(DeliveryOut)},
    )
    def get(self, request: Request, id: str) -> Response:
        given = self.query(DeliveryQuery)
        found = WebhookDelivery.objects.filter(webhook=one(Webhook.objects.all(), id))
        if "state" in given:
            found = found.filter(state=given["state"])
        return self.listed(
            found,
            paging.Order(),
            given,
            lambda rows: DeliveryOut(rows, many=True).data,
        )


class Replay(Endpoint):
    """Tell an event again."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=["webhooks"],
        operation_id="replayDelivery",
        summary=_("Send an event again, under the same id"),
        request=None,
        responses={202: DeliveryOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        row = one(WebhookDelivery.objects.all(), id)
        webhooks.replay(row, now=timezone.now())
        row.refresh_from_db()
        return Response(DeliveryOut(row).data, 202)


def _callable(url: str) -> None:
    """Raise a Problem for an address that would lead into our own network."""
    try:
        callouts.check(url)
    except callouts.Forbidden as forbidden:
        sentence = _("Give an https address that is reachable from outside.")
        messages = problems.in_languages(sentence, {})
        raise Problem(
            "invalid", errors=[FieldError(("url",), str(forbidden), messages)]
        ) from None
