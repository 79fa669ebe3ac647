"""Schemas of OpenAPI 3.0, compiled once; what they find is told in words with a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mock_server.serving.failure import MAX_VIOLATIONS, Location, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Members of an OpenAPI schema that no JSON Schema validator knows or may see.
_NOT_FOR_VALIDATION = {
    "components",
    "deprecated",
    "discriminator",
    "example",
    "externalDocs",
    "nullable",
    "readOnly",
    "writeOnly",
    "xml",
}


class CompiledSchema:
    """A schema of OpenAPI 3.0 with its references resolved, ready to check many values."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = jsonschema_rs.Draft4Validator(_folded(schema), validate_formats=True)

    def accepts(self, value: Any) -> bool:
        """Whether the value has no violation."""
        return self._validator.is_valid(value)

    def violations(self, value: Any, location: Location, at: str = "") -> list[Violation]:
        """All that is wrong with the value (a bounded number), each with the pointer to where it is wrong."""
        found: list[Violation] = []
        for error in self._validator.iter_errors(value):
            for violation in _described(error, location, at):
                if violation not in found:
                    found.append(violation)
                if len(found) == MAX_VIOLATIONS:
                    return found
        return found


def pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _described(error: Any, location: Location, at: str) -> Iterator[Violation]:
    kind = error.kind
    where = at + pointer(error.instance_path)
    alternatives = getattr(kind, "context", None)
    if kind.name == "required":
        yield Violation(location, where + pointer([kind.property]), "is missing")
    elif alternatives:
        # "Matches none of the alternatives" helps nobody: say what is wrong with the one that was meant.
        for nested in _nearest(alternatives, error.instance_path):
            yield from _described(nested, location, at)
    else:
        yield Violation(location, where, error.message)


def _nearest(alternatives: Sequence[Sequence[Any]], path: Sequence[str | int]) -> Sequence[Any]:
    """The errors of the alternative that the value comes nearest to: the right type first, then few
    errors.
    """

    def distance(errors: Sequence[Any]) -> tuple[bool, int]:
        wrong_type = any(
            error.kind.name == "type" and list(error.instance_path) == list(path) for error in errors
        )
        return wrong_type, len(errors)

    return min(alternatives, key=distance)


def _folded(schema: Any) -> Any:
    """The schema in plain JSON Schema draft 4, `nullable` folded into `type` and `enum`."""
    if isinstance(schema, list):
        return [_folded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    folded: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NOT_FOR_VALIDATION:
            continue
        if key in {"enum", "default", "required"}:
            folded[key] = value
        elif key == "properties":
            # Here the keys are a user's names, not keywords.
            folded[key] = {name: _folded(sub) for name, sub in value.items()}
        else:
            folded[key] = _folded(value)
    if schema.get("nullable"):
        if "type" in folded:
            folded["type"] = [folded["type"], "null"]
        if "enum" in folded and None not in folded["enum"]:
            folded["enum"] = [*folded["enum"], None]
    return folded
