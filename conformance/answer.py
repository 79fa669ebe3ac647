"""What came back, sorted into the kinds that requirements speak of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.exchange import Exchange

_SHOWN = 300
_CLOSED = "no answer: the server closed the connection, three times in a row"
_DEEPEST = 200
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")


class Kind(StrEnum):
    """The kinds of answer; a vendor's ``classify`` says which one an exchange is."""

    ACCEPTED = "accepted"
    FAILURE = "failure"
    """Refused with status 200 and a ``failure`` member (L13)."""
    INVALID = "invalid"
    """400, or 422 which is taken as well."""
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    """Any other status from 400 to 499."""
    CRASHED = "crashed"
    """Any status from 500 to 599, or a connection that is closed again and again without an answer."""
    UNAVAILABLE = "unavailable"
    """The documented way to say that a request takes too long, or cannot be answered now (N12, N13)."""
    ODD = "odd"
    """Nothing the contract knows: a redirect, a sign-in page, a status below 200."""


@dataclass(frozen=True)
class Answer:
    """An exchange with its kind and its parsed body."""

    exchange: Exchange
    kind: Kind
    document: Any
    """The body as JSON, or None where it is not JSON."""
    volatile: tuple[str, ...] = ()
    """Members of the body that differ between equal requests, like an id."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.exchange.status

    @property
    def media_type(self) -> str:
        """The media type in lower case and without parameters; empty if there is none."""
        return (self.exchange.header("Content-Type") or "").split(";")[0].strip().lower()

    @property
    def outcome(self) -> str:
        """What became of the request, in a few words."""
        if self.kind is Kind.ACCEPTED:
            return "accepted"
        if self.kind is Kind.FAILURE:
            return "refused with a `failure`"
        if not self.status:
            return _CLOSED
        return f"{'refused' if 400 <= self.status < 500 else 'answered'} with {self.status}"

    @property
    def text(self) -> str:
        """The answer in one line for a report: what differs between equal runs is masked."""
        if not self.status:
            return _CLOSED
        body = self.exchange.body.decode("utf-8", "replace")
        for name in self.volatile:
            member = rf'("{name}"\s*:\s*)("(?:[^"\\]|\\.)*"|-?\d+)'
            body = re.sub(member, rf"\1<{name}>", body)
        body = " ".join(_INSTANT.sub("<instant>", _UUID.sub("<uuid>", body)).split())
        if len(body) > _SHOWN:
            body = body[:_SHOWN] + "..."
        return f"{self.status} {self.media_type or '(no content type)'} {body or '(empty)'}".strip()


def parse(exchange: Exchange) -> Any:
    """The body as JSON, or None where it is not JSON, or nested deeper than any answer of a contract.

    Half a surrogate pair, which JSON can write and no encoding of Unicode can, becomes a question mark.
    """
    try:
        document = json.loads(exchange.body, parse_constant=_no_constant)
        if _is_deep(document):
            return None
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return document


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def is_page(exchange: Exchange) -> bool:
    """Whether the answer is an HTML page: of a proxy, or a form to sign in at."""
    return "html" in (exchange.header("Content-Type") or "").lower()


def is_busy(exchange: Exchange) -> bool:
    """Whether the target declined to look at the request now, after the transport waited as long as it may.

    A 503 without ``Retry-After`` is a failure like any other.
    """
    return exchange.status == 429 or (exchange.status == 503 and exchange.header("Retry-After") is not None)


def kind_of_status(status: int) -> Kind:
    """The kind of an answer that is not a success, by its status alone; 0 stands for no answer."""
    if not status or 500 <= status < 600:
        return Kind.CRASHED
    if 400 <= status < 500:
        named = {400: Kind.INVALID, 422: Kind.INVALID, 401: Kind.UNAUTHORIZED, 404: Kind.NOT_FOUND}
        return named.get(status, Kind.REFUSED)
    return Kind.ODD
