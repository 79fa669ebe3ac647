from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import contract
from conformance.call import Absent
from conformance.contract import ContractError
from tests.conformance.targets import (
    EDITIONS,
    LIVERIG,
    NORTECH,
    Steps,
    edition,
    json_values,
    places,
    pointer,
    put,
)

LIVERIG_EXAMPLE = edition(LIVERIG, "current").examples["mixedLogs"]
WELLBORE = "/wells/Energistics-well-0001/Energistics-w1-wellbore-0001"
SEARCH = edition(NORTECH, "documented").examples["bySearch"]["signals"][0]
OPTIONAL = {"/start", "/end", "/depth", "/qualifier", "/instance", "/format", "/timeWindow/end"}


def broken(of: tuple[str, str], body: Any) -> set[tuple[str, str]]:
    return {(violation.pointer, violation.keyword) for violation in edition(*of).body_violations(body)}


@pytest.mark.parametrize("of", EDITIONS)
def test_every_named_example_keeps_its_contract(of: tuple[str, str]) -> None:
    assert edition(*of).examples
    for name, body in edition(*of).examples.items():
        assert broken(of, body) == set(), name


@pytest.mark.parametrize(
    "pointer_, value, violations",
    [
        ((), [], {("", "type")}),
        (("source",), Absent.BODY, {("/source", "required")}),
        (("source",), "", {("/source", "minLength")}),
        (("start",), True, {("/start", "type")}),
        (("start",), "yesterday", {("/start", "pattern")}),
        (("start",), -1, {("/start", "minimum")}),
        (("depth", "start"), 100, {("/depth/start", "type")}),
        (("depth", "uom"), "ft", {("/depth/uom", "enum")}),
        (("wells",), {}, {("/wells", "minProperties")}),
        (("wells", "a/b~c"), 1, {("/wells/a~1b~0c", "type")}),
    ],
)
def test_a_violation_is_told_by_its_place_and_keyword(
    pointer_: Steps, value: Any, violations: set[tuple[str, str]]
) -> None:
    assert broken((LIVERIG, "current"), put(LIVERIG_EXAMPLE, pointer_, value)) == violations


@pytest.mark.parametrize(
    "signals, violations",
    [
        ([], {("/signals", "minItems")}),
        ("1", {("/signals", "type")}),
        ([0], {("/signals/0", "minimum")}),
        ([1, "2"], {("/signals/1", "type")}),
        ([{**SEARCH, "rename": "x" * 128}], {("/signals/0/rename", "maxLength")}),
        (
            [{"workspace": "W"}],
            {(f"/signals/0/{n}", "required") for n in ("asset", "division", "unit", "signal")},
        ),
        ([{**SEARCH, "unit": 5}], {("/signals/0/unit", "type")}),
        ([1, SEARCH], {("/signals/1", "type")}),
    ],
)
def test_of_alternatives_the_one_that_was_meant_is_spoken_of(
    signals: Any, violations: set[tuple[str, str]]
) -> None:
    body = {**edition(NORTECH, "documented").examples["byId"], "signals": signals}
    assert broken((NORTECH, "documented"), body) == violations


@given(st.data())
def test_leaving_out_a_required_member_is_one_violation_at_that_member(data: st.DataObject) -> None:
    of = data.draw(st.sampled_from([(LIVERIG, "current"), (NORTECH, "documented"), (NORTECH, "current")]))
    body = data.draw(st.sampled_from(list(edition(*of).examples.values())))
    steps = data.draw(
        st.sampled_from(
            [s for s in places(body) if s and isinstance(s[-1], str) and s[-1] in edition(*of).property_names]
        )
    )
    optional = pointer(steps) in OPTIONAL or steps[-1] == "rename"
    expected = set() if optional else {(pointer(steps), "required")}
    assert broken(of, put(body, steps, Absent.BODY)) == expected


@given(st.sampled_from(EDITIONS), json_values)
def test_any_json_value_is_judged_and_left_as_it_is(of: tuple[str, str], body: Any) -> None:
    before = copy.deepcopy(body)
    for violation in edition(*of).body_violations(body):
        assert violation.pointer == "" or violation.pointer.startswith("/")
    assert body == before


@pytest.mark.parametrize(
    "value, kept",
    [
        ("02a7533a-fa69-46fc-9441-7592b9b9cb2a", True),
        ("02A7533A-FA69-46FC-9441-7592B9B9CB2A", True),
        ("02a7533afa6946fc94417592b9b9cb2a", False),
        ("02a7533a-fa69-46fc-9441-7592b9b9cb2g", False),
        ("02a7533a-fa69-46fc-9441-7592b9b9cb2a\n", False),
        (7, False),
    ],
)
def test_the_success_of_an_accepted_request_is_a_uuid_in_either_case(value: Any, kept: bool) -> None:
    assert (edition(LIVERIG, "current").answer_violations("Accepted", {"success": value}) == []) is kept


@pytest.mark.parametrize(
    "value, kept",
    [
        ("https://store.example/a/000.parquet?signature=x%2Fy", True),
        ("/files/000.parquet", False),
        ("000.parquet", False),
        ("", False),
    ],
)
def test_an_output_file_is_an_absolute_uri(value: str, kept: bool) -> None:
    answer = {"requestId": 1, "status": "Finished", "outputFile": value}
    assert (edition(NORTECH, "documented").answer_violations("Finished", answer) == []) is kept


def test_further_members_of_an_answer_are_let_pass() -> None:
    answer = {"requestId": 1, "status": "Finished", "outputFile": "https://a.example/0.csv", "more": 1}
    assert edition(NORTECH, "documented").answer_violations("Finished", answer) == []


def test_the_query_of_the_examples_names_the_collector() -> None:
    assert edition(LIVERIG, "current").query == {"qualifier": "qualifier", "instance": "instance"}


def test_an_unknown_revision_is_answered_with_those_there_are() -> None:
    with pytest.raises(ContractError, match=r"no revision 'newest'; it has .*current.*old|old.*current"):
        contract.load(LIVERIG, "newest", "requestBacklogSync")


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(ContractError, match="noSuchOperation"):
        contract.load(LIVERIG, "current", "noSuchOperation")
