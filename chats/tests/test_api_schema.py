"""The whole schema against the routes: any input, no fault, no answer unforeseen."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from agentiq.wsgi import application
from chats import suggestions
from promos import apikeys, webhooks
from promos.models import Alert, Product, WebhookDelivery

CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 12


@pytest.fixture
def rows(seller, make_chat, make_code):
    """A row behind each kind of id, and rows in each list."""
    code = make_code()
    chat = make_chat("Здравствуйте! Подскажите, какой размер выбрать на рост 170?")
    webhook, _ = webhooks.register(seller, url="https://crm.example.com/", by=None)
    webhooks.emit(seller, "message.sent", {"n": 1}, "1:a")
    Product.objects.create(seller=seller, nm_id=777, price=1000)
    alert = Alert.objects.create(
        seller=seller,
        kind=Alert.Kind.NO_CODE,
        level=Alert.Level.WARNING,
        params={"use_case": "UC1"},
        raised_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    suggestion = suggestions.suggest(chat, now=timezone.now())
    return {
        "suggestions": suggestion.pk,
        "promo-codes": code.pk,
        "chats": chat.pk,
        "alerts": alert.pk,
        "webhooks": webhook.pk,
        "deliveries": WebhookDelivery.objects.first().pk,
    }


def ask(operation, mode, rows, headers):
    """Call one operation with many inputs; return what it answered."""
    answered = set()
    kind = operation.path.split("/")[2]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
    def call(case, is_real):
        if is_real and "id" in case.path_parameters and kind in rows:
            case.path_parameters["id"] = rows[kind]
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        answered.add((operation.label, response.status_code))

    call()
    return answered


@pytest.fixture
def kept_connection():
    """The requests run in the test's transaction, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_route_keeps_to_the_schema(seller, owner, rows, kept_connection):
    _, key = apikeys.issue(
        seller,
        name="fuzz",
        scopes=["read", "suggest", "send", "admin"],
        by=owner,
        rate_per_minute=100_000,
    )
    headers = {"Authorization": f"Api-Key {key}"}
    schema = schemathesis.openapi.from_wsgi("/api/schema.json", application)
    asked, faults = set(), []

    for found in schema.get_all_operations():
        for mode in GenerationMode:
            try:
                asked |= ask(found.ok(), mode, rows, headers)
            except FailureGroup as group:
                faults += [f"{found.ok().label}: {one}" for one in group.exceptions]
            except Unsatisfiable:  # nothing of this operation can be wrong
                assert mode.is_negative

    assert not faults
    assert len({label for label, _ in asked}) >= 20
    assert {status for _, status in asked} >= {200, 400, 404}
