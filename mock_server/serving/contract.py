"""The contracts under `openapi/`, loaded and made ready to be mounted."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
VENDOR_REVISIONS = {
    "liverig-backlog-sync": {
        "current": "liverig-backlog-sync.yaml",
        "old": "liverig-backlog-sync.old.yaml",
    },
    "nortech-historical-data-sync": {
        "documented": "nortech-historical-data-sync.yaml",
        "current": "nortech-historical-data-sync.current.yaml",
    },
}


@dataclass(frozen=True)
class Contract:
    """One OpenAPI document and the name it is known by.

    Attributes:
        name: The contract's id, the same for all its revisions.
        revision: Which revision of it this is.
        document: The OpenAPI document. Treat it as read-only.
    """

    name: str
    revision: str
    document: dict[str, Any]

    def methods(self) -> dict[str, list[str]]:
        """Each path template of the contract, and the methods that it knows, in upper case."""
        return {
            path: [method.upper() for method in item if method in METHODS]
            for path, item in self.document["paths"].items()
        }

    def operation_ids(self) -> list[str]:
        """The operationId of each operation."""
        return [
            item[method]["operationId"]
            for item in self.document["paths"].values()
            for method in METHODS
            if method in item
        ]

    def relocated(self) -> tuple[str, dict[str, Any]]:
        """The longest folder that all paths share, and the document with paths relative to it.

        Connexion chains APIs of the same base path in a way that loses the middle one of three, so each
        contract is mounted at a base path of its own as far as it has one.
        """
        paths = self.document["paths"]
        base = posixpath.commonpath([posixpath.dirname(path) for path in paths]).rstrip("/")
        return base, {**self.document, "paths": {path[len(base) :]: item for path, item in paths.items()}}


def load(name: str, revision: str) -> Contract:
    """The vendor contract of that name and revision.

    Raises:
        LookupError: There is no such contract or revision; the message lists those that there are.
    """
    try:
        revisions = VENDOR_REVISIONS[name]
    except KeyError:
        raise LookupError(f"no contract {name!r}; there are {', '.join(VENDOR_REVISIONS)}") from None
    try:
        file_name = revisions[revision]
    except KeyError:
        raise LookupError(f"{name} has no revision {revision!r}; it has {', '.join(revisions)}") from None
    return Contract(name, revision, _document(file_name))


def load_admin() -> Contract:
    """The contract of the mock's own control API."""
    document = _document("admin.yaml")
    return Contract("admin", str(document["info"]["version"]), document)


@cache
def _document(file_name: str) -> dict[str, Any]:
    text = files("openapi").joinpath(file_name).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document
