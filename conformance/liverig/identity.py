"""The UUID names one request's job and no other's (L12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.check import Observation, check, kept, unknown

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent


@check("liverig.identity.unique", requests=lambda depth: depth.repeats, accepted=lambda depth: depth.repeats)
def unique(bench: Bench) -> Iterator[Observation]:
    """Send equal requests, one by one and at once, then compare every UUID that the run was given.

    Upper and lower case of a UUID are the same.
    """
    twin = bench.accepted_twin("dateTimeLog")
    at_once = bench.repeats // 2
    for number in range(1, bench.repeats - at_once + 1):
        bench.send(f"the same request again ({number})", twin.call, twin=twin)
    bench.burst("the same request at the same time", twin.call, at_once, twin=twin)
    first: dict[str, Sent] = {}
    for sent in bench.accepted:
        name = sent.answer.document.get("success") if isinstance(sent.answer.document, Mapping) else None
        if not isinstance(name, str):
            continue
        earlier = first.setdefault(name.lower(), sent)
        if earlier is sent:
            yield kept()
        else:
            yield bench.finding(
                sent,
                "a UUID that no other accepted request of this run was given",
                f"the UUID that was given for {earlier.name!r}",
            )
    if not first:
        yield unknown("no accepted request was given a `success`")
