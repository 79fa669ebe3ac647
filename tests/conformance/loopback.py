"""Purpose-made targets on 127.0.0.1: each answers every request by one function."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    base: str
    """The URL of the target."""


@dataclass
class Said:
    """What to answer; None as a status closes the connection without a word."""

    status: int | None
    body: Any = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass
class Loopback:
    """A target that is being served, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Reads a whole request, by whatever method, and leaves its answer to *respond*."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet; in two, the second waits for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def respond(self, body: bytes) -> None:
        """Answer the request."""
        raise NotImplementedError

    def write(self, status: int, content: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send one answer with its length."""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._read
        raise AttributeError(name)

    def _read(self) -> None:
        if self.headers.get("Transfer-Encoding") != "chunked":
            self.respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            return
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length + 2)[:-2]
        self.rfile.readline()
        self.respond(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        pass


@contextlib.contextmanager
def listening(handler: type[Handler]) -> Iterator[str]:
    """Serve by *handler* in threads for as long as the block runs; gives the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def serving(answer: Callable[[Asked], Said]) -> Iterator[Loopback]:
    """Answer each request by *answer* for as long as the block runs."""
    target = Loopback("")

    class Answering(Handler):
        def respond(self, body: bytes) -> None:
            asked = Asked(self.command, self.path, dict(self.headers.items()), body, target.url)
            target.asked.append(asked)
            said = answer(asked)
            if said.status is None:
                self.close_connection = True
                return
            content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.write(said.status, content, said.headers.items())

    with listening(Answering) as target.url:
        yield target


def accepting(**more: Any) -> Callable[[Asked], Said]:
    """Accepts whatever it is asked, by either vendor's words; *more* goes into each answer and file."""
    numbers = itertools.count(1)

    def answer(asked: Asked) -> Said:
        number = next(numbers)
        if asked.method == "GET" and asked.path.startswith("/files/"):
            return Said(200, json.dumps(more).encode() + b"\nno,table\nat all")
        if "liverig" in asked.path:
            return Said(200, {"success": str(uuid.UUID(int=number)), **more})
        file = f"{asked.base}/files/{number}.csv"
        return Said(200, {"requestId": number, "status": "Finished", "outputFile": file, **more})

    return answer
