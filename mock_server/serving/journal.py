"""Each request with its exchange: what it writes is kept before it is answered, and so is a note of it,
without any credential.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote

import orjson

from mock_server import clock, identifier
from mock_server import session as sessions
from mock_server.exchange import SCOPE_KEY, Exchange
from mock_server.serving import credential, delay
from mock_server.serving.failure import Failure
from mock_server.state.store import NO_SESSION, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.serving.failure import Reply
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Store

    _Block = tuple[tuple[bytes, bytes], ...]

logger = logging.getLogger(__name__)

MAX_BODY = 16 * 1024
# How long the journal waits for the rest of a body that nobody else wants, in seconds.
PATIENCE = 0.05
# How many heads are remembered, and up to how many bytes each.
HEADS, MAX_HEAD = 256, 4096
_ADMIN = "/__admin"
_HEALTH = f"{_ADMIN}/health"
# Health is nobody's, and the path of a file has the session's name: no credential has to choose one there.
_CHOSEN = (_HEALTH, "/files/")
_ROUTING = "connexion_routing"


class Journaling:
    """Gives each request its exchange, and keeps it with an entry in the journal once the answer starts.

    No byte of the answer goes out before that; where it fails, a 503 goes out instead. The control API's own
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
            await self._serve(scope, receive, send)
        except StateError as error:
            await self._fail(scope, send, error)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope["headers"])
        exchange = scope[SCOPE_KEY] = await self._exchange(scope, head)
        # Where Connexion notes what it has routed the request to: one of each request's own.
        scope["extensions"] = dict(scope.get("extensions") or {})
        noted = self.store.journal.keeps and not scope["path"].startswith(_ADMIN)
        # The router writes into the scope; the request is noted as it came.
        url = _url(scope) if noted else ""
        body = _Body(receive, ended=head.is_all)
        state = _WAITING
        started = False

        async def keep(status: int) -> None:
            if noted:
                if not body.whole:
                    await body.read_on()
                self.store.journal.add(exchange, _entry(scope, exchange, url, head, body, status))
            await self.store.commit(exchange)

        async def keeping_send(message: Message) -> None:
            nonlocal noted, state, started
            if state is _WAITING and message["type"] == "http.response.start":
                try:
                    await keep(message["status"])
                    state = _KEPT
                    if exchange.settings["delays"]:
                        await delay.wait(scope, exchange.settings["delays"])
                except StateError as error:
                    noted, state = False, _FAILED
                    await self._fail(scope, send, error)
            if state is not _FAILED:
                started = True
                await send(message)

        try:
            await self.app(scope, body.receive if noted else receive, keeping_send)
        except StateError:
            # A handler asked for the state in vain; there is none to note the request in.
            noted, state = False, _FAILED
            raise
        except asyncio.CancelledError:
            # The server stops, and this request has had all the time that it gives. The state is closed.
            noted, state = False, _FAILED
            if not started:
                await self._answer(scope, send, Failure(503, "The mock is being stopped."))
        finally:
            if state is _WAITING:
                # There is no answer, so there is nothing that was promised.
                exchange.writes.clear()
                await keep(500)
            if noted:
                await self.store.journal.trim(exchange.session)

    async def _exchange(self, scope: Scope, head: _Head) -> Exchange:
        # Whether the mock is up has nothing to do with what a database elsewhere does.
        session = NO_SESSION if scope["path"] == _HEALTH else await self.store.session(head.session)
        real_us = clock.real_us()
        fault = head.fault
        if fault is not None and scope["path"].startswith(_CHOSEN):
            fault = None
        return Exchange(
            head.session,
            self.settings.effective(session.changes),
            session.clock,
            real_us,
            session.clock.now_us(real_us),
            session.floor,
            fault,
        )

    async def _fail(self, scope: Scope, send: Send, error: StateError) -> None:
        logger.error("%s %s: the state cannot be kept: %s", scope["method"], scope["path"], error)
        await self._answer(scope, send, Failure(503, f"The state cannot be kept: {error}"))

    async def _answer(self, scope: Scope, send: Send, failure: Failure) -> None:
        reply = self.refuse(scope["path"], failure)
        body = orjson.dumps(reply.body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"retry-after", b"1"),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Head(NamedTuple):
    """What the headers of a request say.

    Attributes:
        session: The session that the request belongs to.
        fault: Why that is none.
        is_all: Whether no body follows.
        redacted: The headers as the journal keeps them, in JSON.
    """

    session: str
    fault: sessions.SessionError | None
    is_all: bool
    redacted: orjson.Fragment


def _head(headers: Iterable[Iterable[bytes]]) -> _Head:
    block = cast("_Block", tuple(map(tuple, headers)))
    # A client sends the same ones again and again.
    small = sum(map(len, chain.from_iterable(block))) <= MAX_HEAD
    return (_known_head if small else _new_head)(block)


def _new_head(block: _Block) -> _Head:
    fault = None
    try:
        session = sessions.session(block)
    except sessions.SessionError as error:
        session, fault = sessions.DEFAULT, error.with_traceback(None)
    headers = dict(block)
    is_all = b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") == b"0"
    return _Head(session, fault, is_all, orjson.Fragment(orjson.dumps(_headers(block))))


_known_head = lru_cache(HEADS)(_new_head)


# How far an exchange is.
_WAITING, _KEPT, _FAILED = "waiting", "kept", "failed"


class _Body:
    """The beginning of a request's body, noted while the application reads it.

    Attributes:
        start: What is kept of it.
        whole: Whether that is all of it.
    """

    def __init__(self, receive: Receive, *, ended: bool) -> None:
        self._receive = receive
        self._size = 0
        self._ended = ended
        self.start = bytearray()

    @property
    def whole(self) -> bool:
        return self._ended and self._size <= MAX_BODY

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            part = message.get("body", b"")
            self.start += part[: MAX_BODY - len(self.start)]
            self._size += len(part)
            self._ended = not message.get("more_body", False)
        return message

    async def read_on(self) -> None:
        """Read what the application did not want, as far as it is there already.

        A request that is refused before anybody reads its body (401, 404) is the one that people look for.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self._ended and self._size <= MAX_BODY:
                    if (await self.receive())["type"] != "http.request":
                        return


def _entry(
    scope: Scope, exchange: Exchange, url: str, head: _Head, body: _Body, status: int
) -> dict[str, Any]:
    """What is kept of a request; `mock_server.admin.entry` shows it as WireMock does."""
    entry: dict[str, Any] = {
        "id": identifier.new(),
        "arrived_us": exchange.real_us,
        "served_us": max(0, time.time_ns() // 1000 - exchange.real_us),
        "method": scope["method"][:32],
        "url": url,
        "scheme": scope["scheme"],
        "server": [each for each in scope.get("server") or () if each is not None],
        "client": (scope.get("client") or ("",))[0],
        "headers": head.redacted,
        "status": status,
    }
    if body.start:
        try:
            entry["body"] = credential.body(body.start.decode("utf-8"))
        except UnicodeDecodeError:
            entry["base64"] = base64.b64encode(credential.odd_body(bytes(body.start))).decode("ascii")
    if not body.whole:
        entry["cut"] = True
    operation = scope["extensions"].get(_ROUTING, {}).get("operation_id")
    if operation:
        entry["operation"] = operation
    return entry


# Whatever authenticates somebody is gone before a request is stored; nothing can leak it later.
def _url(scope: Scope) -> str:
    path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query = scope["query_string"]
    url = path.decode("latin-1")
    if query:
        url += "?" + credential.parameters(query.decode("latin-1"))
    return url[:65536]


def _headers(block: _Block) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for raw_name, raw_value in block[:1000]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")[:65536]
        redact = credential.redaction(name)
        headers.append((name, redact(value) if redact else value))
    return headers
