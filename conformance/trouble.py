"""Why no usable answer came, in words for people."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Any

import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator


class TransportError(Exception):
    """No usable answer came; the message is for people and names no secret."""


class Unreachable(TransportError):  # noqa: N818 - named for what happened
    """No connection could be made: nothing was sent."""

    refused = False
    """Whether the host said that nobody listens there."""


class NoAnswer(TransportError):  # noqa: N818
    """The request went out, and no complete HTTP answer to it came back."""

    closed = False
    """Whether the server closed the connection, and did not just stay silent."""
    silent = False
    """Whether the server took the request, and nothing came of it for as long as a request may take."""
    damage: str | None = None
    """What is wrong with the answer that had begun to come, or None where none had."""


class Stale(Unreachable):
    """An idle connection turned out to be closed before anything of an answer came over it."""


def damage(error: Exception, *, begun: bool) -> str | None:
    """What is wrong with an answer of which at least the head has come, in words that are always the same."""
    if isinstance(error, requests.exceptions.InvalidHeader):
        return "its Content-Length contradicts itself"
    if not begun or type(error) is urllib3.exceptions.HTTPError:  # ours: it is too long, or does not end
        return None
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "it cannot be unpacked as its Content-Encoding says"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "it stopped before it was whole"
    return "it ended before it was whole"


def causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and what it wraps, outermost first; requests and urllib3 keep that in different places."""
    seen: set[int] = set()
    current: object = error
    while isinstance(current, BaseException) and id(current) not in seen:
        seen.add(id(current))
        yield current
        inside = [getattr(current, "reason", None), *current.args, current.__cause__, current.__context__]
        current = next((c for c in inside if isinstance(c, BaseException) and id(c) not in seen), None)


def words(error: BaseException) -> str:
    """What happened, without the names of classes."""
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timed out"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the server closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        # urllib3 puts a number where the standard library has the bytes.
        partial: Any = error.partial
        length = partial if isinstance(partial, int) else len(partial)
        return f"the answer ended after {length} bytes, before its announced length"
    if isinstance(error, http.client.BadStatusLine):
        return f"not an HTTP answer: {str(error)[:80]}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "what listens there speaks no TLS; is the URL to begin with http:// and not https://?"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
