"""The address at which a client has reached the mock, and whose address one is."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

# A name, an IPv4 address or an IPv6 one in brackets, and perhaps a port. What else a client may send as its
# Host would not make a URI.
_HOST = re.compile(r"([A-Za-z0-9_]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>[0-9]{1,5}))?")
MAX_PORT = 65535


def origin(scope: Scope) -> str:
    """Scheme, host and port as the client named them, or else as the server knows them."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    named = _named(hosts[0]) if len(hosts) == 1 else None
    if named:
        return f"{scope['scheme']}://{named}"
    host, port = scope.get("server") or ("127.0.0.1", None)
    host = f"[{host}]" if ":" in host else host
    return f"{scope['scheme']}://{host}" + (f":{port}" if port else "")


# Clients mostly name the same one.
@lru_cache(256)
def _named(header: bytes) -> str | None:
    """The host, and perhaps its port, in a header; None where it would not make a URI."""
    text = header.decode("latin-1")
    found = _HOST.fullmatch(text)
    return text if found and int(found["port"] or 0) <= MAX_PORT else None


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address, is this machine to itself."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        # No resolver may answer these with another machine (RFC 6761, 6.3).
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
