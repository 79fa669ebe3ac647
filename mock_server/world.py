"""The world: a YAML file that lists the objects which the mock knows."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mock_server import document

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "default.yaml"
MAX_SHOWN = 10


class WorldError(Exception):
    """A world file that cannot be used; the message names each wrong member and what was expected."""


def load(path: Path | None = None) -> dict[str, Any]:
    """The world in that file, or the default one; its shape is checked, what it means is not.

    Raises:
        WorldError: The file cannot be read, is not YAML, or does not have the shape of a world.
    """
    name = str(path) if path else DEFAULT
    try:
        if path is None:
            world = _own(DEFAULT)
        else:
            world = document.read(path)
    except document.DocumentError as error:
        raise WorldError(str(error)) from None
    schema = _own("schema.yaml")
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    try:
        errors = list(validator.iter_errors(world))
    except ValueError as error:
        # YAML can say more than JSON: keys that are not text, values like dates and sets.
        raise WorldError(f"{name}: has something that JSON cannot say: {error}") from None
    if errors:
        lines = [
            f"{name}: {place(error.instance_path)}: {_words(error, schema)}" for error in errors[:MAX_SHOWN]
        ]
        if len(errors) > MAX_SHOWN:
            lines.append(f"{name}: and {len(errors) - MAX_SHOWN} more")
        raise WorldError("\n".join(lines))
    known: dict[str, Any] = world
    return known


def _words(error: jsonschema_rs.ValidationError, schema: Any) -> str:
    """What is wrong, with all that could stand there; the library names a few."""
    rule = schema
    for part in error.schema_path[:-1]:
        rule = rule[part]
    value: Any = error.instance
    if error.schema_path[-1:] == ["enum"]:
        return f"{value!r} is none of: {', '.join(rule['enum'])}"
    if error.schema_path[-1:] == ["additionalProperties"]:
        unknown = [str(name) for name in value if name not in rule["properties"]]
        return f"there is no {' and no '.join(unknown)}; there are {', '.join(rule['properties'])}"
    return error.message.replace("is a required property", "is missing")


def _own(name: str) -> Any:
    return document.own(files("mock_server.worlds").joinpath(name).read_bytes())


def place(path: list[str | int]) -> str:
    """A path into the world as people write it: `liverig.sources[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the world"
