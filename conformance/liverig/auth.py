"""Authentication, which the vendor's page does not mention (L16): only a profile with credentials has any."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.answer import Kind
from conformance.bench import Unusable
from conformance.check import Observation, absent, check, seen
from conformance.credentials import basic, pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.bench import Bench, Sent

_CREDENTIALS = frozenset({"authorization", "cookie", "x-csrf-token"})
_NONE = "the profile has no credentials"
# Of less, a part says little, and would be taken for a part of other words.
_SHORTEST = 9
_FAILURE = 500
# Other than the one scheme or the other that a profile may have.
_ANOTHER_SCHEME = 'Digest username="histdata-nobody"'
_NO_TEXT = base64.b64encode(b"\xff").decode()


@check("liverig.auth.without_credentials", requests=1, accepted=1)
def without_credentials(bench: Bench) -> Iterator[Observation]:
    """See whether the profile's credentials are needed at all."""
    bare = _bare(bench)
    if bare is None:
        yield seen(f"{_NONE}, and requests without any are accepted")
    else:
        yield seen(f"without credentials the request is {bare.answer.outcome}")


# The last of its requests is accepted where that without credentials is not, which is counted above.
@check("liverig.auth.wrong", requests=5, locks_out=True)
def wrong(bench: Bench) -> Iterator[Observation]:
    """Whoever asks for credentials looks at them; a server may lock out who errs too often."""
    if reason := _not_needed(bench):
        yield absent(reason)
        return
    twin = bench.accepted_twin("dateTimeLog")
    for words, header, value in _near(bench, twin.call.headers):
        sent = _with(bench, twin, words, header, value)
        # Where it is no 401, it may well be the way to a page to log in.
        met = sent.answer.kind is not Kind.ACCEPTED and sent.answer.status < _FAILURE
        yield bench.expect(sent, met, "a refusal, as without credentials")
    if not bench.lets_in(twin):
        bench.locked_out = "after wrong credentials the right ones are refused, too"


@check("liverig.auth.scheme_case", requests=1, accepted=1)
def scheme_case(bench: Bench) -> Iterator[Observation]:
    """The name of an authentication scheme has no letter case (RFC 9110)."""
    if reason := _not_needed(bench, "Authorization"):
        yield absent(reason)
        return
    twin = bench.accepted_twin("dateTimeLog")
    scheme, _, credentials = twin.call.headers["Authorization"].partition(" ")
    words = f"the scheme is written {scheme.lower()}"
    sent = _with(bench, twin, words, "Authorization", f"{scheme.lower()} {credentials}", place=None)
    yield bench.acceptance(sent)


@check("liverig.auth.malformed", requests=4, locks_out=True)
def malformed(bench: Bench) -> Iterator[Observation]:
    """What cannot be read is refused; L13 lets no malformed request end in a 5xx."""
    if reason := _not_needed(bench, "Authorization"):
        yield absent(reason)
        return
    twin = bench.accepted_twin("dateTimeLog")
    scheme = twin.call.headers["Authorization"].partition(" ")[0]
    for words, value in {
        "a scheme with nothing behind it": scheme,
        "credentials that are not Base64": f"{scheme} %%%",
        "credentials of one byte that is no text": f"{scheme} {_NO_TEXT}",
        "a scheme that is not the profile's": _ANOTHER_SCHEME,
    }.items():
        sent = _with(bench, twin, words, "Authorization", value)
        yield bench.expect(sent, sent.answer.status < _FAILURE, "no 5xx")


def _bare(bench: Bench) -> Sent | None:
    """The answer to a request without the profile's credentials, sent once; None where it has none."""
    twin = bench.accepted_twin("dateTimeLog")
    bare = {name: value for name, value in twin.call.headers.items() if name.lower() not in _CREDENTIALS}
    if len(bare) == len(twin.call.headers):
        return None
    words = "without credentials"
    return bench.once(words, replace(twin.call, headers=bare), difference=words, twin=twin)


def _not_needed(bench: Bench, header: str | None = None) -> str | None:
    """Why no credentials, or none in that header, can be wrong; None where they can."""
    bare = _bare(bench)
    if bare is None:
        return _NONE
    if bare.answer.kind is Kind.ACCEPTED:
        return "requests without credentials are accepted, too"
    if header is not None and header not in bench.accepted_twin("dateTimeLog").call.headers:
        return f"the profile's credentials are not in {header}"
    return None


def _with(
    bench: Bench, twin: Sent, words: str, header: str, value: str, *, place: str | None = "header"
) -> Sent:
    """Send the twin with another header.

    Raises:
        Unusable: no answer, or one that comes of an address, or an account, that is locked by now.
    """
    call = replace(twin.call, headers={**twin.call.headers, header: value})
    sent = bench.send(words, call, twin=twin, difference=words, place=place)
    if place is None and sent.answer.kind is Kind.UNAUTHORIZED and not bench.lets_in(twin):
        raise Unusable(f"{words}: refused, and so is its twin by now, which was accepted before")
    return sent


def _near(bench: Bench, headers: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Wrong credentials, near the right ones: what they are, the header, and its value."""
    if "Authorization" not in headers:
        # Not the right one with another end: that may be the name of a node, and of no weight.
        yield "another session", "Cookie", "JSESSIONID=histdata-no-such-session"
        return
    header = headers["Authorization"]
    scheme, _, token = header.partition(" ")
    known = pair(header)
    user, _, word = (f":{token}" if known is None else known).partition(":")
    what = "token" if known is None else "password"
    near = {} if known is None else {"another user": ("histdata-nobody", word), "no password": (user, "")}
    if len(word) >= _SHORTEST:
        part = len(word) * 3 // 4
        near[f"the {what} cut to three quarters"] = (user, word[:part])
        bench.transport.redaction.derive(word, word[:part], f"cut -c 1-{part}")
    else:
        near[f"another {what}"] = (user, "histdata-no-such-word")
    if len(word) >= _SHORTEST and word.swapcase() != word:
        near[f"the {what} in the other letter case"] = (user, word.swapcase())
        bench.transport.redaction.derive(word, word.swapcase(), "tr a-zA-Z A-Za-z")
    for words, (name, secret) in near.items():
        yield words, "Authorization", f"{scheme} {secret}" if known is None else basic(name, secret)
