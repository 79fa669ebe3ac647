"""What is looked at before anything else: how big a request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from mock_server.exchange import exchange
from mock_server.serving.failure import ContractViolationError, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_PATH = 1024
MAX_QUERY = 8192


class Guard:
    """Keeps requests within bounds: the body (413), the path and the query (414), no path but the exact one
    (404), a session that can be one (400).

    A body is never read further than its bound, whether its length is announced or it comes in chunks.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, larger: Mapping[str, int] | None = None) -> None:
        """Guard the application.

        Args:
            app: The application.
            max_body: The largest body, in bytes.
            larger: Paths that take a larger one, and how large.
        """
        self.app = app
        self.max_body = max_body
        self.larger = {path: max(size, max_body) for path, size in (larger or {}).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is within the bounds."""
        if scope["type"] == "websocket":
            # There is none here. Refused before the handshake, a server answers 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        if len(path) > MAX_PATH or len(scope["query_string"]) > MAX_QUERY:
            raise HTTPException(414, "The URL is too long.", headers={"Connection": "close"})
        if path.endswith("/"):
            # The router would redirect to the path without the slash, which no contract knows of.
            raise HTTPException(404)
        fault = exchange(scope).fault
        if fault is not None:
            raise ContractViolationError([Violation("headers", f"/{fault.header}", str(fault))])
        bound = self.larger.get(path, self.max_body)
        for name, value in scope["headers"]:
            if name == b"content-length" and _too_long(value, bound):
                raise _refusal(bound)

        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > bound:
                    raise _refusal(bound)
            return message

        await self.app(scope, bounded, send)


def _too_long(length: bytes, bound: int) -> bool:
    digits = length.strip().lstrip(b"0")
    return len(digits) > 18 or (digits.isdigit() and int(digits) > bound)


def _refusal(bound: int) -> HTTPException:
    # The rest of the body is not wanted, so the connection cannot be used again.
    return HTTPException(413, f"The body is larger than {bound} bytes.", headers={"Connection": "close"})
