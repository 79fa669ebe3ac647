"""The shortcuts change no answer: what Connexion's own way refuses or accepts, they do, in the same words."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from connexion.exceptions import InvalidSpecification  # type: ignore[import-untyped]
from connexion.spec import Specification  # type: ignore[import-untyped]

import mock_server.app
from mock_server.app import create_app
from mock_server.serving.endpoint import application
from mock_server.serving.preference import PreferenceOperation
from mock_server.serving.shortcut import ShortOperation, ShortRouting, ShortSecurity, trusted
from mock_server.serving.validation import Validation
from mock_server.settings import DEMO_TOKEN, Settings
from tests.mock_server.conftest import LIVERIG, NORTECH, contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# How many requests are compared; a longer look is taken with, say, HISTDATA_MUTATIONS=100000.
MUTATIONS = int(os.environ.get("HISTDATA_MUTATIONS", "4000"))

REVISIONS = [("current", "documented"), ("old", "current")]
# What differs from answer to answer by right.
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(rb"20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
_SIGNED = re.compile(rb"\?[^\"]*")


@dataclass(frozen=True)
class Sent:
    """A request as a server hands it to an application."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    pieces: int = 1


@contextlib.asynccontextmanager
async def started(app: Any) -> AsyncIterator[Any]:
    """The application between the events of its lifespan."""
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    task = asyncio.ensure_future(app({"type": "lifespan", "state": {}}, events.get, answers.put))
    await events.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    yield app
    await events.put({"type": "lifespan.shutdown"})
    await task


async def answer(app: Any, sent: Sent) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of what the application answers."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
        "method": sent.method,
        "path": sent.path,
        "raw_path": quote(sent.path).encode(),
        "query_string": sent.query,
        "headers": list(sent.headers),
        "state": {},
    }
    size = -(-len(sent.body) // sent.pieces) or 1
    pieces = [sent.body[at : at + size] for at in range(0, len(sent.body), size)] or [b""]
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False
    received = iter(messages)
    got: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(received, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in got[1:])
    return got[0]["status"], list(got[0]["headers"]), body


class Mutator:
    """Makes requests that are valid, or nearly so."""

    def __init__(self, seed: int, revisions: tuple[str, str]) -> None:
        self._random = random.Random(seed)
        liverig, nortech = contract("liverig", revisions[0]), contract("nortech", revisions[1])
        self._valid = [
            (LIVERIG, b"qualifier=qualifier&instance=instance", example)
            for example in liverig.examples().values()
        ] + [(NORTECH, b"", example) for example in nortech.examples().values()]

    def request(self) -> Sent:
        """The next request."""
        choose = self._random.choice
        if self._random.random() < 0.05:
            sent = Sent("GET", choose(PATHS), choose(QUERIES), ((b"host", b"localhost"),), b"")
            return choose([sent, self._header(sent)])
        path, query, example = choose(self._valid)
        value = json.loads(json.dumps(example))
        raw = self._random.random() < 0.7
        if not raw:
            value = self._changed(value)
        body = json.dumps(value, ensure_ascii=choose([True, False]), indent=choose([None, None, 1])).encode(
            "utf-8", "surrogatepass"
        )
        headers = (
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"authorization", b"Bearer " + DEMO_TOKEN.encode()),
            (b"content-length", str(len(body)).encode()),
        )
        sent = Sent("POST", path, query, headers, body, choose([1, 1, 1, 2, 5]))
        for _ in range(choose([0, 1, 1, 2]) if raw else choose([0, 0, 1])):
            sent = choose([self._header, self._header, self._query, self._line, self._bytes])(sent)
        return sent

    def _changed(self, value: Any) -> Any:
        """The value with one of its parts changed."""
        spots: list[tuple[Any, Any]] = []

        def visit(node: Any) -> None:
            for key in list(node) if isinstance(node, dict) else range(len(node)):
                spots.append((node, key))
                if isinstance(node[key], dict | list):
                    visit(node[key])

        visit(value)
        node, key = self._random.choice(spots)
        odd: list[Any] = [
            None,
            True,
            0,
            -1,
            1,
            2**53,
            2**63,
            1.5,
            "",
            "x",
            "1",
            "é\ud800",
            "2021-09-01T00:00:00Z",
            [],
            {},
        ]
        what = self._random.random()
        if what < 0.3:
            del node[key]
        elif what < 0.8:
            node[key] = copy.deepcopy(self._random.choice([*odd, value, [value]]))
        elif isinstance(node, dict):
            node[self._random.choice(["x", "start", "signals", "~1/", ""])] = copy.deepcopy(node[key])
        else:
            node.append(copy.deepcopy(self._random.choice([*odd, node[key]])))
        return value

    def _header(self, sent: Sent) -> Sent:
        headers = list(sent.headers)
        name, value = self._random.choice(HEADERS)
        at = next((number for number, header in enumerate(headers) if header[0] == name), None)
        what = self._random.random()
        if at is None or what < 0.2:
            headers.append((name, value))
        elif what < 0.4:
            del headers[at]
        else:
            headers[at] = name, value
        return replace(sent, headers=tuple(headers))

    def _query(self, sent: Sent) -> Sent:
        return replace(sent, query=self._random.choice(QUERIES))

    def _line(self, sent: Sent) -> Sent:
        if self._random.random() < 0.5:
            return replace(
                sent, method=self._random.choice(["GET", "HEAD", "PUT", "OPTIONS", "post", "TRACE"])
            )
        path = self._random.choice(
            [sent.path + "/", sent.path + "\n", sent.path.upper(), "/" + sent.path, sent.path[:-1], *PATHS]
        )
        return replace(sent, path=path)

    def _bytes(self, sent: Sent) -> Sent:
        body, at = sent.body, self._random.randrange(len(sent.body) + 1)
        odd = [
            b"",
            b'"',
            b"\\",
            b"\xff",
            b"{}",
            b"[",
            b",",
            b"0",
            b"NaN",
            b"\x00",
            b'"start":1,',
            b"9" * 30,
            b":",
            b" ",
        ]
        body = body[:at] + self._random.choice(odd) + body[at + self._random.choice([0, 1]) :]
        return replace(sent, body=self._random.choice([body, body, b"", b"[" * 70 + b"]" * 70, body * 2]))


HEADERS = [
    *(
        (b"content-type", value)
        for value in (
            b"Application/JSON",
            b"application/json; charset=utf-8",
            b'application/json;charset="UTF-8"',
            b"application/json; charset=latin-1",
            b"application/json;;",
            b"application/problem+json",
            b"text/plain",
            b"",
        )
    ),
    *(
        (b"authorization", value)
        for value in (
            b"bearer " + DEMO_TOKEN.encode(),
            b"Bearer " + DEMO_TOKEN.encode() + b"~alice",
            b"Bearer x",
            b"Bearer",
            b"Basic eDp5",
            b"\xe9",
        )
    ),
    *(
        (b"prefer", value)
        for value in (b"code=200", b"code=500", b"code=404, example=noData", b"code=1", b"code=418")
    ),
    (b"content-encoding", b"gzip"),
    (b"content-length", b"99999999"),
    (b"x-histdata-session", b"alice"),
    (b"x-histdata-session", b"a b"),
    (b"cookie", b"JSESSIONID=x~bob"),
    (b"host", b"a b"),
]  # fmt: skip
QUERIES = [
    b"",
    b"qualifier=qualifier",
    b"qualifier=qualifier&instance=other",
    b"qualifier=qualifier&instance=instance&instance=instance",
    b"qualifier=&instance=instance",
    b"qualifier=%FF&instance=instance",
    b"instance=instance&other=1&qualifier=%71ualifier",
    b"limit=3",
    b"limit=x",
]
PATHS = ["/", "", "/__admin/health", "/__admin/settings", "/__admin/jobs/x", "/files/1/000.csv", "/nothing"]


def same(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Any:
    """An answer without what two answers may differ in."""
    for pattern in (_UUID, _INSTANT, _SIGNED):
        body = pattern.sub(b"*", body)
    return status, headers, body


@pytest.mark.parametrize("revisions", REVISIONS)
def test_mutated_requests_are_answered_the_same_with_and_without_shortcuts(
    monkeypatch: pytest.MonkeyPatch, revisions: tuple[str, str]
) -> None:
    settings = Settings(liverig_revision=revisions[0], nortech_revision=revisions[1])
    short = create_app(settings)
    monkeypatch.setattr(mock_server.app, "application", partial(application, shortcuts=False))
    stock = create_app(settings)
    statuses: Counter[int] = Counter()

    async def compare() -> None:
        mutator = Mutator(1, revisions)
        async with started(short), started(stock):
            for _ in range(MUTATIONS // len(REVISIONS)):
                sent = mutator.request()
                expected, got = await answer(stock, sent), await answer(short, sent)
                assert same(*got) == same(*expected), sent
                statuses[got[0]] += 1

    asyncio.run(compare())

    # The comparison means something only where both sides of each border are seen.
    assert statuses[200] > sum(statuses.values()) / 5
    assert statuses[400] > sum(statuses.values()) / 5
    assert {401, 404, 405, 413} <= statuses.keys()


def test_the_shortcut_of_an_operation_is_the_chain_of_its_own_parts() -> None:
    """Fails when Connexion changes what the shortcuts rely on: they would be taken no longer, in silence."""
    app = create_app(Settings())
    body = json.dumps(next(iter(contract("nortech", "documented").examples().values()))).encode()
    headers = ((b"content-type", b"application/json"), (b"authorization", b"Bearer " + DEMO_TOKEN.encode()))

    async def serve() -> None:
        async with started(app):
            status, _, _ = await answer(app, Sent("POST", NORTECH, b"", headers, body))
            assert status == 200

    asyncio.run(serve())

    [routing] = [each for each in app.middleware_stack if isinstance(each, ShortRouting)]
    part: Any = routing.known["POST", NORTECH][1]
    chain = [type(part)]
    while hasattr(part, "next_app"):
        part = part.next_app
        chain.append(type(part))
    assert chain == [ShortSecurity, Validation, PreferenceOperation, ShortOperation]


def test_only_the_mocks_own_contracts_are_taken_unseen() -> None:
    """The other way, without shortcuts, Connexion looks at them in the tests above."""
    broken = {"openapi": "3.0.3", "info": {}, "paths": {}}

    with trusted():
        assert Specification.load(broken).version == (3, 0, 3)
    with pytest.raises(InvalidSpecification, match="title"):
        Specification.load(broken)
