"""The mock's own answers, held to the contract before they go out. It costs time, so only where asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware  # type: ignore[import-untyped]

from mock_server.serving.schema import CompiledSchema

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON = "application/json"


class InvalidAnswerError(Exception):
    """An answer that the contract does not allow; the message says why."""


class Answers:
    """The documented answers of one operation."""

    def __init__(self, next_app: ASGIApp, operation: Any) -> None:
        self.next_app = next_app
        self._documented: dict[str, dict[str, CompiledSchema | None]] = {
            status: {
                media_type: CompiledSchema(definition["schema"]) if media_type == JSON else None
                for media_type, definition in response.get("content", {}).items()
            }
            for status, response in operation.responses.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the answer out if it is a documented one. What comes in pieces is looked at by its head only.

        Raises:
            InvalidAnswerError: It is not.
        """
        start: Message | None = None

        async def judging(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                head, start = start, None
                whole = scope["method"] != "HEAD" and not message.get("more_body")
                self._judge(head, message.get("body", b"") if whole else None)
                await send(head)
            await send(message)

        await self.next_app(scope, receive, judging)

    def _judge(self, head: Message, body: bytes | None) -> None:
        status: int = head["status"]
        content = next(
            (self._documented[key] for key in (str(status), f"{status // 100}XX") if key in self._documented),
            None,
        )
        if content is None:
            raise InvalidAnswerError(f"the status {status} is not documented")
        given = dict(head["headers"]).get(b"content-type", b"").decode("latin-1")
        if not content and not given:
            return
        if given not in content:
            raise InvalidAnswerError(f"the type {given!r} of a {status} is none of {', '.join(content)}")
        schema = content[given]
        if schema is not None and body is not None:
            violations = schema.violations(orjson.loads(body), "body")
            if violations:
                texts = "; ".join(violation.text() for violation in violations)
                raise InvalidAnswerError(f"the body of a {status} breaks the contract: {texts}")


class AnswerAPI(RoutedAPI):  # type: ignore[misc]
    """The documented answers of one API, by operationId."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: Any) -> Answers:
        """The documented answers of one operation."""
        return Answers(self.next_app, operation)


class AnswerMiddleware(RoutedMiddleware):  # type: ignore[misc]
    """Holds what the handlers answer to the operation that the request was routed to."""

    api_cls = AnswerAPI
