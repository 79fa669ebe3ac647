"""What ``histdata-conformance list`` prints: the requirements, what each rests on, and what covers it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from conformance.report import document, wording
from conformance.report.printer import Printer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.catalogue import Catalogue, Requirement

FORMAT_VERSION = 1
"""Raised when a reader of an older listing would misread a newer one."""


def build(catalogues: Sequence[Catalogue]) -> dict[str, Any]:
    """Return the listing as JSON values, everything in the catalogues' order."""
    return {
        "format_version": FORMAT_VERSION,
        "contracts": [
            {
                "id": catalogue.contract,
                "revisions": list(catalogue.revisions),
                "requirements": [_members(requirement) for requirement in catalogue.requirements],
            }
            for catalogue in catalogues
        ],
    }


def render_json(catalogues: Sequence[Catalogue]) -> str:
    """Return the listing as JSON text, with a final line feed."""
    return json.dumps(build(catalogues), ensure_ascii=False, indent=2) + "\n"


def print_text(catalogues: Sequence[Catalogue], stream: TextIO) -> None:
    """Print the listing for people: by contract and group, coverage or the reason for its lack below each."""
    printer = Printer(stream)
    for catalogue in catalogues:
        requirements = catalogue.requirements
        untested = sum(requirement.untested is not None for requirement in requirements)
        printer.line(
            (catalogue.contract, "bold"),
            f": {wording.plural(len(requirements), 'requirement')}, {len(requirements) - untested} judged, "
            f"{untested} not judged with a reason; revisions {', '.join(catalogue.revisions)}",
        )
        group = None
        for requirement in requirements:
            if requirement.group != group:
                group = requirement.group
                printer.line()
                printer.line((group, "bold"), indent=2)
            _print(requirement, catalogue, printer)
        printer.line()


def coverage(requirement: Requirement) -> str:
    """Say how a requirement is judged, or why it is not."""
    if requirement.untested is not None:
        return f"not judged: {requirement.untested}"
    match requirement.check:
        case "change" if requirement.expect is not None:
            expected = _EXPECTED[requirement.expect]
            return f"judged by a change to an accepted request, which should then be {expected}"
        case "answer" if requirement.answer is not None:
            return f"judged on every answer of the kind {requirement.answer.kind}"
        case "generated":
            return f"judged by generated requests that are {requirement.generated}"
        case name:
            return f"judged by the check {name}"


_EXPECTED = {
    "accepted": "accepted",
    "rejected": "rejected as invalid",
    "refused": "refused",
    "unauthorized": "answered as unauthorised",
    "either": "accepted or not, as the target likes",
}


def _print(requirement: Requirement, catalogue: Catalogue, printer: Printer) -> None:
    rests_on = [requirement.evidence.value, *requirement.facts]
    if requirement.revisions != catalogue.revisions:
        rests_on.append(f"only {' and '.join(requirement.revisions)}")
    printer.line(
        (requirement.id, "bold"), f"  {requirement.level.value:<6}  ", (", ".join(rests_on), "dim"), indent=4
    )
    printer.line(requirement.statement, indent=8)
    printer.line((coverage(requirement), "dim" if requirement.untested is None else "yellow"), indent=8)


def _members(requirement: Requirement) -> dict[str, Any]:
    return document.requirement_members(requirement) | {
        "revisions": list(requirement.revisions),
        "check": requirement.check,
        "untested": requirement.untested,
        "coverage": coverage(requirement),
    }
