"""What a run is going to send, known before the first request."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from conformance.call import Call
from conformance.catalogue import Expectation, Requirement
from conformance.check import CHECKS, Check
from conformance.depth import STANDARD, Depth
from conformance.mutation import Inapplicable, Mutant, ProfileGap, mutate
from conformance.vendor import Gap, Target
from conformance.verdict import Evidence, Sign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
    depth: Depth
    left_out: frozenset[str]
    """Ids of requirements that this depth does not judge."""

    @property
    def requests(self) -> int:
        """At most so many requests."""
        changed = sum(case.mutant is not None for case in self.cases)
        return self._starts + changed + sum(c.requests(self.depth) for c in self.checks) + self.generated

    @property
    def accepted(self) -> int:
        """At most so many of them are accepted by a correct target, freedoms and generated ones included."""
        open_or_valid = {Expectation.ACCEPTED, Expectation.EITHER}
        changed = sum(
            case.mutant is not None and case.requirement.expect in open_or_valid for case in self.cases
        )
        return self._starts + changed + sum(c.accepted(self.depth) for c in self.checks) + self.generated

    @property
    def _starts(self) -> int:
        return sum(isinstance(start, Call) for start in self.target.starts().values())


def make(
    target: Target,
    requirements: tuple[Requirement, ...],
    depth: Depth = STANDARD,
    *,
    generated: int | None = None,
) -> Plan:
    """Plan a run of *requirements* on *target*; nothing is sent. *generated* replaces the depth's number."""
    wanted = [r for r in requirements if r.level in depth.levels or r.untested is not None]
    cases: list[Case] = []
    gaps: list[Evidence] = []
    for requirement in wanted:
        if requirement.check == "change":
            for item in _cases(target, requirement):
                if isinstance(item, Case):
                    cases.append(item)
                else:
                    gaps.append(item)
    if depth.cases is not None:
        cases = _spread(cases, depth.cases)
    judged = {case.requirement.id for case in cases} | {gap.requirement for gap in gaps}
    left_out = {r.id for r in requirements if r not in wanted or (r.check == "change" and r.id not in judged)}
    named = dict.fromkeys(r.check for r in wanted if r.check is not None)
    checks = [CHECKS[name] for name in named if name in CHECKS]
    if depth.cases is not None:
        # A check that sends nothing itself looks at what another one sent.
        checks = [check for check in checks if 0 < check.requests(depth) <= depth.repeats]
        kept = {check.name for check in checks}
        left_out |= {r.id for r in wanted if r.check in CHECKS and r.check not in kept}
    limit = depth.generated if generated is None else generated
    if not limit:
        left_out |= {r.id for r in wanted if r.generated}
    return Plan(
        target=target,
        requirements=requirements,
        cases=tuple(cases),
        checks=tuple(checks),
        gaps=tuple(gaps),
        generated=limit if any(r.generated for r in wanted) else 0,
        depth=depth,
        left_out=frozenset(left_out),
    )


def _spread(cases: list[Case], number: int) -> list[Case]:
    """So many cases, at first one of each group in turn, then a second one, each of another requirement."""
    groups: dict[str, list[Case]] = {}
    seen: set[str] = set()
    for case in cases:
        if case.requirement.id not in seen:
            seen.add(case.requirement.id)
            groups.setdefault(case.requirement.group, []).append(case)
    rounds = zip_longest(*groups.values())
    chosen = [case for turn in rounds for case in turn if case is not None][:number]
    return [case for case in cases if case in chosen]


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
        if change.start is not None and change.start not in starts:
            continue  # this revision has nothing of the kind
        reason = "no example of the contract has the place that is to be changed"
        for name, start in _candidates(starts, change.start or requirement.start):
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
