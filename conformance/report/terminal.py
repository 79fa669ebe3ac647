"""The run on a terminal: progress while it lasts, and the summary at its end.

Nothing is told by colour alone, and a command is never broken over lines by us, so that it can be copied.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Self, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

from conformance.report import wording
from conformance.report.printer import Printer
from conformance.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.verdict import ContractResult, Finding, Judgement, RunResult

STYLE: dict[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.SKIPPED: "bright_black",
    Verdict.OBSERVED: "cyan",
}
"""Colour of each verdict."""

_OUTCOME_STYLE = {
    Outcome.CONFORMANT: "bold green",
    Outcome.NOT_CONFORMANT: "bold red",
    Outcome.UNJUDGED: "bold magenta",
}
_QUIET = frozenset({Verdict.PASS, Verdict.OBSERVED})
_COMMANDS = frozenset({"reproduce", "accepted twin"})
_LONGEST_TEXT = 600
_PLAIN_STEPS = 10


class Progress:
    """Live progress: one line that updates on a terminal, a line every tenth of the way anywhere else.

    A context manager: leaving it removes the line, also when the run ends early. Safe to call from threads.
    """

    def __init__(self, stream: TextIO) -> None:
        self._printer = Printer(stream)
        self._console = self._printer.console
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar: Bar | None = None
        self._printed = -1
        self._lock = threading.Lock()

    def start(self, plan: str) -> None:
        """Print the plan and begin; called once, before the first request."""
        self._printer.line(plan)
        if self._live:
            self._bar = Bar(
                TextColumn(
                    "{task.description}",
                    markup=False,
                    table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
                ),
                BarColumn(bar_width=min(30, self._console.width // 4)),
                MofNCompleteColumn(table_column=Column(no_wrap=True)),
                TimeElapsedColumn(table_column=Column(no_wrap=True)),
                console=self._console,
                transient=True,
                expand=True,
            )
            self._bar.add_task("starting", total=None)
            self._bar.start()

    def advance(self, what: str, done: int, total: int) -> None:
        """Say that *done* of *total* steps are done and that *what* (a requirement id, a group) is next."""
        with self._lock:
            if self._bar is not None:
                task = self._bar.task_ids[0]
                self._bar.update(task, description=wording.visible(what), completed=done, total=total)
            elif not self._live:
                step = done * _PLAIN_STEPS // total if total else _PLAIN_STEPS
                if step > self._printed:
                    self._printed = step
                    self._printer.whole(f"[{done}/{total}] {what}")

    def finish(self) -> None:
        """End the display; calling it again, or without a start, does nothing."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()


def summarise(
    result: RunResult, stream: TextIO, *, verbose: bool = False, reports: Sequence[Path] = ()
) -> None:
    """Print the finished run to *stream*: every contract, what is not a pass, the verdict in a line.

    Args:
        result: the run.
        stream: where to print; colour and width follow from what it is.
        verbose: also print each requirement that passed or was observed, and long answers whole.
        reports: paths of the written reports, named at the end.
    """
    _Summary(Printer(stream), verbose).print(result, reports)


class _Summary:
    """Prints one run; holds what every line needs to know."""

    def __init__(self, printer: Printer, verbose: bool) -> None:
        self._printer = printer
        self._verbose = verbose
        self._symbols = printer.symbols

    def print(self, result: RunResult, reports: Sequence[Path]) -> None:
        line = self._printer.line
        for contract in result.contracts:
            self._contract(contract)
        line()
        if not self._verbose and any(contract.count(Verdict.OBSERVED) for contract in result.contracts):
            line(("What was observed is in the reports; it is never held against a target.", "dim"))
        line((wording.verdict_line(result), _OUTCOME_STYLE[result.outcome]))
        line(("Next: ", "bold"), wording.next_step(result))
        if reports:
            line(("Reports:", "bold"))
            for path in reports:
                self._printer.whole(str(path), indent=2)

    def _contract(self, contract: ContractResult) -> None:
        line = self._printer.line
        line()
        line(
            (f"{contract.contract} ({contract.revision})", "bold"),
            ": ",
            (wording.HEADLINE[contract.outcome].lower(), _OUTCOME_STYLE[contract.outcome]),
        )
        accepted = wording.plural(contract.accepted, "request")
        line(f"{wording.counts(contract.judgements)}; {accepted} accepted", indent=2)
        for reason in wording.reasons(contract):
            line(reason, indent=2)
        judged = list(contract.judgements)
        if not contract.accepted and not self._verbose:
            # Nothing could be judged for one and the same reason, which is said once.
            judged = [j for j in judged if j.findings]
            notes = Counter(note for j in contract.judgements for note in j.notes)
            for note, _ in notes.most_common(1):
                if contract.cut_short is None or contract.cut_short not in note:
                    line(note, indent=2)
        line()
        for group, judgements in wording.groups(judged).items():
            self._group(group, judgements)

    def _group(self, group: str, judgements: list[Judgement]) -> None:
        # What the depth leaves out was counted above, and is no more to say of a group.
        judgements = [j for j in judgements if self._verbose or not wording.is_left_out(j)]
        if not judgements:
            return
        shown = [j for j in judgements if self._verbose or j.verdict not in _QUIET]
        self._printer.line((f"{group:<10}", "bold"), " ", wording.counts(judgements), indent=2)
        for judgement in shown:
            self._judgement(judgement)
        if shown and not shown[-1].findings:
            self._printer.line()

    def _judgement(self, judgement: Judgement) -> None:
        line = self._printer.line
        requirement = judgement.requirement
        line(
            (f"{self._symbols[judgement.verdict]} {judgement.verdict.value:<12} ", STYLE[judgement.verdict]),
            (requirement.id, "bold"),
            f" {requirement.level.value} {requirement.statement}",
            indent=4,
            hanging=15,
        )
        if judgement.findings or self._verbose:
            rests_on = [
                requirement.evidence.value,
                *requirement.facts,
                wording.plural(judgement.cases, "case"),
            ]
            line((", ".join(rests_on), "dim"), indent=19)
        for note in judgement.notes:
            line(note, indent=19)
        for finding in judgement.findings:
            self._finding(finding)
        if judgement.findings:
            line()

    def _finding(self, finding: Finding) -> None:
        line = self._printer.line
        line()
        for label, text in wording.parts(finding):
            if label in _COMMANDS:
                line((f"{label}:", "bold"), indent=8)
                self._printer.whole(text, indent=10)
                continue
            if not self._verbose and len(text) > _LONGEST_TEXT:
                shown = (
                    f"{text[:_LONGEST_TEXT]} … ({len(text)} characters; the written reports have them all)"
                )
            else:
                shown = text
            line((f"{label + ':':<12} ", "bold"), shown, indent=8, hanging=13)
