"""What a LiveRig server may do otherwise."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest import example
from conformance.selftest.common.credentials import CREDENTIALS, credentials
from conformance.selftest.defect import (
    blank,
    both,
    forgive,
    forgive_header,
    forgive_query,
    instead,
    missing,
    null,
    number,
    on_ask,
    on_reply,
    on_status,
    one_of,
    refuse_body,
    text,
    thing,
    whole,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve, reply
from conformance.selftest.variant import Freedom

if TYPE_CHECKING:
    from collections.abc import Callable


_LIVERIG = ("liverig-backlog-sync",)
_TIME = example.request("liverig-backlog-sync", "dateTimeLog")


def _asks(body: Any, kind: str) -> bool:
    return kind in json.dumps(body.get("wells"))


def _has_unneeded_time(body: Any) -> bool:
    deep = _asks(body, "measured depth") and not _asks(body, "date time")
    return deep and bool({"start", "end"} & body.keys())


def _locks_out(after: int, status: int, seconds: float) -> Make:
    """Refuse whatever comes for so many seconds, once that many requests had wrong credentials."""

    def fresh() -> Behaviour:
        wrong, until = 0, 0.0

        async def behave(ask: Ask, serve: Serve) -> Reply:
            nonlocal wrong, until
            if ask.is_file:
                return await serve(ask)
            locked = time.monotonic() < until
            if not locked and credentials(ask) in CREDENTIALS:
                return await serve(ask)
            wrong += 1
            if wrong >= after and not locked:
                wrong, until = 0, time.monotonic() + seconds
            return reply(status if locked else 401, {"failure": "locked" if locked else "unknown"})

        return behave

    return fresh


def _with_status(status: int) -> Callable[[Reply], Reply]:
    return lambda r: replace(r, status=status)


def _refused(answer: Callable[[Reply], Reply]) -> Make:
    return on_reply(lambda a, r: answer(r) if 400 <= r.status < 500 and a.method == "POST" else r)


def _unknown(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith("histdata") or (value != "" and not value.strip()))


def _named(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("histdata-no-such-")


def _known_wells(body: Any) -> Any:
    """The body, with wells, wellbores and logs that are not known replaced."""
    return json.loads(
        json.dumps(body)
        .replace('histdata-no-such-well"', 'Energistics-well-0001"')
        .replace("histdata-no-such-wellbore", "Energistics-w1-wellbore-0001")
    )


def _asks_for_nothing(body: Any) -> bool:
    """Whether all that a request names is as it should be, but there is no log in it."""
    wells = body.get("wells") if thing(body) else None
    if not isinstance(wells, dict) or not all(map(thing, wells.values())):
        return False
    return all(thing(bore) and bore.get("logs") == [] for well in wells.values() for bore in well.values())


def _capital_uuid(document: Any) -> Any:
    return document | {"success": document["success"].upper()} if "success" in document else document


_INDEX_TYPES = ("elapsed time", "length", "vertical depth", "other", "unknown")


def _is_far(instant: Any) -> bool:
    """Whether an end of a time range lies before 1970, or behind the year 9999."""
    if not whole(instant) and not (text(instant) and re.fullmatch(r"-?\d{1,20}", instant)):
        return False
    return not 0 <= int(instant) < 253402300800000


FREEDOMS: tuple[Freedom, ...] = (
    *(
        Freedom(f"refuses-{status}", f"Refuses with {status}", _refused(_with_status(status)), _LIVERIG)
        for status in (403, 404, 409, 422)
    ),
    Freedom(
        "refuses-with-200",
        "Refuses with 200 and a failure",
        _refused(lambda r: reply(200, {"failure": str(r.document)})),
        _LIVERIG,
    ),
    Freedom(
        "refuses-with-200-in-html-type",
        "Refuses with 200 and a failure, and adds a code",
        _refused(lambda r: reply(200, {"failure": "no", "code": 17})),
        _LIVERIG,
    ),
    Freedom(
        "refuses-with-page",
        "Refuses with a page",
        _refused(
            lambda r: Reply(
                400,
                (("content-type", "text/html;charset=utf-8"),),
                b"<html><body>HTTP ERROR 400</body></html>",
            )
        ),
        _LIVERIG,
    ),
    Freedom(
        "refuses-with-nothing", "Refuses without a body", _refused(lambda r: Reply(400, (), b"")), _LIVERIG
    ),
    Freedom(
        "refuses-with-problem",
        "Refuses in application/problem+json",
        _refused(
            lambda r: replace(
                reply(400, {"title": "Bad Request", "status": 400}),
                headers=(("content-type", "application/problem+json"),),
            )
        ),
        _LIVERIG,
    ),
    Freedom(
        "refuses-with-text",
        "Refuses in plain text",
        _refused(lambda r: Reply(422, (("content-type", "text/plain"),), b"wells: must not be empty")),
        _LIVERIG,
    ),
    Freedom(
        "refuses-with-401",
        "Refuses with 401 what it cannot read",
        _refused(lambda r: reply(401, {"failure": "no"}, www_authenticate="Basic")),
        _LIVERIG,
    ),
    Freedom(
        "credentials-asked",
        "Asks for credentials",
        instead(
            lambda a: credentials(a) not in CREDENTIALS, lambda _: reply(401, {}, www_authenticate="Basic")
        ),
        _LIVERIG,
    ),
    Freedom(
        "locks-out-for-long",
        "Lets nobody in for an hour after three wrong passwords",
        _locks_out(3, 401, 3600),
        _LIVERIG,
    ),
    Freedom(
        "locks-out-for-a-moment",
        "Lets nobody in for two seconds after two wrong passwords",
        _locks_out(2, 423, 2),
        _LIVERIG,
    ),
    Freedom(
        "sends-to-log-in",
        "Sends whoever is not known to a page to log in",
        instead(
            lambda a: credentials(a) not in CREDENTIALS, lambda _: Reply(302, (("location", "/login"),), b"")
        ),
        _LIVERIG,
    ),
    Freedom("uuid-in-capitals", "Writes the uuid in capitals", on_status(200, _capital_uuid), _LIVERIG),
    Freedom(
        "unknown-source-taken",
        "Takes a source that it does not know, to fail later",
        forgive("/source", _unknown, _TIME["source"]),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "unknown-rig-taken",
        "Takes a rig that it does not know, to fail later",
        forgive("/rigName", _unknown, _TIME["rigName"]),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "unknown-log-taken",
        "Takes a log that it does not know, to fail later",
        forgive("/wells/*/*/logs/*/uid", _unknown, "Energistics-w1-wb1-log-0002"),
        _LIVERIG,
    ),
    Freedom(
        "unknown-wells-taken",
        "Takes wells and wellbores that it does not know",
        forgive(
            "", lambda b: thing(b) and "histdata-no-such-well" in json.dumps(b.get("wells")), _known_wells
        ),
        _LIVERIG,
    ),
    Freedom(
        "other-index-types",
        "Takes the other index types of WITSML",
        forgive("/wells/*/*/logs/*/indexType", lambda v: v in _INDEX_TYPES, "date time"),
        _LIVERIG,
    ),
    Freedom(
        "depth-numbers-taken",
        "Takes JSON numbers as depths",
        both(forgive("/depth/start", number, "100"), forgive("/depth/end", number, "200")),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "depth-numbers-refused",
        "Refuses JSON numbers as depths",
        refuse_body(lambda b: thing(b.get("depth")) and number(b["depth"].get("start"))),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "other-units-taken",
        "Takes feet and centimetres",
        forgive("/depth/uom", lambda v: v in ("ft", "cm"), "m"),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "nothing-to-pull-taken",
        "Takes a request that asks for no log at all",
        forgive("", _asks_for_nothing, lambda b: b | {"wells": _TIME["wells"]}),
        _LIVERIG,
        ("old",),
        generated=True,
    ),
    Freedom(
        "any-unit-taken",
        "Takes any word for a unit, and lets the job fail",
        forgive("/depth/uom", lambda v: text(v) and bool(v), "m"),
        _LIVERIG,
        ("current",),
        generated=True,
    ),
    Freedom(
        "other-units-refused",
        "Takes metres only",
        refuse_body(lambda b: thing(b.get("depth")) and b["depth"].get("uom") in ("ft", "cm")),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "equal-ends-taken",
        "Takes a range whose ends are equal",
        forgive(
            "",
            lambda b: thing(b) and b.get("start") is not None and b.get("start") == b.get("end"),
            lambda b: b | {"end": type(b["end"])(1704337200000)},
        ),
        _LIVERIG,
    ),
    Freedom(
        "unneeded-depth-refused",
        "Refuses a depth range beside a time log",
        refuse_body(lambda b: "depth" in b and not _asks(b, "measured depth")),
        _LIVERIG,
        ("current",),
        generated=True,
    ),
    Freedom(
        "unneeded-depth-ignored",
        "Does not look at a depth range beside a time log",
        forgive(
            "",
            lambda b: thing(b) and "depth" in b and not _asks(b, "measured depth"),
            lambda b: {k: v for k, v in b.items() if k != "depth"},
        ),
        _LIVERIG,
        ("current",),
        generated=True,
    ),
    Freedom(
        "unneeded-time-refused",
        "Refuses a time range beside a depth log",
        refuse_body(_has_unneeded_time),
        _LIVERIG,
        ("current",),
        generated=True,
    ),
    Freedom(
        "unneeded-time-ignored",
        "Does not look at a time range beside a depth log",
        forgive(
            "",
            lambda b: thing(b) and _has_unneeded_time(b),
            lambda b: {k: v for k, v in b.items() if k not in ("start", "end")},
        ),
        _LIVERIG,
        ("current",),
        generated=True,
    ),
    Freedom(
        "blank-collector-taken",
        "Takes a null, empty or blank collector in the body for none",
        both(
            forgive("/qualifier", one_of(null, lambda v: text(v) and not v.strip()), "qualifier"),
            forgive("/instance", one_of(null, lambda v: text(v) and not v.strip()), "instance"),
        ),
        _LIVERIG,
    ),
    Freedom(
        "query-wins",
        "Goes by the collector of the query",
        both(forgive("/qualifier", _named, "qualifier"), forgive("/instance", _named, "instance")),
        _LIVERIG,
    ),
    Freedom(
        "body-wins",
        "Goes by the collector of the body",
        both(forgive_query("qualifier", _named, "qualifier"), forgive_query("instance", _named, "instance")),
        _LIVERIG,
    ),
    Freedom(
        "second-query-value-taken",
        "Takes the first of two values",
        on_ask(lambda a: replace(a, query=tuple((k, v) for k, v in a.query if v != "histdata-second-value"))),
        _LIVERIG,
    ),
    Freedom(
        "far-ranges-refused",
        "Refuses ranges before 1970 and behind 9999",
        refuse_body(lambda b: _is_far(b.get("start")) or _is_far(b.get("end"))),
        _LIVERIG,
    ),
    Freedom(
        "far-ranges-taken",
        "Takes ranges before 1970 and behind 9999",
        both(
            forgive("/start", _is_far, lambda b: type(b["start"])(1704250800000)),
            forgive("/end", _is_far, lambda b: type(b["end"])(1704337200000)),
        ),
        _LIVERIG,
    ),
    Freedom(
        "old-members-needed",
        "Needs what the old page does not mark",
        refuse_body(
            lambda b: not {"source", "rigName", "wells"} <= {k for k, v in b.items() if v is not None}
        ),
        _LIVERIG,
        ("old",),
    ),
    Freedom(
        "old-collector-optional",
        "Needs no query",
        both(
            forgive_query("qualifier", missing, "qualifier"), forgive_query("instance", missing, "instance")
        ),
        _LIVERIG,
        ("old",),
    ),
    Freedom(
        "old-range-optional",
        "Needs no range, and takes numbers",
        both(
            forgive("/start", one_of(missing, null, blank, number), "1704250800000"),
            forgive("/end", one_of(missing, null, blank, number), "1704337200000"),
        ),
        _LIVERIG,
        ("old",),
    ),
    Freedom(
        "old-any-content-type",
        "Takes any content type, and none",
        forgive_header("content-type", lambda v: missing(v) or "json" not in v.lower(), "application/json"),
        _LIVERIG,
        ("old",),
    ),
    Freedom(
        "old-depth-logs-taken",
        "Takes depth logs by time",
        forgive("/wells/*/*/logs/*/indexType", lambda v: v == "measured depth", "date time"),
        _LIVERIG,
        ("old",),
    ),
)
