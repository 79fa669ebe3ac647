"""Nortech servers with one deliberate fault each."""

from __future__ import annotations

from conformance.selftest.variant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
