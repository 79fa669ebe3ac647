from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report import wording
from conformance.verdict import Outcome, RunResult, Verdict
from tests.conformance.report import samples


@given(samples.texts | st.text(st.characters(exclude_categories=())))
def test_visible_text_is_harmless_stable_and_keeps_what_can_be_read(text: str) -> None:
    shown = wording.visible(text)
    assert wording.visible(shown) == shown
    assert {unicodedata.category(c) for c in shown if c not in "\n\t"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    readable = [c for c in text if wording.visible(c) == c]
    remaining = iter(shown)
    assert all(c in remaining for c in readable)


@pytest.mark.parametrize(
    "text", ["curl -X POST 'http://h/?a=b&c=d' --data-raw '{\"é\": \"日本\"}'", "two\nlines\t1"]
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert wording.visible(text) == text


@given(samples.run_results)
def test_reasons_name_what_decided(result: RunResult) -> None:
    for contract in result.contracts:
        first = wording.reasons(contract)[0]
        if contract.outcome is Outcome.NOT_CONFORMANT:
            assert "broken" in first
            assert str(contract.count(Verdict.FAIL)) in first
        elif contract.outcome is Outcome.CONFORMANT:
            assert first == "Every MUST that can be judged was judged, and kept."
        else:
            assert "kept" not in first


@given(samples.run_results)
def test_the_line_of_the_verdict_holds_the_exit_code_and_every_count(result: RunResult) -> None:
    line = wording.verdict_line(result)
    assert line.startswith(wording.HEADLINE[result.outcome])
    assert f"Exit code {result.outcome.exit_code}: {result.outcome}." in line
    for verdict in Verdict:
        total = sum(contract.count(verdict) for contract in result.contracts)
        assert (f"{total} {verdict}" in line) is (total > 0)
