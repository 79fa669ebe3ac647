"""What a variant is: a mutant, which breaks one requirement, or a freedom, which breaks none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.selftest.gateway import Make


@dataclass(frozen=True)
class Mutant:
    """A server with one deliberate fault."""

    name: str
    """Stable, in words joined by hyphens."""
    breaks: str
    """The id of the requirement that a verdict must name."""
    does: str
    """The fault, in one line."""
    make: Make
    also: frozenset[str] = frozenset()
    """Further requirements that the same fault cannot help breaking; ``*`` stands for any text."""
    revisions: tuple[str, ...] = ()
    """The revisions it is run in; none for all that the requirement holds for."""
    generated: bool = False
    """Whether only requests of Schemathesis's making can show it."""


@dataclass(frozen=True)
class Freedom:
    """A correct server that uses a freedom that the contract leaves."""

    name: str
    does: str
    make: Make
    contracts: tuple[str, ...] = ()
    """The contracts it concerns; none for all."""
    revisions: tuple[str, ...] = ()
    """None for all."""
    generated: bool = False
    """Whether requests of Schemathesis's making are to be sent, too."""
