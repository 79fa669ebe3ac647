"""Both vendors' targets through :class:`conformance.vendor.Target`."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.call import Absent, Call
from conformance.vendor import Gap
from tests.conformance.targets import (
    EDITIONS,
    ENVIRON,
    LIVERIG,
    NORTECH,
    calls,
    edition,
    places,
    put,
    target,
)

KNOWN = {
    "source": "Our store",
    "rig": "Our rig",
    "qualifier": "ours",
    "instance": "one",
    "time_log": {"well": "W", "wellbore": "B", "uid": "T", "start": 1000, "end": 2000},
    "depth_log": {"well": "W", "wellbore": "B2", "uid": "D", "start": "-5.5", "end": "7"},
    "source_of_other_protocol": "Our OPC store",
}
NAMED = {"workspace": "A", "asset": "B", "division": "C", "unit": "D", "signal": "E"}


@pytest.mark.parametrize("of", EDITIONS)
def test_a_target_never_shares_what_it_gives(of: tuple[str, str]) -> None:
    judged = target(*of)
    first = calls(judged)
    for call in first.values():
        call.body.clear()
    assert all(call.body for call in calls(judged).values())
    assert calls(target(*of)) == calls(judged)


@given(st.sampled_from(EDITIONS), st.data())
def test_a_valid_generated_request_is_made_to_name_what_the_target_knows_and_stays_valid(
    of: tuple[str, str], data: st.DataObject
) -> None:
    judged, contract = target(*of), edition(*of)
    body = data.draw(st.sampled_from(list(contract.examples.values())))
    for _ in range(data.draw(st.integers(0, 4))):
        steps = data.draw(st.sampled_from([place for place in places(body) if place]))
        changed = put(body, steps, data.draw(st.sampled_from([Absent.BODY, "other", 5, 1000])))
        body = body if contract.body_violations(changed) else changed
    before = copy.deepcopy(body)
    made = judged.proper(Call("POST", (("qualifier", "x"),), {"Content-Type": "application/json"}, body))
    assert body == before
    assert contract.body_violations(made.body) == []
    start = next(iter(calls(judged).values()))
    assert (made.query, dict(made.headers)) == (start.query, dict(start.headers))
    assert made.body.keys() - {"start", "end", "depth"} <= body.keys() | {"source", "rigName", "wells"}


def test_liverig_starts_name_the_profiles_own_identifiers() -> None:
    starts = calls(target(LIVERIG, "current", **KNOWN))
    assert starts["mixedLogs"].body == {
        "source": "Our store",
        "rigName": "Our rig",
        "wells": {
            "W": {
                "B": {"logs": [{"uid": "T", "indexType": "date time"}]},
                "B2": {"logs": [{"uid": "D", "indexType": "measured depth"}]},
            }
        },
        "start": 1000,
        "end": 2000,
        "depth": {"start": "-5.5", "end": "7", "uom": "m"},
        "qualifier": "ours",
        "instance": "one",
    }
    assert starts["digitStringRange"].body["start"] == "1000"
    assert "qualifier" not in starts["collectorInQueryOnly"].body
    assert {call.query for call in starts.values()} == {(("qualifier", "ours"), ("instance", "one"))}


def test_without_a_depth_log_the_examples_that_need_one_are_gaps() -> None:
    starts = target(LIVERIG, "current", depth_log=None).starts()
    gaps = {name for name, start in starts.items() if isinstance(start, Gap)}
    assert gaps == {"measuredDepthLog", "mixedLogs"}


def test_nortech_starts_name_the_profiles_own_signals_and_window() -> None:
    window = {"start": "2022-01-01T00:00:00Z", "end": "2022-01-01T00:01:00Z"}
    judged = target(NORTECH, "documented", signals=[{"id": 7}, {"id": 8, **NAMED}, {"id": 9}], window=window)
    starts = calls(judged)
    assert starts["byId"].body == {"signals": [7, 8], "timeWindow": window}
    assert starts["bySearch"].body == {"signals": [NAMED], "timeWindow": window}
    wanted = judged.contract.examples["renamed"]["signals"][0]["rename"]
    assert starts["renamed"].body["signals"] == [{**NAMED, "rename": wanted}]
    token = ENVIRON["HISTDATA_NORTECH_TOKEN"]
    assert {call.headers["Authorization"] for call in starts.values()} == {f"Bearer {token}"}


def test_without_a_signal_by_name_the_examples_that_need_one_are_gaps() -> None:
    starts = target(NORTECH, "documented", signals=[{"id": 7}]).starts()
    assert {name for name, start in starts.items() if isinstance(start, Gap)} == {"bySearch", "renamed"}


def test_secrets_are_told_by_their_variable() -> None:
    assert target(NORTECH, "documented").secrets == ENVIRON
    assert target(LIVERIG, "current").secrets == {}
