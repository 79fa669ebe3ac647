"""Each request with its exchange: what it writes is kept before it is answered, and so is a note of it,
without any credential.
"""

from __future__ import annotations

import logging
import os
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from mock_server import clock, instant
from mock_server import session as sessions
from mock_server.exchange import SCOPE_KEY, Exchange
from mock_server.serving.failure import Failure
from mock_server.state.store import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.serving.failure import Reply
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Store

logger = logging.getLogger(__name__)

REDACTED = "***"
# Whatever authenticates somebody is gone before a request is stored; nothing can leak it later.
_SECRET = {"authorization", "proxy-authorization", "cookie", "x-csrf-token", "x-api-key"}
MAX_BODY = 16 * 1024
_ADMIN = "/__admin"
_ROUTING = "connexion_routing"


class Journaling:
    """Gives each request its exchange, and keeps it with an entry in the journal once the answer starts.

    No byte of the answer goes out before that; where it fails, a 500 goes out instead. The control API's own
    requests are not of interest to the journal.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        settings: SessionSettings,
        refuse: Callable[[str, Failure], Reply],
    ) -> None:
        """Serve the application.

        Args:
            app: The application.
            store: Where exchanges are kept.
            settings: The settings of all sessions.
            refuse: Puts the envelope of a path around a failure.
        """
        self.app = app
        self.store = store
        self.settings = settings
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its exchange, and take notes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            exchange = scope[SCOPE_KEY] = await self._exchange(scope)
        except StateError as error:
            await self._fail(scope, send, error)
            return
        # Where Connexion notes what it has routed the request to: one of each request's own.
        scope["extensions"] = dict(scope.get("extensions") or {})
        noted = not scope["path"].startswith(_ADMIN)
        # The router writes into the scope; the request is noted as it came.
        url, headers = (_url(scope), _headers(scope)) if noted else ("", {})
        body = bytearray()
        state = _WAITING

        async def noting_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(body) < MAX_BODY:
                body.extend(message.get("body", b"")[: MAX_BODY - len(body)])
            return message

        async def keep(status: int) -> None:
            if noted:
                self.store.journal.add(exchange, _entry(scope, exchange, url, headers, body, status))
            await self.store.commit(exchange)

        async def keeping_send(message: Message) -> None:
            nonlocal state
            if state is _WAITING and message["type"] == "http.response.start":
                try:
                    await keep(message["status"])
                    state = _KEPT
                except StateError as error:
                    state = _FAILED
                    await self._fail(scope, send, error)
            if state is not _FAILED:
                await send(message)

        try:
            await self.app(scope, noting_receive if noted else receive, keeping_send)
        finally:
            if state is _WAITING:
                # There is no answer, so there is nothing that was promised.
                exchange.writes.clear()
                await keep(500)
            if noted:
                await self.store.journal.trim(exchange.session)

    async def _exchange(self, scope: Scope) -> Exchange:
        fault = None
        try:
            name = sessions.session(scope["headers"])
        except sessions.SessionError as error:
            name, fault = sessions.DEFAULT, str(error)
        session = await self.store.session(name)
        real_us = clock.real_us()
        return Exchange(
            name,
            self.settings.effective(session.changes),
            session.clock,
            real_us,
            session.clock.now_us(real_us),
            session.floor,
            fault,
        )

    async def _fail(self, scope: Scope, send: Send, error: StateError) -> None:
        logger.error("%s %s failed: %s", scope["method"], scope["path"], error)
        reply = self.refuse(scope["path"], Failure(500, "The mock failed; its log says more."))
        body = orjson.dumps(reply.body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


# How far an exchange is.
_WAITING, _KEPT, _FAILED = "waiting", "kept", "failed"


def _entry(
    scope: Scope, exchange: Exchange, url: str, headers: dict[str, str], body: bytearray, status: int
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": str(uuid.UUID(bytes=os.urandom(16), version=4)),
        "loggedDate": instant.text(exchange.real_us),
        "request": {
            "method": scope["method"][:32],
            "url": url,
            "scheme": scope["scheme"],
            "clientIp": (scope.get("client") or ("",))[0],
            "headers": headers,
            "body": body.decode("utf-8", "replace"),
        },
        "response": {"status": status},
    }
    operation = scope["extensions"].get(_ROUTING, {}).get("operation_id")
    if operation:
        entry["operation"] = operation
    return entry


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
