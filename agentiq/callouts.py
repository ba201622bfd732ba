"""
Calls to addresses that sellers type in: never into our own network.

The name is resolved once, every address it has must be public, and the connection
goes to the address that was judged, so a name that changes in between (DNS
rebinding) leads nowhere. Redirects are answers, not followed.
"""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from django.conf import settings

TIMEOUT = urllib3.Timeout(connect=5, read=10)
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
    Return status and the start of the answer to a POST.

    Raises Forbidden for an address inside, Unreachable when no answer came.
    """
    parts = _split(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(parts.hostname or "", port)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    with _pool(parts, address, port) as pool:
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
            text = answer.read(MOST_READ, decode_content=False)
            answer.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(str(error)[:300]) from error
    return answer.status, text.decode("utf-8", "replace")


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


def _pool(parts: SplitResult, address: str, port: int) -> urllib3.HTTPConnectionPool:
    """A pool to the judged address that still checks the certificate of the name."""
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        address,
        port,
        timeout=TIMEOUT,
        ca_certs=certifi.where(),
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )
