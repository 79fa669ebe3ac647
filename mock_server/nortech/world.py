"""The signals that the Nortech endpoint knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mock_server import instant
from mock_server.world import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Workspace, asset, division, unit, signal (N4).
Names: TypeAlias = tuple[str, str, str, str, str]
LEVELS = ("workspace", "asset", "division", "unit", "signal")


@dataclass(frozen=True, slots=True)
class Swing:
    """Values that swing slowly between two bounds.

    Attributes:
        low: No value is less.
        high: No value is greater.
        period_ms: How long a swing takes.
    """

    low: float
    high: float
    period_ms: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Values that a sensor of a drilling rig gives.

    Attributes:
        rig: Its name; channels of one rig agree with each other.
        channel: Which of `rig.CHANNELS`.
    """

    rig: str
    channel: str


@dataclass(frozen=True, slots=True)
class Data:
    """When a signal has values, and what they look like.

    Attributes:
        start_ms: From here on, in milliseconds of the Unix epoch.
        end_ms: The first instant without a value any more.
        every_ms: Milliseconds from one value to the next; None where the channel has times of its own.
        shape: What the values look like.
        gaps_per_day: How often there is no value for a while; a rig's signals are then all without.
        stuck_per_day: How often the value stays the same for a while.
    """

    start_ms: int
    end_ms: int
    every_ms: int | None
    shape: Swing | Measured
    gaps_per_day: float = 0.0
    stuck_per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal; one without data exists, but has no value at any time."""

    id: int
    names: Names
    data: Data | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All signals, by id and by names."""

    by_id: dict[int, Signal]
    by_names: dict[Names, Signal]


def catalogue(world: dict[str, Any], where: str = "nortech") -> Catalogue:
    """The catalogue in the `nortech` part of a world.

    Raises:
        WorldError: Two signals have the same id or the same names, or data ends before it starts.
    """
    by_id: dict[int, Signal] = {}
    by_names: dict[Names, Signal] = {}
    for names, entry, place in _signals(world, where):
        if entry["id"] in by_id:
            raise WorldError(f"{place}.id: {entry['id']} is there twice")
        if names in by_names:
            raise WorldError(f"{place}: {' / '.join(names)!r} is there twice")
        by_id[entry["id"]] = by_names[names] = Signal(
            entry["id"], names, _data(entry.get("data"), f"{place}.data")
        )
    return Catalogue(by_id, by_names)


def _signals(world: dict[str, Any], where: str) -> Iterator[tuple[Names, dict[str, Any], str]]:
    for a, workspace in enumerate(world["workspaces"]):
        for b, asset in enumerate(workspace["assets"]):
            for c, division in enumerate(asset["divisions"]):
                for d, unit in enumerate(division["units"]):
                    for e, signal in enumerate(unit["signals"]):
                        names = (
                            workspace["name"],
                            asset["name"],
                            division["name"],
                            unit["name"],
                            signal["name"],
                        )
                        yield (
                            names,
                            signal,
                            (f"{where}.workspaces[{a}].assets[{b}].divisions[{c}].units[{d}].signals[{e}]"),
                        )


# Channels that have values at times of their own; the schema lets no `everyMs` stand beside them.
OCCASIONAL = ("survey", "alarm")


def _data(entry: dict[str, Any] | None, where: str) -> Data | None:
    if entry is None:
        return None
    start_ms, end_ms = (
        _milliseconds(entry["start"], f"{where}.start"),
        _milliseconds(entry["end"], f"{where}.end"),
    )
    if start_ms > end_ms:
        raise WorldError(f"{where}: ends before it starts")
    occasional = entry.get("channel") in OCCASIONAL
    return Data(
        start_ms,
        end_ms,
        None if occasional else int(entry.get("everyMs", 1000)),
        _shape(entry, where),
        float(entry.get("gapsPerDay", 0)),
        float(entry.get("stuckPerDay", 0)),
    )


def _shape(entry: dict[str, Any], where: str) -> Swing | Measured:
    if entry.get("kind") == "rig":
        return Measured(entry["rig"], entry["channel"])
    low, high = float(entry.get("low", 0)), float(entry.get("high", 100))
    if low > high:
        raise WorldError(f"{where}: low is greater than high")
    return Swing(low, high, max(1, round(entry.get("periodSeconds", 600) * 1000)))


def _milliseconds(text: str, where: str) -> int:
    try:
        return instant.parse(text) // 1000
    except ValueError as error:
        raise WorldError(f"{where}: {text!r} is not a date-time: {error}") from None
