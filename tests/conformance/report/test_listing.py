from __future__ import annotations

import io
import json

import pytest

from conformance import catalogue
from conformance.report import listing

CATALOGUES = [catalogue.load(contract) for contract in catalogue.contracts()]
REQUIREMENTS = [requirement for book in CATALOGUES for requirement in book.requirements]


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "90")
    stream = io.StringIO()
    listing.print_text(CATALOGUES, stream)
    return stream.getvalue()


def test_each_requirement_is_listed_with_level_evidence_facts_and_coverage(text: str) -> None:
    flat = " ".join(text.split())
    for requirement in REQUIREMENTS:
        rests_on = ", ".join([requirement.evidence, *requirement.facts])
        assert f"{requirement.id} {requirement.level} {rests_on}" in flat
        assert " ".join(f"{requirement.statement} {listing.coverage(requirement)}".split()) in flat


def test_lines_keep_the_width_of_the_terminal(text: str) -> None:
    assert max(map(len, text.splitlines())) <= 90


def test_json_says_the_same(text: str) -> None:
    told = json.loads(listing.render_json(CATALOGUES))
    assert [contract["id"] for contract in told["contracts"]] == [book.contract for book in CATALOGUES]
    requirements = [entry for contract in told["contracts"] for entry in contract["requirements"]]
    assert [entry["id"] for entry in requirements] == [requirement.id for requirement in REQUIREMENTS]
    for entry, requirement in zip(requirements, REQUIREMENTS, strict=True):
        assert (entry["check"] is None) is (entry["untested"] is not None)
        assert entry["revisions"] == list(requirement.revisions)
        assert entry["coverage"] == listing.coverage(requirement)


def test_what_is_not_judged_carries_its_reason() -> None:
    untested = [requirement for requirement in REQUIREMENTS if requirement.untested is not None]
    assert untested
    for requirement in untested:
        assert listing.coverage(requirement) == f"not judged: {requirement.untested}"
