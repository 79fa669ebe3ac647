"""The house rules of a contract, which no public linter knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from connexion.spec import Specification  # type: ignore[import-untyped]

from tests.openapi.contracts import CONTRACTS, Contract, folder, load

if TYPE_CHECKING:
    from collections.abc import Iterator

each = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)

# What OpenAPI 3.0 lacks, or Connexion refuses or ignores: a rule written so would not be enforced.
UNUSABLE = {
    "$defs", "$id", "$schema", "const", "contains", "contentEncoding", "contentMediaType",
    "dependentRequired", "dependentSchemas", "else", "examples", "if", "maxContains", "minContains",
    "nullable", "patternProperties", "prefixItems", "propertyNames", "then", "unevaluatedItems",
    "unevaluatedProperties",
}  # fmt: skip
# The members of a schema that hold schemas, by how they hold them.
ONE, MANY, NAMED = ("items", "not", "additionalProperties"), ("allOf", "anyOf", "oneOf"), ("properties",)

# What a revision changes on purpose; everything else that two revisions both name must be equal.
MEANT_TO_DIFFER = {
    ("liverig-backlog-sync.yaml", "liverig-backlog-sync.old.yaml"): {
        "parameters": {"qualifier", "instance"},  # marked required on the current page only (L1, L17)
        "schemas": {
            "BacklogSyncRequest",
            "Instant",
            "Log",
        },  # rigName's type, no depth, string times (L4, L17)
    },
    ("nortech-historical-data-sync.yaml", "nortech-historical-data-sync.current.yaml"): {
        # `details` (N13); a word for failures that two schemas use.
        "schemas": {"ValidationError", "SignalsNotFound", "Failed"},
    },
}


def schemas(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a contract, at any depth, with the place where it stands."""
    for name, schema in contract.document["components"]["schemas"].items():
        yield from _inside(f"schemas/{name}", schema)
    for operation in contract.operations():
        for parameter in operation.parameters:
            yield from _inside(f"{operation.id}/{parameter['name']}", parameter["schema"])
        bodies = {**contract.responses(operation)}
        if "requestBody" in operation.document:
            bodies["request"] = contract.resolve(operation.document["requestBody"])
        for place, body in bodies.items():
            for media_type, media in body.get("content", {}).items():
                yield from _inside(f"{operation.id}/{place}/{media_type}", media["schema"])


def _inside(place: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, schema
    for key in ONE:
        if isinstance(schema.get(key), dict):
            yield from _inside(f"{place}/{key}", schema[key])
    for key in MANY:
        for index, part in enumerate(schema.get(key, [])):
            yield from _inside(f"{place}/{key}/{index}", part)
    for key in NAMED:
        for name, part in schema.get(key, {}).items():
            yield from _inside(f"{place}/{name}", part)


def unbounded(schema: dict[str, Any]) -> str | None:
    """What bound a schema lacks."""
    kind = schema.get("type")
    if kind == "string" and not (
        "maxLength" in schema or "enum" in schema or schema.get("format") == "binary"
    ):
        return "maxLength"
    if kind == "array" and "maxItems" not in schema:
        return "maxItems"
    if kind in {"integer", "number"} and not ("enum" in schema or {"minimum", "maximum"} <= schema.keys()):
        return "minimum and maximum"
    if (
        kind == "object"
        and isinstance(schema.get("additionalProperties"), dict)
        and "maxProperties" not in schema
    ):
        return "maxProperties"
    return None


@each
def test_every_schema_has_its_bounds(contract: Contract) -> None:
    assert {place: lack for place, schema in schemas(contract) if (lack := unbounded(schema))} == {}


@each
def test_every_schema_says_its_type(contract: Contract) -> None:
    assert [place for place, schema in schemas(contract) if not {"type", "$ref", *MANY} & schema.keys()] == []


@each
def test_no_schema_uses_a_keyword_that_would_not_be_enforced(contract: Contract) -> None:
    for place, schema in schemas(contract):
        assert not UNUSABLE & schema.keys(), place
        assert not isinstance(schema.get("type"), list), place
        for key in ("exclusiveMinimum", "exclusiveMaximum"):
            assert isinstance(schema.get(key, False), bool), place
        # OpenAPI 3.0 ignores what stands beside a reference.
        assert "$ref" not in schema or len(schema) == 1, place


@each
def test_connexion_reads_each_contract(contract: Contract) -> None:
    assert Specification.load(folder() / contract.name).version == (3, 0, 3)


@each
def test_no_contract_names_a_program(contract: Contract) -> None:
    for operation in contract.operations():
        assert operation.id.isalnum(), operation.id
    assert [key for key in _keys(contract.document) if key.startswith("x-")] == []


@each
def test_every_component_is_used(contract: Contract) -> None:
    used = {value for key, value in _members(contract.document) if key == "$ref"}
    for kind, components in contract.document["components"].items():
        if kind != "securitySchemes":
            assert {f"#/components/{kind}/{name}" for name in components} <= used
    required = [
        name for key, needs in _members(contract.document) if key == "security" for n in needs for name in n
    ]
    assert set(required) == contract.document["components"].get("securitySchemes", {}).keys()


@pytest.mark.parametrize("pair", MEANT_TO_DIFFER, ids=lambda pair: pair[0])
def test_two_revisions_differ_only_where_they_mean_to(pair: tuple[str, str]) -> None:
    first, second = (load(name).document["components"] for name in pair)
    differing = {
        kind: names
        for kind in first.keys() & second.keys()
        if (
            names := {
                n for n in first[kind].keys() & second[kind].keys() if first[kind][n] != second[kind][n]
            }
        )
    }
    assert differing == MEANT_TO_DIFFER[pair]


def test_every_file_name_says_its_revision() -> None:
    revisions = {contract.name: contract.document["info"]["version"] for contract in CONTRACTS}
    del revisions["admin.yaml"]
    for name, revision in revisions.items():
        stem = name.removesuffix(".yaml")
        assert "." not in stem or stem.endswith(f".{revision}")
    assert len(set(revisions.values())) > 1


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key), value
            yield from _members(value)
    elif isinstance(node, list):
        for value in node:
            yield from _members(value)


def _keys(node: Any) -> Iterator[str]:
    return (key for key, _ in _members(node) if key != "x-csrf-token")
