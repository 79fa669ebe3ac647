"""Ids that name one accepted request and no other, whatever a vendor calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.check import Observation, unknown

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent
    from conformance.call import Call
    from conformance.depth import Depth

# Of so many requests that are sent at the same time one is to be refused.
_PERIOD = 5


def cost(depth: Depth) -> int:
    """How many requests :func:`repeated` sends, nearly all of which a correct target accepts."""
    return sum(_shares(depth.repeats))


def repeated(
    bench: Bench, start: str, member: str, *, alike: Callable[[Call], Call] | None = None
) -> Iterator[Observation]:
    """Send an example again and again, one by one and at once; :func:`unique` looks at what is answered.

    *alike* makes another request of it that differs so little that an id may be the same by mistake.
    """
    twin = bench.accepted_twin(start)
    in_turn, at_once = _shares(bench.repeats)
    for number in range(1, in_turn + 1):
        if alike is not None and number == in_turn:
            bench.send("a request that hardly differs", alike(twin.call), twin=twin, place="body")
        else:
            bench.send(f"the same request again ({number})", twin.call, twin=twin)
    # Who keeps a request where all find it answers one as is due to another.
    refused = _wrong(twin.call)
    calls = [refused if number % _PERIOD == _PERIOD // 2 else twin.call for number in range(at_once)]
    bench.burst("one of the requests at the same time", calls, twin=twin)
    if not bench.shelf(_shelf(member)):
        yield unknown(f"no accepted request was given a `{member}`")


def unique(
    bench: Bench, sent: Sent, member: str, named: Callable[[Any], str | None]
) -> Iterator[Observation]:
    """Compare the id of an accepted request with every other that the run was given.

    *named* gives what is compared of a value of *member*, or None where that value is no id at all.
    """
    document = sent.answer.document
    if sent.answer.kind is not Kind.ACCEPTED or sent.call.method != bench.contract.method:
        return
    if sent.answer.exchange.damage is not None:
        return  # shown for what is wrong with it, or with its file; as an answer it was shown before
    value = named(document.get(member)) if isinstance(document, Mapping) else None
    if value is None:
        return
    given: dict[str, Sent] = bench.shelf(_shelf(member))
    earlier = given.setdefault(value, sent)
    if earlier is sent:
        yield bench.expect(sent, True, "")
    else:
        yield bench.finding(
            sent,
            f"a `{member}` that no other accepted request of this run was given",
            f"the `{member}` that was given for {earlier.name!r}",
        )


def _shelf(member: str) -> str:
    return f"given as {member}"


def _wrong(call: Call) -> Call:
    """The request with an object for its first member, as it is sent, and refused, elsewhere, too."""
    return replace(call, body={**call.body, next(iter(call.body)): {}})


def _shares(repeats: int) -> tuple[int, int]:
    """How many requests one by one, and how many at once, where most ids are given twice."""
    return max(1, repeats // 5), max(1, repeats * 3 // 5)
