"""The target profile: what a user says of the server to be judged, in one YAML file.

A section per vendor says which revision is meant, which identifiers the server knows, and in which
environment variables its secrets are. The vendor's folder holds the JSON Schema of its section, and the
commented text that ``init`` writes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

import jsonschema_rs
import yaml

from conformance.call import Call

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.vendor import Target, Vendor

_Target = TypeVar("_Target", bound="Target")

DEFAULT_ANSWER_SECONDS = 10.0


class ProfileError(Exception):
    """The profile cannot be used; the message says what is wrong, where, and what was expected."""


@dataclass(frozen=True)
class Profile:
    """A profile whose every section keeps its schema."""

    sections: Mapping[str, Mapping[str, Any]]
    """Vendor key to what the profile says of it; vendors that it does not name are not judged."""
    answer_seconds: float
    """The bound for one answer, in seconds."""


def load(path: Path, vendors: Iterable[Vendor]) -> Profile:
    """Read a profile.

    Raises:
        ProfileError: it cannot be read, is no YAML, or breaks the schema.
    """
    known = {vendor.key: vendor for vendor in vendors}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProfileError(f"{path}: no such file; `histdata-conformance init` writes one") from None
    except IsADirectoryError:
        raise ProfileError(f"{path}: is a folder; expected the file that `init` writes") from None
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: is no text in UTF-8: byte {error.start} is no part of one") from None
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from None
    document = _parsed(path, text)
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"answer_seconds": {"type": "number", "exclusiveMinimum": 0}}
        | {key: section_schema(vendor) for key, vendor in known.items()},
        "anyOf": [{"required": [key]} for key in known],
    }
    if not isinstance(document, Mapping) or not known.keys() & document.keys():
        raise ProfileError(f"{path}: has no section to judge by; expected {' or '.join(known)} at the top")
    problems = [
        f"{path}: at {'/'.join(map(str, error.instance_path)) or 'the top'}: {_words(error, schema)}"
        for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(document)
    ]
    if problems:
        raise ProfileError("\n".join(problems))
    return Profile(
        sections={key: document[key] for key in known if key in document},
        answer_seconds=float(document.get("answer_seconds", DEFAULT_ANSWER_SECONDS)),
    )


def section_schema(vendor: Vendor) -> dict[str, Any]:
    """The JSON Schema of a vendor's section."""
    text = (files(f"conformance.{vendor.key}") / "profile.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def template(vendors: Iterable[Vendor]) -> str:
    """A commented profile with the identifiers that the vendors document; the mock knows them all."""
    parts = [(files("conformance") / "profile.template.yaml").read_text(encoding="utf-8")]
    parts += [
        (files(f"conformance.{vendor.key}") / "profile.template.yaml").read_text(encoding="utf-8")
        for vendor in vendors
    ]
    return "\n".join(parts)


def secret(environ: Mapping[str, str], name: str, where: str, *, as_it_is: bool = True) -> str:
    """The value of a secret. *as_it_is* says that it goes into a header without being encoded.

    Raises:
        ProfileError: the environment variable *name*, which *where* in the profile names, is not set, or
            holds what its header cannot carry.
    """
    value = environ.get(name)
    if not value:
        raise ProfileError(f"{where} names the environment variable {name}, which is not set or empty")
    if not value.isprintable() or value != value.strip():
        # What a file ends in easily ends up in the variable, and would end the header.
        raise ProfileError(
            f"{where} names the environment variable {name}, which begins or ends with white space, or holds "
            "a line break or another control character"
        )
    if as_it_is and not value.isascii():
        raise ProfileError(f"{where} names the environment variable {name}, which holds more than ASCII")
    return value


def keeping_contract(target: _Target, section: str) -> _Target:
    """*target*, whose examples keep their contract.

    Raises:
        ProfileError: an entry of *section* is nothing that the contract can carry.
    """
    for name, start in target.starts().items():
        if isinstance(start, Call):
            for violation in target.contract.body_violations(start.body):
                raise ProfileError(
                    f"{section}: with it the example {name} breaks the contract {target.contract.id} "
                    f"({target.contract.revision}) at {violation.pointer}: {violation.message}"
                )
    return target


def _parsed(path: Path, text: str) -> Any:
    try:
        document = yaml.load(text, _Loader)
        for place, value in _odd(document):
            raise ProfileError(
                f"{path}: at {place or 'the top'}: {value!r} is neither text, a number, true, false, null, "
                "a list nor a mapping with names"
            )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ProfileError(f"{path}: is not YAML: {place}{error.problem}") from None
    except yaml.YAMLError as error:
        raise ProfileError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    except ValueError as error:  # what YAML's own constructors raise, of a date that does not exist
        raise ProfileError(f"{path}: holds a value that cannot be read: {error}") from None
    except RecursionError:
        raise ProfileError(f"{path}: is nested too deeply") from None
    return document


def _odd(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """What YAML knows and JSON does not: no schema can judge it. A loop ends in a RecursionError."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                yield place, name
            yield from _odd(inner, f"{place}/{name}".removeprefix("/"))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _odd(inner, f"{place}/{index}".removeprefix("/"))
    elif not isinstance(value, str | int | float | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        yield place, value
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        yield place, value  # half of a surrogate pair, which no request can carry


class _Loader(yaml.SafeLoader):
    """Reads instants as text, so that they need no quotes, and a name only once in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in names:
            if names.count(name) > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(f"{name!r} stands twice in the mapping from line {line} on")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _words(error: jsonschema_rs.ValidationError, schema: Any) -> str:
    """What is wrong, with all that could stand there; the library names a few."""
    if str(error.instance_path[-1:]).endswith("_env']"):
        # It may well be the secret itself, put there by mistake.
        return "is not the name of an environment variable"
    instance: Any = error.instance
    rule = schema
    for part in error.schema_path[:-1]:
        rule = rule[part]
    if error.schema_path[-1:] == ["enum"]:
        return f"{json.dumps(instance)} is none of: {', '.join(map(json.dumps, rule['enum']))}"
    if error.schema_path[-1:] == ["additionalProperties"]:
        unknown = [name for name in instance if name not in rule["properties"]]
        return f"there is no {' and no '.join(unknown)}; there are {', '.join(rule['properties'])}"
    return error.message.replace("is a required property", "is missing")
