"""The contracts as these tests read them: without any help of the mock or the suite."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def folder() -> Path:
    """Where the contracts are, as any user of the installed package finds them."""
    return Path(str(files("openapi")))


FILES = sorted(path.name for path in folder().iterdir() if path.name.endswith(".yaml"))


@dataclass(frozen=True)
class Example:
    """A named example with the schema that it is held to."""

    operation: str
    place: str
    name: str
    value: Any
    schema: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.operation}-{self.place}-{self.name}"


@dataclass(frozen=True)
class Operation:
    """One operation of a contract."""

    path: str
    method: str
    parameters: list[dict[str, Any]]
    document: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["operationId"])


@dataclass(frozen=True)
class Contract:
    """One file under `openapi/`."""

    name: str
    document: dict[str, Any]

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """What a reference stands for, or the node itself where it is none."""
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operations(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    parameters = [
                        self.resolve(parameter)
                        for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]
                    ]
                    yield Operation(path, method, parameters, operation)

    def responses(self, operation: Operation) -> dict[str, dict[str, Any]]:
        return {
            status: self.resolve(response) for status, response in operation.document["responses"].items()
        }

    def request_examples(self, operation: Operation) -> list[Example]:
        body = self.resolve(operation.document.get("requestBody", {}))
        return list(self._examples(operation, "request", body))

    def examples(self) -> Iterator[Example]:
        """Every named example of a request or a response."""
        for operation in self.operations():
            yield from self.request_examples(operation)
            for status, response in self.responses(operation).items():
                yield from self._examples(operation, status, response)

    def _examples(self, operation: Operation, place: str, body: dict[str, Any]) -> Iterator[Example]:
        for media in body.get("content", {}).values():
            for name, example in media.get("examples", {}).items():
                yield Example(
                    operation.id, place, name, self.resolve(example)["value"], media.get("schema", {})
                )

    def validator(self, schema: dict[str, Any]) -> jsonschema_rs.Draft4Validator:
        """OpenAPI 3.0's dialect is draft 4's but for `nullable`, which no contract uses (test_hygiene)."""
        whole = {**schema, "components": self.document.get("components", {})}
        return jsonschema_rs.Draft4Validator(whole, validate_formats=True, formats={"uuid": _is_uuid})


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def load(name: str) -> Contract:
    """The contract in this file."""
    return Contract(name, yaml.safe_load((folder() / name).read_text(encoding="utf-8")))


CONTRACTS = [load(name) for name in FILES]
EXAMPLES = [(contract, example) for contract in CONTRACTS for example in contract.examples()]
