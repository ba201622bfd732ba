"""
What every API route has in common and neither app owns.

JSON in and out, whatever the caller claims to accept; bodies of a bounded size;
ETags; routes with and without a slash at the end; the schema's own habits.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from agentiq.problems import Problem

LARGEST_BODY = 256 * 1024
KB = 1024


class JsonParser(BaseParser):
    """UTF-8 JSON as RFC 8259 has it: no NaN, bounded size and depth."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(LARGEST_BODY + 1)
        if len(raw) > LARGEST_BODY:
            raise Problem("too_large", params={"most": LARGEST_BODY // KB})
        if not raw.strip():
            return {}
        try:
            return json.loads(raw.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class AlwaysJson(BaseContentNegotiation):
    """The answer is JSON; a caller that asks for something else still gets it."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        given = (request.content_type or "").split(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == given), None)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


def tag(request: Any, response: Response) -> None:
    """Give a GET's answer an ETag; 304 without a body for whoever has it already."""
    response["Cache-Control"] = "private, no-cache"
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return
    known = request.META.get("HTTP_IF_NONE_MATCH", "")

    def compare(rendered: HttpResponse) -> HttpResponse | None:
        etag = f'W/"{hashlib.sha256(rendered.content).hexdigest()[:32]}"'
        rendered["ETag"] = etag
        known_tags = [part.strip() for part in known.split(",")]
        if not known or not ({"*", etag} & set(known_tags)):
            return None
        unchanged = HttpResponse(status=304)
        for name in ("ETag", "Cache-Control", "Vary"):
            if rendered.has_header(name):
                unchanged[name] = rendered[name]
        del unchanged["Content-Type"]
        return unchanged

    response.add_post_render_callback(compare)


def routes(address: str, view: Any, name: str) -> list[URLPattern]:
    """Return the route with and without a slash at the end."""
    return [path(address, view, name=name), path(f"{address}/", view)]


def without_slashes(endpoints: list[tuple]) -> list[tuple]:
    """Schema hook: each route stands in it once."""
    return [one for one in endpoints if not one[0].endswith("/")]


def with_problems(result: dict, generator: Any, request: Any, public: bool) -> dict:
    """Schema hook: what every operation may answer, and the headers it takes."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status, words in ANSWERS.items():
                if method != "post" and status == "409":
                    continue
                operation["responses"].setdefault(status, _problem(words))
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            if method == "get":
                operation["responses"].setdefault(
                    "304", {"description": str(_("Unchanged: the ETag is known."))}
                )
    return _plain(result)


def _problem(words: Promise) -> dict:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": words,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _plain(value: Any) -> Any:
    """Return the schema with every lazy text said in the active language."""
    if isinstance(value, dict):
        return {name: _plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return str(value) if isinstance(value, Promise) else value


ANSWERS: Mapping[str, Promise] = {
    "400": _("The request cannot be read, or fields are wrong."),
    "401": _("No valid key."),
    "403": _("The key lacks the right."),
    "404": _("Not there, or not yours."),
    "409": _("The Idempotency-Key was used otherwise, or the state does not allow it."),
    "413": _("The body is too large."),
    "415": _("Not JSON."),
    "429": _("Too many requests: see Retry-After."),
    "default": _("Any other problem."),
}
_WORDS = {
    "type": "object",
    "properties": {"ru": {"type": "string"}, "en": {"type": "string"}},
    "required": ["ru", "en"],
}
PROBLEM = {
    "type": "object",
    "description": _("What went wrong (RFC 9457). Branch on “code”."),
    "required": ["type", "title", "status", "code", "messages", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "example": "invalid"},
        "messages": _WORDS,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "messages"],
                "properties": {
                    "pointer": {"type": "string", "example": "#/discount_percent"},
                    "parameter": {"type": "string", "example": "page_size"},
                    "code": {"type": "string", "example": "range"},
                    "messages": {"type": "object"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": _(
        "Any text of yours that names this act. The same key with the same body gets "
        "the same answer for 24 hours; with another body, 409."
    ),
}
