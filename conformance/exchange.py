"""One request as it was sent, and its answer as it came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

_MARK = "_histdata_exchange"


@dataclass(frozen=True)
class Exchange:
    """One request as it was sent, and its answer as it came. Holds secrets: show it through the transport."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = field(repr=False)
    request_body: bytes | None
    status: int
    headers: tuple[tuple[str, str], ...]
    """Of the answer, in the order and case they came, repeated ones included."""
    body: bytes
    """Of the answer, with any content coding undone."""
    seconds: float
    """From sending the request to the end of the answer."""
    retries: int = 0
    """How many times it had been sent before: after a busy answer, or on a connection found closed."""
    raw: bytes | None = field(default=None, repr=False)
    """The bytes that were sent, where they were given as bytes."""
    damage: str | None = None
    """Why the answer is not one that HTTP has, where it did not come whole."""

    def header(self, name: str) -> str | None:
        """The first header of the answer with this name in any case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The answer's body as JSON.

        Raises:
            ValueError: it is no JSON, or not in UTF-8.
        """
        return json.loads(self.body)


def mark(response: requests.Response, exchange: Exchange) -> None:
    """Let :func:`exchange_of` find *exchange* again."""
    setattr(response, _MARK, exchange)


def exchange_of(response: requests.Response) -> Exchange:
    """The exchange behind a response of a transport's session.

    Raises:
        LookupError: the response came from another session.
    """
    exchange = getattr(response, _MARK, None)
    if not isinstance(exchange, Exchange):
        raise LookupError("the response did not come through a Transport")
    return exchange


def body_of(request: requests.PreparedRequest) -> bytes | None:
    """The bytes of a request's body, whatever it was given as; None where it has none."""
    body: Any = request.body
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        body = [body.read()]
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in body)


def headers_of(request: requests.PreparedRequest) -> tuple[tuple[str, str], ...]:
    """The headers of a request in the order they are sent."""

    def text(value: str | bytes) -> str:
        return value.decode("latin-1") if isinstance(value, bytes) else value

    return tuple((text(name), text(value)) for name, value in request.headers.items())
