"""What a defect is made of: ways to spoil or mend a request on its way in, and an answer on its way out."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve, reply


class Missing(Enum):
    """Stands for a member that is not there."""

    HERE = "nothing"


Predicate = Callable[[Any], bool]
Chosen = Callable[[Ask], bool]


# Predicates on what is at a place of a request ------------------------------------------------------------


def missing(value: Any) -> bool:
    """Nothing is there."""
    return value is Missing.HERE


def null(value: Any) -> bool:
    """Null."""
    return value is None


def boolean(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def number(value: Any) -> bool:
    """A number, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: Any) -> bool:
    """An integer, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def fraction(value: Any) -> bool:
    """A number that is no integer."""
    return isinstance(value, float) and not value.is_integer()


def text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def empty(value: Any) -> bool:
    """An empty string, array or object."""
    return isinstance(value, str | list | dict) and not value


def array(value: Any) -> bool:
    """An array."""
    return isinstance(value, list)


def thing(value: Any) -> bool:
    """An object."""
    return isinstance(value, dict)


def blank(value: Any) -> bool:
    """An empty string."""
    return isinstance(value, str) and not value


def no(*kinds: Predicate) -> Predicate:
    """Something is there that is of none of the kinds."""
    return lambda value: not missing(value) and not any(kind(value) for kind in kinds)


def one_of(*kinds: Predicate) -> Predicate:
    """Of any of the kinds."""
    return lambda value: any(kind(value) for kind in kinds)


# Places in a body -----------------------------------------------------------------------------------------


def places(body: Any, pointer: str) -> Iterator[tuple[Any, Any]]:
    """Each holder and key that *pointer* leads to; ``*`` stands for every member or item.

    The last step need not be there, so that something can be put there.
    """
    *inner, last = pointer.removeprefix("/").split("/")
    holders = [body]
    for step in inner:
        holders = [holder[key] for holder in holders for key in _keys(holder, step) if _has(holder, key)]
    for holder in holders:
        for key in _keys(holder, last):
            yield holder, key


def at(holder: Any, key: Any) -> Any:
    """What is in the holder under the key, or :attr:`Missing.HERE`."""
    return holder[key] if _has(holder, key) else Missing.HERE


def _keys(holder: Any, step: str) -> list[Any]:
    if isinstance(holder, dict):
        return list(holder) if step == "*" else [step]
    if isinstance(holder, list):
        if step == "*":
            return list(range(len(holder)))
        return [int(step)] if step.isdigit() and int(step) < len(holder) else []
    return []


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else isinstance(holder, list) and key < len(holder)


# Behaviours -----------------------------------------------------------------------------------------------


def on_ask(change: Callable[[Ask], Ask]) -> Make:
    """Change each request to the operation before the mock sees it."""

    async def behave(ask: Ask, serve: Serve) -> Reply:
        return await serve(ask if ask.is_file else change(ask))

    return lambda: behave


def on_reply(change: Callable[[Ask, Reply], Reply]) -> Make:
    """Change each answer of the operation."""

    async def behave(ask: Ask, serve: Serve) -> Reply:
        answer = await serve(ask)
        return answer if ask.is_file else change(ask, answer)

    return lambda: behave


def instead(when: Chosen, answer: Callable[[Ask], Reply]) -> Make:
    """Answer some requests in place of the mock."""

    async def behave(ask: Ask, serve: Serve) -> Reply:
        return answer(ask) if not ask.is_file and when(ask) else await serve(ask)

    return lambda: behave


def every(period: int, make: Make) -> Make:
    """Behave so on every so-many-th request to the operation only."""

    def fresh() -> Behaviour:
        counted = itertools.count(1)
        inner = make()

        async def behave(ask: Ask, serve: Serve) -> Reply:
            due = not ask.is_file and next(counted) % period == 0
            return await (inner(ask, serve) if due else serve(ask))

        return behave

    return fresh


def both(first: Make, second: Make) -> Make:
    """The first behaviour in front of the second."""

    def fresh() -> Behaviour:
        outer, inner = first(), second()

        async def behave(ask: Ask, serve: Serve) -> Reply:
            async def further(changed: Ask) -> Reply:
                return await inner(changed, serve)

            return await outer(ask, further)

        return behave

    return fresh


def forgive(pointer: str, when: Predicate, value: Any) -> Make:
    """Put *value* wherever *when* holds of what is there, so that the server seems to take it.

    *value* may be a function of the body. An empty pointer is the whole body.
    """

    def mend(ask: Ask) -> Ask:
        body = copy.deepcopy(ask.document)
        if ask.method != "POST":
            return ask
        if not pointer:
            return ask.with_document(_value(value, body)) if when(body) else ask
        wrong = [(holder, key) for holder, key in places(body, pointer) if when(at(holder, key))]
        for holder, key in wrong:
            holder[key] = _value(value, body)
        return ask.with_document(body) if wrong else ask

    return on_ask(mend)


def forgive_query(name: str, when: Predicate, value: str) -> Make:
    """Set a query parameter where *when* holds of its value."""

    def mend(ask: Ask) -> Ask:
        found = next((held for key, held in ask.query if key == name), Missing.HERE)
        return ask.with_query(name, value) if when(found) else ask

    return on_ask(mend)


def forgive_header(name: str, when: Predicate, value: str) -> Make:
    """Set a header where *when* holds of its value."""

    def mend(ask: Ask) -> Ask:
        found = ask.header(name)
        return ask.with_header(name, value) if when(Missing.HERE if found is None else found) else ask

    return on_ask(mend)


def refuse(when: Chosen) -> Make:
    """Spoil some requests, so that the mock refuses them in its own words."""
    return on_ask(lambda ask: ask.with_document([]) if when(ask) else ask)


def refuse_body(when: Callable[[Any], bool]) -> Make:
    """Spoil the requests with such a body; one that is no JSON object is not looked at."""
    return refuse(lambda ask: isinstance(ask.document, dict) and when(ask.document))


def crash(when: Chosen) -> Make:
    """Fail with 500 on some requests."""
    return instead(when, lambda _: reply(500, {"message": "Internal Server Error"}))


def late(seconds: float, when: Callable[[Reply], bool]) -> Make:
    """Let so many seconds pass before some answers."""

    def wait(ask: Ask, answer: Reply) -> Reply:
        if when(answer):
            ask.wait(seconds)
        return answer

    return on_reply(wait)


def has_method(method: str) -> Chosen:
    """Whether a request has this method."""
    return lambda ask: ask.method == method


def declared(ask: Ask) -> str:
    """The content type of a request as it is written, empty where there is none."""
    return (ask.header("content-type") or "").strip()


def typed(value: str | None, status: int = 200) -> Make:
    """Give answers with this status another content type, or none."""
    return on_reply(lambda _, r: r.with_header("content-type", value) if r.status == status else r)


def restatus(old: int, new: int) -> Make:
    """Answer one status in place of another."""
    return on_reply(lambda _, r: replace(r, status=new) if r.status == old else r)


def on_status(status: int, change: Callable[[Any], Any]) -> Make:
    """Change the JSON of each answer with this status."""
    return on_reply(
        lambda _, answer: (
            answer.with_document(change(copy.deepcopy(answer.document)))
            if answer.status == status
            else answer
        )
    )


def on_members(status: int, **members: Any) -> Make:
    """Set members of the JSON of each answer with this status; :attr:`Missing.HERE` removes one."""

    def change(document: Any) -> Any:
        document |= members
        return {name: value for name, value in document.items() if not missing(value)}

    return on_status(status, change)


def _value(value: Any, body: Any) -> Any:
    return copy.deepcopy(value(body) if callable(value) else value)
