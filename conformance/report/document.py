"""``report.json``: the run for programs, described by ``report.schema.json`` in this folder.

Two runs with one seed against one server give the same bytes outside the member ``volatile``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from conformance.verdict import Verdict

if TYPE_CHECKING:
    from conformance.catalogue import Requirement
    from conformance.verdict import ContractResult, Finding, Judgement, RunResult

FORMAT_VERSION = 1
"""Raised when a reader of an older document would misread a newer one; a new member does not raise it."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    text = files("conformance.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def build(result: RunResult) -> dict[str, Any]:
    """Return the run as JSON values, members and items in the order they are written."""
    return {
        "format_version": FORMAT_VERSION,
        "run": {
            "target": _text(result.target),
            "seed": result.seed,
            "depth": _text(result.depth),
            "outcome": result.outcome.value,
            "exit_code": result.outcome.exit_code,
            "requests": result.requests,
        },
        "contracts": [_contract(contract) for contract in result.contracts],
        "volatile": {_text(name): _value(result.volatile[name]) for name in sorted(result.volatile)},
    }


def render(result: RunResult) -> str:
    """Return the text of ``report.json``: UTF-8 encodable, indented by two, with a final line feed."""
    return json.dumps(build(result), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def requirement_members(requirement: Requirement) -> dict[str, Any]:
    """Return what the catalogue says of one requirement, as the document and the listing print it."""
    return {
        "id": _text(requirement.id),
        "group": _text(requirement.group),
        "level": requirement.level.value,
        "evidence": requirement.evidence.value,
        "facts": [_text(fact) for fact in requirement.facts],
        "statement": _text(requirement.statement),
    }


def _contract(contract: ContractResult) -> dict[str, Any]:
    return {
        "id": _text(contract.contract),
        "revision": _text(contract.revision),
        "outcome": contract.outcome.value,
        "accepted": contract.accepted,
        "cut_short": None if contract.cut_short is None else _text(contract.cut_short),
        "counts": {verdict.value: contract.count(verdict) for verdict in Verdict},
        "requirements": [_judgement(judgement) for judgement in contract.judgements],
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return requirement_members(judgement.requirement) | {
        "verdict": judgement.verdict.value,
        "cases": judgement.cases,
        "notes": [_text(note) for note in judgement.notes],
        "findings": [_finding(finding) for finding in judgement.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    members = {
        "case": _text(finding.case),
        "expected": _text(finding.expected),
        "actual": _text(finding.actual),
        "curl": _text(finding.curl),
    }
    if finding.difference is not None:
        members["difference"] = _text(finding.difference)
    if finding.twin_curl is not None:
        members["twin_curl"] = _text(finding.twin_curl)
    return members


def _text(text: str) -> str:
    """Spell lone surrogates out: JSON can escape them, but strict parsers refuse the whole document then."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _value(value: object) -> Any:
    """Make a volatile value a JSON value; what JSON cannot say is said as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {
            _text(str(name)): _value(item) for name, item in sorted(value.items(), key=lambda i: str(i[0]))
        }
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return _text(str(value))
