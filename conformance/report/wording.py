"""The words that all reports share, and the one place where text from a target is made harmless to print.

What a target answers is hostile until shown otherwise: terminal escapes, characters XML forbids, marks that
reverse the reading order. They are shown, as backslash escapes, and never passed on.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from conformance.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.verdict import ContractResult, Finding, Judgement, RunResult

URGENCY: tuple[Verdict, ...] = (
    Verdict.FAIL,
    Verdict.WARN,
    Verdict.INCONCLUSIVE,
    Verdict.SKIPPED,
    Verdict.OBSERVED,
    Verdict.PASS,
)
"""Every verdict, the one that needs a reader most first."""

MEANING: dict[Verdict, str] = {
    Verdict.PASS: "judged, and kept in every case",
    Verdict.FAIL: "a MUST that the target broke",
    Verdict.WARN: "a SHOULD that the target broke",
    Verdict.INCONCLUSIVE: "nothing could be proved either way; the note says why",
    Verdict.SKIPPED: "not judged on purpose; the note says why",
    Verdict.OBSERVED: "a freedom: reported, never held against the target",
}
"""What each verdict means, in one line."""

SYMBOL: dict[Verdict, str] = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.WARN: "!",
    Verdict.INCONCLUSIVE: "?",
    Verdict.SKIPPED: "–",
    Verdict.OBSERVED: "○",
}
"""A mark per verdict, so that none is told by colour alone."""

ASCII_SYMBOL: dict[Verdict, str] = SYMBOL | {
    Verdict.PASS: "+",
    Verdict.FAIL: "x",
    Verdict.SKIPPED: "-",
    Verdict.OBSERVED: "o",
}
"""The same for streams that print ASCII only."""

HEADLINE: dict[Outcome, str] = {
    Outcome.CONFORMANT: "Conformant",
    Outcome.NOT_CONFORMANT: "Not conformant",
    Outcome.UNJUDGED: "Could not be judged",
}
"""An outcome as a headline."""

EXIT_MEANING: dict[int, str] = {
    0: "conformant",
    1: "not conformant",
    2: "wrong usage or configuration",
    3: "could not be judged",
}
"""What each exit code of ``histdata-conformance run`` means."""

# Line separators are no controls to Unicode, yet they break a line in editors and in JavaScript.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ESCAPED_BEYOND = frozenset({"\ufffe", "\uffff"})


def visible(text: str) -> str:
    """Return *text* with every control, format and surrogate character as an escape that can be read.

    Line feeds and tabs stay. The result encodes to UTF-8, holds only characters that XML 1.0 allows, and
    cannot move a cursor, ring a bell or reorder a line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    if unicodedata.category(character) in _ESCAPED_CATEGORIES or character in _ESCAPED_BEYOND:
        return character.encode("unicode_escape").decode("ascii")
    return character


def plural(count: int, singular: str, many: str | None = None) -> str:
    """Return the count with its noun: ``1 case``, ``2 cases``."""
    return f"{count} {singular if count == 1 else many or singular + 's'}"


def groups(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    """Sort judgements into the groups of their requirements, both in order of first appearance."""
    sorted_into: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        sorted_into.setdefault(judgement.requirement.group, []).append(judgement)
    return sorted_into


def counts(judgements: Iterable[Judgement]) -> str:
    """Say how many requirements have each verdict that occurs, the most urgent verdict first."""
    verdicts = [judgement.verdict for judgement in judgements]
    counted = [(verdicts.count(verdict), verdict.value) for verdict in URGENCY]
    return ", ".join(f"{count} {name}" for count, name in counted if count) or "no requirement"


def reasons(contract: ContractResult) -> list[str]:
    """Say in sentences why the contract has its outcome, the deciding reason first."""
    said = []
    if failed := contract.count(Verdict.FAIL):
        said.append(f"{plural(failed, 'MUST is', 'MUSTs are')} broken.")
    if contract.cut_short:
        said.append(f"The run ended before its plan did: {_sentence(contract.cut_short)}")
    if not contract.accepted:
        said.append("The target accepted no request at all, so nothing it refused proves anything.")
    if open_musts := sum(
        1
        for judgement in contract.judgements
        if judgement.verdict is Verdict.INCONCLUSIVE and judgement.requirement.level == "MUST"
    ):
        said.append(f"{plural(open_musts, 'MUST', 'MUSTs')} could not be judged.")
    left_out = sum(map(is_left_out, contract.judgements))
    if not said and left_out:
        said.append("Every MUST that this depth judges was kept.")
    elif not said:
        said.append("Every MUST that can be judged was judged, and kept.")
    if left_out:
        said.append(f"This depth leaves out {plural(left_out, 'requirement')}.")
    if warned := contract.count(Verdict.WARN):
        said.append(f"{plural(warned, 'SHOULD is', 'SHOULDs are')} broken.")
    return said


def next_step(result: RunResult) -> str:
    """Say what a reader who sees this outcome does next."""
    if not result.contracts:
        return "No contract was run. Name at least one in the target profile."
    if result.outcome is Outcome.NOT_CONFORMANT:
        return (
            "Start with the first failure: run its curl command against the target, compare the answer with "
            "what was expected, fix the target and run again with the same seed."
        )
    if result.outcome is Outcome.UNJUDGED:
        if not any(contract.accepted for contract in result.contracts):
            return (
                "Check that the target is up, and that the credentials and the known-good identifiers in the "
                "profile are its own. Then run again."
            )
        if any("could not be reached" in (contract.cut_short or "") for contract in result.contracts):
            return "The target went away while it was judged. See that it is up and stays up, and run again."
        return (
            "Read the notes of the inconclusive MUSTs, and why the run was cut short if it was. Complete the "
            "profile or raise the limit, and run again."
        )
    if any(contract.count(Verdict.WARN) for contract in result.contracts):
        return "Nothing blocks a release. Read the warnings: each is a promise that is implied, and broken."
    judgements = [judgement for contract in result.contracts for judgement in contract.judgements]
    if left_out := sum(map(is_left_out, judgements)):
        return (
            f"Before a release, run at depth standard: this one left out {plural(left_out, 'requirement')}."
        )
    partly = sum(bool(j.notes) and j.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE) for j in judgements)
    if partly:
        return (
            f"Nothing blocks a release. Of {plural(partly, 'requirement')} some cases could not be judged: "
            "the notes in the reports say why, and what the profile lacks."
        )
    return "Nothing. Keep this report with the release."


def is_left_out(judgement: Judgement) -> bool:
    """Whether the depth of the run is why it was not judged."""
    return any("left out of a run" in note for note in judgement.notes)


def parts(finding: Finding) -> list[tuple[str, str]]:
    """Return the parts that a finding has as (label, text), in the order they are read."""
    labelled = (
        ("case", finding.case),
        ("expected", finding.expected),
        ("actual", finding.actual),
        ("difference", finding.difference),
        ("reproduce", finding.curl),
        ("accepted twin", finding.twin_curl),
    )
    return [(label, text) for label, text in labelled if text is not None]


def verdict_line(result: RunResult) -> str:
    """Return the whole run in one line: outcome, counts, exit code and its meaning."""
    counted = counts(judgement for contract in result.contracts for judgement in contract.judgements)
    code = result.outcome.exit_code
    return f"{HEADLINE[result.outcome]}: {counted}. Exit code {code}: {EXIT_MEANING[code]}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
