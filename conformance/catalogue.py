"""The requirement catalogue: numbered normative statements, read from ``openapi/requirements``.

A statement says itself how it is judged, as data: by a *change* to an accepted request, by a part of an
*answer*, by requests that Schemathesis *generates*, or by a named check in code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


class Level(StrEnum):
    """How binding a requirement is (contract-facts, "Levels")."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Backing(StrEnum):
    """What a requirement rests on; only DOCUMENTED and EXAMPLE may carry a MUST."""

    DOCUMENTED = "documented"
    EXAMPLE = "example"
    SIBLING = "sibling"
    CLIENT = "client"
    NORM = "norm"
    ASSUMPTION = "assumption"


class Expectation(StrEnum):
    """What a changed request should meet."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """Found invalid: L13 for LiveRig, N10 and N13 for Nortech."""
    REFUSED = "refused"
    """Any status from 400 to 499."""
    UNAUTHORIZED = "unauthorized"
    EITHER = "either"
    """A freedom: observed, never held against the target."""


_EXPECTED_OF_GENERATED: dict[object, str] = {"valid": Expectation.ACCEPTED, "invalid": Expectation.REJECTED}


@dataclass(frozen=True)
class Change:
    """One difference from an accepted request, or several of one kind that are tried in turn."""

    part: str
    """Where in the request: ``query``, ``header`` or ``body``."""
    at: tuple[str, ...]
    """JSON Pointers; ``*`` stands for the first member or item. Several are changed together."""
    action: str
    """As in ``catalogue.schema.json``: ``remove``, ``set``, ``insert``, ``wrap`` and others."""
    values: tuple[Any, ...] = ()
    """For the actions that take values: one request for each."""
    start: str | None = None
    """Named example to start from, in place of the requirement's."""


@dataclass(frozen=True)
class AnswerRule:
    """A part of one kind of answer."""

    kind: str
    status: tuple[int, ...] = ()
    media_type: str | None = None
    at: str | None = None
    """JSON Pointer of the part that the contract's schema governs; ``*`` stands for any item."""


@dataclass(frozen=True)
class Requirement:
    """One normative statement of a contract."""

    id: str
    """For ever, never renumbered: ``LR-BODY-03``."""
    level: Level
    evidence: Backing
    facts: tuple[str, ...]
    """Numbers of the catalogue's facts: ``L3``, ``N10``; last those that say what is expected."""
    revisions: tuple[str, ...]
    statement: str
    check: str | None = None
    """Name of the check that covers it; None exactly when *untested* is given."""
    untested: str | None = None
    """Why no check can judge it."""
    changes: tuple[Change, ...] = ()
    start: str | None = None
    """Named example that the changed request starts from; None for the first that has the place."""
    expect: Expectation | None = None
    answer: AnswerRule | None = None
    generated: str | None = None
    """``valid`` or ``invalid``, for requests that Schemathesis makes."""

    @property
    def group(self) -> str:
        """The part of the contract it belongs to: ``BODY`` of ``LR-BODY-03``."""
        return self.id.split("-")[1]


@dataclass(frozen=True)
class Catalogue:
    """All statements on one contract, for all its revisions."""

    contract: str
    operation: str
    """The operationId in the contract."""
    prefix: str
    schemas: Mapping[str, str]
    """Kind of answer to the name of its schema."""
    facts: Mapping[str, str]
    """What the numbers stand for that requirements rest on, in a sentence or two."""
    requirements: tuple[Requirement, ...]

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that any statement holds for, in order of appearance."""
        return tuple(dict.fromkeys(r for q in self.requirements for r in q.revisions))

    def of(self, revision: str) -> tuple[Requirement, ...]:
        """The statements that hold for one revision, in the catalogue's order."""
        return tuple(q for q in self.requirements if revision in q.revisions)


class CatalogueError(Exception):
    """A catalogue file breaks ``catalogue.schema.json``; the message says where."""


@cache
def load(contract: str) -> Catalogue:
    """Read the catalogue of a contract.

    Raises:
        CatalogueError: the file is not there or does not keep its schema.
    """
    folder = files("openapi") / "requirements"
    try:
        document = yaml.safe_load((folder / f"{contract}.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"there is no catalogue openapi/requirements/{contract}.yaml") from None
    schema = json.loads((folder / "catalogue.schema.json").read_text(encoding="utf-8"))
    for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(document):
        where = "/".join(str(step) for step in error.instance_path)
        raise CatalogueError(f"openapi/requirements/{contract}.yaml at {where}: {error.message}")
    return Catalogue(
        contract=document["contract"],
        operation=document["operation"],
        prefix=document["prefix"],
        schemas=document["schemas"],
        facts=document["facts"],
        requirements=tuple(
            _requirement(entry, document.get("outcomes", {})) for entry in document["requirements"]
        ),
    )


def contracts() -> tuple[str, ...]:
    """The ids of all contracts that have a catalogue, sorted."""
    folder = files("openapi") / "requirements"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def _requirement(entry: Mapping[str, Any], outcomes: Mapping[str, list[str]]) -> Requirement:
    changes = entry.get("change", [])
    expected = entry.get("expect", _EXPECTED_OF_GENERATED.get(entry.get("generated")))
    rule = entry.get("answer")
    return Requirement(
        id=entry["id"],
        level=Level(entry["level"]),
        evidence=Backing(entry["evidence"]),
        facts=tuple(dict.fromkeys([*entry["facts"], *outcomes.get(str(expected), [])])),
        revisions=tuple(entry["revisions"]),
        statement=entry["statement"].strip(),
        check=entry.get("check"),
        untested=entry.get("untested", "").strip() or None,
        changes=tuple(_change(c) for c in (changes if isinstance(changes, list) else [changes])),
        start=entry.get("from"),
        expect=Expectation(entry["expect"]) if "expect" in entry else None,
        answer=None
        if rule is None
        else AnswerRule(rule["kind"], tuple(rule.get("status", ())), rule.get("media_type"), rule.get("at")),
        generated=entry.get("generated"),
    )


def _change(entry: Mapping[str, Any]) -> Change:
    (action,) = entry.keys() - {"in", "at", "from"}
    at = entry["at"]
    given = entry[action]
    return Change(
        part=entry["in"],
        at=tuple(at) if isinstance(at, list) else (at,),
        action=action,
        start=entry.get("from"),
        values=tuple(given) if isinstance(given, list) else () if given is True else (given,),
    )
