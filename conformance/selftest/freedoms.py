"""Correct servers that differ in what the contracts leave open; none of them may be accused of anything."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from conformance.selftest import datafile, example
from conformance.selftest.common import CREDENTIALS, credentials
from conformance.selftest.datafile import (
    TIMESTAMP,
    on_content,
    on_file,
    on_parquet,
    on_second_download,
    on_table,
    unless,
)
from conformance.selftest.defect import (
    blank,
    both,
    every,
    forgive,
    forgive_header,
    forgive_query,
    instead,
    late,
    missing,
    null,
    number,
    on_ask,
    on_reply,
    on_status,
    one_of,
    refuse,
    refuse_body,
    restatus,
    text,
    thing,
    whole,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, NotJson, Reply, Serve, reply
from conformance.selftest.variant import Freedom

if TYPE_CHECKING:
    from collections.abc import Callable

_LIVERIG = ("liverig-backlog-sync",)
_NORTECH = ("nortech-historical-data-sync",)
_TIME = example.request("liverig-backlog-sync", "dateTimeLog")
_IDS = example.request("nortech-historical-data-sync", "byId")
_NAME = example.request("nortech-historical-data-sync", "bySearch")["signals"][0]["signal"]


# How any server may answer --------------------------------------------------------------------------------


def _all(change: Callable[[Reply], Reply]) -> Make:
    """Change every answer, downloads included."""

    async def behave(ask: Ask, serve: Serve) -> Reply:
        return change(await serve(ask))

    return lambda: behave


def _json(change: Callable[[Any], bytes]) -> Make:
    """Write every JSON answer of the operation in another way."""
    return on_reply(lambda _, r: r if r.document is NotJson.BODY else replace(r, body=change(r.document)))


def _typed_json(value: str) -> Make:
    return _all(
        lambda r: (
            r.with_header("content-type", value) if r.header("content-type") == "application/json" else r
        )
    )


def _with_headers(*headers: tuple[str, str]) -> Make:
    return _all(lambda r: replace(r, headers=(*r.headers, *headers)))


def _packed(ask: Ask, answer: Reply) -> Reply:
    if "gzip" not in (ask.header("accept-encoding") or ""):
        return answer.with_header("vary", "accept-encoding")
    return replace(answer.with_header("content-encoding", "gzip"), body=gzip.compress(answer.body, mtime=0))


def _busy(status: int, period: int, wait: str) -> Make:
    """Every so-many-th request is answered with a request to come again; so is never the one that follows."""
    return every(
        period, instead(lambda _: True, lambda _: reply(status, {"message": "later"}, Retry_After=wait))
    )


def _broken_off(*numbers: int) -> Make:
    """Close the connection in the middle of these answers, downloads included."""

    def fresh() -> Behaviour:
        counted = itertools.count(1)

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            return replace(answer, cut=True) if next(counted) in numbers else answer

        return behave

    return fresh


def _with_semicolons(content: bytes) -> bytes:
    sink = io.StringIO(newline="")
    # Not by exchanging bytes: a name may have a comma in it.
    csv.writer(sink, delimiter=";").writerows(csv.reader(io.StringIO(content.decode(), newline="")))
    return sink.getvalue().encode("utf-8-sig")


def _asks(body: Any, kind: str) -> bool:
    return kind in json.dumps(body.get("wells"))


def _has_unneeded_time(body: Any) -> bool:
    deep = _asks(body, "measured depth") and not _asks(body, "date time")
    return deep and bool({"start", "end"} & body.keys())


def _other_methods(answer: Reply) -> Make:
    return instead(lambda a: a.method != "POST", lambda _: answer)


def _unknown_asked(answer: Reply) -> Make:
    return instead(lambda a: credentials(a) not in CREDENTIALS, lambda _: answer)


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


def _is_long(body: Any) -> bool:
    window = body["timeWindow"]
    start, end = (datetime.fromisoformat(window[name]) for name in ("start", "end"))
    return end - start > timedelta(hours=1)


def _has_data_of_all(content: pa.Table) -> bool:
    return all(column.null_count < len(column) for column in content.columns)


def _is_hard(ask: Ask) -> bool:
    return any(part in ask.body for part in (b"[" * 100, b'{"a":' * 100, b"9" * 1000))


def _wrong_type(ask: Ask) -> bool:
    value = ask.header("content-type")
    return value is not None and "json" not in value.lower()


def _extra(document: Any) -> Any:
    return document | {"histdata": {"took": 3}, "links": []} if isinstance(document, dict) else document


def _reversed(document: Any) -> bytes:
    return json.dumps(dict(reversed(document.items())) if isinstance(document, dict) else document).encode()


_ANY = (
    Freedom(
        "trace-echoes",
        "Answers TRACE as HTTP has it, with the request itself",
        instead(
            lambda a: a.method == "TRACE",
            lambda a: Reply(200, (("content-type", "message/http"),), f"TRACE {a.path}".encode()),
        ),
    ),
    Freedom(
        "extra-members",
        "Adds members to its answers",
        on_reply(lambda _, r: r.with_document(_extra(r.document)) if isinstance(r.document, dict) else r),
    ),
    Freedom(
        "charset", "Says application/json; charset=utf-8", _typed_json("application/json; charset=utf-8")
    ),
    Freedom(
        "charset-in-capitals",
        "Says Application/JSON;charset=UTF-8",
        _typed_json("Application/JSON;charset=UTF-8"),
    ),
    Freedom(
        "pretty",
        "Prints its JSON over several lines",
        _json(lambda d: json.dumps(d, indent=4).encode() + b"\n"),
    ),
    Freedom(
        "compact",
        "Prints its JSON without blanks",
        _json(lambda d: json.dumps(d, separators=(",", ":")).encode()),
    ),
    Freedom(
        "escaped", "Escapes slashes in its JSON", _json(lambda d: json.dumps(d).replace("/", "\\/").encode())
    ),
    Freedom("members-in-another-order", "Gives members in another order", _json(_reversed)),
    Freedom("chunked", "Sends its answers in chunks", _all(lambda r: replace(r, chunked=True))),
    Freedom("packed-when-asked", "Packs its answers where the client takes it", on_reply(_packed)),
    Freedom("hiccups", "Breaks an answer off, twice in a run", _broken_off(40, 171)),
    Freedom("closes", "Closes the connection after each answer", _with_headers(("connection", "close"))),
    Freedom(
        "closes-unannounced",
        "Closes each connection a moment after its answer, without a word",
        _all(lambda r: replace(r, leaves=0.005)),
    ),
    Freedom(
        "gateway-headers",
        "Adds a gateway's headers",
        _with_headers(
            ("Via", "1.1 gateway"),
            ("Server", "nginx/1.25.3"),
            ("X-Request-Id", "7f3a"),
            ("Set-Cookie", "lb=a1; Path=/"),
            ("Set-Cookie", "AWSALB=b2; Path=/"),
            ("Strict-Transport-Security", "max-age=31536000"),
        ),
    ),
    Freedom(
        "cors-headers",
        "Adds headers for browsers",
        _with_headers(
            ("Access-Control-Allow-Origin", "*"),
            ("Vary", "Origin"),
            ("Cache-Control", "no-store"),
            ("ETag", '"1"'),
        ),
    ),
    Freedom(
        "header-names-in-capitals",
        "Writes header names in capitals",
        _all(lambda r: replace(r, headers=tuple((name.upper(), value) for name, value in r.headers))),
    ),
    Freedom("slow", "Takes three seconds for each answer", late(3, lambda _: True)),
    Freedom("slow-at-times", "Takes eight seconds for every fifth answer", every(5, late(8, lambda _: True))),
    Freedom("busy", "Answers every seventh request with 429 and Retry-After", _busy(429, 7, "1")),
    Freedom("busy-often", "Answers every second request with 429 and Retry-After", _busy(429, 2, "0")),
    Freedom("unavailable", "Answers every eleventh request with 503 and Retry-After", _busy(503, 11, "2")),
    Freedom(
        "unavailable-until",
        "Names the moment in Retry-After",
        _busy(503, 13, "Sat, 01 Jan 2022 00:00:00 GMT"),
    ),
    Freedom(
        "other-methods-404", "Answers 404 to other methods", _other_methods(reply(404, {"message": "no"}))
    ),
    Freedom(
        "other-methods-empty",
        "Answers 405 without a body",
        _other_methods(Reply(405, (("allow", "POST, OPTIONS"),), b"")),
    ),
    Freedom(
        "other-methods-501", "Answers 501 to other methods", _other_methods(reply(501, {"message": "no"}))
    ),
    Freedom(
        "other-methods-403", "Answers 403 to other methods", _other_methods(reply(403, {"message": "no"}))
    ),
    Freedom(
        "other-methods-page",
        "Answers 405 with a page",
        _other_methods(
            Reply(405, (("content-type", "text/html"), ("Allow", "post")), b"<h1>Method Not Allowed</h1>")
        ),
    ),
    Freedom(
        "content-type-415",
        "Answers 415 to another content type",
        instead(_wrong_type, lambda _: reply(415, {"message": "Unsupported Media Type"})),
    ),
    Freedom("content-type-400", "Answers 400 to another content type", restatus(415, 400)),
    Freedom(
        "content-type-406",
        "Answers 406 to another content type, without a body",
        instead(_wrong_type, lambda _: Reply(406, (), b"")),
    ),
    Freedom(
        "hard-json-413",
        "Answers 413 to hard JSON",
        instead(_is_hard, lambda _: reply(413, {"message": "too large"})),
    ),
    Freedom(
        "hard-json-ignored",
        "Does not look into members that it does not know",
        on_ask(lambda a: a.with_document(_known(a)) if b', "histdata": "' in a.body and _utf8(a) else a),
    ),
    Freedom(
        "hard-json-400-text",
        "Answers 400 in plain text to hard JSON",
        instead(_is_hard, lambda _: Reply(400, (("content-type", "text/plain"),), b"bad json")),
    ),
    Freedom(
        "chunked-411",
        "Asks for a length",
        instead(
            lambda a: a.header("transfer-encoding") is not None,
            lambda _: reply(411, {"message": "Length Required"}),
        ),
    ),
    Freedom(
        "duplicate-member-refused",
        "Refuses a member that is there twice",
        refuse(lambda a: _duplicate(a.body)),
    ),
    Freedom(
        "duplicate-member-taken",
        "Takes a member that is there twice",
        on_ask(
            lambda a: (
                a.with_document(a.document)
                if a.document is not NotJson.BODY and a.method == "POST" and _duplicate(a.body)
                else a
            )
        ),
    ),
    Freedom(
        "unknown-charset-refused",
        "Answers 415 to a charset that it does not know",
        instead(
            lambda a: "charset=histdata" in (a.header("content-type") or ""),
            lambda _: reply(415, {"message": "charset"}),
        ),
    ),
    Freedom(
        "unknown-charset-taken",
        "Does not look at the charset",
        forgive_header("content-type", lambda v: text(v) and "histdata" in v, "application/json"),
    ),
    Freedom(
        "unknown-query-refused",
        "Refuses query parameters that it does not know",
        refuse(lambda a: any(name.startswith("histdata") for name, _ in a.query)),
    ),
    Freedom(
        "unknown-member-refused",
        "Refuses members that it does not know",
        refuse_body(lambda b: any(name.startswith("histdata") for name in b)),
    ),
    Freedom(
        "unknown-member-taken",
        "Does not look at members that it does not know",
        on_ask(
            lambda a: (
                a.with_document({k: v for k, v in a.document.items() if not k.startswith("histdata")})
                if thing(a.document)
                and any(k.startswith("histdata") for k in a.document)
                and b"NaN" not in a.body
                and b"Infinity" not in a.body
                else a
            )
        ),
    ),
)


def _utf8(ask: Ask) -> bool:
    try:
        ask.body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _known(ask: Ask) -> Any:
    cut = ask.body.split(b', "histdata"')[0] + b"}"
    return json.loads(cut)


def _duplicate(body: bytes) -> bool:
    found: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len({name for name, _ in pairs}) < len(pairs))
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return False
    return any(found)


# LiveRig --------------------------------------------------------------------------------------------------


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


def _lenient(pointer: str, when: Callable[[Any], bool], value: Any) -> Make:
    return forgive(pointer, when, value)


def _capital_uuid(document: Any) -> Any:
    return document | {"success": document["success"].upper()} if "success" in document else document


_INDEX_TYPES = ("elapsed time", "length", "vertical depth", "other", "unknown")

_LR = (
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
        _lenient("/source", _unknown, _TIME["source"]),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "unknown-rig-taken",
        "Takes a rig that it does not know, to fail later",
        _lenient("/rigName", _unknown, _TIME["rigName"]),
        _LIVERIG,
        ("current",),
    ),
    Freedom(
        "unknown-log-taken",
        "Takes a log that it does not know, to fail later",
        _lenient("/wells/*/*/logs/*/uid", _unknown, "Energistics-w1-wb1-log-0002"),
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
        _lenient("/wells/*/*/logs/*/indexType", lambda v: v in _INDEX_TYPES, "date time"),
        _LIVERIG,
    ),
    Freedom(
        "depth-numbers-taken",
        "Takes JSON numbers as depths",
        both(_lenient("/depth/start", number, "100"), _lenient("/depth/end", number, "200")),
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
        _lenient("/depth/uom", lambda v: v in ("ft", "cm"), "m"),
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
        _lenient("/depth/uom", lambda v: text(v) and bool(v), "m"),
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
            _lenient("/qualifier", one_of(null, lambda v: text(v) and not v.strip()), "qualifier"),
            _lenient("/instance", one_of(null, lambda v: text(v) and not v.strip()), "instance"),
        ),
        _LIVERIG,
    ),
    Freedom(
        "query-wins",
        "Goes by the collector of the query",
        both(_lenient("/qualifier", _named, "qualifier"), _lenient("/instance", _named, "instance")),
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
        refuse_body(lambda b: str(b.get("start")) == "-1" or str(b.get("end")) == "253402300800000"),
        _LIVERIG,
    ),
    Freedom(
        "far-ranges-taken",
        "Takes ranges before 1970 and behind 9999",
        both(
            _lenient("/start", lambda v: str(v) == "-1", lambda b: type(b["start"])(1704250800000)),
            _lenient("/end", lambda v: str(v) == "253402300800000", lambda b: type(b["end"])(1704337200000)),
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
            _lenient("/start", one_of(missing, null, blank, number), "1704250800000"),
            _lenient("/end", one_of(missing, null, blank, number), "1704337200000"),
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
        _lenient("/wells/*/*/logs/*/indexType", lambda v: v == "measured depth", "date time"),
        _LIVERIG,
        ("old",),
    ),
)


# Nortech --------------------------------------------------------------------------------------------------


def _invalid(change: Callable[[Reply], Reply]) -> Make:
    return on_reply(lambda _, r: change(r) if r.status == 400 else r)


def _more_errors(answer: Reply) -> Reply:
    if "errors" not in answer.document:
        return answer
    return answer.with_document(answer.document | {"errors": answer.document["errors"] * 3})


def _numbered(change: Callable[[int], int]) -> Make:
    return on_status(200, lambda d: d | {"requestId": change(d["requestId"])} if "requestId" in d else d)


def _at(change: Callable[[str], str]) -> Make:
    """Give the file's address in another way that leads to the same place."""
    return on_status(200, lambda d: d | {"outputFile": change(d["outputFile"])} if "outputFile" in d else d)


def _elsewhere() -> Behaviour:
    """Hand files out under a long name of their own, as an object store has it."""
    real: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        if ask.path in real:
            path, query = real[ask.path]
            return await serve(replace(ask, path=path, query=query))
        answer = await serve(ask)
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or "outputFile" not in document:
            return answer
        parts = urlsplit(document["outputFile"])
        path = f"/bucket/User-10-{1713999600 + len(real)}/000.{parts.path.rsplit('.', 1)[-1]}"
        real[path] = parts.path, tuple(parse_qsl(parts.query))
        address = f"{parts.scheme}://{parts.netloc}{path}?X-Amz-Signature=ab%2Fcd&X-Amz-Expires=600"
        return answer.with_document(document | {"outputFile": address})

    return behave


def _columns(change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Make:
    def changed(table: pa.Table, _: Any) -> pa.Table:
        for name in datafile.signals(table):
            table = table.set_column(table.column_names.index(name), name, change(table[name]))
        return table

    return on_parquet(changed)


def _times(kind: Any) -> Make:
    return on_parquet(lambda t, _: datafile.times(t, t[TIMESTAMP].cast(kind)))


def _written(**options: Any) -> Make:
    return on_file(
        lambda r, _b, a: (
            replace(r, body=datafile.parquet(datafile.table(r.body), **options))
            if a.path.endswith(".parquet")
            else r
        )
    )


def _download(change: Callable[[Reply], Reply]) -> Make:
    return on_file(lambda r, _b, _a: change(r))


def _later_end(body: Any, milliseconds: int) -> Any:
    try:
        end = datetime.fromisoformat(body["timeWindow"]["end"]) + timedelta(milliseconds=milliseconds)
    except (TypeError, KeyError, ValueError, OverflowError):
        return body
    return body | {"timeWindow": body["timeWindow"] | {"end": end.isoformat(timespec="milliseconds")}}


def _runs_forwards(body: Any) -> bool:
    try:
        start, end = (datetime.fromisoformat(body["timeWindow"][name]) for name in ("start", "end"))
        return start < end
    except (TypeError, KeyError, ValueError):
        return False


def _ends_equal(body: Any) -> bool:
    window = body.get("timeWindow") if thing(body) else None
    return (
        isinstance(window, dict)
        and window.get("start") is not None
        and window.get("start") == window.get("end")
    )


def _no_token(ask: Ask) -> bool:
    return ask.header("authorization") is None


def _gaps(table: pa.Table, _: Any) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, _with_gaps)
    return table


def _rounded(table: pa.Table) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, lambda held: [v if v is None else round(v, 3) for v in held])
    return table


def _with_gaps(held: list[Any]) -> list[Any]:
    return [None if value is not None and int(value * 1000) % 3 == 0 else value for value in held]


def _records(content: bytes) -> list[Any]:
    """The rows of the mock's JSON, whichever way it is laid out."""
    found = json.loads(content)
    return (
        found
        if isinstance(found, list)
        else [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    )


def _without_end(table: pa.Table, asked: Any) -> pa.Table:
    end = datetime.fromisoformat(asked["timeWindow"]["end"]).astimezone(UTC).replace(tzinfo=None)
    return table.filter(pa.compute.less(table[TIMESTAMP], pa.scalar(end, pa.timestamp("ms"))))


def _relisted(answer: Reply, change: Callable[[list[Any]], list[Any]]) -> Reply:
    document = answer.document
    if answer.status != 404 or document.get("status") != "Signals not found":
        return answer
    if "details" in document:
        return answer.with_document(
            document | {"details": {"signals": change(document["details"]["signals"])}}
        )
    return answer.with_document(document | {"signals": change(document["signals"])})


def _signals(body: Any) -> list[Any]:
    signals = body.get("signals") if isinstance(body, dict) else None
    return signals if isinstance(signals, list) else []


def _has_empty_name(body: Any) -> bool:
    return any(s.get(name) == "" for s in _signals(body) if isinstance(s, dict) for name in _NAMES)


_NAMES = ("workspace", "asset", "division", "unit", "signal")
_AUTH_FIRST = reply(401, {"status": "Unauthorized"})
_NO_TIME = "Request timed out"
_NO_DATA = reply(404, {"status": "Signal Data not found"})

_NT = (
    Freedom(
        "names-in-any-case",
        "Looks signals up without regard to letter case",
        forgive("/signals/*/signal", lambda v: text(v) and v.lower() == _NAME.lower(), _NAME),
        _NORTECH,
        generated=True,
    ),
    Freedom("invalid-422", "Answers 422 in place of 400", restatus(400, 422), _NORTECH),
    Freedom(
        "invalid-422-otherwise",
        "Answers 422 in the words of its framework",
        _invalid(
            lambda _: reply(
                422, {"detail": [{"loc": ["body", "signals"], "msg": "field required", "type": "missing"}]}
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "invalid-422-text",
        "Answers 422 in plain text",
        _invalid(lambda _: Reply(422, (("content-type", "text/plain"),), b"wrong")),
        _NORTECH,
    ),
    Freedom("more-errors", "Gives more than one error for a fault", _invalid(_more_errors), _NORTECH),
    Freedom("id-not-consecutive", "Numbers requests with gaps", _numbered(lambda n: n * 37 + 1000), _NORTECH),
    Freedom("id-descending", "Numbers requests downwards", _numbered(lambda n: 1_000_000 - n), _NORTECH),
    Freedom("id-huge", "Begins numbers near 2^53", _numbered(lambda n: 9_007_199_254_740_991 - n), _NORTECH),
    Freedom(
        "signed-address",
        "Signs the address of a file",
        _at(lambda u: u + "&X-Amz-Signature=0f%2F&Expires=1713999600"),
        _NORTECH,
    ),
    Freedom(
        "address-by-host-name",
        "Gives the address by another name of the host",
        _at(lambda u: u.replace("127.0.0.1", "localhost")),
        _NORTECH,
    ),
    Freedom("address-elsewhere", "Gives files out like an object store", _elsewhere, _NORTECH),
    Freedom(
        "ending-in-capitals",
        "Writes the ending of a file in capitals",
        datafile.renamed(lambda p: p.rsplit(".", 1)[0] + "." + p.rsplit(".", 1)[1].upper()),
        _NORTECH,
    ),
    Freedom(
        "ending-with-compression",
        "Names the compression of a file before its ending",
        datafile.renamed(lambda p: p.replace("000.parquet", "000.snappy.parquet")),
        _NORTECH,
    ),
    Freedom(
        "no-challenge",
        "Answers 401 without WWW-Authenticate",
        on_reply(lambda _, r: r.with_header("www-authenticate", None)),
        _NORTECH,
    ),
    Freedom(
        "challenge",
        "Answers 401 with a long WWW-Authenticate",
        on_reply(
            lambda _, r: (
                r.with_header("WWW-Authenticate", 'Bearer realm="api", error="invalid_token"')
                if r.status == 401
                else r
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "token-first",
        "Looks at the token before anything else, methods included",
        instead(_no_token, lambda _: _AUTH_FIRST),
        _NORTECH,
    ),
    Freedom(
        "malformed-token-400",
        "Answers 400 to a malformed Authorization",
        instead(
            lambda a: (
                (a.header("authorization") or "Bearer x").split(" ")[0].lower() != "bearer"
                or len((a.header("authorization") or "a b").split(" ")) != 2
            ),
            lambda _: reply(
                400,
                {
                    "status": "Validation Error",
                    "errors": [{"error": "no token", "location": "headers"}],
                    "details": "no token",
                },
            ),
        ),
        _NORTECH,
    ),
    Freedom(
        "scheme-403",
        "Answers 403 to another scheme",
        instead(
            lambda a: (a.header("authorization") or "").startswith("Basic"),
            lambda _: reply(403, {"status": "Forbidden"}),
        ),
        _NORTECH,
    ),
    Freedom(
        "missing-in-another-order",
        "Lists missing signals in another order",
        on_reply(lambda _, r: _relisted(r, lambda held: held[::-1])),
        _NORTECH,
    ),
    Freedom(
        "missing-with-more",
        "Lists missing search objects with more members",
        on_reply(
            lambda _, r: _relisted(
                r, lambda held: [s if whole(s) else s | {"rename": None, "dataType": "float"} for s in held]
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "no-data-with-more",
        "Says which signals have no data",
        on_reply(
            lambda _, r: (
                r.with_document(r.document | {"signals": [1]})
                if r.status == 404 and r.document.get("status") == "Signal Data not found"
                else r
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "long-windows-time-out",
        "Has no time for windows of more than an hour",
        on_reply(
            lambda a, r: (
                reply(500, {"requestId": r.document["requestId"], "status": "Failed", "error": _NO_TIME})
                if r.status == 200 and _is_long(a.document)
                else r
            )
        ),
        _NORTECH,
        ("documented",),
    ),
    Freedom(
        "long-windows-refused-with-503",
        "Is not available for windows of more than an hour",
        on_reply(
            lambda a, r: reply(503, {"status": "Busy"}) if r.status == 200 and _is_long(a.document) else r
        ),
        _NORTECH,
        ("current",),
    ),
    Freedom(
        "no-data-of-one",
        "Has no data where one of several signals has none",
        unless(_has_data_of_all, _NO_DATA),
        _NORTECH,
    ),
    Freedom(
        "end-optional",
        "Takes a window that is open",
        _lenient("/timeWindow/end", one_of(missing, null), "2021-09-01T00:10:00Z"),
        _NORTECH,
    ),
    Freedom(
        "end-needed",
        "Needs both ends of a window",
        refuse_body(lambda b: thing(b.get("timeWindow")) and b["timeWindow"].get("end") is None),
        _NORTECH,
    ),
    Freedom(
        "equal-ends-refused", "Refuses a window whose ends are equal", refuse_body(_ends_equal), _NORTECH
    ),
    Freedom(
        "equal-ends-taken",
        "Takes a window whose ends are equal",
        forgive("", _ends_equal, lambda b: _later_end(b, 1000)),
        _NORTECH,
    ),
    Freedom(
        "equal-ends-no-data",
        "Has no data in a window whose ends are equal",
        instead(lambda a: _ends_equal(a.document), lambda _: _NO_DATA),
        _NORTECH,
    ),
    Freedom(
        "dates-taken",
        "Takes a date for its first instant",
        _lenient(
            "/timeWindow/start", lambda v: v in ("2021-09-01", "2021-09-01T00:00:00"), "2021-09-01T00:00:00Z"
        ),
        _NORTECH,
    ),
    Freedom(
        "dates-refused",
        "Refuses a date",
        refuse_body(
            lambda b: (
                thing(b.get("timeWindow"))
                and b["timeWindow"].get("start") in ("2021-09-01", "2021-09-01T00:00:00")
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "format-in-capitals",
        "Takes a format in capitals, and null",
        both(_lenient("/format", lambda v: v == "CSV", "csv"), _lenient("/format", null, "parquet")),
        _NORTECH,
    ),
    Freedom(
        "format-null-refused",
        "Refuses null for a format",
        refuse_body(lambda b: "format" in b and b["format"] in (None, "CSV")),
        _NORTECH,
    ),
    Freedom(
        "rename-null-taken",
        "Takes a null or empty rename for none",
        forgive("/signals/*/rename", one_of(null, blank), "name"),
        _NORTECH,
    ),
    Freedom(
        "rename-null-refused",
        "Refuses a null or empty rename",
        refuse_body(lambda b: any(thing(s) and s.get("rename", "x") in (None, "") for s in _signals(b))),
        _NORTECH,
    ),
    Freedom(
        "empty-names-404",
        "Does not find empty names",
        instead(
            lambda a: _has_empty_name(a.document),
            lambda a: reply(
                404,
                {
                    "status": "Signals not found",
                    "signals": a.document["signals"],
                    "details": {"signals": a.document["signals"]},
                },
            ),
        ),
        _NORTECH,
    ),
    Freedom(
        "repeated-refused",
        "Refuses a signal that is asked for twice",
        refuse_body(
            lambda b: (
                isinstance(b.get("signals"), list)
                and len({json.dumps(s) for s in b["signals"]}) < len(b["signals"])
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "odd-ids-refused",
        "Refuses 1.0, and ids beyond 2^53",
        refuse_body(
            lambda b: (
                isinstance(b.get("signals"), list)
                and any(isinstance(s, float) or (whole(s) and s > 2**53) for s in b["signals"])
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "content-type-optional",
        "Needs no content type",
        forgive_header("content-type", missing, "application/json"),
        _NORTECH,
    ),
    Freedom("times-utc", "Writes time stamps in UTC, by name", _times(pa.timestamp("ms", "UTC")), _NORTECH),
    Freedom(
        "times-nanoseconds", "Writes time stamps to the nanosecond", _times(pa.timestamp("ns")), _NORTECH
    ),
    Freedom(
        "times-microseconds",
        "Writes time stamps to the microsecond, in UTC",
        _times(pa.timestamp("us", "UTC")),
        _NORTECH,
    ),
    Freedom(
        "times-offset-zero",
        "Writes time stamps with the zone +00:00",
        _times(pa.timestamp("us", "+00:00")),
        _NORTECH,
    ),
    Freedom(
        "values-float32",
        "Writes values in single precision",
        _columns(lambda c: c.cast(pa.float32(), safe=False)),
        _NORTECH,
    ),
    Freedom(
        "values-dictionary",
        "Writes values as a dictionary",
        _columns(lambda c: c.dictionary_encode()),
        _NORTECH,
    ),
    Freedom(
        "values-decimal",
        "Writes values as decimals",
        both(
            _columns(lambda c: c.cast(pa.decimal128(18, 3), safe=False)),
            on_table(lambda t, _: _rounded(t)),
        ),
        _NORTECH,
    ),
    Freedom("values-with-gaps", "Leaves out values here and there", on_table(_gaps), _NORTECH),
    Freedom(
        "values-nan",
        "Writes NaN for values that it does not have",
        both(_columns(lambda c: c.fill_null(float("nan"))), on_table(_gaps)),
        _NORTECH,
    ),
    Freedom(
        "newest-row-first",
        "Writes the newest row first in JSON and CSV",
        on_table(lambda t, _: t.sort_by([(TIMESTAMP, "descending")]), "json", "csv"),
        _NORTECH,
    ),
    Freedom(
        "file-once",
        "Keeps a file until it has been fetched",
        on_second_download(reply(410, {"status": "gone"})),
        _NORTECH,
    ),
    Freedom(
        "signal-with-a-near-name",
        "Knows a signal whose name is another's without its last letter",
        forgive("/signals/*/signal", lambda v: v == "Signal ", "Signal 3"),
        _NORTECH,
    ),
    Freedom(
        "columns-in-another-order",
        "Writes the time stamp last",
        on_parquet(lambda t, _: t.select([*reversed(datafile.signals(t)), TIMESTAMP])),
        _NORTECH,
    ),
    Freedom("row-groups", "Writes small row groups", _written(row_group_size=7), _NORTECH),
    Freedom("zstd", "Compresses Parquet with zstd", _written(compression="zstd"), _NORTECH),
    Freedom(
        "uncompressed",
        "Does not compress Parquet",
        _written(compression="none", use_dictionary=False),
        _NORTECH,
    ),
    Freedom("parquet-1", "Writes Parquet 1.0", _written(version="1.0"), _NORTECH),
    Freedom(
        "times-int96",
        "Writes time stamps the old way",
        _written(use_deprecated_int96_timestamps=True),
        _NORTECH,
    ),
    Freedom(
        "metadata",
        "Writes metadata of its own",
        on_parquet(lambda t, _: t.replace_schema_metadata({"pandas": "{}", "vendor": "nortech"})),
        _NORTECH,
    ),
    Freedom(
        "end-included",
        "Gives the row at the end of the window",
        forgive("", _runs_forwards, lambda b: _later_end(b, 1)),
        _NORTECH,
    ),
    Freedom(
        "end-excluded", "Does not give the row at the end of the window", on_table(_without_end), _NORTECH
    ),
    Freedom(
        "sparse",
        "Has a value every ten seconds",
        on_table(lambda t, _: t.filter(pa.compute.equal(pa.compute.second(t[TIMESTAMP]), 0))),
        _NORTECH,
    ),
    Freedom(
        "csv-semicolons",
        "Separates CSV by semicolons, with a BOM and CRLF",
        on_content("csv", _with_semicolons),
        _NORTECH,
    ),
    Freedom(
        "json-lines",
        "Writes JSON a row a line",
        on_content("json", lambda b: b"".join(json.dumps(row).encode() + b"\n" for row in _records(b))),
        _NORTECH,
    ),
    Freedom(
        "json-columns",
        "Writes JSON by column",
        on_content(
            "json",
            lambda b: json.dumps({k: [row[k] for row in _records(b)] for k in _records(b)[0]}).encode(),
        ),
        _NORTECH,
    ),
    Freedom(
        "file-as-octets",
        "Gives files out as octets, to be saved",
        _download(
            lambda r: r.with_header("content-type", "application/octet-stream").with_header(
                "content-disposition", "attachment"
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "file-without-type",
        "Gives files out without a content type",
        _download(lambda r: r.with_header("content-type", None)),
        _NORTECH,
    ),
    Freedom(
        "file-in-chunks", "Gives files out in chunks", _download(lambda r: replace(r, chunked=True)), _NORTECH
    ),
    Freedom(
        "file-206",
        "Takes ranges of a file",
        _download(lambda r: r.with_header("accept-ranges", "bytes")),
        _NORTECH,
    ),
)

FREEDOMS: tuple[Freedom, ...] = (*_ANY, *_LR, *_NT)
