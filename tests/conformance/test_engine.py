"""The contract with Schemathesis's internal engine: a release that breaks what we use fails here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import pytest

from conformance import engine
from conformance.budget import BudgetExhausted, Limits
from conformance.exchange import exchange_of
from conformance.transport import Transport
from conformance.trouble import NoAnswer
from tests.conformance.loopback import Handler, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    from conformance.engine import EngineSummary, Generated

BODY: dict[str, Any] = {
    "type": "object",
    "required": ["name", "range"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 8},
        "at": {"type": "string", "format": "date-time"},
        "range": {
            "type": "object",
            "required": ["low", "high"],
            "properties": {
                "low": {"type": "integer", "minimum": 0, "maximum": 100},
                "high": {"type": "integer", "minimum": 0, "maximum": 100},
            },
        },
        # Wide enough that our tightening of it must not make valid requests look invalid.
        "tags": {
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "items": {"type": "string", "maxLength": 4},
        },
        "marks": {"type": "object", "maxProperties": 200, "additionalProperties": {"type": "integer"}},
    },
}
KINDS = ["first", "second"]
SPEC: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Things", "version": "1"},
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/things": {
            "post": {
                "operationId": "addThing",
                "parameters": [
                    {
                        "name": "kind",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string", "enum": KINDS},
                    }
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
                "responses": {"200": {"description": "Added."}},
            }
        },
        "/others": {"get": {"operationId": "listOthers", "responses": {"200": {"description": "All."}}}},
    },
}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def is_valid(self) -> bool:
        """Whether it keeps the contract, judged without Schemathesis."""
        content_type = dict(self.headers).get("Content-Type")
        if self.method != "POST" or content_type != "application/json" or self.query.get("kind") not in KINDS:
            return False
        try:
            body = json.loads(self.body)
        except ValueError:
            return False
        return jsonschema_rs.Draft4Validator(BODY, validate_formats=True).is_valid(body)


@dataclass
class Server:
    url: str = ""
    seen: list[Request] = field(default_factory=list)
    respond: Callable[[Request], tuple[int, bytes] | None] = lambda _: (200, b"{}")


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()

    class Responding(Handler):
        def respond(self, body: bytes) -> None:
            headers = tuple((k, v) for k, v in self.headers.items() if k != "Host")
            request = Request(self.command, self.path, headers, body)
            running.seen.append(request)
            answer = running.respond(request)
            if answer is None:
                self.close_connection = True
                return
            self.write(*answer)

    with listening(Responding) as running.url:
        yield running


@dataclass
class Record:
    """A judge that finds nothing wrong and keeps what was sent."""

    server: Server
    cases: list[tuple[Generated, Request]] = field(default_factory=list)

    def __call__(self, generated: Generated, response: requests.Response) -> list[str]:
        self.cases.append((generated, self.server.seen[-1]))
        return []


def ignore(generated: Generated, response: requests.Response) -> list[str]:
    return []


def run(
    server: Server,
    *,
    judge: engine.Judge = ignore,
    limits: Limits | None = None,
    transport: Transport | None = None,
    **options: Any,
) -> EngineSummary:
    given: dict[str, Any] = {"seed": 1, "operation_id": "addThing", "max_examples": 25} | options
    limits = limits or Limits(max_requests=2000, max_accepted=2000, timeout=5)
    with transport or Transport(server.url, limits, {}) as door:
        return engine.run_engine(SPEC, session=door.session, base_url=server.url, judge=judge, **given)


def test_the_coverage_phase_says_truly_what_is_valid_and_what_is_broken(server: Server) -> None:
    record = Record(server)
    cases = record.cases
    summary = run(
        server,
        phases=["coverage"],
        judge=record,
    )
    assert summary.errors == ()
    assert summary.stopped is None
    assert summary.cases == {"coverage": len(cases)} == {"coverage": len(server.seen)}
    assert [g.name for g, request in cases if g.positive != request.is_valid] == []
    assert len({g.name for g, _ in cases}) == len(cases)
    positive = [g for g, _ in cases if g.positive]
    negative = [g for g, _ in cases if not g.positive]
    assert len(positive) >= 15
    assert len(negative) >= 40
    assert all(not g.broken for g in positive)
    assert {frozenset(g.broken) for g in negative} == {
        frozenset({part}) for part in ("body", "query", "header", "method")
    }
    assert all({g.location} == g.broken for g in negative)


@pytest.mark.parametrize(
    "scenario, location, parameter, pointer",
    [
        ("missing_parameter", "query", "kind", None),
        ("missing_parameter", "body", None, None),
        ("invalid_enum_value", "query", "kind", "/enum"),
        ("object_missing_required_property", "body", None, "/properties/range/required"),
        ("incorrect_type", "body", None, "/properties/name/type"),
        ("string_above_max_length", "body", None, "/properties/name/maxLength"),
        ("array_below_min_items", "body", None, "/properties/tags/minItems"),
        ("value_above_maximum", "body", None, "/properties/range/properties/high/maximum"),
        ("invalid_format", "body", None, "/properties/at/format"),
        ("unsupported_content_type", "header", "Content-Type", "/"),
        ("unspecified_http_method", "method", None, None),
    ],
)
def test_a_negative_coverage_case_says_what_is_wrong_with_it(
    coverage: list[Generated], scenario: str, location: str, parameter: str | None, pointer: str | None
) -> None:
    found = {(g.scenario, g.location, g.parameter, g.pointer) for g in coverage if not g.positive}
    assert (scenario, location, parameter, pointer) in found


@pytest.fixture(scope="module")
def coverage() -> list[Generated]:
    """All coverage cases, repaired by nobody, sent nowhere."""
    cases: list[Generated] = []
    limits = Limits(max_requests=2000, max_accepted=0)
    with Transport("http://127.0.0.1:1", limits, {}) as door:

        def keep(generated: Generated) -> Generated:
            cases.append(generated)
            return generated

        engine.run_engine(
            SPEC,
            session=door.session,
            base_url=door.base_url,
            seed=1,
            judge=ignore,
            repair=keep,
            operation_id="addThing",
            phases=["coverage"],
            stop=lambda: True,
        )
    return cases


def test_fuzzing_brings_valid_and_invalid_requests_and_says_which(server: Server) -> None:
    record = Record(server)
    cases = record.cases
    summary = run(
        server,
        phases=["fuzzing"],
        max_examples=80,
        judge=record,
    )
    assert 40 <= summary.cases["fuzzing"] == len(cases) == len(server.seen) <= 80
    assert [(g, r) for g, r in cases if g.positive != r.is_valid] == []
    assert {g.positive for g, _ in cases} == {True, False}
    assert {place for g, _ in cases for place in g.broken} >= {"body", "query"}
    assert max(len(r.body) for _, r in cases) < 2000


REPLAY = """
import json, sys
from conformance import engine
from conformance.budget import Limits
from conformance.transport import Transport
spec, url, seed = json.load(sys.stdin)
with Transport(url, Limits(2000, 2000), {}) as door:
    engine.run_engine(spec, session=door.session, base_url=url, seed=seed, judge=lambda g, r: [],
                      max_examples=25, operation_id="addThing")
"""


def test_one_seed_gives_one_sequence_of_requests_in_any_process_whatever_is_answered(server: Server) -> None:
    def picky(request: Request) -> tuple[int, bytes]:
        return (200, b"{}") if request.is_valid else (400, b'{"error": "range: high is required"}')

    # Answers that differ by the request are what an optimiser would learn from.
    responders: list[tuple[str, Callable[[Request], tuple[int, bytes]]]] = [
        ("1", picky),
        ("2", lambda _: (200, b"{}")),
    ]
    sequences = []
    for hash_seed, respond in responders:
        server.seen.clear()
        server.respond = respond
        subprocess.run(
            [sys.executable, "-c", REPLAY],
            input=json.dumps([SPEC, server.url, 7]).encode(),
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            timeout=120,
        )
        sequences.append(list(server.seen))
    server.seen.clear()
    run(server, seed=7)
    sequences.append(list(server.seen))
    assert sequences[0] == sequences[1] == sequences[2]
    server.seen.clear()
    run(server, seed=8)
    assert server.seen != sequences[0]


def test_every_request_goes_through_the_session_with_our_headers_and_without_schemathesis_noise(
    server: Server,
) -> None:
    limits = Limits(max_requests=2000, max_accepted=2000)
    seen: list[str] = []
    with Transport(server.url, limits, {}) as door:
        door.budget.on_exchange(lambda exchange: seen.append(exchange.method))
        summary = run(server, transport=door, headers={"Authorization": "Bearer t"})
        assert door.budget.sent == len(server.seen) == len(seen) == sum(summary.cases.values())
    for request in server.seen:
        headers = dict(request.headers)
        assert headers["Authorization"] == "Bearer t"
        assert headers["User-Agent"] == "histdata-conformance"
        assert not any("schemathesis" in part.lower() for pair in request.headers for part in pair)


def test_judgement_stops_nothing_and_has_nothing_sent_again(server: Server) -> None:
    content = run(server)
    sent = list(server.seen)
    server.seen.clear()
    names: list[str] = []

    def blame(generated: Generated, response: requests.Response) -> list[str]:
        assert exchange_of(response).status == 200
        names.append(generated.name)
        return [f"wrong: {generated.name}"]

    blamed = run(server, judge=blame)
    assert server.seen == sent
    assert blamed.cases == content.cases
    assert list(blamed.failures) == list(dict.fromkeys(names))
    assert all(said == (f"wrong: {name}",) for name, said in blamed.failures.items())


def test_repair_reaches_positive_and_negative_cases_and_none_sees_the_change_to_another(
    server: Server,
) -> None:
    names: list[str] = []

    def mend(generated: Generated) -> Generated:
        names.append(generated.name)
        assert "mended" not in json.dumps(generated.body, default=repr)
        query, headers = generated.query, generated.headers | {"X-Mended": "yes"}
        if "query" not in generated.broken:
            query = {"kind": "second"}
        if isinstance(generated.body, dict):
            # In place on purpose: coverage cases share their bodies in Schemathesis.
            for value in generated.body.values():
                if isinstance(value, dict):
                    value["mended"] = 1
        return replace(generated, query=query, headers=headers)

    record = Record(server)
    cases = record.cases
    run(
        server,
        repair=mend,
        judge=record,
    )
    assert {g.name for g, _ in cases} <= set(names)
    for generated, request in cases:
        assert dict(request.headers)["X-Mended"] == "yes"
        if "query" not in generated.broken:
            assert request.query == {"kind": "second"}
    untouched = [r for g, r in cases if g.has_body and isinstance(g.body, dict) and "range" in g.body]
    assert any(b'"mended"' in request.body for request in untouched)
    assert {g.positive for g, _ in cases} == {True, False}


def test_of_requests_that_repair_makes_equal_one_is_sent(server: Server) -> None:
    def same(generated: Generated) -> Generated:
        if not generated.positive:
            return generated
        return replace(generated, query={"kind": "first"}, body={"name": "n", "range": {"low": 1, "high": 2}})

    run(server, repair=same)
    assert len([request for request in server.seen if request.is_valid]) == 1


def test_what_repair_leaves_out_is_not_sent_but_counted(server: Server) -> None:
    whole = run(server, phases=["coverage"])
    negative = sum(not request.is_valid for request in server.seen)
    server.seen.clear()
    some = run(
        server, phases=["coverage"], repair=lambda generated: generated if generated.positive else None
    )
    assert all(request.is_valid for request in server.seen)
    assert len(server.seen) == some.cases["coverage"] == whole.cases["coverage"] - negative > 0
    assert some.dropped["coverage"] == whole.dropped["coverage"] + negative


@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
def test_an_exhausted_budget_ends_the_run_in_good_order(server: Server, phase: str) -> None:
    summary = run(server, phases=[phase, "fuzzing"], limits=Limits(max_requests=5, max_accepted=99))
    assert summary.stopped == "the ceiling of 5 requests was reached (--max-requests)"
    assert len(server.seen) == summary.cases[phase] == 5
    assert summary.errors == ()


@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
@pytest.mark.parametrize("role", ["judge", "repair"])
def test_a_budget_spent_by_judge_or_repair_ends_the_run_too(server: Server, phase: str, role: str) -> None:
    def spent(*_: object) -> Any:
        raise BudgetExhausted("nothing is left")

    options: dict[str, Any] = {role: spent}
    summary = run(server, phases=[phase], **options)
    assert summary.stopped == "nothing is left"
    assert len(server.seen) == (1 if role == "judge" else 0)


@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
@pytest.mark.parametrize("role", ["judge", "repair"])
def test_a_mistake_of_ours_is_not_taken_for_a_finding(server: Server, phase: str, role: str) -> None:
    def mistaken(*_: object) -> Any:
        raise ZeroDivisionError("ours")

    options: dict[str, Any] = {role: mistaken}
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(server, phases=[phase], **options)


def test_the_run_can_be_told_to_stop(server: Server) -> None:
    summary = run(server, stop=lambda: len(server.seen) >= 4)
    assert len(server.seen) == 4
    assert summary.stopped is not None


@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
def test_a_request_without_an_answer_is_reported_and_the_run_goes_on(server: Server, phase: str) -> None:
    run(server, phases=[phase])
    whole = list(server.seen)
    server.seen.clear()
    server.respond = lambda request: (200, b"{}") if request.is_valid else None
    told: list[str] = []

    def lost(generated: Generated, error: Exception) -> None:
        assert isinstance(error, NoAnswer)
        told.append(generated.name)

    summary = run(server, phases=[phase], lost=lost)
    assert list(summary.lost) == list(dict.fromkeys(told))
    assert len(told) == sum(not request.is_valid for request in whole) > 0
    assert summary.cases[phase] == len(whole)
    assert "closed the connection" in next(iter(summary.lost.values()))


def test_a_target_that_is_gone_ends_the_run(server: Server) -> None:
    summary = run(Server(url="http://127.0.0.1:1"), limits=Limits(max_requests=99, max_accepted=99))
    assert summary.stopped is not None
    assert "could not connect" in summary.stopped


def test_more_workers_lose_no_case(server: Server) -> None:
    alone = run(server, operation_id=None)
    server.seen.clear()
    together = run(server, operation_id=None, workers=2)
    assert together.cases == alone.cases
    assert sum(together.cases.values()) == len(server.seen)


def test_the_contract_is_left_as_it_was_and_no_configuration_file_is_read(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemathesis.toml").write_text('base-url = "http://127.0.0.1:1/wrong"\nnonsense = true\n')
    monkeypatch.chdir(tmp_path)
    before = json.dumps(SPEC)
    run(server, max_examples=2)
    engine.load(SPEC, "/things", "POST")
    assert json.dumps(SPEC) == before
    assert len(server.seen) > 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["schemathesis.toml"]


def test_a_request_is_built_from_its_parts(server: Server) -> None:
    operation = engine.load(SPEC, "/things", "POST")
    with Transport(server.url, Limits(9, 9), {}) as door:
        door.send(
            engine.build(operation, server.url, query={"kind": "a b"}, headers={"X-A": "1"}, body={"x": 1})
        )
        door.send(engine.build(operation, server.url, body=b'{"x": NaN, "x": 1}'))
        door.send(engine.build(operation, server.url, has_body=False))
    first, raw, empty = server.seen
    assert (first.method, first.query, json.loads(first.body)) == ("POST", {"kind": "a b"}, {"x": 1})
    assert dict(first.headers).items() >= {"X-A": "1", "Content-Type": "application/json"}.items()
    assert raw.body == b'{"x": NaN, "x": 1}'
    assert empty.body == b""


@pytest.mark.parametrize("positive", [True, False])
def test_the_public_strategy_gives_the_same_cases_for_the_same_seed(positive: bool) -> None:
    operation = engine.load(SPEC, "/things", "POST")
    first = list(engine.generate(operation, positive=positive, seed=3, count=20))
    assert 0 < len(first) <= 20
    assert first == list(engine.generate(operation, positive=positive, seed=3, count=20))
    assert all(case.positive is positive for case in first)
