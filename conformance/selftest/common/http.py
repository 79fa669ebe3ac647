"""Faults in HTTP and in reading JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    crash,
    declared,
    forgive_header,
    has_method,
    instead,
    on_ask,
    on_reply,
    refuse,
    text,
)
from conformance.selftest.gateway import Ask, Make, NotJson, Reply, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ODD_NUMBER = re.compile(rb"\b(NaN|-?Infinity)\b")


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
        refuse(lambda a: not declared(a).split(";")[0].islower() and declared(a) != ""),
    )
    yield mutant(
        "content-type-charset",
        "TYPE-03",
        "Refuses a content type with a charset",
        refuse(lambda a: ";" in declared(a)),
    )
    yield mutant(
        "content-type-charset-space",
        "TYPE-03",
        "Refuses a content type with a blank before charset",
        refuse(lambda a: "; " in declared(a)),
    )
    yield mutant(
        "content-type-charset-close",
        "TYPE-03",
        "Refuses a content type without a blank before charset",
        refuse(lambda a: ";charset" in declared(a)),
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
