from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance import catalogue, run
from conformance.answer import Kind
from conformance.budget import Limits
from conformance.catalogue import Expectation, Level
from conformance.check import CHECKS
from conformance.depth import DEPTHS, SMOKE, STANDARD
from conformance.plan import make
from conformance.transport import Transport
from mock_server.app import create_app
from mock_server.serving.server import serving as mocking
from mock_server.settings import Settings
from tests.conformance.loopback import accepting, serving
from tests.conformance.targets import EDITIONS, ENVIRON, LIVERIG, NORTECH, target

if TYPE_CHECKING:
    from conformance.depth import Depth
    from conformance.plan import Plan
    from conformance.verdict import ContractResult

PLENTY = Limits(max_requests=10_000, max_accepted=10_000, timeout=10)
# Most of what the engine draws is equal once repaired: more examples than the plan has room for.
TIGHT = replace(STANDARD, generated=6, examples=10)


def planned(contract_id: str, revision: str, depth: Depth, **changes: Any) -> Plan:
    return make(target(contract_id, revision, **changes), catalogue.load(contract_id).of(revision), depth)


def carried_out(plan: Plan, url: str) -> tuple[Transport, int, ContractResult]:
    """Run a plan without ceilings: what was sent, how much of it was accepted, and the result."""
    with Transport(url, PLENTY, ENVIRON) as transport:
        accepted: list[int] = []
        transport.budget.on_exchange(
            lambda e: accepted.append(e.method == "POST" and plan.target.classify(e).kind is Kind.ACCEPTED)
        )
        schemas = catalogue.load(plan.target.contract.id).schemas
        setting = run.Setting(seed=3, answer_seconds=10, examples=plan.depth.examples)
        result = run.run(plan, transport, schemas, setting, lambda *_: None)
        return transport, sum(accepted), result


@pytest.mark.parametrize("contract_id, revision", [(LIVERIG, "current"), (NORTECH, "documented")])
def test_on_a_correct_target_a_run_sends_and_starts_no_more_than_was_planned(
    contract_id: str, revision: str
) -> None:
    plan = planned(contract_id, revision, TIGHT)
    with mocking(create_app(Settings())) as url:
        transport, accepted, result = carried_out(plan, url)
    assert result.cut_short is None
    assert 0 < transport.budget.sent <= plan.requests
    assert 0 < accepted <= plan.accepted
    assert result.accepted <= plan.accepted


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_on_a_target_that_takes_everything_a_run_sends_no_more_than_was_planned(
    contract_id: str, revision: str
) -> None:
    plan = planned(contract_id, revision, replace(STANDARD, generated=0, examples=0))
    with serving(accepting()) as loopback:
        transport, _, result = carried_out(plan, loopback.url)
        assert result.cut_short is None
        assert len(loopback.asked) <= transport.budget.sent <= plan.requests


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_each_deeper_plan_costs_more_and_none_takes_a_requirement_away(
    contract_id: str, revision: str
) -> None:
    plans = [planned(contract_id, revision, depth) for depth in DEPTHS.values()]
    assert [plan.requests for plan in plans] == sorted(plan.requests for plan in plans)
    for plan in plans:
        assert plan.accepted <= plan.requests
        assert plan.requirements == catalogue.load(contract_id).of(revision)
    assert not plans[1].left_out
    assert not plans[2].left_out


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_smoke_keeps_to_musts_and_to_its_number_of_cases(contract_id: str, revision: str) -> None:
    plan = planned(contract_id, revision, SMOKE)
    assert SMOKE.cases is not None
    assert 0 < len(plan.cases) <= SMOKE.cases
    assert {case.requirement.level for case in plan.cases} == {Level.MUST}
    assert plan.generated == 0
    assert plan.requests <= SMOKE.max_requests


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_a_case_has_a_name_of_its_own_and_its_requirement_an_expectation(
    contract_id: str, revision: str
) -> None:
    plan = planned(contract_id, revision, STANDARD)
    named = [(case.requirement.id, case.name) for case in plan.cases]
    assert len(set(named)) == len(named)
    assert all(isinstance(case.requirement.expect, Expectation) for case in plan.cases)
    assert set(plan.checks) <= set(CHECKS.values())


@pytest.mark.parametrize(
    "contract_id, revision, changes, requirement, words",
    [
        (LIVERIG, "current", {"depth_log": None}, "LR-DEPTH-12", "add liverig/depth_log"),
        (LIVERIG, "current", {"source_of_other_protocol": None}, "LR-SOURCE-01", "source_of_other_protocol"),
        (NORTECH, "documented", {"signals": [{"id": 1}]}, "NT-SIGNALS-08", "add workspace, asset"),
    ],
)
def test_what_the_profile_leaves_open_is_a_gap_that_says_what_to_add(
    contract_id: str, revision: str, changes: dict[str, Any], requirement: str, words: str
) -> None:
    plan = planned(contract_id, revision, STANDARD, **changes)
    notes = [gap.note for gap in plan.gaps if gap.requirement == requirement]
    assert notes
    assert all(note is not None and words in note for note in notes)
    assert requirement not in {case.requirement.id for case in plan.cases}


def test_a_profile_with_gaps_is_still_judged_and_the_gaps_are_never_a_pass() -> None:
    plan = planned(LIVERIG, "current", replace(STANDARD, generated=0, examples=0), depth_log=None)
    open_ = {gap.requirement for gap in plan.gaps}
    with mocking(create_app(Settings())) as url:
        transport, _, result = carried_out(plan, url)
    assert transport.budget.sent <= plan.requests
    judged = {j.requirement.id: j for j in result.judgements}
    assert {judged[name].verdict for name in open_ if judged[name].cases == 1} <= {"inconclusive"}
    assert {judged["LR-DEPTH-12"].verdict, judged["LR-RANGE-04"].verdict} == {"inconclusive"}
    assert judged["LR-BODY-01"].verdict == "pass"
    assert result.outcome == "could not be judged"
