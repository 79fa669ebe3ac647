"""The collector is named in the query and again in the body (L15)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.answer import Kind
from conformance.bench import Unusable
from conformance.check import Observation, check, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench

_UNKNOWN = "histdata-no-such-collector"


@check("liverig.pair.disagreement", requests=2, accepted=2)
def disagreement(bench: Bench) -> Iterator[Observation]:
    """Name an unknown collector on one side only: the side that leads to a rejection is what counts."""
    twin = bench.accepted_twin("dateTimeLog")
    in_query = bench.send(
        "query unknown, body right",
        replace(twin.call, query=tuple((name, _UNKNOWN) for name, _ in twin.call.query)),
        twin=twin,
        difference=f"the query's collector set to {_UNKNOWN}",
    )
    in_body = bench.send(
        "query right, body unknown",
        replace(twin.call, body=twin.call.body | {name: _UNKNOWN for name, _ in twin.call.query}),
        twin=twin,
        difference=f"the body's collector set to {_UNKNOWN}",
    )
    taken = (in_query.answer.kind is Kind.ACCEPTED, in_body.answer.kind is Kind.ACCEPTED)
    yield seen(
        {
            (True, True): "either side may name an unknown collector, and the request is accepted",
            (True, False): "the body counts",
            (False, True): "the query counts",
            (False, False): "a mismatch is rejected, or both sides are checked",
        }[taken]
    )


@check("liverig.pair.order", requests=1, accepted=1)
def order(bench: Bench) -> Iterator[Observation]:
    """A query is a set of names and values; nothing gives its order a meaning."""
    twin = bench.accepted_twin("dateTimeLog")
    call = replace(twin.call, query=twin.call.query[::-1])
    difference = "the query parameters stand in the other order"
    yield bench.acceptance(bench.send("the query in the other order", call, twin=twin, difference=difference))


@check("liverig.pair.encoded", requests=1, accepted=1)
def encoded(bench: Bench) -> Iterator[Observation]:
    """A letter that is percent-encoded is that letter (RFC 3986, 2.3)."""
    twin = bench.accepted_twin("dateTimeLog")
    call = replace(twin.call, query=tuple((name, _coded(value)) for name, value in twin.call.query))
    if call == twin.call:
        raise Unusable("neither qualifier nor instance begins with a letter or a digit")
    # A client would decode the letter; so it writes the per cent sign encoded, and that is put right.
    line, rest = bench.wire(call).split(b"\r\n", 1)
    words = "the query's first letters percent-encoded"
    payload = line.replace(b"=%25", b"=%") + b"\r\n" + rest
    yield bench.acceptance(bench.send_written(words, call, payload, difference=words, twin=twin))


@check("liverig.pair.odd_end", requests=1, accepted=1)
def odd_end(bench: Bench) -> Iterator[Observation]:
    """An ampersand with nothing behind it, as careless clients leave it."""
    twin = bench.accepted_twin("dateTimeLog")
    line, rest = bench.wire(twin.call).split(b"\r\n", 1)
    words = "an ampersand at the end of the query"
    payload = line.replace(b" HTTP/", b"& HTTP/") + b"\r\n" + rest
    call = replace(twin.call, query=(*twin.call.query, ("", "")))
    sent = bench.send_written(words, call, payload, difference=words, twin=twin)
    yield seen(f"{words}: {sent.answer.outcome}")


def _coded(value: str) -> str:
    return f"%{ord(value[0]):02X}{value[1:]}" if re.match("[A-Za-z0-9]", value) else value
