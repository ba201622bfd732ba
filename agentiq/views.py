"""Pages that belong to no app."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from redis.exceptions import RedisError


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or a server of ours that is down: a sentence, never a trace."""
    if what := _silent(sys.exc_info()[1]):
        text = render_to_string("503.html", {"what": what})
        response = HttpResponse(text, status=503)
        response["Retry-After"] = "10"
        return response
    return HttpResponse(render_to_string("500.html"), status=500)


def _silent(error: Any) -> str:
    """Return which server does not answer, empty when the error is another."""
    if isinstance(error, OperationalError | InterfaceError):
        return "База данных"
    return "Redis" if isinstance(error, RedisError) else ""
