"""One contract in one revision: its operation, its named examples, and what its schemas say of a value."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import jsonschema_rs
import yaml

_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Violation:
    """One way in which a value breaks its schema."""

    pointer: str
    """JSON Pointer of the offending value, or of the member that is missing."""
    keyword: str
    """The schema keyword that is broken: ``required``, ``type``, ``enum`` ..."""
    message: str
    """What is wrong with it, without the value itself, which may differ between equal requests."""


class ContractError(Exception):
    """There is no such contract or revision; the message lists those there are."""


class Contract:
    """Reads ``openapi/<id>.yaml``, or ``openapi/<id>.<revision>.yaml`` where a revision has its own."""

    def __init__(self, contract: str, revision: str, document: Mapping[str, Any], operation: str) -> None:
        self.id = contract
        self.revision = revision
        self.document = document
        """The OpenAPI document, to be read only."""
        self.path, self.method, self.operation = _find(document, operation)
        self._validators: dict[str, Any] = {}

    @cached_property
    def examples(self) -> Mapping[str, Any]:
        """The named request bodies, in the document's order."""
        content = self.operation["requestBody"]["content"]["application/json"]
        return {name: copy.deepcopy(example["value"]) for name, example in content["examples"].items()}

    @property
    def request_schema(self) -> dict[str, Any]:
        """The schema of the request body, with references into the document."""
        schema: dict[str, Any] = self.operation["requestBody"]["content"]["application/json"]["schema"]
        return schema

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters of the documented examples."""
        return {
            p["name"]: p["example"]
            for p in map(self._resolve, self.operation.get("parameters", []))
            if p["in"] == "query"
        }

    @cached_property
    def property_names(self) -> frozenset[str]:
        """Every name that any schema gives to a member; other keys of objects are data, like a well's uid."""
        return frozenset(_property_names(self.document["components"]["schemas"]))

    def body_violations(self, body: Any) -> list[Violation]:
        """What in a request body breaks the contract, in no more detail than the schema gives."""
        return list(self._violations(self.request_schema, "request", body))

    def answer_violations(self, schema: str, body: Any) -> list[Violation]:
        """What in an answer breaks the schema of this name under ``components/schemas``."""
        return list(self._violations({"$ref": f"#/components/schemas/{schema}"}, schema, _integral(body)))

    def has_schema(self, name: str) -> bool:
        """Whether this revision knows the schema."""
        return name in self.document["components"]["schemas"]

    def _violations(self, schema: Mapping[str, Any], key: str, instance: Any) -> Iterator[Violation]:
        validator = self._validators.get(key)
        if validator is None:
            # OpenAPI 3.0 schemas are Draft 4 with a few differences; the contracts use none of those.
            grafted = {"components": self.document["components"], "allOf": [schema]}
            validator = jsonschema_rs.Draft4Validator(
                grafted, validate_formats=True, formats={"uuid": _is_uuid}, mask="it"
            )
            self._validators[key] = validator
        for error in validator.iter_errors(instance):
            yield from _flatten(error)

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node


@cache
def load(contract: str, revision: str, operation: str) -> Contract:
    """Read one contract in one revision.

    Raises:
        ContractError: there is no such contract or revision.
    """
    known = revisions(contract)
    if revision not in known:
        raise ContractError(f"{contract} has no revision {revision!r}; it has {', '.join(known) or 'none'}")
    return Contract(contract, revision, known[revision], operation)


@cache
def revisions(contract: str) -> Mapping[str, Mapping[str, Any]]:
    """Every revision of a contract: its name, which is the document's ``info.version``, to the document."""
    found: dict[str, Mapping[str, Any]] = {}
    for file in sorted(files("openapi").iterdir(), key=lambda f: f.name):
        if file.name == f"{contract}.yaml" or (
            file.name.startswith(f"{contract}.") and file.name.endswith(".yaml")
        ):
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
            found[document["info"]["version"]] = document
    return found


def _find(document: Mapping[str, Any], operation_id: str) -> tuple[str, str, Mapping[str, Any]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if item.get(method, {}).get("operationId") == operation_id:
                return path, method.upper(), item[method]
    raise ContractError(f"no operation {operation_id!r} in {document['info']['title']!r}")


def _property_names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        properties = node.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for child in node.values():
            yield from _property_names(child)


def _integral(value: Any) -> Any:
    """*value* with 991.0 as 991: JSON has one kind of number, and Draft 4 alone tells the two apart."""
    if isinstance(value, dict):
        return {name: _integral(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_integral(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_uuid(text: str) -> bool:
    # Draft 4 does not know the format. Upper case is a freedom (contract-facts, "Levels").
    return (
        re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.IGNORECASE | re.ASCII) is not None
    )


def _flatten(error: Any) -> Iterator[Violation]:
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error.instance_path)
    kind = error.kind
    keyword: str = kind.name
    branches = getattr(kind, "context", None)
    if keyword in ("oneOf", "anyOf") and branches:
        best = min(branches, key=_distance)
        for inner in best:
            yield from _flatten(inner)
        return
    if keyword == "required":
        pointer += "/" + str(kind.property)
    yield Violation(pointer, keyword, error.message)


def _distance(errors: list[Any]) -> tuple[int, bool, int]:
    """How far a value is from one of several alternatives; the nearest one is what was meant.

    An alternative whose errors all lie deep inside fits better than one that refuses the whole, one that
    fails for more than types better than one that cannot take such a value at all, and one with fewer errors
    better.
    """
    depth = min(len(error.instance_path) for error in errors)
    return -depth, all(error.kind.name == "type" for error in errors), len(errors)
