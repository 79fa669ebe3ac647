"""The requirement catalogues as data; that each check exists is the suite's own test."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.openapi.contracts import CONTRACTS, Contract, folder

BOOKS: dict[str, dict[str, Any]] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((folder() / "requirements").iterdir(), key=lambda path: path.name)
    if path.name.endswith(".yaml")
}
each = pytest.mark.parametrize("name", BOOKS)


def editions(name: str) -> dict[str, Contract]:
    """The contract of a catalogue in each of its revisions."""
    stem = BOOKS[name]["contract"]
    return {
        contract.document["info"]["version"]: contract
        for contract in CONTRACTS
        if contract.name.split(".")[0] == stem
    }


@each
def test_each_catalogue_keeps_its_schema(name: str) -> None:
    schema = json.loads((folder() / "requirements" / "catalogue.schema.json").read_text(encoding="utf-8"))
    errors = jsonschema_rs.Draft202012Validator(schema).iter_errors(BOOKS[name])
    assert [f"{error.instance_path}: {error.message}" for error in errors] == []


def test_a_must_may_not_rest_on_an_assumption() -> None:
    schema = json.loads((folder() / "requirements" / "catalogue.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema_rs.Draft202012Validator(schema)
    name, book = next(iter(BOOKS.items()))
    must = next(r for r in book["requirements"] if r["level"] == "MUST")
    assert validator.is_valid({**book, "requirements": [must]}), name
    assert not validator.is_valid({**book, "requirements": [{**must, "evidence": "assumption"}]})


def test_no_id_is_given_twice() -> None:
    ids = [requirement["id"] for book in BOOKS.values() for requirement in book["requirements"]]
    assert len(ids) == len(set(ids))
    assert len({book["prefix"] for book in BOOKS.values()}) == len(BOOKS)


@each
def test_each_catalogue_speaks_of_an_operation_and_schemas_that_its_contract_has(name: str) -> None:
    book, contracts = BOOKS[name], editions(name)
    for contract in contracts.values():
        assert book["operation"] in [operation.id for operation in contract.operations()]
    known = {
        schema for contract in contracts.values() for schema in contract.document["components"]["schemas"]
    }
    assert set(book["schemas"].values()) <= known


@each
def test_each_statement_names_facts_and_revisions_that_exist(name: str) -> None:
    revisions = editions(name).keys()
    for requirement in BOOKS[name]["requirements"]:
        assert set(requirement["revisions"]) <= revisions, requirement["id"]
        assert set(requirement["facts"]) <= BOOKS[name]["facts"].keys(), requirement["id"]
    assert {fact for facts in BOOKS[name]["outcomes"].values() for fact in facts} <= BOOKS[name][
        "facts"
    ].keys()


@each
def test_each_statement_starts_from_an_example_of_all_its_revisions(name: str) -> None:
    contracts = editions(name)
    for requirement in BOOKS[name]["requirements"]:
        for revision in requirement["revisions"] if "from" in requirement else ():
            operation = next(iter(contracts[revision].operations()))
            examples = [example.name for example in contracts[revision].request_examples(operation)]
            assert requirement["from"] in examples, requirement["id"]


@each
def test_each_answer_statement_speaks_of_a_kind_that_the_catalogue_names(name: str) -> None:
    for requirement in BOOKS[name]["requirements"]:
        if "answer" in requirement:
            assert requirement["answer"]["kind"] in BOOKS[name]["schemas"], requirement["id"]


@each
def test_every_fact_is_spoken_of(name: str) -> None:
    spoken = {fact for requirement in BOOKS[name]["requirements"] for fact in requirement["facts"]}
    assert spoken == BOOKS[name]["facts"].keys()


@each
def test_each_change_starts_from_an_example_of_one_of_the_revisions_at_least(name: str) -> None:
    contracts = editions(name)
    for requirement in BOOKS[name]["requirements"]:
        changes = requirement.get("change", [])
        starts = {c["from"] for c in (changes if isinstance(changes, list) else [changes]) if "from" in c}
        examples = {
            example.name
            for revision in requirement["revisions"]
            for example in contracts[revision].request_examples(next(iter(contracts[revision].operations())))
        }
        assert starts <= examples, requirement["id"]
