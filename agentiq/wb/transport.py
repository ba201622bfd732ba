"""One call to WB: a request that leaves once, and its answer or failure by name."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from agentiq.wb import refusals, wire
from agentiq.wb.errors import (
    InvalidToken,
    TokenFault,
    WbRejected,
    WbThrottled,
    WbUnavailable,
    WbUnknown,
)
from agentiq.wb.limits import Limiter
from agentiq.wb.records import CallReport

logger = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
_CHUNK = 64 * 1024
_progress = threading.local()
_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True)
class Hosts:
    """Where each part of the API lives: WB's own addresses unless told."""

    chat: str = "https://buyer-chat-api.wildberries.ru"
    calendar: str = "https://dp-calendar-api.wildberries.ru"
    prices: str = "https://discounts-prices-api.wildberries.ru"
    content: str = "https://content-api.wildberries.ru"
    common: str = "https://common-api.wildberries.ru"
    finance: str = "https://finance-api.wildberries.ru"
    statistics: str = "https://statistics-api.wildberries.ru"
    analytics: str = "https://seller-analytics-api.wildberries.ru"
    feedbacks: str = "https://feedbacks-api.wildberries.ru"
    returns: str = "https://returns-api.wildberries.ru"

    @classmethod
    def all_at(cls, url: str) -> Hosts:
        """Return every host at one address, as the simulator answers them."""
        return cls(*[url.rstrip("/")] * 10)

    @classmethod
    def under(cls, url: str) -> Hosts:
        """Return every host at one address, its name as the first part of the path."""
        names = [urlsplit(str(own.default)).netloc for own in fields(cls)]
        return cls(*[f"{url.rstrip('/')}/{name}" for name in names])


@dataclass(frozen=True)
class Request:
    """What to ask. ``writes`` marks calls that may have acted without an answer."""

    method: str
    verb: Literal["GET", "POST"]
    url: str
    query: Sequence[tuple[str, str]] = ()
    json: Any = None
    files: Sequence[tuple[str, tuple[str | None, str | bytes, str]]] = ()
    writes: bool = False
    max_bytes: int = 16 * MEGABYTE
    patience: float = 60.0


@dataclass(frozen=True)
class Answer:
    """A 2xx answer, read whole."""

    request: Request
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """
        Return the body's JSON.

        One that cannot be read is WbUnknown after a write, WbUnavailable after
        a read.
        """
        try:
            return wire.load(self.body)
        except wire.BadShape as error:
            raise self.unreadable(str(error)) from None

    def read(self, parse: Callable[[object], _Parsed]) -> _Parsed:
        """Return the body's JSON as ``parse`` makes it; failures as for ``json``."""
        body = self.json()
        try:
            return parse(body)
        except wire.ErrorInside as error:
            raise WbRejected(
                str(error), status=self.status, method=self.request.method
            ) from None
        except wire.BadShape as error:
            raise self.unreadable(str(error)) from None

    def unreadable(self, why: str) -> WbUnknown | WbUnavailable:
        """Return the failure of an answer that says nothing we understand."""
        kind = WbUnknown if self.request.writes else WbUnavailable
        return kind(
            f"unreadable answer: {why}",
            status=self.status,
            method=self.request.method,
            body=self.body[: refusals.BODY_KEPT].decode("utf-8", "replace"),
        )


class _Marking:
    """A connection that notes whether any byte of a request left on it."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        finally:
            _progress.left = False  # a handshake or a tunnel is not the request

    def send(self, data: Any) -> None:
        if getattr(self, "sock", None) is None:
            self.connect()
        _progress.left = True
        super().send(data)  # type: ignore[misc]


class _OnceAdapter(HTTPAdapter):
    """Sends a request once, never again by itself, and marks that it left."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _mark(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            _mark(manager)
        return manager


def _mark(manager: Any) -> None:
    """Make every connection of a pool manager a marking one."""
    manager.pool_classes_by_scheme = {
        scheme: type("Pool", (pool,), {"ConnectionCls": _marked(pool.ConnectionCls)})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _marked(connection: type) -> type:
    return type("MarkingConnection", (_Marking, connection), {})


def new_session(pool_size: int = 10) -> requests.Session:
    """Return a session without retries, cookies or memory of a token."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _OnceAdapter(
        pool_connections=pool_size,
        pool_maxsize=pool_size,
        max_retries=0,
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = "AgentIQ"
    _settle_environment(session)
    return session


def _settle_environment(session: requests.Session) -> None:
    """
    Read proxies and certificates from the environment once, if they are plain.

    requests would read them again for each call, a fifth of a call's own time.
    With a proxy it still does: which hosts go past it depends on the address.
    """
    found = session.merge_environment_settings(Hosts.chat, {}, None, None, None)
    if not found["proxies"]:
        session.verify = found["verify"]
        session.trust_env = False


class _Auth(AuthBase):
    """Puts the token on a request. As ``auth`` it also keeps .netrc away."""

    def __init__(self, token: str, prefix: str, client_secret: str | None) -> None:
        self.secrets = tuple(_printable(text) for text in (token, client_secret or ""))
        self._prefix = prefix.strip()
        if not token:
            raise InvalidToken(TokenFault.EMPTY)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token, secret = self.secrets
        request.headers["Authorization"] = f"{self._prefix} {token}".strip()
        if secret:
            request.headers["X-Client-Secret"] = secret
        return request

    def __repr__(self) -> str:
        return "<token>"


def _printable(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidToken(TokenFault.CHARACTERS)
    return text


class Transport:
    """Makes calls with one seller's token. The hosts' modules build on it."""

    def __init__(
        self,
        token: str,
        *,
        hosts: Hosts | None = None,
        prefix: str = "Bearer",
        client_secret: str | None = None,
        timeout: tuple[float, float] = (3.05, 15),
        limiter: Limiter | None = None,
        send_profile: Literal["message", "chat-path"] = "message",
        session: requests.Session | None = None,
        on_call: Callable[[CallReport], object] | None = None,
    ) -> None:
        if send_profile not in ("message", "chat-path"):
            raise ValueError(f"unknown send profile: {send_profile}")
        self.hosts = hosts or Hosts()
        self.send_profile = send_profile
        self._auth = _Auth(token.strip(), prefix, (client_secret or "").strip())
        self._timeout = timeout
        self._limiter = limiter
        self._owned = session is None
        self._session = session or new_session()
        self._on_call = on_call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} chat={self.hosts.chat!r}>"

    def close(self) -> None:
        """Close the connections, unless the session was given by somebody."""
        if self._owned:
            self._session.close()

    def call(self, request: Request) -> Answer:
        """Ask once. Return a 2xx answer, or raise the WbError that names the rest."""
        self._ask_limiter(request)
        started = time.monotonic()
        status: int | None = None
        request_id = ""
        try:
            response = self._open(request)
            with response:
                status = response.status_code
                self._tell_limiter(request, response)
                body = self._read(request, response, started)
            if 200 <= status < 300:
                return Answer(request, status, response.headers, body)
            error = refusals.error_of(
                request.method,
                status,
                response.headers,
                body,
                writes=request.writes,
                secrets=self._auth.secrets,
            )
            request_id = error.request_id
            raise error
        finally:
            seconds = time.monotonic() - started
            self._report(CallReport(request.method, status, seconds, request_id))

    def _ask_limiter(self, request: Request) -> None:
        wait = self._limiter.acquire(request.method) if self._limiter else 0
        if wait > 0:
            raise WbThrottled(
                "our own limiter asks to wait",
                retry_after=wait,
                local=True,
                method=request.method,
            )

    def _tell_limiter(self, request: Request, response: requests.Response) -> None:
        if self._limiter is None:
            return
        headers = refusals.rate_headers(response.headers)
        try:
            self._limiter.observe(request.method, headers, response.status_code)
        except Exception:  # an answer WB gave must not be lost to a counter's fault
            logger.exception("limiter could not observe %s", request.method)

    def _report(self, report: CallReport) -> None:
        if self._on_call is None:
            return
        try:
            self._on_call(report)
        except Exception:  # as above
            logger.exception("on_call failed for %s", report.method)

    def _open(self, request: Request) -> requests.Response:
        _progress.left = None
        try:
            return self._session.request(
                request.verb,
                request.url,
                params=list(request.query) or None,
                json=request.json,
                files=list(request.files) or None,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, OSError) as error:
            raise _lost(request, error) from None
        except ValueError as error:  # text that cannot be encoded never left
            raise WbRejected(
                f"cannot be sent: {type(error).__name__}", method=request.method
            ) from None

    def _read(
        self, request: Request, response: requests.Response, started: float
    ) -> bytes:
        """Return the whole body; a slow or endless one is cut off as no answer."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > request.max_bytes:
                    raise self._cut(request, response, "answer too large")
                if time.monotonic() - started > request.patience:
                    raise self._cut(request, response, "answer too slow")
        except (requests.RequestException, OSError) as error:
            if response.status_code >= 400:
                return bytes(body)  # the status says enough
            raise _lost(request, error, response.status_code) from None
        return bytes(body)

    def _cut(
        self, request: Request, response: requests.Response, why: str
    ) -> WbUnknown | WbUnavailable:
        kind = WbUnknown if request.writes else WbUnavailable
        return kind(why, status=response.status_code, method=request.method)


def _lost(
    request: Request, error: Exception, status: int | None = None
) -> WbUnknown | WbUnavailable:
    """Return the failure of a call without an answer, by whether it had left."""
    left = getattr(_progress, "left", None)
    if left is None:  # a session of someone else: only these two are certain
        left = not isinstance(error, requests.ConnectTimeout) and (
            "NewConnectionError" not in repr(error)
        )
    why = f"no answer ({type(error).__name__})"
    if request.writes and left:
        return WbUnknown(why, status=status, method=request.method)
    return WbUnavailable(why, status=status, method=request.method)
