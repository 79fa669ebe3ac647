"""A range that starts at zero, at targets that have data there and at ones that have none."""

from __future__ import annotations

import json
from decimal import Decimal
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
    from collections.abc import Callable


def starts(body: Any) -> list[Decimal]:
    """The starts of the ranges of a request."""
    return [Decimal(held["start"]) for held in (body, body.get("depth", {})) if "start" in held]


@pytest.mark.parametrize(
    "takes, sign",
    [
        (lambda start: True, Sign.KEPT),
        (lambda start: start > 0, Sign.BROKEN),
        (lambda start: start > 50, Sign.UNKNOWN),
    ],
)
def test_zero_is_held_against_a_target_that_takes_what_lies_just_above_it(
    takes: Callable[[Decimal], bool], sign: Sign
) -> None:
    accepts = accepting()

    def answer(asked: Asked) -> Said:
        right = all(map(takes, starts(json.loads(asked.body))))
        return accepts(asked) if right else Said(400, {"failure": "no"})

    log = {"well": "w", "wellbore": "b", "uid": "l"}
    of = target(
        LIVERIG,
        "current",
        time_log=log | {"start": 100, "end": 200},
        depth_log=log | {"start": "100", "end": "200"},
    )
    limits = Limits(max_requests=20, max_accepted=20, timeout=10)
    with serving(answer) as loopback, Transport(loopback.url, limits, {}) as transport:
        bench = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=9.0, repeats=1)
        assert [seen.sign for seen in CHECKS["liverig.range.zero"].run(bench)] == [sign, sign]
