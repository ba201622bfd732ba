"""
Calls to addresses that sellers type in: never into our own network.

The name is resolved once, every address it has must be public, and the connection
goes to the address that was judged, so a name that changes in between (DNS
rebinding) leads nowhere. Redirects are answers, not followed. However slowly the
other side drips its bytes, a call ends after LONGEST seconds.
"""

import ipaddress
import socket
from contextlib import suppress
from threading import Timer
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from django.conf import settings

TIMEOUT = urllib3.Timeout(connect=5, read=10)
LONGEST = 15.0  # seconds from connecting to the end of the answer
MOST_READ = 1000  # bytes of an answer that are looked at


class Forbidden(Exception):
    """The address may not be called; the machine word says why."""


class Unreachable(Exception):
    """No answer came."""


def check(url: str) -> None:
    """Raise Forbidden when ``url`` can be told to lead inside, without a lookup."""
    parts = _split(url)
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        if _is_local_name(parts.hostname or "") and not settings.WEBHOOK_ALLOW_PRIVATE:
            raise Forbidden("private_address") from None
    else:
        _judge(address)


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """
    Return the status of the answer to a POST and, when it is not 2xx, its start.

    Raises Forbidden for an address inside, Unreachable when no answer came in time.
    """
    parts = _split(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(parts.hostname or "", port)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    with _End(LONGEST) as end, _pool(parts, address, port, end) as pool:
        try:
            answer = pool.request(
                "POST",
                target,
                body=body,
                headers={"Host": parts.netloc, **headers},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            if end.has_come:  # of a head cut short, http.client makes what it can
                raise Unreachable("no answer in time")
            taken = 200 <= answer.status < 300
            text = b"" if taken else answer.read(MOST_READ, decode_content=False)
            answer.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(str(error)[:300]) from error
    return answer.status, text.decode("utf-8", "replace")


class _End:
    """So long from now its sockets end, whatever is still being read from them."""

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self.has_come = False
        self._timer = Timer(seconds, self._come)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        for one in self._sockets:
            one.close()

    def awaits(self, one: socket.socket) -> None:
        """End this one, too: a copy of it, since TLS takes the first away."""
        self._sockets.append(one.dup())

    def _come(self) -> None:
        self.has_come = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _split(url: str) -> SplitResult:
    """Return the parts of an address that may be called by its looks."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  a port out of range raises here
    except ValueError:
        raise Forbidden("malformed") from None
    schemes = ("https", "http") if settings.WEBHOOK_ALLOW_PRIVATE else ("https",)
    if parts.scheme not in schemes:
        raise Forbidden("not_https")
    if not parts.hostname or parts.username or parts.password:
        raise Forbidden("malformed")
    return parts


def _resolve(host: str, port: int) -> str:
    """Return one address of ``host``; Forbidden when any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(str(error)[:300]) from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _judge(ipaddress.ip_address(address.split("%")[0]))
    return addresses[0]


def _judge(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Raise Forbidden unless the address is on the open internet."""
    if settings.WEBHOOK_ALLOW_PRIVATE:
        return
    wraps_another = address.version == 6 and (
        address.ipv4_mapped
        or address.sixtofour
        or address.teredo
        or address in ipaddress.ip_network("64:ff9b::/96")
    )
    if wraps_another or not address.is_global or address.is_multicast:
        raise Forbidden("private_address")


def _is_local_name(host: str) -> bool:
    """Names that never leave the machine or the network."""
    name = host.rstrip(".").lower()
    return "." not in name or name.endswith((".localhost", ".local", ".internal"))


def _pool(
    parts: SplitResult, address: str, port: int, end: _End
) -> urllib3.HTTPConnectionPool:
    """A pool to the judged address that still checks the certificate of the name."""
    is_plain = parts.scheme == "http"
    kind = urllib3.HTTPConnectionPool if is_plain else urllib3.HTTPSConnectionPool

    class Connection(kind.ConnectionCls):  # type: ignore[name-defined,misc]
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            end.awaits(made)
            return made

    checks: dict[str, Any] = {
        "ca_certs": certifi.where(),
        "server_hostname": parts.hostname,
        "assert_hostname": parts.hostname,
    }
    pool = kind(address, port, timeout=TIMEOUT, **({} if is_plain else checks))
    pool.ConnectionCls = Connection  # type: ignore[assignment]
    return pool
