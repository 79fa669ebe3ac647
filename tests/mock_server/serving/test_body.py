from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.serving.body import MAX_DEPTH, MAX_INTEGER, MIN_INTEGER, MalformedBodyError, parse

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
