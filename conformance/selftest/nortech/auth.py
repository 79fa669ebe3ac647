"""Faults in who is let in."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import (
    Missing,
    crash,
    forgive_header,
    instead,
    missing,
    on_ask,
    on_reply,
    text,
)
from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


_TOKEN = "Bearer histdata-demo-token"
_WRONG = re.compile(r"Bearer (?!histdata-demo-token$)\S+")


def _wrong_token(value: Any) -> bool:
    return text(value) and _WRONG.fullmatch(value) is not None


def _wrong_for_json(ask: Ask) -> bool:
    body = ask.document
    as_json = isinstance(body, dict) and body.get("format") == "json"
    return as_json and _wrong_token(ask.header("authorization"))


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


MUTANTS: tuple[Mutant, ...] = (
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
        also=frozenset({"NT-ANSWER-09", "NT-AUTH-04", "NT-ERROR-01", "NT-ERROR-06"}),
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
        "token-unchecked-for-json",
        "NT-AUTH-02",
        "Takes any token for a file in JSON",
        on_ask(lambda a: a.with_header("authorization", _TOKEN) if _wrong_for_json(a) else a),
        also=_NEAR_TOKENS,
    ),
    Mutant(
        "token-last-unchecked",
        "NT-AUTH-07",
        "Does not look at the last character of a token",
        forgive_header(
            "authorization", lambda v: text(v) and len(v) == len(_TOKEN) and v[:-1] == _TOKEN[:-1], _TOKEN
        ),
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
