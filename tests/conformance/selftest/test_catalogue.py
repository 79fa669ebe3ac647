"""Every MUST has a mutant; the tables of mutants and freedoms are sound. No server is run."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from conformance import catalogue
from conformance.catalogue import Level, Requirement
from conformance.selftest import runner
from conformance.selftest.variant import Freedom, Mutant

SUBJECTS = runner.subjects()
MUTANTS = [s for s in SUBJECTS if isinstance(s.variant, Mutant)]
REQUIREMENTS = [
    (contract, revision, requirement)
    for contract in catalogue.contracts()
    for revision in catalogue.load(contract).revisions
    for requirement in catalogue.load(contract).of(revision)
]
WITHOUT_MUTANT = {
    # The connection is closed by then, so no gateway on top of the server can answer.
    "LR-HTTP-09",
    "NT-HTTP-09",
    # What Schemathesis breaks is put down to the statement that speaks of it; this is for what none does.
    "LR-SCHEMA-02",
    "NT-SCHEMA-02",
}


def _broken(contract: str, revision: str) -> set[str]:
    return {
        s.variant.breaks
        for s in MUTANTS
        if s.contract == contract and s.revision == revision and isinstance(s.variant, Mutant)
    }


@pytest.mark.parametrize(
    "contract,revision,requirement",
    [
        pytest.param(*entry, id=f"{entry[1]}-{entry[2].id}")
        for entry in REQUIREMENTS
        if entry[2].level is Level.MUST
    ],
)
def test_every_must_has_a_mutant_that_breaks_it(
    contract: str, revision: str, requirement: Requirement
) -> None:
    assert requirement.id in _broken(contract, revision)


@pytest.mark.parametrize(
    "contract,revision,requirement",
    [
        pytest.param(*entry, id=f"{entry[1]}-{entry[2].id}")
        for entry in REQUIREMENTS
        if entry[2].level is Level.SHOULD and entry[2].untested is None and entry[2].id not in WITHOUT_MUTANT
    ],
)
def test_every_should_that_is_judged_has_a_mutant_that_breaks_it(
    contract: str, revision: str, requirement: Requirement
) -> None:
    assert requirement.id in _broken(contract, revision)


def test_no_mutant_breaks_what_nobody_can_be_held_to() -> None:
    held = {
        (contract, revision, requirement.id)
        for contract, revision, requirement in REQUIREMENTS
        if requirement.level is not Level.MAY and requirement.untested is None
    }
    broken = {(s.contract, s.revision, s.variant.breaks) for s in MUTANTS if isinstance(s.variant, Mutant)}

    assert broken <= held


def test_names_are_words_joined_by_hyphens_and_no_two_are_equal() -> None:
    names = Counter(subject.name for subject in SUBJECTS)

    assert [name for name, times in names.items() if times > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_every_variant_says_in_one_line_what_it_does() -> None:
    assert all(s.variant.does and "\n" not in s.variant.does for s in SUBJECTS)


def test_there_are_as_many_as_a_proof_needs() -> None:
    freedoms = {id(s.variant) for s in SUBJECTS if isinstance(s.variant, Freedom)}

    assert len({id(s.variant) for s in MUTANTS}) >= 150
    assert len(freedoms) >= 40
