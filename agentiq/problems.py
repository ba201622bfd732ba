"""
What the API answers when it cannot do what was asked (RFC 9457, problem details).

``code`` is stable: programs branch on it. ``title`` and ``detail`` are in the
caller's language, ``messages`` always in Russian and English. ``errors`` name each
field by a JSON pointer (``#/discount_percent``) or each query parameter.
"""

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

from agentiq import logs

log = logging.getLogger(__name__)

LANGUAGES = ("ru", "en")
MEDIA_TYPE = "application/problem+json"

SENTENCES: Mapping[str, tuple[int, Promise]] = {
    "malformed": (400, _("The body is not JSON that can be read.")),
    "invalid": (400, _("Some fields are missing or wrong.")),
    "bad_cursor": (400, _("This cursor does not belong to this list.")),
    "bad_idempotency_key": (
        400,
        _("An Idempotency-Key has 1 to 255 printable ASCII characters."),
    ),
    "unauthenticated": (
        401,
        _("A valid key is needed: “Authorization: Api-Key <key>”."),
    ),
    "forbidden": (403, _("This is not allowed.")),
    "scope_missing": (403, _("The key lacks the right “%(scope)s”.")),
    "not_found": (404, _("There is nothing at this address.")),
    "method_not_allowed": (405, _("This address does not know that method.")),
    "not_acceptable": (406, _("Only JSON can be answered.")),
    "idempotency_mismatch": (
        409,
        _("This Idempotency-Key was used for another request."),
    ),
    "conflict": (409, _("Somebody else changed the same thing; read it again.")),
    "in_progress": (409, _("The same request is still being worked on.")),
    "too_large": (413, _("The body is larger than %(most)s KB.")),
    "unsupported_media_type": (415, _("Send JSON: “Content-Type: application/json”.")),
    "throttled": (429, _("Too many requests; try again in %(seconds)s s.")),
    "internal": (500, _("A fault of ours; it is written down.")),
    "unavailable": (503, _("The database does not answer; try again shortly.")),
}
"""Codes any route may answer. Steps add their own with their own sentences."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; ``messages`` by language."""

    path: tuple[str | int, ...]
    code: str
    messages: Mapping[str, str]
    is_query: bool = False

    def as_dict(self) -> dict[str, Any]:
        place = {"parameter": str(self.path[0])} if self.is_query else {}
        if not self.is_query:
            place["pointer"] = "#" + "".join(f"/{_escape(part)}" for part in self.path)
        return {**place, "code": self.code, "messages": dict(self.messages)}


@dataclass
class Problem(Exception):
    """Raised by any view: becomes the document. ``extra`` adds members to it."""

    code: str
    status: int | None = None
    sentence: Promise | str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    errors: Iterable[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def in_languages(sentence: Promise | str, params: Mapping[str, object]) -> dict:
    """Return the sentence in each language, the figures filled in."""
    said = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = str(sentence) % params if params else str(sentence)
    return said


def respond(problem: Problem) -> Response:
    """Return the document of a problem."""
    status, sentence = SENTENCES.get(problem.code, (400, problem.code))
    status, sentence = problem.status or status, problem.sentence or sentence
    messages = in_languages(sentence, problem.params)
    language = (translation.get_language() or "ru")[:2]
    said = messages.get(language, messages["ru"])
    document = {
        "type": f"urn:agentiq:problem:{problem.code}",
        "title": said,
        "status": status,
        "code": problem.code,
        "messages": messages,
        "errors": [error.as_dict() for error in problem.errors],
        "request_id": logs.request_id.get(),
        **problem.extra,
    }
    return Response(
        document, status, headers=dict(problem.headers), content_type=MEDIA_TYPE
    )


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: every error is a document, never a trace."""
    return respond(problem_of(error))


def problem_of(error: Exception) -> Problem:
    """Return the problem an exception means; what nobody foresaw is logged."""
    if isinstance(error, Problem):
        return error
    for kind, code in _KINDS:
        if isinstance(error, kind):
            if code == "unavailable":
                log.error("the database does not answer", exc_info=error)
            return Problem(code, headers=_headers(error), params=_params(error))
    if isinstance(error, exceptions.ValidationError):
        return Problem("invalid", errors=flatten({"ru": error.detail}))
    log.exception("an API request failed", exc_info=error)
    return Problem("internal")


_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    ((Http404, exceptions.NotFound), "not_found"),
    (
        (exceptions.NotAuthenticated, exceptions.AuthenticationFailed),
        "unauthenticated",
    ),
    ((PermissionDenied, exceptions.PermissionDenied), "forbidden"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.ParseError, "malformed"),
    (exceptions.Throttled, "throttled"),
    (RequestDataTooBig, "too_large"),
    (IntegrityError, "conflict"),
    ((OperationalError, InterfaceError, RedisError), "unavailable"),
)


def _headers(error: Exception) -> dict[str, str]:
    """Return what HTTP wants said beside the document."""
    if isinstance(error, exceptions.Throttled):
        return {"Retry-After": str(_seconds(error))}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return {"WWW-Authenticate": "Api-Key"}
    if isinstance(error, OperationalError | InterfaceError | RedisError):
        return {"Retry-After": "10"}
    return {}


def _params(error: Exception) -> dict[str, object]:
    """Return the figures of the sentence."""
    if isinstance(error, exceptions.Throttled):
        return {"seconds": _seconds(error)}
    return {"most": 256} if isinstance(error, RequestDataTooBig) else {}


def _seconds(error: exceptions.Throttled) -> int:
    return max(1, math.ceil(error.wait or 1))


def flatten(
    details: Mapping[str, Any], *, is_query: bool = False
) -> tuple[FieldError, ...]:
    """
    Return DRF's nested errors as a flat list.

    ``details`` has the same errors by language; the order is the same in each.
    """
    by_language = {language: list(_walk(tree)) for language, tree in details.items()}
    first = next(iter(by_language.values()))
    return tuple(
        FieldError(
            path,
            code,
            {name: found[place][2] for name, found in by_language.items()},
            is_query,
        )
        for place, (path, code, _text) in enumerate(first)
    )


def _walk(tree: Any, path: tuple[str | int, ...] = ()) -> Iterable[tuple]:
    """Yield path, code and text of each error in DRF's tree."""
    if isinstance(tree, Mapping):
        for name, below in tree.items():
            here = path if name == "non_field_errors" else (*path, name)
            yield from _walk(below, here)
    elif isinstance(tree, list | tuple):
        for place, below in enumerate(tree):
            nested = isinstance(below, Mapping | list)
            if below:
                yield from _walk(below, (*path, place) if nested else path)
    else:
        yield path, getattr(tree, "code", "invalid"), str(tree)


def _escape(part: str | int) -> str:
    """Escape a member's name for a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
