"""Faults in what is taken for a time window."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    Predicate,
    array,
    blank,
    boolean,
    both,
    forgive,
    instead,
    null,
    number,
    refuse_body,
    text,
    thing,
)
from conformance.selftest.gateway import reply
from conformance.selftest.member import NO_OBJECT, lacks, takes
from conformance.selftest.nortech.body import WINDOW, read_instant
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Mapping


_NO_INSTANT: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "epoch": number,
    "array": array,
    "object": thing,
    "empty-text": blank,
    "word": lambda v: text(v) and v.isalpha(),
    "time-alone": lambda v: text(v) and v.startswith("T"),
    "more-behind": lambda v: text(v) and " or " in v,
}


def _swapped(body: Any) -> Any:
    window = body["timeWindow"]
    return body | {"timeWindow": {"start": window["end"], "end": window["start"]}}


_MICROSECONDS = re.compile(r"\.(\d{6})Z$")


def _misread_start(body: Any) -> str:
    whole_second, digits, _ = _MICROSECONDS.split(body["timeWindow"]["start"])
    start = datetime.fromisoformat(f"{whole_second}Z") + timedelta(milliseconds=int(digits))
    return start.isoformat(timespec="milliseconds")


def _ends(body: Any) -> tuple[str, str] | None:
    """Both ends of a window, as they are written, where both are instants."""
    window = body.get("timeWindow") if isinstance(body, dict) else None
    ends = [window.get("start"), window.get("end")] if isinstance(window, dict) else []
    written = [end for end in ends if isinstance(end, str)]
    instants = [read_instant(end) for end in written]
    if len(written) < 2 or not all(instant and instant.tzinfo for instant in instants):
        return None
    return written[0], written[1]


def _falls_as_text(body: Any) -> bool:
    ends = _ends(body)
    return ends is not None and ends[0] > ends[1] and not _is_backwards(*ends)


def _is_backwards(start: str, end: str) -> bool:
    return datetime.fromisoformat(start) > datetime.fromisoformat(end)


def _is_hardly_backwards(body: Any) -> bool:
    ends = _ends(body)
    if ends is None or not _is_backwards(*ends):
        return False
    start, end = map(datetime.fromisoformat, ends)
    return (start - end).total_seconds() < 1


def _is_backwards_in_a_minute(body: Any) -> bool:
    ends = _ends(body)
    return ends is not None and _is_backwards(*ends) and ends[0][:17] == ends[1][:17]


def _rises_as_text(body: Any) -> bool:
    ends = _ends(body)
    return ends is not None and ends[0] <= ends[1] and _is_backwards(*ends)


def _inverted(body: Any) -> bool:
    window = body.get("timeWindow") if isinstance(body, dict) else None
    if not isinstance(window, dict):
        return False
    start, end = read_instant(window.get("start")), read_instant(window.get("end"))
    return bool(start and end and start.tzinfo and end.tzinfo and start > end)


def _no_such_day(value: Any) -> bool:
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
    return text(value) and re.fullmatch(shape, value) is not None and read_instant(value) is None


MUTANTS: tuple[Mutant, ...] = (
    lacks("window", "/timeWindow", "NT-WINDOW-01", WINDOW),
    *takes("window", "/timeWindow", NO_OBJECT, "NT-WINDOW-02", WINDOW),
    lacks("window-start", "/timeWindow/start", "NT-WINDOW-03", WINDOW["start"]),
    *takes("window-start", "/timeWindow/start", _NO_INSTANT, "NT-WINDOW-04", WINDOW["start"]),
    *takes(
        "window-end",
        "/timeWindow/end",
        {k: w for k, w in _NO_INSTANT.items() if k != "null"},
        "NT-WINDOW-05",
        WINDOW["end"],
    ),
    Mutant(
        "no-such-month",
        "NT-WINDOW-06",
        "Takes the month 13 for the first of the next year",
        both(
            forgive("/timeWindow/start", lambda v: _no_such_day(v) and "-13-" in v, WINDOW["start"]),
            forgive("/timeWindow/end", lambda v: _no_such_day(v) and "-13-" in v, WINDOW["end"]),
        ),
    ),
    Mutant(
        "no-such-hour",
        "NT-WINDOW-06",
        "Takes the hour 25",
        forgive("/timeWindow/end", lambda v: _no_such_day(v) and "T25" in v, "2021-09-02T01:00:00Z"),
    ),
    Mutant(
        "window-inverted",
        "NT-WINDOW-07",
        "Takes an end before the start",
        forgive("", _inverted, _swapped),
        frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "window-inverted-no-data",
        "NT-WINDOW-07",
        "Has no data in a window that runs backwards",
        instead(lambda a: _inverted(a.document), lambda _: reply(404, {"status": "Signal Data not found"})),
        frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "offset-refused",
        "NT-WINDOW-10",
        "Refuses an offset other than Z",
        refuse_body(lambda b: "+" in json.dumps(b.get("timeWindow"))),
        frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "window-compared-as-text",
        "NT-WINDOW-12",
        "Refuses a window that runs backwards as text alone",
        refuse_body(_falls_as_text),
    ),
    Mutant(
        "window-inverted-behind-offsets",
        "NT-WINDOW-12",
        "Takes a window that runs backwards where its text does not",
        forgive("", _rises_as_text, lambda b: b | {"timeWindow": WINDOW}),
    ),
    Mutant(
        "window-inverted-by-less-than-a-second",
        "NT-WINDOW-12",
        "Compares whole seconds",
        forgive("", _is_hardly_backwards, lambda b: b | {"timeWindow": WINDOW}),
    ),
    Mutant(
        "window-inverted-in-a-minute",
        "NT-WINDOW-12",
        "Compares whole minutes",
        forgive("", _is_backwards_in_a_minute, lambda b: b | {"timeWindow": WINDOW}),
    ),
    Mutant(
        "whole-seconds-refused",
        "NT-WINDOW-10",
        "Refuses an instant without a fraction",
        refuse_body(lambda b: bool(re.search(r':\d\dZ"', json.dumps(b.get("timeWindow"))))),
    ),
    Mutant(
        "six-digits-as-milliseconds",
        "NT-WINDOW-10",
        "Takes all digits of a fraction for milliseconds",
        forgive("/timeWindow/start", lambda v: text(v) and bool(_MICROSECONDS.search(v)), _misread_start),
    ),
    Mutant(
        "window-as-array",
        "NT-WINDOW-02",
        "Takes an array of two instants for the window",
        forgive("/timeWindow", lambda v: array(v) and len(v) == 2, WINDOW),
    ),
    Mutant(
        "window-as-text",
        "NT-WINDOW-02",
        "Takes an interval in one text for the window",
        forgive(
            "/timeWindow",
            lambda v: text(v) and "/" in v,
            lambda b: dict(zip(("start", "end"), b["timeWindow"].split("/"), strict=True)),
        ),
    ),
)
