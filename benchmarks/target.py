"""What is measured: servers in processes of their own, on ports of 127.0.0.1 that the system chose."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.work import WrongAnswerError, operations

if TYPE_CHECKING:
    from collections.abc import Callable

START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class TargetError(Exception):
    """A server did not start, or answers something else; the message says what."""


@dataclass(frozen=True)
class Target:
    """A server that can be measured.

    Attributes:
        name: What the table calls it.
        does: What it does to a request, beside answering it.
        command: The command line that serves on a port, with a folder for its files.
        unique: Whether each answer has an id of its own, which is then checked.
    """

    name: str
    does: str
    command: Callable[[int, Path], list[str]]
    unique: bool = False


class Running:
    """A target that runs, until it is stopped; `with` does that.

    Raises:
        TargetError: It did not answer the work within a minute.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._folder = tempfile.TemporaryDirectory(prefix="histdata-bench-")
        folder = Path(self._folder.name)
        self.port = _free_port()
        self._log = folder / "log"
        command = target.command(self.port, folder)
        started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
            )
        try:
            self._wait(started + START_SECONDS)
        except BaseException:
            self.stop()
            raise
        #: Seconds from the start of the process to its first answer.
        self.cold = time.perf_counter() - started

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self, until: float) -> None:
        answer: object = None
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                break
            try:
                answer = self._ask()
            except OSError:
                time.sleep(0.002)
                continue
            if answer is None:
                return
            time.sleep(0.05)
        tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise TargetError(
            f"{self.target.name} does not do the work: {answer or 'it does not listen'}\n{tail}"
        )

    def _ask(self) -> str | None:
        """Send each request of the work once; what is wrong with the answers."""
        for operation in operations():
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(operation.request(f"127.0.0.1:{self.port}"))
                response = http.client.HTTPResponse(connection, method="POST")
                try:
                    response.begin()
                    body = response.read()
                except http.client.HTTPException as error:
                    return repr(error)
            try:
                operation.check(response.status, body)
            except WrongAnswerError as error:
                return str(error)
        return None

    def cpu(self) -> float:
        """Seconds of processor time that its processes have used."""
        return sum(_stat(pid)[0] for pid in self._pids())

    def rss(self) -> float:
        """Resident memory of its processes, in MB."""
        return sum(_stat(pid)[1] for pid in self._pids()) / 1e6

    def _pids(self) -> list[int]:
        """Its processes: all that are in the session that the first one leads."""
        pids = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if os.getsid(int(entry.name)) == self._process.pid:
                        pids.append(int(entry.name))
        return pids

    def stop(self) -> None:
        """End all its processes and remove its files."""
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                break
        self._folder.cleanup()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _stat(pid: int) -> tuple[float, float]:
    """Processor seconds and resident bytes of a process."""
    try:
        # The name of the command may hold blanks and brackets; what follows the last one are numbers.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS, int(fields[21]) * _PAGE
