"""The control API from the other side: one session of a mock, over HTTP and with nothing but Python itself.

A test may have other HTTP libraries patched, and should not pay for what it does not use.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode: TypeAlias = Literal["time", "manual", "immediate"]

TIMEOUT = 60.0


class AdminError(Exception):
    """The mock cannot be reached, or refuses what it was asked for; the message says why."""


class Admin:
    """The control API of a mock, for one session of it.

    Args:
        url: The mock's address, `http://127.0.0.1:4010`.
        session: The name of the session.
        token: The control API's token, where it wants one.

    Raises:
        AdminError: The address is none.
    """

    def __init__(self, url: str, session: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.session = session
        self._token = token
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise AdminError(f"{url!r} is not the address of a mock: expected http://HOST[:PORT]")
        self._connection = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._address = parts.hostname, parts.port
        self._prefix = parts.path

    def call(
        self, method: str, path: str, body: Any = None, *, session: str | None = None, **query: Any
    ) -> Any:
        """What an operation answers.

        Args:
            method: The HTTP method.
            path: The path below `/__admin`.
            body: What is sent as JSON; None is no body.
            session: Another session than this one.
            query: Parameters of the query.

        Raises:
            AdminError: There is no answer, or it is no success.
        """
        headers = {"X-Histdata-Session": session or self.session, "Connection": "close"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        payload = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            payload = json.dumps(body).encode()
        target = f"{self._prefix}/__admin/{path}" + (f"?{urlencode(query)}" if query else "")
        connection = self._connection(*self._address, timeout=TIMEOUT)
        try:
            connection.request(method, target, payload, headers)
            response = connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise AdminError(
                f"{method} {self.url}/__admin/{path}: {str(error) or type(error).__name__}"
            ) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise AdminError(f"{method} {self.url}/__admin/{path}: {status} {_detail(text)}")
        try:
            return json.loads(text)
        except ValueError:
            raise AdminError(
                f"{method} {self.url}/__admin/{path}: answered no JSON: is this a mock?"
            ) from None


def _detail(text: bytes) -> str:
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text.decode("utf-8", "replace")[:500]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the mock was sent.

    Attributes:
        id: The journal's id for it.
        arrived: The real instant of its arrival.
        method: In upper case.
        url: Path and query as they were sent.
        headers: By name in lower case; several values are joined by commas, and credentials are `***`.
        query: The decoded parameters of the query.
        body: The body as text.
        status: What it was answered.
        operation: The operationId that took it; None where none did.
    """

    id: str
    arrived: datetime
    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: str
    status: int
    operation: str | None

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.url.partition("?")[0]

    @property
    def matched(self) -> bool:
        """Whether an operation of the contracts took it."""
        return self.operation is not None

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.url} → {self.status}"


def received(entry: Mapping[str, Any]) -> ReceivedRequest:
    """An entry of the journal."""
    request = entry["request"]
    return ReceivedRequest(
        id=entry["id"],
        arrived=instant(request["loggedDateString"]),
        method=request["method"],
        url=request["url"],
        headers={
            name.lower(): value if isinstance(value, str) else ", ".join(value)
            for name, value in request["headers"].items()
        },
        query={name: parameter["values"] for name, parameter in request["queryParams"].items()},
        body=request["body"],
        status=entry["response"]["status"],
        operation=entry.get("operation"),
    )


def instant(text: str) -> datetime:
    """An instant of the control API."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
