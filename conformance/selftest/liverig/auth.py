"""Faults in who is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.selftest.common.credentials import PASSWORD, USER, credentials
from conformance.selftest.defect import both, crash, instead
from conformance.selftest.gateway import Ask, Make, Reply, reply
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


def _guarded(lets_in: Callable[[str, str, str], bool], unreadable: int = 401) -> Make:
    """Ask for credentials; *lets_in* is given the scheme, the user and the password."""

    def named(ask: Ask) -> tuple[str, str, str]:
        scheme = (ask.header("authorization") or "").partition(" ")[0]
        user, _, password = credentials(ask).partition(":")
        return scheme, user, password

    def refusal(ask: Ask) -> Reply:
        malformed = ask.header("authorization") is not None and not credentials(ask)
        return reply(unreadable if malformed else 401, {"failure": "Sign in"}, www_authenticate="Basic")

    return instead(lambda a: not lets_in(*named(a)), refusal)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "password-ignored",
        "LR-AUTH-02",
        "Takes any password",
        _guarded(lambda _, user, __: user == USER),
    ),
    Mutant(
        "password-left-out",
        "LR-AUTH-02",
        "Takes a user without a password",
        _guarded(lambda _, user, word: user == USER and word in ("", PASSWORD)),
    ),
    Mutant("user-ignored", "LR-AUTH-02", "Takes any user", _guarded(lambda _, __, word: word == PASSWORD)),
    Mutant(
        "password-in-any-case",
        "LR-AUTH-02",
        "Looks at no letter case in passwords",
        _guarded(lambda _, user, word: (user, word.lower()) == (USER, PASSWORD.lower())),
    ),
    Mutant(
        "scheme-in-one-case",
        "LR-AUTH-03",
        "Knows the scheme by its letters",
        _guarded(lambda scheme, user, word: (scheme, user, word) == ("Basic", USER, PASSWORD)),
    ),
    Mutant(
        "malformed-credentials-500",
        "LR-AUTH-04",
        "Fails over credentials that it cannot read",
        _guarded(lambda _, user, word: (user, word) == (USER, PASSWORD), unreadable=500),
        also=frozenset({"LR-ANSWER-06"}),
    ),
    Mutant(
        "other-scheme-500",
        "LR-AUTH-04",
        "Fails over credentials of a scheme that it does not know",
        both(
            crash(lambda a: (a.header("authorization") or "").startswith("Digest ")),
            _guarded(lambda _, user, word: (user, word) == (USER, PASSWORD)),
        ),
        also=frozenset({"LR-ANSWER-06"}),
    ),
)
