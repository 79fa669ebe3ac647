"""A mock on a socket: for the command line, and in a thread for tests and other programs."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

# How long requests may take to end after the server was told to stop, in seconds.
GRACE = 5


class Unexpected(logging.Filter):
    """Of uvicorn's log, what says more than that the mock was stopped while somebody waited.

    Who waits is answered then, and that is no error.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be shown."""
        return not str(record.msg).startswith("Cancel %s running task(s)")


_HANDLER = {**LOGGING_CONFIG["handlers"]["default"], "filters": ["unexpected"]}
OPTIONS: dict[str, Any] = {
    "log_config": {
        **LOGGING_CONFIG,
        "filters": {"unexpected": {"()": Unexpected}},
        "handlers": {**LOGGING_CONFIG["handlers"], "default": _HANDLER},
    },
    # Otherwise it asks standard output, which may be closed, about what goes to standard error.
    "use_colors": False,
    "lifespan": "on",
    "access_log": False,
    "server_header": False,
    "log_level": "warning",
    "timeout_graceful_shutdown": GRACE,
}


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose one.

    Raises:
        OSError: The address cannot be used: the port is taken, or the host is not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Otherwise a mock that was just stopped keeps its port from the next one.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket) -> str:
    """The URL at which the socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(app: ASGIApp, **options: Any) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, **OPTIONS, **options))


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # uvicorn ends the whole process where the application does not start.
    with contextlib.suppress(SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise RuntimeError("the application did not start")


def run(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests under way end.

    Raises:
        RuntimeError: The application did not start.
    """

    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    # uvicorn shuts down on these signals and raises them again for whoever listened before: that is us.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    server = _server(app)
    try:
        with contextlib.suppress(Stopped):
            _run(server, listener)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()


@contextlib.contextmanager
def serving(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the application in a thread of its own for as long as the block runs; gives its URL.

    Raises:
        OSError: The address cannot be used.
        RuntimeError: The application did not start.
    """
    listener = bind(host, port)
    ready = threading.Event()
    server = _server(app)
    startup = server.startup

    async def announcing(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets=sockets)
        ready.set()

    server.startup = announcing  # type: ignore[method-assign]

    def main() -> None:
        try:
            # Whoever waits is told below.
            with contextlib.suppress(RuntimeError):
                _run(server, listener)
        finally:
            ready.set()

    thread = threading.Thread(target=main, name=f"mock {address(listener)}", daemon=True)
    thread.start()
    ready.wait()
    try:
        if not server.started:
            raise RuntimeError("the application did not start")
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
