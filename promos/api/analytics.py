"""What went out with codes: the figures, and the sends behind them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging, problems
from agentiq.problems import FieldError, Problem
from promos import ledger
from promos.api.codes import CODES
from promos.endpoint import READ, Endpoint
from promos.models import (
    PromoCodeSend,
)
from promos.rules.limits import normalise_code
from promos.serializers import (
    Analytics,
    AnalyticsQuery,
    SendOut,
    SendQuery,
    listing,
)

A_WEEKEND = OpenApiExample(
    "weekend",
    value={
        "first": "2026-02-28",
        "last": "2026-03-01",
        "total": 3,
        "answer_seconds": 125,
        "answered": 3,
        "by_day": {"2026-02-28": 1, "2026-03-01": 2},
        "by_code": {"THANKS10": 2, "SORRY15": 1},
        "by_use_case": {"UC1": 2, "UC2": 1},
        "by_intent": {"thanks": 2, "quality_complaint": 1},
        "by_sentiment": {"positive": 2, "negative": 1},
        "by_article": {"171234567": 3},
        "by_operator": {"7": 3},
        "by_decision": {"accept": 2, "edit": 1},
        "by_answer_time": {
            "1m": 1,
            "5m": 2,
            "15m": 0,
            "1h": 0,
            "4h": 0,
            "1d": 0,
            "later": 0,
        },
        "conversions": None,
    },
    response_only=True,
)


class PromoCodeAnalytics(Endpoint):
    """The same figures as the dashboard and the export."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[CODES],
        operation_id="promoCodeAnalytics",
        summary=_("How codes are used"),
        description=_(
            "Sends by Moscow day, code, use case, intent, mood and more: the figures of "
            "the dashboard and its files. “conversions” is null: no sale is "
            "matched to a code."
        ),
        parameters=[AnalyticsQuery],
        responses={200: Analytics},
        examples=[A_WEEKEND],
    )
    def get(self, request: Request) -> Response:
        given = self.query(AnalyticsQuery)
        figures = ledger.figures(self.seller, _period(given))
        return Response(_analytics(figures))


class Sends(Endpoint):
    """What went out."""

    needs = {"GET": READ}

    @extend_schema(
        tags=["sends"],
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
