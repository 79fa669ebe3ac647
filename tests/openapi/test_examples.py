"""What the contracts show is what they say."""

from __future__ import annotations

import copy

import pytest

from tests.openapi.contracts import CONTRACTS, EXAMPLES, Contract, Example

VENDORS = [contract for contract in CONTRACTS if contract.name != "admin.yaml"]


@pytest.mark.parametrize(
    "contract, example", EXAMPLES, ids=[f"{contract.name}-{example}" for contract, example in EXAMPLES]
)
def test_each_named_example_keeps_its_schema(contract: Contract, example: Example) -> None:
    validator = contract.validator(example.schema)
    assert [error.message for error in validator.iter_errors(example.value)] == []


@pytest.mark.parametrize(
    "contract, example",
    [(contract, example) for contract, example in EXAMPLES if example.place == "request"],
    ids=str,
)
def test_each_request_example_without_a_required_member_breaks_its_schema(
    contract: Contract, example: Example
) -> None:
    validator = contract.validator(example.schema)
    required = contract.resolve(example.schema).get("required", [])
    for member in required:
        less = copy.deepcopy(example.value)
        del less[member]
        assert not validator.is_valid(less), member


@pytest.mark.parametrize("contract", VENDORS, ids=lambda contract: contract.name)
def test_each_vendor_operation_shows_a_request_and_each_of_its_answers(contract: Contract) -> None:
    for operation in contract.operations():
        assert contract.request_examples(operation) or "requestBody" not in operation.document
        for status, response in contract.responses(operation).items():
            for media_type, media in response.get("content", {}).items():
                assert media.get("examples"), f"{operation.id} {status} {media_type}"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_each_example_of_a_schema_or_a_parameter_keeps_it(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    shown = [(name, schema, schema["example"]) for name, schema in schemas.items() if "example" in schema]
    for operation in contract.operations():
        shown += [
            (parameter["name"], parameter["schema"], parameter["example"])
            for parameter in operation.parameters
            if "example" in parameter
        ]
    for name, schema, value in shown:
        assert contract.validator(schema).is_valid(value), name
