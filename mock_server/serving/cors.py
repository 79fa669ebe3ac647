"""Cross-origin requests: a web page of another origin may use the vendors' operations and read their files.

The control API stays out of it: any page that a developer happens to open could reset the mock.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware

from mock_server.serving.failure import VIOLATIONS_HEADER

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

_CONTROL = "/__admin"
# What a page may read beside the few headers that it always may. With credentials `*` would be the name of a
# header, so each is named.
_EXPOSED = (
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    VIOLATIONS_HEADER,
)


class CrossOrigin:
    """Answers preflights, and lets pages of these origins read answers, whatever their status.

    It stands before everything that could refuse a request: a preflight carries no credential and no body.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str] = ()) -> None:
        """Take these origins, such as `http://localhost:5173`; without any, take all."""
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=list(origins) or ["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            # With a cookie or a password in the request a browser wants its own origin back, not a `*`.
            allow_credentials=True,
            # A page from elsewhere asks a browser for leave to reach a server on this machine.
            allow_private_network=True,
            expose_headers=_EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, by way of Starlette's middleware where a browser could be concerned."""
        await (self._cors if _concerned(scope) else self._app)(scope, receive, send)


def _concerned(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["path"].startswith(_CONTROL):
        return False
    # Without an origin it is no browser's, or not from another origin. What a cache may keep says even then
    # that it depends on the origin; the answer to a POST is not kept.
    return scope["method"] != "POST" or b"origin" in map(itemgetter(0), scope["headers"])
