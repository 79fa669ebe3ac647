"""``requestId`` names one accepted request and no other (N14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.check import Observation, check, kept, unknown

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent


@check("nortech.identity.unique", requests=lambda depth: depth.repeats, accepted=lambda depth: depth.repeats)
def unique(bench: Bench) -> Iterator[Observation]:
    """Send equal requests, one by one and at once, then compare every id that the run was given.

    No order is promised.
    """
    twin = bench.accepted_twin("byId")
    at_once = bench.repeats // 2
    for number in range(1, bench.repeats - at_once + 1):
        bench.send(f"the same request again ({number})", twin.call, twin=twin)
    bench.burst("the same request at the same time", twin.call, at_once, twin=twin)
    first: dict[int, Sent] = {}
    for sent in bench.accepted:
        document = sent.answer.document
        request_id = document.get("requestId") if isinstance(document, Mapping) else None
        if not isinstance(request_id, int) or isinstance(request_id, bool):
            continue
        earlier = first.setdefault(request_id, sent)
        if earlier is sent:
            yield kept()
        else:
            yield bench.finding(
                sent,
                "a requestId that no other accepted request of this run was given",
                f"the requestId that was given for {earlier.name!r}",
            )
    if not first:
        yield unknown("no accepted request was given a `requestId`")
