"""What a run concluded: one verdict per requirement, one outcome per contract and per run.

Plain immutable data. Checks produce :class:`Evidence`; :func:`fold` turns the evidence for one
requirement into a :class:`Judgement`; reports only read. Nothing here sends, loads or prints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.catalogue import Level, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Verdict(StrEnum):
    """The verdict on one requirement."""

    PASS = "pass"
    """Judged, and kept in every case."""
    FAIL = "fail"
    """A MUST that the target broke."""
    WARN = "warn"
    """A SHOULD that the target broke."""
    INCONCLUSIVE = "inconclusive"
    """Cases were due, but none could prove anything: no accepted twin, profile data missing, cut short."""
    SKIPPED = "skipped"
    """Nothing to judge: the catalogue says why no check can, or what it speaks of was not there."""
    OBSERVED = "observed"
    """A MAY: what the target does is reported and never held against it."""


class Outcome(StrEnum):
    """The outcome of a contract, and of a whole run."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    UNJUDGED = "could not be judged"

    @property
    def exit_code(self) -> int:
        """Process exit status: 0 conformant, 1 not conformant, 3 could not be judged (2 is usage)."""
        return {Outcome.CONFORMANT: 0, Outcome.NOT_CONFORMANT: 1, Outcome.UNJUDGED: 3}[self]


class Sign(StrEnum):
    """What one case says about one requirement."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """The case ran, or could not run, and proves nothing; its note says why."""
    SEEN = "seen"
    """A freedom (MAY) that was observed; its note says what was seen."""
    ABSENT = "absent"
    """There was nothing of what the requirement speaks of; its note says so."""


@dataclass(frozen=True)
class Finding:
    """One broken requirement, with everything needed to see it again."""

    case: str
    """Name of the case, stable over runs with the same seed."""
    expected: str
    actual: str
    curl: str
    """A shell command that reproduces it; secrets appear as ``$NAME`` of their environment variable."""
    difference: str | None = None
    """The one difference from the accepted twin, in words, if the case has a twin."""
    twin_curl: str | None = None
    """The command for the accepted twin."""


@dataclass(frozen=True)
class Evidence:
    """What one case showed about one requirement."""

    requirement: str
    sign: Sign
    note: str | None = None
    """Why a sign is UNKNOWN, or what was SEEN."""
    finding: Finding | None = None
    """Present exactly when the sign is BROKEN."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on one requirement and what it rests on."""

    requirement: Requirement
    verdict: Verdict
    cases: int
    """How many cases gave evidence, of any sign."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    """Reasons (inconclusive, skipped) and observations, without repeats, in order of appearance."""


@dataclass(frozen=True)
class ContractResult:
    """All judgements on one contract in one revision."""

    contract: str
    revision: str
    judgements: tuple[Judgement, ...]
    accepted: int
    """Requests that the target accepted; with none, nothing is ever conformant."""
    cut_short: str | None = None
    """Why the run ended before its plan did, or None."""
    fails_on_warn: bool = False
    """Whether a broken SHOULD counts like a broken MUST; the user's choice, not the contract's."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the numbers stand for that requirements rest on."""

    @property
    def outcome(self) -> Outcome:
        """NOT_CONFORMANT on any fail, or any warn where asked for.

        CONFORMANT only if something was accepted and every MUST was judged.
        """
        verdicts = [(j.requirement.level, j.verdict) for j in self.judgements]
        deciding = {Verdict.FAIL, Verdict.WARN} if self.fails_on_warn else {Verdict.FAIL}
        if any(verdict in deciding for _, verdict in verdicts):
            return Outcome.NOT_CONFORMANT
        open_must = any(
            level is Level.MUST and verdict is Verdict.INCONCLUSIVE for level, verdict in verdicts
        )
        if open_must or self.cut_short or not self.accepted:
            return Outcome.UNJUDGED
        return Outcome.CONFORMANT

    def count(self, verdict: Verdict) -> int:
        """How many requirements have this verdict."""
        return sum(1 for j in self.judgements if j.verdict is verdict)


@dataclass(frozen=True)
class RunResult:
    """A whole run, ready to be reported."""

    target: str
    """Base URL judged."""
    seed: int
    depth: str
    """Name of the depth that was run: smoke, standard or thorough."""
    contracts: tuple[ContractResult, ...]
    requests: int
    """HTTP requests sent, retries included."""
    volatile: dict[str, object] = field(default_factory=dict)
    """All that may differ between runs with one seed: started (ISO 8601), seconds, versions, latencies."""

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of any contract; UNJUDGED if there is none."""
        outcomes = {c.outcome for c in self.contracts} or {Outcome.UNJUDGED}
        for worst in (Outcome.NOT_CONFORMANT, Outcome.UNJUDGED):
            if worst in outcomes:
                return worst
        return Outcome.CONFORMANT


def fold(requirement: Requirement, evidence: Sequence[Evidence], *, findings_kept: int = 3) -> Judgement:
    """Turn all evidence for one requirement into its verdict.

    One broken case decides (FAIL for a MUST, WARN for a SHOULD); a MAY is only ever OBSERVED; otherwise one
    kept case is a PASS, and no kept case at all is INCONCLUSIVE. A requirement that the catalogue declares
    untested, or that speaks of what is not there, is SKIPPED with its reason. At most *findings_kept*
    findings are carried, smallest command first.
    """
    notes = tuple(dict.fromkeys(e.note for e in evidence if e.note))
    if requirement.untested is not None:
        return Judgement(requirement, Verdict.SKIPPED, 0, notes=(requirement.untested,))
    signs = {e.sign for e in evidence}
    findings: tuple[Finding, ...] = ()
    if signs == {Sign.ABSENT}:
        verdict = Verdict.SKIPPED
    elif requirement.level is Level.MAY:
        verdict = Verdict.OBSERVED if signs - {Sign.UNKNOWN, Sign.ABSENT} else Verdict.INCONCLUSIVE
    elif Sign.BROKEN in signs:
        verdict = Verdict.FAIL if requirement.level is Level.MUST else Verdict.WARN
        findings = _smallest((e.finding for e in evidence if e.finding), findings_kept)
    else:
        verdict = Verdict.PASS if Sign.KEPT in signs else Verdict.INCONCLUSIVE
    if verdict is Verdict.INCONCLUSIVE and not notes:
        notes = ("no case for it was run",)
    return Judgement(requirement, verdict, len(evidence), findings, notes)


def _smallest(findings: Iterable[Finding], limit: int) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (len(f.curl), f.case))[:limit])
