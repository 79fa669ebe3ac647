"""One request as data: what a case sends, before it is put on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON = "application/json"
_NOISE = {"x-schemathesis-testcaseid", "user-agent"}


class Absent(Enum):
    """Stands for a body that is not there, which JSON's null is not."""

    BODY = "no body"


@dataclass(frozen=True)
class Call:
    """One request to the operation of a contract. Never changed in place: a change gives a new one."""

    method: str
    query: tuple[tuple[str, str], ...] = ()
    """Names and values in order; a name may stand there twice."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """All that matter, the content type among them."""
    body: Any = Absent.BODY
    """A JSON value, or bytes to be sent as they are, or :attr:`Absent.BODY`."""
    chunked: bool = False
    """Whether the body goes out in chunks, without a Content-Length."""

    @property
    def content(self) -> bytes | None:
        """The body as it goes on the wire, or None for none."""
        if isinstance(self.body, Absent):
            return None
        return self.body if isinstance(self.body, bytes) else _written(self.body)

    def prepare(self, operation: Any, base_url: str) -> requests.Request:
        """The request to send to a target at *base_url*, built as a Schemathesis case of *operation*.

        The body is written out here, so that a wrong content type changes that header and nothing else.
        """
        content = self.content
        query: dict[str, list[str]] = {}
        for name, value in self.query:
            query.setdefault(name, []).append(value)
        case = operation.Case(
            method=self.method,
            query=query,
            headers=dict(self.headers),
            **({} if content is None else {"body": content, "media_type": JSON}),
        )
        parts = case.as_transport_kwargs(base_url=base_url)
        headers = {
            name: value
            for name, value in parts["headers"].items()
            if name.lower() not in _NOISE
            # Schemathesis adds the operation's content type where the case has none on purpose.
            and (name.lower() != "content-type" or "Content-Type" in self.headers)
        }
        data: bytes | Iterator[bytes] | None = parts.get("data")
        if self.chunked and isinstance(data, bytes):
            data = iter([data[: len(data) // 2], data[len(data) // 2 :]])
        return requests.Request(
            self.method, parts["url"], params=parts.get("params"), headers=headers, data=data
        )


def _written(body: Any) -> bytes:
    """JSON as most clients write it, in letters and not in escapes, as far as UTF-8 has them."""
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body).encode()
