"""Ids that name one accepted request and no other, whatever a vendor calls them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.check import Observation, kept, unknown

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent
    from conformance.depth import Depth


def cost(depth: Depth) -> int:
    """How many requests :func:`unique` sends, all of which a correct target accepts."""
    return sum(_shares(depth.repeats))


def unique(
    bench: Bench, start: str, member: str, named: Callable[[Any], Hashable | None]
) -> Iterator[Observation]:
    """Send an example again and again, one by one and at once; then compare every id that the run was given.

    *named* gives what is compared of a value of *member*, or None where that value is no id at all.
    """
    twin = bench.accepted_twin(start)
    in_turn, at_once = _shares(bench.repeats)
    for number in range(1, in_turn + 1):
        bench.send(f"the same request again ({number})", twin.call, twin=twin)
    bench.burst("the same request at the same time", twin.call, at_once, twin=twin)
    first: dict[Hashable, Sent] = {}
    for sent in bench.accepted:
        document = sent.answer.document
        value = named(document.get(member)) if isinstance(document, Mapping) else None
        if value is None:
            continue
        earlier = first.setdefault(value, sent)
        if earlier is sent:
            yield kept()
        else:
            yield bench.finding(
                sent,
                f"a `{member}` that no other accepted request of this run was given",
                f"the `{member}` that was given for {earlier.name!r}",
            )
    if not first:
        yield unknown(f"no accepted request was given a `{member}`")


def _shares(repeats: int) -> tuple[int, int]:
    """How many requests one by one, and how many at once, where most ids are given twice."""
    return max(1, repeats // 5), max(1, repeats * 3 // 5)
