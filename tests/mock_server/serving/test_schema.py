from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.serving.schema import LARGE, CompiledSchema


def test_a_violation_of_alternatives_is_told_by_the_one_that_was_meant() -> None:
    schema = CompiledSchema(
        {
            "oneOf": [
                {"type": "array", "items": {"type": "integer"}},
                {"type": "array", "items": {"type": "object", "required": ["a", "b"]}},
            ]
        }
    )

    assert [violation.pointer for violation in schema.violations([1, 2, "x"], "body")] == ["/2"]
    assert [violation.pointer for violation in schema.violations([{"a": 1}], "body")] == ["/0/b"]


def test_nullable_lets_null_in_and_nothing_else() -> None:
    schema = CompiledSchema({"type": "string", "nullable": True, "enum": ["a"]})

    assert schema.violations(None, "body") == []
    assert schema.violations("a", "body") == []
    assert schema.violations("b", "body")
    assert CompiledSchema({"type": "string"}).violations(None, "body")


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    schema = CompiledSchema(
        {"type": "object", "properties": {"nullable": {"type": "integer"}, "example": {}}}
    )

    assert [violation.pointer for violation in schema.violations({"nullable": "x"}, "body")] == ["/nullable"]


@given(
    place=st.integers(0, LARGE * 2),
    extra=st.integers(0, 20),
)
def test_a_large_value_is_never_accepted_for_its_size_nor_accused_wrongly(place: int, extra: int) -> None:
    schema = CompiledSchema(
        {
            "type": "object",
            "required": ["items", "last"],
            "properties": {
                "items": {"type": "array", "items": {"type": "integer"}},
                "last": {"type": "string"},
            },
        }
    )
    items: list[Any] = [0] * (LARGE * 2 + 1)
    value = {**{f"x{number}": 1 for number in range(extra)}, "items": items, "last": ""}

    assert schema.violations(value, "body") == []
    items[place] = "wrong"
    told = schema.violations(value, "body")
    assert [violation.pointer for violation in told] == [f"/items/{place}" if place < 10 else ""]


@pytest.mark.parametrize("number", [1001, 8000, 200_000])
def test_what_is_too_long_is_told_with_its_bound_however_long_it_is(number: int) -> None:
    properties = {
        "list": {"type": "array", "maxItems": 1000, "items": {"type": "integer"}},
        "text": {"type": "string", "maxLength": 1000},
    }
    schema = CompiledSchema(
        {
            "type": "object",
            "properties": properties,
            "additionalProperties": {"type": "object", "maxProperties": 1000},
        }
    )
    value = {
        "list": list(range(number)),
        "text": "x" * number,
        "more": {str(member): 1 for member in range(number)},
    }

    told = {violation.pointer: violation.message for violation in schema.violations(value, "body")}

    assert told.keys() == {"/list", "/text", "/more"}
    assert told["/list"].endswith(" has more than 1000 items")
    assert told["/text"].endswith(" is longer than 1000 characters")
    assert told["/more"].endswith(" has more than 1000 properties")
    assert all(len(violation.text()) < 500 for violation in schema.violations(value, "body"))


@pytest.mark.parametrize("path, expected", [(["a/b", "~"], "/a~1b/~0"), ([], ""), (["a", 0], "/a/0")])
def test_a_pointer_escapes_what_it_must(path: list[str | int], expected: str) -> None:
    from mock_server.serving.schema import pointer

    assert pointer(path) == expected


@pytest.mark.parametrize(
    "value, told",
    [
        ({"type": "b", "size": "x"}, {"/size": '"x" is not of type "number"'}),
        ({"type": "a", "size": 1}, {"/width": "is missing"}),
        ({"type": "c"}, {"/type": '"c" is not one of "a", "b"'}),
    ],
)
def test_the_alternative_that_was_meant_is_the_one_with_the_tag(value: Any, told: dict[str, str]) -> None:
    def tagged(tag: str, member: str) -> dict[str, Any]:
        types = {"type": {"type": "string", "enum": [tag]}, member: {"type": "number"}}
        return {"type": "object", "required": ["type", member], "properties": types}

    found = CompiledSchema({"oneOf": [tagged("a", "width"), tagged("b", "size")]}).violations(value, "body")

    assert {each.pointer: each.message for each in found} == told


names = st.text(st.sampled_from("a~/01+é\ue000"), max_size=2)


@given(st.lists(names | st.integers(0, 2), max_size=5))
def test_a_pointer_leads_to_the_value_that_is_wrong_whatever_its_names(path: list[str | int]) -> None:
    """By RFC 6901, and with names that are empty, or look like numbers."""
    rule: dict[str, Any] = {"type": "boolean"}
    value: Any = "wrong"
    for part in reversed(path):
        if isinstance(part, str):
            rule = {"type": "object", "additionalProperties": rule}
            value = {part: value}
        else:
            rule = {"type": "array", "items": rule}
            value = [None] * part + [value]

    told = CompiledSchema(rule).violations(value, "body")

    assert told[-1].message == '"wrong" is not of type "boolean"'
    found = value
    for token in told[-1].pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) else found[name]
    assert found == "wrong"


def test_an_empty_name_is_shown_as_one() -> None:
    closed = CompiledSchema({"properties": {"a": {}}, "additionalProperties": False})
    (told,) = closed.violations({"": 1}, "body")
    assert told.text() == "body: Additional properties are not allowed ('' was unexpected)"
    schema = CompiledSchema({"additionalProperties": {"additionalProperties": {"type": "string"}}})
    (told,) = schema.violations({"a": {"": 1}}, "body")
    assert told.text() == 'a[""]: 1 is not of type "string"'


@pytest.mark.parametrize("alternatives", [[], [{"type": "string"}], [{"type": "object", "required": ["x"]}]])
@pytest.mark.parametrize(
    "value, told",
    [
        (1e30, "1e+30 is greater than the maximum of 9"),
        (-1e30, "-1e+30 is less than the minimum of 1"),
        (10, "10 is greater than the maximum of 9"),
        (1.5, '1.5 is not of type "integer"'),
        (3.0, '3.0 is not of type "integer"'),
    ],
)
def test_a_whole_number_out_of_its_bounds_is_told_the_bound(
    value: float, told: str, alternatives: list[dict[str, Any]]
) -> None:
    number = {"type": "integer", "minimum": 1, "maximum": 9}
    schema = CompiledSchema({"oneOf": [number, *alternatives]} if alternatives else number)

    assert [violation.message for violation in schema.violations(value, "body")] == [told]
