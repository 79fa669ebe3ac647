"""Who may use the control API: whoever has its token; where it wants none, only this machine itself."""

from __future__ import annotations

import copy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connexion.security import AbstractSecurityHandler  # type: ignore[import-untyped]
from starlette.exceptions import HTTPException

from mock_server.serving.contract import Contract
from mock_server.serving.origin import is_loopback
from mock_server.serving.security import bearer

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(contract: Contract) -> Contract:
    """The contract without the choice to send no token: whoever decides on that is the gate.

    Connexion asks no handler where nothing at all is enough.
    """
    document = copy.deepcopy(contract.document)
    document["security"] = [needs for needs in document["security"] if needs]
    return Contract(contract.name, contract.revision, document)


def gate(token: str | None, public_url: str | None) -> type[AbstractSecurityHandler]:
    """A security handler for the control API.

    With a token it takes exactly that one, from anywhere; a session's name may follow it (`TOKEN~NAME`).
    Without one it serves this machine only, and no web page: a page that a browser here shows can have its
    name resolve to this machine (so its `Host` gives it away), or post to it from elsewhere (so its `Origin`
    does).

    Args:
        token: The token; None where none is wanted.
        public_url: An address that this machine's own clients may reach the mock at, beside loopback ones.
    """
    if token is not None:
        return bearer(token)
    public = urlsplit(public_url).hostname if public_url else None

    def check_place(request: Any) -> dict[str, Any]:
        client = request.client
        if client is not None and not is_loopback(client.host):
            raise _forbidden(
                f"{client.host} is another machine, and this mock was started without a token for its "
                "control API (--admin-token-env)."
            )
        for host in request.headers.getlist("host"):
            name = _hostname(f"//{host}")
            if not _is_here(name, public):
                raise _forbidden(
                    f"The Host {host!r} is not this machine: expected localhost or a loopback address."
                )
        for origin in request.headers.getlist("origin"):
            if not _is_here(_hostname(origin), public):
                raise _forbidden(
                    f"A page of {origin!r} may not use the control API: expected one of this machine."
                )
        return {"sub": "this machine"}

    class Gate(AbstractSecurityHandler):  # type: ignore[misc]
        def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[Any], Any]:
            return check_place

    return Gate


def _is_here(name: str | None, public: str | None) -> bool:
    return name is not None and (is_loopback(name) or name == public)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _forbidden(reason: str) -> HTTPException:
    return HTTPException(HTTPStatus.FORBIDDEN, reason)
