"""What defects are made of, without a server."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.selftest import defect
from conformance.selftest.defect import Missing
from conformance.selftest.gateway import Ask, Make, Reply, reply

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
POINTERS = st.lists(st.sampled_from(["a", "b", "0", "1", "*"]), min_size=1, max_size=3).map(
    lambda steps: "/" + "/".join(steps)
)


def _asking(document: Any, method: str = "POST") -> Ask:
    return Ask(method, "/", (), (), json.dumps(document).encode(), lambda _: None)


def _seen(make: Make, *asks: Ask) -> list[Ask]:
    """What the mock would see of each request; none where the behaviour answers itself."""
    seen: list[Ask] = []

    async def serve(ask: Ask) -> Reply:
        seen.append(ask)
        return reply(200, {})

    async def all_of_them() -> None:
        behave = make()
        for ask in asks:
            await behave(ask, serve)

    asyncio.run(all_of_them())
    return seen


@given(JSON, POINTERS)
def test_what_is_forgiven_is_put_right_at_its_places_and_nowhere_else(body: Any, pointer: str) -> None:
    expected = copy.deepcopy(body)
    for holder, key in list(defect.places(expected, pointer)):
        if defect.null(defect.at(holder, key)):
            holder[key] = 17

    (seen,) = _seen(defect.forgive(pointer, defect.null, 17), _asking(body))

    assert seen.document == expected


@given(JSON)
def test_every_value_is_of_one_kind_alone(value: Any) -> None:
    kinds: list[Callable[[Any], bool]] = [
        defect.missing, defect.null, defect.boolean, defect.number, defect.text, defect.array, defect.thing,
    ]  # fmt: skip

    assert sum(kind(value) for kind in kinds) == 1


def test_a_star_stands_for_every_member_and_item() -> None:
    body = {"wells": {"w": {"b": {"logs": [{"uid": "1"}, {}]}}}}

    found = [defect.at(*place) for place in defect.places(body, "/wells/*/*/logs/*/uid")]

    assert found == ["1", Missing.HERE]


@pytest.mark.parametrize("pointer", ["/a/b", "/a/0", "/0", "/*/x"])
def test_a_place_that_is_not_there_is_passed_by(pointer: str) -> None:
    assert [defect.at(*place) for place in defect.places({"a": 1}, pointer)] in ([], [Missing.HERE])


@given(st.integers(1, 9), st.integers(0, 30))
def test_a_fault_that_shows_now_and_then_shows_on_every_so_many_th_request(period: int, times: int) -> None:
    make = defect.every(period, defect.instead(lambda _: True, lambda _: reply(500, {})))

    seen = _seen(make, *[_asking(number) for number in range(1, times + 1)])

    assert [ask.document for ask in seen] == [n for n in range(1, times + 1) if n % period]


def test_each_server_has_a_state_of_its_own() -> None:
    make = defect.every(2, defect.instead(lambda _: True, lambda _: reply(500, {})))

    assert len(_seen(make, _asking(1))) == len(_seen(make, _asking(1))) == 1
