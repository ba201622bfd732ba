"""Simulator: the world behind WB's URLs, as a WSGI app."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from agentiq.wb import limits
from agentiq.wb.simulator import access, control, http, routes
from agentiq.wb.simulator.faults import Fault, FaultKind, instead, spoiled
from agentiq.wb.simulator.http import Refused, Reply, Request
from agentiq.wb.simulator.sellers import Seller
from agentiq.wb.simulator.stock import Stock
from agentiq.wb.tokens import TokenFacts, TokenKind

_DOMAIN = re.compile(r"/([a-z-]+\.wildberries\.ru)(/.*)")


class Simulator(Stock):
    """
    WB, answered from memory. See World for its settings.

    A path may begin with a WB host name (``/buyer-chat-api.wildberries.ru/ping``),
    so that hosts which share a path can be told apart at one address.
    """

    def __call__(
        self, environ: http.Environ, start_response: Callable[..., Any]
    ) -> list[bytes]:
        """Answer one request. Dropped (a ConnectionAbortedError) ends it unanswered."""
        reply = self.answer(http.read(environ))
        body = reply.encoded()
        headers = {"Content-Type": reply.content_type, **reply.headers}
        headers["Content-Length"] = str(len(body))
        start_response(f"{reply.status} {_reason(reply.status)}", list(headers.items()))
        return [body]

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request, or raise Dropped."""
        if request.path.startswith(control.PREFIX):
            return control.answer(self, request)
        prefixed = _DOMAIN.fullmatch(request.path)
        domain = prefixed[1] if prefixed else ""
        found = routes.find(
            request.verb, prefixed[2] if prefixed else request.path, domain
        )
        if found is None:
            return http.gateway(404, "path not found", "please consult the docs")
        route, names = found
        seen = Request(
            request.verb,
            request.path,
            request.query,
            request.headers,
            request.body,
            names,
        )
        return self._admit(route, seen)

    def _admit(self, route: routes.Route, request: Request) -> Reply:
        facts = access.facts_of(request)
        if isinstance(facts, Reply):
            return facts
        with self.lock:
            seller = self.sellers.get(facts.seller_uuid)
            if seller is None:
                return _unauthorized("unknown seller")
            refusal = self._refusal(route, seller, facts, request)
            if refusal:
                return refusal
            secret = bool(request.headers.get("x-client-secret"))
            passed, headers = self._take(route, seller, facts.kind, secret)
            if not passed:
                seller.throttled[route.method] += 1
                return _limited(headers)
            struck = self.faults.struck(route.method, seller.sid)
        reply = self._struck(route, seller, request, struck)
        reply.headers = {**headers, **reply.headers}
        if reply.status == 429:
            reply.headers.pop("X-Ratelimit-Remaining", None)
        return reply

    def _refusal(
        self,
        route: routes.Route,
        seller: Seller,
        facts: TokenFacts,
        request: Request,
    ) -> Reply | None:
        seller.calls[route.method] += 1
        if facts.token_id in seller.withdrawn:
            return _unauthorized("token withdrawn")
        return access.objection(
            facts,
            request,
            category=route.category,
            writes=route.writes,
            closed_to_base=route.closed_to_base,
            refuse_base=self.refuse_base,
            now=self.now(),
        )

    def _take(
        self, route: routes.Route, seller: Seller, kind: TokenKind, secret: bool
    ) -> tuple[bool, dict[str, str]]:
        limit = limits.limit_for(route.method, kind, with_secret=secret)
        if limit is None:
            return True, {}
        key = (seller.sid, kind, limit.group)
        return self.throttle.take(key, limit, self.now().timestamp())

    def _struck(
        self,
        route: routes.Route,
        seller: Seller,
        request: Request,
        struck: list[Fault],
    ) -> Reply:
        for fault in struck:
            if fault.kind is FaultKind.SLOW:
                self.sleep(fault.seconds)
            reply = instead(fault, route.host)
            if reply:
                return reply
        with self.lock:
            try:
                reply = route.handler(self, seller, request)
            except Refused as no:
                reply = http.refusal(route.host, no.message, no.status)
            reply = spoiled(reply, struck)
            # Written here: rows that others change must not change within an answer.
            reply.body = reply.encoded()
        return reply


def _unauthorized(why: str) -> Reply:
    return http.gateway(401, "unauthorized", f"token problem; {why}")


def _limited(headers: dict[str, str]) -> Reply:
    reply = http.gateway(429, "too many requests", f"limited by {uuid.uuid4()}")
    reply.headers |= headers
    return reply


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
