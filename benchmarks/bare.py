"""What everything is compared to: a bare ASGI application that answers bytes, under the mock's own server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import orjson

from benchmarks.work import operations
from mock_server.serving import server

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def bare() -> ASGIApp:
    """An application that reads each request's body and answers what its path always answers."""
    answers = {operation.path: orjson.dumps(operation.answer) for operation in operations()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (await receive()).get("more_body"):
            pass
        body = answers[scope["path"]]
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    server.run(bare(), server.bind("127.0.0.1", int(sys.argv[1])))
