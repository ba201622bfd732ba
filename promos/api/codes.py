"""Codes of the shop: register, change, stop."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging, problems
from agentiq.problems import FieldError, Problem
from promos import registry, wording
from promos.endpoint import ADMIN, READ, Endpoint, idempotent, one
from promos.models import (
    PromoCode,
)
from promos.rules import limits
from promos.rules.limits import normalise_code
from promos.serializers import (
    PromoCodeIn,
    PromoCodeOut,
    PromoCodeQuery,
    PromoCodeSaved,
    listing,
)

CODES = "promo-codes"


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
