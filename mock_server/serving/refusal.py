"""Everything that ends a request early, turned into a failure and put into the envelope of the vendor
concerned.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from connexion.exceptions import ProblemException  # type: ignore[import-untyped]
from connexion.lifecycle import ConnexionResponse  # type: ignore[import-untyped]
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mock_server.exchange import exchange
from mock_server.serving.failure import (
    VIOLATIONS_HEADER,
    ContractViolationError,
    Failure,
    Reply,
    shorten,
    violations_header,
)
from mock_server.state.store import StateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from mock_server.serving.endpoint import Endpoint

logger = logging.getLogger(__name__)


def problem(failure: Failure) -> Reply:
    """The envelope where no vendor has one: unknown paths, and the mock's own control API."""
    body = {"title": HTTPStatus(failure.status).phrase, "status": failure.status}
    if failure.detail:
        body["detail"] = shorten(failure.detail, 65536)
    return Reply(failure.status, body)


class Refusals:
    """The error handlers of the application; none of them ever shows a traceback."""

    def __init__(self, endpoints: Collection[Endpoint]) -> None:
        self._paths = [
            (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)), methods, endpoint)
            for endpoint in endpoints
            for path, methods in endpoint.contract.methods().items()
        ]
        # Whoever opens the mock in a browser wants to know what there is.
        operations = [
            f"{method} {path}"
            for endpoint in endpoints
            for path, methods in endpoint.contract.methods().items()
            for method in methods
        ]
        self._nothing = f"There is nothing at this path. There are {', '.join(operations)}."

    def handlers(self) -> list[tuple[type[Exception], Callable[[Any, Any], Awaitable[ConnexionResponse]]]]:
        """Each kind of exception, and what answers it."""
        return [
            (ContractViolationError, self.violation),
            (HTTPException, self.http),
            # Connexion has a handler of its own for its kind of HTTPException.
            (ProblemException, self.http),
            (ClientDisconnect, self.disconnect),
            (Exception, self.unexpected),
        ]

    async def violation(self, request: Any, error: ContractViolationError) -> ConnexionResponse:
        """A request that breaks its contract."""
        headers = {VIOLATIONS_HEADER: violations_header(error.violations)}
        settings = exchange(request.scope).settings
        return self._answer(request, Failure(error.status, str(error), error.violations, settings), headers)

    async def http(self, request: Any, error: HTTPException) -> ConnexionResponse:
        """What the framework refuses: no such path or method, not authenticated, too large."""
        if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return await self.unexpected(request, error)
        headers = dict(error.headers or {})
        detail = error.detail
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(self._allowed(request.scope["path"]))
            detail = f"{request.method} is not allowed here; allowed: {headers['Allow']}."
        elif error.status_code == HTTPStatus.NOT_FOUND and detail in {None, "", "Not Found"}:
            detail = self._nothing
        return self._answer(request, Failure(error.status_code, detail or ""), headers)

    async def disconnect(self, request: Any, _error: ClientDisconnect) -> ConnexionResponse:
        """The client has left in the middle of its request; nobody reads this answer."""
        return self._answer(request, Failure(400, "The request ended early."), {})

    async def unexpected(self, request: Any, error: Exception) -> ConnexionResponse:
        """A fault of the mock's own: logged here, told without any detail there.

        Raises:
            StateError: It is one: nothing can be noted of this request, so whoever notes requests answers it.
        """
        if isinstance(error, StateError):
            raise error
        logger.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
        # What was to be written goes with a success only.
        exchange(request.scope).writes.clear()
        return self._answer(request, Failure(500, "The mock failed; its log says more."), {})

    def reply(self, path: str, failure: Failure) -> Reply:
        """A failure in the envelope of whoever's path it is."""
        endpoint = self._endpoint(path)
        return endpoint.envelope(failure) if endpoint else problem(failure)

    # The path is taken from the scope: a URL is put together with the Host, which may be no host at all.
    def _answer(self, request: Any, failure: Failure, headers: dict[str, str]) -> ConnexionResponse:
        path = request.scope["path"]
        reply = self.reply(path, failure)
        endpoint = self._endpoint(path)
        if reply.status == HTTPStatus.UNAUTHORIZED and endpoint and endpoint.challenge:
            headers["WWW-Authenticate"] = endpoint.challenge
        return ConnexionResponse(
            status_code=reply.status,
            content_type="application/json",
            body=orjson.dumps(reply.body),
            headers={**headers, **reply.headers},
        )

    def _endpoint(self, path: str) -> Endpoint | None:
        return next((endpoint for pattern, _, endpoint in self._paths if pattern.fullmatch(path)), None)

    def _allowed(self, path: str) -> list[str]:
        matching = [(pattern, methods) for pattern, methods, _ in self._paths if pattern.fullmatch(path)]
        # A path that is written out goes before one with a parameter in its place.
        exact = [(pattern, methods) for pattern, methods in matching if pattern.pattern == path]
        methods = {method for _, methods in exact or matching for method in methods}
        return sorted(methods | {"HEAD"} if "GET" in methods else methods)
