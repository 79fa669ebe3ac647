"""Several logs in one request, by what the profile names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance.bench import Bench
from conformance.budget import Limits
from conformance.check import CHECKS
from conformance.transport import Transport
from conformance.verdict import Sign
from tests.conformance.loopback import Asked, Said, accepting, serving
from tests.conformance.targets import LIVERIG, target

if TYPE_CHECKING:
    from conformance.check import Observation

PLENTY = Limits(max_requests=100, max_accepted=100, timeout=10)
OWN = {"well": "w1", "wellbore": "b1", "uid": "l1"}
BESIDE = {
    "liverig.several.logs": OWN | {"uid": "l2"},
    "liverig.several.wellbores": OWN | {"wellbore": "b2"},
    "liverig.several.wells": OWN | {"well": "w2"},
}


def observed(
    name: str, more: list[dict[str, Any]], *, most: int = 9, depth_log: dict[str, Any] | None = None
) -> tuple[list[Observation], list[Any]]:
    """What a check sees of a target that takes *most* logs at once, and the ``wells`` that it asked for."""
    accepts = accepting()

    def answer(asked: Asked) -> Said:
        return accepts(asked) if asked.body.count(b"indexType") <= most else Said(400, {"failure": "no"})

    of = target(
        LIVERIG, "current", time_log=OWN | {"start": 1, "end": 2}, depth_log=depth_log, more_logs=more
    )
    with serving(answer) as loopback, Transport(loopback.url, PLENTY, {}) as transport:
        bench = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=9.0, repeats=1)
        seen = list(CHECKS[name].run(bench))
        return seen, [json.loads(asked.body)["wells"] for asked in loopback.asked]


@pytest.mark.parametrize("name", BESIDE)
def test_a_known_log_beside_that_of_the_examples_is_asked_for_and_must_be_taken(name: str) -> None:
    more = [BESIDE[name] | {"index_type": "date time"}]
    seen, wells = observed(name, more)
    assert [observation.sign for observation in seen] == [Sign.KEPT]
    asked = [
        (well, wellbore, log["uid"])
        for well, wellbores in wells[-1].items()
        for wellbore, held in wellbores.items()
        for log in held["logs"]
    ]
    assert sorted(asked) == sorted(tuple(log[key] for key in OWN) for log in (OWN, BESIDE[name]))
    refused, _ = observed(name, more, most=1)
    assert [observation.sign for observation in refused] == [Sign.BROKEN]


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("more", [[], [BESIDE["liverig.several.logs"] | {"index_type": "measured depth"}]])
def test_without_one_nothing_is_held_against_a_target_and_the_line_to_add_is_said(
    name: str, more: list[dict[str, Any]]
) -> None:
    seen, _ = observed(name, more, most=1)
    assert {observation.sign for observation in seen} == {Sign.UNKNOWN}
    assert any("liverig/more_logs" in (observation.note or "") for observation in seen)


@pytest.mark.parametrize("name", BESIDE)
def test_a_log_of_the_other_kind_will_do_where_the_profile_names_none_of_the_same(name: str) -> None:
    deep = BESIDE[name] | {"uid": "d1", "start": "1", "end": "2"}
    seen, wells = observed(name, [], depth_log=deep)
    assert [observation.sign for observation in seen] == [Sign.KEPT]
    log = {"uid": "d1", "indexType": "measured depth"}
    assert log in wells[-1][deep["well"]][deep["wellbore"]]["logs"]
