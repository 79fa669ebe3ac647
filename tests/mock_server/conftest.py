"""Mocks on real sockets, and an oracle that reads the contracts by itself."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import jsonschema_rs
import pytest
import requests
import yaml

from mock_server.app import create_app
from mock_server.serving.server import serving
from mock_server.settings import DEMO_TOKEN, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The same examples in each run, and no verdict that hangs on how busy the machine is.
hypothesis.settings.register_profile("mock_server", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("mock_server")

CONTRACTS = Path(__file__).parents[2] / "openapi"
LIVERIG = "/services/plugin-liverig/collectors/backlog-sync/request"
NORTECH = "/api/v1/historical-data/sync"
COLLECTOR = {"qualifier": "qualifier", "instance": "instance"}
FILES = {
    ("liverig", "current"): "liverig-backlog-sync.yaml",
    ("liverig", "old"): "liverig-backlog-sync.old.yaml",
    ("nortech", "documented"): "nortech-historical-data-sync.yaml",
    ("nortech", "current"): "nortech-historical-data-sync.current.yaml",
}


@dataclass(frozen=True)
class Answer:
    """What came back over a raw socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Contract:
    """A contract as the tests read it: without any help of the mock."""

    path: str
    document: dict[str, Any]

    @property
    def operation(self) -> dict[str, Any]:
        operation: dict[str, Any] = self.document["paths"][self.path]["post"]
        return operation

    def examples(self) -> dict[str, Any]:
        examples = self.operation["requestBody"]["content"]["application/json"]["examples"]
        return {name: example["value"] for name, example in examples.items()}

    def check(self, response: requests.Response) -> None:
        """Fail unless the answer's status, type and body are those that the contract documents."""
        responses = self.operation["responses"]
        status = str(response.status_code)
        documented = responses.get(status) or responses.get(f"{status[0]}XX")
        assert documented, f"status {status} is not documented; there are {list(responses)}"
        media_type = response.headers["Content-Type"]
        assert media_type in documented["content"]
        schema = {
            **documented["content"][media_type]["schema"],
            "components": self.document["components"],
        }
        # Draft 2020-12 knows the formats `uuid` and `uri`, which draft 4 does not look at.
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(response.json())


@dataclass(frozen=True)
class Mock:
    """A running mock and the contracts that it serves."""

    url: str
    liverig: Contract
    nortech: Contract

    def backlog(self, body: Any = None, **options: Any) -> requests.Response:
        """Post to the LiveRig endpoint; the answer keeps its contract."""
        options = {"params": COLLECTOR, **({} if body is None else {"json": body}), **options}
        response = requests.post(self.url + LIVERIG, timeout=30, **options)
        self.liverig.check(response)
        return response

    def history(self, body: Any = None, **options: Any) -> requests.Response:
        """Post to the Nortech endpoint with the right token; the answer keeps its contract."""
        headers = {"Authorization": f"Bearer {DEMO_TOKEN}", **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        response = requests.post(self.url + NORTECH, headers=headers, timeout=30, **options)
        self.nortech.check(response)
        return response

    def admin(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        return requests.request(method, f"{self.url}/__admin/{path}", timeout=30, **options)

    def send(self, *pieces: bytes) -> Answer:
        """Send bytes as they are; what comes back until the server closes or the answer is whole."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:
                # The server has answered and closed before it was sent everything.
                pass
            return _read(connection)


def _read(connection: socket.socket) -> Answer:
    stream = connection.makefile("rb")
    status_line = stream.readline()
    assert status_line, "the server closed the connection without an answer"
    headers: dict[str, str] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers["content-length"])) if "content-length" in headers else stream.read()
    return Answer(int(status_line.split()[1]), headers, body)


def contract(vendor: str, revision: str) -> Contract:
    document = yaml.safe_load((CONTRACTS / FILES[vendor, revision]).read_text(encoding="utf-8"))
    return Contract(LIVERIG if vendor == "liverig" else NORTECH, document)


def running(settings: Settings) -> Iterator[Mock]:
    with serving(create_app(settings)) as url:
        yield Mock(
            url,
            contract("liverig", settings.liverig_revision),
            contract("nortech", settings.nortech_revision),
        )


@pytest.fixture(scope="session")
def mock() -> Iterator[Mock]:
    """The mock with its defaults."""
    yield from running(Settings())


@pytest.fixture(scope="session")
def other_mock() -> Iterator[Mock]:
    """The mock with the other revision of each contract."""
    yield from running(Settings(liverig_revision="old", nortech_revision="current"))


@pytest.fixture(params=["mock", "other_mock"])
def any_mock(request: pytest.FixtureRequest) -> Mock:
    """Each of the two mocks in turn."""
    served: Mock = request.getfixturevalue(request.param)
    return served


@pytest.fixture
def start() -> Iterator[Callable[[Settings], Mock]]:
    """Starts mocks with settings of their own; they stop with the test."""
    runs: list[Iterator[Mock]] = []

    def starting(settings: Settings) -> Mock:
        run = running(settings)
        runs.append(run)
        return next(run)

    yield starting
    for run in runs:
        next(run, None)


@pytest.fixture(scope="session")
def http() -> Callable[..., bytes]:
    """Builds the bytes of a valid request to the LiveRig endpoint, to be changed in one place."""

    def build(
        body: bytes,
        *,
        query: str = "qualifier=qualifier&instance=instance",
        content_type: bytes | None = b"application/json",
        extra: bytes = b"",
        length: bool = True,
    ) -> bytes:
        head = f"POST {LIVERIG}?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()
        if content_type is not None:
            head += b"Content-Type: " + content_type + b"\r\n"
        if length:
            head += b"Content-Length: %d\r\n" % len(body)
        return head + extra + b"\r\n" + body

    return build
