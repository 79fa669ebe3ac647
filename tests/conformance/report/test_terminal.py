from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from conformance.report import terminal, wording
from conformance.verdict import Finding, Verdict
from tests.conformance.report import samples

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.verdict import RunResult


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")


def summary(result: RunResult, *, verbose: bool = False, reports: tuple[Path, ...] = ()) -> str:
    stream = io.StringIO()
    terminal.summarise(result, stream, verbose=verbose, reports=reports)
    return stream.getvalue()


@given(samples.run_results, st.booleans())
def test_no_answer_can_reach_past_its_line(result: RunResult, verbose: bool) -> None:
    text = summary(result, verbose=verbose)
    text.encode("utf-8")
    assert wording.visible(text) == text
    assert " ".join(text.split()).endswith(f"Next: {wording.next_step(result)}")


def test_a_failure_is_told_with_expected_actual_difference_and_whole_commands() -> None:
    finding = samples.ACCEPTED_WITHOUT_SOURCE
    lines = [line.strip() for line in summary(samples.not_conformant()).splitlines()]
    assert "✗ fail         LR-BODY-01 MUST A request whose body has no `source` is rejected." in lines
    assert f"actual:      {finding.actual}" in lines
    assert f"difference:  {finding.difference}" in lines
    assert finding.curl in lines
    assert finding.twin_curl in lines


def test_what_passed_is_counted_and_only_told_when_asked_for() -> None:
    result = samples.not_conformant()
    passed = "LR-QUERY-01"
    assert passed not in summary(result)
    assert passed in summary(result, verbose=True)
    for contract in result.contracts:
        assert f"{contract.count(Verdict.PASS)} pass; " in summary(result)


@pytest.mark.parametrize(
    "result, code",
    [(samples.conformant(), 0), (samples.not_conformant(), 1), (samples.unjudged(), 3)],
    ids=["conformant", "not conformant", "unjudged"],
)
def test_it_ends_with_the_verdict_the_exit_code_and_the_reports(
    result: RunResult, code: int, tmp_path: Path
) -> None:
    reports = (tmp_path / "report.json", tmp_path / ("a-name-longer-than-the-terminal-is-wide" * 3))
    text = summary(result, reports=reports)
    flat = " ".join(text.split())
    assert f"Exit code {code}: {result.outcome.value}." in flat
    assert text.splitlines()[-2:] == [f"  {path}" for path in reports]


@pytest.mark.parametrize("width", [30, 60, 100, 200])
def test_only_commands_are_wider_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for line in summary(samples.not_conformant(), verbose=True).splitlines():
        assert cell_len(line) <= width or line.strip().startswith("curl "), line


def test_a_long_answer_is_cut_unless_asked_for() -> None:
    result = samples.run(
        samples.contract(
            samples.LIVERIG,
            "current",
            {"LR-BODY-01": (Finding("c", "e", "y" * 4321, "curl x"),)},
        )
    )
    assert "4321 characters" in " ".join(summary(result).split())
    assert summary(result, verbose=True).count("y") > 4321 > summary(result).count("y")


def test_colour_is_for_terminals_and_for_those_who_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def printed() -> str:
        stream = Terminal()
        terminal.summarise(samples.not_conformant(), stream)
        return stream.getvalue()

    coloured = printed()
    assert "\x1b[1;31m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", printed())
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == summary(samples.not_conformant())


def test_a_stream_that_is_not_unicode_gets_marks_it_can_print() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", write_through=True) as stream:
        terminal.summarise(samples.not_conformant(), stream)
        text = raw.getvalue().decode("ascii")
    assert "x fail         LR-BODY-01" in text


def test_progress_on_a_terminal_is_one_line_that_is_gone_afterwards() -> None:
    stream = Terminal()
    with terminal.Progress(stream) as progress:
        progress.start("The plan: 400 requests")
        for done in range(101):
            progress.advance(f"LR-BODY-{done} [red]\x1b[2J", done, 100)
    text = stream.getvalue()
    assert "The plan: 400 requests" in text
    assert "[2J" not in text.replace("\\x1b[2J", "")
    assert text.endswith("\x1b[2K")


@given(st.integers(1, 500))
def test_progress_elsewhere_is_a_few_plain_lines(total: int) -> None:
    stream = io.StringIO()
    with terminal.Progress(stream) as progress:
        progress.start("plan")
        for done in range(total + 1):
            progress.advance("NT-FILE-01", done, total)
    lines = stream.getvalue().splitlines()
    assert "\x1b" not in stream.getvalue()
    assert 2 < len(lines) <= 12
    assert lines[-1] == f"[{total}/{total}] NT-FILE-01"


def test_progress_survives_a_run_that_ends_early_and_one_without_steps() -> None:
    stream = io.StringIO()
    progress = terminal.Progress(stream)
    progress.finish()
    progress.start("plan")
    progress.advance("nothing", 0, 0)
    progress.finish()
    progress.finish()
    assert stream.getvalue() == "plan\n[0/0] nothing\n"
