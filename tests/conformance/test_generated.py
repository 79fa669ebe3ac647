from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import catalogue
from conformance.call import Absent, Call
from conformance.catalogue import Expectation, Level
from conformance.contract import Violation
from conformance.engine import Generated
from conformance.generated import Attribution, as_call
from conformance.plan import make
from tests.conformance.targets import (
    EDITIONS,
    LIVERIG,
    NORTECH,
    calls,
    differences,
    edition,
    json_values,
    places,
    put,
    same_but_body,
    target,
)

BLANK = Generated(
    name="made up",
    phase="fuzzing",
    positive=False,
    broken=frozenset({"body"}),
    scenario=None,
    description=None,
    location="body",
    parameter=None,
    pointer=None,
    method="POST",
    path="/",
    query={},
    headers={},
    cookies={},
    body=None,
    has_body=True,
    media_type="application/json",
)


@cache
def attribution(contract_id: str, revision: str) -> Attribution:
    requirements = catalogue.load(contract_id).of(revision)
    plan = make(target(contract_id, revision), requirements, generated=0)
    (otherwise,) = (r for r in requirements if r.generated == "invalid")
    return Attribution(edition(contract_id, revision), plan.cases, otherwise)


def assert_is_one_difference_from_a_start(of: tuple[str, str], body: Any, *, has_body: bool = True) -> bool:
    starts = list(calls(target(*of)).values())
    before = copy.deepcopy(starts)
    unmasked = attribution(*of).unmask(replace(BLANK, body=body, has_body=has_body), starts)
    assert starts == before
    if unmasked is None:
        return False
    assert edition(*of).body_violations(unmasked.call.body)
    twins = [s for s in starts if same_but_body(s, unmasked.call)]
    assert any(len(differences(twin.body, unmasked.call.body)) == 1 for twin in twins)
    assert unmasked.requirement.level is not Level.MAY
    assert unmasked.requirement.expect in (Expectation.REJECTED, None)
    return True


@given(st.sampled_from(EDITIONS), st.data(), json_values)
def test_an_invalid_body_is_unmasked_to_one_difference_from_an_accepted_start_and_to_no_freedom(
    of: tuple[str, str], data: st.DataObject, value: Any
) -> None:
    body = data.draw(st.sampled_from(list(edition(*of).examples.values())))
    for _ in range(data.draw(st.integers(1, 3))):
        steps = data.draw(st.sampled_from(list(places(body))))
        body = put(body, steps, data.draw(st.sampled_from([value, Absent.BODY])) if steps else value)
    assert_is_one_difference_from_a_start(of, body)


@given(st.sampled_from(EDITIONS), st.data())
def test_a_valid_body_has_nothing_to_unmask(of: tuple[str, str], data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(list(edition(*of).examples.values())))
    assert not assert_is_one_difference_from_a_start(of, body)


@pytest.mark.parametrize("of", EDITIONS)
def test_bytes_and_no_body_at_all_have_nothing_to_unmask(of: tuple[str, str]) -> None:
    assert not assert_is_one_difference_from_a_start(of, b"\xff")
    assert not assert_is_one_difference_from_a_start(of, None, has_body=False)


@pytest.mark.parametrize("of", EDITIONS)
def test_a_case_of_the_catalogue_is_put_down_to_a_requirement_on_its_place(of: tuple[str, str]) -> None:
    """What the table expects to be rejected is never put down to the rest, and never to a wrong statement."""
    requirements = catalogue.load(of[0]).of(of[1])
    plan = make(target(*of), requirements, generated=0)
    for case in plan.cases:
        if case.requirement.expect is not Expectation.REJECTED or case.mutant is None:
            continue
        body = case.mutant.call.body
        if case.mutant.place != "body" or body is Absent.BODY:
            continue
        for violation in edition(*of).body_violations(body):
            value = at(body, violation.pointer)
            found = attribution(*of).of(violation, value)
            if found is not None:
                assert found.check == "change", case.name
                assert found.group == case.requirement.group, (case.name, found.id)


def at(body: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        if isinstance(body, list):
            body = body[int(step)]
        elif step in body:
            body = body[step]
        else:
            return Absent.BODY
    return body


@pytest.mark.parametrize(
    "of, violation, value, expected",
    [
        ((LIVERIG, "current"), Violation("/source", "required", ""), Absent.BODY, "LR-BODY-01"),
        ((LIVERIG, "current"), Violation("/rigName", "type", ""), 17, "LR-BODY-05"),
        ((LIVERIG, "current"), Violation("/wells/any/other/logs/4/uid", "type", ""), 17, "LR-WELLS-08"),
        ((LIVERIG, "old"), Violation("/rigName", "type", ""), "RIG02", "LR-BODY-06"),
        ((NORTECH, "documented"), Violation("/signals/7/unit", "required", ""), Absent.BODY, "NT-SEARCH-04"),
        ((NORTECH, "documented"), Violation("/timeWindow", "type", ""), "text", "NT-WINDOW-02"),
    ],
)
def test_a_broken_part_is_put_down_to_the_statement_that_speaks_of_it(
    of: tuple[str, str], violation: Violation, value: Any, expected: str
) -> None:
    found = attribution(*of).of(violation, value)
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize(
    "of, violation, value",
    [
        ((LIVERIG, "old"), Violation("/source", "type", ""), None),
        ((LIVERIG, "current"), Violation("/depth/start", "type", ""), 100),
        ((LIVERIG, "current"), Violation("/depth/uom", "enum", ""), "ft"),
        ((LIVERIG, "current"), Violation("/source", "maxLength", ""), "x" * 257),
        ((LIVERIG, "current"), Violation("/wells", "maxProperties", ""), {}),
        ((NORTECH, "documented"), Violation("/signals", "maxItems", ""), []),
        ((NORTECH, "documented"), Violation("/format", "type", ""), None),
        ((NORTECH, "documented"), Violation("/signals/0/rename", "type", ""), None),
        ((NORTECH, "documented"), Violation("/timeWindow/end", "type", ""), None),
    ],
)
def test_a_freedom_and_a_bound_of_our_own_are_held_against_nobody(
    of: tuple[str, str], violation: Violation, value: Any
) -> None:
    assert attribution(*of).of(violation, value) is None


@given(st.sampled_from(["depth", "start", "end"]), json_values)
def test_a_broken_range_is_held_against_nobody_who_is_not_asked_for_such_a_log(name: str, value: Any) -> None:
    of = (LIVERIG, "current")
    starts = calls(target(*of))
    start = starts["dateTimeLog" if name == "depth" else "measuredDepthLog"]
    body = starts["mixedLogs"].body | {name: value}
    assert attribution(*of).unmask(replace(BLANK, body=body), [start]) is None


def test_a_generated_request_becomes_a_call_as_it_is() -> None:
    made = replace(BLANK, query={"a": 1}, body={"b": None})
    assert as_call(made) == Call("POST", (("a", "1"),), {"Content-Type": "application/json"}, {"b": None})
    assert as_call(replace(BLANK, has_body=False)).body is Absent.BODY
