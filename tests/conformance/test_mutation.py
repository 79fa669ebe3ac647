from __future__ import annotations

import contextlib
import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conformance import catalogue
from conformance.call import JSON, Absent, Call
from conformance.catalogue import Change, Expectation, Requirement
from conformance.mutation import Inapplicable, Mutant, ProfileGap, locate, mutate, shown
from tests.conformance.targets import (
    EDITIONS,
    LIVERIG,
    Steps,
    calls,
    differences,
    edition,
    json_values,
    places,
    pointer,
    put,
    same_but_body,
    target,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# No schema says these: a range is there for each kind of log, start before end, WITSML sources only.
ACROSS_MEMBERS = {
    *(f"LR-RANGE-{number:02}" for number in (1, 2, 3, 4, 6, 7, 8, 9, 21, 23)),
    "LR-SOURCE-01",
}
# What a target says beside its examples.
FACTS = {name: value for of in EDITIONS for name, value in target(*of).facts.items()}


def tabled() -> Iterator[tuple[str, str, Requirement, Call, Change]]:
    """Every change of the catalogues beside every start that it can be made to."""
    for contract_id, revision in EDITIONS:
        of = target(contract_id, revision)
        for requirement in catalogue.load(contract_id).of(revision):
            for name, start in calls(of).items():
                for change in requirement.changes:
                    if (change.start or requirement.start) in (None, name):
                        yield contract_id, revision, requirement, start, change


TABLED = list(tabled())


def mutants(start: Call, change: Change) -> list[Mutant]:
    try:
        return list(mutate(start, change, FACTS))
    except Inapplicable:
        return []


def test_each_mutant_differs_from_its_start_in_exactly_the_place_that_is_named() -> None:
    made = 0
    for _, _, requirement, start, change in TABLED:
        for mutant in mutants(start, change):
            made += 1
            context = (requirement.id, mutant.difference)
            assert mutant.place == change.part, context
            if change.part == "body":
                assert same_but_body(start, mutant.call), context
                changed = differences(start.body, mutant.call.body)
                wanted = {() if at == "" else locate(start.body, at) for at in change.at}
                if change.action == "rename":
                    assert changed == wanted | {(*next(iter(wanted))[:-1], change.values[0])}, context
                else:
                    # A depth as a whole may differ in its members only.
                    assert changed, context
                    assert all(any(c[: len(w)] == w for w in wanted) for c in changed), context
                for steps in wanted:
                    assert pointer(steps) in mutant.difference, context
            elif change.part == "header":
                name = change.at[0].removeprefix("/")
                assert replace(mutant.call, headers={}) == replace(start, headers={}), context
                others = {k: v for k, v in start.headers.items() if k != name}
                assert {k: v for k, v in mutant.call.headers.items() if k != name} == others, context
                assert mutant.call.headers.get(name) != start.headers.get(name), context
                assert name in mutant.difference, context
            else:
                name = change.at[0].removeprefix("/")
                assert replace(mutant.call, query=()) == replace(start, query=()), context
                assert [q for q in mutant.call.query if q[0] != name] == [
                    q for q in start.query if q[0] != name
                ], context
                assert mutant.call.query != start.query, context
                assert name in mutant.difference, context
    assert made > 1000


def test_every_value_of_a_table_gives_a_mutant_of_its_own() -> None:
    for _, _, requirement, start, change in TABLED:
        made = mutants(start, change)
        if made:
            ways = 2 if change.action == "insert" else 1
            assert len(made) == max(1, ways * len(change.values)), requirement.id
            assert len({mutant.difference for mutant in made}) == len(made), requirement.id


def test_no_start_is_changed_by_what_is_made_of_it() -> None:
    for _, _, requirement, start, change in TABLED:
        before = copy.deepcopy(start)
        for mutant in mutants(start, change):
            # Neither by making it, nor by whoever goes on to change the mutant.
            if change.part == "body" and isinstance(mutant.call.body, dict):
                mutant.call.body.clear()
        assert start == before, requirement.id


def test_what_is_expected_to_be_rejected_breaks_the_schema_unless_it_is_a_rule_across_members() -> None:
    judged: set[str] = set()
    for contract_id, revision, requirement, start, change in TABLED:
        if requirement.expect is not Expectation.REJECTED or change.part != "body":
            continue
        for mutant in mutants(start, change):
            broken = mutant.call.body is Absent.BODY or bool(
                edition(contract_id, revision).body_violations(mutant.call.body)
            )
            assert broken is (requirement.id not in ACROSS_MEMBERS), (requirement.id, mutant.difference)
            judged.add(requirement.id)
    assert judged > ACROSS_MEMBERS


def test_what_is_expected_to_be_accepted_keeps_the_schema() -> None:
    judged = 0
    for contract_id, revision, requirement, start, change in TABLED:
        if requirement.expect is Expectation.ACCEPTED and change.part == "body":
            for mutant in mutants(start, change):
                violations = edition(contract_id, revision).body_violations(mutant.call.body)
                assert violations == [], (requirement.id, mutant.difference)
                judged += 1
    assert judged


def test_what_the_query_is_rejected_for_breaks_the_parameters() -> None:
    required = {"qualifier", "instance"}
    for contract_id, revision, requirement, start, change in TABLED:
        if requirement.expect is Expectation.REJECTED and change.part == "query":
            assert (contract_id, revision) == (LIVERIG, "current")
            for mutant in mutants(start, change):
                assert {n for n, value in mutant.call.query if value} < required, requirement.id


bodies = st.dictionaries(st.text(min_size=1, max_size=5), json_values, min_size=1, max_size=4)


@given(st.data(), bodies, json_values)
def test_setting_any_place_of_any_body_changes_that_place_alone(
    data: st.DataObject, body: dict[str, Any], value: Any
) -> None:
    steps: Steps = data.draw(st.sampled_from([p for p in places(body) if p]))
    assume("*" not in steps)
    start = Call("POST", body=copy.deepcopy(body))
    (mutant,) = mutate(start, Change("body", (pointer(steps),), "set", (value,)), {})
    assert mutant.call.body == put(body, steps, value)
    assert start.body == body


@given(st.data(), bodies)
def test_removing_any_place_of_any_body_takes_that_place_alone(
    data: st.DataObject, body: dict[str, Any]
) -> None:
    steps: Steps = data.draw(st.sampled_from([p for p in places(body) if p]))
    assume("*" not in steps)
    start = Call("POST", body=copy.deepcopy(body))
    (mutant,) = mutate(start, Change("body", (pointer(steps),), "remove"), {})
    assert mutant.call.body == put(body, steps, Absent.BODY)
    assert start.body == body


@given(
    bodies | json_values | st.just(Absent.BODY) | st.binary(max_size=3),
    st.lists(
        st.sampled_from(["*", "0", "9", "-1", "²", "a"]) | st.text("ab", min_size=1), min_size=1, max_size=4
    ),
    st.sampled_from(["remove", "set", "insert", "rename", "swap", "copy", "set_length"]),
)
def test_a_place_that_is_not_there_is_inapplicable_and_nothing_else(
    body: Any, steps: list[str], action: str
) -> None:
    at = "/" + "/".join(steps)
    pair = (at, at) if action in ("swap", "copy") else (at,)
    values: tuple[Any, ...] = {"set": (1,), "insert": (1,), "rename": ("new",), "set_length": (3,)}.get(
        action, ()
    )
    start = Call("POST", body=copy.deepcopy(body))
    with contextlib.suppress(Inapplicable):
        for mutant in mutate(start, Change("body", pair, action, values), {}):
            assert json.dumps(mutant.call.body)
            if action in ("remove", "rename"):
                assert mutant.call.body != body
    assert start.body == body


def test_a_star_is_the_first_member_and_the_first_item() -> None:
    body = {"wells": {"w1": {"b1": {"logs": [{"uid": "x"}]}}, "w2": {}}}
    assert locate(body, "/wells/*/*/logs/*/uid") == ("wells", "w1", "b1", "logs", 0, "uid")


@pytest.mark.parametrize("at", ["/none/inner", "/list/9", "/text/inner", "/empty/*/inner", "/list/x"])
def test_a_place_whose_surroundings_are_missing_cannot_be_changed(at: str) -> None:
    start = Call("POST", body={"list": [1], "text": "t", "empty": {}})
    with pytest.raises(Inapplicable, match="nothing at /"):
        list(mutate(start, Change("body", (at,), "set", (1,)), {}))


def test_a_member_that_is_missing_cannot_be_renamed_nor_take_the_name_of_another() -> None:
    start = Call("POST", body={"wells": {"w1": 1, "w2": 2}})
    for at, new in (("/wells/w3", "w4"), ("/wells/w1", "w2"), ("/wells/w1", "w1")):
        with pytest.raises(Inapplicable):
            list(mutate(start, Change("body", (at,), "rename", (new,)), {}))


def test_renaming_keeps_the_value_and_the_order() -> None:
    start = Call("POST", body={"wells": {"w1": {"b": 1}, "w2": 2}})
    (mutant,) = mutate(start, Change("body", ("/wells/*",), "rename", ("new",)), {})
    assert list(mutant.call.body["wells"].items()) == [("new", {"b": 1}), ("w2", 2)]


@given(st.lists(json_values, min_size=1, max_size=3) | bodies, json_values)
def test_what_is_inserted_stands_before_or_behind_all_that_was_there(held: Any, value: Any) -> None:
    start = Call("POST", body={"held": held})
    before, behind = mutate(start, Change("body", ("/held",), "insert", (value,)), {})
    for mutant, where in ((before, 0), (behind, -1)):
        grown = mutant.call.body["held"]
        items = list(grown.items() if isinstance(held, dict) else grown)
        inserted = items.pop(where)
        assert (inserted[1] if isinstance(held, dict) else inserted) == value
        assert items == list(held.items() if isinstance(held, dict) else held)


@pytest.mark.parametrize("held", [[], {}, None, "text"])
def test_nothing_is_inserted_where_nothing_is(held: Any) -> None:
    start = Call("POST", body={"held": held})
    with pytest.raises(Inapplicable, match="/held"):
        list(mutate(start, Change("body", ("/held",), "insert", (1,)), {}))


def test_a_header_is_found_in_any_case() -> None:
    start = Call("POST", headers={"content-type": JSON})
    (gone,) = mutate(start, Change("header", ("/Content-Type",), "remove"), {})
    assert gone.call.headers == {}
    (other,) = mutate(start, Change("header", ("/Content-Type",), "set", ("text/plain",)), {})
    assert other.call.headers == {"Content-Type": "text/plain"}


@pytest.mark.parametrize("part, action", [("header", "remove"), ("query", "remove"), ("query", "set")])
def test_a_header_or_parameter_that_is_missing_cannot_be_changed(part: str, action: str) -> None:
    with pytest.raises(Inapplicable, match="Missing"):
        list(mutate(Call("POST"), Change(part, ("/Missing",), action, ("1",)), {}))


def test_a_further_query_value_stands_beside_the_first() -> None:
    start = Call("POST", query=(("q", "1"),))
    (mutant,) = mutate(start, Change("query", ("/q",), "add", ("2",)), {})
    assert mutant.call.query == (("q", "1"), ("q", "2"))


def test_what_the_profile_does_not_give_is_a_gap_that_names_it() -> None:
    start = Call("POST", body={"source": "a"})
    with pytest.raises(ProfileGap, match="source_of_other_protocol"):
        list(mutate(start, Change("body", ("/source",), "profile", ("source_of_other_protocol",)), {}))


@given(json_values)
def test_a_value_is_shown_in_one_short_line(value: Any) -> None:
    assert "\n" not in shown(value)
    assert len(shown(value)) < 100


@given(bodies)
def test_what_is_quoted_can_be_read_out_of_its_text_again(held: Any) -> None:
    for start, at in ((Call("POST", body={"held": held}), "/held"), (Call("POST", body=held), "")):
        (mutant,) = mutate(start, Change("body", (at,), "quote"), {})
        assert json.loads(mutant.call.body["held"] if at else mutant.call.body) == held


def test_what_is_joined_is_one_text_of_all_values_in_their_order() -> None:
    start = Call("POST", body={"ids": [1, 2], "range": {"start": "a", "end": "b"}, "none": []})
    joined = [
        mutant.call.body[at.removeprefix("/")]
        for at, separators in (("/ids", (",", " ")), ("/range", ("/",)))
        for mutant in mutate(start, Change("body", (at,), "join", separators), {})
    ]
    assert joined == ["1,2", "1 2", "a/b"]
    with pytest.raises(Inapplicable, match="at /none"):
        list(mutate(start, Change("body", ("/none",), "join", (",",)), {}))
