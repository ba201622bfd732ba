"""What is about to go wrong, and who takes care of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging, problems
from agentiq.problems import FieldError, Problem
from promos import alerts
from promos.api.shop import TAG
from promos.endpoint import ADMIN, READ, Endpoint, idempotent, one
from promos.models import Alert, Membership, Seller
from promos.serializers import AlertOut, AlertQuery, AssignIn, SnoozeIn, listing

LONGEST = timedelta(days=90)
A_SNOOZE = OpenApiExample(
    "monday", value={"until": "2026-03-09T09:00:00+03:00"}, request_only=True
)
AN_ASSIGNMENT = OpenApiExample("anna", value={"to": "anna"}, request_only=True)


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
        return self.listed(
            _wanted(given, timezone.now()),
            paging.Order("raised_at"),
            given,
            lambda rows: AlertOut(rows, many=True).data,
        )


class OneAlert(Endpoint):
    """One alert."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="readAlert",
        summary=_("One alert"),
        responses={200: AlertOut},
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(AlertOut(_alert(id)).data)


class Acknowledge(Endpoint):
    """Somebody takes care."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=[TAG],
        operation_id="acknowledgeAlert",
        summary=_("Acknowledge an alert"),
        description=_("It stays until its cause is gone, and presses no more."),
        request=None,
        responses={200: AlertOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        alert = _alert(id)
        by, now = self.caller.operator, timezone.now()
        return _answer(alert, alerts.acknowledge(alert, by=by, now=now))


class Snooze(Endpoint):
    """Not now."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=[TAG],
        operation_id="snoozeAlert",
        summary=_("Put an alert off"),
        description=_("If its cause is still there then, it presses again."),
        request=SnoozeIn,
        responses={200: AlertOut},
        examples=[A_SNOOZE],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        alert = _alert(id)
        until = _moment(self.body(SnoozeIn)["until"], timezone.now())
        return _answer(alert, alerts.snooze(alert, until=until))


class Assign(Endpoint):
    """Who is in charge."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=[TAG],
        operation_id="assignAlert",
        summary=_("Put a person in charge of an alert"),
        request=AssignIn,
        responses={200: AlertOut},
        examples=[AN_ASSIGNMENT],
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        alert = _alert(id)
        person = _person(self.seller, self.body(AssignIn)["to"])
        return _answer(alert, alerts.assign(alert, to=person))


class Close(Endpoint):
    """It is dealt with."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=[TAG],
        operation_id="closeAlert",
        summary=_("Close an alert"),
        description=_(
            "Alerts close by themselves when their cause is gone. One closed while "
            "the cause is still there is raised anew by the next check."
        ),
        request=None,
        responses={200: AlertOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        alert = _alert(id)
        return _answer(alert, alerts.close(alert, now=timezone.now()))


class Reopen(Endpoint):
    """It presses again."""

    needs = {"POST": ADMIN}

    @extend_schema(
        tags=[TAG],
        operation_id="reopenAlert",
        summary=_("Open an alert again"),
        description=_("Refused with 409 when a newer one of the same cause stands."),
        request=None,
        responses={200: AlertOut},
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        alert = _alert(id)
        if not alerts.reopen(alert):
            newer = _("A newer alert of the same cause stands.")
            raise Problem("alert_stands", status=409, sentence=newer)
        return _answer(alert)


def _wanted(given: Mapping[str, Any], now: datetime) -> "QuerySet[Alert]":
    """Return the alerts that the parameters ask for."""
    found = Alert.objects.select_related("acknowledged_by", "assigned_to")
    if given["state"] == "standing":
        found = found.standing()
    elif given["state"] == "pressing":
        found = found.pressing(now)
    elif given["state"] != "all":
        found = found.filter(state=given["state"])
    for name in ("kind", "level"):
        if name in given:
            found = found.filter(**{name: given[name]})
    if "since" in given:
        found = found.filter(raised_at__gte=given["since"])
    if given.get("assigned_to") == "":
        found = found.filter(assigned_to=None)
    elif "assigned_to" in given:
        found = found.filter(assigned_to__username=given["assigned_to"])
    return found


def _alert(pk: str) -> Alert:
    return one(Alert.objects.select_related("acknowledged_by", "assigned_to"), pk)


def _moment(until: datetime, now: datetime) -> datetime:
    """Return the end of a pause. Raises Problem for one that is none."""
    if now < until <= now + LONGEST:
        return until
    raise _wrong("until", "range", _("Give a moment within the next 90 days."))


def _person(seller: Seller, username: str | None) -> AbstractBaseUser | None:
    """Return the person of the shop. Raises Problem when there is none such."""
    if username is None:
        return None
    members = Membership.objects.filter(seller=seller, is_active=True).values("user")
    people = get_user_model().objects.filter(pk__in=members, is_active=True)
    found = people.filter(username=username).first()
    if found is None:
        raise _wrong("to", "not_found", _("Nobody of this name works in the shop."))
    return found


def _wrong(field: str, code: str, sentence: Promise) -> Problem:
    messages = problems.in_languages(sentence, {})
    return Problem("invalid", errors=[FieldError((field,), code, messages)])


def _answer(alert: Alert, is_done: bool = True) -> Response:
    """Return the alert as it is now. Raises Problem where it had closed before."""
    if not is_done:
        raise Problem("alert_closed", status=409, sentence=_("The alert is closed."))
    return Response(AlertOut(alert).data)
