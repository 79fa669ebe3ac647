"""Schemas of OpenAPI 3.0, compiled once; what they find is told in words with a place."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from mock_server.serving.failure import MAX_VIOLATIONS, Location, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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

# A value with more members and items than this is searched for its faults by its first ones only.
LARGE = 7500
TRIMMED = 10
# A longer message is cut in its middle: it begins with the value, and ends with the rule.
MAX_BEFORE, MAX_BEHIND = 150, 250
# What stands before a name that the library's paths would leave out, or have as a number.
_MARK = "\ue000"
# What says more of 1e30, where an integer is due, than that it is none: it is a whole number.
_BOUNDS = {"minimum", "maximum"}
# What says how large a value may be, and how to get to its parts.
_SIZES = {"maxItems", "maxProperties", "maxLength"}
_PARTS = {"items", "additionalProperties"}


class CompiledSchema:
    """A schema of OpenAPI 3.0 with its references resolved, ready to check many values."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = _folded(schema)
        self._validator = jsonschema_rs.Draft4Validator(self._schema, validate_formats=True)

    # Only a large value that is wrong needs these.
    @cached_property
    def _sizes(self) -> Any:
        return jsonschema_rs.Draft4Validator(_sizes(self._schema))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(_property_names(self._schema))

    def violations(self, value: Any, location: Location, at: str = "") -> list[Violation]:
        """All that is wrong with the value (a bounded number), each with the pointer to where it is wrong."""
        if self._validator.is_valid(value):
            return []
        value = _named(value)
        if _is_large(value):
            # Listing the faults of a hostile megabyte takes half a minute and gigabytes.
            errors = chain(self._sizes.iter_errors(value), self._validator.iter_errors(self._trimmed(value)))
            return _listed(errors, location, at) or [
                Violation(
                    location, at, f"breaks a rule, and has too many members to say which (over {LARGE})"
                )
            ]
        return _listed(self._validator.iter_errors(value), location, at)

    def _trimmed(self, value: Any) -> Any:
        """The value with its first items and members only, and what the schema names."""
        if isinstance(value, list):
            return [self._trimmed(item) for item in value[:TRIMMED]]
        if isinstance(value, dict):
            first = set(islice(value, TRIMMED)) | (value.keys() & self._names)
            return {key: self._trimmed(member) for key, member in value.items() if key in first}
        return value


def pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _named(value: Any) -> Any:
    """The value with the mark before each name that is empty, or could be the number of an item."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if isinstance(value, dict):
        return {_MARK + key if _is_odd(key) else key: _named(member) for key, member in value.items()}
    return value


def _is_odd(name: str) -> bool:
    return not name or name[0] == _MARK or name.removeprefix("+").isdecimal()


def _is_large(value: Any) -> bool:
    """Whether the value has more members and items, at any depth, than can be looked at one by one."""
    count = 0
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict | list):
            count += len(each)
            if count > LARGE:
                return True
            rest += each.values() if isinstance(each, dict) else each
    return False


def _listed(errors: Iterable[Any], location: Location, at: str) -> list[Violation]:
    found: list[Violation] = []
    for error in _telling(errors):
        for violation in _described(error, location, at):
            if violation not in found:
                found.append(violation)
            if len(found) == MAX_VIOLATIONS:
                return found
    return found


def _telling(errors: Iterable[Any]) -> Iterator[Any]:
    """The errors without those that say of a whole number out of its bounds that it is no integer, too."""
    held: list[Any] = []
    bounded: set[tuple[str | int, ...]] = set()
    for error in errors:
        if error.kind.name == "type" and _is_whole(error.instance):
            held.append(error)
            continue
        if error.kind.name in _BOUNDS:
            bounded.add(tuple(error.instance_path))
        yield error
    yield from (error for error in held if tuple(error.instance_path) not in bounded)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _described(error: Any, location: Location, at: str) -> Iterator[Violation]:
    kind = error.kind
    where = _place(at, error)
    alternatives = getattr(kind, "context", None)
    if kind.name == "required":
        yield Violation(location, where + pointer([kind.property]), "is missing")
    elif alternatives and (tags := _other_tags(alternatives)):
        value, *options = (
            orjson.dumps(each).decode() for each in (tags[0].instance, *(tag.kind.options[0] for tag in tags))
        )
        where = _place(at, tags[0])
        yield Violation(location, where, _cut(f"{value} is not one of {', '.join(options)}"))
    elif alternatives:
        # "Matches none of the alternatives" helps nobody: say what is wrong with the one that was meant.
        for nested in _nearest(alternatives):
            yield from _described(nested, location, at)
    else:
        yield Violation(location, where, _cut(error.message.replace(_MARK, "")))


def _place(at: str, error: Any) -> str:
    return at + pointer([str(part).removeprefix(_MARK) for part in error.instance_path])


def _cut(message: str) -> str:
    if len(message) <= MAX_BEFORE + MAX_BEHIND:
        return message
    return f"{message[:MAX_BEFORE]} … {message[-MAX_BEHIND:]}"


def _nearest(alternatives: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The errors of the alternative that the value comes nearest to.

    That is one whose tag the value has; then the one whose types fit down to the deepest level; of several,
    the one with the fewest errors.
    """

    def distance(errors: Sequence[Any]) -> tuple[bool, float, int]:
        depths = [len(error.instance_path) for error in errors if error.kind.name == "type"]
        return _other_tag(errors) is not None, -min(depths, default=math.inf), len(errors)

    return min((list(_telling(errors)) for errors in alternatives), key=distance)


def _other_tag(errors: Sequence[Any]) -> Any | None:
    """The error that says that the value is of another alternative: a member that has one possible value."""
    return next((each for each in errors if each.kind.name == "enum" and len(each.kind.options) == 1), None)


def _other_tags(alternatives: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """Those errors, where the value is of none of the alternatives for the same member; else none."""
    tags = [tag for errors in alternatives if (tag := _other_tag(errors))]
    places = {tuple(tag.instance_path) for tag in tags}
    return tags if len(tags) == len(alternatives) and len(places) == 1 else []


def _property_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from _property_names(each)


def _sizes(schema: Any) -> Any:
    """How large a value and its parts may be, as far as the schema says it without alternatives."""
    if not isinstance(schema, dict):
        return {}
    found = {key: value for key, value in schema.items() if key in _SIZES}
    found |= {key: _sizes(value) for key, value in schema.items() if key in _PARTS}
    if "properties" in schema:
        found["properties"] = {name: _sizes(sub) for name, sub in schema["properties"].items()}
    return found


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
