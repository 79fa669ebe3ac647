"""Faults that a server of any vendor may have: in HTTP, in JSON itself, and in any answer."""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
from codecs import BOM_UTF8
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    array,
    crash,
    every,
    forgive_header,
    has_method,
    instead,
    late,
    on_ask,
    on_reply,
    refuse,
    restatus,
    text,
    thing,
    typed,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, NotJson, Reply, Serve, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER, PASSWORD, TOKEN = "rig-operator", "Correct-Horse-Battery", "histdata-demo-token"
CREDENTIALS = (TOKEN, f"{USER}:{PASSWORD}")
"""What the self-test's profiles name; of the vendors, the mock itself asks for the token only."""
_ODD_NUMBER = re.compile(rb"\b(NaN|-?Infinity)\b")
_TRACES = {
    "python": 'Traceback (most recent call last):\n  File "/srv/api/sync.py", line 12, in post\nKeyError: 1',
    "python-frame": 'in File "/srv/api/sync.py", line 12',
    "java": "java.lang.NullPointerException\n\tat com.example.Sync.post(Sync.java:118)",
    "kotlin": "at com.example.SyncKt.post$default(Sync.kt:18)",
    "go": "panic: nil map\n\ngoroutine 17 [running]:\nmain.sync(0x0)",
    "dotnet": "System.NullReferenceException\n   at Vendor.Sync.Post(Request) in C:\\build\\Sync.cs:line 31",
    "node": "TypeError: x is undefined\n    at sync (/home/node/api/index.js:10:3)",
    "path": "cannot read /var/lib/vendor/sources.json",
    "data-path": "no partition under /var/lib/vendor/parquet/signal=7/year=1998",
    "windows-path": "cannot read C:\\inetpub\\vendor\\sources.json",
}


def credentials(ask: Ask) -> str:
    """The token, or the user and password, that a request has; what cannot be read is none."""
    scheme, _, coded = (ask.header("authorization") or "").partition(" ")
    try:
        return base64.b64decode(coded, validate=True).decode() if scheme.lower() == "basic" else coded
    except ValueError:
        return ""


def http(prefix: str, proper: Callable[[Ask], Any]) -> Iterator[Mutant]:
    """Faults in HTTP and JSON. *proper* gives the body that a broken one was most likely made of."""

    def repaired(when: Callable[[bytes], bool]) -> Make:
        return on_ask(
            lambda ask: ask.with_document(proper(ask)) if _is_broken(ask) and when(ask.body) else ask
        )

    def mutant(name: str, rule: str, does: str, make: Make, *also: str) -> Mutant:
        return Mutant(name, f"{prefix}-{rule}", does, make, frozenset(f"{prefix}-{other}" for other in also))

    yield mutant(
        "content-type-case",
        "TYPE-03",
        "Takes the content type in lower case only",
        refuse(lambda a: _type(a) != _type(a).lower() and ";" not in _type(a)),
    )
    yield mutant(
        "content-type-charset",
        "TYPE-03",
        "Refuses a content type with a charset",
        refuse(lambda a: ";" in _type(a)),
    )
    yield mutant(
        "content-type-charset-space",
        "TYPE-03",
        "Refuses a content type with a blank before charset",
        refuse(lambda a: "; " in _type(a)),
    )
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE"):
        yield mutant(
            f"{method.lower()}-answered",
            "HTTP-01",
            f"Answers {method} with 200",
            instead(has_method(method), lambda _: reply(200, {})),
        )
    yield mutant(
        "put-like-post",
        "HTTP-01",
        "Takes PUT like POST",
        on_ask(lambda a: replace(a, method="POST") if a.method == "PUT" else a),
    )
    yield mutant(
        "get-redirects",
        "HTTP-01",
        "Sends GET to another page",
        instead(lambda a: a.method == "GET", lambda _: Reply(302, (("location", "/docs"),), b"")),
    )
    yield mutant(
        "delete-without-answer",
        "HTTP-01",
        "Answers DELETE with 204",
        instead(lambda a: a.method == "DELETE", lambda _: Reply(204, (), b"")),
    )
    yield mutant(
        "get-crashes", "HTTP-01", "Answers GET with 500", crash(lambda a: a.method == "GET"), "ANSWER-06"
    )
    yield mutant(
        "no-allow",
        "HTTP-02",
        "Answers 405 without Allow",
        on_reply(lambda _, r: r.with_header("allow", None) if r.status == 405 else r),
    )
    yield mutant(
        "wrong-allow",
        "HTTP-02",
        "Answers 405 with an Allow that does not name POST",
        on_reply(lambda _, r: r.with_header("allow", "GET, HEAD") if r.status == 405 else r),
    )
    yield mutant("malformed-json", "HTTP-03", "Takes whatever is no JSON", repaired(lambda _: True))
    yield mutant(
        "trailing-text",
        "HTTP-03",
        "Does not look behind the last brace",
        repaired(lambda b: b.rstrip()[-1:].isalpha()),
    )
    yield mutant(
        "trailing-comma",
        "HTTP-03",
        "Takes a trailing comma",
        repaired(lambda b: re.search(rb",\s*}\s*$", b) is not None),
    )
    yield mutant("single-quotes", "HTTP-03", "Takes single quotes", repaired(lambda b: b[:2] == b"{'"))
    yield mutant(
        "cut-off",
        "HTTP-03",
        "Takes a body that lacks its last brace",
        repaired(lambda b: b[:1] == b"{" and b.count(b"{") > b.count(b"}")),
    )
    yield mutant("invalid-utf8", "HTTP-04", "Takes bytes that are no UTF-8", on_ask(_as_utf8))
    yield mutant(
        "invalid-utf8-crashes",
        "HTTP-04",
        "Fails on bytes that are no UTF-8",
        crash(lambda a: not _utf8(a.body)),
        "ANSWER-06",
    )
    yield mutant(
        "nan",
        "HTTP-05",
        "Takes NaN and Infinity",
        on_ask(lambda a: a.with_body(_ODD_NUMBER.sub(b"0", a.body)) if _ODD_NUMBER.search(a.body) else a),
        "DEPTH-05",
    )
    yield mutant(
        "infinity",
        "HTTP-05",
        "Takes Infinity",
        on_ask(lambda a: a.with_body(a.body.replace(b"Infinity", b"0")) if b"Infinity" in a.body else a),
    )
    yield mutant(
        "deep-json-crashes",
        "HTTP-07",
        "Fails on deeply nested JSON",
        crash(lambda a: a.body.count(b"[") + a.body.count(b"{") > 1000),
        "ANSWER-06",
    )
    yield mutant(
        "deep-objects-crash",
        "HTTP-07",
        "Fails on objects in each other",
        crash(lambda a: a.body.count(b"{") > 1000),
        "ANSWER-06",
    )
    yield mutant(
        "long-number-crashes",
        "HTTP-07",
        "Fails on a number of 5000 digits",
        crash(lambda a: b"9" * 4000 in a.body),
        "ANSWER-06",
    )
    yield mutant(
        "endless-number-crashes",
        "HTTP-07",
        "Fails on a number beyond what a float can be",
        crash(lambda a: b"1e400" in a.body),
        "ANSWER-06",
    )
    yield mutant(
        "big-body-crashes",
        "HTTP-07",
        "Fails on a body of more than a megabyte",
        crash(lambda a: len(a.body) > 1_000_000),
        "ANSWER-06",
    )
    yield mutant(
        "huge-body-crashes",
        "HTTP-07",
        "Fails on a body of more than eight megabytes",
        crash(lambda a: len(a.body) > 8_000_000),
        "ANSWER-06",
    )
    yield mutant(
        "surrogate-crashes",
        "HTTP-07",
        "Fails on half of a surrogate pair",
        crash(lambda a: b"\\ud800" in a.body),
        "ANSWER-06",
    )
    yield mutant(
        "control-character-crashes",
        "HTTP-07",
        "Fails on a control character",
        crash(lambda a: b"\\u0000" in a.body),
        "ANSWER-06",
    )
    yield mutant(
        "chunked-refused",
        "HTTP-08",
        "Takes a chunked body for none",
        on_ask(lambda a: a if a.header("transfer-encoding") is None else a.with_body(b"")),
    )
    yield mutant(
        "body-of-some-kb-refused",
        "HTTP-10",
        "Refuses bodies of more than 4 kB",
        refuse(lambda a: len(a.body) > 4096),
    )
    yield mutant(
        "no-length-500",
        "HTTP-03",
        "Fails over a request without a body and its length",
        crash(lambda a: not a.body and a.method == "POST" and a.header("content-length") is None),
        "ANSWER-06",
        "ANSWER-09",
    )
    yield mutant(
        "chunked-cut",
        "HTTP-08",
        "Reads the first half of a chunked body",
        on_ask(lambda a: a.with_body(a.body[: len(a.body) // 2]) if a.header("transfer-encoding") else a),
    )


def answers(prefix: str, say: Callable[[Any, str], Any], unknown: bytes) -> Iterator[Mutant]:
    """Faults of any answer. *say* puts words into a 400; *unknown* is in a request for what is not known."""

    def mutant(name: str, rule: str, does: str, make: Make, *also: str) -> Mutant:
        return Mutant(name, f"{prefix}-{rule}", does, make, frozenset(f"{prefix}-{other}" for other in also))

    def saying(words: str) -> Make:
        return on_reply(lambda _, r: r.with_document(say(r.document, words)) if r.status == 400 else r)

    for code in (201, 202, 203):
        yield mutant(
            f"status-{code}",
            "ANSWER-01",
            f"Accepts with {code}",
            restatus(200, code),
        )
    yield mutant(
        "status-201-at-times",
        "ANSWER-01",
        "Accepts every second time with 201",
        _second(200, lambda r: replace(r, status=201)),
        "HTTP-0*",
        "ANSWER-09",
    )
    types = {
        "text": "text/plain",
        "html": "text/html; charset=utf-8",
        "octets": "application/octet-stream",
        "none": None,
    }
    for name, value in types.items():
        yield mutant(
            f"type-{name}",
            "ANSWER-02",
            f"Accepts with the content type {value}",
            typed(value),
        )
    yield mutant(
        "requests-mixed-up", "ANSWER-09", "Keeps the body of a request where all find it", _mixed_up, "*"
    )
    for name, words in _TRACES.items():
        yield mutant(
            f"leaks-{name}", "ANSWER-07", f"Shows in each refusal: {words.splitlines()[0]}", saying(words)
        )
    yield mutant(
        "tells-the-credentials",
        "ANSWER-07",
        "Says which credentials it expected",
        instead(
            lambda a: credentials(a) not in CREDENTIALS,
            lambda _: reply(401, {"message": f"Expected one of {CREDENTIALS}"}, www_authenticate="Bearer"),
        ),
        "AUTH-*",
    )
    yield mutant(
        "leaks-on-broken-json",
        "ANSWER-07",
        "Shows a stack trace where the body is no JSON",
        on_reply(
            lambda a, r: (
                r.with_document(say(r.document, _TRACES["java"]))
                if r.status == 400 and a.document is NotJson.BODY and a.body
                else r
            )
        ),
    )
    yield mutant(
        "leaks-in-html",
        "ANSWER-07",
        "Shows a stack trace on a page for another method",
        instead(
            lambda a: a.method == "PUT",
            lambda _: Reply(
                405,
                (("content-type", "text/html"), ("allow", "POST")),
                b"<h1>405</h1><pre>" + _TRACES["java"].encode() + b"</pre>",
            ),
        ),
    )
    yield mutant(
        "crash-on-no-json",
        "ANSWER-06",
        "Fails on a body that is no JSON",
        crash(lambda a: a.method == "POST" and a.document is NotJson.BODY and bool(a.body)),
        "HTTP-03",
        "HTTP-04",
        "HTTP-05",
        "HTTP-07",
    )
    yield mutant(
        "crash-on-array",
        "ANSWER-06",
        "Fails on an array for a body",
        crash(lambda a: array(a.document)),
        "BODY-01",
        "BODY-08",
        "BODY-14",
        "ERROR-0*",
    )
    yield mutant(
        "crash-on-null",
        "ANSWER-06",
        "Fails on null for a body",
        crash(lambda a: a.document is None),
        "BODY-01",
        "BODY-08",
        "BODY-14",
        "ERROR-0*",
    )
    yield mutant(
        "crash-on-no-body",
        "ANSWER-06",
        "Fails without a body",
        crash(lambda a: a.method == "POST" and not a.body),
        "BODY-02",
        "BODY-09",
        "HTTP-*",
    )
    yield mutant(
        "crash-on-unknown-member",
        "ANSWER-06",
        "Fails on a member that it does not know",
        crash(lambda a: thing(a.document) and "histdata-unknown" in a.document),
    )
    yield mutant(
        "crash-on-unknown-type",
        "ANSWER-06",
        "Fails on another content type",
        crash(lambda a: bool(_type(a)) and "json" not in _type(a).lower()),
        "TYPE-01",
    )
    yield mutant(
        "crash-on-unknown-charset",
        "ANSWER-06",
        "Fails on a charset that it does not know",
        crash(lambda a: "charset=histdata" in _type(a)),
    )
    yield mutant(
        "crash-on-head",
        "ANSWER-06",
        "Fails on a query parameter that it does not know",
        crash(lambda a: any(name == "histdata-unknown" for name, _ in a.query)),
    )
    yield mutant(
        "crash-on-unknown",
        "ANSWER-06",
        "Fails on what it does not know",
        crash(lambda a: unknown in a.body),
        "MISSING-0*",
        "WELLS-16",
    )
    yield mutant(
        "crash-now-and-then",
        "ANSWER-06",
        "Fails on every thirteenth refusal",
        _nth(400, 13, lambda _: reply(500, {"message": "try again"})),
        "*",
    )
    yield mutant(
        "busy-for-nothing",
        "ANSWER-06",
        "Answers every seventeenth refusal with 503 and no Retry-After",
        _nth(400, 17, lambda _: reply(503, {"message": "try again"})),
        "*",
    )
    yield mutant(
        "accepts-once",
        "ANSWER-09",
        "Refuses a request that is equal to an accepted one",
        _once(),
        "TYPE-03",
        "HTTP-08",
        "QUERY-10",
        "QUERY-09",
        "AUTH-0*",
    )
    yield mutant(
        "refuses-now-and-then",
        "ANSWER-09",
        "Refuses every fifth request",
        every(5, refuse(lambda a: a.method == "POST")),
        "*",
    )
    for way, chunked in (("length", False), ("chunks", True)):
        for status in (200, 400):
            yield mutant(
                f"{way}-cut-{status}",
                "ANSWER-10",
                f"Closes the connection in the middle of each {status}, framed by {way}",
                _cut(chunked, status),
            )
    yield mutant(
        "cut-at-times",
        "ANSWER-10",
        "Closes the connection in the middle of every seventh answer",
        every(7, on_reply(lambda _, r: replace(r, cut=True))),
    )
    yield mutant(
        "length-too-short",
        "ANSWER-10",
        "Counts a letter too few, so that the last brace of each refusal is lost",
        on_reply(lambda _, r: replace(r, body=r.body[:-1]) if r.status == 400 else r),
        "ERROR-0*",
    )
    yield mutant(
        "byte-order-mark",
        "ANSWER-10",
        "Puts a byte order mark before its JSON",
        on_reply(lambda _, r: replace(r, body=BOM_UTF8 + r.body)),
    )
    yield mutant(
        "two-types",
        "ANSWER-10",
        "Names a second content type beside the first",
        on_reply(lambda _, r: replace(r, headers=(*r.headers, ("content-type", "text/html")))),
    )
    yield mutant(
        "two-framings",
        "ANSWER-10",
        "Sends chunks, and a Content-Length as well",
        on_reply(lambda _, r: r.with_header("transfer-encoding", "chunked")),
    )
    yield mutant(
        "slow",
        "ANSWER-08",
        "Takes 15 seconds for what it accepts",
        late(15, lambda r: r.status == 200),
    )
    yield mutant(
        "slow-refusal",
        "ANSWER-08",
        "Takes 12 seconds for some requests",
        every(9, late(12, lambda _: True)),
    )


def _cut(chunked: bool, status: int) -> Make:
    return on_reply(lambda _, r: replace(r, chunked=chunked, cut=True) if r.status == status else r)


def _once() -> Make:
    """Refuse a request that is equal to one that was accepted before."""

    def fresh() -> Behaviour:
        accepted: set[bytes] = set()

        async def behave(ask: Ask, serve: Serve) -> Reply:
            if not ask.is_file and ask.method == "POST" and ask.body in accepted:
                return await serve(ask.with_document([]))
            answer = await serve(ask)
            if answer.status == 200:
                accepted.add(ask.body)
            return answer

        return behave

    return fresh


def reused(
    member: str, choose: Callable[[int, Ask, list[Any]], Any], *, by: Callable[[Ask], str] | None = None
) -> Make:
    """Put another id into accepted answers.

    *choose* gives it from the number of the accepted request, the request, and the ids given before; None
    leaves the server's own. With *by*, requests with an equal key get an equal id.
    """

    def fresh() -> Behaviour:
        given: list[Any] = []
        keys: dict[str, Any] = {}

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if (
                ask.is_file
                or answer.status != 200
                or not isinstance(document, dict)
                or member not in document
            ):
                return answer
            own = document[member]
            chosen = keys.setdefault(by(ask), own) if by else choose(len(given) + 1, ask, given)
            given.append(own if chosen is None else chosen)
            return answer.with_document(document | {member: given[-1]})

        return behave

    return fresh


def shared(member: str) -> Make:
    """Give requests that are under way together the id of the first of them."""

    def fresh() -> Behaviour:
        under_way: list[Any] = []

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if ask.is_file or answer.status != 200 or not isinstance(document, dict):
                return answer
            under_way.append(document.get(member))
            await asyncio.sleep(0.01)
            first = under_way[0]
            if under_way[-1] == document.get(member):
                under_way.clear()
            return answer.with_document(document | {member: first}) if member in document else answer

        return behave

    return fresh


def _mixed_up() -> Behaviour:
    """Judge and carry out requests that are under way together as the last of them asks."""
    latest: dict[str, Ask] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        if ask.is_file or ask.method != "POST":
            return await serve(ask)
        latest["body"] = ask
        await asyncio.sleep(0.02)
        return await serve(ask if latest["body"] is ask else ask.with_body(latest["body"].body))

    return behave


def _nth(status: int, period: int, change: Callable[[Reply], Reply]) -> Make:
    """Change every so-many-th answer with this status."""

    def fresh() -> Behaviour:
        counted = itertools.count(1)

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            due = not ask.is_file and answer.status == status and next(counted) % period == 0
            return change(answer) if due else answer

        return behave

    return fresh


def _second(status: int, change: Callable[[Reply], Reply]) -> Make:
    return _nth(status, 2, change)


def _type(ask: Ask) -> str:
    return (ask.header("content-type") or "").strip()


def _is_broken(ask: Ask) -> bool:
    """Whether the body is no JSON for no other reason than its writing."""
    hard = b'{"a":{"a":' in ask.body or b"[[[[" in ask.body or b"9" * 100 in ask.body
    return (
        ask.method == "POST"
        and bool(ask.body)
        and ask.document is NotJson.BODY
        and _utf8(ask.body)
        and not hard
    )


def _utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(ask: Ask) -> Ask:
    return ask if _utf8(ask.body) else ask.with_body(ask.body.decode("latin-1").encode("utf-8"))


def content_types(prefix: str) -> Iterator[Mutant]:
    """Wrong content types of requests that are taken."""
    words = {
        "any": lambda v: text(v) and "json" not in v.lower(),
        "form": lambda v: text(v) and "form" in v,
        "xml": lambda v: text(v) and "xml" in v,
        "text": lambda v: text(v) and v.startswith("text/"),
    }
    for name, when in words.items():
        yield Mutant(
            f"content-type-{name}-taken",
            f"{prefix}-TYPE-01",
            f"Takes JSON that is declared otherwise: {name}",
            forgive_header("content-type", when, "application/json"),
        )
