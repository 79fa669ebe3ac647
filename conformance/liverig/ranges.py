"""Ranges of time and depth (L7, L10), beyond what the catalogue's table changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.check import Observation, check, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.bench import Bench


@check("liverig.range.zero", requests=4, accepted=2)
def zero(bench: Bench) -> Iterator[Observation]:
    """Zero is a time and a depth like any other, and no sign of one that is missing.

    A log may have nothing so far below its range, which a start just above zero shows.
    """
    yield from bench.attempt(_from_zero(bench, "dateTimeLog", {"start": 0}, {"start": 1}))
    depth = bench.accepted_twin("measuredDepthLog").call.body["depth"]
    at, above = ({"depth": depth | {"start": start}} for start in ("0", "0.001"))
    yield from bench.attempt(_from_zero(bench, "measuredDepthLog", at, above))


def _from_zero(
    bench: Bench, example: str, at: Mapping[str, Any], above: Mapping[str, Any]
) -> Iterator[Observation]:
    twin = bench.accepted_twin(example)
    call = replace(twin.call, body={**twin.call.body, **at})
    difference = "the range starts at zero"
    sent = bench.send(f"{example} from zero", call, twin=twin, difference=difference, place="body")
    if sent.answer.kind is not Kind.ACCEPTED:
        name, close = f"{example} from just above zero", replace(call, body={**twin.call.body, **above})
        near = bench.send(name, close, twin=twin, difference="the range starts just above zero", place="body")
        if near.answer.kind is not Kind.ACCEPTED:
            yield unknown(f"{name} is {near.answer.outcome} as well, so the log may have nothing there")
            return
        sent = replace(sent, twin=near)
    yield bench.acceptance(sent)
