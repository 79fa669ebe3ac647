"""The mock behind a gateway: what goes in and what comes out pass a *behaviour*, which may have a defect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mock_server.app import create_app
from mock_server.serving.server import serving
from mock_server.settings import Settings

Message = dict[str, Any]


class VariantError(Exception):
    """A behaviour has failed where it was to show something."""


class NotJson(Enum):
    """Stands for a body that is not JSON."""

    BODY = "no JSON"


@dataclass(frozen=True)
class Ask:
    """One request, as the gateway has received it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    """In the order they came, names in lower case."""
    body: bytes
    wait: Callable[[float], None]
    """Lets so many seconds pass on the clock of whoever has sent the request."""
    query_string: bytes = b""
    """The query as it came, before it was read."""

    @property
    def is_file(self) -> bool:
        """Whether this is the download of a data file, and not the operation."""
        return self.path.startswith("/files/")

    @property
    def document(self) -> Any:
        """The body as JSON; NaN is let pass."""
        return _parsed(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def with_header(self, name: str, value: str | None) -> Ask:
        """With one header of this name, or with none."""
        return replace(self, headers=_set(self.headers, name, value))

    def with_query(self, name: str, value: str) -> Ask:
        """With one query parameter of this name."""
        others = tuple(pair for pair in self.query if pair[0] != name)
        return replace(self, query=(*others, (name, value)))

    def with_body(self, body: bytes) -> Ask:
        """With another body, framed by its length."""
        headers = _set(_set(self.headers, "transfer-encoding", None), "content-length", str(len(body)))
        return replace(self, body=body, headers=headers)

    def with_document(self, document: Any) -> Ask:
        """With another body, as JSON."""
        return self.with_body(json.dumps(document).encode())


@dataclass(frozen=True)
class Reply:
    """One answer, as the gateway is going to send it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunked: bool = False
    """Whether the body goes out in chunks, without a Content-Length."""
    cut: bool = False
    """Whether the connection is closed in the middle of the body."""
    leaves: float | None = None
    """Seconds from the end of the answer until the connection is closed, unannounced."""

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return _parsed(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def with_header(self, name: str, value: str | None) -> Reply:
        """With one header of this name, or with none."""
        return replace(self, headers=_set(self.headers, name, value))

    def with_document(self, document: Any) -> Reply:
        """With another body, as JSON; the content type stays as it is."""
        return replace(self, body=json.dumps(document).encode())


Serve = Callable[[Ask], Awaitable[Reply]]
Behaviour = Callable[[Ask, Serve], Awaitable[Reply]]
Make = Callable[[], Behaviour]
"""Makes a behaviour with a state of its own, for one server."""


def reply(status: int, document: Any, **headers: str) -> Reply:
    """An answer in JSON."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status, (("content-type", "application/json"), *named), json.dumps(document).encode())


class Gateway:
    """An ASGI application in front of another one."""

    def __init__(self, app: Any, behaviour: Behaviour, wait: Callable[[float], None]) -> None:
        """*wait* lets seconds pass on the client's clock."""
        self._app = app
        self._behaviour = behaviour
        self._wait = wait
        self.errors: list[Exception] = []
        """What the behaviour has raised; it answers 500 then, which proves nothing."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Pass a request through the behaviour; anything else goes straight on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def serve(ask: Ask) -> Reply:
            return await _pass_on(self._app, scope, ask)

        ask = await self._read(scope, receive)
        try:
            answer = await self._behaviour(ask, serve)
        except Exception as error:  # noqa: BLE001 - kept for whoever runs the gateway
            self.errors.append(error)
            answer = reply(500, {})
        await _write(receive, send, answer)

    async def _read(self, scope: Mapping[str, Any], receive: Any) -> Ask:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
        return Ask(
            method=scope["method"],
            path=scope["path"],
            query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
            ),
            body=body,
            wait=self._wait,
            query_string=scope["query_string"],
        )


@contextmanager
def running(make: Make, revisions: Mapping[str, str], wait: Callable[[float], None]) -> Iterator[str]:
    """Run the mock, behind the behaviour that *make* makes, for as long as the block lasts; gives its URL.

    *revisions* are by vendor, ``liverig`` and ``nortech``; a vendor without one has the mock's default.

    Raises:
        OSError: no port of 127.0.0.1 can be used.
        RuntimeError: the mock did not start.
        VariantError: the behaviour itself has failed, so that what it was to show was not shown.
    """
    usual = Settings()
    settings = Settings(
        liverig_revision=revisions.get("liverig", usual.liverig_revision),
        nortech_revision=revisions.get("nortech", usual.nortech_revision),
    )
    gateway = Gateway(create_app(settings), make(), wait)
    with serving(gateway) as url:
        yield url
    if gateway.errors:
        raise VariantError(f"the variant itself failed: {gateway.errors[0]!r}") from gateway.errors[0]


async def _pass_on(app: Any, scope: Mapping[str, Any], ask: Ask) -> Reply:
    inner = {
        **scope,
        "method": ask.method,
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": urlencode(ask.query).encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in ask.headers],
    }
    pending = [{"type": "http.request", "body": ask.body, "more_body": False}]
    answer: list[Message] = []

    async def receive() -> Message:
        if not pending:
            await asyncio.Event().wait()  # The client stays until it has its answer
        return pending.pop()

    async def send(message: Message) -> None:
        answer.append(message)

    await app(inner, receive, send)
    start = next(message for message in answer if message["type"] == "http.response.start")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Reply(start["status"], headers, b"".join(message.get("body", b"") for message in answer))


async def _write(receive: Any, send: Any, answer: Reply) -> None:
    headers = _set(answer.headers, "content-length", None if answer.chunked else str(len(answer.body)))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    parts = [answer.body]
    if answer.chunked:
        middle = len(answer.body) // 2
        parts = [answer.body[:middle], answer.body[middle:]]
    if answer.cut:
        parts = [answer.body[: len(answer.body) // 2]]
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    if answer.cut:
        # ASGI has no word for it: the function belongs to uvicorn's own cycle of a request.
        send.__self__.transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    if answer.leaves is not None:
        asyncio.get_running_loop().call_later(answer.leaves, send.__self__.transport.close)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NotJson.BODY


def _set(headers: tuple[tuple[str, str], ...], name: str, value: str | None) -> tuple[tuple[str, str], ...]:
    others = tuple(pair for pair in headers if pair[0].lower() != name.lower())
    return others if value is None else (*others, (name, value))
