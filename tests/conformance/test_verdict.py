from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue import Backing, Level, Requirement
from conformance.verdict import (
    ContractResult,
    Evidence,
    Finding,
    Judgement,
    Outcome,
    RunResult,
    Sign,
    Verdict,
    fold,
)

MUST = Requirement(
    "XX-BODY-01", Level.MUST, Backing.DOCUMENTED, ("L1",), ("current",), "A statement.", check="a.b"
)
SHOULD = replace(MUST, id="XX-BODY-02", level=Level.SHOULD)
MAY = replace(MUST, id="XX-BODY-03", level=Level.MAY)
UNTESTED = replace(MUST, check=None, untested="No request shows it.")


def finding(number: int) -> Finding:
    return Finding(f"case {number}", "this", "that", "curl " + "x" * number)


def evidence(sign: Sign, number: int = 0) -> Evidence:
    broken = finding(number) if sign is Sign.BROKEN else None
    return Evidence(
        "XX-BODY-01", sign, None if sign in (Sign.KEPT, Sign.BROKEN) else f"note {number}", broken
    )


pieces = st.lists(st.builds(evidence, st.sampled_from(Sign), st.integers(0, 20)), max_size=12)


@given(st.sampled_from([MUST, SHOULD]), pieces)
def test_one_broken_case_decides_and_else_one_kept_case_passes(
    requirement: Requirement, given_: list[Evidence]
) -> None:
    signs = {e.sign for e in given_}
    verdict = fold(requirement, given_).verdict
    if Sign.BROKEN in signs:
        assert verdict is (Verdict.FAIL if requirement.level is Level.MUST else Verdict.WARN)
    elif signs == {Sign.ABSENT}:
        assert verdict is Verdict.SKIPPED
    else:
        assert verdict is (Verdict.PASS if Sign.KEPT in signs else Verdict.INCONCLUSIVE)


@given(pieces)
def test_a_freedom_is_never_held_against_anyone(given_: list[Evidence]) -> None:
    judgement = fold(MAY, given_)
    signs = {e.sign for e in given_}
    assert judgement.findings == ()
    if signs == {Sign.ABSENT}:
        assert judgement.verdict is Verdict.SKIPPED
    else:
        observed = bool(signs - {Sign.UNKNOWN, Sign.ABSENT})
        assert judgement.verdict is (Verdict.OBSERVED if observed else Verdict.INCONCLUSIVE)


@given(pieces)
def test_what_the_catalogue_calls_untested_is_skipped_with_its_reason(given_: list[Evidence]) -> None:
    judgement = fold(UNTESTED, given_)
    assert (judgement.verdict, judgement.notes, judgement.findings) == (
        Verdict.SKIPPED,
        ("No request shows it.",),
        (),
    )


@given(pieces, st.integers(1, 5), st.randoms(use_true_random=False))
def test_few_findings_are_kept_without_repeats_and_the_same_ones_in_any_order(
    given_: list[Evidence], kept: int, random: object
) -> None:
    findings = fold(MUST, given_, findings_kept=kept).findings
    every = {e.finding for e in given_ if e.finding}
    assert len(findings) == len(set(findings)) == min(kept, len(every))
    assert [len(f.curl) for f in findings] == sorted(len(f.curl) for f in every)[:kept]
    shuffled = list(given_)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(MUST, shuffled, findings_kept=kept).findings == findings


@given(st.sampled_from([MUST, SHOULD, MAY]), pieces)
def test_every_piece_of_evidence_is_counted_and_what_is_not_decided_says_why(
    requirement: Requirement, given_: list[Evidence]
) -> None:
    judgement = fold(requirement, given_)
    assert judgement.cases == len(given_)
    assert len(set(judgement.notes)) == len(judgement.notes)
    if judgement.verdict is Verdict.INCONCLUSIVE:
        assert judgement.notes


def contract_result(
    *verdicts: tuple[Level, Verdict], accepted: int = 1, cut: str | None = None
) -> ContractResult:
    judgements = tuple(Judgement(replace(MUST, level=level), verdict, 1) for level, verdict in verdicts)
    return ContractResult("a", "current", judgements, accepted, cut)


@pytest.mark.parametrize(
    "result, outcome, exit_code",
    [
        (contract_result((Level.MUST, Verdict.PASS)), Outcome.CONFORMANT, 0),
        (contract_result((Level.MUST, Verdict.PASS), (Level.SHOULD, Verdict.WARN)), Outcome.CONFORMANT, 0),
        (contract_result((Level.MUST, Verdict.SKIPPED)), Outcome.CONFORMANT, 0),
        (contract_result((Level.SHOULD, Verdict.INCONCLUSIVE)), Outcome.CONFORMANT, 0),
        (contract_result((Level.MUST, Verdict.FAIL)), Outcome.NOT_CONFORMANT, 1),
        (contract_result((Level.MUST, Verdict.FAIL), accepted=0), Outcome.NOT_CONFORMANT, 1),
        (contract_result((Level.MUST, Verdict.FAIL), cut="the budget"), Outcome.NOT_CONFORMANT, 1),
        (contract_result((Level.MUST, Verdict.INCONCLUSIVE)), Outcome.UNJUDGED, 3),
        (contract_result((Level.MUST, Verdict.PASS), accepted=0), Outcome.UNJUDGED, 3),
        (contract_result((Level.MUST, Verdict.PASS), cut="the budget"), Outcome.UNJUDGED, 3),
        (contract_result(accepted=0), Outcome.UNJUDGED, 3),
    ],
)
def test_the_outcome_of_a_contract(result: ContractResult, outcome: Outcome, exit_code: int) -> None:
    assert result.outcome is outcome
    assert result.outcome.exit_code == exit_code


FAILED = contract_result((Level.MUST, Verdict.FAIL))
UNJUDGED = contract_result((Level.MUST, Verdict.INCONCLUSIVE))
PASSED = contract_result((Level.MUST, Verdict.PASS))


@pytest.mark.parametrize(
    "contracts, outcome",
    [
        ((), Outcome.UNJUDGED),
        ((PASSED, PASSED), Outcome.CONFORMANT),
        ((PASSED, UNJUDGED), Outcome.UNJUDGED),
        ((UNJUDGED, FAILED, PASSED), Outcome.NOT_CONFORMANT),
    ],
)
def test_a_run_is_as_good_as_its_worst_contract(
    contracts: tuple[ContractResult, ...], outcome: Outcome
) -> None:
    assert RunResult("http://a.example", 1, "standard", contracts, 0).outcome is outcome


@given(st.lists(st.tuples(st.sampled_from(Level), st.sampled_from(Verdict)), max_size=9))
def test_a_fail_is_never_conformant_and_counts_add_up(verdicts: list[tuple[Level, Verdict]]) -> None:
    result = contract_result(*verdicts)
    assert (result.outcome is Outcome.NOT_CONFORMANT) == any(v is Verdict.FAIL for _, v in verdicts)
    assert sum(map(result.count, Verdict)) == len(verdicts)
