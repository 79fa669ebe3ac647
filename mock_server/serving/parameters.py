"""Parameters of an operation, checked without stopping at the first that is wrong."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from mock_server.serving.failure import Location, Violation
from mock_server.serving.schema import CompiledSchema, pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_LOCATIONS: dict[str, Location] = {"query": "query", "path": "path", "header": "headers"}


class Parameter:
    """One parameter as the contract defines it."""

    def __init__(self, definition: dict[str, Any]) -> None:
        if definition["in"] not in _LOCATIONS:
            raise NotImplementedError(f"parameters in {definition['in']} are not served")
        self.name: str = definition["name"]
        self.location = _LOCATIONS[definition["in"]]
        self.required: bool = definition.get("required", False)
        self._type: str = definition["schema"].get("type", "string")
        if self._type not in {"string", "integer"}:
            raise NotImplementedError(f"parameters of type {self._type} are not served")
        self.default: Any = definition["schema"].get("default")
        self._schema = CompiledSchema(definition["schema"])
        self._where = pointer([self.name])

    def check(self, given: list[Any]) -> tuple[Any, list[Violation]]:
        """The value, and what is wrong with the values given for this parameter.

        A parameter given twice is refused even where both agree: servers and gateways differ on which one
        wins.
        """
        if not given:
            return None, [Violation(self.location, self._where, "is missing")] if self.required else []
        if len(given) > 1:
            return None, [Violation(self.location, self._where, "is given more than once")]
        value = given[0]
        if value is None:
            return None, [Violation(self.location, self._where, "is not valid UTF-8")]
        if self._type == "integer" and isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        return value, self._schema.violations(value, self.location, self._where)


class Parameters:
    """All parameters of one operation."""

    def __init__(self, definitions: Iterable[dict[str, Any]]) -> None:
        self._parameters = [Parameter(definition) for definition in definitions]

    def check(self, scope: MutableMapping[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
        """The values, by name, given or by default; and everything that is wrong with them."""
        values: dict[str, Any] = {}
        violations: list[Violation] = []
        if not self._parameters:
            return values, violations
        query = _query(scope["query_string"])
        for parameter in self._parameters:
            if parameter.location == "query":
                given = [value for name, value in query if name == parameter.name]
            elif parameter.location == "path":
                given = [scope["path_params"][parameter.name]]
            else:
                key = parameter.name.lower().encode("latin-1")
                given = [value.decode("latin-1") for name, value in scope["headers"] if name == key]
            value, found = parameter.check(given)
            violations += found
            if value is None:
                value = parameter.default
            if value is not None:
                values[parameter.name] = value
        return values, violations


# A client mostly asks with the same query again.
@lru_cache(256)
def _query(raw: bytes) -> tuple[tuple[str | None, str | None], ...]:
    # Not parse_qsl: it puts a replacement for bytes that are no UTF-8, and so makes two values one.
    pairs = (field.partition(b"=") for field in raw.split(b"&") if field)
    return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)


def _decoded(raw: bytes) -> str | None:
    if b"%" in raw or b"+" in raw:
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
