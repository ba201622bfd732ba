"""What views of chats share: whose chat, who acts, and a decision as an answer."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiExample
from rest_framework.response import Response

from agentiq import problems
from agentiq.problems import FieldError, Problem
from chats import decisions, reasons, tasks, wording
from chats.models import (
    Chat,
    Decision,
)
from chats.serializers import (
    DecisionOut,
    MessageOut,
)
from promos.endpoint import Endpoint

WRONG_TEXT = frozenset({"policy", "too_long", "empty", "no_code", "code_not_in_text"})


A_REPLY = OpenApiExample(
    "THANKS10",
    value={"text": "Спасибо за отзыв! Дарим 10 % по промокоду THANKS10."},
    request_only=True,
)


def chat_of(pk: str) -> Chat:
    """Return the chat by our id or WB's, of the caller's shop, or raise Http404."""
    if "\0" in pk or len(pk) > 100:
        raise Http404
    rows = Chat.objects.select_related("assignee")
    if pk.isascii() and pk.isdigit() and len(pk) < 19:
        return get_object_or_404(rows, pk=int(pk))
    return get_object_or_404(rows, wb_chat_id=pk)


def act(view: Endpoint) -> dict[str, Any]:
    """Return who acts, when, and the key that makes the act one."""
    given = view.request.META.get("HTTP_IDEMPOTENCY_KEY")
    name = f"{view.seller.pk}:{view.caller.name}:{view.request.path}:{given}"
    key = uuid.uuid5(uuid.NAMESPACE_URL, name) if given else uuid.uuid4()
    return {"operator": view.caller.operator, "key": key, "now": timezone.now()}


def decided(act: Callable[..., Decision], *args: Any, **kwargs: Any) -> Response:
    """Take a decision and answer it; a refusal becomes a problem."""
    try:
        decision = act(*args, **kwargs)
    except decisions.Refused as refused:
        raise _refusal(refused) from None
    tasks.send_due.delay_on_commit()
    document = {
        "id": decision.pk,
        "kind": decision.kind,
        "decided_at": decision.decided_at,
        "outgoing": decision.outgoing.select_related("promo_code").first(),
    }
    return Response(DecisionOut(document).data, 201)


def _refusal(refused: decisions.Refused) -> Problem:
    """Return why a reply was not taken, with what to change or what is new."""
    errors = []
    for violation in refused.violations:
        messages = {}
        for language in problems.LANGUAGES:
            with translation.override(language):
                messages[language] = wording.advice(violation)
        errors.append(FieldError(("text",), violation.kind.value, messages))
    extra = {"news": MessageOut(refused.news, many=True).data} if refused.news else {}
    return Problem(
        refused.code,
        status=400 if refused.code in WRONG_TEXT else 409,
        sentence=reasons.REFUSED[refused.code],
        errors=errors,
        extra=extra,
    )
