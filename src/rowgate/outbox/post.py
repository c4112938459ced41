"""One POST to a receiver, on guard against where a name may lead.

The name is looked up once, every address it has is judged, and the connection goes to the address that was judged: a
name that changes its mind between the look and the connection gains nothing. Redirects are not followed, proxies of the
environment are not used, the answer's body is not read, and the whole takes no longer than it may.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["DeliveryFailed", "post"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DeliveryFailed(Exception):
    """An event was not taken.

    Args:
        reason: in words that hold no secret and nothing that the receiver wrote.
        final: another attempt would be refused too.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


def post(url: str, body: bytes, headers: Mapping[str, str], *, internal: bool, seconds: float) -> None:
    """Send a body.

    Args:
        url: from a declaration that was checked.
        body: JSON.
        headers: beside those of HTTP.
        internal: addresses that are not public are fine.
        seconds: for everything.

    Raises:
        DeliveryFailed: the receiver did not answer with a status of 200 to 299.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        sockets = [_connected(host, parts.port or (443 if secure else 80), internal=internal, seconds=seconds)]
        # A receiver that answers a byte at a time keeps within every single timeout.
        watchdog = threading.Timer(seconds, lambda: _shut(sockets[-1]))
        watchdog.daemon = True
        watchdog.start()
        try:
            if secure:
                plain = sockets[-1]
                sockets.append(_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False))
                sockets[-1].do_handshake()  # type: ignore[attr-defined]
            status = _asked(sockets[-1], parts.netloc, target, body, headers)
        finally:
            watchdog.cancel()
            for made in sockets:
                made.close()
    except ssl.SSLCertVerificationError as error:
        raise DeliveryFailed(f"its certificate is not good: {error.verify_message}") from None
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryFailed(f"not reached: {type(error).__name__}") from None
    if 200 <= status <= 299:
        return
    if status == http.client.GONE:
        raise DeliveryFailed("answered 410: it wants no more", final=True)
    raise DeliveryFailed(f"answered {status}" + (", and redirects are not followed" if 300 <= status <= 399 else ""))


def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _asked(made: socket.socket, netloc: str, target: str, body: bytes, headers: Mapping[str, str]) -> int:
    connection = http.client.HTTPConnection(netloc)
    connection.sock = made
    try:
        connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": netloc, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        for name, value in {**sent, "User-Agent": "rowgate", "Connection": "close"}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        with connection.getresponse() as answer:
            return answer.status
    finally:
        connection.close()


def _connected(host: str, port: int, *, internal: bool, seconds: float) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not internal and not all(_is_public(str(address[0])) for *_, address in found):
        raise DeliveryFailed("its address is not a public one; internal=True allows that")
    last: OSError | None = None
    for family, kind, protocol, _, address in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(seconds)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            last = error
            continue
        return made
    raise last or OSError("the name has no address")


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # Addresses that carry one of IPv4 lead where that one does.
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return _is_public(str(inner))
    return address.is_global and not address.is_multicast


def _shut(made: socket.socket) -> None:
    try:
        made.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already
