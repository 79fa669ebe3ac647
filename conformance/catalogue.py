"""The requirement catalogue: numbered normative statements, read from ``openapi/requirements``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True)
class Requirement:
    """One normative statement of a contract."""

    id: str
    """For ever, never renumbered: ``LR-BODY-03``."""
    level: Level
    evidence: Backing
    facts: tuple[str, ...]
    """Numbers in the fact list: ``L3``, ``N10``."""
    revisions: tuple[str, ...]
    statement: str
    check: str | None = None
    """Name of the check that covers it; None exactly when *untested* is given."""
    untested: str | None = None
    """Why no check can judge it."""

    @property
    def group(self) -> str:
        """The part of the contract it belongs to: ``BODY`` of ``LR-BODY-03``."""
        return self.id.split("-")[1]
