"""Mutants that take what a member must not be, or do without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import Predicate, array, boolean, forgive, missing, null, number, text, thing
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_STRING: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "array": array,
    "object": thing,
}
NO_OBJECT: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "text": text,
    "array": array,
}
NO_ARRAY: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "text": text,
    "object": thing,
}


def takes(
    name: str, pointer: str, kinds: Mapping[str, Predicate], breaks: str, value: Any, **more: Any
) -> Iterator[Mutant]:
    """One mutant for each kind of wrong value that is taken at a place."""
    for kind, when in kinds.items():
        make = forgive(pointer, when, value)
        yield Mutant(
            f"{name}-takes-{kind}", breaks, f"Takes {kind} for {pointer or 'the body'}", make, **more
        )


def lacks(name: str, pointer: str, breaks: str, value: Any, **more: Any) -> Mutant:
    """A mutant that does without what stands at a place."""
    return Mutant(
        f"{name}-optional", breaks, f"Does not need {pointer}", forgive(pointer, missing, value), **more
    )
