"""Requests that Schemathesis makes: set right where meant to be valid, unmasked where they are not.

A valid one gets identifiers that the target knows. Of an invalid one only the broken part is kept and put
into an accepted example, so that nothing else can be the reason for a rejection; and it is put down to the
statement of the catalogue that speaks of that part, where there is one.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.call import JSON, Absent, Call
from conformance.catalogue import Expectation, Level, Requirement
from conformance.mutation import shown

if TYPE_CHECKING:
    from conformance.contract import Contract, Violation
    from conformance.engine import Generated
    from conformance.plan import Case

# Keywords whose breach leaves no doubt that the vendor's own words are broken; bounds, patterns and formats
# are judged only by values that the catalogue names.
_PLAIN = frozenset({"type", "required", "enum"})


@dataclass(frozen=True)
class Unmasked:
    """An invalid request that differs from an accepted one in one place."""

    call: Call
    difference: str
    requirement: Requirement
    start: int
    """Which of the accepted requests it starts from."""


class Attribution:
    """Which statement of the catalogue speaks of a broken part of a body."""

    def __init__(self, contract: Contract, cases: Iterable[Case], otherwise: Requirement | None) -> None:
        """Learn from the cases of the catalogue. *otherwise* is the statement on all other invalid bodies."""
        self._contract = contract
        self._otherwise = otherwise
        self._known: list[tuple[str, str, str, Requirement]] = []
        for case in cases:
            expect = case.requirement.expect
            if case.mutant is None or expect not in (Expectation.REJECTED, Expectation.EITHER):
                continue
            body = case.mutant.call.body
            if case.mutant.place != "body" or isinstance(body, Absent | bytes):
                continue
            for violation in contract.body_violations(body):
                kind = _json_type(_at(body, violation.pointer))
                self._known.append((violation.pointer, violation.keyword, kind, case.requirement))

    def of(self, violation: Violation, value: Any) -> Requirement | None:
        """The statement that a violation breaks, or None where none of it can be held against anyone."""
        if violation.keyword not in _PLAIN:
            return None
        kind = _json_type(value)
        speaking = [
            requirement
            for pointer, keyword, known, requirement in self._known
            if keyword == violation.keyword and known == kind and self._alike(pointer, violation.pointer)
        ]
        if any(requirement.level is Level.MAY for requirement in speaking):
            return None
        return speaking[0] if speaking else self._otherwise

    def _alike(self, known: str, pointer: str) -> bool:
        """Whether two places are of one kind: equal but for positions in arrays and keys of maps."""
        ours, theirs = _steps(known), _steps(pointer)
        names = self._contract.property_names
        return len(ours) == len(theirs) and all(
            a == b or (a not in names and b not in names) for a, b in zip(ours, theirs, strict=True)
        )

    def unmask(self, generated: Generated, starts: Sequence[Call]) -> Unmasked | None:
        """The one broken part of *generated* in the first of *starts* that has a place for it.

        None where nothing in its body is broken, or nothing that a statement speaks of.
        """
        if not generated.has_body or isinstance(generated.body, bytes):
            return None
        for violation in self._contract.body_violations(generated.body):
            value = _at(generated.body, violation.pointer)
            requirement = self.of(violation, value)
            if requirement is None:
                continue
            for position, start in enumerate(starts):
                body = _transplant(start.body, violation.pointer, value, self._contract.property_names)
                if body is not None and self._contract.body_violations(body):
                    what = "left out" if value is Absent.BODY else f"set to {shown(value)}"
                    difference = f"body {violation.pointer or 'as a whole'} {what}"
                    return Unmasked(replace(start, body=body), difference, requirement, position)
        return None


def as_call(generated: Generated) -> Call:
    """A generated request as it is."""
    query = tuple((name, str(value)) for name, value in generated.query.items())
    body = generated.body if generated.has_body else Absent.BODY
    return Call(generated.method, query, {"Content-Type": JSON}, body)


def _transplant(body: Any, pointer: str, value: Any, names: Collection[str]) -> Any:
    """*body* with *value* at *pointer*, keys of maps taken as they come; None where it has no such place.

    Of the members called *names* it has those that it holds: what is in another, like the range of a kind of
    log that is not asked for (L8), need not matter to anyone.
    """
    if not pointer:
        return value
    grown = copy.deepcopy(body)
    node = grown
    steps = _steps(pointer)
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        key: Any
        if isinstance(node, dict) and step not in node and step in names:
            return None
        if isinstance(node, dict) and (step in node or last):
            key = step
        elif isinstance(node, dict) and node:
            key = next(iter(node))
        elif isinstance(node, list) and node:
            key = min(int(step), len(node) - 1) if step.isdigit() else 0
        else:
            return None
        if not last:
            node = node[key]
        elif value is Absent.BODY:
            if isinstance(node, dict) and key not in node:
                return None
            del node[key]
        else:
            node[key] = value
    return grown


def _at(body: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        if isinstance(body, Mapping) and step in body:
            body = body[step]
        elif isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return Absent.BODY
    return body


def _steps(pointer: str) -> list[str]:
    return [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]


def _json_type(value: Any) -> str:
    if value is Absent.BODY:
        return "absent"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
