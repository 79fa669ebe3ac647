"""The bearer token (N1), beyond what the catalogue's table changes."""

from __future__ import annotations

import itertools
import string
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.bench import Bench, Sent, Unusable
from conformance.catalogue import Expectation
from conformance.check import Observation, check, seen, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


# Of less, a part says little, and would be taken for a part of other words.
_SHORTEST = 8


# The first 32 digits of Base64.
_FIRST_HALF = string.ascii_uppercase + "abcdef"


@check("nortech.auth.scheme_case", requests=2, accepted=2)
def scheme_case(bench: Bench) -> Iterator[Observation]:
    """The name of an authentication scheme has no letter case (RFC 9110)."""
    twin = bench.accepted_twin("byId")
    token = twin.call.headers["Authorization"].removeprefix("Bearer ")
    for scheme in ("bearer", "BEARER"):
        call = replace(twin.call, headers={**twin.call.headers, "Authorization": f"{scheme} {token}"})
        sent = bench.send(f"scheme {scheme}", call, twin=twin, difference=f"the scheme is written {scheme}")
        yield bench.acceptance(sent)


@check("nortech.auth.near_token", requests=8)
def near_token(bench: Bench) -> Iterator[Observation]:
    """A part of a token, a token in the other letter case, or one with other letters, is another token.

    What is put in place of its end is another signature, or a last character whose first bit is another: a
    lax reading of Base64 does not look at the last bits.
    """
    twin = bench.accepted_twin("byId")
    token = twin.call.headers["Authorization"].removeprefix("Bearer ")
    head, dot, _ = token.rpartition(".")
    kept = len(head + dot) if dot else len(token) - 1
    end = "x" * (len(token) - kept) if dot else "9" if token[-1:] in _FIRST_HALF else "A"
    near = {
        "the token cut to three quarters": token[: len(token) * 3 // 4],
        "the token without its last character": token[:-1],
        "the token with another end": token[:kept] + end,
        "the token in the other case": token.swapcase(),
        "the token with a letter behind it": f"{token}x",
        "the token with a letter before and behind it": f"x{token}x",
        "the token with a word behind it": f"{token} x",
        "the token with a letter beyond ASCII behind it": f"{token}é",
    }
    for length in (len(token) * 3 // 4, len(token) - 1, kept):
        bench.transport.redaction.derive(token, token[:length], f"cut -c 1-{length}")
    bench.transport.redaction.derive(token, token.swapcase(), "tr a-zA-Z A-Za-z")
    # No request is let in for what it asks, so each is made of another.
    twins = itertools.cycle([twin, *_others(bench)])
    for words, other in near.items():
        if other == token or len(token) < _SHORTEST or token.endswith("="):
            continue
        twin = next(twins)
        call = replace(twin.call, headers={**twin.call.headers, "Authorization": f"Bearer {other}"})
        sent = bench.send(words, call, twin=twin, difference=words, place="header")
        # Two words, or such a letter, are no token at all; a malformed header may be called just that.
        malformed = " " in other or not other.isascii()
        expect = Expectation.REFUSED if malformed else Expectation.UNAUTHORIZED
        met = bench.target.meets(expect, sent.answer)
        yield bench.expect(sent, met, bench.target.wording(expect))


def _others(bench: Bench) -> Iterator[Sent]:
    """By name as CSV, and by id as JSON, where the target takes these examples."""
    for name in ("renamed", "asJson"):
        with suppress(Unusable):
            yield bench.accepted_twin(name)


@check("nortech.auth.other_scheme", requests=2)
def other_scheme(bench: Bench) -> Iterator[Observation]:
    """A token is worth what its scheme makes of it (RFC 9110), and Bearer is the one that is documented."""
    twin = bench.accepted_twin("byId")
    token = twin.call.headers["Authorization"].removeprefix("Bearer ")
    for words, value in {"another scheme": f"Token {token}", "no scheme": token}.items():
        call = replace(twin.call, headers={**twin.call.headers, "Authorization": value})
        difference = f"the token is given behind {words}"
        sent = bench.send(f"the token behind {words}", call, twin=twin, difference=difference, place="header")
        met = bench.target.meets(Expectation.REFUSED, sent.answer)
        yield bench.expect(sent, met, bench.target.wording(Expectation.REFUSED))


@check("nortech.auth.no_token", requests=2)
def no_token(bench: Bench) -> Iterator[Observation]:
    """Who names the scheme alone has no token (N1); RFC 6750 lets it be malformed, too."""
    twin = bench.accepted_twin("byId")
    for words, value in {"Bearer alone": "Bearer", "Bearer and a blank": "Bearer "}.items():
        call = replace(twin.call, headers={**twin.call.headers, "Authorization": value})
        sent = bench.send(words, call, twin=twin, difference=words, place="header")
        yield bench.expect(sent, sent.answer.status in (400, 401), "401, or 400 (N1)")


@check("nortech.auth.right_after_wrong", requests=2, accepted=1)
def right_after_wrong(bench: Bench) -> Iterator[Observation]:
    """Each request is let in by its own token, whatever was decided about the one before it."""
    twin = bench.accepted_twin("byId")
    wrong = replace(twin.call, headers={**twin.call.headers, "Authorization": "Bearer no-such-token"})
    bench.send("a wrong token", wrong, twin=twin, difference="the token is a wrong one", place="header")
    difference = "it is sent right after a request with a wrong token"
    sent = bench.send("the right token after a wrong one", twin.call, twin=twin, difference=difference)
    yield bench.acceptance(sent)


@check("nortech.auth.challenge", requests=0)
def challenge(bench: Bench) -> Iterator[Observation]:
    """See whether the 401s of this run name the scheme to use."""
    refused = [sent for sent in bench.sent if sent.answer.status == 401]
    if not refused:
        yield unknown("no request of this run was answered with 401")
        return
    named = sum(sent.answer.exchange.header("WWW-Authenticate") is not None for sent in refused)
    yield seen(
        "every 401 has it" if named == len(refused) else "no 401 has it" if not named else "some 401s have it"
    )
