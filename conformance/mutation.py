"""Turns a :class:`~conformance.catalogue.Change` and an acceptable request into the changed requests.

Each changed request differs from the one it starts from in one thing, which is put into words.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from conformance.call import Absent, Call
from conformance.vendor import Gap

if TYPE_CHECKING:
    from conformance.catalogue import Change

_SHOWN = 60
_INSERTED = "histdata-inserted"


class Inapplicable(Exception):  # noqa: N818 - says what is the case, not that anything is wrong
    """The request has no such place, so the change cannot be made to it."""


class ProfileGap(Exception):  # noqa: N818
    """The target's profile does not say what the change needs; the message is the line to add."""


@dataclass(frozen=True)
class Mutant:
    """A request with one difference."""

    call: Call
    difference: str
    """The difference in words, for people: ``body /rigName is left out``."""
    place: str
    """The part that differs: ``query``, ``header`` or ``body``."""


def mutate(call: Call, change: Change, facts: Mapping[str, Any]) -> Iterator[Mutant]:
    """Every request that *change* makes of *call*; *facts* are the values that the target's profile gives.

    Raises:
        Inapplicable: *call* has no such place.
        ProfileGap: the change needs a value that *facts* does not have.
    """
    if change.part == "body":
        yield from _mutate_body(call, change, facts)
    elif change.part == "header":
        yield from _mutate_header(call, change)
    else:
        yield from _mutate_query(call, change)


def _mutate_body(call: Call, change: Change, facts: Mapping[str, Any]) -> Iterator[Mutant]:
    if change.at == ("",):
        if change.action == "remove":
            yield Mutant(replace(call, body=Absent.BODY), "the body is left out", "body")
        if change.action in _NESTINGS:
            nest, words = _NESTINGS[change.action]
            yield Mutant(replace(call, body=nest(call.body, "the body")), f"the body is {words}", "body")
        for value in change.values:
            yield Mutant(replace(call, body=value), f"the body is {shown(value)}", "body")
        return
    places = [locate(call.body, pointer) for pointer in change.at]
    names = " and ".join("/" + "/".join(map(str, steps)) for steps in places)
    for edit, words in _edits(call.body, change, places, facts):
        yield Mutant(replace(call, body=edit), f"body {names} {words}", "body")


def _edits(
    body: Any, change: Change, places: list[tuple[str | int, ...]], facts: Mapping[str, Any]
) -> Iterator[tuple[Any, str]]:
    if change.action in ("remove", "swap", "copy"):
        edited = copy.deepcopy(body)
        held = [_get(edited, steps) for steps in places]
        if any(value is Absent.BODY for value in held):
            raise Inapplicable(f"the request has nothing at {', '.join(change.at)}")
        if change.action == "remove":
            for steps in places:
                del _get(edited, steps[:-1])[steps[-1]]
            yield edited, "left out"
        else:
            first, second = held
            _put(edited, places[1], first)
            if change.action == "swap":
                _put(edited, places[0], second)
            yield edited, "exchanged" if change.action == "swap" else f"both {shown(first)}"
        return
    if change.action == "exceed":
        low, high = (_get(body, steps) for steps in places)
        if Absent.BODY in (low, high):
            raise Inapplicable(f"the request has nothing at {', '.join(change.at)}")
        for excess in change.values:
            edited = copy.deepcopy(body)
            above = Decimal(high) + Decimal(str(excess))
            _put(edited, places[0], str(above) if isinstance(high, str) else int(above))
            yield edited, f"the first set to {excess} more than the second"
        return
    if len(places) > 1:
        for together in change.values:
            edited = copy.deepcopy(body)
            for steps, value in zip(places, together, strict=True):
                _put(edited, steps, value)
            yield edited, f"set to {' and '.join(map(shown, together))}"
        return
    (steps,) = places
    yield from _edits_at(body, change, steps, facts)


def _edits_at(
    body: Any, change: Change, steps: tuple[str | int, ...], facts: Mapping[str, Any]
) -> Iterator[tuple[Any, str]]:
    if change.action == "insert":
        held = _get(body, steps)
        for value in change.values:
            for words, edited_held in _inserted(held, value, change.at[0]):
                edited = copy.deepcopy(body)
                _put(edited, steps, edited_held)
                yield edited, f"has {shown(value)} {words}"
        return
    if change.action in _NESTINGS:
        edited = copy.deepcopy(body)
        held = _get(edited, steps)
        if held is Absent.BODY:
            raise Inapplicable(f"the request has nothing at {change.at[0]}")
        nest, words = _NESTINGS[change.action]
        _put(edited, steps, nest(held, change.at[0]))
        yield edited, words
        return
    if change.action == "join":
        parts = [str(part) for part in _all(_get(body, steps), change.at[0])]
        joined = tuple(separator.join(parts) for separator in change.values)
        change = replace(change, action="set", values=joined)
    if change.action == "frame":
        held = _get(body, steps)
        if isinstance(held, bool) or not isinstance(held, str | int | float):
            raise Inapplicable(f"the request has no text or number at {change.at[0]}")
        change = replace(
            change, action="set", values=tuple(v.replace("{}", str(held)) for v in change.values)
        )
    for value in _values(change, facts):
        edited = copy.deepcopy(body)
        if change.action == "rename":
            _rename(_get(edited, steps[:-1]), steps[-1], value, change.at[0])
            yield edited, f"renamed {shown(value)}"
        else:
            _put(edited, steps, value)
            yield edited, f"set to {shown(value)}"


def _inserted(held: Any, value: Any, at: str) -> Iterator[tuple[str, Any]]:
    _first(held, at)
    if isinstance(held, list):
        yield "before the first item", [value, *held]
        yield "behind the last item", [*held, value]
    else:
        yield "before the first member", {_INSERTED: value, **held}
        yield "behind the last member", {**held, _INSERTED: value}


def _first(held: Any, at: str) -> Any:
    return _all(held, at)[0]


def _all(held: Any, at: str) -> list[Any]:
    if not isinstance(held, list | dict) or not held:
        raise Inapplicable(f"the request has no items or members at {at}")
    return held if isinstance(held, list) else list(held.values())


# What is at a place, one level deeper, one level higher, without its names, or as a text; and that in words.
_NESTINGS: Mapping[str, tuple[Callable[[Any, str], Any], str]] = {
    "wrap": (lambda held, _: [held], "put into an array"),
    "unwrap": (_first, "replaced by the first thing in it"),
    "list": (_all, "replaced by an array of what is in it"),
    "number": (
        lambda held, at: {str(position): item for position, item in enumerate(_all(held, at))},
        "replaced by an object of its items by their positions",
    ),
    "quote": (lambda held, _: json.dumps(held, ensure_ascii=False), "written as JSON into a text"),
}


def _rename(parent: Any, name: str | int, new: str, at: str) -> None:
    if not isinstance(parent, dict) or name not in parent:
        raise Inapplicable(f"the request has no member at {at}")
    if new in parent:
        raise Inapplicable(f"the request has a member {new} already, so that at {at} cannot be renamed so")
    renamed = {new if key == name else key: held for key, held in parent.items()}
    parent.clear()
    parent.update(renamed)


def _values(change: Change, facts: Mapping[str, Any]) -> Iterator[Any]:
    if change.action == "profile":
        (name,) = change.values
        if name not in facts:
            raise ProfileGap(name)
        if isinstance(facts[name], Gap):
            raise Inapplicable(facts[name].line)
        yield facts[name]
    elif change.action == "set_length":
        yield from ("x" * length for length in change.values)
    else:
        yield from change.values


def _mutate_header(call: Call, change: Change) -> Iterator[Mutant]:
    name = change.at[0].removeprefix("/")
    others = {key: value for key, value in call.headers.items() if key.lower() != name.lower()}
    if change.action == "remove":
        if len(others) == len(call.headers):
            raise Inapplicable(f"the request has no header {name}")
        yield Mutant(replace(call, headers=others), f"header {name} left out", "header")
    for value in change.values:
        headers = others | {name: value}
        yield Mutant(replace(call, headers=headers), f"header {name} set to {shown(value)}", "header")


def _mutate_query(call: Call, change: Change) -> Iterator[Mutant]:
    name = change.at[0].removeprefix("/")
    others = tuple(pair for pair in call.query if pair[0] != name)
    if change.action == "add":
        for value in change.values:
            query = (*call.query, (name, value))
            yield Mutant(replace(call, query=query), f"query {name}={value} added", "query")
        return
    if len(others) == len(call.query):
        raise Inapplicable(f"the request has no query parameter {name}")
    if change.action == "remove":
        yield Mutant(replace(call, query=others), f"query {name} left out", "query")
    for value in change.values:
        query = tuple((key, value if key == name else held) for key, held in call.query)
        yield Mutant(replace(call, query=query), f"query {name} set to {shown(value)}", "query")


def locate(body: Any, pointer: str) -> tuple[str | int, ...]:
    """The steps that *pointer* leads to in *body*, with each ``*`` replaced by the first member or item.

    The last step need not be there yet.

    Raises:
        Inapplicable: an inner step is not there.
    """
    steps: list[str | int] = []
    node = body
    wanted = [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/")]
    for position, step in enumerate(wanted):
        last = position == len(wanted) - 1
        if isinstance(node, Mapping) and (node or last):
            key: str | int = next(iter(node), step) if step == "*" else step
            present = key in node
        elif isinstance(node, list) and (node or last):
            key = 0 if step == "*" else int(step) if step.isascii() and step.isdigit() else -1
            present = 0 <= key < len(node)
        else:
            raise Inapplicable(f"the request has nothing at {pointer}")
        if not present and (not last or isinstance(node, list)):
            raise Inapplicable(f"the request has nothing at {pointer}")
        steps.append(key)
        node = node[key] if present else None
    return tuple(steps)


def _get(body: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        if isinstance(body, Mapping) and step not in body:
            return Absent.BODY
        body = body[step]
    return body


def _put(body: Any, steps: tuple[str | int, ...], value: Any) -> None:
    _get(body, steps[:-1])[steps[-1]] = copy.deepcopy(value)


def shown(value: Any) -> str:
    """A value as short JSON for people."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
