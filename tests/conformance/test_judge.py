from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance import catalogue
from conformance.bench import Bench, Sent
from conformance.budget import Limits
from conformance.call import Call
from conformance.judge import judge_answer
from conformance.transport import Transport
from conformance.verdict import Finding, Sign
from tests.conformance.targets import LIVERIG, NORTECH, calls, exchange, target

if TYPE_CHECKING:
    from conformance.catalogue import AnswerRule

UUID = "02a7533a-fa69-46fc-9441-7592b9b9cb2a"
INVALID = {"status": "Validation Error", "errors": [{"error": "no", "location": "body"}]}
FINISHED = {"requestId": 1, "status": "Finished", "outputFile": "https://a.example/0.csv"}


def judged(
    contract_id: str,
    revision: str,
    rule: AnswerRule,
    status: int,
    body: Any,
    content_type: str | None = "application/json",
    call: Call | None = None,
) -> Finding | Sign | None:
    """The finding, KEPT, or None where the rule has nothing to say of such an answer."""
    of = target(contract_id, revision)
    transport = Transport("http://127.0.0.1:9", Limits(0, 0), {"WORD": "s3cret"})
    bench = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=1, repeats=1)
    answer = of.classify(exchange(status, body, content_type))
    sent = Sent("case", call or next(iter(calls(of).values())), answer)
    seen = list(judge_answer(bench, catalogue.load(contract_id).schemas, rule, sent))
    assert len(seen) <= 1
    return (seen[0].finding or seen[0].sign) if seen else None


def rule_of(contract_id: str, requirement: str) -> AnswerRule:
    (rule,) = (r.answer for r in catalogue.load(contract_id).requirements if r.id == requirement)
    assert rule is not None
    return rule


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


def error(**members: Any) -> dict[str, Any]:
    return {**INVALID, "errors": [*INVALID["errors"], {"error": "no", "location": "body"} | members]}


@pytest.mark.parametrize(
    "requirement, status, body, content_type",
    [
        ("NT-ANSWER-01", 201, FINISHED, "application/json"),
        ("NT-ANSWER-02", 200, FINISHED, "text/plain"),
        ("NT-ANSWER-02", 200, FINISHED, None),
        ("NT-ANSWER-03", 200, FINISHED | {"requestId": 0}, "application/json"),
        ("NT-ANSWER-03", 200, FINISHED | {"requestId": "1"}, "application/json"),
        ("NT-ANSWER-03", 200, without(FINISHED, "requestId"), "application/json"),
        ("NT-ANSWER-04", 200, FINISHED | {"status": "finished"}, "application/json"),
        ("NT-ANSWER-05", 200, FINISHED | {"outputFile": "/files/0.csv"}, "application/json"),
        ("NT-AUTH-03", 401, {"status": "unauthorized"}, "application/json"),
        ("NT-AUTH-03", 401, {"status": "Unauthorized"}, "text/html"),
        ("NT-AUTH-03", 401, b"", None),
        ("NT-ERROR-02", 400, INVALID | {"status": "Bad Request"}, "application/json"),
        ("NT-ERROR-03", 400, INVALID | {"errors": []}, "application/json"),
        ("NT-ERROR-03", 400, INVALID | {"errors": "no"}, "application/json"),
        ("NT-ERROR-03", 400, error(error=5), "application/json"),
        ("NT-ERROR-04", 400, error(location="header"), "application/json"),
        ("NT-ERROR-04", 400, error(location=None), "application/json"),
    ],
)
def test_a_broken_part_is_a_finding_for_the_requirement_that_speaks_of_it(
    requirement: str, status: int, body: Any, content_type: str | None
) -> None:
    finding = judged(NORTECH, "documented", rule_of(NORTECH, requirement), status, body, content_type)
    assert isinstance(finding, Finding)


@pytest.mark.parametrize(
    "requirement, status, body, content_type",
    [
        ("NT-ANSWER-01", 200, FINISHED, "application/json"),
        ("NT-ANSWER-02", 200, FINISHED, "Application/JSON; charset=utf-8"),
        ("NT-ANSWER-03", 200, without(FINISHED, "status") | {"outputFile": 5}, "application/json"),
        ("NT-ANSWER-04", 200, FINISHED | {"requestId": 0, "more": 1}, "application/json"),
        ("NT-AUTH-03", 401, {"status": "Unauthorized", "more": 1}, "application/json"),
        ("NT-ERROR-02", 400, INVALID | {"errors": []}, "application/json"),
        ("NT-ERROR-03", 400, error(more=1), "application/json"),
        ("NT-ERROR-04", 400, error(error=5, location="headers"), "application/json"),
    ],
)
def test_what_another_requirement_speaks_of_is_not_held_against_this_one(
    requirement: str, status: int, body: Any, content_type: str | None
) -> None:
    kept = judged(NORTECH, "documented", rule_of(NORTECH, requirement), status, body, content_type)
    assert kept is Sign.KEPT


@pytest.mark.parametrize(
    "requirement, status, body, call",
    [
        ("NT-ANSWER-03", 400, {}, None),
        ("NT-AUTH-03", 403, {}, None),
        ("NT-ERROR-02", 404, {}, None),
        # 422 is a freedom, and what cannot be parsed may be answered before the application sees it.
        ("NT-ERROR-02", 422, {}, None),
        ("NT-ERROR-02", 400, {}, Call("POST", body=b"{")),
        ("NT-ANSWER-03", 200, b"", Call("HEAD", body={})),
    ],
)
def test_an_answer_of_another_kind_is_not_judged(
    requirement: str, status: int, body: Any, call: Call | None
) -> None:
    assert judged(NORTECH, "documented", rule_of(NORTECH, requirement), status, body, call=call) is None


@pytest.mark.parametrize(
    "body, kept",
    [
        ({"success": UUID}, True),
        ({"success": UUID.upper(), "more": []}, True),
        ({"success": "done"}, False),
        ({"success": None}, False),
        ({}, False),
        ([], False),
        (b"OK", False),
    ],
)
def test_the_success_of_liverig_is_a_uuid(body: Any, kept: bool) -> None:
    for revision in ("current", "old"):
        found = judged(LIVERIG, revision, rule_of(LIVERIG, "LR-ANSWER-03"), 200, body)
        assert (found is Sign.KEPT) is kept


@pytest.mark.parametrize(
    "body, kept", [({"failure": ""}, True), ({"failure": 5}, False), ({"failure": {}}, False)]
)
def test_the_failure_of_liverig_is_a_string(body: Any, kept: bool) -> None:
    found = judged(LIVERIG, "current", rule_of(LIVERIG, "LR-ANSWER-05"), 200, body)
    assert (found is Sign.KEPT) is kept


def test_a_finding_says_what_was_expected_and_what_came_without_a_secret() -> None:
    rule = replace(rule_of(NORTECH, "NT-ANSWER-04"), status=(200,), media_type="application/json")
    body = FINISHED | {"status": "s3cret"}
    finding = judged(NORTECH, "documented", rule, 201, body, "text/s3cret")
    assert isinstance(finding, Finding)
    assert (
        finding.expected
        == "status 200, content type application/json, /status as the contract's schema Finished has it"
    )
    assert "status 201; content type text/$WORD; /status: " in finding.actual
    assert "s3cret" not in finding.actual
