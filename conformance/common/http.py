"""HTTP and JSON as such: methods, malformed and hard bodies, chunked ones."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.bench import Unusable
from conformance.call import Absent, Call
from conformance.catalogue import Expectation
from conformance.check import Observation, check, kept, seen, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent

_METHODS = ("GET", "PUT", "DELETE", "PATCH", "TRACE")
# What goes without a body.
_BARE = ("GET", "TRACE")
# What a server or a gateway answers by itself, in whatever way, as long as it does not fall over.
_SAFE_METHODS = ("HEAD", "OPTIONS")

# More than what most servers take at once, so that refusing it is tried, too.
_BIG = 8_500_000
# For a level, so that a body becomes some kB long, as one with a few dozen logs or signals is.
_INDENT = 400


def _first(bench: Bench) -> Sent:
    return bench.accepted_twin(next(iter(bench.contract.examples)))


def _accepted(bench: Bench) -> list[Sent]:
    """All examples that the target has accepted, the first among them."""
    accepted = [_first(bench)]
    for name in bench.contract.examples:
        with suppress(Unusable):
            accepted.append(bench.accepted_twin(name))
    return accepted


def _reversed(value: Any) -> Any:
    """JSON with the members of each object in the other order."""
    if isinstance(value, Mapping):
        return {name: _reversed(member) for name, member in reversed(list(value.items()))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def _other_methods(bench: Bench) -> Iterator[Sent]:
    twin = _first(bench)
    for method in _METHODS:
        body = Absent.BODY if method in _BARE else twin.call.body
        yield bench.once(
            f"{method} in place of POST",
            replace(twin.call, method=method, body=body),
            twin=twin,
            difference=f"the method is {method}",
        )


_HALF_A_PAIR = b'"\\ud800 \\u0000"'
# As a member or the first item, in JSON as it is written here.
_TEXT = re.compile(rb'(?<=: )"[^"\\]*"(?=[,}])')
_INTEGER = re.compile(rb"(?:(?<=: )|(?<=\[))-?\d+(?=[,\]}])")


@check("common.http.other_methods", requests=len(_METHODS) + len(_SAFE_METHODS))
def other_methods(bench: Bench) -> Iterator[Observation]:
    """Only POST is documented; 404, 405 and 501 are all taken as answers to another method."""
    twin = _first(bench)
    for method in _SAFE_METHODS:
        sent = bench.send(
            f"{method} in place of POST",
            replace(twin.call, method=method, body=Absent.BODY),
            twin=twin,
            difference=f"the method is {method}, and there is no body",
        )
        fine = sent.answer.status < 500 or sent.answer.status == 501
        yield bench.expect(sent, fine, "a status below 500, or 501")
    for sent in _other_methods(bench):
        refused = 400 <= sent.answer.status < 500 or sent.answer.status == 501
        if sent.call.method == "TRACE" and sent.answer.media_type == "message/http":
            refused = True  # RFC 9110: the request comes back as it was received
        yield bench.expect(sent, refused, "a status from 400 to 499, or 501")


@check("common.http.allow", requests=0)
def allow(bench: Bench) -> Iterator[Observation]:
    """A 405 says what is allowed."""
    answered = False
    for sent in _other_methods(bench):
        if sent.answer.status == 405:
            answered = True
            methods = {m.strip().upper() for m in (sent.answer.exchange.header("Allow") or "").split(",")}
            yield bench.expect(sent, "POST" in methods, "an `Allow` header that names POST")
    if not answered:
        yield kept()  # no 405 was given, so none lacks its Allow


def _rejects(bench: Bench, texts: dict[str, bytes]) -> Iterator[Observation]:
    twin = _first(bench)
    for difference, text in texts.items():
        sent = bench.send(
            difference, replace(twin.call, body=text), twin=twin, difference=difference, place="body"
        )
        yield bench.expect(sent, *_refusal(bench, sent))


def _refusal(bench: Bench, sent: Sent) -> tuple[bool, str]:
    """Whether a body was rejected, as a parser may in its own way, and how it should have been.

    That is not for the credentials that the twin was accepted with.
    """
    met = bench.target.meets(Expectation.REJECTED, sent.answer) or (
        bench.target.meets(Expectation.REFUSED, sent.answer) and sent.answer.kind is not Kind.UNAUTHORIZED
    )
    return met, bench.target.wording(Expectation.REJECTED)


@check("common.http.malformed_json", requests=7)
def malformed_json(bench: Bench) -> Iterator[Observation]:
    """Each body is the accepted one, written in a way that is not JSON."""
    proper = _content(_first(bench).call)
    yield from _rejects(
        bench,
        {
            "the body is cut off before its last brace": proper[:-1],
            "the body is followed by other text": proper + b" and more",
            "the body has single quotes": proper.replace(b'"', b"'"),
            "the body has a trailing comma": proper[:-1] + b",}",
            "the body has a comment": b"/* histdata */" + proper,
            "the body is empty text in quotes that never end": b'"',
        },
    )
    twin = _first(bench)
    call = replace(twin.call, body=Absent.BODY)
    words = "there is no body, and no Content-Length"
    payload = re.sub(rb"(?i)content-length: *0\r\n", b"", bench.wire(call))
    sent = bench.send_written(words, call, payload, difference=words, twin=twin)
    yield bench.expect(sent, *_refusal(bench, sent))


@check("common.http.invalid_utf8", requests=2)
def invalid_utf8(bench: Bench) -> Iterator[Observation]:
    """JSON on the wire is UTF-8 (RFC 8259)."""
    proper = _content(_first(bench).call)
    yield from _rejects(
        bench,
        {
            "the body has a byte that is no UTF-8, in an extra member": proper[:-1]
            + b', "histdata": "\xff"}',
            "the body has half a UTF-8 sequence, in an extra member": proper[:-1] + b', "histdata": "\xc3"}',
        },
    )


@check("common.http.not_a_number", requests=2)
def not_a_number(bench: Bench) -> Iterator[Observation]:
    """JSON has no NaN and no infinity (RFC 8259)."""
    proper = _content(_first(bench).call)
    yield from _rejects(
        bench,
        {
            "the body has NaN, in an extra member": proper[:-1] + b', "histdata": NaN}',
            "the body has Infinity, in an extra member": proper[:-1] + b', "histdata": Infinity}',
        },
    )


@check("common.http.duplicate_member", requests=1, accepted=1)
def duplicate_member(bench: Bench) -> Iterator[Observation]:
    """The first member stands there twice, with equal values, so that nothing else is wrong."""
    twin = _first(bench)
    name, value = next(iter(twin.call.body.items()))
    text = _content(twin.call)[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}".encode()
    sent = bench.send("a member twice", replace(twin.call, body=text), twin=twin)
    yield seen(f"a body that names a member twice is {sent.answer.outcome}")


@check("common.http.hard_json", requests=7, accepted=2)
def hard_json(bench: Bench) -> Iterator[Observation]:
    """Hard to parse, harmless to refuse; most of it stands where nothing is accepted, and nothing starts."""
    twin = _first(bench)
    member, proper = next(iter(twin.call.body)), _content(twin.call)
    rest = {name: value for name, value in twin.call.body.items() if name != member}
    for words, value in {
        "2000 arrays in each other": b"[" * 2000 + b"]" * 2000,
        "2000 objects in each other": b'{"a":' * 2000 + b"1" + b"}" * 2000,
        "a text of 8 MB": b'"' + b"a" * _BIG + b'"',
    }.items():
        text = f"{{{json.dumps(member)}: ".encode() + value + b", " + json.dumps(rest).encode()[1:]
        yield _survived(bench, twin, f"/{member} is {words}", text)
    longest = max(_accepted(bench), key=lambda sent: len(_content(sent.call)))
    content = _content(longest.call)
    if (first := _TEXT.search(content)) is not None:
        text = content[: first.start()] + _HALF_A_PAIR + content[first.end() :]
        words = "the first text of the body is half of a surrogate pair and a control character"
        yield _survived(bench, longest, words, text)
    for words, value in {"of 5000 digits": b"9" * 5000, "of 1e400": b"1e400"}.items():
        # Where a number is due, more is done with one than where any is refused.
        text = _INTEGER.sub(value, proper, count=1)
        if text != proper:
            yield _survived(bench, twin, f"the first number of the body is one {words}", text)
    text = proper[:-1] + b', "histdata": ' + _HALF_A_PAIR + b"}"
    yield _survived(bench, twin, "an extra member has half of a surrogate pair and a control character", text)


def _survived(bench: Bench, twin: Sent, difference: str, text: bytes) -> Observation:
    sent = bench.send(difference, replace(twin.call, body=text), twin=twin, difference=difference)
    return bench.expect(sent, sent.answer.kind is not Kind.CRASHED, "a status below 500")


@check("common.http.chunked", requests=1, accepted=1)
def chunked(bench: Bench) -> Iterator[Observation]:
    """HTTP/1.1 leaves it to the client how a body is framed."""
    twin = _first(bench)
    sent = bench.send(
        "the body in two chunks",
        replace(twin.call, chunked=True),
        twin=twin,
        difference="the body is sent in chunks",
    )
    if sent.answer.status == 411:
        yield unknown("the server asks for a Content-Length (411), which HTTP lets it do")
    else:
        yield bench.acceptance(sent)


@check("common.http.spaced", requests=1, accepted=1)
def spaced(bench: Bench) -> Iterator[Observation]:
    """Blanks and line ends between the parts of JSON mean nothing (RFC 8259), nor does the order of members.

    The longest of the accepted bodies has the most of both.
    """
    twin = max(_accepted(bench), key=lambda sent: len(sent.call.content or b""))
    text = json.dumps(_reversed(twin.call.body), indent=_INDENT).encode()
    words = "is written over several lines, with members backwards"
    difference = f"the body {words}, in {len(text) // 1000} kB"
    sent = bench.send(
        "the body with blanks and line ends, and its members backwards",
        replace(twin.call, body=text),
        twin=twin,
        difference=difference,
        place="body",
    )
    yield bench.acceptance(sent)


@check("common.http.cut_off", requests=1)
def cut_off(bench: Bench) -> Iterator[Observation]:
    """The last byte never comes, and the client closes its side; no answer at all is a proper one."""
    twin = _first(bench)
    whole = bench.wire(twin.call)
    difference = "the body is one byte shorter than its Content-Length says, and the connection is closed"
    try:
        sent = bench.send_raw("a body that is cut off", twin, whole[:-1], difference=difference)
    except Unusable:
        yield kept()
        return
    met = sent.answer.kind is not Kind.ACCEPTED
    yield bench.expect(sent, met, "no acceptance of a request that did not come whole")


def _content(call: Call) -> bytes:
    content = call.content
    if content is None:
        raise ValueError("an example always has a body")
    return content
