"""What any server may do otherwise."""

from __future__ import annotations

import gzip
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    every,
    forgive_header,
    instead,
    late,
    on_ask,
    on_reply,
    refuse,
    refuse_body,
    restatus,
    text,
    thing,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, NotJson, Reply, Serve, reply
from conformance.selftest.variant import Freedom

if TYPE_CHECKING:
    from collections.abc import Callable


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


def _other_methods(answer: Reply) -> Make:
    return instead(lambda a: a.method != "POST", lambda _: answer)


def _is_hard(ask: Ask) -> bool:
    return any(part in ask.body for part in (b"[" * 100, b'{"a":' * 100, b"9" * 1000))


def _wrong_type(ask: Ask) -> bool:
    value = ask.header("content-type")
    return value is not None and "json" not in value.lower()


def _extra(document: Any) -> Any:
    return document | {"histdata": {"took": 3}, "links": []} if isinstance(document, dict) else document


def _reversed(document: Any) -> bytes:
    return json.dumps(dict(reversed(document.items())) if isinstance(document, dict) else document).encode()


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


FREEDOMS: tuple[Freedom, ...] = (
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
