"""The API of codes, what went out with them, products, alerts and webhooks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import callouts, paging, problems
from agentiq.problems import FieldError, Problem
from promos import ledger, registry, webhooks, wording
from promos.endpoint import ADMIN, READ, Endpoint, idempotent
from promos.models import (
    Alert,
    Product,
    PromoCode,
    PromoCodeSend,
    Webhook,
    WebhookDelivery,
)
from promos.rules import limits
from promos.rules.limits import normalise_code
from promos.serializers import (
    AlertOut,
    AlertQuery,
    Analytics,
    AnalyticsQuery,
    DeliveryOut,
    DeliveryQuery,
    ProductOut,
    ProductQuery,
    PromoCodeIn,
    PromoCodeOut,
    PromoCodeQuery,
    PromoCodeSaved,
    SendOut,
    SendQuery,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    listing,
)

CODES, SENDS, OTHERS = "promo-codes", "sends", "shop"
USE_CASES = {
    "UC1": "use_for_positive",
    "UC2": "use_for_negative",
    "UC3": "use_for_pre_purchase",
}
A_CODE = OpenApiExample(
    "THANKS10",
    value={
        "code": "THANKS10",
        "discount_percent": "10.00",
        "description": "Спасибо за отзыв",
        "applies_to": "all",
        "product_nms": [],
        "starts_at": "2026-03-03T00:00:00+03:00",
        "expires_at": "2026-03-17T00:00:00+03:00",
        "use_for_positive": True,
        "use_for_negative": False,
        "use_for_pre_purchase": True,
    },
    request_only=True,
)
A_WEBHOOK = OpenApiExample(
    "CRM",
    value={"url": "https://crm.example.com/agentiq", "kinds": ["message.received"]},
    request_only=True,
)


class PromoCodes(Endpoint):
    """Codes of the shop."""

    needs = {"GET": READ, "POST": ADMIN}

    @extend_schema(
        tags=[CODES],
        operation_id="listPromoCodes",
        summary=_("Active codes of the shop"),
        description=_("Switched on and not ended, unless “state” says otherwise."),
        parameters=[PromoCodeQuery],
        responses={200: listing(PromoCodeOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(PromoCodeQuery)
        now = timezone.now()
        found = _wanted(PromoCode.objects.current(), given, now)
        context = {"now": now}
        return self.listed(
            found.select_related("seller"),
            paging.Order(),
            given,
            lambda rows: PromoCodeOut(rows, many=True, context=context).data,
        )

    @extend_schema(
        tags=[CODES],
        operation_id="registerPromoCode",
        summary=_("Register a code"),
        description=_(
            "Make the code in the WB cabinet first; WB's limits are checked here: "
            "3 to 50 %, 1 to 31 days, ten codes at once."
        ),
        request=PromoCodeIn,
        responses={201: PromoCodeSaved},
        examples=[A_CODE],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        fields = self.body(PromoCodeIn)
        now = timezone.now()
        try:
            made = registry.register(
                self.seller, by=self.caller.operator, now=now, **fields
            )
        except registry.Refused as refused:
            raise _refusal(refused) from None
        return Response(_saved(made), 201)


class OnePromoCode(Endpoint):
    """One code."""

    needs = {"GET": READ, "PATCH": ADMIN, "DELETE": ADMIN}

    @extend_schema(
        tags=[CODES],
        operation_id="readPromoCode",
        summary=_("One code"),
        responses={200: PromoCodeOut},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(PromoCodeOut(_code(id)).data)

    @extend_schema(
        tags=[CODES],
        operation_id="changePromoCode",
        summary=_("Change a code"),
        description=_(
            "Once the code went out, new terms make a new version with a new id; the "
            "answer carries it."
        ),
        request=PromoCodeIn,
        responses={200: PromoCodeSaved},
        examples=[
            OpenApiExample("+7", value={"description": "весна"}, request_only=True)
        ],
    )
    def patch(self, request: Request, id: str) -> Response:
        promo_code = _current(id)
        fields = self.body(PromoCodeIn, partial=True)
        try:
            changed = registry.change(
                promo_code, by=self.caller.operator, now=timezone.now(), **fields
            )
        except registry.Refused as refused:
            raise _refusal(refused) from None
        return Response(_saved(changed))

    @extend_schema(
        tags=[CODES],
        operation_id="deactivatePromoCode",
        summary=_("Stop suggesting a code"),
        description=_("At WB the code runs on until its end. Twice is as once."),
        responses={204: OpenApiResponse(description=_("It is no longer suggested."))},
    )
    def delete(self, request: Request, id: str) -> Response:
        registry.deactivate(_current(id), by=self.caller.operator, now=timezone.now())
        return Response(status=204)


class PromoCodeAnalytics(Endpoint):
    """The same figures as the dashboard and the export."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[CODES],
        operation_id="promoCodeAnalytics",
        summary=_("How codes are used"),
        description=_("Sends by Moscow day, code, use case, intent, mood and more."),
        parameters=[AnalyticsQuery],
        responses={200: Analytics},
    )
    def get(self, request: Request) -> Response:
        given = self.query(AnalyticsQuery)
        figures = ledger.figures(self.seller, _period(given))
        return Response(_analytics(figures))


class Sends(Endpoint):
    """What went out."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[SENDS],
        operation_id="listSends",
        summary=_("Codes that went out to buyers, newest first"),
        parameters=[SendQuery],
        responses={200: listing(SendOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(SendQuery)
        found = PromoCodeSend.objects.select_related("promo_code")
        if "chat_id" in given:
            found = found.filter(chat_id=given["chat_id"])
        if "code" in given:
            key = normalise_code(given["code"])
            found = found.filter(promo_code__code_key=key)
        if "since" in given:
            found = found.filter(sent_at__gte=given["since"])
        if "until" in given:
            found = found.filter(sent_at__lt=given["until"])
        return self.listed(
            found,
            paging.Order("sent_at"),
            given,
            lambda rows: SendOut(rows, many=True).data,
        )


class Products(Endpoint):
    """The catalogue."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[OTHERS],
        operation_id="listProducts",
        summary=_("Articles with prices and costs"),
        parameters=[ProductQuery],
        responses={200: listing(ProductOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(ProductQuery)
        found = Product.objects.all()
        if not given["gone"]:
            found = found.in_catalogue()
        if "nm_id" in given:
            found = found.filter(nm_id=given["nm_id"])
        return self.listed(
            found,
            paging.Order(),
            given,
            lambda rows: ProductOut(rows, many=True).data,
        )


class Alerts(Endpoint):
    """What is about to go wrong."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[OTHERS],
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


class Nothing(Endpoint):
    """Any other address below /api/: a problem document, not a page."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


@extend_schema(exclude=True)
class SchemaYaml(SpectacularYAMLAPIView):
    """The OpenAPI document; ``?lang=en`` in English, ``?format=json`` as JSON."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.GET.get("format") == "json":
            return SchemaJson.as_view()(request._request)
        return super().get(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type


@extend_schema(exclude=True)
class SchemaJson(SpectacularJSONAPIView):
    """The OpenAPI document as JSON."""

    authentication_classes = ()
    permission_classes = ()
    perform_content_negotiation = SchemaYaml.perform_content_negotiation


def docs(request: HttpRequest) -> Any:
    """The API's pages; every file of theirs comes from here."""
    return render(request, "promos/api_docs.html")


def _wanted(found: Any, given: Mapping[str, Any], now: Any) -> QuerySet[PromoCode]:
    """Return the codes that the parameters ask for."""
    off = Q(is_active=False, expires_at__gt=now, is_draft=False)
    states = {
        "active": Q(is_active=True, is_draft=False, expires_at__gt=now),
        "live": Q(
            is_active=True, is_draft=False, starts_at__lte=now, expires_at__gt=now
        ),
        "planned": Q(is_active=True, is_draft=False, starts_at__gt=now),
        "expired": Q(is_draft=False, expires_at__lte=now),
        "off": off,
        "draft": Q(is_draft=True),
        "all": Q(),
    }
    found = found.filter(states[given["state"]])
    if "code" in given:
        found = found.filter(code_key=normalise_code(given["code"]))
    if "nm_id" in given:
        covered = Q(applies_to="all") | Q(product_nms__contains=[given["nm_id"]])
        found = found.filter(covered)
    if "use_case" in given:
        found = found.filter(**{USE_CASES[given["use_case"]]: True})
    return found


def one(rows: Any, pk: str) -> Any:
    """Return the row of this id in the caller's shop, or raise Http404."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    return get_object_or_404(rows, pk=int(pk))


def _code(pk: str) -> PromoCode:
    return one(PromoCode.objects.select_related("seller"), pk)


def _current(pk: str) -> PromoCode:
    """Return a code that can be changed: its newest version."""
    found = _code(pk)
    if found.replaced_by_id:
        raise Problem(
            "replaced",
            status=409,
            sentence=_("This version was replaced by a newer one."),
            extra={"replaced_by": found.replaced_by_id},
        )
    return found


def _saved(promo_code: PromoCode) -> dict[str, Any]:
    """Return a code just stored, with what may mislead a buyer."""
    found = limits.warnings(
        registry.draft_of(promo_code), others=registry.others(promo_code)
    )
    warnings = [
        {"field": one.field, "code": one.code, "messages": _words(one)} for one in found
    ]
    return PromoCodeOut(promo_code).data | {"warnings": warnings}


def _refusal(refused: registry.Refused) -> Problem:
    """Return WB's limits as a problem with a pointer for each field."""
    errors = [
        FieldError((one.field,), one.code, _words(one)) for one in refused.problems
    ]
    return Problem("invalid", errors=errors)


def _words(problem: limits.Problem) -> dict[str, str]:
    """Return the sentence of a problem in both languages."""
    said = {}
    for language in problems.LANGUAGES:
        with translation.override(language):
            said[language] = wording.sentence(problem)
    return said


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


def _period(given: Mapping[str, Any]) -> ledger.Filters:
    """Return the filters of the ledger. Raises Problem for an impossible period."""
    others = {"code": given["code"], "operator_id": given.get("operator")}
    if "first" not in given:
        return ledger.last_days(timezone.now(), **others)
    first, last = given["first"], given["last"]
    sentence = _("The last day may not come before the first, nor 731 days after it.")
    bound = timedelta(days=ledger.LONGEST_DAYS)
    if not first <= last or last - first >= bound or last.year > 9000:
        messages = problems.in_languages(sentence, {})
        error = FieldError(("last",), "period", messages, is_query=True)
        raise Problem("invalid", errors=[error])
    return ledger.Filters(first, last, **others)


def _analytics(figures: ledger.Figures) -> dict[str, Any]:
    """Return the ledger's figures as JSON."""

    def named(counts: Mapping[Any, int]) -> dict[str, int]:
        return {
            "" if name is None else str(name): count for name, count in counts.items()
        }

    return {
        "first": figures.filters.first,
        "last": figures.filters.last,
        "total": figures.total,
        "answer_seconds": figures.answer_seconds,
        "answered": figures.answered,
        "by_day": named(figures.by_day),
        "by_code": named(figures.by_code),
        "by_use_case": named(figures.by_use_case),
        "by_intent": named(figures.by_intent),
        "by_sentiment": named(figures.by_sentiment),
        "by_article": named(figures.by_article),
        "by_operator": named(figures.by_operator),
        "by_decision": named(figures.by_decision),
        "by_answer_time": named(figures.by_speed),
        "conversions": None,
    }
