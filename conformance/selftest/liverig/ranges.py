"""Faults in the rules between members: ranges, kinds of index, identifiers given twice."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    array,
    boolean,
    crash,
    forgive,
    missing,
    no,
    on_ask,
    on_reply,
    refuse,
    refuse_body,
    text,
    thing,
    whole,
)
from conformance.selftest.liverig.body import DEPTH, TIME, all_logs, deep, index_kinds, likely_log, mixed
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.selftest.gateway import Ask


_OTHER_PROTOCOL = "Example OPC server"


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


def _timed(body: Any) -> bool:
    return index_kinds(body) == {"date time"}


def _mends(
    name: str, breaks: str, does: str, when: Callable[[Any], bool], put: Callable[[Any], Any], **more: Any
) -> Mutant:
    """A mutant that lacks a check between members: where *when* holds of a body, it puts in *put*."""
    return Mutant(
        name, breaks, does, forgive("", lambda b: thing(b) and when(b), lambda b: b | put(b)), **more
    )


def _time_range(_: Any) -> Any:
    return {"start": TIME["start"], "end": TIME["end"]}


def _lacks_what_its_last_well_does_not_need(body: Any) -> bool:
    wells = _values(body.get("wells"))
    last = {"wells": {"": wells[-1]}} if wells else {}
    return mixed(body) and (("depth" not in body and _timed(last)) or ("start" not in body and deep(last)))


def _depth_range(_: Any) -> Any:
    return {"depth": DEPTH["depth"]}


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
    return ask.with_document(body) if thing(body) and len(list(all_logs(ask.document))) > 1 else ask


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


MUTANTS: tuple[Mutant, ...] = (
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
        lambda b: deep(b) and "depth" not in b,
        _depth_range,
    ),
    _mends(
        "depth-optional-beside-time",
        "LR-RANGE-06",
        "Takes both kinds of log with a time range alone",
        lambda b: mixed(b) and "depth" not in b,
        _depth_range,
        also=frozenset({"LR-RANGE-26"}),
    ),
    _mends(
        "time-optional-beside-depth",
        "LR-RANGE-07",
        "Takes both kinds of log with a depth range alone",
        lambda b: mixed(b) and "start" not in b,
        _time_range,
        also=frozenset({"LR-RANGE-26"}),
    ),
    Mutant(
        "mixed-logs-refused", "LR-RANGE-05", "Refuses both kinds of log in one request", refuse_body(mixed)
    ),
    replace(
        _mends(
            "time-range-inverted",
            "LR-RANGE-08",
            "Takes a start behind the end",
            lambda b: not mixed(b) and _integer(b.get("start")) > _integer(b.get("end")) >= 0,
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
        lambda b: mixed(b) and _integer(b.get("start")) > _integer(b.get("end")) >= 0,
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
        forgive("/start", lambda v: text(v) and v.isdecimal() and not v.isascii(), TIME["start"]),
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
                and deep(a.document)
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
        "whole-seconds-wanted",
        "LR-RANGE-22",
        "Refuses a time between two seconds",
        refuse_body(lambda b: any(_integer(b.get(end)) % 1000 for end in ("start", "end") if end in b)),
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
    Mutant("depth-logs-refused", "LR-DEPTH-12", "Refuses depth logs", refuse_body(deep)),
    Mutant(
        "other-protocol-taken",
        "LR-SOURCE-01",
        "Takes a source that is not WITSML",
        forgive("/source", lambda v: v == _OTHER_PROTOCOL, TIME["source"]),
    ),
    Mutant(
        "other-protocol-taken-for-depth",
        "LR-SOURCE-01",
        "Takes a source that is not WITSML where depth is asked for",
        forgive(
            "",
            lambda b: thing(b) and "depth" in b and b.get("source") == _OTHER_PROTOCOL,
            lambda b: b | {"source": TIME["source"]},
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
        forgive("/wells/*/*/logs/1", no(thing), likely_log),
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
        refuse_body(lambda b: len(list(all_logs(b))) > 2),
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
        forgive("/wells/*/*/logs/1/uid", missing, likely_log(TIME)["uid"]),
        revisions=("current",),
    ),
)
