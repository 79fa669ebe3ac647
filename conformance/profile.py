"""The target profile: what a user says of the server to be judged, in one YAML file.

A section per vendor says which revision is meant, which identifiers the server knows, and in which
environment variables its secrets are. The vendor's folder holds the JSON Schema of its section, and the
commented text that ``init`` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.vendor import Vendor

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
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}") from None
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProfileError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
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
        f"{path}: at {'/'.join(map(str, error.instance_path)) or 'the top'}: {error.message}"
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


def secret(environ: Mapping[str, str], name: str, where: str) -> str:
    """The value of a secret.

    Raises:
        ProfileError: the environment variable *name*, which *where* in the profile names, is not set.
    """
    value = environ.get(name)
    if not value:
        raise ProfileError(f"{where} names the environment variable {name}, which is not set or empty")
    return value
