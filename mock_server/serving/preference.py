"""`Prefer: code=404, example=noData` (RFC 7240): a client chooses which documented answer it gets.

The wish is looked at where the request has passed authentication and validation, so what is chosen is always
an answer that the contract allows to that request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware  # type: ignore[import-untyped]

from mock_server.exchange import exchange
from mock_server.serving.failure import (
    VIOLATIONS_HEADER,
    ContractViolationError,
    Violation,
    shorten,
    violations_header,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Endpoint

    # Makes an example that a client has asked for true: from its status and value to the body that is sent.
    # None where only the handler can do that.
    Finish: TypeAlias = Callable[[Exchange, int, dict[str, Any]], Awaitable[dict[str, Any] | None]]


_PART = re.compile(r'"(?:[^"\\]|\\.)*"?|[,;]|[^",;]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preference:
    """What a client would like to be answered; one of the two is there.

    Attributes:
        code: The status; None is that of the first answer with such an example.
        example: The name of one of the contract's examples; None is the first one of that status.
    """

    code: int | None
    example: str | None

    def applied(self) -> str:
        """What `Preference-Applied` says when it was met."""
        return ", ".join(
            f"{name}={value}" for name, value in (("code", self.code), ("example", self.example)) if value
        )


def preference(headers: Iterable[tuple[bytes, bytes]]) -> Preference | None:
    """The preference in the headers; None where they have neither `code` nor `example`.

    What else RFC 7240 knows is ignored, as it says.

    Raises:
        ContractViolationError: The code is not a number of three digits.
    """
    lines = [value.decode("latin-1") for name, value in headers if name == b"prefer"]
    if not lines:
        return None
    items: dict[str, str] = {}
    for item in (item for line in lines for item in _items(line)):
        name, _, value = item.partition("=")
        # The first of several counts (RFC 7240, section 2).
        items.setdefault(name.strip().lower(), _word(value.strip()))
    code, example = items.get("code"), items.get("example")
    if code is not None and not re.fullmatch("[1-5][0-9]{2}", code, re.ASCII):
        raise unmet(f"code={shorten(code, 20)!r} is not an HTTP status")
    if code is None and example is None:
        return None
    return Preference(int(code) if code else None, example)


def _items(line: str) -> Iterator[str]:
    """What stands between commas or semicolons that are not in quotes.

    Who writes `code=500; example=timedOut` thinks of no parameter, so a semicolon does what a comma does.
    """
    item = ""
    for part in _PART.findall(line):
        if part in ",;":
            yield item
            item = ""
        else:
            item += part
    yield item


def _word(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"')) if text.startswith('"') else text


class PreferenceOperation:
    """The documented answers of one operation."""

    def __init__(self, next_app: ASGIApp, operation: Any, endpoint: Endpoint | None) -> None:
        self.next_app = next_app
        self._endpoint = endpoint
        self._method: str = operation.method.upper()
        self._examples: dict[str, dict[str, Any]] = {}
        for status, response in operation.responses.items():
            examples = response.get("content", {}).get("application/json", {}).get("examples", {})
            self._examples[status] = {name: example["value"] for name, example in examples.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the example that is asked for; a success, and a request without a wish, is the
        handler's, which may take the example of a success as its argument `wished`.
        """
        endpoint = self._endpoint
        wish = preference(scope["headers"]) if endpoint else None
        if wish is None or endpoint is None or endpoint.finish is None:
            await self.next_app(scope, receive, send)
            return
        status, example = self._chosen(wish)
        body = None if example is None else await endpoint.finish(exchange(scope), status, example)
        if body is None:
            if wish.example is not None:
                scope["extensions"]["connexion_context"]["wished"] = example
            await self.next_app(scope, receive, _announcing(send, status, wish))
            return
        content = orjson.dumps(body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"preference-applied", wish.applied().encode("latin-1")),
        ]
        # What HTTP wants with these, whoever has asked for them.
        if status == HTTPStatus.UNAUTHORIZED and endpoint.challenge:
            headers.append((b"www-authenticate", endpoint.challenge.encode("latin-1")))
        elif status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"allow", self._method.encode("latin-1")))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _chosen(self, wish: Preference) -> tuple[int, dict[str, Any] | None]:
        """The status and the example that are wished for; no example where the handler makes a success.

        Raises:
            ContractViolationError: The contract documents no such answer.
        """
        if wish.code is None:
            for status, examples in self._examples.items():
                if wish.example in examples:
                    # A whole range of statuses begins with the plain one.
                    return int(status.replace("XX", "00")), examples[wish.example]
            known = ", ".join(sorted({name for each in self._examples.values() for name in each}))
            raise unmet(f"example={shorten(str(wish.example), 100)!r} is not one of {known}")
        code = str(wish.code)
        found = self._examples.get(code) or self._examples.get(f"{code[0]}XX")
        if not found:
            known = ", ".join(sorted(self._examples))
            raise unmet(f"code={code} is not documented for this operation; there are {known}")
        if wish.example is None:
            return wish.code, None if wish.code < HTTPStatus.MULTIPLE_CHOICES else next(iter(found.values()))
        if wish.example not in found:
            raise unmet(f"example={shorten(wish.example, 100)!r} is not one of {', '.join(found)}")
        return wish.code, found[wish.example]


def _announcing(send: Send, status: int, wish: Preference) -> Send:
    async def announcing(message: Message) -> None:
        if message["type"] == "http.response.start":
            wished = wish.applied()
            if message["status"] == status:
                told = (b"preference-applied", wished.encode("latin-1"))
            else:
                reason = f"{wished} is not met: this request is answered {message['status']}"
                header = violations_header([Violation("headers", "/prefer", reason)])
                told = (VIOLATIONS_HEADER.lower().encode(), header.encode())
            message["headers"] = [*message["headers"], told]
        await send(message)

    return announcing


def unmet(reason: str) -> ContractViolationError:
    """The refusal of a wish that nothing can make true."""
    return ContractViolationError([Violation("headers", "/prefer", reason)])


class PreferenceAPI(RoutedAPI):  # type: ignore[misc]
    """The documented answers of one API, by operationId."""

    def __init__(self, *args: Any, endpoints: Mapping[str, Endpoint], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._endpoints = endpoints
        self.add_paths()

    def make_operation(self, operation: Any) -> PreferenceOperation:
        """The documented answers of one operation."""
        return PreferenceOperation(self.next_app, operation, self._endpoints.get(operation.operation_id))


class PreferenceMiddleware(RoutedMiddleware):  # type: ignore[misc]
    """Lets clients choose their answer at the operations that have a way to finish it."""

    api_cls = PreferenceAPI

    def __init__(self, app: ASGIApp, *, endpoints: Mapping[str, Endpoint]) -> None:
        super().__init__(app)
        self._endpoints = endpoints

    def add_api(self, specification: Any, **kwargs: Any) -> Any:
        """Register the operations of one contract."""
        return super().add_api(specification, endpoints=self._endpoints, **kwargs)
