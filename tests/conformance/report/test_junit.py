from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET

from hypothesis import given

from conformance.report import junit
from conformance.verdict import Outcome, RunResult, Verdict
from tests.conformance.report import samples

# What XML 1.0 allows (section 2.2 of the recommendation).
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cases(root: ET.Element) -> list[ET.Element]:
    return list(root.iter("testcase"))


@given(samples.run_results)
def test_every_run_is_well_formed_and_its_counts_are_true(result: RunResult) -> None:
    text = junit.render(result)
    assert not FORBIDDEN.search(text)
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    assert re.fullmatch(r"\d+\.\d{3}", root.get("time", "0.000"))
    assert len(root) == len(result.contracts)
    for element, parent in [(root, root), *((suite, suite) for suite in root)]:
        assert int(element.attrib["tests"]) == len(cases(parent))
        assert int(element.attrib["failures"]) == len(list(parent.iter("failure")))
        assert int(element.get("skipped", "-1")) == (
            -1 if element is root else len(list(parent.iter("skipped")))
        )
        assert int(element.attrib["errors"]) == len(list(parent.iter("error"))) == 0


@given(samples.run_results)
def test_elements_stand_where_surefire_puts_them(result: RunResult) -> None:
    for suite in ET.fromstring(junit.render(result)):
        tags = [child.tag for child in suite]
        assert tags[0] == "properties"
        assert set(tags[1:]) <= {"testcase", "system-err"}
        for case in suite.iter("testcase"):
            assert case.attrib["classname"]
            assert "\n" not in case.attrib["name"]
            assert float(case.attrib["time"]) == 0
            assert [child.tag for child in case] in (
                ["system-out"],
                ["failure", "system-out"],
                ["skipped", "system-out"],
            )


@given(samples.run_results)
def test_each_requirement_is_one_case_and_each_verdict_has_its_place(result: RunResult) -> None:
    told = cases(ET.fromstring(junit.render(result)))
    judgements = [j for contract in result.contracts for j in contract.judgements]
    for case, judgement in zip(told, judgements, strict=True):
        assert case.attrib["name"].split(" ")[0] == judgement.requirement.id
        assert (case.find("failure") is not None) is (judgement.verdict is Verdict.FAIL)
        skipped = judgement.verdict in {Verdict.INCONCLUSIVE, Verdict.SKIPPED}
        assert (case.find("skipped") is not None) is skipped


def test_a_failure_carries_expected_actual_and_the_command() -> None:
    root = ET.fromstring(junit.render(samples.not_conformant()))
    (failure,) = (
        case.find("failure") for case in cases(root) if case.attrib["name"].startswith("LR-BODY-03 ")
    )
    assert failure is not None
    assert failure.text is not None
    assert f"reproduce: {samples.STACK_TRACE.curl}" in failure.text
    assert f"expected: {samples.STACK_TRACE.expected}" in failure.text
    assert "<script>alert(document.domain)</script>" in failure.text
    assert "\\x1b[31m\\u202e" in failure.text
    assert failure.attrib["message"].startswith("expected a status from 400 to 499; got 500 text/html")


def test_a_warning_passes_and_keeps_its_finding() -> None:
    root = ET.fromstring(junit.render(samples.not_conformant()))
    (case,) = (case for case in cases(root) if case.attrib["name"].startswith("NT-AUTH-04 "))
    assert case.attrib["classname"] == "nortech-historical-data-sync.documented"
    assert [child.tag for child in case] == ["system-out"]
    assert f"reproduce: {samples.SCHEME_CASE.curl}" in (case.findtext("system-out") or "")


def test_a_suite_that_could_not_be_judged_says_so() -> None:
    result = samples.unjudged()
    (suite,) = ET.fromstring(junit.render(result))
    properties = {p.attrib["name"]: p.attrib["value"] for p in suite.iter("property")}
    assert properties["outcome"] == Outcome.UNJUDGED
    assert "accepted no request at all" in (suite.findtext("system-err") or "")


def test_a_long_answer_is_cut_in_the_message_only() -> None:
    finding = dataclasses.replace(samples.STACK_TRACE, actual="x" * 5000)
    result = samples.run(samples.contract(samples.LIVERIG, "current", {"LR-BODY-01": (finding,)}))
    (failure,) = ET.fromstring(junit.render(result)).iter("failure")
    assert len(failure.attrib["message"]) <= 300
    assert "x" * 5000 in (failure.text or "")
