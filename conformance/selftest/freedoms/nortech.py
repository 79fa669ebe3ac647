"""What a Nortech server may do otherwise with a request."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.selftest import example
from conformance.selftest.datafile import unless
from conformance.selftest.defect import (
    blank,
    forgive,
    forgive_header,
    instead,
    missing,
    null,
    on_reply,
    on_status,
    one_of,
    refuse_body,
    restatus,
    text,
    thing,
    whole,
)
from conformance.selftest.gateway import Ask, Make, Reply, reply
from conformance.selftest.variant import Freedom

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

_NORTECH = ("nortech-historical-data-sync",)
_NAME = example.request("nortech-historical-data-sync", "bySearch")["signals"][0]["signal"]


def _is_long(body: Any) -> bool:
    window = body["timeWindow"]
    start, end = (datetime.fromisoformat(window[name]) for name in ("start", "end"))
    return end - start > timedelta(hours=1)


def _has_data_of_all(content: pa.Table) -> bool:
    return all(column.null_count < len(column) for column in content.columns)


def _invalid(change: Callable[[Reply], Reply]) -> Make:
    return on_reply(lambda _, r: change(r) if r.status == 400 else r)


def _more_errors(answer: Reply) -> Reply:
    if "errors" not in answer.document:
        return answer
    return answer.with_document(answer.document | {"errors": answer.document["errors"] * 3})


def _numbered(change: Callable[[int], int]) -> Make:
    return on_status(200, lambda d: d | {"requestId": change(d["requestId"])} if "requestId" in d else d)


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


FREEDOMS: tuple[Freedom, ...] = (
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
        forgive("/timeWindow/end", one_of(missing, null), "2021-09-01T00:10:00Z"),
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
        forgive(
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
    Freedom(
        "signal-with-a-near-name",
        "Knows a signal whose name is another's without its last letter",
        forgive("/signals/*/signal", lambda v: v == "Signal ", "Signal 3"),
        _NORTECH,
    ),
    Freedom(
        "end-included",
        "Gives the row at the end of the window",
        forgive("", _runs_forwards, lambda b: _later_end(b, 1)),
        _NORTECH,
    ),
)
