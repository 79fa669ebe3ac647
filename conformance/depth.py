"""How deep a run goes: how much of the catalogue it takes, and what it may cost the target."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.catalogue import Level


@dataclass(frozen=True)
class Depth:
    """One of the depths that a run can have."""

    name: str
    levels: frozenset[Level]
    """The requirements that are judged."""
    cases: int | None
    """At most so many cases of the catalogue's tables, spread over their groups; None for all."""
    generated: int
    """At most so many requests that Schemathesis makes up."""
    examples: int
    """How many examples its fuzzing phase draws; most of them are equal once they are repaired."""
    repeats: int
    """How often one request is sent again, to see that ids are unique and that nothing fails now and then."""
    max_requests: int
    """The ceiling on requests, a contract, unless the user gives one."""
    max_accepted: int
    """The ceiling on accepted requests where each starts a job, a contract, unless the user gives one."""
    max_seconds: float
    """The ceiling on time, a contract, unless the user gives one."""


SMOKE = Depth("smoke", frozenset({Level.MUST}), 24, 0, 0, 2, 40, 20, 120.0)
STANDARD = Depth("standard", frozenset(Level), None, 46, 30, 10, 400, 60, 900.0)
THOROUGH = Depth("thorough", frozenset(Level), None, 400, 150, 60, 2000, 400, 3600.0)
DEPTHS = {depth.name: depth for depth in (SMOKE, STANDARD, THOROUGH)}
