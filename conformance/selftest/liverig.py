"""LiveRig servers with one deliberate fault each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest import common, example
from conformance.selftest.defect import (
    Predicate,
    array,
    blank,
    boolean,
    crash,
    empty,
    forgive,
    forgive_header,
    forgive_query,
    fraction,
    instead,
    missing,
    no,
    null,
    number,
    on_ask,
    on_members,
    on_reply,
    on_status,
    refuse,
    refuse_body,
    text,
    thing,
    whole,
)
from conformance.selftest.gateway import Ask, Make, Reply, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TIME = example.request("liverig-backlog-sync", "dateTimeLog")
_DEPTH = example.request("liverig-backlog-sync", "measuredDepthLog")
_OLD = example.request("liverig-backlog-sync.old", "dateTimeLog")
_OTHER_PROTOCOL = "Example OPC server"
_NO_STRING: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "array": array,
    "object": thing,
}
_NO_OBJECT: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "text": text,
    "array": array,
}
_NO_ARRAY: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "number": number,
    "text": text,
    "object": thing,
}
_NO_INSTANT: Mapping[str, Predicate] = {
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
_NO_DEPTH: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "array": array,
    "object": thing,
    "word": lambda v: text(v) and v.isalpha(),
    "decimal-comma": lambda v: text(v) and "," in v,
    "empty-text": blank,
}


# What the body of a request asks for ----------------------------------------------------------------------


def _logs(body: Any) -> Iterator[Any]:
    wells = body.get("wells") if isinstance(body, dict) else None
    for bores in wells.values() if isinstance(wells, dict) else ():
        for bore in bores.values() if isinstance(bores, dict) else ():
            logs = bore.get("logs") if isinstance(bore, dict) else None
            yield from (log for log in logs if isinstance(log, dict)) if isinstance(logs, list) else ()


def _values(holder: Any) -> list[Any]:
    return list(holder.values()) if isinstance(holder, dict) else []


def _bores(body: Any) -> Iterator[Any]:
    for well in _values(body.get("wells")):
        yield from _values(well)


def _repeats(bore: Any) -> bool:
    """Whether a wellbore's logs are all well-formed, and two of one kind."""
    logs = bore.get("logs") if isinstance(bore, dict) else None
    kinds = [log.get("indexType") if thing(log) else None for log in logs] if isinstance(logs, list) else []
    return all(map(text, kinds)) and len(set(kinds)) < len(kinds)


def _kinds(body: Any) -> set[str]:
    return {log["indexType"] for log in _logs(body) if isinstance(log.get("indexType"), str)}


def _timed(body: Any) -> bool:
    return _kinds(body) == {"date time"}


def _deep(body: Any) -> bool:
    return _kinds(body) == {"measured depth"}


def _has_words_for_a_depth_beside_time(body: Any) -> bool:
    return _mixed(body) and thing(body.get("depth")) and body["depth"].get("start") == "deep"


def _mixed(body: Any) -> bool:
    return len(_kinds(body)) > 1


def _likely(body: Any) -> Any:
    """The example that a damaged body was most likely made of."""
    return _DEPTH if isinstance(body, dict) and "depth" in body and "start" not in body else _TIME


# As text, which both revisions take.
_RANGE = {name: str(_TIME[name]) for name in ("start", "end")}


def _rises(body: Any, measure: Callable[[int], Any]) -> bool:
    """Whether a time range that runs backwards runs forwards by another measure."""
    try:
        start, end = (int(body[name]) for name in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        return False
    return start > end and bool(measure(start) < measure(end))


def _wells(body: Any) -> Any:
    return _likely(body)["wells"]


def _well(body: Any) -> Any:
    return next(iter(_wells(body).values()))


def _bore(body: Any) -> Any:
    return next(iter(_well(body).values()))


def _has_no_index_type(body: Any) -> bool:
    kinds = [log.get("indexType") for log in _logs(body)]
    return bool(kinds) and text(kinds[0]) and kinds[0] not in ("date time", "measured depth")


def _as_depth_log(body: Any) -> Any:
    first, *others = _logs(body)
    first.update(next((log for log in others if log.get("indexType") == "measured depth"), {}))
    return body


def _log(body: Any) -> Any:
    return _bore(body)["logs"][0]


# Tables of faults -----------------------------------------------------------------------------------------


def _takes(
    name: str, pointer: str, kinds: Mapping[str, Predicate], breaks: str, value: Any, **more: Any
) -> Iterator[Mutant]:
    """One mutant for each kind of wrong value that is taken at a place."""
    for kind, when in kinds.items():
        make = forgive(pointer, when, value)
        yield Mutant(
            f"{name}-takes-{kind}", breaks, f"Takes {kind} for {pointer or 'the body'}", make, **more
        )


def _lacks(name: str, pointer: str, breaks: str, value: Any, **more: Any) -> Mutant:
    return Mutant(
        f"{name}-optional", breaks, f"Does not need {pointer}", forgive(pointer, missing, value), **more
    )


def _mends(
    name: str, breaks: str, does: str, when: Callable[[Any], bool], put: Callable[[Any], Any], **more: Any
) -> Mutant:
    """A mutant that lacks a check between members: where *when* holds of a body, it puts in *put*."""
    return Mutant(
        name, breaks, does, forgive("", lambda b: thing(b) and when(b), lambda b: b | put(b)), **more
    )


def _time_range(_: Any) -> Any:
    return {"start": _TIME["start"], "end": _TIME["end"]}


def _half_a_collector(body: Any) -> bool:
    return ("qualifier" in body) != ("instance" in body)


def _lacks_what_its_last_well_does_not_need(body: Any) -> bool:
    wells = _values(body.get("wells"))
    last = {"wells": {"": wells[-1]}} if wells else {}
    return _mixed(body) and (("depth" not in body and _timed(last)) or ("start" not in body and _deep(last)))


def _depth_range(_: Any) -> Any:
    return {"depth": _DEPTH["depth"]}


_LOG = "/wells/*/*/logs/*"
# What is not looked for in any log is not looked for in the second one.
_NOR_SECOND = frozenset({"LR-WELLS-16"})

_MISSING = (
    Mutant(
        "query-qualifier-optional",
        "LR-QUERY-01",
        "Does not need the query's qualifier",
        forgive_query("qualifier", missing, "qualifier"),
    ),
    Mutant(
        "query-instance-optional",
        "LR-QUERY-02",
        "Does not need the query's instance",
        forgive_query("instance", missing, "instance"),
    ),
    Mutant(
        "query-qualifier-empty",
        "LR-QUERY-03",
        "Takes an empty qualifier in the query",
        forgive_query("qualifier", empty, "qualifier"),
    ),
    Mutant(
        "query-instance-empty",
        "LR-QUERY-04",
        "Takes an empty instance in the query",
        forgive_query("instance", empty, "instance"),
    ),
    _lacks("source", "/source", "LR-BODY-01", _TIME["source"]),
    _lacks("rig", "/rigName", "LR-BODY-02", _TIME["rigName"]),
    _lacks("wells", "/wells", "LR-BODY-03", _wells),
    Mutant(
        "body-optional",
        "LR-BODY-09",
        "Does not need a body",
        on_ask(lambda a: a if a.body or a.method != "POST" else a.with_document(_TIME)),
        also=frozenset({"LR-HTTP-03"}),
    ),
    Mutant("source-empty", "LR-BODY-10", "Takes an empty source", forgive("/source", blank, _TIME["source"])),
    Mutant("rig-empty", "LR-BODY-11", "Takes an empty rig", forgive("/rigName", blank, _TIME["rigName"])),
    _lacks("logs", "/wells/*/*/logs", "LR-WELLS-03", lambda b: _bore(b)["logs"]),
    _lacks("log-uid", f"{_LOG}/uid", "LR-WELLS-06", _log(_TIME)["uid"], also=_NOR_SECOND),
    _lacks(
        "log-index-type", f"{_LOG}/indexType", "LR-WELLS-07", lambda b: _log(b)["indexType"], also=_NOR_SECOND
    ),
    Mutant(
        "mixed-in-one-well-only",
        "LR-WELLS-19",
        "Refuses both kinds of log where they are in several wells",
        refuse_body(lambda b: _mixed(b) and len(b["wells"]) > 1 and {"depth", "start"} <= b.keys()),
        revisions=("current",),
    ),
    Mutant(
        "depth-of-mixed-unchecked",
        "LR-DEPTH-05",
        "Does not look at a depth range beside a time range",
        forgive("", _has_words_for_a_depth_beside_time, lambda b: b | {"depth": _DEPTH["depth"]}),
        revisions=("current",),
    ),
    Mutant(
        "wells-empty",
        "LR-WELLS-20",
        "Takes wells without any in them",
        forgive("/wells", lambda v: v == {}, lambda _: _TIME["wells"]),
        revisions=("current",),
    ),
    Mutant(
        "logs-empty",
        "LR-WELLS-20",
        "Takes a wellbore without any log in it",
        forgive("/wells/*/*/logs", lambda v: v == [], lambda _: [_log(_TIME)]),
        revisions=("current",),
    ),
    Mutant(
        "log-uid-empty",
        "LR-WELLS-13",
        "Takes a log with an empty uid",
        forgive(f"{_LOG}/uid", blank, _log(_TIME)["uid"]),
    ),
    _lacks("depth-start", "/depth/start", "LR-DEPTH-02", _DEPTH["depth"]["start"]),
    _lacks("depth-end", "/depth/end", "LR-DEPTH-03", _DEPTH["depth"]["end"]),
    _lacks("depth-uom", "/depth/uom", "LR-DEPTH-04", "m"),
)

_TYPES = (
    *_takes("source", "/source", _NO_STRING, "LR-BODY-04", _TIME["source"]),
    *_takes("rig", "/rigName", _NO_STRING, "LR-BODY-05", _TIME["rigName"]),
    *_takes("wells", "/wells", _NO_OBJECT, "LR-BODY-07", _wells),
    *_takes("body", "", _NO_OBJECT, "LR-BODY-08", _TIME),
    *_takes(
        "body-qualifier",
        "/qualifier",
        {k: w for k, w in _NO_STRING.items() if k != "null"},
        "LR-PAIR-04",
        _TIME["qualifier"],
        revisions=("current",),
    ),
    *_takes(
        "body-instance",
        "/instance",
        {k: w for k, w in _NO_STRING.items() if k != "null"},
        "LR-PAIR-05",
        _TIME["instance"],
        revisions=("current",),
    ),
    *_takes("well", "/wells/*", _NO_OBJECT, "LR-WELLS-01", _well),
    *_takes("wellbore", "/wells/*/*", _NO_OBJECT, "LR-WELLS-02", _bore),
    *_takes("logs", "/wells/*/*/logs", _NO_ARRAY, "LR-WELLS-04", lambda b: _bore(b)["logs"]),
    Mutant(
        "logs-by-position",
        "LR-WELLS-04",
        "Takes an object of logs by their positions",
        forgive("/wells/*/*/logs", lambda v: thing(v) and "0" in v, lambda b: _bore(b)["logs"]),
    ),
    *_takes("log", _LOG, _NO_OBJECT, "LR-WELLS-05", _log, also=_NOR_SECOND),
    *_takes("log-uid", f"{_LOG}/uid", _NO_STRING, "LR-WELLS-08", _log(_TIME)["uid"], also=_NOR_SECOND),
    *_takes(
        "log-index-type",
        f"{_LOG}/indexType",
        _NO_STRING,
        "LR-WELLS-09",
        lambda b: _log(b)["indexType"],
        also=_NOR_SECOND,
    ),
    *_takes("start", "/start", _NO_INSTANT, "LR-RANGE-13", _TIME["start"]),
    *_takes("end", "/end", _NO_INSTANT, "LR-RANGE-14", _TIME["end"]),
    *_takes("depth", "/depth", _NO_OBJECT, "LR-DEPTH-01", _DEPTH["depth"]),
    *_takes("depth-start", "/depth/start", _NO_DEPTH, "LR-DEPTH-05", _DEPTH["depth"]["start"]),
    *_takes("depth-end", "/depth/end", _NO_DEPTH, "LR-DEPTH-06", _DEPTH["depth"]["end"]),
    *_takes("depth-uom", "/depth/uom", _NO_STRING, "LR-DEPTH-09", "m"),
    Mutant(
        "depth-uom-takes-array-of-one",
        "LR-DEPTH-09",
        "Takes the unit of a depth in an array",
        forgive("/depth/uom", lambda v: v == ["m"], "m"),
        revisions=("current",),
    ),
    Mutant(
        "depth-as-text",
        "LR-DEPTH-01",
        "Takes a range of depth as one text",
        forgive("/depth", lambda v: text(v) and "-" in v, _DEPTH["depth"]),
        revisions=("current",),
    ),
    Mutant(
        "wells-as-json-text",
        "LR-BODY-07",
        "Reads JSON out of the text that stands for the wells",
        forgive("/wells", lambda v: text(v) and v.startswith("{"), lambda b: json.loads(b["wells"])),
    ),
    Mutant(
        "body-as-json-text",
        "LR-BODY-08",
        "Reads JSON out of the text that the body is",
        forgive("", lambda b: text(b) and b.startswith("{"), json.loads),
    ),
    Mutant(
        "log-index-type-with-depth-in-it",
        "LR-WELLS-10",
        "Takes any word with depth in it for the depth log's",
        forgive(f"{_LOG}/indexType", lambda v: text(v) and "depth" in v, "measured depth"),
        revisions=("current",),
    ),
    Mutant(
        "log-index-type-any-word",
        "LR-WELLS-10",
        "Takes any word for an index type",
        forgive(
            f"{_LOG}/indexType",
            lambda v: text(v) and v.startswith("histdata"),
            lambda b: _log(b)["indexType"],
        ),
        also=_NOR_SECOND,
    ),
    Mutant(
        "log-index-type-else-depth",
        "LR-WELLS-10",
        "Takes whatever is no time log for a depth log, where there is a depth range",
        forgive(
            "", lambda b: thing(b) and {"start", "depth"} <= b.keys() and _has_no_index_type(b), _as_depth_log
        ),
        revisions=("current",),
    ),
    Mutant(
        "log-index-type-empty",
        "LR-WELLS-10",
        "Takes an empty index type",
        forgive(f"{_LOG}/indexType", blank, lambda b: _log(b)["indexType"]),
    ),
    Mutant(
        "start-takes-fraction",
        "LR-RANGE-15",
        "Takes a start with a fraction of a millisecond",
        forgive("/start", fraction, _TIME["start"]),
    ),
    Mutant(
        "end-takes-fraction-in-text",
        "LR-RANGE-15",
        "Takes an end with a fraction, as text",
        forgive("/end", lambda v: text(v) and "." in v and "T" not in v, _TIME["end"]),
    ),
    Mutant(
        "wellbore-is-its-logs",
        "LR-WELLS-02",
        "Takes an array of logs in place of the wellbore that holds it",
        forgive("/wells/*/*", lambda v: array(v) and any(map(thing, v)), _bore(_TIME)),
    ),
    Mutant(
        "lone-log",
        "LR-WELLS-04",
        "Takes one log in place of an array of logs",
        forgive("/wells/*/*/logs", lambda v: thing(v) and "uid" in v, _bore(_TIME)["logs"]),
    ),
    *(
        Mutant(
            f"{name}-in-array",
            breaks,
            f"Takes {pointer} in an array of its own",
            forgive(pointer, lambda v: array(v) and any(map(text, v)), value),
            also,
        )
        for name, breaks, pointer, value, also in (
            ("rig", "LR-BODY-05", "/rigName", _TIME["rigName"], frozenset[str]()),
            ("source", "LR-BODY-04", "/source", _TIME["source"], frozenset[str]()),
            ("log-uid", "LR-WELLS-08", f"{_LOG}/uid", _log(_TIME)["uid"], _NOR_SECOND),
        )
    ),
    Mutant(
        "start-in-array",
        "LR-RANGE-13",
        "Takes a start in an array of its own",
        forgive("/start", lambda v: array(v) and any(map(whole, v)), _TIME["start"]),
    ),
    Mutant(
        "equal-instants-refused",
        "LR-RANGE-24",
        "Refuses a time range whose ends are equal",
        refuse_body(lambda b: b.get("start") is not None and b.get("start") == b.get("end")),
    ),
    Mutant(
        "equal-depths-refused",
        "LR-DEPTH-14",
        "Refuses a depth range whose ends are equal",
        refuse_body(lambda b: thing(d := b.get("depth")) and d.get("start") == d.get("end") is not None),
    ),
    Mutant(
        "range-compared-in-32-bits",
        "LR-RANGE-08",
        "Compares the lower 32 bits of start and end",
        forgive("", lambda b: thing(b) and _rises(b, lambda v: v % 2**32), lambda b: b | _RANGE),
    ),
    Mutant(
        "range-compared-as-text",
        "LR-RANGE-08",
        "Compares start and end as text",
        forgive("", lambda b: thing(b) and _rises(b, str), lambda b: b | _RANGE),
    ),
    Mutant("depth-uom-empty", "LR-DEPTH-10", "Takes an empty unit", forgive("/depth/uom", blank, "m")),
)

_OLD_TYPES = (
    *_takes(
        "old-rig",
        "/rigName",
        {"boolean": boolean, "fraction": fraction, "text": text, "array": array, "object": thing},
        "LR-BODY-06",
        _OLD["rigName"],
    ),
    *_takes(
        "old-source",
        "/source",
        {k: w for k, w in _NO_STRING.items() if k != "null"},
        "LR-BODY-15",
        _OLD["source"],
    ),
    *_takes(
        "old-wells",
        "/wells",
        {k: w for k, w in _NO_OBJECT.items() if k != "null"},
        "LR-BODY-17",
        _OLD["wells"],
    ),
    *_takes("old-body", "", _NO_OBJECT, "LR-BODY-14", _OLD),
    *_takes(
        "old-body-qualifier",
        "/qualifier",
        {"number": number, "object": thing},
        "LR-PAIR-07",
        _OLD["qualifier"],
    ),
    *_takes(
        "old-body-instance", "/instance", {"boolean": boolean, "array": array}, "LR-PAIR-08", _OLD["instance"]
    ),
    *_takes(
        "old-start",
        "/start",
        {k: _NO_INSTANT[k] for k in ("boolean", "array", "object", "word", "iso-date")},
        "LR-RANGE-19",
        _OLD["start"],
    ),
    *_takes(
        "old-end",
        "/end",
        {k: _NO_INSTANT[k] for k in ("boolean", "array", "object", "word", "iso-date")},
        "LR-RANGE-19",
        _OLD["end"],
    ),
    Mutant(
        "old-digit-strings-refused",
        "LR-RANGE-18",
        "Refuses digit strings in a body that names the collector",
        refuse_body(lambda b: "qualifier" in b and text(b.get("start"))),
        also=frozenset({"LR-PAIR-01"}),
    ),
)


def _first_well_only(ask: Ask) -> Ask:
    body = ask.document
    wells = body.get("wells") if isinstance(body, dict) else None
    if not isinstance(wells, dict) or len(wells) < 2:
        return ask
    return ask.with_document(body | {"wells": dict(list(wells.items())[:1])})


def _last_well_only(ask: Ask) -> Ask:
    body = ask.document
    wells = body.get("wells") if isinstance(body, dict) else None
    if not isinstance(wells, dict) or len(wells) < 2:
        return ask
    return ask.with_document(body | {"wells": dict(list(wells.items())[-1:])})


def _last_log_only(ask: Ask) -> Ask:
    body = ask.document
    for bore in _bores(body) if thing(body) else ():
        if thing(bore) and array(bore.get("logs")):
            bore["logs"] = bore["logs"][-1:]
    return ask.with_document(body) if thing(body) and len(list(_logs(ask.document))) > 1 else ask


_RANGES = (
    _mends(
        "time-range-optional",
        "LR-RANGE-01",
        "Takes a time log without any range",
        lambda b: _timed(b) and not {"start", "end"} & b.keys(),
        _time_range,
    ),
    _mends(
        "start-optional",
        "LR-RANGE-02",
        "Takes a time log without start",
        lambda b: _timed(b) and "start" not in b and "end" in b,
        _time_range,
    ),
    _mends(
        "end-optional",
        "LR-RANGE-03",
        "Takes a time log without end",
        lambda b: _timed(b) and "end" not in b and "start" in b,
        _time_range,
    ),
    _mends(
        "depth-optional",
        "LR-RANGE-04",
        "Takes a depth log without depth range",
        lambda b: _deep(b) and "depth" not in b,
        _depth_range,
    ),
    _mends(
        "depth-optional-beside-time",
        "LR-RANGE-06",
        "Takes both kinds of log with a time range alone",
        lambda b: _mixed(b) and "depth" not in b,
        _depth_range,
        also=frozenset({"LR-RANGE-26"}),
    ),
    _mends(
        "time-optional-beside-depth",
        "LR-RANGE-07",
        "Takes both kinds of log with a depth range alone",
        lambda b: _mixed(b) and "start" not in b,
        _time_range,
        also=frozenset({"LR-RANGE-26"}),
    ),
    Mutant(
        "mixed-logs-refused", "LR-RANGE-05", "Refuses both kinds of log in one request", refuse_body(_mixed)
    ),
    replace(
        _mends(
            "time-range-inverted",
            "LR-RANGE-08",
            "Takes a start behind the end",
            lambda b: not _mixed(b) and _integer(b.get("start")) > _integer(b.get("end")) >= 0,
            lambda b: {"start": b["end"], "end": b["start"]},
        ),
        also=frozenset({"LR-RANGE-23"}),
    ),
    _mends(
        "time-range-inverted-in-digits",
        "LR-RANGE-23",
        "Takes a start behind the end where both are text",
        lambda b: text(b.get("start")) and _integer(b["start"]) > _integer(b.get("end")) >= 0,
        lambda b: {"start": b["end"], "end": b["start"]},
        also=frozenset({"LR-RANGE-08"}),
    ),
    Mutant(
        "digits-beside-integer-crash",
        "LR-RANGE-22",
        "Fails to compare text with a number",
        crash(
            lambda a: (
                thing(a.document)
                and any(
                    _integer(a.document.get(one)) >= 0
                    and text(a.document[one])
                    and whole(a.document.get(other))
                    for one, other in (("start", "end"), ("end", "start"))
                )
            )
        ),
        frozenset({"LR-ANSWER-06", "LR-RANGE-1*"}),
    ),
    Mutant(
        "depth-takes-no-number",
        "LR-DEPTH-05",
        "Takes NaN for a depth, as many readers of numbers do",
        forgive("/depth/start", lambda v: v == "NaN", "100"),
    ),
    Mutant(
        "depth-takes-java-number",
        "LR-DEPTH-05",
        "Takes a depth with the mark of a double, as Java has it",
        forgive("/depth/start", lambda v: text(v) and v.endswith("d"), "100"),
    ),
    Mutant(
        "depth-takes-infinity",
        "LR-DEPTH-06",
        "Takes infinity for a depth",
        forgive("/depth/end", lambda v: v == "Infinity", "200"),
    ),
    Mutant(
        "depth-takes-python-number",
        "LR-DEPTH-06",
        "Takes a depth with an underscore, as Python has it",
        forgive("/depth/end", lambda v: text(v) and "_" in v, "200"),
    ),
    _mends(
        "time-range-inverted-beside-depth",
        "LR-RANGE-21",
        "Takes a start behind the end where there is a depth range, too",
        lambda b: _mixed(b) and _integer(b.get("start")) > _integer(b.get("end")) >= 0,
        lambda b: {"start": b["end"], "end": b["start"]},
    ),
    _mends(
        "depth-range-inverted",
        "LR-RANGE-09",
        "Takes a depth range upside down",
        lambda b: _ends(b, float, above=True),
        _depth_range,
    ),
    _mends(
        "depth-range-compared-as-text",
        "LR-RANGE-09",
        "Takes a depth range that rises as text alone",
        lambda b: _ends(b, float, above=True) and not _ends(b, str, above=True),
        _depth_range,
    ),
    _mends(
        "depth-range-compared-without-signs",
        "LR-RANGE-09",
        "Takes a depth range that is upside down above the sea",
        lambda b: _ends(b, float, above=True) and not _ends(b, lambda end: abs(float(end)), above=True),
        _depth_range,
    ),
    _mends(
        "depth-range-compared-by-the-metre",
        "LR-RANGE-09",
        "Takes a depth range that is upside down within a metre",
        lambda b: _ends(b, float, above=True) and not _ends(b, lambda end: int(float(end)), above=True),
        _depth_range,
    ),
    Mutant(
        "depth-range-refused-as-text",
        "LR-DEPTH-13",
        "Refuses a depth range that falls as text and rises by number",
        refuse_body(lambda b: _ends(b, str, above=True) and not _ends(b, float, above=True)),
    ),
    Mutant(
        "integers-refused",
        "LR-RANGE-11",
        "Refuses integers as start and end",
        refuse_body(lambda b: whole(b.get("start"))),
        also=frozenset({"LR-PAIR-0[12]", "LR-RANGE-05"}),
    ),
    Mutant(
        "digits-of-other-scripts",
        "LR-RANGE-15",
        "Takes the digits of any script",
        forgive("/start", lambda v: text(v) and v.isdecimal() and not v.isascii(), _TIME["start"]),
        revisions=("current",),
    ),
    _mends(
        "last-well-decides",
        "LR-RANGE-26",
        "Asks for the ranges of the last well's logs only",
        _lacks_what_its_last_well_does_not_need,
        lambda b: _time_range(b) | _depth_range(b),
        revisions=("current",),
    ),
    Mutant(
        "many-logs-500",
        "LR-ANSWER-06",
        "Fails where a wellbore has more than ten logs",
        crash(lambda a: a.body.count(b'"uid"') > 10),
    ),
    Mutant(
        "lone-end-500",
        "LR-ANSWER-06",
        "Fails where a depth log is asked for with an end in time, and no start",
        crash(
            lambda a: (
                isinstance(a.document, dict)
                and "end" in a.document
                and "start" not in a.document
                and _deep(a.document)
            )
        ),
        revisions=("current",),
    ),
    Mutant(
        "two-refusals-at-once",
        "LR-ANSWER-10",
        "Writes every refusal twice",
        on_reply(lambda _, r: replace(r, body=r.body + r.body) if r.status >= 400 else r),
        also=frozenset({"LR-HTTP-*"}),
    ),
    Mutant(
        "last-ampersand-500",
        "LR-ANSWER-06",
        "Fails over a query that ends in an ampersand",
        crash(lambda a: a.query_string.endswith(b"&")),
    ),
    Mutant(
        "query-read-raw",
        "LR-QUERY-10",
        "Reads query parameters without decoding them",
        refuse(lambda a: b"%" in a.query_string and b"+" not in a.query_string),
    ),
    Mutant(
        "query-in-one-order",
        "LR-QUERY-09",
        "Needs the qualifier in front of the instance",
        refuse(lambda a: [name for name, _ in a.query][:1] == ["instance"]),
    ),
    Mutant(
        "start-zero-missing",
        "LR-RANGE-25",
        "Takes a start of zero for none",
        refuse_body(lambda b: b.get("start") == 0 and not boolean(b["start"])),
        revisions=("current",),
    ),
    Mutant(
        "depth-start-zero-missing",
        "LR-RANGE-25",
        "Takes a start of zero metres for none",
        refuse_body(lambda b: thing(b.get("depth")) and b["depth"].get("start") == "0"),
        revisions=("current",),
    ),
    Mutant(
        "digit-strings-refused",
        "LR-RANGE-12",
        "Refuses strings of digits as start and end",
        refuse_body(lambda b: text(b.get("start"))),
        also=frozenset({"LR-RANGE-22"}),
    ),
    Mutant(
        "depth-fraction-refused",
        "LR-DEPTH-08",
        "Refuses depths with a decimal fraction",
        refuse_body(lambda b: _ends(b, str, above=None) and "." in b["depth"]["start"]),
        also=frozenset({"LR-DEPTH-13"}),
    ),
    Mutant("depth-logs-refused", "LR-DEPTH-12", "Refuses depth logs", refuse_body(_deep)),
    Mutant(
        "other-protocol-taken",
        "LR-SOURCE-01",
        "Takes a source that is not WITSML",
        forgive("/source", lambda v: v == _OTHER_PROTOCOL, _TIME["source"]),
    ),
    Mutant(
        "other-protocol-taken-for-depth",
        "LR-SOURCE-01",
        "Takes a source that is not WITSML where depth is asked for",
        forgive(
            "",
            lambda b: thing(b) and "depth" in b and b.get("source") == _OTHER_PROTOCOL,
            lambda b: b | {"source": _TIME["source"]},
        ),
        revisions=("current",),
    ),
    Mutant(
        "collector-in-body-refused",
        "LR-PAIR-01",
        "Refuses a body that names the collector, too",
        refuse_body(lambda b: "qualifier" in b),
        also=frozenset({"LR-DEPTH-12", "LR-RANGE-05", "LR-RANGE-11", "LR-RANGE-12", "LR-RANGE-18"}),
    ),
    Mutant(
        "collector-in-body-required",
        "LR-PAIR-02",
        "Needs the collector in the body",
        refuse_body(lambda b: "qualifier" not in b),
        also=frozenset({"LR-PAIR-10"}),
    ),
    Mutant(
        "second-well-unchecked",
        "LR-WELLS-16",
        "Looks at the first well only",
        on_ask(_first_well_only),
        also=frozenset({"LR-RANGE-26"}),
        revisions=("current",),
    ),
    Mutant(
        "second-log-unchecked",
        "LR-WELLS-16",
        "Looks at the first log of a wellbore only",
        forgive("/wells/*/*/logs/1", no(thing), _log),
        revisions=("current",),
    ),
    Mutant(
        "last-log-only-checked",
        "LR-WELLS-16",
        "Looks at the last log of a wellbore only",
        on_ask(_last_log_only),
        also=frozenset({"LR-RANGE-06", "LR-RANGE-07", "LR-WELLS-07", "LR-WELLS-09", "LR-WELLS-10"}),
        revisions=("current",),
    ),
    Mutant(
        "last-well-only-checked",
        "LR-WELLS-16",
        "Looks at the last well only",
        on_ask(_last_well_only),
        also=frozenset({"LR-RANGE-26"}),
        revisions=("current",),
    ),
    Mutant(
        "two-logs-refused",
        "LR-WELLS-17",
        "Refuses two logs of one kind in one wellbore",
        refuse_body(lambda b: any(_repeats(bore) for bore in _bores(b))),
        also=frozenset({"LR-WELLS-19"}),
    ),
    Mutant(
        "two-wellbores-refused",
        "LR-WELLS-18",
        "Refuses two wellbores of one well",
        refuse_body(lambda b: any(thing(well) and len(well) > 1 for well in _values(b.get("wells")))),
        also=frozenset({"LR-WELLS-19"}),
    ),
    Mutant(
        "two-wells-refused",
        "LR-WELLS-19",
        "Refuses two wells",
        refuse_body(lambda b: len(_values(b.get("wells"))) > 1),
    ),
    Mutant(
        "three-logs-refused",
        "LR-WELLS-19",
        "Refuses three logs",
        refuse_body(lambda b: len(list(_logs(b))) > 2),
    ),
    Mutant(
        "two-wells-crash",
        "LR-ANSWER-06",
        "Fails on two wells",
        crash(lambda a: thing(a.document) and len(_values(a.document.get("wells"))) > 1),
        also=frozenset({"LR-RANGE-26", "LR-WELLS-16", "LR-WELLS-19"}),
    ),
    Mutant(
        "second-log-uid-unchecked",
        "LR-WELLS-16",
        "Looks for the uid of the first log only",
        forgive("/wells/*/*/logs/1/uid", missing, _log(_TIME)["uid"]),
        revisions=("current",),
    ),
)


def _integer(value: Any) -> int:
    return int(value) if whole(value) or (text(value) and re.fullmatch(r"\d+", value)) else -1


def _ends(body: Any, kind: Callable[[Any], Any], *, above: bool | None) -> bool:
    """Whether a depth range has numbers in text at both ends, the start above the end as *kind*."""
    depth = body.get("depth")
    if not thing(depth):
        return False
    ends = [depth.get("start"), depth.get("end")]
    if not all(text(end) and re.fullmatch(r"-?\d+(\.\d+)?", end) for end in ends):
        return False
    return above is None or (kind(ends[0]) > kind(ends[1])) == above


# What any vendor's server may get wrong -------------------------------------------------------------------


def _proper(ask: Ask) -> Any:
    return _OLD if re.search(rb"rigName.: 2", ask.body) else _TIME


_HTTP = (
    Mutant(
        "half-a-collector-refused",
        "LR-PAIR-10",
        "Refuses a body that has a qualifier and no instance, or an instance and no qualifier",
        refuse_body(_half_a_collector),
    ),
    Mutant(
        "half-a-collector-refused",
        "LR-SCHEMA-01",
        "Refuses a body that has a qualifier and no instance, or an instance and no qualifier",
        refuse_body(_half_a_collector),
        revisions=("old",),
        generated=True,
    ),
    Mutant(
        "both-kinds-without-collector-refused",
        "LR-SCHEMA-01",
        "Refuses both kinds of log where the body does not name the collector",
        refuse_body(lambda b: _mixed(b) and not {"qualifier", "instance"} & b.keys()),
        revisions=("current",),
        generated=True,
    ),
    *common.http("LR", _proper),
    Mutant(
        "depth-by-position",
        "LR-HTTP-10",
        "Takes the members of a depth range by their order",
        refuse_body(lambda b: thing(b.get("depth")) and list(b["depth"]) == ["uom", "end", "start"]),
        revisions=("current",),
    ),
    *common.content_types("LR"),
    *common.answers("LR", lambda _, words: {"failure": words}, b"histdata-no-such-log"),
    Mutant(
        "no-content-type",
        "LR-TYPE-02",
        "Takes a request without a content type",
        forgive_header("content-type", missing, "application/json"),
    ),
)


# Answers --------------------------------------------------------------------------------------------------


def _said(**members: Any) -> Make:
    """Accepted answers with these members."""
    return on_members(200, **members)


def _failing(failure: Any) -> Make:
    """Refusals in the way of the siblings, with a failure that is no string."""
    return on_reply(lambda _, r: reply(200, {"failure": failure}) if r.status == 400 else r)


def _own(_number: int, _ask: Ask, _given: list[Any]) -> None:
    return None


_ANSWERS = (
    Mutant("uuid-as-number", "LR-ANSWER-03", "Accepts with a number for a uuid", _said(success=17)),
    Mutant(
        "uuid-without-hyphens",
        "LR-ANSWER-03",
        "Accepts with a uuid without hyphens",
        on_status(200, lambda d: d | {"success": d["success"].replace("-", "")} if "success" in d else d),
    ),
    Mutant(
        "uuid-in-braces",
        "LR-ANSWER-03",
        "Accepts with a uuid in braces",
        on_status(200, lambda d: d | {"success": "{" + d["success"] + "}"} if "success" in d else d),
    ),
    Mutant(
        "uuid-cut",
        "LR-ANSWER-03",
        "Accepts with a uuid that lacks its last digit",
        on_status(200, lambda d: d | {"success": d["success"][:-1]} if "success" in d else d),
    ),
    Mutant(
        "uuid-nested",
        "LR-ANSWER-03",
        "Accepts with the uuid in an object",
        on_status(200, lambda d: d | {"success": {"uuid": d["success"]}} if "success" in d else d),
    ),
    Mutant(
        "success-true",
        "LR-ANSWER-03",
        "Accepts with success true and the uuid beside it",
        on_status(200, lambda d: {"success": True, "uuid": d["success"]} if "success" in d else d),
    ),
    Mutant(
        "success-renamed",
        "LR-ANSWER-03",
        "Accepts with the uuid under another name",
        on_status(200, lambda d: {"uuid": d["success"]} if "success" in d else d),
        also=frozenset({"LR-ANSWER-04"}),
    ),
    Mutant(
        "success-null-for-mixed",
        "LR-ANSWER-03",
        "Accepts depth logs with null",
        on_reply(
            lambda a, r: r.with_document({"success": None}) if r.status == 200 and _deep(a.document) else r
        ),
        revisions=("current",),
    ),
    Mutant(
        "success-and-failure",
        "LR-ANSWER-04",
        "Accepts with an empty failure beside the success",
        _said(failure=""),
    ),
    Mutant(
        "failure-object",
        "LR-ANSWER-05",
        "Refuses with 200 and an object for a failure",
        _failing({"message": "no"}),
    ),
    Mutant("failure-array", "LR-ANSWER-05", "Refuses with 200 and an array for a failure", _failing(["no"])),
    Mutant("failure-null", "LR-ANSWER-05", "Refuses with 200 and null for a failure", _failing(None)),
    Mutant(
        "refused-by-redirect",
        "LR-BODY-01",
        "Sends a request without source to another page",
        instead(
            lambda a: a.method == "POST" and thing(a.document) and "source" not in a.document,
            lambda _: Reply(302, (("location", "/sign-in"),), b""),
        ),
        revisions=("current",),
    ),
    Mutant(
        "crash-on-null-wells",
        "LR-ANSWER-06",
        "Fails on null for a well",
        crash(
            lambda a: (
                thing(a.document) and thing(a.document.get("wells")) and None in a.document["wells"].values()
            )
        ),
        also=frozenset({"LR-WELLS-01", "LR-WELLS-16"}),
    ),
    Mutant(
        "crash-on-number-for-uid",
        "LR-ANSWER-06",
        "Fails on a number for the uid of a log",
        crash(lambda a: any(number(log.get("uid")) for log in _logs(a.document))),
        also=frozenset({"LR-WELLS-08", "LR-WELLS-16"}),
    ),
    Mutant(
        "crash-on-unknown-collector",
        "LR-ANSWER-06",
        "Fails on a collector that it does not know",
        crash(lambda a: any(value.startswith("histdata") for _, value in a.query)),
    ),
    Mutant(
        "trace-when-unknown",
        "LR-ANSWER-07",
        "Shows a stack trace where a log is not known",
        on_reply(
            lambda a, r: (
                r.with_document({"failure": "at br.com.intelie.Logs.find(Logs.java:44)"})
                if r.status >= 400 and b"histdata-no-such-log" in a.body
                else r
            )
        ),
    ),
    Mutant(
        "one-uuid",
        "LR-ID-01",
        "Gives every request the same uuid",
        common.reused("success", lambda _n, _a, given: given[0] if given else None),
    ),
    Mutant(
        "uuid-by-body",
        "LR-ID-01",
        "Gives equal requests the same uuid",
        common.reused("success", _own, by=lambda a: a.body.decode("utf-8", "replace")),
    ),
    Mutant(
        "uuid-by-kind",
        "LR-ID-01",
        "Gives requests for the same kinds of log the same uuid",
        common.reused("success", _own, by=lambda a: ",".join(sorted(_kinds(a.document)))),
    ),
    Mutant(
        "uuid-repeated-now-and-then",
        "LR-ID-01",
        "Gives every fifth request the uuid of the one before",
        common.reused("success", lambda n, _a, given: given[-1] if n % 5 == 0 else None),
    ),
    Mutant(
        "uuid-repeated-in-capitals",
        "LR-ID-01",
        "Gives every second request the uuid of the one before, in capitals",
        common.reused("success", lambda n, _a, given: given[-1].upper() if n % 2 == 0 else None),
    ),
    Mutant(
        "uuid-of-first-again",
        "LR-ID-01",
        "Gives the tenth request the uuid of the first",
        common.reused("success", lambda n, _a, given: given[0] if n == 10 else None),
    ),
    Mutant(
        "uuid-shared-at-once",
        "LR-ID-01",
        "Gives requests that come at the same moment the same uuid",
        common.shared("success"),
    ),
    Mutant(
        "uuid-nil",
        "LR-ID-01",
        "Gives every request the nil uuid",
        common.reused("success", lambda _n, _a, _g: "00000000-0000-0000-0000-000000000000"),
    ),
)


def _guarded(lets_in: Callable[[str, str, str], bool], unreadable: int = 401) -> Make:
    """Ask for credentials; *lets_in* is given the scheme, the user and the password."""

    def named(ask: Ask) -> tuple[str, str, str]:
        scheme = (ask.header("authorization") or "").partition(" ")[0]
        user, _, password = common.credentials(ask).partition(":")
        return scheme, user, password

    def refusal(ask: Ask) -> Reply:
        malformed = ask.header("authorization") is not None and not common.credentials(ask)
        return reply(unreadable if malformed else 401, {"failure": "Sign in"}, www_authenticate="Basic")

    return instead(lambda a: not lets_in(*named(a)), refusal)


_AUTH = (
    Mutant(
        "password-ignored",
        "LR-AUTH-02",
        "Takes any password",
        _guarded(lambda _, user, __: user == common.USER),
    ),
    Mutant(
        "user-ignored", "LR-AUTH-02", "Takes any user", _guarded(lambda _, __, word: word == common.PASSWORD)
    ),
    Mutant(
        "password-in-any-case",
        "LR-AUTH-02",
        "Looks at no letter case in passwords",
        _guarded(lambda _, user, word: (user, word.lower()) == (common.USER, common.PASSWORD.lower())),
    ),
    Mutant(
        "scheme-in-one-case",
        "LR-AUTH-03",
        "Knows the scheme by its letters",
        _guarded(lambda scheme, user, word: (scheme, user, word) == ("Basic", common.USER, common.PASSWORD)),
    ),
    Mutant(
        "malformed-credentials-500",
        "LR-AUTH-04",
        "Fails over credentials that it cannot read",
        _guarded(lambda _, user, word: (user, word) == (common.USER, common.PASSWORD), unreadable=500),
        also=frozenset({"LR-ANSWER-06"}),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_MISSING, *_TYPES, *_OLD_TYPES, *_RANGES, *_HTTP, *_ANSWERS, *_AUTH)
