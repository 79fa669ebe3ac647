"""`Prefer: code=404, example=noData` (RFC 7240): a client chooses which documented answer it gets.

The wish is looked at where the request has passed authentication and validation, so what is chosen is always
an answer that the contract allows to that request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware  # type: ignore[import-untyped]

from mock_server.exchange import exchange
from mock_server.serving.failure import ContractViolationError, Violation, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.exchange import Exchange

    # Finishes an example of the contract that a client has asked for: status and example to the body that is
    # sent.
    Finish: TypeAlias = Callable[[Exchange, int, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Preference:
    """What a client would like to be answered.

    Attributes:
        code: The status.
        example: The name of one of the contract's examples for it; None is the first one.
    """

    code: int
    example: str | None

    def applied(self) -> str:
        """What `Preference-Applied` says when it was met."""
        return f"code={self.code}" + (f", example={self.example}" if self.example else "")


def preference(headers: Iterable[tuple[bytes, bytes]]) -> Preference | None:
    """The preference in the headers; None without a `code`. What else RFC 7240 knows is ignored, as it says.

    Raises:
        ContractViolationError: The code is not a number of three digits.
    """
    lines = [value.decode("latin-1") for name, value in headers if name == b"prefer"]
    if not lines:
        return None
    items: dict[str, str] = {}
    for item in re.split("[,;]", ",".join(lines)):
        name, _, value = item.partition("=")
        # The first of several counts (RFC 7240, section 2).
        items.setdefault(name.strip().lower(), value.strip().strip('"'))
    if "code" not in items:
        return None
    if not re.fullmatch("[1-5][0-9]{2}", items["code"]):
        raise _unmet(f"code={shorten(items['code'], 20)!r} is not an HTTP status")
    return Preference(int(items["code"]), items.get("example"))


class PreferenceOperation:
    """The documented answers of one operation."""

    def __init__(
        self,
        next_app: ASGIApp,
        operation: Any,
        finish: Finish | None,
    ) -> None:
        self.next_app = next_app
        self._finish = finish
        self._examples: dict[str, dict[str, Any]] = {}
        for status, response in operation.responses.items():
            examples = response.get("content", {}).get("application/json", {}).get("examples", {})
            self._examples[status] = {name: example["value"] for name, example in examples.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the example that is asked for; a success, and a request without a wish, is the
        handler's.
        """
        wish = preference(scope["headers"]) if self._finish else None
        if wish is None or self._finish is None:
            await self.next_app(scope, receive, send)
            return
        examples = self._examples.get(str(wish.code)) or self._examples.get(f"{wish.code // 100}XX")
        if not examples:
            known = ", ".join(sorted(self._examples))
            raise _unmet(f"code={wish.code} is not documented for this operation; there are {known}")
        if wish.code < 300 and wish.example is None:
            await self.next_app(scope, receive, _announcing(send, wish))
        else:
            name = wish.example or next(iter(examples))
            if name not in examples:
                raise _unmet(f"example={shorten(name, 100)!r} is not one of {', '.join(examples)}")
            body = orjson.dumps(self._finish(exchange(scope), wish.code, examples[name]))
            await send(
                {
                    "type": "http.response.start",
                    "status": wish.code,
                    "headers": [
                        (b"content-type", b"application/json"),
                        (b"content-length", str(len(body)).encode()),
                        (b"preference-applied", wish.applied().encode("latin-1")),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": body})


def _announcing(send: Send, wish: Preference) -> Send:
    async def announcing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == wish.code:
            message["headers"] = [
                *message["headers"],
                (b"preference-applied", wish.applied().encode("latin-1")),
            ]
        await send(message)

    return announcing


def _unmet(reason: str) -> ContractViolationError:
    return ContractViolationError([Violation("headers", "/prefer", reason)])


class PreferenceAPI(RoutedAPI):  # type: ignore[misc]
    """The documented answers of one API, by operationId."""

    def __init__(
        self,
        *args: Any,
        finishers: Mapping[str, Finish],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._finishers = finishers
        self.add_paths()

    def make_operation(self, operation: Any) -> PreferenceOperation:
        """The documented answers of one operation."""
        return PreferenceOperation(self.next_app, operation, self._finishers.get(operation.operation_id))


class PreferenceMiddleware(RoutedMiddleware):  # type: ignore[misc]
    """Lets clients choose their answer at the operations that have a way to finish it."""

    api_cls = PreferenceAPI

    def __init__(
        self,
        app: ASGIApp,
        *,
        finishers: Mapping[str, Finish],
    ) -> None:
        super().__init__(app)
        self._finishers = finishers

    def add_api(self, specification: Any, **kwargs: Any) -> Any:
        """Register the operations of one contract."""
        return super().add_api(specification, finishers=self._finishers, **kwargs)
