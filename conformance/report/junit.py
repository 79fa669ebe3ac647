"""``junit.xml``: the run for continuous integration, a test suite a contract and a test case a requirement.

JUnit knows neither a warning nor an inconclusive test, so the six verdicts are mapped: ``fail`` is a failure;
``warn`` passes, with the finding in its ``system-out``, since only a MUST may break a build; ``inconclusive``
and ``skipped`` are skipped, with the reason; ``pass`` and ``observed`` pass. A run of which nothing could be
judged therefore shows as skipped throughout: that it is no success is said by the exit code, and by the
properties and the ``system-err`` of its suite.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from conformance.report import wording
from conformance.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from conformance.verdict import ContractResult, Finding, Judgement, RunResult

_SKIPPED = frozenset({Verdict.INCONCLUSIVE, Verdict.SKIPPED})
_LONGEST_MESSAGE = 300
_LONGEST_NAME = 200


def render(result: RunResult) -> str:
    """Return the text of ``junit.xml``, in the structure of Maven Surefire that Jenkins and GitLab read."""
    root = ET.Element("testsuites", {"name": "histdata-conformance"} | _totals(result.contracts))
    del root.attrib["skipped"]  # Jenkins knows it on a suite only
    seconds = result.volatile.get("seconds")
    if isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0:
        root.set("time", f"{abs(seconds):.3f}")
    for contract in result.contracts:
        root.append(_suite(contract, result))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _totals(contracts: tuple[ContractResult, ...]) -> dict[str, str]:
    verdicts = [judgement.verdict for contract in contracts for judgement in contract.judgements]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": "0",
        "skipped": str(sum(verdict in _SKIPPED for verdict in verdicts)),
    }


def _suite(contract: ContractResult, result: RunResult) -> ET.Element:
    name = wording.visible(f"{contract.contract}.{contract.revision}")
    # Cases serve several requirements at once, so no requirement has a time of its own; readers want one.
    suite = ET.Element("testsuite", {"name": name} | _totals((contract,)) | {"time": "0"})
    if isinstance(started := result.volatile.get("started"), str):
        suite.set("timestamp", wording.visible(started))
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("target", result.target),
        ("seed", str(result.seed)),
        ("depth", result.depth),
        ("contract", contract.contract),
        ("revision", contract.revision),
        ("outcome", contract.outcome.value),
        ("accepted", str(contract.accepted)),
        ("cut_short", contract.cut_short or ""),
    ):
        ET.SubElement(properties, "property", name=key, value=wording.visible(value))
    for judgement in contract.judgements:
        suite.append(_case(judgement, name))
    if contract.outcome is Outcome.UNJUDGED:
        _text(suite, "system-err", "Could not be judged. " + " ".join(wording.reasons(contract)))
    return suite


def _case(judgement: Judgement, classname: str) -> ET.Element:
    requirement = judgement.requirement
    title = _short(f"{requirement.id} {requirement.statement}", _LONGEST_NAME)
    case = ET.Element("testcase", classname=classname, name=title, time="0")
    notes = "\n".join(judgement.notes)
    about = (
        f"{requirement.id}: {judgement.verdict}, {requirement.level}, {requirement.evidence} evidence, "
        f"{', '.join(requirement.facts) or 'no fact'}, {wording.plural(judgement.cases, 'case')}"
    )
    if judgement.verdict is Verdict.FAIL:
        first = judgement.findings[0] if judgement.findings else None
        message = f"expected {first.expected}; got {first.actual}" if first else "broken; no finding was kept"
        failure = _text(case, "failure", _findings(judgement.findings))
        failure.attrib.update(message=_short(message, _LONGEST_MESSAGE), type=requirement.level.value)
    elif judgement.verdict in _SKIPPED:
        reason = f"{judgement.verdict}: {notes or wording.MEANING[judgement.verdict]}"
        ET.SubElement(case, "skipped", message=_short(reason, _LONGEST_MESSAGE))
    said = [about, notes]
    if judgement.verdict is Verdict.WARN:
        said.append(_findings(judgement.findings))
    _text(case, "system-out", "\n".join(part for part in said if part))
    return case


def _findings(findings: tuple[Finding, ...]) -> str:
    return "\n\n".join("\n".join(f"{label}: {text}" for label, text in wording.parts(f)) for f in findings)


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = wording.visible(text)
    return element


def _short(text: str, limit: int) -> str:
    """Put a text on one line and cut it, for attributes that viewers show as a title."""
    line = wording.visible(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"
