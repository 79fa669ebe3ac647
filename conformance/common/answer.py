"""What holds for every answer, whatever the request."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.check import Observation, watch
from conformance.credentials import pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent

# Shapes that only a runtime prints. Words alone ("error", "exception") are no sign: a message may use them.
_LEAKS = (
    re.compile(r"Traceback \(most recent call last\)"),
    re.compile(r'File "[^"\n]+", line \d+'),
    re.compile(r"\bat [\w$.<>]+\([\w$]+\.(?:java|kt|scala|groovy):\d+\)"),
    re.compile(r"\bat (?:\S+ )?\(?(?:file://)?/[^\s()]+\.[cm]?[jt]s:\d+:\d+\)?"),
    re.compile(r"\bat [\w.<>`]+\([^)\n]*\) in [^\n]+:line \d+"),
    re.compile(r"goroutine \d+ \[running\]"),
    re.compile(r"(?<![^\s\"'(=])/(?:home|root|usr|opt|var|srv|app|etc|tmp)/[\w.-]+/[\w./-]+\.\w{1,10}\b"),
    # Below these a name needs no ending to be a file's or a folder's: no address of a page begins so.
    re.compile(r"(?<![^\s\"'(=])/(?:var/(?:cache|lib|log|run|spool|www)|usr/(?:lib|local|share))/[\w.=/-]+"),
    re.compile(r"\b[A-Z]:\\\\?(?:[\w .-]+\\\\?)+[\w.-]+\.\w{1,10}\b"),
)

_CONFLICT = 409
# Of less, an answer may well say the same word by chance.
_SHORTEST = 8


@watch("common.answer.no_crash")
def no_crash(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """No request, however malformed, makes the server fail."""
    if sent.answer.status == 501 and sent.call.method != "POST":
        return
    yield bench.expect(sent, sent.answer.kind is not Kind.CRASHED, "a status below 500")


@watch("common.answer.no_leak")
def no_leak(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """No answer shows what the server is made of, or whom it lets in. What the request named is no leak."""
    # JSON writes line ends and quotes in another way, so its strings are looked at as they are meant, too.
    text = "\n".join([sent.answer.exchange.body.decode("utf-8", "replace"), *_strings(sent.answer.document)])
    content = (sent.call.content or b"").decode("utf-8", "replace")
    asked = "\n".join([content, *_strings(sent.call.body), *(value for _, value in sent.call.query)])
    shown = [match.group() for leak in _LEAKS for match in leak.finditer(text) if match.group() not in asked]
    secret = _secret(bench.accepted[0].call.headers) if bench.accepted else ""
    given = f"{asked}\n{_secret(sent.call.headers)}"
    # A word of a language may stand in a message, whatever somebody has chosen for a password.
    told = len(secret) >= _SHORTEST and not secret.isalpha() and secret in text and secret not in given
    expected = "no stack trace, no path of the server's files, and no credentials that the request lacks"
    yield bench.expect(sent, not shown and not told, expected)


def _secret(headers: Mapping[str, str]) -> str:
    """The password, token or session of a request; empty where it has none, or a malformed one."""
    header = headers.get("Authorization", "")
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "basic":
        return (pair(header) or "").partition(":")[2]
    return credentials or headers.get("Cookie", "").partition("=")[2]


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for name, value in document.items():
            yield str(name)
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


@watch("common.answer.in_time")
def in_time(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """Every answer comes within the bound of the profile."""
    in_time = sent.answer.exchange.seconds <= bench.in_time
    if in_time:
        yield bench.expect(sent, True, "")
    else:
        yield bench.finding(sent, f"an answer within {bench.in_time:g} seconds", "it took longer")


@watch("common.answer.whole")
def whole(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """Every answer ends where its head says it does, and the head says one thing only (RFC 9112, 6)."""
    exchange = sent.answer.exchange
    named = [(name.lower(), value.strip().lower()) for name, value in exchange.headers]
    types = {value for name, value in named if name == "content-type"}
    framings = {name for name, _ in named if name in ("content-length", "transfer-encoding")}
    problem = exchange.damage
    if len(types) > 1:
        problem = f"it has several content types: {', '.join(sorted(types))}"
    elif len(framings) > 1:
        problem = "it has both a Content-Length and a Transfer-Encoding"
    elif problem is None and sent.answer.media_type == "application/json":
        problem = _broken_off(exchange.body)
    if problem is None:
        yield bench.expect(sent, True, "")
    else:
        yield bench.finding(sent, "a whole answer, and a head that does not contradict itself", problem)


def _broken_off(body: bytes) -> str | None:
    """What is wrong with an array or object that ends too early or has more around it; None for nothing."""
    text = body.decode("utf-8-sig", "replace").strip()
    if text[:1] not in ("{", "["):
        return None
    if body.startswith(BOM_UTF8):
        return "it is JSON behind a byte order mark, which many readers do not take (RFC 8259, 8.1)"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated"):
            return "it is JSON that ends in the middle"
        return "it is JSON with more behind it" if error.msg.startswith("Extra data") else None
    except (ValueError, RecursionError):
        pass
    return None


@watch("common.answer.steady")
def steady(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """A request that was sent before is answered as before: a fault that shows only sometimes shows here."""
    if sent.answer.exchange.damage is not None:
        return  # it is not known what it was
    call = sent.call
    key = repr((call.method, call.query, sorted(call.headers.items()), call.content, call.chunked))
    earlier = bench.shelf("answered").setdefault(key, sent)
    if earlier is not sent and sent.answer.status != _CONFLICT:
        # A conflict with the job that the same request started is an answer that it explains.
        same = sent.answer.kind is earlier.answer.kind
        yield bench.expect(
            sent, same, f"what the same request was answered before: {bench.text(earlier.answer)}"
        )
