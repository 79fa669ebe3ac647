from __future__ import annotations

import unicodedata
from dataclasses import replace

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


@pytest.mark.parametrize(
    "verdict, note, words",
    [
        (Verdict.PASS, None, "Nothing. Keep this report"),
        (Verdict.PASS, "the request has nothing at /signals/1", "Of 1 requirement some cases"),
        (Verdict.SKIPPED, "left out of a run of the depth 'smoke'", "run at depth standard"),
        (Verdict.SKIPPED, "no request makes a correct service fail", "Nothing. Keep this report"),
    ],
)
def test_nothing_is_left_to_do_only_where_nothing_was_left_out(
    verdict: Verdict, note: str | None, words: str
) -> None:
    kept = samples.conformant()
    first, *others = kept.contracts
    for judgement in first.judgements:
        told = replace(judgement, verdict=verdict, notes=(note,) if note else ())
        rest = [replace(other, notes=()) for other in first.judgements if other is not judgement]
        plain = [replace(o, judgements=tuple(replace(j, notes=()) for j in o.judgements)) for o in others]
        result = replace(kept, contracts=(replace(first, judgements=(told, *rest)), *plain))
        assert words in wording.next_step(result)
