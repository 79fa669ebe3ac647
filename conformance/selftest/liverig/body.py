"""Requests for a backlog, and what a defect asks about the body of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.selftest import example
from conformance.selftest.defect import Predicate, array, blank, boolean, null, text, thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


TIME = example.request("liverig-backlog-sync", "dateTimeLog")
DEPTH = example.request("liverig-backlog-sync", "measuredDepthLog")
OLD = example.request("liverig-backlog-sync.old", "dateTimeLog")


NO_INSTANT: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "array": array,
    "object": thing,
    "word": lambda v: text(v) and v.isalpha(),
    "iso-date": lambda v: text(v) and "T" in v,
    "hexadecimal": lambda v: text(v) and v.startswith("0x"),
    "number-with-unit": lambda v: text(v) and v.endswith("ms"),
    "empty-text": blank,
}


def all_logs(body: Any) -> Iterator[Any]:
    """Every log of a body that is an object, as far as the body is well-formed."""
    wells = body.get("wells") if isinstance(body, dict) else None
    for bores in wells.values() if isinstance(wells, dict) else ():
        for bore in bores.values() if isinstance(bores, dict) else ():
            logs = bore.get("logs") if isinstance(bore, dict) else None
            yield from (log for log in logs if isinstance(log, dict)) if isinstance(logs, list) else ()


def index_kinds(body: Any) -> set[str]:
    """The kinds of index that a body's logs have."""
    return {log["indexType"] for log in all_logs(body) if isinstance(log.get("indexType"), str)}


def deep(body: Any) -> bool:
    """Whether all logs are over depth."""
    return index_kinds(body) == {"measured depth"}


def mixed(body: Any) -> bool:
    """Whether logs over time and over depth are asked for at once."""
    return len(index_kinds(body)) > 1


def _likely(body: Any) -> Any:
    """The example that a damaged body was most likely made of."""
    return DEPTH if isinstance(body, dict) and "depth" in body and "start" not in body else TIME


def likely_wells(body: Any) -> Any:
    """The wells that stood here before the damage."""
    return _likely(body)["wells"]


def likely_well(body: Any) -> Any:
    """The well that stood here before the damage."""
    return next(iter(likely_wells(body).values()))


def likely_bore(body: Any) -> Any:
    """The wellbore that stood here before the damage."""
    return next(iter(likely_well(body).values()))


def likely_log(body: Any) -> Any:
    """The log that stood here before the damage."""
    return likely_bore(body)["logs"][0]
