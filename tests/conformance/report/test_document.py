from __future__ import annotations

import dataclasses
import json

import jsonschema_rs
import pytest
from hypothesis import given

from conformance.report import document
from conformance.verdict import RunResult, Verdict
from tests.conformance.report import samples


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    schema = document.schema()
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@given(samples.run_results)
def test_every_run_keeps_the_published_schema(
    validator: jsonschema_rs.Draft202012Validator, result: RunResult
) -> None:
    text = document.render(result)
    assert text.endswith("}\n")
    validator.validate(json.loads(text.encode("utf-8")))


def test_schema_refuses_what_a_reader_could_not_rely_on(
    validator: jsonschema_rs.Draft202012Validator,
) -> None:
    built = document.build(samples.not_conformant())
    for spoil in (
        {"format_version": 2},
        {"unheard_of": True},
        {"run": built["run"] | {"exit_code": 2}},
        {"contracts": [built["contracts"][0] | {"outcome": "fine"}]},
    ):
        assert not validator.is_valid(built | spoil), spoil


@given(samples.run_results)
def test_only_the_member_volatile_differs_between_two_runs_with_one_seed(result: RunResult) -> None:
    later = dataclasses.replace(result, volatile={"started": "another day"})
    first, second = document.build(result), document.build(later)
    assert list(first) == list(second)
    assert first.pop("volatile") is not None
    assert second.pop("volatile") == {"started": "another day"}
    assert json.dumps(first) == json.dumps(second)


@given(samples.run_results)
def test_order_of_volatile_members_does_not_reach_the_bytes(result: RunResult) -> None:
    turned = dataclasses.replace(result, volatile=dict(reversed(result.volatile.items())))
    assert document.render(turned) == document.render(result)


@given(samples.run_results)
def test_document_says_what_the_run_says(result: RunResult) -> None:
    read = json.loads(document.render(result))
    assert (read["run"]["outcome"], read["run"]["exit_code"]) == (result.outcome, result.outcome.exit_code)
    assert len(read["contracts"]) == len(result.contracts)
    for contract, told in zip(result.contracts, read["contracts"], strict=True):
        assert told["outcome"] == contract.outcome
        assert told["counts"] == {verdict: contract.count(verdict) for verdict in Verdict}
        assert [r["id"] for r in told["requirements"]] == [j.requirement.id for j in contract.judgements]
        for judgement, requirement in zip(contract.judgements, told["requirements"], strict=True):
            assert requirement["verdict"] == judgement.verdict
            for finding, proof in zip(judgement.findings, requirement["findings"], strict=True):
                assert ("difference" in proof) is (finding.difference is not None)
                assert ("twin_curl" in proof) is (finding.twin_curl is not None)


def test_a_lone_surrogate_is_spelled_out_and_other_text_is_kept() -> None:
    finding = dataclasses.replace(samples.SCHEME_CASE, actual="a\ud800b ü 日本 \U0001f600 \x00")
    result = samples.run(samples.contract(samples.NORTECH, "documented", {"NT-AUTH-01": (finding,)}))
    text = document.render(result)
    assert "ü 日本 \U0001f600" in text
    (told,) = (f for r in json.loads(text)["contracts"][0]["requirements"] for f in r["findings"])
    assert told["actual"] == "a\\ud800b ü 日本 \U0001f600 \x00"
