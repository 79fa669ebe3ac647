"""Faults in what is taken for a member of the body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    Predicate,
    array,
    blank,
    boolean,
    empty,
    forgive,
    forgive_query,
    fraction,
    missing,
    null,
    on_ask,
    refuse_body,
    text,
    thing,
    whole,
)
from conformance.selftest.liverig.body import (
    DEPTH,
    NO_INSTANT,
    TIME,
    all_logs,
    likely_bore,
    likely_log,
    likely_well,
    likely_wells,
    mixed,
)
from conformance.selftest.member import NO_ARRAY, NO_OBJECT, NO_STRING, lacks, takes
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_NO_DEPTH: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "array": array,
    "object": thing,
    "word": lambda v: text(v) and v.isalpha(),
    "decimal-comma": lambda v: text(v) and "," in v,
    "empty-text": blank,
}


def _has_words_for_a_depth_beside_time(body: Any) -> bool:
    return mixed(body) and thing(body.get("depth")) and body["depth"].get("start") == "deep"


# As text, which both revisions take.
_RANGE = {name: str(TIME[name]) for name in ("start", "end")}


def _rises(body: Any, measure: Callable[[int], Any]) -> bool:
    """Whether a time range that runs backwards runs forwards by another measure."""
    try:
        start, end = (int(body[name]) for name in ("start", "end"))
    except (KeyError, OverflowError, TypeError, ValueError):
        return False
    return start > end and bool(measure(start) < measure(end))


def _has_no_index_type(body: Any) -> bool:
    kinds = [log.get("indexType") for log in all_logs(body)]
    return bool(kinds) and text(kinds[0]) and kinds[0] not in ("date time", "measured depth")


def _as_depth_log(body: Any) -> Any:
    first, *others = all_logs(body)
    first.update(next((log for log in others if log.get("indexType") == "measured depth"), {}))
    return body


_LOG = "/wells/*/*/logs/*"


# What is not looked for in any log is not looked for in the second one.
_NOR_SECOND = frozenset({"LR-WELLS-16"})


MUTANTS: tuple[Mutant, ...] = (
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
    lacks("source", "/source", "LR-BODY-01", TIME["source"]),
    lacks("rig", "/rigName", "LR-BODY-02", TIME["rigName"]),
    lacks("wells", "/wells", "LR-BODY-03", likely_wells),
    Mutant(
        "body-optional",
        "LR-BODY-09",
        "Does not need a body",
        on_ask(lambda a: a if a.body or a.method != "POST" else a.with_document(TIME)),
        also=frozenset({"LR-HTTP-03"}),
    ),
    Mutant("source-empty", "LR-BODY-10", "Takes an empty source", forgive("/source", blank, TIME["source"])),
    Mutant("rig-empty", "LR-BODY-11", "Takes an empty rig", forgive("/rigName", blank, TIME["rigName"])),
    lacks("logs", "/wells/*/*/logs", "LR-WELLS-03", lambda b: likely_bore(b)["logs"]),
    lacks("log-uid", f"{_LOG}/uid", "LR-WELLS-06", likely_log(TIME)["uid"], also=_NOR_SECOND),
    lacks(
        "log-index-type",
        f"{_LOG}/indexType",
        "LR-WELLS-07",
        lambda b: likely_log(b)["indexType"],
        also=_NOR_SECOND,
    ),
    Mutant(
        "mixed-in-one-well-only",
        "LR-WELLS-19",
        "Refuses both kinds of log where they are in several wells",
        refuse_body(lambda b: mixed(b) and len(b["wells"]) > 1 and {"depth", "start"} <= b.keys()),
        revisions=("current",),
    ),
    Mutant(
        "depth-of-mixed-unchecked",
        "LR-DEPTH-05",
        "Does not look at a depth range beside a time range",
        forgive("", _has_words_for_a_depth_beside_time, lambda b: b | {"depth": DEPTH["depth"]}),
        revisions=("current",),
    ),
    Mutant(
        "wells-empty",
        "LR-WELLS-20",
        "Takes wells without any in them",
        forgive("/wells", lambda v: v == {}, lambda _: TIME["wells"]),
        revisions=("current",),
    ),
    Mutant(
        "logs-empty",
        "LR-WELLS-20",
        "Takes a wellbore without any log in it",
        forgive("/wells/*/*/logs", lambda v: v == [], lambda _: [likely_log(TIME)]),
        revisions=("current",),
    ),
    Mutant(
        "log-uid-empty",
        "LR-WELLS-13",
        "Takes a log with an empty uid",
        forgive(f"{_LOG}/uid", blank, likely_log(TIME)["uid"]),
    ),
    lacks("depth-start", "/depth/start", "LR-DEPTH-02", DEPTH["depth"]["start"]),
    lacks("depth-end", "/depth/end", "LR-DEPTH-03", DEPTH["depth"]["end"]),
    lacks("depth-uom", "/depth/uom", "LR-DEPTH-04", "m"),
    *takes("source", "/source", NO_STRING, "LR-BODY-04", TIME["source"]),
    *takes("rig", "/rigName", NO_STRING, "LR-BODY-05", TIME["rigName"]),
    *takes("wells", "/wells", NO_OBJECT, "LR-BODY-07", likely_wells),
    *takes("body", "", NO_OBJECT, "LR-BODY-08", TIME),
    *takes(
        "body-qualifier",
        "/qualifier",
        {k: w for k, w in NO_STRING.items() if k != "null"},
        "LR-PAIR-04",
        TIME["qualifier"],
        revisions=("current",),
    ),
    *takes(
        "body-instance",
        "/instance",
        {k: w for k, w in NO_STRING.items() if k != "null"},
        "LR-PAIR-05",
        TIME["instance"],
        revisions=("current",),
    ),
    *takes("well", "/wells/*", NO_OBJECT, "LR-WELLS-01", likely_well),
    *takes("wellbore", "/wells/*/*", NO_OBJECT, "LR-WELLS-02", likely_bore),
    *takes("logs", "/wells/*/*/logs", NO_ARRAY, "LR-WELLS-04", lambda b: likely_bore(b)["logs"]),
    Mutant(
        "logs-by-position",
        "LR-WELLS-04",
        "Takes an object of logs by their positions",
        forgive("/wells/*/*/logs", lambda v: thing(v) and "0" in v, lambda b: likely_bore(b)["logs"]),
    ),
    *takes("log", _LOG, NO_OBJECT, "LR-WELLS-05", likely_log, also=_NOR_SECOND),
    *takes("log-uid", f"{_LOG}/uid", NO_STRING, "LR-WELLS-08", likely_log(TIME)["uid"], also=_NOR_SECOND),
    *takes(
        "log-index-type",
        f"{_LOG}/indexType",
        NO_STRING,
        "LR-WELLS-09",
        lambda b: likely_log(b)["indexType"],
        also=_NOR_SECOND,
    ),
    Mutant(
        "log-index-type-takes-ordinal",
        "LR-WELLS-09",
        "Takes the number of an index type",
        forgive(f"{_LOG}/indexType", lambda v: v is not True and v == 1, "measured depth"),
        revisions=("current",),
    ),
    *takes("start", "/start", NO_INSTANT, "LR-RANGE-13", TIME["start"]),
    *takes("end", "/end", NO_INSTANT, "LR-RANGE-14", TIME["end"]),
    *takes("depth", "/depth", {**NO_OBJECT, "empty-text": blank}, "LR-DEPTH-01", DEPTH["depth"]),
    *takes("depth-start", "/depth/start", _NO_DEPTH, "LR-DEPTH-05", DEPTH["depth"]["start"]),
    *takes("depth-end", "/depth/end", _NO_DEPTH, "LR-DEPTH-06", DEPTH["depth"]["end"]),
    *takes("depth-uom", "/depth/uom", NO_STRING, "LR-DEPTH-09", "m"),
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
        forgive("/depth", lambda v: text(v) and "-" in v, DEPTH["depth"]),
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
            lambda b: likely_log(b)["indexType"],
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
        forgive(f"{_LOG}/indexType", blank, lambda b: likely_log(b)["indexType"]),
    ),
    Mutant(
        "start-takes-fraction",
        "LR-RANGE-15",
        "Takes a start with a fraction of a millisecond",
        forgive("/start", fraction, TIME["start"]),
    ),
    Mutant(
        "end-takes-fraction-in-text",
        "LR-RANGE-15",
        "Takes an end with a fraction, as text",
        forgive("/end", lambda v: text(v) and "." in v and "T" not in v, TIME["end"]),
    ),
    Mutant(
        "wellbore-is-its-logs",
        "LR-WELLS-02",
        "Takes an array of logs in place of the wellbore that holds it",
        forgive("/wells/*/*", lambda v: array(v) and any(map(thing, v)), likely_bore(TIME)),
    ),
    Mutant(
        "lone-log",
        "LR-WELLS-04",
        "Takes one log in place of an array of logs",
        forgive("/wells/*/*/logs", lambda v: thing(v) and "uid" in v, likely_bore(TIME)["logs"]),
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
            ("rig", "LR-BODY-05", "/rigName", TIME["rigName"], frozenset[str]()),
            ("source", "LR-BODY-04", "/source", TIME["source"], frozenset[str]()),
            ("log-uid", "LR-WELLS-08", f"{_LOG}/uid", likely_log(TIME)["uid"], _NOR_SECOND),
        )
    ),
    Mutant(
        "start-in-array",
        "LR-RANGE-13",
        "Takes a start in an array of its own",
        forgive("/start", lambda v: array(v) and any(map(whole, v)), TIME["start"]),
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
