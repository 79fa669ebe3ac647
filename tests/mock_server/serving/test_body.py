from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.serving.body import MAX_DEPTH, MAX_INTEGER, MIN_INTEGER, MalformedBodyError, parse


class Members(list[tuple[str, Any]]):
    """The members of an object, as they are written."""


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(MIN_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=json_values, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_what_was_written_is_read(value: object, ascii_only: bool, indent: int | None) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()) == value


@given(raw=st.binary())
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = parse(raw)
    except MalformedBodyError:
        return
    assert json.loads(raw) == value


@given(members=st.dictionaries(st.text(), st.integers(0, 9), min_size=1), depth=st.integers(0, 5))
def test_a_member_twice_is_refused_at_any_depth(members: dict[str, int], depth: int) -> None:
    twice = [*members.items(), next(iter(members.items()))]
    text = "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in twice) + "}"

    with pytest.raises(MalformedBodyError, match="more than once"):
        parse(("[" * depth + text + "]" * depth).encode())


names = st.sampled_from(["a", "b", ":", 'a":', "\\", " :"]) | st.text(max_size=2)
members = st.recursive(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(st.tuples(names, inner), max_size=4).map(Members) | st.lists(inner, max_size=3),
)


@given(value=members, colon=st.sampled_from([":", ": ", " :", "\n:", "\t: ", "\r:"]), data=st.data())
def test_each_way_to_write_a_text_is_read_the_same(value: Any, colon: str, data: st.DataObject) -> None:
    text = _written(value, colon, data.draw(st.booleans()))

    if _sound(value):
        assert parse(text.encode()) == json.loads(text)
    else:
        with pytest.raises(MalformedBodyError):
            parse(text.encode())


def _written(value: Any, colon: str, ascii_only: bool) -> str:
    if isinstance(value, Members):
        pairs = (
            json.dumps(name, ensure_ascii=ascii_only) + colon + _written(each, colon, ascii_only)
            for name, each in value
        )
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(each, colon, ascii_only) for each in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def _sound(value: Any) -> bool:
    """Whether no name is there twice and no integer too large."""
    if isinstance(value, Members):
        names = [name for name, _ in value]
        return len(set(names)) == len(names) and all(_sound(each) for _, each in value)
    if isinstance(value, list):
        return all(_sound(each) for each in value)
    return not isinstance(value, int) or MIN_INTEGER <= value <= MAX_INTEGER


@given(depth=st.integers(1, 200))
def test_nesting_is_bounded_and_brackets_in_strings_do_not_count(depth: int) -> None:
    assert parse(json.dumps('[{\\"' * depth).encode()) == '[{\\"' * depth
    nested = b"[" * depth + b"]" * depth
    if depth <= MAX_DEPTH:
        parse(nested)
    else:
        with pytest.raises(MalformedBodyError, match="nested"):
            parse(nested)


@given(integer=st.integers(MAX_INTEGER + 1) | st.integers(max_value=MIN_INTEGER - 1))
def test_an_integer_beyond_64_bits_is_refused(integer: int) -> None:
    with pytest.raises(MalformedBodyError):
        parse(str(integer).encode())
