"""Targets, exchanges and JSON values that the tests of the suite share."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import strategies as st

from conformance import catalogue, contract, profile
from conformance.call import Absent, Call
from conformance.exchange import Exchange
from conformance.vendor import Gap, Target
from conformance.vendors import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Contract

LIVERIG = "liverig-backlog-sync"
NORTECH = "nortech-historical-data-sync"
EDITIONS = ((LIVERIG, "current"), (LIVERIG, "old"), (NORTECH, "documented"), (NORTECH, "current"))
"""Every contract in every revision."""
TOKEN = "histdata-demo-token"
ENVIRON = {"HISTDATA_NORTECH_TOKEN": TOKEN}

Steps = tuple[str | int, ...]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def sections(liverig: str = "current", nortech: str = "documented") -> dict[str, dict[str, Any]]:
    """What the template says of both vendors, for these revisions."""
    document: dict[str, dict[str, Any]] = yaml.safe_load(profile.template(VENDORS))
    document.pop("answer_seconds")
    document["liverig"] |= {"revision": liverig, "rig": 2 if liverig == "old" else "RIG02"}
    document["nortech"] |= {"revision": nortech}
    return document


def edition(contract_id: str, revision: str) -> Contract:
    """The contract, as the suite loads it."""
    return contract.load(contract_id, revision, catalogue.load(contract_id).operation)


def target(contract_id: str, revision: str, **changes: Any) -> Target:
    """A target as the template describes it, with members of its section replaced; None takes one away."""
    (vendor,) = (v for v in VENDORS if v.contract == contract_id)
    section = sections(**{vendor.key: revision})[vendor.key] | changes
    kept = {name: value for name, value in section.items() if value is not None}
    return vendor.target(edition(contract_id, revision), kept, ENVIRON)


def calls(of: Target) -> dict[str, Call]:
    """The starts of a target whose profile has no gap."""
    starts = of.starts()
    assert not any(isinstance(start, Gap) for start in starts.values())
    return {name: start for name, start in starts.items() if isinstance(start, Call)}


def exchange(
    status: int, body: Any = b"", content_type: str | None = "application/json", **headers: str
) -> Exchange:
    """An exchange whose answer is *body*: bytes as they are, anything else as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        named["Content-Type"] = content_type
    return Exchange(
        method="POST",
        url="http://127.0.0.1:9/",
        request_headers=(),
        request_body=None,
        status=status,
        headers=tuple(named.items()),
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        seconds=0.0,
    )


def places(value: Any, at: Steps = ()) -> Iterator[Steps]:
    """Every place in a JSON value, the whole first."""
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


def differences(left: Any, right: Any, at: Steps = ()) -> set[Steps]:
    """The places at which two JSON values differ, each as high up as it must be; 1 is not true."""
    if isinstance(left, dict) and isinstance(right, dict):
        found: set[Steps] = set()
        for key in left.keys() | right.keys():
            held = left.get(key, Absent.BODY), right.get(key, Absent.BODY)
            found |= differences(*held, (*at, key))
        return found
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return {
            place
            for index, (a, b) in enumerate(zip(left, right, strict=True))
            for place in differences(a, b, (*at, index))
        }
    return set() if type(left) is type(right) and left == right else {at}


def pointer(steps: Steps) -> str:
    """A JSON Pointer to a place."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def put(body: Any, steps: Steps, value: Any) -> Any:
    """A copy of *body* with *value* at a place; :attr:`Absent.BODY` takes away what is there."""
    if not steps:
        return value
    changed = copy.deepcopy(body)
    node = changed
    for step in steps[:-1]:
        node = node[step]
    if value is Absent.BODY:
        del node[steps[-1]]
    else:
        node[steps[-1]] = value
    return changed


def same_but_body(left: Call, right: Call) -> bool:
    """Whether two calls are equal in everything but their bodies."""
    return (left.method, left.query, dict(left.headers), left.chunked) == (
        right.method,
        right.query,
        dict(right.headers),
        right.chunked,
    )


def starting_points() -> Iterator[tuple[str, str, Mapping[str, Call]]]:
    """Every edition with the starts of the template's target."""
    for contract_id, revision in EDITIONS:
        yield contract_id, revision, calls(target(contract_id, revision))
