"""Runs a plan: sends its cases one after the other, gathers evidence, and folds it into verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance import engine
from conformance.answer import Kind, is_busy
from conformance.bench import SAFE_METHODS, Bench, Sent, Unusable
from conformance.budget import BudgetExhausted
from conformance.catalogue import Expectation, Level, Requirement
from conformance.check import WATCHES, Observation, kept, seen, unknown
from conformance.exchange import exchange_of
from conformance.generated import Attribution, as_call
from conformance.judge import judge_answer
from conformance.trouble import TransportError
from conformance.vendor import Gap
from conformance.verdict import ContractResult, Evidence, Judgement, Sign, Verdict, fold

if TYPE_CHECKING:
    import requests

    from conformance.plan import Case, Plan
    from conformance.transport import Transport

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Setting:
    """How to run a plan."""

    seed: int
    answer_seconds: float
    """The bound for one answer."""
    examples: int
    """Requests for Schemathesis's fuzzing phase; 0 leaves out the engine."""
    workers: int = 1
    """How many requests of the catalogue's tables may be under way at once."""


def run(
    plan: Plan, transport: Transport, schemas: Mapping[str, str], setting: Setting, progress: Progress
) -> ContractResult:
    """Judge one contract. Whatever stops the run early is said in the result, never raised."""
    return _Run(plan, transport, schemas, setting, progress).result()


class _Run:
    def __init__(
        self,
        plan: Plan,
        transport: Transport,
        schemas: Mapping[str, str],
        setting: Setting,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._target = plan.target
        self._transport = transport
        self._schemas = schemas
        self._setting = setting
        self._progress = progress
        self._evidence: dict[str, list[Evidence]] = {r.id: [] for r in plan.requirements}
        self._by_check: dict[str, list[Requirement]] = {}
        for requirement in plan.requirements:
            if requirement.check is not None:
                self._by_check.setdefault(requirement.check, []).append(requirement)
        for gap in plan.gaps:
            self._evidence[gap.requirement].append(gap)
        self._bench = Bench(
            plan.target,
            transport,
            watcher=self._watch,
            seed=setting.seed,
            in_time=setting.answer_seconds,
            repeats=plan.depth.repeats,
        )

    def result(self) -> ContractResult:
        cut_short = None
        self._transport.budget.count_accepted(
            lambda e: e.method not in SAFE_METHODS and self._target.classify(e).kind is Kind.ACCEPTED
        )
        try:
            for _ in self._steps():
                pass
        except BudgetExhausted as exhausted:
            cut_short = exhausted.reason
        except TransportError as error:
            cut_short = f"the target could not be reached: {error}"
        finally:
            self._transport.budget.count_accepted(None)
        judgements = tuple(self._fold(requirement, cut_short) for requirement in self._plan.requirements)
        contract = self._target.contract
        return ContractResult(
            contract.id, contract.revision, judgements, len(self._bench.accepted), cut_short
        )

    def _steps(self) -> Iterator[None]:
        plan = self._plan
        total = len(plan.cases) + len(plan.checks) + bool(plan.generated)
        if not self._any_example_accepted(total):
            return
        done = 0
        for what, wanted, observations in self._work():
            self._progress(what, done, total)
            self._add(wanted, observations)
            done += 1
            yield
        self._progress("done", done, total)

    def _work(self) -> Iterator[tuple[str, Sequence[Requirement], Iterator[Observation]]]:
        """Each piece of the plan in turn: what it is, the requirements it is about, what it will observe.

        What no document settles comes last: where the ceilings leave no room for it, or the target lets
        nobody in by then, nothing is lost. Of that the checks come first, since they are few.
        """
        yield from self._tables(free=False)
        yield from self._checks(free=False)
        if self._plan.generated:
            wanted = [r for r in self._plan.requirements if r.generated is not None]
            yield "generated", wanted, self._generated()
        yield from self._checks(free=False, locks_out=True)
        yield from self._checks(free=True)
        yield from self._tables(free=True)

    def _tables(self, *, free: bool) -> Iterator[tuple[str, Sequence[Requirement], Iterator[Observation]]]:
        cases = [case for case in self._plan.cases if (case.requirement.level is Level.MAY) is free]
        for case in self._overlapping(cases):
            yield case.requirement.id, [case.requirement], self._within(free, self._case(case))

    def _checks(
        self, *, free: bool, locks_out: bool = False
    ) -> Iterator[tuple[str, Sequence[Requirement], Iterator[Observation]]]:
        for check in self._plan.checks:
            wanted = self._by_check[check.name]
            if all(r.level is Level.MAY for r in wanted) is free and check.locks_out is locks_out:
                yield check.name, wanted, self._within(free, self._bench.attempt(check.run(self._bench)))

    def _overlapping(self, cases: Sequence[Case]) -> Iterator[Case]:
        """The cases in their order, with the requests of as many as there are workers under way at once."""
        workers = self._setting.workers
        if workers == 1:
            yield from cases
            return
        with ThreadPoolExecutor(max_workers=workers) as pool:
            for first in range(0, len(cases), workers):
                together = cases[first : first + workers]
                calls = [case.mutant.call for case in together if case.mutant is not None]
                self._bench.send_ahead(calls, pool)
                yield from together

    def _within(self, free: bool, observations: Iterator[Observation]) -> Iterator[Observation]:
        """What the ceilings allow; a freedom that they leave no room for is not observed, and that is all.

        The same goes for a target that lets nobody in any more.
        """
        if free and self._bench.locked_out:
            yield unknown(f"not observed: {self._bench.locked_out}")
            return
        try:
            yield from observations
        except BudgetExhausted as exhausted:
            if not free:
                raise
            yield unknown(f"not observed: {exhausted.reason}")

    def _any_example_accepted(self, total: int) -> bool:
        """Send the examples. With none accepted nothing can be shown beside one, so nothing more is sent."""
        answered: list[Sent] = []
        silent: list[str] = []
        for name, start in self._target.starts().items():
            if not isinstance(start, Gap):
                self._progress(f"example {name}", 0, total)
                try:
                    answered.append(self._bench.twin(name))
                except Unusable as unusable:
                    silent.append(str(unusable))
        if any(sent.answer.kind is Kind.ACCEPTED for sent in answered):
            return True
        said = [f"{sent.name} was answered with {self._bench.text(sent.answer)}" for sent in answered]
        first = "; ".join(["the target accepted none of the contract's examples", *(said + silent)[:1]])
        reason = f"{first}; are the URL, the credentials and the identifiers of the profile right?"
        for requirement in self._plan.requirements:
            # That a target which takes nothing does nothing wrong proves nothing either.
            broken = [e for e in self._evidence[requirement.id] if e.sign is Sign.BROKEN]
            self._evidence[requirement.id] = [*broken, Evidence(requirement.id, Sign.UNKNOWN, reason)]
        return False

    def _case(self, case: Case) -> Iterator[Observation]:
        expect = case.requirement.expect
        assert expect is not None  # the catalogue's schema says so
        try:
            twin = self._bench.twin(case.start)
            if case.mutant is None:
                yield self._judge_start(twin, expect)
                return
            mutant = case.mutant
            if expect is Expectation.ACCEPTED:
                self._bench.accepted_twin(case.start)
            sent = self._bench.send(
                case.name,
                mutant.call,
                difference=mutant.difference,
                place=mutant.place,
                twin=twin,
                expect=expect,
            )
        except Unusable as reason:
            yield unknown(str(reason))
            return
        yield self._judge_mutant(sent, twin, expect)

    def _judge_start(self, twin: Sent, expect: Expectation) -> Observation:
        if self._target.meets(expect, twin.answer):
            return kept()
        # Something else was accepted, so the profile is right about the target; else nothing would be run.
        return self._bench.finding(twin, self._target.wording(expect))

    def _judge_mutant(self, sent: Sent, twin: Sent, expect: Expectation) -> Observation:
        if expect is Expectation.EITHER:
            return seen(f"{sent.difference}: {sent.answer.outcome}")
        if expect is Expectation.ACCEPTED:
            return self._bench.acceptance(sent)
        if not self._target.meets(expect, sent.answer):
            if sent.answer.kind is Kind.UNAUTHORIZED and sent.place == "body":
                doubt = self._doubt(sent, twin)
                if doubt is not None:
                    return unknown(f"{sent.name}: refused with 401, {doubt}")
            return self._bench.finding(sent, self._target.wording(expect))
        if twin.answer.kind is not Kind.ACCEPTED:
            return unknown(
                f"the example {twin.name} was not accepted ({self._bench.text(twin.answer)}), so a rejection "
                "of what differs from it proves nothing"
            )
        return kept()

    def _doubt(self, sent: Sent, twin: Sent) -> str | None:
        """Why a 401 may have nothing to do with a body: credentials run out, and servers err now and then."""
        if not self._bench.lets_in(twin):
            return "and so is its twin by now, which was accepted before"
        again = self._bench.send(
            f"{sent.name}, once more", sent.call, difference=sent.difference, place=sent.place, twin=twin
        )
        return None if again.answer.kind is Kind.UNAUTHORIZED else "and not so when it was sent again"

    def _generated(self) -> Iterator[Observation]:
        valid = next((r for r in self._plan.requirements if r.generated == "valid"), None)
        invalid = next((r for r in self._plan.requirements if r.generated == "invalid"), None)
        attribution = Attribution(self._target.contract, self._plan.cases, invalid)
        twins = [s for s in map(self._accepted, self._target.starts()) if s is not None]
        if not twins:
            return
        meant: dict[str, tuple[Requirement, Sent]] = {}
        known = {(sent.call.query, sent.call.content) for sent in self._bench.sent}

        def repair(generated: engine.Generated) -> engine.Generated | None:
            if generated.positive:
                requirement, twin = valid, None
                call, difference = self._target.proper(as_call(generated)), None
            else:
                unmasked = attribution.unmask(generated, [t.call for t in twins])
                if unmasked is None:
                    return None
                requirement, twin = unmasked.requirement, twins[unmasked.start]
                call, difference = unmasked.call, unmasked.difference
            # Many generated requests are one when repaired, and most of those the catalogue sends anyway.
            if (
                requirement is None
                or (call.query, call.content) in known
                or len(meant) == self._plan.generated
            ):
                return None
            known.add((call.query, call.content))
            name = f"generated: {difference}" if difference else "generated valid request"
            place = "body" if difference else None
            expect = Expectation.ACCEPTED if generated.positive else Expectation.REJECTED
            # The answer of the template is a place-holder until the request's own has come.
            template = Sent(name, call, twins[0].answer, difference, place, twin, expect)
            meant[generated.name] = requirement, template
            return replace(generated, query=dict(call.query), headers=dict(call.headers), body=call.body)

        def judge(generated: engine.Generated, response: requests.Response) -> Sequence[str]:
            requirement, template = meant[generated.name]
            exchange = exchange_of(response)
            if is_busy(exchange):
                return ()
            sent = self._bench.record(replace(template, answer=self._target.classify(exchange)))
            expect = template.expect or Expectation.EITHER
            met = self._target.meets(expect, sent.answer)
            observed = kept() if met else self._bench.finding(sent, self._target.wording(expect))
            self._add([requirement], iter([observed]))
            if met and invalid is not None and requirement not in (valid, invalid):
                self._add([invalid], iter([kept()]))
            return ()

        def lost(generated: engine.Generated, error: TransportError) -> None:
            requirement, template = meant[generated.name]
            self._add([requirement], iter([unknown(f"{template.name}: no answer: {error}")]))

        summary = engine.run_engine(
            self._target.contract.document,
            session=self._transport.session,
            base_url=self._transport.base_url,
            seed=self._setting.seed,
            judge=judge,
            repair=repair,
            operation_id=self._target.contract.operation["operationId"],
            max_examples=self._setting.examples,
            lost=lost,
        )
        if summary.stopped is not None:
            raise BudgetExhausted(summary.stopped)
        for error in summary.errors:
            yield unknown(f"Schemathesis: {error}")

    def _accepted(self, name: str) -> Sent | None:
        try:
            return self._bench.accepted_twin(name)
        except Unusable:
            return None

    def _watch(self, sent: Sent) -> None:
        rules = [r.answer for r in self._plan.requirements if r.answer is not None]
        for requirement in self._plan.requirements:
            if requirement.answer is not None:
                observations = judge_answer(self._bench, self._schemas, requirement.answer, sent, rules)
                self._add([requirement], observations)
        for name, watch in WATCHES.items():
            if name in self._by_check:
                self._add(self._by_check[name], watch(self._bench, sent))

    def _add(self, wanted: Sequence[Requirement], observations: Iterator[Observation]) -> None:
        for observation in _survived(observations):
            for requirement in wanted:
                self._evidence[requirement.id].append(
                    Evidence(requirement.id, observation.sign, observation.note, observation.finding)
                )

    def _fold(self, requirement: Requirement, cut_short: str | None) -> Judgement:
        evidence = self._evidence[requirement.id]
        if requirement.id in self._plan.left_out and not evidence:
            note = f"left out of a run of the depth '{self._plan.depth.name}'"
            return Judgement(requirement, Verdict.SKIPPED, 0, notes=(note,))
        if cut_short is not None and not evidence:
            evidence = [Evidence(requirement.id, Sign.UNKNOWN, f"not reached: {cut_short}")]
        if not evidence and requirement.answer is not None:
            note = f"no answer of the kind '{requirement.answer.kind}' came, so there was nothing to judge"
            return Judgement(requirement, Verdict.SKIPPED, 0, notes=(note,))
        return fold(requirement, evidence)


def _survived(observations: Iterator[Observation]) -> Iterator[Observation]:
    """All that a check observes until it falls over, which no answer should make it do.

    A fault of ours must neither end the run nor be held against the target: it leaves things inconclusive.
    """
    try:
        yield from observations
    except (BudgetExhausted, TransportError):
        raise
    except Exception as error:  # noqa: BLE001 - what is not expected has no type
        yield unknown(f"a fault of the suite, please report it: {type(error).__name__}: {error}")
