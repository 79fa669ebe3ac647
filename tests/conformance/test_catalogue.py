from __future__ import annotations

import re

import pytest

from conformance import catalogue, contract
from conformance.catalogue import CatalogueError, Level
from conformance.check import CHECKS, WATCHES
from conformance.plan import make
from tests.conformance.targets import EDITIONS, calls, edition, target

BOOKS = [catalogue.load(name) for name in catalogue.contracts()]
REQUIREMENTS = [(book, requirement) for book in BOOKS for requirement in book.requirements]
BY_DATA = {"change", "answer", "generated"}


def test_there_is_a_catalogue_for_each_vendor_contract() -> None:
    assert set(catalogue.contracts()) == {name for name, _ in EDITIONS}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.contract)
def test_ids_are_unique_and_begin_with_the_prefix(book: catalogue.Catalogue) -> None:
    ids = [requirement.id for requirement in book.requirements]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(rf"{book.prefix}-[A-Z]+-[0-9]{{2}}", name) for name in ids)


def test_every_check_that_the_catalogues_name_is_registered_and_every_registered_one_is_named() -> None:
    named = {requirement.check for _, requirement in REQUIREMENTS if requirement.check is not None}
    assert named - BY_DATA == CHECKS.keys() | WATCHES.keys()


@pytest.mark.parametrize("requirement", [r for _, r in REQUIREMENTS], ids=lambda r: r.id)
def test_a_requirement_has_either_a_check_or_a_reason_why_none_can_judge_it(
    requirement: catalogue.Requirement,
) -> None:
    assert (requirement.check is None) != (requirement.untested is None)


def test_every_must_is_judged_by_a_check_and_rests_on_the_documents() -> None:
    for _, requirement in REQUIREMENTS:
        if requirement.level is Level.MUST:
            assert requirement.check is not None, requirement.id
            assert requirement.evidence in ("documented", "example"), requirement.id


@pytest.mark.parametrize("letter, count", [("L", 18), ("N", 15)])
def test_every_fact_is_behind_some_requirement(letter: str, count: int) -> None:
    cited = {fact for _, requirement in REQUIREMENTS for fact in requirement.facts}
    assert {f"{letter}{number}" for number in range(1, count + 1)} == {f for f in cited if f[0] == letter}


def test_what_is_expected_rests_on_the_facts_that_say_what_that_is() -> None:
    facts = {requirement.id: requirement.facts for _, requirement in REQUIREMENTS}
    assert facts["LR-BODY-01"] == ("L3", "L13")
    assert facts["NT-SEARCH-12"] == ("N4", "N7")
    assert facts["NT-SCHEMA-02"] == ("N3", "N4", "N5", "N6", "N10", "N13")
    assert facts["NT-FORMAT-05"] == ("N6",)  # which leaves open what comes of it


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.contract)
def test_the_revisions_are_those_that_the_contract_has(book: catalogue.Catalogue) -> None:
    assert set(book.revisions) == set(contract.revisions(book.contract))
    for revision in book.revisions:
        assert {r.id for r in book.of(revision)} == {
            r.id for r in book.requirements if revision in r.revisions
        }


def test_what_a_requirement_names_is_in_each_of_its_revisions() -> None:
    for book, requirement in REQUIREMENTS:
        for revision in requirement.revisions:
            of = contract.load(book.contract, revision, book.operation)
            assert requirement.start is None or requirement.start in of.examples, (requirement.id, revision)
            if requirement.answer is not None and requirement.answer.at is not None:
                assert of.has_schema(book.schemas[requirement.answer.kind]), (requirement.id, revision)


def test_every_kind_of_answer_has_a_schema_in_some_revision() -> None:
    for book in BOOKS:
        known = [contract.load(book.contract, revision, book.operation) for revision in book.revisions]
        for schema in book.schemas.values():
            assert any(of.has_schema(schema) for of in known), schema


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_the_template_leaves_no_gap_in_the_plan(contract_id: str, revision: str) -> None:
    plan = make(target(contract_id, revision), catalogue.load(contract_id).of(revision), generated=0)
    assert not plan.gaps
    by_change = {r.id for r in plan.requirements if r.check == "change"}
    assert {case.requirement.id for case in plan.cases} == by_change


@pytest.mark.parametrize("contract_id, revision", EDITIONS)
def test_every_start_of_the_template_keeps_the_contract(contract_id: str, revision: str) -> None:
    for name, call in calls(target(contract_id, revision)).items():
        assert edition(contract_id, revision).body_violations(call.body) == [], name


def test_an_unknown_catalogue_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"openapi/requirements/no-such-contract\.yaml"):
        catalogue.load("no-such-contract")
