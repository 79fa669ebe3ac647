"""The answer that is a data file: whole or in ranges, and made in the first place if need be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response, StreamingResponse

from mock_server.nortech import conditional
from mock_server.nortech.conditional import UnsatisfiableError
from mock_server.serving.failure import Failure
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from mock_server.nortech.spool import Spool, Spooled

# Read so much of a file at once: less would have a thread called for every piece.
CHUNK = 512 * 1024
# How long a file is waited for, in seconds. One that takes longer is sent as it is made, so its length is not
# told the first time.
PATIENCE = 1


@dataclass(frozen=True)
class DataFile:
    """A data file, made or not.

    Attributes:
        name: The name to save it under.
        media_type: Its content type.
        etag: Its entity tag, a strong one; the same at every replica.
        modified_s: When it was there first, in seconds of the Unix epoch.
        kept: Whether it is small enough to be kept as a whole.
        pieces: Makes it.
    """

    name: str
    media_type: str
    etag: str
    modified_s: int
    kept: bool
    pieces: Callable[[], Iterator[bytes]]


class Download(Response):
    """Sends a data file."""

    def __init__(self, file: DataFile, spool: Spool) -> None:
        super().__init__(
            media_type=file.media_type,
            headers={
                "etag": file.etag,
                "last-modified": formatdate(file.modified_s, usegmt=True),
                "content-disposition": f'attachment; filename="{file.name}"',
            },
        )
        del self.headers["content-length"]
        self._file = file
        self._spool = spool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or why it is not sent."""
        asked = Headers(scope=scope)
        status = conditional.precondition(asked, self._file.etag, self._file.modified_s)
        if status == 304:
            headers = {name: self.headers[name] for name in ("etag", "last-modified")}
            await Response(status_code=304, headers=headers)(scope, receive, send)
        elif status == 412:
            await _refusal(412, "The file is not the one that the precondition names.")(scope, receive, send)
        elif self._file.kept:
            async with self._spool.file(self._file.etag, self._file.pieces) as spooled:
                # What is needed as a whole is waited for; the rest would be held for broken after a while.
                if "range" not in asked and scope["method"] == "GET":
                    await asyncio.wait([spooled.made], timeout=PATIENCE)
                    if not spooled.made.done():
                        self.headers["accept-ranges"] = "bytes"
                        pieces = spooled.pieces(CHUNK)
                        await StreamingResponse(pieces, headers=self.headers)(scope, receive, send)
                        return
                await spooled.whole()
                await self._send(spooled, scope, receive, send)
        else:
            self.headers["accept-ranges"] = "none"
            made = iter(()) if scope["method"] == "HEAD" else self._file.pieces()
            await StreamingResponse(made, headers=self.headers)(scope, receive, send)

    async def _send(self, spooled: Spooled, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette sends ranges, but reads what is wrong with one otherwise than RFC 9110 does."""
        headers = MutableHeaders(raw=list(scope["headers"]))
        given = headers.getlist("range")
        del headers["range"]
        # A part of what the client has is of use to it only if the rest is from the same file.
        same = headers.get("if-range", self._file.etag) in {self._file.etag, self.headers["last-modified"]}
        if len(given) == 1 and same and scope["method"] == "GET":
            try:
                wanted = conditional.satisfiable(given[0], spooled.size)
            except UnsatisfiableError:
                refusal = _refusal(416, f"The file has {spooled.size} bytes, and none of those asked for.")
                refusal.headers["content-range"] = f"bytes */{spooled.size}"
                await refusal(scope, receive, send)
                return
            if wanted:
                headers["range"] = wanted
        await _Whole(spooled.path, headers=self.headers)({**scope, "headers": headers.raw}, receive, send)


class _Whole(FileResponse):
    chunk_size = CHUNK


def _refusal(status: int, detail: str) -> Response:
    reply = problem(Failure(status, detail))
    return Response(orjson.dumps(reply.body), status, dict(reply.headers), "application/json")
