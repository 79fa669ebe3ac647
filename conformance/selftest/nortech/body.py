"""Requests for data, and what a defect asks about the body of one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from conformance.selftest import example
from conformance.selftest.defect import array, text, thing, whole
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.selftest.gateway import Make


IDS = example.request("nortech-historical-data-sync", "byId")
_SEARCH = example.request("nortech-historical-data-sync", "bySearch")
SIGNAL = _SEARCH["signals"][0]
NAMES = ("workspace", "asset", "division", "unit", "signal")
WINDOW = {"start": "2021-09-01T00:00:00.000Z", "end": "2021-09-01T00:10:00.000Z"}


def signals(body: Any) -> list[Any]:
    """The signals asked for; none where the body is too damaged to say."""
    return body["signals"] if thing(body) and array(body.get("signals")) else []


def by_id(body: Any) -> bool:
    """Whether all signals are asked for by id."""
    return bool(signals(body)) and all(map(whole, signals(body)))


def by_name(body: Any) -> bool:
    """Whether all signals are asked for by a search object."""
    return bool(signals(body)) and all(map(thing, signals(body)))


def asked_renames(body: Any) -> list[str]:
    """The names that columns are asked to have."""
    return [s["rename"] for s in signals(body) if thing(s) and text(s.get("rename"))]


def paired(
    name: str, documented: str, current: str, does: str, make: Callable[[str], Make], *also: str
) -> Iterator[Mutant]:
    """The same fault in each revision, under the id that it has there; *make* is given the revision."""
    for revision, breaks in (("documented", documented), ("current", current)):
        yield Mutant(name, breaks, does, make(revision), frozenset(also), (revision,))


def same(make: Make) -> Callable[[str], Make]:
    """The same fault in each revision."""
    return lambda _: make


def read_instant(value: Any) -> datetime | None:
    """An ISO 8601 text as an instant; nothing where it is none."""
    try:
        return datetime.fromisoformat(value) if text(value) else None
    except ValueError:
        return None
