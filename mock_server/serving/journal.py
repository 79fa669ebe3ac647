"""The journal: the newest requests and what they were answered, without any credential."""

from __future__ import annotations

import uuid
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REDACTED = "***"
# Whatever authenticates somebody is gone before a request is stored; nothing can leak it later.
_SECRET = {"authorization", "proxy-authorization", "cookie", "x-csrf-token", "x-api-key"}
MAX_BODY = 16 * 1024
_ADMIN = "/__admin"


class Journal:
    """A ring of the newest requests, in memory."""

    def __init__(self, size: int) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry; where the ring is full, the oldest one goes."""
        self._entries.append(entry)

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """The newest entries, newest first."""
        return [self._entries[-number] for number in range(1, min(limit, len(self._entries)) + 1)]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()


class Journaling:
    """Writes each request into the journal, once it is answered. The control API's own are not of
    interest.
    """

    def __init__(self, app: ASGIApp, *, journal: Journal) -> None:
        self.app = app
        self.journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and take notes."""
        if scope["type"] != "http" or scope["path"].startswith(_ADMIN):
            await self.app(scope, receive, send)
            return
        arrived = datetime.now(UTC)
        status = 0
        body = bytearray()

        async def noting_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(body) < MAX_BODY:
                body.extend(message.get("body", b"")[: MAX_BODY - len(body)])
            return message

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        # The router writes into the scope; the request is noted as it came.
        url, headers = _url(scope), _headers(scope)
        try:
            await self.app(scope, noting_receive, noting_send)
        finally:
            self.journal.add(
                {
                    "id": str(uuid.uuid4()),
                    "loggedDate": _instant(arrived),
                    "request": {
                        "method": scope["method"][:32],
                        "url": url,
                        "headers": headers,
                        "body": body.decode("utf-8", "replace"),
                    },
                    "response": {"status": status or 500},
                }
            )


def _url(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return (quote(scope["path"]) + ("?" + query if query else ""))[:65536]


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in _SECRET:
            scheme, space, _ = value.partition(" ")
            # The scheme helps to find a mistake and is no secret; a lone word may be one.
            value = f"{scheme} {REDACTED}" if space and name.endswith("authorization") else REDACTED
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {name: value[:65536] for name, value in list(headers.items())[:1000]}


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
