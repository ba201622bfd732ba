"""
Every API request comes through here: who calls, for which shop, with what rights.

A key (``Authorization: Api-Key …`` or ``Bearer …``) or a signed-in person on our own
pages. All below runs in the caller's shop: a row of another one does not exist, so
its id is answered 404 like any number that was never given out.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django_scopes import scope
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis.exceptions import RedisError
from rest_framework import authentication, exceptions, renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from agentiq import api, paging, problems
from agentiq.problems import Problem
from promos import apikeys, idempotency
from promos.models import ApiKey, Membership, Seller

log = logging.getLogger(__name__)

READ, SUGGEST, SEND, ADMIN = (scope.value for scope in ApiKey.Scope)
Role = Membership.Role
BY_ROLE: Mapping[str, frozenset[str]] = {
    Role.OWNER: frozenset({READ, SUGGEST, SEND, ADMIN}),
    Role.MANAGER: frozenset({READ, SUGGEST, SEND, ADMIN}),
    Role.OPERATOR: frozenset({READ, SUGGEST, SEND}),
    Role.ANALYST: frozenset({READ}),
    Role.SUPPORT: frozenset({READ}),
}
PERSON_RATE = 600
WINDOW = 60  # seconds


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key or a person; ``operator`` is who stands behind it."""

    name: str
    seller: Seller
    scopes: frozenset[str]
    rate_per_minute: int
    operator: AbstractBaseUser | None


class KeyAuthentication(authentication.BaseAuthentication):
    """A key in the Authorization header."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        word, _, key = header.partition(" ")
        if word.lower() not in ("api-key", "bearer"):
            raise exceptions.AuthenticationFailed
        row = apikeys.find(key.strip(), now=timezone.now())
        if row is None:
            raise exceptions.AuthenticationFailed
        caller = Caller(
            name=f"key:{row.pk}",
            seller=row.seller,
            scopes=frozenset(row.scopes),
            rate_per_minute=row.rate_per_minute,
            operator=row.created_by,
        )
        return row.created_by, caller

    def authenticate_header(self, request: Request) -> str:
        return "Api-Key"


class PersonAuthentication(authentication.SessionAuthentication):
    """A person signed in on our own pages; writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        found = super().authenticate(request)
        membership = getattr(request._request, "membership", None)
        if found is None or membership is None:
            return None
        caller = Caller(
            name=f"user:{found[0].pk}",
            seller=membership.seller,
            scopes=BY_ROLE[membership.role],
            rate_per_minute=PERSON_RATE,
            operator=found[0],
        )
        return found[0], caller


class KeyScheme(OpenApiAuthenticationExtension):
    """How the schema tells of keys."""

    target_class = "promos.endpoint.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "aiq_…"}


class PersonScheme(OpenApiAuthenticationExtension):
    """How the schema tells of people on our own pages."""

    target_class = "promos.endpoint.PersonAuthentication"
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class KeyThrottle(BaseThrottle):
    """So many requests a minute for each key, counted in Redis over all processes."""

    left: int

    def allow_request(self, request: Request, view: Any) -> bool:
        caller: Caller = request.auth
        slot = f"api:{caller.name}:{int(time.time()) // WINDOW}"
        try:
            count = cache.incr(slot) if not cache.add(slot, 1, WINDOW * 2) else 1
        except (RedisError, ValueError) as error:  # counting is not worth an outage
            log.warning("API calls are not counted: %s", error)
            return True
        request.rate_left = max(0, caller.rate_per_minute - count)
        return count <= caller.rate_per_minute

    def wait(self) -> float:
        return math.ceil(WINDOW - time.time() % WINDOW)


class Endpoint(APIView):
    """The base of every view of the API. ``needs`` names the right per method."""

    authentication_classes = (KeyAuthentication, PersonAuthentication)
    throttle_classes = (KeyThrottle,)
    permission_classes = ()
    parser_classes = (api.JsonParser,)
    renderer_classes = (renderers.JSONRenderer,)
    content_negotiation_class = api.AlwaysJson
    needs: Mapping[str, str] = {}
    request: Request

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._stack:
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        if request.auth is None:
            raise exceptions.NotAuthenticated
        self._stack.enter_context(scope(seller=request.auth.seller))

    def check_permissions(self, request: Request) -> None:
        if request.method not in self.needs:
            return  # DRF answers: this address does not know the method
        needed = self.needs[request.method or ""]
        if needed not in self.caller.scopes:
            raise Problem(
                "scope_missing", params={"scope": needed}, extra={"scope": needed}
            )

    def get_exception_handler(self) -> Callable[..., Response]:
        return problems.handler

    def finalize_response(
        self, request: Any, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        left = getattr(request, "rate_left", None)
        if left is not None:
            response["RateLimit-Limit"] = str(self.caller.rate_per_minute)
            response["RateLimit-Remaining"] = str(left)
        api.tag(request, response)
        return response

    @property
    def caller(self) -> Caller:
        return self.request.auth

    @property
    def seller(self) -> Seller:
        return self.caller.seller

    def body(self, serializer: type[serializers.Serializer], **kwargs: Any) -> dict:
        """Return the body as ``serializer`` reads it. Raises Problem."""
        return parse(serializer, self.request.data, **kwargs)

    def query(self, serializer: type[serializers.Serializer]) -> dict:
        """Return the query parameters. Raises Problem."""
        given = self.request.query_params
        return parse(serializer, {name: given[name] for name in given}, is_query=True)

    def listed(
        self,
        queryset: Any,
        order: paging.Order,
        given: Mapping[str, Any],
        as_dict: Callable[[list[Any]], Any],
    ) -> Response:
        """Return one page of a list, and the address of the next."""
        page = paging.page(
            queryset, order, cursor=given["cursor"], size=given["page_size"]
        )
        query = self.request.query_params.copy()
        query["cursor"] = page.next_cursor or ""
        address = f"{self.request.build_absolute_uri(self.request.path)}"
        return Response(
            paging.document(page, f"{address}?{query.urlencode()}", as_dict)
        )


class PageQuery(serializers.Serializer):
    """The parameters of every list."""

    page_size = serializers.IntegerField(
        min_value=1,
        max_value=paging.LARGEST_SIZE,
        default=paging.USUAL_SIZE,
        required=False,
    )
    cursor = serializers.CharField(
        default="", required=False, max_length=500, allow_blank=True
    )


def one(rows: Any, pk: str) -> Any:
    """Return the row of this id in the caller's shop, or raise Http404."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    return get_object_or_404(rows, pk=int(pk))


def parse(
    serializer: type[serializers.Serializer],
    data: Any,
    *,
    is_query: bool = False,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return validated data, or raise a Problem that says each fault twice."""
    errors = {}
    for language in problems.LANGUAGES:
        with translation.override(language):
            reading = serializer(data=data, **kwargs)
            if reading.is_valid():
                return reading.validated_data
            errors[language] = reading.errors
    raise Problem("invalid", errors=problems.flatten(errors, is_query=is_query))


def idempotent(post: Callable[..., Response]) -> Callable[..., Response]:
    """Make a POST one that can be repeated under an Idempotency-Key."""

    @wraps(post)
    def answer(
        self: Endpoint, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            with transaction.atomic():
                return post(self, request, *args, **kwargs)

        def work() -> idempotency.Answer:
            try:
                with transaction.atomic():
                    response = post(self, request, *args, **kwargs)
            except Exception as error:  # a refusal is an answer too
                response = self.handle_exception(error)
                if response.status_code >= 500:
                    raise
            return idempotency.Answer(response.status_code, plain(response.data))

        done = idempotency.once(
            self.seller,
            caller=self.caller.name,
            key=key,
            act=f"{request.method} {request.path.rstrip('/')}",
            body=request.data,
            now=timezone.now(),
            work=work,
        )
        media_type = problems.MEDIA_TYPE if done.status >= 400 else None
        headers = {"Idempotency-Replayed": "true"} if done.repeated else {}
        return Response(
            done.body, done.status, headers=headers, content_type=media_type
        )

    answer.is_idempotent = True  # type: ignore[attr-defined]
    return answer


def plain(data: Any) -> Any:
    """Return an answer as the JSON it will be, so that it can be stored."""
    rendered = renderers.JSONRenderer().render(data)
    return renderers.json.loads(rendered) if rendered else None
