"""Requests for several logs, wellbores and wells, as the maps and the list of the example hold them (L5)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from conformance.bench import Unusable
from conformance.catalogue import Expectation
from conformance.check import Observation, check, unknown
from conformance.liverig.target import DATE_TIME, MEASURED_DEPTH, LiveRigTarget, Log, wells_of
from conformance.verdict import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.bench import Bench

_MIXED = "mixedLogs"
_EXAMPLES = {DATE_TIME: "dateTimeLog", MEASURED_DEPTH: "measuredDepthLog"}


@check("liverig.several.logs", requests=1, accepted=1)
def logs(bench: Bench) -> Iterator[Observation]:
    """A second log of the same wellbore."""
    yield from _beside(
        bench,
        "two logs of one wellbore",
        lambda first, other: (first.well, first.wellbore) == (other.well, other.wellbore),
        lambda first: replace(first, uid="histdata-no-such-log"),
    )


@check("liverig.several.wellbores", requests=1, accepted=1)
def wellbores(bench: Bench) -> Iterator[Observation]:
    """A log in a second wellbore of the same well."""
    yield from _beside(
        bench,
        "two wellbores of one well",
        lambda first, other: first.well == other.well and first.wellbore != other.wellbore,
        lambda first: replace(first, wellbore="histdata-no-such-wellbore"),
    )


@check("liverig.several.wells", requests=2, accepted=2)
def wells(bench: Bench) -> Iterator[Observation]:
    """A log in a second well; where that goes well, all that the profile names, of both kinds if may be."""
    two = list(
        _beside(
            bench,
            "two wells",
            lambda first, other: first.well != other.well,
            lambda first: replace(first, well="histdata-no-such-well"),
        )
    )
    yield from two
    known = _together(bench)
    if len(known) > 2 and all(observation.sign is Sign.KEPT for observation in two):
        yield _sent(bench, f"{len(known)} logs", known)


@check("liverig.several.kinds", requests=4)
def kinds(bench: Bench) -> Iterator[Observation]:
    """Logs of both kinds, each in a well of its own and in either order, without the range of one kind.

    A well may be made up: it can only be one more reason to reject.
    """
    twin = bench.accepted_twin(_MIXED)
    pairs = list(product(_target(bench).known(DATE_TIME), _target(bench).known(MEASURED_DEPTH)))
    time, depth = next((pair for pair in pairs if pair[0].well != pair[1].well), pairs[0])
    if time.well == depth.well:
        depth = replace(depth, well="histdata-no-such-well")
    for asked in ((time, depth), (depth, time)):
        for words, members in (("depth", {"depth"}), ("start and end", {"start", "end"})):
            order = " log before a ".join(log.kind for log in asked)
            difference = f"body /wells has a {order} log in two wells, and the body has no {words}"
            rest = {name: value for name, value in twin.call.body.items() if name not in members}
            call = replace(twin.call, body=rest | {"wells": wells_of(asked)})
            sent = bench.send(difference, call, difference=difference, twin=twin, place="body")
            met = bench.target.meets(Expectation.REJECTED, sent.answer)
            yield bench.expect(sent, met, bench.target.wording(Expectation.REJECTED))


def _beside(
    bench: Bench, words: str, fits: Callable[[Log, Log], bool], made_up: Callable[[Log], Log]
) -> Iterator[Observation]:
    """Ask for a log of the examples and a known one beside it, of the same kind if there is one.

    Without a known one a made-up one is asked for: it may be refused, but nothing may fail on it.
    """
    for kind in _kinds(bench):
        for other in _target(bench).known(kind)[1:]:
            first = _target(bench).known(kind)[0]
            if fits(first, other):
                yield _sent(bench, words, (first, other))
                return
    if _MIXED in bench.contract.examples:
        for first, other in product(_target(bench).known(DATE_TIME), _target(bench).known(MEASURED_DEPTH)):
            if fits(first, other):
                yield _sent(bench, words, (first, other))
                return
    first = _target(bench).known(DATE_TIME)[0]
    yield _sent(bench, f"{words}, one of them not known", (first, made_up(first)), judged=False)
    yield unknown(
        f"the profile names no two logs for a request for {words}; add one to liverig/more_logs: "
        f"- {{well: ..., wellbore: ..., uid: ..., index_type: {DATE_TIME}}}"
    )


def _together(bench: Bench) -> tuple[Log, ...]:
    """The logs of both kinds where the target takes both in one request, else those of the kind with more."""
    one, *other = sorted((_target(bench).known(kind) for kind in _kinds(bench)), key=len, reverse=True)
    if _MIXED in bench.contract.examples:
        with suppress(Unusable):
            bench.accepted_twin(_MIXED)
            return sum(other, one)
    return one


def _sent(bench: Bench, words: str, asked: tuple[Log, ...], *, judged: bool = True) -> Observation:
    kinds = {log.kind for log in asked}
    twin = bench.accepted_twin(_EXAMPLES[asked[0].kind] if len(kinds) == 1 else _MIXED)
    call = replace(twin.call, body=twin.call.body | {"wells": wells_of(asked)})
    sent = bench.send(words, call, difference=f"body /wells has {words}", twin=twin)
    return bench.acceptance(sent) if judged else unknown(f"{words}: {sent.answer.outcome}")


def _kinds(bench: Bench) -> list[str]:
    """The kinds that the revision has an example of."""
    return [kind for kind, example in _EXAMPLES.items() if example in bench.contract.examples]


def _target(bench: Bench) -> LiveRigTarget:
    target = bench.target
    assert isinstance(target, LiveRigTarget)
    return target
