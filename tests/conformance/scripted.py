"""A target that answers by a script, for tests of what goes over the wire."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from conformance.budget import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PLENTY = Limits(max_requests=1000, max_accepted=1000, timeout=5)


@dataclass
class Target:
    """A server that records the bytes of what it gets and answers by a script, 200 when that has ended."""

    url: str = ""
    seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    script: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, _, body in self.seen]

    def header(self, name: str, index: int = -1) -> str | None:
        return next((v for k, v in self.seen[index][2] if k.lower() == name.lower()), None)


def answer(status: int, body: bytes = b"{}", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return write


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


@contextlib.contextmanager
def serving() -> Iterator[Target]:
    """A target for as long as the context lasts."""
    target = Target()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it, Nagle and delayed ACK hold each second answer on a kept connection back for 40 ms.
        disable_nagle_algorithm = True

        def _any(self) -> None:
            if self.headers.get("Transfer-Encoding"):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                target.seen.append((self.command, self.path, list(self.headers.items()), body))
                write = target.script.pop(0) if target.script else answer(200)
            write(self)

        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
