"""Faults in any answer: how it is written, what it tells, when it comes."""

from __future__ import annotations

import asyncio
import itertools
from codecs import BOM_UTF8
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.common.credentials import CREDENTIALS, credentials
from conformance.selftest.defect import (
    array,
    crash,
    declared,
    every,
    instead,
    late,
    on_reply,
    refuse,
    restatus,
    thing,
    typed,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, NotJson, Reply, Serve, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        crash(lambda a: bool(declared(a)) and "json" not in declared(a).lower()),
        "TYPE-01",
    )
    yield mutant(
        "crash-on-unknown-charset",
        "ANSWER-06",
        "Fails on a charset that it does not know",
        crash(lambda a: "charset=histdata" in declared(a)),
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
