"""Nortech servers with one deliberate fault each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.selftest.nortech import (
    answer,
    auth,
    column,
    error,
    file,
    http,
    missing,
    relation,
    signals,
    timestamp,
    window,
)

if TYPE_CHECKING:
    from conformance.selftest.variant import Mutant


def _in_parts(mutant: Mutant) -> Mutant:
    """A fault in instants or values: parts of a file, drawn at random, show it, too."""
    shown = mutant.breaks in ("NT-FILE-06", "NT-FILE-07", "NT-FILE-09", "NT-FILE-10")
    return replace(mutant, also=mutant.also | {"NT-FILE-12", "NT-FILE-15"}) if shown else mutant


MUTANTS: tuple[Mutant, ...] = (
    *auth.MUTANTS,
    *signals.MUTANTS,
    *window.MUTANTS,
    *answer.MUTANTS,
    *error.MUTANTS,
    *missing.MUTANTS,
    *map(_in_parts, (*file.MUTANTS, *column.MUTANTS, *timestamp.MUTANTS, *relation.MUTANTS)),
    *http.MUTANTS,
)
