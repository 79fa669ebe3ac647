"""Nortech servers with one deliberate fault each."""

from __future__ import annotations

import asyncio
import gzip
import json
import operator
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from conformance.selftest import common, datafile, example
from conformance.selftest.datafile import (
    TIMESTAMP,
    on_content,
    on_file,
    on_parquet,
    on_second_download,
    on_table,
)
from conformance.selftest.defect import (
    Missing,
    Predicate,
    array,
    blank,
    boolean,
    both,
    crash,
    forgive,
    forgive_header,
    fraction,
    instead,
    missing,
    no,
    null,
    number,
    on_ask,
    on_reply,
    on_status,
    refuse_body,
    text,
    thing,
    typed,
    whole,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, NotJson, Reply, Serve, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_IDS = example.request("nortech-historical-data-sync", "byId")
_SEARCH = example.request("nortech-historical-data-sync", "bySearch")
_SIGNAL = _SEARCH["signals"][0]
_WINDOW = {"start": "2021-09-01T00:00:00.000Z", "end": "2021-09-01T00:10:00.000Z"}
_TOKEN = "Bearer histdata-demo-token"
_LONGEST = 127
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
_NO_INSTANT: Mapping[str, Predicate] = {
    "null": null,
    "boolean": boolean,
    "epoch": number,
    "array": array,
    "object": thing,
    "empty-text": blank,
    "word": lambda v: text(v) and v.isalpha(),
    "time-alone": lambda v: text(v) and v.startswith("T"),
}


def _unknown(signal: Any) -> bool:
    """Whether a signal is one that no service is likely to know."""
    return (whole(signal) and signal > 1_000_000) or (
        thing(signal) and "no such" in str(signal.get("signal"))
    )


def _signals(body: Any) -> list[Any]:
    return body["signals"] if thing(body) and array(body.get("signals")) else []


def _by_id(body: Any) -> bool:
    return bool(_signals(body)) and all(map(whole, _signals(body)))


def _by_name(body: Any) -> bool:
    return bool(_signals(body)) and all(map(thing, _signals(body)))


def _renames(body: Any) -> list[str]:
    return [s["rename"] for s in _signals(body) if thing(s) and text(s.get("rename"))]


def _is_mixed(body: Any) -> bool:
    return bool({whole(s) for s in _signals(body)} == {True, False}) and all(
        whole(s) or thing(s) for s in _signals(body)
    )


def _takes(
    name: str, pointer: str, kinds: Mapping[str, Predicate], breaks: str, value: Any, **more: Any
) -> Iterator[Mutant]:
    """One mutant for each kind of wrong value that is taken at a place."""
    for kind, when in kinds.items():
        make = forgive(pointer, when, value)
        yield Mutant(
            f"{name}-takes-{kind}", breaks, f"Takes {kind} for {pointer or 'the body'}", make, **more
        )


def _lacks(name: str, pointer: str, breaks: str, value: Any) -> Mutant:
    return Mutant(f"{name}-optional", breaks, f"Does not need {pointer}", forgive(pointer, missing, value))


def _paired(
    name: str, documented: str, current: str, does: str, make: Callable[[str], Make], *also: str
) -> Iterator[Mutant]:
    """The same fault in each revision, under the id that it has there; *make* is given the revision."""
    for revision, breaks in (("documented", documented), ("current", current)):
        yield Mutant(name, breaks, does, make(revision), frozenset(also), (revision,))


def _same(make: Make) -> Callable[[str], Make]:
    return lambda _: make


# Authentication -------------------------------------------------------------------------------------------

_WRONG = re.compile(r"Bearer (?!histdata-demo-token$)\S+")


def _wrong_token(value: Any) -> bool:
    return text(value) and _WRONG.fullmatch(value) is not None


def _malformed(value: Any) -> bool:
    return text(value) and not re.fullmatch(r"(?i:bearer) \S+", value)


def _unauthorized(when: Callable[[Any], bool], answer: Reply) -> Make:
    return instead(
        lambda a: (
            a.method == "POST" and when(Missing.HERE if (h := a.header("authorization")) is None else h)
        ),
        lambda _: answer,
    )


def _behind_another_scheme(value: Any) -> bool:
    return text(value) and re.fullmatch(r"(?!Bearer )\S+ histdata-demo-token", value) is not None


def _challenge(change: Callable[[Reply], Reply]) -> Make:
    return on_reply(lambda _, r: change(r) if r.status == 401 else r)


# An address that is none cannot be fetched.
_NOWHERE = frozenset({"NT-FILE-01"})
# A near token is a wrong one, too.
_NEAR_TOKENS = frozenset({"NT-AUTH-07"})


def _grudge() -> Behaviour:
    """After a request with another token, refuse the next, whatever its token."""
    refused = False

    async def behave(ask: Ask, serve: Serve) -> Reply:
        nonlocal refused
        due, refused = refused, not refused and ask.header("authorization") not in (None, _TOKEN)
        return await serve(ask.with_header("authorization", None) if due else ask)

    return behave


_AUTH = (
    Mutant(
        "any-scheme",
        "NT-AUTH-08",
        "Takes the token behind the name of any scheme",
        forgive_header("authorization", _behind_another_scheme, _TOKEN),
    ),
    Mutant(
        "no-scheme",
        "NT-AUTH-08",
        "Takes the token without the name of a scheme",
        forgive_header("authorization", lambda v: v == _TOKEN.removeprefix("Bearer "), _TOKEN),
    ),
    Mutant(
        "wrong-token-remembered",
        "NT-AUTH-09",
        "Refuses the request behind one with a wrong token",
        _grudge,
        also=frozenset({"NT-ANSWER-09", "NT-AUTH-04"}),
    ),
    Mutant(
        "no-token-needed",
        "NT-AUTH-01",
        "Takes a request without a token",
        forgive_header("authorization", missing, _TOKEN),
    ),
    Mutant(
        "no-token-403",
        "NT-AUTH-01",
        "Answers 403 where there is no token",
        _unauthorized(missing, reply(403, {"status": "Unauthorized"})),
    ),
    Mutant(
        "no-token-400",
        "NT-AUTH-01",
        "Answers 400 where there is no token",
        _unauthorized(
            missing,
            reply(
                400,
                {
                    "status": "Validation Error",
                    "errors": [{"error": "no token", "location": "headers"}],
                    "details": "no token",
                },
            ),
        ),
    ),
    Mutant(
        "no-token-redirects",
        "NT-AUTH-01",
        "Sends a request without a token to a sign-in page",
        _unauthorized(missing, Reply(302, (("location", "/login"),), b"")),
    ),
    Mutant(
        "any-token",
        "NT-AUTH-02",
        "Takes any token",
        forgive_header("authorization", _wrong_token, _TOKEN),
        also=_NEAR_TOKENS,
    ),
    Mutant(
        "wrong-token-403",
        "NT-AUTH-02",
        "Answers 403 for a wrong token",
        _unauthorized(_wrong_token, reply(403, {"status": "Unauthorized"})),
        also=_NEAR_TOKENS,
    ),
    Mutant(
        "wrong-token-404",
        "NT-AUTH-02",
        "Answers 404 for a wrong token",
        _unauthorized(_wrong_token, reply(404, {"status": "Unauthorized"})),
        also=_NEAR_TOKENS,
    ),
    Mutant(
        "token-by-prefix",
        "NT-AUTH-02",
        "Takes a token that begins like the right one",
        forgive_header(
            "authorization", lambda v: _wrong_token(v) and v.startswith("Bearer histdata-"), _TOKEN
        ),
        also=_NEAR_TOKENS,
    ),
    Mutant(
        "token-cut",
        "NT-AUTH-07",
        "Compares as much of a token as is given",
        forgive_header(
            "authorization", lambda v: text(v) and len(v) > len("Bearer ") and _TOKEN.startswith(v), _TOKEN
        ),
    ),
    Mutant(
        "token-end-unchecked",
        "NT-AUTH-07",
        "Does not look at the last characters of a token",
        forgive_header("authorization", lambda v: text(v) and v[:-4] == _TOKEN[:-4], _TOKEN),
    ),
    Mutant(
        "token-case",
        "NT-AUTH-07",
        "Compares tokens without their letter case",
        forgive_header("authorization", lambda v: text(v) and v[7:].lower() == _TOKEN[7:], _TOKEN),
    ),
    Mutant(
        "unauthorized-otherwise",
        "NT-AUTH-03",
        "Says unauthorised, in lower case",
        _challenge(lambda r: r.with_document({"status": "unauthorized"})),
    ),
    Mutant(
        "unauthorized-as-message",
        "NT-AUTH-03",
        "Says so in another member",
        _challenge(lambda r: r.with_document({"message": "Unauthorized"})),
    ),
    Mutant(
        "unauthorized-empty",
        "NT-AUTH-03",
        "Answers 401 without a body",
        _challenge(lambda r: replace(r, body=b"")),
    ),
    Mutant(
        "unauthorized-text",
        "NT-AUTH-03",
        "Answers 401 in plain text",
        _challenge(lambda r: replace(r.with_header("content-type", "text/plain"), body=b"Unauthorized")),
    ),
    Mutant(
        "unauthorized-type",
        "NT-AUTH-03",
        "Answers 401 in JSON that is declared a page",
        _challenge(lambda r: r.with_header("content-type", "text/html")),
    ),
    Mutant(
        "unauthorized-code",
        "NT-AUTH-03",
        "Gives the number of the status as status",
        _challenge(lambda r: r.with_document({"status": 401})),
    ),
    Mutant(
        "scheme-case",
        "NT-AUTH-04",
        "Takes the scheme as Bearer only",
        on_ask(
            lambda a: (
                a
                if (a.header("authorization") or "Bearer").startswith("Bearer")
                else a.with_header("authorization", None)
            )
        ),
    ),
    Mutant(
        "scheme-lower-case-refused",
        "NT-AUTH-04",
        "Refuses the scheme in lower case",
        on_ask(
            lambda a: (
                a.with_header("authorization", None)
                if (a.header("authorization") or "").startswith("bearer")
                else a
            )
        ),
    ),
    Mutant(
        "malformed-token-taken",
        "NT-AUTH-05",
        "Takes whatever is no bearer token",
        forgive_header("authorization", _malformed, _TOKEN),
        also=frozenset({"NT-AUTH-07", "NT-AUTH-08", "NT-AUTH-10"}),
    ),
    Mutant(
        "token-within",
        "NT-AUTH-07",
        "Looks for the token anywhere in the header",
        forgive_header("authorization", lambda v: text(v) and v != _TOKEN and _TOKEN[7:] in v[7:], _TOKEN),
    ),
    Mutant(
        "basic-taken",
        "NT-AUTH-05",
        "Takes any HTTP Basic",
        forgive_header("authorization", lambda v: text(v) and v.startswith("Basic"), _TOKEN),
    ),
    Mutant(
        "empty-token-taken",
        "NT-AUTH-10",
        "Takes an empty token",
        forgive_header("authorization", lambda v: text(v) and v.strip() == "Bearer", _TOKEN),
    ),
    Mutant(
        "malformed-token-crashes",
        "NT-AUTH-05",
        "Fails on a malformed Authorization",
        crash(lambda a: _malformed(a.header("authorization"))),
        also=frozenset({"NT-ANSWER-06", "NT-AUTH-07", "NT-AUTH-08", "NT-AUTH-10"}),
    ),
)

# What is asked for ----------------------------------------------------------------------------------------


def _id_of(signal: Any) -> Any:
    return int(str(signal.get("signal", "1")).rsplit(" ", 1)[-1]) if thing(signal) else signal


def _as_ids(body: Any) -> Any:
    return body | {"signals": [_id_of(signal) for signal in _signals(body)]}


def _mixture(when: Callable[[Any], bool]) -> Make:
    return forgive("", lambda b: _is_mixed(b) and when(_signals(b)[0]), _as_ids)


def _swapped(body: Any) -> Any:
    window = body["timeWindow"]
    return body | {"timeWindow": {"start": window["end"], "end": window["start"]}}


_MICROSECONDS = re.compile(r"\.(\d{6})Z$")


def _misread_start(body: Any) -> str:
    whole_second, digits, _ = _MICROSECONDS.split(body["timeWindow"]["start"])
    start = datetime.fromisoformat(f"{whole_second}Z") + timedelta(milliseconds=int(digits))
    return start.isoformat(timespec="milliseconds")


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if text(value) else None
    except ValueError:
        return None


def _ends(body: Any) -> tuple[str, str] | None:
    """Both ends of a window, as they are written, where both are instants."""
    window = body.get("timeWindow") if isinstance(body, dict) else None
    ends = [window.get("start"), window.get("end")] if isinstance(window, dict) else []
    written = [end for end in ends if isinstance(end, str)]
    instants = [_instant(end) for end in written]
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


def _without_second_hour(content: pa.Table, _: Any) -> pa.Table:
    instants = content[TIMESTAMP].to_pylist()
    hours = [(instant - instants[0]) // timedelta(hours=1) for instant in instants]
    return content.filter(pa.array([hour != 1 for hour in hours]))


def _numbers_as_text(content: bytes) -> bytes:
    rows = [{n: str(v) if number(v) else v for n, v in row.items()} for row in json.loads(content)]
    return json.dumps(rows).encode()


def _format_of_the_last() -> Behaviour:
    """Give requests that are under way together the format of the last of them."""
    latest: dict[str, Any] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        body = ask.document
        if ask.is_file or not isinstance(body, dict):
            return await serve(ask)
        given = {name: value for name, value in body.items() if name == "format"}
        latest["format"] = given
        await asyncio.sleep(0.01)
        if latest["format"] is given:
            return await serve(ask)
        rest = {name: value for name, value in body.items() if name != "format"}
        return await serve(ask.with_document(rest | latest["format"]))

    return behave


def _first_signal_first(content: pa.Table, _: Any) -> pa.Table:
    has_value = content[datafile.signals(content)[0]].is_valid()
    return pa.concat_tables([content.filter(has_value), content.filter(pa.compute.invert(has_value))])


def _without_hollow(content: pa.Table, _: Any) -> pa.Table:
    hollow = [name for name in datafile.signals(content) if content[name].null_count == len(content)]
    return content.drop_columns(hollow)


def _dealt_out_by_name(content: pa.Table, body: Any) -> pa.Table:
    asked = [s for s in _signals(body) if thing(s) and text(s.get("rename"))]
    in_order = sorted(asked, key=lambda s: str(s.get("signal")))
    given = {right["rename"]: wrong["rename"] for right, wrong in zip(in_order, asked, strict=True)}
    return datafile.relabelled(content, lambda name: given.get(name, name))


def _rises_as_text(body: Any) -> bool:
    ends = _ends(body)
    return ends is not None and ends[0] <= ends[1] and _is_backwards(*ends)


def _inverted(body: Any) -> bool:
    window = body.get("timeWindow") if isinstance(body, dict) else None
    if not isinstance(window, dict):
        return False
    start, end = _instant(window.get("start")), _instant(window.get("end"))
    return bool(start and end and start.tzinfo and end.tzinfo and start > end)


def _no_such_day(value: Any) -> bool:
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
    return text(value) and re.fullmatch(shape, value) is not None and _instant(value) is None


def _refuse_format(form: str) -> Make:
    return refuse_body(lambda b: b.get("format") == form)


_NAMES = ("workspace", "asset", "division", "unit", "signal")
_ASKED = (
    _lacks("signals", "/signals", "NT-SIGNALS-01", _IDS["signals"]),
    *_takes(
        "signals",
        "/signals",
        {"null": null, "boolean": boolean, "number": number, "text": text, "object": thing},
        "NT-SIGNALS-02",
        _IDS["signals"],
    ),
    Mutant(
        "lone-search-object",
        "NT-SIGNALS-02",
        "Takes one search object in place of an array",
        forgive("/signals", lambda v: thing(v) and "signal" in v, _IDS["signals"]),
    ),
    Mutant(
        "name-in-array",
        "NT-SEARCH-08",
        "Takes a division in an array of its own",
        forgive("/signals/*/division", lambda v: array(v) and any(map(text, v)), _SIGNAL["division"]),
    ),
    Mutant(
        "body-is-its-signals",
        "NT-BODY-01",
        "Takes an array of ids in place of the body",
        forgive("", lambda b: array(b) and any(map(whole, b)), _IDS),
    ),
    Mutant(
        "signals-empty",
        "NT-SIGNALS-03",
        "Takes an empty array of signals",
        forgive("/signals", lambda v: v == [], [1, 2]),
    ),
    Mutant(
        "signals-empty-404",
        "NT-SIGNALS-03",
        "Does not find the signals of an empty array",
        instead(
            lambda a: thing(a.document) and a.document.get("signals") == [],
            lambda _: reply(404, {"status": "Signals not found", "signals": [], "details": {"signals": []}}),
        ),
    ),
    Mutant(
        "id-zero",
        "NT-SIGNALS-04",
        "Takes zero for an id",
        forgive("/signals/*", lambda v: whole(v) and v == 0, 1),
    ),
    Mutant(
        "id-negative",
        "NT-SIGNALS-04",
        "Takes a negative id",
        forgive("/signals/*", lambda v: whole(v) and v < 0, 1),
    ),
    *_takes(
        "item",
        "/signals/*",
        {
            "null": null,
            "boolean": boolean,
            "fraction": fraction,
            "digits-in-text": lambda v: text(v) and v.isdigit(),
            "word": lambda v: text(v) and v.isalpha(),
            "array": array,
        },
        "NT-SIGNALS-05",
        1,
    ),
    Mutant(
        "second-signal-unchecked",
        "NT-SIGNALS-05",
        "Looks at the first signal only",
        forgive("/signals/1", no(whole, thing), 2),
    ),
    Mutant(
        "id-without-its-sign",
        "NT-SIGNALS-04",
        "Leaves the sign of an id aside",
        forgive("/signals/0", lambda v: whole(v) and -v in _IDS["signals"], _IDS["signals"][0]),
    ),
    Mutant(
        "second-id-negative",
        "NT-SIGNALS-04",
        "Looks for negative ids at the first signal only",
        forgive("/signals/1", lambda v: whole(v) and v <= 0, 2),
    ),
    Mutant("mixture", "NT-SIGNALS-06", "Takes ids and search objects mixed", _mixture(lambda _: True)),
    Mutant("mixture-id-first", "NT-SIGNALS-06", "Takes a mixture that begins with an id", _mixture(whole)),
    Mutant(
        "mixture-object-first",
        "NT-SIGNALS-06",
        "Takes a mixture that begins with a search object",
        _mixture(thing),
    ),
    Mutant("ids-refused", "NT-SIGNALS-07", "Refuses ids", refuse_body(_by_id)),
    Mutant(
        "two-ids-refused",
        "NT-SIGNALS-07",
        "Refuses more than one id",
        refuse_body(lambda b: _by_id(b) and len(b["signals"]) > 1),
    ),
    Mutant(
        "search-refused",
        "NT-SIGNALS-08",
        "Refuses search objects",
        refuse_body(_by_name),
        also=frozenset({"NT-SEARCH-15"}),
    ),
    Mutant(
        "search-not-found",
        "NT-SIGNALS-08",
        "Finds no signal by name",
        forgive(
            "/signals/*/signal",
            lambda v: text(v) and "histdata" not in v and len(v) < 20,
            "histdata no such one",
        ),
        also=frozenset({"NT-SEARCH-15"}),
    ),
    *(
        _lacks(name, f"/signals/*/{name}", f"NT-SEARCH-0{n}", _SIGNAL[name])
        for n, name in enumerate(_NAMES, 1)
    ),
    *(
        _lacks(f"second-{name}", f"/signals/1/{name}", f"NT-SEARCH-0{n}", _SIGNAL[name])
        for n, name in enumerate(_NAMES, 1)
    ),
    *(
        mutant
        for n, name in enumerate(_NAMES, 6)
        for mutant in _takes(name, f"/signals/*/{name}", _NO_STRING, f"NT-SEARCH-{n:02}", _SIGNAL[name])
    ),
    *(
        Mutant(
            f"{name}-{kind}",
            "NT-SEARCH-16",
            f"Takes {kind} text for any {name}",
            forgive(f"/signals/*/{name}", partial(operator.eq, held), _SIGNAL[name]),
        )
        for name in ("unit", "signal")
        for kind, held in (("empty", ""), ("blank", " "))
    ),
    Mutant(
        "rename-too-long",
        "NT-SEARCH-11",
        "Takes a rename of any length",
        forgive("/signals/*/rename", lambda v: text(v) and len(v) > _LONGEST, "cut"),
    ),
    Mutant(
        "rename-up-to-255",
        "NT-SEARCH-11",
        "Takes a rename of up to 255 characters",
        forgive("/signals/*/rename", lambda v: text(v) and _LONGEST < len(v) < 256, "cut"),
    ),
    Mutant(
        "rename-up-to-128",
        "NT-SEARCH-11",
        "Takes a rename of 128 characters",
        forgive("/signals/*/rename", lambda v: text(v) and len(v) == _LONGEST + 1, "cut"),
    ),
    Mutant(
        "rename-below-127",
        "NT-SEARCH-12",
        "Refuses a rename of 127 characters",
        refuse_body(lambda b: any(thing(s) and len(str(s.get("rename"))) == _LONGEST for s in _signals(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-second-unbounded",
        "NT-SEARCH-11",
        "Looks at the rename of the first signal only",
        forgive("/signals/1/rename", lambda v: text(v) and len(v) > _LONGEST, "long"),
    ),
    Mutant(
        "rename-up-to-100",
        "NT-SEARCH-12",
        "Refuses a rename of more than 100 characters",
        refuse_body(lambda b: any(thing(s) and len(str(s.get("rename"))) > 100 for s in _signals(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-words-refused",
        "NT-SEARCH-15",
        "Takes letters, digits and underscores in a rename, and no blank",
        refuse_body(lambda b: any(re.search(r"\W", name) for name in _renames(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-some-refused",
        "NT-SEARCH-15",
        "Wants a rename for all signals, or for none",
        refuse_body(lambda b: 0 < len(_renames(b)) < len(_signals(b))),
    ),
    Mutant(
        "rename-beyond-ascii-refused",
        "NT-FILE-14",
        "Refuses letters beyond ASCII in a rename",
        refuse_body(lambda b: any(not name.isascii() for name in _renames(b))),
    ),
    Mutant(
        "rename-beyond-ascii-replaced",
        "NT-FILE-14",
        "Writes question marks for letters beyond ASCII",
        on_table(lambda t, _: datafile.relabelled(t, lambda c: c.encode("ascii", "replace").decode())),
    ),
    Mutant(
        "rename-cut-in-bytes",
        "NT-FILE-14",
        "Cuts a rename after 127 bytes",
        on_table(
            lambda t, _: datafile.relabelled(t, lambda c: c.encode()[:_LONGEST].decode("utf-8", "ignore"))
        ),
    ),
    *_takes(
        "rename",
        "/signals/*/rename",
        {k: w for k, w in _NO_STRING.items() if k != "null"},
        "NT-SEARCH-13",
        "name",
    ),
    _lacks("window", "/timeWindow", "NT-WINDOW-01", _WINDOW),
    *_takes("window", "/timeWindow", _NO_OBJECT, "NT-WINDOW-02", _WINDOW),
    _lacks("window-start", "/timeWindow/start", "NT-WINDOW-03", _WINDOW["start"]),
    *_takes("window-start", "/timeWindow/start", _NO_INSTANT, "NT-WINDOW-04", _WINDOW["start"]),
    *_takes(
        "window-end",
        "/timeWindow/end",
        {k: w for k, w in _NO_INSTANT.items() if k != "null"},
        "NT-WINDOW-05",
        _WINDOW["end"],
    ),
    Mutant(
        "no-such-month",
        "NT-WINDOW-06",
        "Takes the month 13 for the first of the next year",
        both(
            forgive("/timeWindow/start", lambda v: _no_such_day(v) and "-13-" in v, _WINDOW["start"]),
            forgive("/timeWindow/end", lambda v: _no_such_day(v) and "-13-" in v, _WINDOW["end"]),
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
        forgive("", _rises_as_text, lambda b: b | {"timeWindow": _WINDOW}),
    ),
    Mutant(
        "window-inverted-by-less-than-a-second",
        "NT-WINDOW-12",
        "Compares whole seconds",
        forgive("", _is_hardly_backwards, lambda b: b | {"timeWindow": _WINDOW}),
    ),
    Mutant(
        "window-inverted-in-a-minute",
        "NT-WINDOW-12",
        "Compares whole minutes",
        forgive("", _is_backwards_in_a_minute, lambda b: b | {"timeWindow": _WINDOW}),
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
        forgive("/timeWindow", lambda v: array(v) and len(v) == 2, _WINDOW),
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
    Mutant(
        "signals-by-position",
        "NT-SIGNALS-02",
        "Takes an object of ids by their positions",
        forgive("/signals", lambda v: thing(v) and "0" in v, lambda b: list(b["signals"].values())),
    ),
    Mutant(
        "signals-as-text",
        "NT-SIGNALS-02",
        "Takes ids between commas in one text for the signals",
        forgive(
            "/signals", lambda v: text(v) and "," in v, lambda b: [int(i) for i in b["signals"].split(",")]
        ),
    ),
    Mutant(
        "body-as-json-text",
        "NT-BODY-01",
        "Reads JSON out of the text that the body is",
        forgive("", lambda b: text(b) and b.startswith("{"), json.loads),
    ),
    Mutant(
        "default-csv",
        "NT-FORMAT-01",
        "Gives CSV where no format is named",
        forgive("/format", missing, "csv"),
    ),
    Mutant(
        "default-json",
        "NT-FORMAT-01",
        "Gives JSON where no format is named",
        forgive("/format", missing, "json"),
    ),
    *(
        Mutant(
            f"{form}-refused",
            "NT-FORMAT-02",
            f"Refuses the format {form}",
            _refuse_format(form),
            # The contract's example with a rename of several words asks for CSV.
            also=frozenset({"NT-SEARCH-15"} if form == "csv" else ()),
        )
        for form in ("parquet", "json", "csv")
    ),
    Mutant(
        "any-format",
        "NT-FORMAT-03",
        "Takes any word for a format",
        forgive("/format", lambda v: text(v) and v.lower() not in ("parquet", "json", "csv"), "parquet"),
    ),
    Mutant("xlsx-taken", "NT-FORMAT-03", "Takes xlsx", forgive("/format", lambda v: v == "xlsx", "csv")),
    Mutant("xml-taken", "NT-FORMAT-03", "Takes xml", forgive("/format", lambda v: v == "xml", "csv")),
    Mutant(
        "format-by-its-beginning",
        "NT-FORMAT-03",
        "Takes the beginning of a format for the format",
        forgive("/format", lambda v: text(v) and len(v) > 1 and "parquet".startswith(v), "parquet"),
    ),
    Mutant("empty-format", "NT-FORMAT-03", "Takes an empty format", forgive("/format", blank, "parquet")),
    *_takes("format", "/format", {k: w for k, w in _NO_STRING.items() if k != "null"}, "NT-FORMAT-04", "csv"),
    *_takes("body", "", _NO_OBJECT, "NT-BODY-01", _IDS),
    Mutant(
        "body-optional",
        "NT-BODY-02",
        "Does not need a body",
        on_ask(lambda a: a if a.body or a.method != "POST" else a.with_document(_IDS)),
        also=frozenset({"NT-HTTP-03"}),
    ),
)

# Answers --------------------------------------------------------------------------------------------------


def _finished(change: Callable[[Any], Any]) -> Make:
    return on_status(200, lambda d: change(d) if thing(d) and "requestId" in d else d)


def _with(**members: Any) -> Make:
    return _finished(lambda d: {k: v for k, v in (d | members).items() if not missing(v)})


def _invalid(change: Callable[[Any], Any]) -> Make:
    return on_status(400, change)


def _said(document: Any, words: str) -> Any:
    if "errors" in document:
        return document | {"errors": [{"error": words, "location": "body"}]}
    return document | {"details": words}


def _every_error(**members: Any) -> Make:
    def change(document: Any) -> Any:
        errors = [
            {k: v for k, v in (e | members).items() if not missing(v)} for e in document.get("errors", [])
        ]
        return document | {"errors": errors}

    return _invalid(change)


def _invalid_status(status: int) -> Callable[[str], Make]:
    return lambda _: on_reply(lambda _, r: replace(r, status=status) if r.status == 400 else r)


_FINISHED = (
    *(
        Mutant(f"id-{name}", "NT-ANSWER-03", f"Gives as requestId: {value!r}", _with(requestId=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("broken", 1.5),
            ("true", True),
        )
    ),
    Mutant("id-nothing", "NT-ANSWER-03", "Gives 0 as requestId", _with(requestId=0), frozenset({"NT-ID-01"})),
    Mutant(
        "id-below-zero",
        "NT-ANSWER-03",
        "Gives a negative requestId",
        _finished(lambda d: d | {"requestId": -d["requestId"]}),
    ),
    Mutant(
        "id-as-text",
        "NT-ANSWER-03",
        "Gives the requestId as text",
        _finished(lambda d: d | {"requestId": str(d["requestId"])}),
    ),
    Mutant(
        "id-renamed",
        "NT-ANSWER-03",
        "Gives the requestId as request_id",
        _finished(lambda d: {"request_id" if k == "requestId" else k: v for k, v in d.items()}),
    ),
    *(
        Mutant(f"finished-{name}", "NT-ANSWER-04", f"Gives as status: {value!r}", _with(status=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("lower-case", "finished"),
            ("otherwise", "Success"),
            ("number", 200),
        )
    ),
    *(
        Mutant(f"file-{name}", "NT-ANSWER-05", f"Gives as outputFile: {value!r}", _with(outputFile=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("empty", ""),
            ("number", 17),
            ("array", ["http://127.0.0.1/000.parquet"]),
        )
    ),
    Mutant(
        "file-relative",
        "NT-ANSWER-05",
        "Gives a path as outputFile",
        _finished(lambda d: d | {"outputFile": "/files/" + d["outputFile"].split("/files/")[1]}),
        _NOWHERE,
    ),
    Mutant(
        "file-without-scheme",
        "NT-ANSWER-05",
        "Gives an outputFile without a scheme",
        _finished(lambda d: d | {"outputFile": d["outputFile"].removeprefix("http://")}),
        _NOWHERE,
    ),
    Mutant(
        "file-without-host",
        "NT-ANSWER-05",
        "Gives an outputFile without a host",
        _finished(lambda d: d | {"outputFile": re.sub("//[^/]+/", "///", d["outputFile"])}),
        _NOWHERE,
    ),
    Mutant(
        "file-in-a-bucket",
        "NT-FILE-01",
        "Gives an outputFile that only a client of the object store can fetch",
        _finished(lambda d: d | {"outputFile": re.sub("http://[^/]+/", "s3://histdata/", d["outputFile"])}),
    ),
    Mutant(
        "file-where-nobody-listens",
        "NT-FILE-01",
        "Gives an outputFile at another port of its own host, where nobody listens",
        # The lowest port, which nothing has used for decades, and no server may take without being root.
        _finished(lambda d: d | {"outputFile": re.sub(r":\d+/", ":1/", d["outputFile"])}),
    ),
    Mutant(
        "file-renamed",
        "NT-ANSWER-05",
        "Gives the address as output_file",
        _finished(lambda d: {"output_file" if k == "outputFile" else k: v for k, v in d.items()}),
    ),
    Mutant(
        "one-id",
        "NT-ID-01",
        "Gives every request the same id",
        common.reused("requestId", lambda _n, _a, given: given[0] if given else None),
    ),
    Mutant(
        "id-by-body",
        "NT-ID-01",
        "Gives equal requests the same id",
        common.reused("requestId", lambda *_: None, by=lambda a: a.body.decode("utf-8", "replace")),
    ),
    Mutant(
        "id-by-signals",
        "NT-ID-01",
        "Gives requests for the same signals the same id",
        common.reused("requestId", lambda *_: None, by=lambda a: json.dumps(_signals(a.document))),
    ),
    Mutant(
        "id-repeated-now-and-then",
        "NT-ID-01",
        "Gives every fifth request the id of the one before",
        common.reused("requestId", lambda n, _a, given: given[-1] if n % 5 == 0 else None),
    ),
    Mutant(
        "id-shared-at-once",
        "NT-ID-01",
        "Gives requests that come at the same moment the same id",
        common.shared("requestId"),
    ),
    Mutant(
        "id-wraps",
        "NT-ID-01",
        "Begins again after the tenth id",
        common.reused("requestId", lambda n, _a, _g: n % 10 + 1),
    ),
    Mutant(
        "id-of-first-again",
        "NT-ID-01",
        "Gives the ninth request the id of the first",
        common.reused("requestId", lambda n, _a, given: given[0] if n == 9 else None),
    ),
)

_REFUSED = (
    *(
        m
        for status in (403, 404, 409, 418)
        for m in _paired(
            f"invalid-{status}",
            "NT-ERROR-01",
            "NT-ERROR-06",
            f"Answers {status} in place of 400",
            _invalid_status(status),
            "NT-SIGNALS-03",
            "NT-WINDOW-07",
            "NT-WINDOW-12",
        )
    ),
    *_paired(
        "invalid-status-otherwise",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Gives a number as status of a 400",
        _same(_invalid(lambda d: d | {"status": 400})),
    ),
    *_paired(
        "invalid-status-missing",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 without status",
        _same(_invalid(lambda d: {k: v for k, v in d.items() if k != "status"})),
    ),
    *_paired(
        "invalid-type",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 in JSON that is declared text",
        _same(on_reply(lambda _, r: r.with_header("content-type", "text/plain") if r.status == 400 else r)),
    ),
    *_paired(
        "invalid-problem-type",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 in application/problem+json",
        _same(
            on_reply(
                lambda _, r: (
                    r.with_header("content-type", "application/problem+json") if r.status == 400 else r
                )
            )
        ),
    ),
    Mutant(
        "invalid-words",
        "NT-ERROR-02",
        "Calls a 400 a Bad Request",
        _invalid(lambda d: d | {"status": "Bad Request"}),
    ),
    Mutant(
        "invalid-case",
        "NT-ERROR-02",
        "Says validation error in another case",
        _invalid(lambda d: d | {"status": "Validation error"}),
    ),
    Mutant(
        "parser-answers",
        "NT-ERROR-09",
        "Answers a body that is no JSON in the words of its parser",
        on_reply(
            lambda a, r: (
                reply(400, {"message": "Unexpected token"})
                if r.status == 400 and a.body and a.document is NotJson.BODY
                else r
            )
        ),
    ),
    Mutant(
        "malformed-401",
        "NT-HTTP-03",
        "Answers a body that is no JSON, or none at all, with 401",
        on_reply(
            lambda a, r: (
                reply(401, {"status": "Unauthorized"})
                if r.status == 400 and a.document is NotJson.BODY
                else r
            )
        ),
        also=frozenset({"NT-BODY-02", "NT-HTTP-*", "NT-ERROR-*"}),
    ),
    Mutant(
        "parser-answers-in-text",
        "NT-ERROR-09",
        "Answers a body that is no JSON, or none at all, with plain text",
        on_reply(
            lambda a, r: (
                Reply(400, (("content-type", "text/plain"),), b"malformed")
                if r.status == 400 and a.document is NotJson.BODY
                else r
            )
        ),
    ),
    Mutant(
        "errors-missing",
        "NT-ERROR-03",
        "Answers 400 without errors",
        _invalid(lambda d: {k: v for k, v in d.items() if k != "errors"}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "errors-empty",
        "NT-ERROR-03",
        "Answers 400 with no error in errors",
        _invalid(lambda d: d | {"errors": []}),
    ),
    Mutant(
        "errors-object",
        "NT-ERROR-03",
        "Answers 400 with an object for errors",
        _invalid(lambda d: d | {"errors": d["errors"][0]}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "errors-words",
        "NT-ERROR-03",
        "Answers 400 with words for errors",
        _invalid(lambda d: d | {"errors": [e["error"] for e in d["errors"]]}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "error-missing",
        "NT-ERROR-03",
        "Does not say what is wrong",
        _every_error(error=Missing.HERE),
        revisions=("documented",),
    ),
    Mutant(
        "error-object",
        "NT-ERROR-03",
        "Says what is wrong in an object",
        _every_error(error={"message": "wrong"}),
    ),
    Mutant("error-null", "NT-ERROR-03", "Says null where something is wrong", _every_error(error=None)),
    Mutant(
        "location-missing",
        "NT-ERROR-04",
        "Does not say where it is wrong",
        _every_error(location=Missing.HERE),
    ),
    Mutant("location-word", "NT-ERROR-04", "Says requestBody for body", _every_error(location="requestBody")),
    Mutant("location-header", "NT-ERROR-04", "Says header for headers", _every_error(location="header")),
    Mutant(
        "location-array",
        "NT-ERROR-04",
        "Gives the location as an array",
        _every_error(location=["body", "signals"]),
    ),
    Mutant("location-case", "NT-ERROR-04", "Gives the location in capitals", _every_error(location="BODY")),
    Mutant("location-query", "NT-ERROR-05", "Says query whatever is wrong", _every_error(location="query")),
    Mutant("location-path", "NT-ERROR-05", "Says path whatever is wrong", _every_error(location="path")),
    Mutant(
        "location-headers-for-missing",
        "NT-ERROR-05",
        "Says headers where a member is missing",
        on_reply(
            lambda a, r: (
                r.with_document(
                    r.document | {"errors": [e | {"location": "headers"} for e in r.document["errors"]]}
                )
                if r.status == 400 and thing(a.document) and "signals" not in a.document and a.document
                else r
            )
        ),
        revisions=("documented",),
    ),
    Mutant(
        "details-missing",
        "NT-ERROR-08",
        "Answers 400 without details",
        _invalid(lambda d: {k: v for k, v in d.items() if k != "details"}),
    ),
    Mutant(
        "details-array",
        "NT-ERROR-08",
        "Answers 400 with an array for details",
        _invalid(lambda d: d | {"details": ["wrong"]}),
    ),
    Mutant(
        "details-object",
        "NT-ERROR-08",
        "Answers 400 with an object for details",
        _invalid(lambda d: d | {"details": {"signals": 1}}),
    ),
    Mutant(
        "details-null",
        "NT-ERROR-08",
        "Answers 400 with null for details",
        _invalid(lambda d: d | {"details": None}),
    ),
)

# What is not there ----------------------------------------------------------------------------------------


def _not_found(change: Callable[[Any, Any], Any]) -> Make:
    """Change the 404 for signals; *change* is given the answer and what was asked."""
    return on_reply(
        lambda a, r: (
            r.with_document(change(r.document, a.document))
            if r.status == 404 and str(r.document.get("status")).startswith("Signals")
            else r
        )
    )


def _listing(change: Callable[[list[Any], list[Any]], Any]) -> Make:
    """Change the list of missing signals; *change* is given it and the signals asked for."""

    def changed(document: Any, asked: Any) -> Any:
        if "details" in document:
            held = document["details"] | {"signals": change(document["details"]["signals"], _signals(asked))}
            return document | {"details": held}
        return document | {"signals": change(document["signals"], _signals(asked))}

    return _not_found(changed)


def _instead_of_404(when: Callable[[Any], bool], status: int) -> Make:
    document = {
        "status": "Validation Error",
        "errors": [{"error": "no such signal", "location": "body"}],
        "details": "no such signal",
    }
    return on_reply(lambda a, r: reply(status, document) if r.status == 404 and when(a.document) else r)


def _known_only(when: Callable[[Any], bool], other: Any) -> Make:
    """Leave out what is not known, or put a known one in its place."""
    return forgive(
        "",
        lambda b: when(b) and any(map(_unknown, _signals(b))),
        lambda b: b | {"signals": [s for s in _signals(b) if not _unknown(s)] or [other]},
    )


def _by_prefix(part: str) -> Make:
    name = _SIGNAL[part]
    return forgive(
        f"/signals/*/{part}", lambda v: text(v) and 1 < len(v) < len(name) and name.startswith(v), name
    )


def _no_data(change: Callable[[Reply], Reply]) -> Make:
    return on_reply(
        lambda _, r: (
            change(r) if r.status == 404 and str(r.document.get("status")).startswith("Signal D") else r
        )
    )


_LISTED = ("NT-MISSING-04", "NT-MISSING-08")
_FORM = ("NT-MISSING-05", "NT-MISSING-09")
_MISSING = (
    Mutant(
        "unknown-id-ignored", "NT-MISSING-01", "Leaves out ids that it does not know", _known_only(_by_id, 1)
    ),
    Mutant(
        "some-unknown-ids-ignored",
        "NT-MISSING-01",
        "Leaves out unknown ids beside known ones",
        _known_only(lambda b: _by_id(b) and not all(map(_unknown, _signals(b))), 1),
    ),
    Mutant(
        "unknown-id-400",
        "NT-MISSING-01",
        "Answers 400 for unknown ids",
        _instead_of_404(lambda b: _by_id(b) and any(map(_unknown, _signals(b))), 400),
    ),
    Mutant(
        "unknown-id-410",
        "NT-MISSING-01",
        "Answers 410 for unknown ids",
        _instead_of_404(lambda b: _by_id(b) and any(map(_unknown, _signals(b))), 410),
    ),
    Mutant(
        "unknown-id-empty",
        "NT-MISSING-01",
        "Answers 204 for unknown ids",
        instead(
            lambda a: _by_id(a.document) and any(map(_unknown, _signals(a.document))),
            lambda _: Reply(204, (), b""),
        ),
        also=frozenset({"NT-ANSWER-0*"}),
    ),
    Mutant(
        "unknown-name-ignored",
        "NT-MISSING-02",
        "Leaves out names that it does not know",
        _known_only(_by_name, _SIGNAL),
    ),
    Mutant(
        "some-unknown-names-ignored",
        "NT-MISSING-02",
        "Leaves out unknown names beside known ones",
        _known_only(lambda b: _by_name(b) and not all(map(_unknown, _signals(b))), _SIGNAL),
    ),
    Mutant(
        "unknown-id-cut",
        "NT-MISSING-01",
        "Keeps ids in 32 bits",
        forgive("/signals/*", lambda v: whole(v) and 2**32 < v < 2**40, lambda b: b["signals"][0] - 2**32),
    ),
    *(
        Mutant(
            f"{part}-by-prefix",
            "NT-MISSING-10",
            f"Takes the beginning of the {part} for the whole",
            _by_prefix(part),
        )
        for part in _NAMES
    ),
    Mutant(
        "signal-with-more-behind",
        "NT-MISSING-10",
        "Takes whatever begins with a signal's name for it",
        forgive(
            "/signals/*/signal",
            lambda v: text(v) and v[:-1] == _SIGNAL["signal"] and not v[-1].isdigit(),
            _SIGNAL["signal"],
        ),
    ),
    *(
        Mutant(
            f"{part}-ignored",
            "NT-MISSING-02",
            f"Does not look at the {part} of a search object",
            forgive(f"/signals/*/{part}", lambda v: text(v) and "no such" in v, _SIGNAL[part]),
        )
        for part in _NAMES[:-1]
    ),
    Mutant(
        "unknown-name-422", "NT-MISSING-02", "Answers 422 for unknown names", _instead_of_404(_by_name, 422)
    ),
    *_paired(
        "not-found-type",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Gives a 404 the content type of text",
        _same(typed("text/plain", 404)),
        "NT-MISSING-06",
    ),
    *_paired(
        "not-found-words",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says Not Found in a 404 for signals",
        _same(_not_found(lambda d, _: d | {"status": "Not Found"})),
    ),
    *_paired(
        "not-found-case",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says Signals Not Found in capitals",
        _same(_not_found(lambda d, _: d | {"status": "Signals Not Found"})),
    ),
    *_paired(
        "not-found-status-missing",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Lists missing signals without a status",
        _same(_not_found(lambda d, _: {k: v for k, v in d.items() if k != "status"})),
    ),
    *_paired(
        "not-found-as-no-data",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says that there is no data where a signal is missing",
        _same(_not_found(lambda d, _: d | {"status": "Signal Data not found"})),
    ),
    *_paired(
        "lists-first",
        *_LISTED,
        "Lists the first missing signal only",
        _same(_listing(lambda held, _: held[:1])),
    ),
    *_paired(
        "lists-ten",
        *_LISTED,
        "Lists the first ten missing signals only",
        _same(_listing(lambda held, _: held[:10])),
    ),
    *_paired(
        "lists-last",
        *_LISTED,
        "Lists the last missing signal only",
        _same(_listing(lambda held, _: held[-1:])),
    ),
    *_paired(
        "lists-all-asked", *_LISTED, "Lists all that were asked for", _same(_listing(lambda _, asked: asked))
    ),
    *_paired(
        "lists-known",
        *_LISTED,
        "Lists those that are there",
        _same(_listing(lambda held, asked: [s for s in asked if s not in held])),
    ),
    *_paired("lists-none", *_LISTED, "Lists none", _same(_listing(lambda _h, _a: []))),
    *_paired(
        "lists-twice", *_LISTED, "Lists each missing signal twice", _same(_listing(lambda held, _: held * 2))
    ),
    *_paired(
        "list-missing",
        *_LISTED,
        "Has no list in its 404",
        _same(_not_found(lambda d, _: {"status": d["status"]})),
    ),
    *_paired(
        "list-elsewhere",
        *_LISTED,
        "Has the list under another name",
        _same(
            _not_found(
                lambda d, _: {"status": d["status"], "missing": d.get("signals") or d["details"]["signals"]}
            )
        ),
    ),
    *_paired(
        "lists-other",
        *_LISTED,
        "Lists signals that nobody has asked for",
        _same(_listing(lambda held, _: [s + 1 if whole(s) else s | {"signal": "other"} for s in held])),
    ),
    *_paired(
        "lists-text",
        *_FORM,
        "Lists ids as text",
        _same(_listing(lambda held, _: [str(s) if whole(s) else s for s in held])),
    ),
    *_paired(
        "lists-objects",
        *_FORM,
        "Lists ids in objects",
        _same(_listing(lambda held, _: [{"id": s} if whole(s) else s for s in held])),
    ),
    *_paired(
        "lists-names",
        *_FORM,
        "Lists search objects by their last name",
        _same(_listing(lambda held, _: [s if whole(s) else s["signal"] for s in held])),
        *_LISTED,
    ),
    *_paired(
        "lists-paths",
        *_FORM,
        "Lists search objects as one path",
        _same(
            _listing(lambda held, _: [s if whole(s) else "/".join(s[name] for name in _NAMES) for s in held])
        ),
        *_LISTED,
    ),
    Mutant(
        "no-data-accepted",
        "NT-MISSING-06",
        "Gives an empty file where there is no data",
        forgive("/timeWindow", lambda w: thing(w) and str(w.get("start")).startswith("19"), _WINDOW),
    ),
    Mutant(
        "no-data-words",
        "NT-MISSING-06",
        "Says Not Found where there is no data",
        _no_data(lambda r: r.with_document({"status": "Not Found"})),
    ),
    Mutant(
        "no-data-as-signals",
        "NT-MISSING-06",
        "Says that signals are missing where there is no data",
        _no_data(
            lambda r: r.with_document(
                {"status": "Signals not found", "signals": [1], "details": {"signals": [1]}}
            )
        ),
    ),
    Mutant(
        "no-data-400",
        "NT-MISSING-06",
        "Answers 400 where there is no data",
        _no_data(
            lambda _: reply(
                400,
                {
                    "status": "Validation Error",
                    "errors": [{"error": "no data", "location": "body"}],
                    "details": "no",
                },
            )
        ),
    ),
    Mutant(
        "no-data-204",
        "NT-MISSING-06",
        "Answers 204 where there is no data",
        _no_data(lambda _: Reply(204, (), b"")),
        also=frozenset({"NT-ANSWER-0*"}),
    ),
    Mutant(
        "no-data-empty",
        "NT-MISSING-06",
        "Answers 404 without a body where there is no data",
        _no_data(lambda r: replace(r, body=b"")),
    ),
)

# The data file --------------------------------------------------------------------------------------------


def _guarded(status: int) -> Make:
    return on_file(
        lambda r, _b, a: r if a.header("authorization") else reply(status, {"status": "Unauthorized"})
    )


def _gone(status: int) -> Make:
    return on_file(lambda _r, _b, _a: reply(status, {"status": "gone"}))


def _renamed_to(ending: str) -> Make:
    return datafile.renamed(lambda path: path.rsplit(".", 1)[0] + ending)


def _cast(kind: Any) -> Make:
    return on_parquet(lambda t, _: datafile.times(t, t[TIMESTAMP].cast(kind)))


def _text_times(table: pa.Table, _: Any) -> pa.Table:
    return datafile.times(table, pa.array([str(instant) for instant in table[TIMESTAMP].to_pylist()]))


def _appended(table: pa.Table, seconds: int) -> pa.Table:
    """With one more row, so many seconds behind the last, or before the first."""
    edge = table.slice(max(len(table) - 1, 0)) if seconds > 0 else table.slice(0, 1)
    moved = datafile.shifted(edge, seconds)
    return pa.concat_tables([table, moved] if seconds > 0 else [moved, table])


_OFFSET = re.compile(r"[+-]\d\d:\d\d$")


def _rezoned(change: Callable[[str], str]) -> Make:
    """Put another offset behind the instants of a window that have one, and leave the hands of the clock."""

    def written(instant: Any) -> Any:
        return _OFFSET.sub(lambda found: change(found[0]), instant) if text(instant) else instant

    def mend(ask: Ask) -> Ask:
        window: Any = ask.document.get("timeWindow") if thing(ask.document) else None
        if not thing(window):
            return ask
        return ask.with_document(ask.document | {"timeWindow": {k: written(v) for k, v in window.items()}})

    return on_ask(mend)


def _between(table: pa.Table, asked: Any) -> pa.Table:
    """Without the rows at the very ends of the window."""
    window = map(datetime.fromisoformat, asked["timeWindow"].values())
    ends = [instant.astimezone(UTC).replace(tzinfo=None) for instant in window]
    stamps = table[TIMESTAMP].cast(pa.timestamp("ms"))
    inside = pa.compute.invert(pa.compute.is_in(stamps, pa.array(ends, pa.timestamp("ms"))))
    return table.filter(inside)


def _moved(table: pa.Table, change: Callable[[float], float]) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, lambda held: [None if v is None else change(v) for v in held])
    return table


def _each(table: pa.Table, change: Callable[[list[Any]], list[Any]]) -> pa.Table:
    for name in datafile.signals(table) if len(table) else ():
        table = datafile.values(table, name, lambda held: _filled(held, change))
    return table


def _unnamed(asked: Any, name: str) -> str:
    renames = [signal.get("rename") for signal in asked["signals"] if thing(signal)]
    return "1" if name in renames else name


def _unquoted(answer: Reply, _: Any, ask: Ask) -> Reply:
    header, end, rows = answer.body.partition(b"\n")
    return (
        replace(answer, body=header.replace(b'"', b"") + end + rows) if ask.path.endswith("csv") else answer
    )


def _filled(held: list[Any], change: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """The values changed, where there are any; the cells without one stay so."""
    there = [value for value in held if value is not None]
    changed = iter(change(there) if there else ())
    return [None if value is None else next(changed) for value in held]


def _from_zero(table: pa.Table, _: Any) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(
            table, name, lambda values: [v and type(v)(0) for v in values[:1]] + values[1:]
        )
    return table


def _with_index(content: bytes) -> bytes:
    header, *rows = content.splitlines(keepends=True)
    return b"," + header + b"".join(b"%d,%s" % numbered for numbered in enumerate(rows))


def _without_last(table: pa.Table, _: Any) -> pa.Table:
    return table.slice(0, max(len(table) - 1, 0))


def _ends_within_a_second(asked: Any) -> bool:
    end = _instant(asked["timeWindow"]["end"])
    return end is not None and end.microsecond > 0


def _odd_end(body: Any) -> bool:
    window = body["timeWindow"]
    return thing(window) and _instant(window.get("end")) is not None and _ends_within_a_second(body)


def _half_an_offset(ask: Ask) -> bool:
    document: Any = ask.document
    window: Any = document.get("timeWindow") if thing(document) else None
    ends = [_instant(window.get(name)) for name in ("start", "end")] if thing(window) else []
    return len({end.tzinfo is None for end in ends if end is not None}) > 1


def _as_text(table: pa.Table) -> pa.Table:
    for name in datafile.signals(table):
        column = table[name].cast(pa.string())
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _swapped_columns(table: pa.Table, _: Any) -> pa.Table:
    names = datafile.signals(table)
    return datafile.relabelled(table, dict(zip(names, names[1:] + names[:1], strict=True)).__getitem__)


def _named(body: Any, column: str) -> str:
    """The signal's own name for a column that is named by its id."""
    return f"Signal {column}" if column.isdigit() else column


_FILE = (
    Mutant("file-guarded", "NT-FILE-01", "Needs the token for the file", _guarded(401)),
    Mutant("file-forbidden", "NT-FILE-01", "Answers 403 for the file without the token", _guarded(403)),
    Mutant("file-gone", "NT-FILE-01", "Has no file at the address", _gone(404)),
    Mutant("file-fails", "NT-FILE-01", "Fails on the file", _gone(500)),
    Mutant(
        "file-cut",
        "NT-ANSWER-10",
        "Closes the connection in the middle of each file",
        on_file(lambda r, _b, _a: replace(r, cut=True)),
    ),
    Mutant(
        "file-chunks-cut",
        "NT-ANSWER-10",
        "Ends each CSV file without its last chunk",
        on_file(lambda r, _b, a: replace(r, chunked=True, cut=True) if a.path.endswith(".csv") else r),
    ),
    Mutant(
        "file-csv-gone",
        "NT-FILE-01",
        "Has no CSV files",
        on_file(lambda r, _b, a: reply(404, {}) if a.path.endswith(".csv") else r),
    ),
    Mutant(
        "file-moved",
        "NT-FILE-01",
        "Sends the download to a sign-in page",
        on_file(lambda _r, _b, _a: Reply(302, (("location", "/login"),), b"")),
    ),
    Mutant(
        "file-fails-again",
        "NT-FILE-01",
        "Fails on a second download of a file",
        on_second_download(reply(500, {})),
    ),
    Mutant("name-without-ending", "NT-FILE-02", "Names files without an ending", _renamed_to("")),
    Mutant("name-always-parquet", "NT-FILE-02", "Names every file .parquet", _renamed_to(".parquet")),
    Mutant("name-dat", "NT-FILE-02", "Names every file .dat", _renamed_to(".dat")),
    Mutant(
        "name-txt-for-csv",
        "NT-FILE-02",
        "Names CSV files .txt",
        datafile.renamed(lambda path: path.replace(".csv", ".txt")),
    ),
    Mutant(
        "format-ignored",
        "NT-FILE-03",
        "Gives Parquet whatever is asked for",
        forgive("/format", text, "parquet"),
        also=frozenset({"NT-FILE-02", "NT-FORMAT-03"}),
    ),
    Mutant(
        "csv-for-parquet",
        "NT-FILE-03",
        "Gives CSV under the name of Parquet",
        on_content("parquet", lambda b: datafile.csv_text(datafile.table(b))),
        also=frozenset({"NT-FORMAT-01"}),
    ),
    Mutant(
        "csv-for-json",
        "NT-FILE-03",
        "Gives CSV under the name of JSON",
        on_content("json", lambda _: b"timestamp,1\n2021-09-01,1\n"),
    ),
    Mutant(
        "json-for-csv",
        "NT-FILE-03",
        "Gives JSON under the name of CSV",
        on_content("csv", lambda _: b'[{"timestamp": 1}]'),
    ),
    Mutant(
        "file-is-a-page",
        "NT-FILE-03",
        "Gives a page in place of JSON",
        on_content("json", lambda _: b"<html>not here</html>"),
    ),
    Mutant(
        "json-nan",
        "NT-FILE-03",
        "Writes NaN into JSON",
        on_content("json", lambda b: re.sub(rb'("1":\s*)[-0-9.eE]+', rb"\1NaN", b, count=1)),
    ),
    Mutant(
        "json-without-rows",
        "NT-FILE-08",
        "Gives JSON without any row",
        on_content("json", lambda _: b"[]"),
    ),
    Mutant("csv-empty", "NT-FILE-03", "Gives an empty CSV file", on_content("csv", lambda _: b"")),
    Mutant(
        "format-of-the-last",
        "NT-FILE-03",
        "Gives requests that are under way together the format of the last of them",
        _format_of_the_last,
        also=frozenset({"NT-FILE-02"}),
    ),
    Mutant(
        "parquet-cut",
        "NT-FILE-03",
        "Cuts Parquet files short",
        on_content("parquet", lambda b: b[: len(b) // 2]),
        also=frozenset({"NT-FORMAT-01"}),
    ),
    Mutant("json-cut", "NT-FILE-03", "Cuts JSON files short", on_content("json", lambda b: b.rstrip()[:-1])),
    Mutant(
        "csv-packed",
        "NT-FILE-03",
        "Packs CSV files without saying so",
        on_content("csv", lambda b: gzip.compress(b, mtime=0)),
    ),
    Mutant(
        "time-column-renamed",
        "NT-FILE-04",
        "Calls the column time",
        on_parquet(lambda t, _: t.rename_columns(["time" if n == TIMESTAMP else n for n in t.column_names])),
        also=frozenset({"NT-FILE-05"}),
    ),
    Mutant(
        "time-column-in-capitals",
        "NT-FILE-04",
        "Calls the column Timestamp",
        on_parquet(
            lambda t, _: t.rename_columns(["Timestamp" if n == TIMESTAMP else n for n in t.column_names])
        ),
        also=frozenset({"NT-FILE-05"}),
    ),
    Mutant(
        "time-column-missing",
        "NT-FILE-04",
        "Has no column of time stamps",
        on_parquet(lambda t, _: t.drop_columns([TIMESTAMP])),
    ),
    Mutant("time-as-text", "NT-FILE-04", "Writes time stamps as text", on_parquet(_text_times)),
    Mutant("time-as-number", "NT-FILE-04", "Writes time stamps as epoch milliseconds", _cast(pa.int64())),
    Mutant(
        "time-zone",
        "NT-FILE-04",
        "Writes time stamps in the zone +03:00",
        _cast(pa.timestamp("ms", "+03:00")),
    ),
    Mutant(
        "time-zone-named",
        "NT-FILE-04",
        "Writes time stamps in the zone of São Paulo",
        _cast(pa.timestamp("ms", "America/Sao_Paulo")),
    ),
    Mutant("time-as-date", "NT-FILE-04", "Writes the day in place of the instant", _cast(pa.date32())),
    Mutant(
        "column-dropped",
        "NT-FILE-05",
        "Leaves out the last signal",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[-1:])),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "column-dropped-of-several",
        "NT-FILE-05",
        "Leaves out the last of several signals",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[1:])),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "column-added",
        "NT-FILE-05",
        "Adds a column of quality",
        on_table(lambda t, _: t.append_column("quality", pa.array([1] * len(t)))),
    ),
    Mutant(
        "index-added",
        "NT-FILE-05",
        "Leaves the index of its data frame in the file",
        on_table(lambda t, _: t.append_column("__index_level_0__", pa.array(range(len(t))))),
    ),
    Mutant(
        "column-without-data-dropped",
        "NT-FILE-05",
        "Leaves out a signal that has no data in the window",
        on_table(_without_hollow),
    ),
    Mutant(
        "column-by-name",
        "NT-FILE-05",
        "Names columns by the signal's name, not its id",
        on_table(lambda t, a: datafile.relabelled(t, lambda c: _named(a, c))),
    ),
    Mutant(
        "column-prefixed",
        "NT-FILE-05",
        "Names columns signal_1 and so on",
        on_table(lambda t, _: datafile.relabelled(t, lambda c: f"signal_{c}")),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "third-column-missing",
        "NT-FILE-05",
        "Leaves out what is asked for behind the second signal",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[2:])),
    ),
    Mutant(
        "rename-ignored",
        "NT-FILE-05",
        "Names columns by id, whatever rename says",
        on_table(lambda t, a: datafile.relabelled(t, lambda c: c if c.isdigit() else "1")),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-in-lower-case",
        "NT-FILE-05",
        "Writes a rename in capitals",
        on_table(lambda t, _: datafile.relabelled(t, str.upper)),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "shifted-hour",
        "NT-FILE-06",
        "Gives local time, an hour late",
        on_table(lambda t, _: datafile.shifted(t, 3600)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "shifted-back",
        "NT-FILE-06",
        "Gives local time, three hours early",
        on_table(lambda t, _: datafile.shifted(t, -10800)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "row-before-window",
        "NT-FILE-06",
        "Gives one row before the window",
        on_table(lambda t, _: _appended(t, -1)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "row-behind-window",
        "NT-FILE-06",
        "Gives one row behind the window",
        on_table(lambda t, _: _appended(t, 60)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "seconds-for-milliseconds",
        "NT-FILE-06",
        "Takes milliseconds for seconds",
        on_table(
            lambda t, _: datafile.times(
                t, t[TIMESTAMP].cast(pa.int64()).cast(pa.timestamp("us")).cast(pa.timestamp("ms"), safe=False)
            )
        ),
        also=frozenset({"NT-FILE-07", "NT-FILE-10"}),
    ),
    Mutant(
        "descending",
        "NT-FILE-07",
        "Gives the newest row first",
        on_table(lambda t, _: t.sort_by([(TIMESTAMP, "descending")])),
    ),
    Mutant(
        "two-rows-exchanged",
        "NT-FILE-07",
        "Exchanges the last two rows",
        on_table(lambda t, _: t.take([*range(len(t) - 2), len(t) - 1, len(t) - 2]) if len(t) > 1 else t),
    ),
    Mutant(
        "csv-rows-exchanged",
        "NT-FILE-07",
        "Exchanges the last two rows in CSV",
        on_table(
            lambda t, _: t.take([*range(len(t) - 2), len(t) - 1, len(t) - 2]) if len(t) > 1 else t, "csv"
        ),
    ),
    Mutant(
        "json-row-repeated",
        "NT-FILE-07",
        "Gives the last row twice in JSON",
        on_table(lambda t, _: pa.concat_tables([t, t.slice(max(len(t) - 1, 0))]), "json"),
    ),
    Mutant(
        "row-repeated",
        "NT-FILE-07",
        "Gives the last row twice",
        on_table(lambda t, _: pa.concat_tables([t, t.slice(max(len(t) - 1, 0))])),
    ),
    Mutant(
        "rows-repeated", "NT-FILE-07", "Gives all rows twice", on_table(lambda t, _: pa.concat_tables([t, t]))
    ),
    Mutant(
        "whole-minutes",
        "NT-FILE-07",
        "Cuts time stamps to the minute",
        on_table(lambda t, _: datafile.times(t, pa.compute.floor_temporal(t[TIMESTAMP], unit="minute"))),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "columns-exchanged",
        "NT-FILE-09",
        "Exchanges the columns of several signals",
        on_table(_swapped_columns),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "offset-ignored",
        "NT-WINDOW-10",
        "Takes the hands of a clock of another zone for UTC",
        _rezoned(lambda _: "Z"),
        also=frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "offset-in-whole-hours",
        "NT-WINDOW-10",
        "Leaves the minutes of an offset aside",
        _rezoned(lambda offset: f"{offset[:-2]}00"),
    ),
    Mutant(
        "values-by-order",
        "NT-FILE-09",
        "Names columns by the order of ids, whatever the order asked for",
        on_table(lambda t, a: _swapped_columns(t, a) if _signals(a) != sorted(_signals(a), key=str) else t),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "slow-signal-first-unsorted",
        "NT-FILE-07",
        "Gives the rows of the first signal, and behind them those that only others have",
        on_table(_first_signal_first, "parquet"),
        also=frozenset({"NT-FILE-12"}),
    ),
    Mutant(
        "values-by-name-differ",
        "NT-FILE-09",
        "Gives other values by name than by id",
        on_table(lambda t, a: _moved(t, lambda v: v + 0.001) if _by_name(a) else t),
    ),
    Mutant(
        "values-of-three-differ",
        "NT-FILE-09",
        "Gives other values where three signals or more are asked for",
        on_table(lambda t, a: _moved(t, lambda v: v * 2) if len(_signals(a)) > 2 else t),
    ),
    Mutant(
        "numbers-as-text",
        "NT-FILE-13",
        "Writes numbers as text",
        on_parquet(lambda t, _: _as_text(t)),
        also=frozenset({"NT-FILE-08"}),
    ),
    Mutant(
        "rows-of-an-hour-limited",
        "NT-FILE-15",
        "Gives at most 2000 rows",
        on_table(lambda t, _: t.slice(0, 2000)),
    ),
    Mutant(
        "second-hour-left-out",
        "NT-FILE-15",
        "Leaves out the second hour of a window",
        on_table(_without_second_hour),
    ),
    Mutant(
        "last-hour-alone",
        "NT-FILE-15",
        "Gives the last hour of a window",
        on_table(lambda t, _: t.slice(max(len(t) - 3600, 0))),
    ),
    Mutant(
        "rows-of-an-hour-thinned",
        "NT-FILE-15",
        "Gives every tenth row where there are more than 1000",
        on_table(lambda t, _: t.take(list(range(0, len(t), 10))) if len(t) > 1000 else t),
    ),
    Mutant(
        "odd-windows-not-found",
        "NT-FILE-12",
        "Finds no data in a window that does not end on a second",
        instead(
            lambda a: _by_id(a.document) and "timeWindow" in a.document and _odd_end(a.document),
            lambda _: reply(404, {"status": "Signal Data not found"}),
        ),
        also=frozenset({"NT-WINDOW-10", "NT-WINDOW-12"}),
    ),
    Mutant(
        "crash-on-half-an-offset",
        "NT-ANSWER-06",
        "Fails where one end of the window has an offset, and the other has none",
        crash(_half_an_offset),
    ),
    Mutant(
        "values-alone-differ",
        "NT-FILE-09",
        "Gives other values for a signal alone",
        on_table(lambda t, a: _moved(t, lambda v: v * 2) if len(_signals(a)) == 1 and _by_id(a) else t),
    ),
    Mutant(
        "rows-alone-fewer",
        "NT-FILE-09",
        "Gives every second row for a signal alone",
        on_table(
            lambda t, a: t.take(list(range(0, len(t), 2))) if len(_signals(a)) == 1 and _by_id(a) else t
        ),
    ),
    Mutant(
        "window-last-rows-cut",
        "NT-FILE-10",
        "Leaves out the first and the last five rows of a window",
        on_table(lambda t, _: t.slice(5, max(len(t) - 10, 0))),
        also=frozenset({"NT-FILE-12", "NT-FILE-15", "NT-WINDOW-10"}),
    ),
    Mutant(
        "window-ends-left-out",
        "NT-FILE-10",
        "Leaves out the rows at both ends of a window",
        on_table(_between),
    ),
    Mutant("rows-limited", "NT-FILE-10", "Gives at most 400 rows", on_table(lambda t, _: t.slice(0, 400))),
    Mutant(
        "rows-thinned",
        "NT-FILE-10",
        "Gives every second row of long windows",
        on_table(lambda t, _: t.take(list(range(0, len(t), 2))) if len(t) > 400 else t),
    ),
    Mutant(
        "values-by-window",
        "NT-FILE-10",
        "Gives values above the window's least",
        on_table(lambda t, _: _each(t, lambda held: [v - held[0] for v in held])),
    ),
    Mutant(
        "values-averaged",
        "NT-FILE-10",
        "Gives the mean of the window for each value",
        on_table(lambda t, _: _each(t, lambda held: [sum(held) / len(held)] * len(held))),
    ),
    Mutant(
        "csv-values-differ",
        "NT-FILE-08",
        "Gives other values in CSV",
        on_table(lambda t, _: _moved(t, lambda v: v + 1), "csv"),
    ),
    Mutant(
        "csv-values-whole",
        "NT-FILE-08",
        "Cuts values to integers in CSV",
        on_table(lambda t, _: _moved(t, lambda v: float(int(v))), "csv"),
    ),
    Mutant(
        "renames-dealt-out-by-name",
        "NT-FILE-14",
        "Gives each rename to the signal at its place in the alphabet",
        on_table(_dealt_out_by_name),
    ),
    Mutant(
        "csv-named-by-id",
        "NT-FILE-14",
        "Does not look at a rename in CSV",
        on_table(lambda t, a: datafile.relabelled(t, lambda n: _unnamed(a, n)), "csv"),
    ),
    Mutant(
        "csv-header-unquoted",
        "NT-FILE-14",
        "Puts no quotes around names in CSV",
        on_file(_unquoted),
    ),
    Mutant(
        "json-renames-cut",
        "NT-FILE-14",
        "Cuts names to 63 characters in JSON",
        on_table(lambda t, _: datafile.relabelled(t, lambda n: n[:63]), "json"),
    ),
    Mutant(
        "csv-gaps-dropped",
        "NT-FILE-08",
        "Leaves out the rows of CSV in which a signal has no value",
        on_table(lambda t, _: t.drop_null(), "csv"),
    ),
    Mutant(
        "json-with-quality",
        "NT-FILE-08",
        "Adds a column of quality in JSON",
        on_table(lambda t, _: t.append_column("quality", pa.array([1] * len(t))), "json"),
    ),
    Mutant(
        "json-numbers-as-text",
        "NT-FILE-08",
        "Writes numbers as text in JSON",
        on_content("json", _numbers_as_text),
    ),
    Mutant("csv-last-row-lost", "NT-FILE-08", "Loses the last row in CSV", on_table(_without_last, "csv")),
    Mutant(
        "csv-columns-exchanged", "NT-FILE-08", "Exchanges columns in CSV", on_table(_swapped_columns, "csv")
    ),
    Mutant(
        "csv-local-time",
        "NT-FILE-08",
        "Gives local time in CSV",
        on_table(lambda t, _: datafile.shifted(t, -10800), "csv"),
    ),
    Mutant(
        "csv-time-of-day",
        "NT-FILE-08",
        "Gives time stamps in CSV without their date",
        on_content("csv", lambda c: re.sub(rb"(?m)^\d{4}-\d\d-\d\dT", b"", c)),
    ),
    Mutant(
        "csv-with-index",
        "NT-FILE-08",
        "Leaves the number of each row in CSV, in a column without a name",
        on_content("csv", _with_index),
    ),
    Mutant(
        "csv-header-again",
        "NT-FILE-08",
        "Writes the header of CSV again behind the tenth row, as where pages are put together",
        on_content("csv", lambda c: b"".join((lines := c.splitlines(True))[:11] + lines[:1] + lines[11:])),
        also=frozenset({"NT-FILE-13", "NT-FILE-09"}),
    ),
    Mutant(
        "json-column-lost",
        "NT-FILE-08",
        "Loses the last signal in JSON",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[-1:]), "json"),
    ),
    Mutant(
        "json-local-time",
        "NT-FILE-08",
        "Gives local time in JSON",
        on_table(lambda t, _: datafile.shifted(t, 7200), "json"),
    ),
    Mutant(
        "json-rows-thinned",
        "NT-FILE-08",
        "Gives every second row in JSON",
        on_table(lambda t, _: t.take(list(range(0, len(t), 2))), "json"),
    ),
    Mutant(
        "cached-by-the-minute",
        "NT-FILE-12",
        "Gives the file of an earlier request whose window begins and ends in the same minutes",
        datafile.cached(
            lambda b: (b["signals"], b.get("format"), *(v[:16] for v in b["timeWindow"].values()))
        ),
    ),
    Mutant(
        "first-row-zero",
        "NT-FILE-10",
        "Begins each file with zeros",
        on_parquet(_from_zero),
        also=frozenset({"NT-FILE-08", "NT-FILE-12", "NT-FILE-15"}),
    ),
    Mutant(
        "last-year-500",
        "NT-ANSWER-06",
        "Fails over the last minutes of the year 9999",
        crash(lambda a: b"9999-12-31" in a.body),
    ),
    Mutant(
        "file-as-page",
        "NT-FILE-16",
        "Calls every file a web page",
        on_file(lambda r, _, __: r.with_header("content-type", "text/html; charset=utf-8")),
    ),
    Mutant(
        "parquet-as-csv",
        "NT-FILE-16",
        "Calls a Parquet file CSV",
        on_file(
            lambda r, _, a: r.with_header("content-type", "application/json") if "parquet" in a.path else r
        ),
    ),
    Mutant(
        "scheme-alone-403",
        "NT-AUTH-10",
        "Answers 403 to a scheme without a token",
        instead(
            lambda a: (a.header("authorization") or "").strip() == "Bearer",
            lambda _: reply(403, {"status": "Forbidden"}),
        ),
    ),
    Mutant(
        "third-signal-cut",
        "NT-FILE-03",
        "Loses the first bytes of the file where the third signal is asked for alone",
        on_file(lambda r, body, _: replace(r, body=r.body[4:]) if body.get("signals") == [3] else r),
    ),
    Mutant(
        "third-signal-gone",
        "NT-FILE-01",
        "Has no file where the third signal is asked for alone",
        on_file(lambda r, body, _: reply(404, {}) if body.get("signals") == [3] else r),
    ),
    *(
        Mutant(
            f"cached-without-{name}",
            "NT-FILE-10",
            f"Gives the file of an earlier request that differs in its {name}",
            datafile.cached(key),
            also=frozenset({"NT-FILE-12", "NT-FILE-15", "NT-WINDOW-10", "NT-MISSING-06"}),
        )
        for name, key in (
            ("start", lambda b: (b["signals"], b.get("format"), b["timeWindow"]["end"])),
            ("end", lambda b: (b["signals"], b.get("format"), b["timeWindow"]["start"])),
            ("window", lambda b: (b["signals"], b.get("format"))),
        )
    ),
    Mutant(
        "second-rename-ignored",
        "NT-FILE-14",
        "Takes the rename of the first signal only",
        on_parquet(lambda t, b: datafile.relabelled(t, lambda n: "2" if n in _renames(b)[1:] else n)),
    ),
    Mutant(
        "odd-windows-cut",
        "NT-FILE-12",
        "Loses the last rows of a window that does not end on a second",
        on_table(lambda t, a: t.slice(0, max(len(t) - 3, 0)) if _ends_within_a_second(a) else t),
        also=frozenset({"NT-WINDOW-10"}),
    ),
    Mutant("file-without-rows", "NT-FILE-11", "Gives no row at all", on_table(lambda t, _: t.slice(0, 0))),
    Mutant(
        "file-without-values",
        "NT-FILE-11",
        "Gives no value at all",
        on_table(lambda t, _: _each(t, lambda held: [None] * len(held))),
    ),
)

_COMMON = (
    *common.http("NT", lambda _: _IDS),
    Mutant(
        "window-by-position",
        "NT-HTTP-10",
        "Takes the members of a window by their order",
        refuse_body(lambda b: thing(b.get("timeWindow")) and list(b["timeWindow"]) == ["end", "start"]),
    ),
    *common.content_types("NT"),
    *common.answers("NT", _said, b"1999999973"),
    Mutant(
        "one-of-many-refused",
        "NT-SCHEMA-01",
        "Refuses search objects that are asked for as Parquet",
        refuse_body(lambda b: _by_name(b) and b.get("format") == "parquet"),
        generated=True,
    ),
)

# Parts of a file, drawn at random, show what the parts that are always asked for show.
_RELATED = tuple(
    replace(mutant, also=mutant.also | {"NT-FILE-12", "NT-FILE-15"})
    if mutant.breaks in ("NT-FILE-09", "NT-FILE-10", "NT-FILE-07", "NT-FILE-06")
    else mutant
    for mutant in _FILE
)

MUTANTS: tuple[Mutant, ...] = (*_AUTH, *_ASKED, *_FINISHED, *_REFUSED, *_MISSING, *_RELATED, *_COMMON)
