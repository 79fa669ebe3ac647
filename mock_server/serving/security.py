"""Credentials in a request, read without trusting them.

Connexion's own handlers take the name of a Python function from the contract, and fail with a 500 on a cookie
or a token that they cannot parse.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connexion.exceptions import OAuthProblem  # type: ignore[import-untyped]
from connexion.security import NO_VALUE, AbstractSecurityHandler  # type: ignore[import-untyped]

from mock_server.serving.failure import ContractViolationError, Violation
from mock_server.session import SEPARATOR, SUFFIX_EXPECTED, split

if TYPE_CHECKING:
    from collections.abc import Callable


def bearer(expected: str) -> type[AbstractSecurityHandler]:
    """A handler for HTTP bearer schemes that takes one token, and that token with a session behind it.

    With something else behind it, the 401 says what was expected there: whoever sends that knows the token.
    """

    class Bearer(AbstractSecurityHandler):  # type: ignore[misc]
        def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[Any], Any]:
            def verify(request: Any) -> dict[str, Any]:
                headers = request.scope["headers"]
                lines = [value.decode("latin-1") for name, value in headers if name == b"authorization"]
                scheme, _, token = lines[0].strip().partition(" ") if len(lines) == 1 else ("", "", "")
                whole = token.strip()
                # A token may itself have the look of one with a name.
                known = _same(whole, expected) or _same(split(whole)[0], expected)
                if scheme.lower() != "bearer" or not known:
                    if _same(whole.partition(SEPARATOR)[0], expected):
                        violation = Violation("headers", "/authorization", SUFFIX_EXPECTED)
                        raise ContractViolationError([violation], HTTPStatus.UNAUTHORIZED)
                    raise OAuthProblem("The bearer token is missing or wrong.")
                return {"sub": "bearer"}

            return verify

    return Bearer


def _same(given: str, expected: str) -> bool:
    # Compared as bytes and in constant time; a header can hold any latin-1 character.
    return hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))


class Anything(AbstractSecurityHandler):  # type: ignore[misc]
    """Takes whatever credential is there, and none: the contract has `{}` among its alternatives (L16)."""

    def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[Any], Any]:
        """A verifier that leaves the decision to the other alternatives."""
        return lambda _request: NO_VALUE
