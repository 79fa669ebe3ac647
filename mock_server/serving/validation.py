"""Requests, validated whole: every violation of parameters and body is found before any is answered.

This replaces Connexion's own request validation, which stops at the first error and builds its validators
anew for each request. It leans on how Connexion hands operations to a routed middleware; a test fails when
that changes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware  # type: ignore[import-untyped]
from starlette.requests import ClientDisconnect

from mock_server.exchange import exchange
from mock_server.serving.body import MalformedBodyError, parse
from mock_server.serving.failure import ContractViolationError, Violation
from mock_server.serving.media import UnsupportedMediaError, media_type
from mock_server.serving.parameters import Parameters
from mock_server.serving.schema import CompiledSchema

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# A body of more bytes is looked at in a thread, so that others go on: a snapshot takes seconds.
LARGE = 1024 * 1024


class Validation:
    """The checks of one operation, compiled once.

    What is valid is handed to the handler as its arguments: each parameter by its name, the parsed body as
    `payload`, the `exchange`, and the ASGI scope as `scope`. It takes those of them that its signature names.
    """

    def __init__(self, next_app: ASGIApp, operation: Any) -> None:
        self.next_app = next_app
        self._parameters = Parameters(operation.parameters)
        self._media_types = {
            name.lower(): CompiledSchema(definition["schema"])
            for name, definition in operation.request_body.get("content", {}).items()
        }
        self._required: bool = operation.request_body.get("required", False)
        responses = operation.responses
        # A contract that documents no 415 has its own word for a content type that it does not take.
        self._unsupported = 415 if {"415", "4XX", "default"} & set(responses) else 400

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a valid request on.

        Raises:
            ContractViolationError: The request is not valid; carries all that is wrong with it.
        """
        arguments, violations = self._parameters.check(scope)
        status = 404 if violations and all(violation.location == "path" for violation in violations) else 400
        if self._media_types:
            status, payload = await self._body(scope, receive, violations, status)
            arguments["payload"] = payload
        else:
            # Nobody reads this body; without a content type nobody tries to.
            headers = [header for header in scope["headers"] if header[0] != b"content-type"]
            scope = {**scope, "headers": headers}
        if violations:
            raise ContractViolationError(violations, status)
        arguments["scope"] = scope
        arguments["exchange"] = exchange(scope)
        scope.setdefault("extensions", {}).setdefault("connexion_context", {}).update(arguments)
        await self.next_app(scope, receive, send)

    async def _body(
        self, scope: Scope, receive: Receive, violations: list[Violation], status: int
    ) -> tuple[int, Any]:
        """Read and check the body, adding to the violations; the status of a refusal, and the parsed body."""
        expected = " or ".join(self._media_types)
        try:
            announced = media_type(scope["headers"])
            if announced is None:
                raise UnsupportedMediaError(f"is missing; expected {expected}")
            if announced not in self._media_types:
                raise UnsupportedMediaError(f"{announced} is not supported; expected {expected}")
        except UnsupportedMediaError as error:
            violations.append(Violation("headers", f"/{error.header}", str(error)))
            return self._unsupported, None
        raw = await _read(receive)
        if not raw and not self._required:
            return status, None
        schema = self._media_types[announced]
        if len(raw) > LARGE:
            payload, found = await asyncio.to_thread(_checked, raw, schema)
        else:
            payload, found = _checked(raw, schema)
        violations += found
        return status, payload


def _checked(raw: bytes, schema: CompiledSchema) -> tuple[Any, list[Violation]]:
    try:
        payload = parse(raw)
    except MalformedBodyError as error:
        return None, [Violation("body", "", str(error))]
    return payload, schema.violations(payload, "body")


async def _read(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


class ValidationAPI(RoutedAPI):  # type: ignore[misc]
    """The validations of one API, by operationId."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: Any) -> Validation:
        """The validation of one operation."""
        return Validation(self.next_app, operation)


class ValidationMiddleware(RoutedMiddleware):  # type: ignore[misc]
    """Validates each request by the operation that it was routed to."""

    api_cls = ValidationAPI
