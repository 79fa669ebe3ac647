"""Several processes that serve one socket: started, replaced where one dies, and stopped together."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess, Process

from mock_server.serving.server import OPTIONS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

# How long a worker may take to start, or to show that it is alive, in seconds. A busy machine is slow.
PATIENCE = 30


def run(
    make: Callable[[], ASGIApp], listener: socket.socket, workers: int, ready: Callable[[], object]
) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests under way end.

    Args:
        make: Makes the application, in each worker anew; it can be pickled. Where it cannot, it ends its
            process with `uvicorn.config.STARTUP_FAILURE`, having said why.
        listener: The socket that all workers accept from.
        workers: How many there are.
        ready: Called once, when the first one serves.

    Raises:
        RuntimeError: The first worker did not start.
    """
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    config = Config(
        _Factory(make), factory=True, workers=workers, timeout_worker_healthcheck=PATIENCE, **OPTIONS
    )
    try:
        supervisor = _Supervisor(config, [listener])
        supervisor.ready = ready
        supervisor.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()
    if not supervisor.has_served:
        raise RuntimeError("the first worker did not start")


class _Supervisor(Multiprocess):
    """Starts one worker first: what keeps it from starting is said once, and not by each."""

    ready: Callable[[], object]
    has_served = False

    def init_processes(self) -> None:
        first = self._add()
        if not first.wait_until_ready(PATIENCE):
            self.should_exit.set()
            return
        self.has_served = True
        self.ready()
        for _ in range(self.processes_num - 1):
            self._add()

    def _add(self) -> Process:
        process = Process(self.config, self.sockets)
        with _uninterrupted():
            process.start()
        self.processes.append(process)
        return process

    def handle_signals(self) -> None:
        with _uninterrupted():
            super().handle_signals()

    def keep_subprocess_alive(self) -> None:
        with _uninterrupted():
            super().keep_subprocess_alive()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Have SIGINT wait, and never reach the processes started meanwhile: they inherit that.

    Ctrl-C is sent to the workers, too; in one that just starts it would end in a traceback. The supervisor
    stops them by SIGTERM.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@dataclass(frozen=True)
class _Factory:
    """Makes the application of a worker."""

    make: Callable[[], ASGIApp]

    def __call__(self) -> ASGIApp:
        threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
        return self.make()


def _end_with_parent() -> None:
    """Stop this worker when whoever started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
