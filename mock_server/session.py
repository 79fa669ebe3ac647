"""Sessions: clients that know nothing of each other share one mock, each in a state of its own.

A session is chosen by the header `X-Histdata-Session`, or by a credential that ends in `~NAME`, so that a
client which can only be given an address and a credential needs no change.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "default"
HEADER = "X-Histdata-Session"
COOKIE = "JSESSIONID"
SEPARATOR = "~"
# Not a dot at the beginning: clients take "." and ".." out of a path, and a link has the name in its path.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_HEADER = HEADER.lower().encode()
_EXPECTED = "expected 1 to 64 of A-Z a-z 0-9 _ . -, and no . or - first"
SUFFIX_EXPECTED = f"holds a {SEPARATOR} with no name of a session behind it: {_EXPECTED}"


class SessionError(ValueError):
    """What should name a session does not; the message says what was expected, and holds no credential.

    Attributes:
        header: The header that should, in lower case.
    """

    def __init__(self, header: str, message: str) -> None:
        super().__init__(message)
        self.header = header


def is_name(text: str) -> bool:
    """Whether a session can have this name."""
    return _NAME.fullmatch(text) is not None


def session(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The session that a request belongs to; the header wins over a credential.

    A bearer token with another suffix than a name chooses nothing: whoever knows the right token refuses it.

    Args:
        headers: Names in lower case, and values, as ASGI has them.

    Raises:
        SessionError: The header is there twice, or holds something else than a name; or the user of HTTP
            Basic or the cookie, which nobody else refuses, has a suffix that is no name.
    """
    chosen: list[str] = []
    authorization = cookie = b""
    for name, value in headers:
        if name == b"authorization":
            authorization = value
        elif name == b"cookie":
            cookie = value
        elif name == _HEADER:
            chosen.append(value.decode("latin-1").strip())
    if chosen:
        if len(chosen) > 1:
            raise SessionError(HEADER.lower(), "is given more than once")
        if not is_name(chosen[0]):
            raise SessionError(HEADER.lower(), f"is not the name of a session: {_EXPECTED}")
        return chosen[0]
    return (authorization and _of_authorization(authorization)) or (cookie and _of_cookie(cookie)) or DEFAULT


def split(credential: str) -> tuple[str, str | None]:
    """A credential without its suffix, and the session that the suffix names, if there is one."""
    rest, separator, name = credential.rpartition(SEPARATOR)
    return (rest, name) if separator and is_name(name) else (credential, None)


def _of_authorization(value: bytes) -> str | None:
    scheme, _, credential = value.strip().partition(b" ")
    kind = scheme.lower()
    if kind == b"bearer":
        return split(credential.strip().decode("latin-1"))[1]
    if kind == b"basic":
        try:
            pair = base64.b64decode(credential.strip(), validate=True)
        except binascii.Error:
            return None
        return _suffix(pair.partition(b":")[0].decode("latin-1"), "authorization")
    return None


def _of_cookie(value: bytes) -> str | None:
    for pair in value.decode("latin-1").split(";"):
        name, _, content = pair.strip().partition("=")
        if name == COOKIE:
            return _suffix(content.strip('"'), "cookie")
    return None


def _suffix(credential: str, header: str) -> str | None:
    name = split(credential)[1]
    if name is None and SEPARATOR in credential:
        raise SessionError(header, SUFFIX_EXPECTED)
    return name
