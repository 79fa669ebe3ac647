"""The suite against a sample of its mutants, against freedoms, and against the mock as it is."""

from __future__ import annotations

import io

import pytest

from conformance.selftest import runner
from conformance.selftest.runner import Outcome, Subject
from conformance.selftest.variant import Freedom, Mutant

SUBJECTS = runner.subjects()
BY_NAME = {subject.name: subject for subject in SUBJECTS}
CLEAN = [subject for subject in SUBJECTS if subject.variant is runner.CLEAN]
FREEDOMS = [s for s in SUBJECTS if isinstance(s.variant, Freedom) and s not in CLEAN]
# One of each kind of fault, over both contracts and all revisions.
FAULTS = [
    "liverig-current-fault-query-instance-optional",
    "liverig-current-fault-rig-takes-number",
    "liverig-current-fault-depth-optional-beside-time",
    "liverig-current-fault-depth-range-compared-as-text",
    "liverig-current-fault-second-log-unchecked",
    "liverig-current-fault-other-protocol-taken",
    "liverig-current-fault-uuid-by-body",
    "liverig-current-fault-leaks-java",
    "liverig-current-fault-no-content-type",
    "liverig-current-fault-half-a-collector-refused",
    "liverig-old-fault-old-rig-takes-text",
    "liverig-old-fault-status-202",
    "liverig-old-fault-chunked-refused",
    "liverig-old-fault-accepts-once",
    "nortech-documented-fault-no-token-403",
    "nortech-documented-fault-mixture-object-first",
    "nortech-documented-fault-rename-up-to-128",
    "nortech-documented-fault-window-inverted",
    "nortech-documented-fault-default-csv",
    "nortech-documented-fault-location-query",
    "nortech-documented-fault-lists-first",
    "nortech-documented-fault-file-guarded",
    "nortech-documented-fault-shifted-hour",
    "nortech-documented-fault-csv-columns-exchanged",
    "nortech-current-fault-id-of-first-again",
    "nortech-current-fault-values-by-name-differ",
    "nortech-current-fault-rows-limited",
    "nortech-current-fault-details-array",
    "nortech-current-fault-nan",
]


def _ids(subjects: list[Subject]) -> list[str]:
    return [subject.name for subject in subjects]


@pytest.mark.parametrize("subject", CLEAN, ids=_ids(CLEAN))
@pytest.mark.parametrize("generated", [False, True], ids=["tables", "generated"])
def test_the_mock_as_it_is_has_no_finding_and_nothing_unjudged(subject: Subject, generated: bool) -> None:
    result = runner.judge(subject, generated=generated)

    assert result.accused == {}
    assert generated is False or result.unjudged == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_the_requirement_that_it_breaks_and_no_other_is_accused(name: str) -> None:
    result = runner.judge(BY_NAME[name])

    assert result.outcome is Outcome.CAUGHT, runner.line(result)


@pytest.mark.parametrize("subject", runner.sample(FREEDOMS, 48, seed=1), ids=lambda subject: subject.name)
def test_a_freedom_is_not_held_against_a_server(subject: Subject) -> None:
    result = runner.judge(subject)

    assert result.accused == {}, runner.line(result)


def test_a_sample_is_as_large_as_asked_for_and_the_same_for_the_same_seed() -> None:
    chosen = runner.sample(SUBJECTS, 10, seed=7)

    assert len(set(chosen)) == 10
    assert chosen == runner.sample(SUBJECTS, 10, seed=7)
    assert chosen != runner.sample(SUBJECTS, 10, seed=8)
    assert runner.sample(SUBJECTS[:3], 10, seed=7) == SUBJECTS[:3]


def test_the_table_names_each_variant_and_the_score_counts_them() -> None:
    out = io.StringIO()

    status = runner.main(out, number=None, seed=1, workers=1, only="liverig-current-fault-source-optional")

    assert status == 0
    assert "liverig-current-fault-source-optional" in out.getvalue()
    assert "1 faults: 1 (100.0%) found" in out.getvalue()


def test_a_fault_that_nobody_named_is_missed_and_spoils_the_score() -> None:
    harmless = Mutant("harmless", "LR-BODY-01", "Does nothing", runner.CLEAN.make)
    result = runner.judge(Subject("liverig-backlog-sync", "current", harmless))

    assert result.outcome is Outcome.MISSED
    assert not runner.Score((result,)).perfect


def test_a_fault_that_is_put_down_to_another_requirement_is_wrongly_named() -> None:
    real = BY_NAME["liverig-current-fault-source-optional"]
    assert isinstance(real.variant, Mutant)
    misnamed = Mutant("misnamed", "LR-BODY-02", "Does not need a source", real.variant.make)
    result = runner.judge(Subject("liverig-backlog-sync", "current", misnamed))

    assert result.outcome is Outcome.MISNAMED
    assert set(result.accused) == {"LR-BODY-01"}
