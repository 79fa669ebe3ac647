"""The register of checks that are code, by the name that the catalogue gives them.

A *check* sends requests of its own; a *watch* looks at every answer that anything else brought. Both yield
:class:`Observation` values and know no requirement: the catalogue says which statement a name covers. Where
both have one name, the check brings about what the watch looks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from conformance.verdict import Finding, Sign

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent
    from conformance.depth import Depth


@dataclass(frozen=True)
class Observation:
    """What a check saw, before it is put down to a requirement."""

    sign: Sign
    note: str | None = None
    finding: Finding | None = None


def kept() -> Observation:
    """The requirement was kept in this case."""
    return Observation(Sign.KEPT)


def unknown(note: str) -> Observation:
    """This case proves nothing, for the reason given."""
    return Observation(Sign.UNKNOWN, note)


def seen(note: str) -> Observation:
    """A freedom, and what the target does with it."""
    return Observation(Sign.SEEN, note)


def absent(note: str) -> Observation:
    """There is nothing of what the requirement speaks of, as the note says."""
    return Observation(Sign.ABSENT, note)


CheckFunction = Callable[["Bench"], Iterator[Observation]]
WatchFunction = Callable[["Bench", "Sent"], Iterator[Observation]]


Cost = Callable[["Depth"], int]


@dataclass(frozen=True)
class Check:
    """A check that sends requests."""

    name: str
    run: CheckFunction
    requests: Cost
    """At most so many requests, the shared ones not counted."""
    accepted: Cost
    """At most so many of them are accepted by a correct target."""
    locks_out: bool
    """Whether a correct target may let nobody in after it."""


CHECKS: dict[str, Check] = {}
WATCHES: dict[str, WatchFunction] = {}
_Watch = TypeVar("_Watch", bound=WatchFunction)


def check(
    name: str, *, requests: int | Cost, accepted: int | Cost = 0, locks_out: bool = False
) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check that sends at most *requests* requests of its own; a cost may depend on the depth.

    After one that *locks_out* nothing is held against the target.
    """

    def register(function: CheckFunction) -> CheckFunction:
        if name in CHECKS:
            raise ValueError(f"there are two checks named {name}")
        CHECKS[name] = Check(name, function, _cost(requests), _cost(accepted), locks_out)
        return function

    return register


def _cost(cost: int | Cost) -> Cost:
    return cost if callable(cost) else lambda _: cost


def watch(name: str) -> Callable[[_Watch], _Watch]:
    """Register a function that is shown every answer."""

    def register(function: _Watch) -> _Watch:
        if name in WATCHES:
            raise ValueError(f"there are two watches named {name}")
        WATCHES[name] = function
        return function

    return register
