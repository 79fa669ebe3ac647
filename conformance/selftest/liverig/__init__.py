"""LiveRig servers with one deliberate fault each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.selftest.liverig import answer, auth, http, members, old, ranges

if TYPE_CHECKING:
    from conformance.selftest.variant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *members.MUTANTS,
    *old.MUTANTS,
    *ranges.MUTANTS,
    *http.MUTANTS,
    *answer.MUTANTS,
    *auth.MUTANTS,
)
