"""What a run is going to send, known before the first request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.catalogue import Expectation, Requirement
from conformance.check import CHECKS, Check
from conformance.mutation import Inapplicable, Mutant, ProfileGap, mutate
from conformance.vendor import Gap, Target
from conformance.verdict import Evidence, Sign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.call import Call


@dataclass(frozen=True)
class Case:
    """One request that a requirement's table asks for."""

    requirement: Requirement
    start: str
    """The named example that it starts from: its twin."""
    mutant: Mutant | None
    """The changed request; None where the example itself is the case."""

    @property
    def name(self) -> str:
        """Stable over runs: the example, and the difference from it."""
        return self.start if self.mutant is None else f"{self.start}: {self.mutant.difference}"


@dataclass(frozen=True)
class Plan:
    """Everything that a run on one contract will do."""

    target: Target
    requirements: tuple[Requirement, ...]
    cases: tuple[Case, ...]
    checks: tuple[Check, ...]
    gaps: tuple[Evidence, ...]
    """Cases that cannot be sent, with the reason."""
    generated: int
    """At most so many requests of Schemathesis's making; 0 for none."""

    @property
    def requests(self) -> int:
        """At most so many requests."""
        starts = {case.start for case in self.cases}
        changed = sum(case.mutant is not None for case in self.cases)
        return len(starts) + changed + sum(check.requests for check in self.checks) + self.generated

    @property
    def accepted(self) -> int:
        """At most so many of them are accepted by a correct target, freedoms and generated ones included."""
        open_or_valid = {Expectation.ACCEPTED, Expectation.EITHER}
        changed = sum(
            case.mutant is not None and case.requirement.expect in open_or_valid for case in self.cases
        )
        starts = {case.start for case in self.cases}
        return len(starts) + changed + sum(check.accepted for check in self.checks) + self.generated


def make(target: Target, requirements: tuple[Requirement, ...], *, generated: int) -> Plan:
    """Plan a run of *requirements* on *target*; nothing is sent."""
    cases: list[Case] = []
    gaps: list[Evidence] = []
    for requirement in requirements:
        if requirement.check == "change":
            for item in _cases(target, requirement):
                if isinstance(item, Case):
                    cases.append(item)
                else:
                    gaps.append(item)
    named = dict.fromkeys(r.check for r in requirements if r.check is not None)
    wants_generated = any(r.generated for r in requirements)
    return Plan(
        target=target,
        requirements=requirements,
        cases=tuple(cases),
        checks=tuple(CHECKS[name] for name in named if name in CHECKS),
        gaps=tuple(gaps),
        generated=generated if wants_generated else 0,
    )


def _cases(target: Target, requirement: Requirement) -> Iterator[Case | Evidence]:
    starts = target.starts()
    if not requirement.changes:
        assert requirement.start is not None  # the catalogue's schema says so
        start = starts[requirement.start]
        if isinstance(start, Gap):
            yield _gap(requirement, start.line)
        else:
            yield Case(requirement, requirement.start, None)
        return
    for change in requirement.changes:
        reason = "no example of the contract has the place that is to be changed"
        for name, start in _candidates(starts, requirement.start):
            if isinstance(start, Gap):
                reason = start.line
                continue
            try:
                mutants = list(mutate(start, change, target.facts))
            except Inapplicable as inapplicable:
                reason = str(inapplicable)
                continue
            except ProfileGap as gap:
                reason = f"the profile does not name it; add {gap}: ... to the section of this contract"
                continue
            yield from (Case(requirement, name, mutant) for mutant in mutants)
            break
        else:
            yield _gap(requirement, reason)


def _candidates(starts: Mapping[str, Call | Gap], name: str | None) -> Iterator[tuple[str, Call | Gap]]:
    yield from starts.items() if name is None else [(name, starts[name])]


def _gap(requirement: Requirement, reason: str) -> Evidence:
    return Evidence(requirement.id, Sign.UNKNOWN, reason)
