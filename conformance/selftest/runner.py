"""Runs the suite against variants, each in a server of its own, and says what the suite made of them."""

from __future__ import annotations

import multiprocessing
import random
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, TextIO

import yaml

from conformance import catalogue, contract, plan, profile, run
from conformance.budget import Limits
from conformance.catalogue import Level
from conformance.depth import STANDARD
from conformance.selftest import freedoms, liverig, nortech
from conformance.selftest.common.credentials import PASSWORD, TOKEN, USER
from conformance.selftest.gateway import VariantError, running
from conformance.selftest.variant import Freedom, Mutant
from conformance.transport import Transport
from conformance.vendors import VENDORS
from conformance.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MUTANTS: Mapping[str, tuple[Mutant, ...]] = {
    "liverig-backlog-sync": liverig.MUTANTS,
    "nortech-historical-data-sync": nortech.MUTANTS,
}
FREEDOMS: tuple[Freedom, ...] = freedoms.FREEDOMS
CLEAN = Freedom("clean", "The mock as it is", lambda: _untouched)

_ENVIRON = {
    "HISTDATA_NORTECH_TOKEN": TOKEN,
    "HISTDATA_LIVERIG_USER": USER,
    "HISTDATA_LIVERIG_PASSWORD": PASSWORD,
}
# Of what the template only names; the mock itself looks at no credentials, a variant may.
_CREDENTIALS = {
    "liverig": {
        "auth": {
            "kind": "basic",
            "user_env": "HISTDATA_LIVERIG_USER",
            "password_env": "HISTDATA_LIVERIG_PASSWORD",
        }
    }
}
_ENOUGH = Limits(max_requests=100_000, max_accepted=100_000)
_OLD_RIG = 2


@dataclass(frozen=True)
class Subject:
    """One variant in one revision of one contract."""

    contract: str
    revision: str
    variant: Mutant | Freedom = field(repr=False)

    @property
    def name(self) -> str:
        """Unique among all subjects."""
        kind = "fault" if isinstance(self.variant, Mutant) else "freedom"
        return f"{self.contract.split('-')[0]}-{self.revision}-{kind}-{self.variant.name}"


class NoVariantError(Exception):
    """Nothing is chosen; the message says why."""


class Outcome(StrEnum):
    """What became of a variant."""

    CAUGHT = "caught"
    """The broken requirement is named, and none beside those that must break with it."""
    MISNAMED = "wrongly named"
    """Others are named, with or without the broken one."""
    MISSED = "missed"
    FAIR = "fair"
    """A freedom with neither fail nor warning."""
    ACCUSED = "falsely accused"
    BROKEN = "not shown"
    """The variant failed by itself, so that nothing can be said of the suite."""


@dataclass(frozen=True)
class Result:
    """What the suite made of one subject."""

    subject: str
    does: str
    breaks: str | None
    """The requirement that the variant breaks; None for a freedom."""
    accused: Mapping[str, Finding]
    """Requirements with a fail or a warning, with one finding each."""
    unjudged: tuple[str, ...]
    """Requirements that are no MAY and that came out inconclusive."""
    outcome: Outcome
    named: bool
    """Whether the broken requirement is among the accused."""
    seconds: float
    requests: int


class Clock:
    """The client's clock, which a variant can push on, so that nobody has to wait for a slow server."""

    _BURST = 0.1

    def __init__(self) -> None:
        self._pushed = 0.0
        self._burst = float("-inf")
        self._waited = 0.0

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic() + self._pushed

    def push(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self._pushed += seconds

    def wait(self, seconds: float) -> None:
        """Let an answer take so many seconds; those that come together wait side by side."""
        if time.monotonic() - self._burst > self._BURST:
            self._burst, self._waited = time.monotonic(), 0.0
        more = max(seconds - self._waited, 0.0)
        self._waited += more
        self.push(more)


async def _untouched(ask: Any, serve: Any) -> Any:
    return await serve(ask)


def subjects(variants: Iterable[Mutant | Freedom] | None = None) -> tuple[Subject, ...]:
    """Every variant in each revision that it is meant for, in the order of the tables."""
    found: list[Subject] = []
    for name in catalogue.contracts():
        book = catalogue.load(name)
        holds = {q.id: q.revisions for q in book.requirements}
        for mutant in MUTANTS[name]:
            found += [Subject(name, r, mutant) for r in mutant.revisions or holds[mutant.breaks]]
        for freedom in (CLEAN, *FREEDOMS):
            if name in (freedom.contracts or (name,)):
                found += [
                    Subject(name, r, freedom)
                    for r in freedom.revisions or book.revisions
                    if r in book.revisions
                ]
    return tuple(s for s in found if variants is None or s.variant in tuple(variants))


def judge(subject: Subject, *, seed: int = 1, generated: bool | None = None) -> Result:
    """Run the suite against one subject.

    *generated* says whether requests of Schemathesis's making are sent, too; None leaves it to the variant.

    Raises:
        VariantError: the variant itself has failed.
    """
    variant = subject.variant
    with_engine = variant.generated if generated is None else generated
    vendor = next(v for v in VENDORS if v.contract == subject.contract)
    section = yaml.safe_load(profile.template(VENDORS))[vendor.key] | {"revision": subject.revision}
    section |= _CREDENTIALS.get(vendor.key, {})
    if subject.revision == "old":
        section["rig"] = _OLD_RIG
    book = catalogue.load(subject.contract)
    target = vendor.target(
        contract.load(subject.contract, subject.revision, book.operation), section, _ENVIRON
    )
    planned = plan.make(target, book.of(subject.revision), generated=STANDARD.generated if with_engine else 0)
    setting = run.Setting(seed, profile.DEFAULT_ANSWER_SECONDS, STANDARD.examples if with_engine else 0)
    clock = Clock()
    started = time.monotonic()
    with (
        running(variant.make, {vendor.key: subject.revision}, clock.wait) as url,
        Transport(url, _ENOUGH, target.secrets, clock=clock.now, sleep=clock.push) as transport,
    ):
        result = run.run(planned, transport, book.schemas, setting, lambda *_: None)
        sent = transport.budget.sent
    accused = {
        j.requirement.id: j.findings[0]
        for j in result.judgements
        if j.verdict in (Verdict.FAIL, Verdict.WARN)
    }
    unjudged = tuple(
        j.requirement.id
        for j in result.judgements
        if j.verdict is Verdict.INCONCLUSIVE and j.requirement.level is not Level.MAY
    )
    breaks = variant.breaks if isinstance(variant, Mutant) else None
    return Result(
        subject=subject.name,
        does=variant.does,
        breaks=breaks,
        accused=accused,
        unjudged=unjudged,
        outcome=_outcome(variant, accused.keys()),
        named=breaks in accused,
        seconds=time.monotonic() - started,
        requests=sent,
    )


def _outcome(variant: Mutant | Freedom, accused: Iterable[str]) -> Outcome:
    named = set(accused)
    if isinstance(variant, Freedom):
        return Outcome.ACCUSED if named else Outcome.FAIR
    if not named:
        return Outcome.MISSED
    beyond = [
        name for name in named if not any(fnmatch(name, known) for known in {variant.breaks} | variant.also)
    ]
    return Outcome.CAUGHT if variant.breaks in named and not beyond else Outcome.MISNAMED


def sample(among: Sequence[Subject], number: int, seed: int) -> tuple[Subject, ...]:
    """So many of the subjects, chosen by *seed*, in their own order."""
    if number >= len(among):
        return tuple(among)
    chosen = set(random.Random(seed).sample(range(len(among)), number))
    return tuple(subject for position, subject in enumerate(among) if position in chosen)


def judge_all(
    among: Sequence[Subject], *, seed: int, workers: int, done: Callable[[Result], None] = lambda _: None
) -> tuple[Result, ...]:
    """Run the suite against each of the subjects, over so many processes; *done* sees each result at once."""
    names = [subject.name for subject in among]
    results = []
    for result in _results(names, seed, workers):
        done(result)
        results.append(result)
    return tuple(results)


def _results(names: Sequence[str], seed: int, workers: int) -> Iterator[Result]:
    if workers <= 1:
        yield from (_judge_named(name, seed) for name in names)
        return
    # A server runs in a thread of each process, which a fork would not survive.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_judge_named, names, [seed] * len(names))


def _judge_named(name: str, seed: int) -> Result:
    subject = _named()[name]
    try:
        return judge(subject, seed=seed)
    except VariantError as error:
        return Result(name, str(error), None, {}, (), Outcome.BROKEN, False, 0.0, 0)


def _named() -> Mapping[str, Subject]:
    return {subject.name: subject for subject in subjects()}


@dataclass(frozen=True)
class Score:
    """What all results add up to."""

    results: tuple[Result, ...]

    def count(self, *outcomes: Outcome) -> int:
        """How many have one of the outcomes."""
        return sum(result.outcome in outcomes for result in self.results)

    @property
    def text(self) -> str:
        """The score in one paragraph."""
        mutants = [r for r in self.results if r.breaks is not None]
        fair, accused = self.count(Outcome.FAIR), self.count(Outcome.ACCUSED)
        found = sum(bool(r.accused) for r in mutants)
        named = sum(r.named for r in mutants)
        alone = self.count(Outcome.CAUGHT)
        total = len(mutants)
        return (
            f"{total} faults: {_share(found, total)} found, {_share(named, total)} by what they "
            f"break, {_share(alone, total)} by nothing that is not due\n"
            f"{fair + accused} freedoms: {accused} falsely accused"
            + f"\n{self.count(Outcome.BROKEN)} failed by themselves"
            * bool(self.count(Outcome.BROKEN))
        )

    @property
    def perfect(self) -> bool:
        """Whether every mutant is caught by the requirement that it breaks alone, and no freedom accused."""
        return not self.count(Outcome.MISSED, Outcome.MISNAMED, Outcome.ACCUSED, Outcome.BROKEN)


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else "none"


def line(result: Result) -> str:
    """One result in one line of a table."""
    accused = ", ".join(sorted(result.accused)) or "-"
    return f"{result.outcome:16} {result.subject:64} {result.breaks or '-':14} {accused}"


def main(
    out: TextIO, *, number: int | None, seed: int, workers: int, only: str = "", verbose: bool = False
) -> int:
    """Run the self-test and print its table and score to *out*; return an exit status.

    *number* is how many subjects to take, chosen by *seed*; None for all. *only* keeps those whose name has
    this text in it. Returns 0 where every mutant is caught and no freedom accused, and 1 elsewhere.

    Raises:
        NoVariantError: no name has the text.
    """
    among = tuple(s for s in subjects() if only in s.name)
    if not among:
        raise NoVariantError("no variant has this text in its name")
    chosen = among if number is None else sample(among, number, seed)
    started = time.monotonic()
    print(f"{'outcome':16} {'variant':64} {'breaks':14} accused", file=out)

    def show(result: Result) -> None:
        print(line(result), file=out, flush=True)
        if verbose or result.outcome in (Outcome.ACCUSED, Outcome.MISNAMED):
            for name, finding in result.accused.items():
                if name != result.breaks or verbose:
                    print(
                        f"    {name} {finding.case}: expected {finding.expected}; came {finding.actual}",
                        file=out,
                    )

    score = Score(judge_all(chosen, seed=seed, workers=workers, done=show))
    print(f"\n{score.text}\n{time.monotonic() - started:.0f} s, {workers} workers, seed {seed}", file=out)
    return 0 if score.perfect else 1
