"""What Connexion works out anew for each request but depends on the operation alone, worked out once.

The only module that reaches into Connexion's own attributes. What is not known to be the same by a shortcut
goes the way that Connexion has for it: other paths than a contract's literal ones, and answers that are not
plain JSON. A test compares both ways, request by request; another one fails when Connexion changes what is
relied on here.
"""

from __future__ import annotations

import inspect
import threading
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

import orjson
from connexion.apps.asynchronous import (  # type: ignore[import-untyped]
    AsyncApi,
    AsyncASGIApp,
    AsyncOperation,
)
from connexion.context import _operation  # type: ignore[import-untyped]
from connexion.decorators.response import AsyncResponseDecorator  # type: ignore[import-untyped]
from connexion.frameworks.starlette import Starlette  # type: ignore[import-untyped]
from connexion.lifecycle import ConnexionRequest  # type: ignore[import-untyped]
from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedMiddleware  # type: ignore[import-untyped]
from connexion.middleware.context import ContextMiddleware  # type: ignore[import-untyped]
from connexion.middleware.exceptions import ExceptionMiddleware  # type: ignore[import-untyped]
from connexion.middleware.lifespan import LifespanMiddleware  # type: ignore[import-untyped]
from connexion.middleware.routing import RoutingMiddleware  # type: ignore[import-untyped]
from connexion.middleware.security import SecurityOperation  # type: ignore[import-untyped]
from connexion.spec import OpenAPISpecification  # type: ignore[import-untyped]

from mock_server.serving.contract import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    Started = tuple[dict[str, Any], dict[str, Any]]

JSON = "application/json"
_TRUSTING = threading.Lock()


@contextmanager
def trusted() -> Iterator[None]:
    """Have Connexion take documents as they are: tests hold ours to OpenAPI, so no start has to."""
    with _TRUSTING:
        OpenAPISpecification._validate_spec = lambda _self, _spec: None
        try:
            yield
        finally:
            # What it has inherited is there again.
            del OpenAPISpecification._validate_spec


class ShortExceptions(ExceptionMiddleware):  # type: ignore[misc]
    """Answers exceptions as Starlette does, which gets ready for one only where there is one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; have a handler answer what it raises."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - it is raised again
            failing = copy(self)
            failing.app = _raising(error)
            await super(ShortExceptions, failing).__call__(scope, receive, send)


def _raising(error: Exception) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app


class ShortRouting(RoutingMiddleware):  # type: ignore[misc]
    """Routes a request to a literal path (one without parameters) as Connexion's router did the first time.

    So the router alone decides what is found; there are as many routes to remember as the contracts have
    literal paths.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._literal: set[tuple[str, str]] = set()
        self.known: dict[tuple[str, str], tuple[dict[str, Any], ASGIApp]] = {}

    def add_api(self, specification: Any, base_path: str | None = None, **kwargs: Any) -> None:
        """Register the operations of one contract."""
        super().add_api(specification, base_path=base_path, **kwargs)
        for path, item in specification["paths"].items():
            if "{" not in path:
                self._literal |= {
                    (method.upper(), f"{base_path or ''}{path}") for method in METHODS if method in item
                }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Attach the operation to the scope and pass the request on to it."""
        # Below another application's path the router finds its way itself.
        key = ("", "") if scope.get("root_path") else (scope.get("method", ""), scope.get("path", ""))
        known = self.known.get(key)
        if known is not None:
            routing, operation = known
            scope["path_params"] = {}
            scope["extensions"][ROUTING_CONTEXT] = dict(routing)
            await operation(scope, receive, send)
            return
        await super().__call__(scope, receive, send)
        if key in self._literal:
            routing = dict(scope["extensions"][ROUTING_CONTEXT])
            self.known[key] = routing, linked(self.app, **routing)


def linked(app: Any, api_base_path: str | None, operation_id: str | None) -> Any:
    """The application for one operation: what each middleware looks up for it, looked up for good.

    Left out is what has nothing to do: the lifespan, and Connexion's global variables, which no handler
    reads.
    """
    if isinstance(app, LifespanMiddleware):
        return linked(app.next_app, api_base_path, operation_id)
    if isinstance(app, ContextMiddleware):
        return linked(app.app, api_base_path, operation_id)
    if not isinstance(app, RoutedMiddleware):
        return app
    for api in app.apis.get(api_base_path, []):
        operation = api.operations.get(operation_id)
        if operation is not None:
            if hasattr(operation, "next_app"):
                operation.next_app = linked(operation.next_app, api_base_path, operation_id)
            return ShortSecurity(operation) if type(operation) is SecurityOperation else operation
    return app


class ShortSecurity:
    """Verifies the credentials as Connexion's operation does, without a whole request object for them."""

    def __init__(self, operation: Any) -> None:
        self.next_app: ASGIApp = operation.next_app
        self._verify = operation.verification_fn if operation.security else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that may be served."""
        if self._verify is not None:
            await self._verify(Credentials(scope))
        await self.next_app(scope, receive, send)


class Credentials:
    """Connexion's request, made only where more is looked at than the scope, and what Connexion notes."""

    __slots__ = ("context", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.context: dict[str, Any] = scope["extensions"].setdefault("connexion_context", {})

    def __getattr__(self, name: str) -> Any:
        return getattr(ConnexionRequest(self.scope), name)


class ShortOperation(AsyncOperation):  # type: ignore[misc]
    """A handler that gets the validated arguments that its signature names; plain JSON is sent as it is."""

    def __init__(self, operation: Any, *, jsonifier: Any, pythonic_params: bool) -> None:
        super().__init__(
            operation.function,
            jsonifier=jsonifier,
            operation_id=operation.operation_id,
            pythonic_params=pythonic_params,
        )
        self._operation = operation
        self._names = tuple(inspect.signature(operation.function).parameters)
        self._json = JSON in operation.produces
        self._only_json = set(operation.produces) == {JSON}
        self._stock = AsyncResponseDecorator(framework=Starlette, jsonifier=jsonifier)(_same)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the handler returns."""
        given = scope["extensions"]["connexion_context"]
        arguments = {name: given[name] for name in self._names if name in given}
        # A scope that holds itself is freed by the garbage collector only, and late.
        given.pop("scope", None)
        result = await self._fn(**arguments)
        plain = self._plain(result)
        if plain is not None:
            start, body = plain
            await send(start)
            await send(body)
            return
        # What Connexion writes depends on the types that the operation has.
        _operation.set(self._operation)
        response = await self._stock(result)
        await response(scope, receive, send)

    def _plain(self, result: Any) -> Started | None:
        """The messages of an answer that is plain JSON; None where Connexion has to look at it."""
        status, headers = 200, _NONE
        if type(result) is tuple:
            if len(result) == 2:
                result, status = result
            elif len(result) == 3:
                result, status, headers = result
        if type(result) is not dict or type(status) is not int or status in _WITHOUT_BODY:
            return None
        raw = _raw_headers(headers)
        if raw is None:
            return None
        if not raw and self._only_json:
            raw.append(_JSON_HEADER)
        elif not self._json or _JSON_HEADER not in raw:
            return None
        body = orjson.dumps(result)
        raw.append((b"content-length", str(len(body)).encode("latin-1")))
        return (
            {"type": "http.response.start", "status": status, "headers": raw},
            {"type": "http.response.body", "body": body},
        )


_NONE: dict[str, str] = {}
_WITHOUT_BODY = {*range(200), 204, 304}
_JSON_HEADER = (b"content-type", JSON.encode())


def _raw_headers(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]] | None:
    """The headers as ASGI has them; None where they are no plain ones."""
    if type(headers) is not dict:
        return None
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return None if any(name == b"content-length" for name, _ in raw) else raw


async def _same(result: Any) -> Any:
    return result


class ShortApi(AsyncApi):  # type: ignore[misc]
    """The handlers of one contract, by operationId."""

    def make_operation(self, operation: Any) -> ShortOperation:
        """The handler of one operation."""
        return ShortOperation(operation, pythonic_params=self.pythonic_params, jsonifier=self.jsonifier)


class ShortApp(AsyncASGIApp):  # type: ignore[misc]
    """The handlers of all contracts, behind all middlewares."""

    api_cls = ShortApi
