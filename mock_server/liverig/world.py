"""The collectors, sources, rigs, wells and logs that the LiveRig endpoint knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.world import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterable

DATE_TIME = "date time"
MEASURED_DEPTH = "measured depth"


@dataclass(frozen=True, slots=True)
class Log:
    """A log and where it has data: epoch milliseconds, or metres, as decimal text."""

    uid: str
    index_type: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Rig:
    """A rig of a source; its wells by uid, their wellbores by uid, their logs by uid and index type."""

    name: str
    number: int
    wells: dict[str, dict[str, dict[tuple[str, str], Log]]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a collector takes its data from; its rigs by name and by number."""

    name: str
    protocol: str
    rigs: dict[str | int, Rig]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that the collectors know."""

    collectors: frozenset[tuple[str, str]]
    sources: dict[str, Source]


def catalogue(world: dict[str, Any], where: str = "liverig") -> Catalogue:
    """The catalogue in the `liverig` part of a world.

    Raises:
        WorldError: Two objects have the same name, or a log ends before it starts.
    """
    sources: dict[str, Source] = {}
    for number, source in enumerate(world["sources"]):
        place = f"{where}.sources[{number}]"
        _new(source["name"], sources, f"{place}.name")
        sources[source["name"]] = Source(
            source["name"], source["protocol"], _rigs(source["rigs"], f"{place}.rigs")
        )
    collectors = frozenset((each["qualifier"], each["instance"]) for each in world["collectors"])
    return Catalogue(collectors, sources)


def _rigs(entries: list[dict[str, Any]], where: str) -> dict[str | int, Rig]:
    rigs: dict[str | int, Rig] = {}
    for number, entry in enumerate(entries):
        _new(entry["name"], rigs, f"{where}[{number}].name")
        _new(entry["number"], rigs, f"{where}[{number}].number")
        rig = Rig(entry["name"], entry["number"], _wells(entry.get("wells", []), f"{where}[{number}].wells"))
        rigs[rig.name] = rigs[rig.number] = rig
    return rigs


def _wells(entries: list[dict[str, Any]], where: str) -> dict[str, dict[str, dict[tuple[str, str], Log]]]:
    wells: dict[str, dict[str, dict[tuple[str, str], Log]]] = {}
    for number, well in enumerate(entries):
        _new(well["uid"], wells, f"{where}[{number}].uid")
        wellbores = wells[well["uid"]] = {}
        for index, wellbore in enumerate(well["wellbores"]):
            place = f"{where}[{number}].wellbores[{index}]"
            _new(wellbore["uid"], wellbores, f"{place}.uid")
            wellbores[wellbore["uid"]] = _logs(wellbore["logs"], f"{place}.logs")
    return wells


def _logs(entries: list[dict[str, Any]], where: str) -> dict[tuple[str, str], Log]:
    logs: dict[tuple[str, str], Log] = {}
    for number, entry in enumerate(entries):
        key = (entry["uid"], entry["indexType"])
        _new(key, logs, f"{where}[{number}]")
        start, end = entry["start"], entry["end"]
        if entry["indexType"] == DATE_TIME:
            start, end = (
                _milliseconds(start, f"{where}[{number}].start"),
                _milliseconds(end, f"{where}[{number}].end"),
            )
        if start > end:
            raise WorldError(f"{where}[{number}]: ends before it starts")
        logs[key] = Log(*key, _text(start), _text(end))
    return logs


def _text(number: float) -> str:
    """Decimal text without an exponent, as exact as a request's (L10)."""
    return f"{round(Decimal(str(number)), 10).normalize():f}"


def _milliseconds(text: str, where: str) -> int:
    try:
        return instant.parse(text) // 1000
    except ValueError as error:
        raise WorldError(f"{where}: {text!r} is not a date-time: {error}") from None


def _new(name: object, names: Iterable[object], where: str) -> None:
    if name in names:
        raise WorldError(f"{where}: {name!r} is there twice")
