"""`--workers`: several processes that are one mock, through the command line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.cli import main
from tests.mock_server.conftest import COLLECTOR, LIVERIG, contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
BODY = next(iter(contract("liverig", "current").examples().values()))


@dataclass
class Served:
    """A mock with two workers, in a session of its own."""

    process: subprocess.Popen[str]
    url: str

    def workers(self) -> set[int]:
        """The processes that serve."""
        found = set()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and os.getsid(int(entry.name)) == self.process.pid:
                    command = (entry / "cmdline").read_bytes()
                    if b"spawn_main" in command:
                        found.add(int(entry.name))
        return found

    def accept(self) -> str:
        """The id of a job, accepted over a connection of its own."""
        response = requests.post(self.url + LIVERIG, params=COLLECTOR, json=BODY, timeout=30)
        assert response.status_code == 200, response.text
        job: str = response.json()["success"]
        return job

    def jobs(self) -> set[str]:
        listed = requests.get(f"{self.url}/__admin/jobs", params={"limit": 1000}, timeout=30).json()
        return {job["uuid"] for job in listed["jobs"]}

    def alive(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/__admin/health", timeout=30).ok
        return False


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert process.stdout is not None
        yield Served(process, process.stdout.readline().split()[-1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < until:
        # The machine has few cores, and what is waited for needs them.
        os.sched_yield()
    return held


def test_workers_are_one_mock_and_one_that_dies_is_replaced(served: Served, tmp_path: Path) -> None:
    assert eventually(lambda: len(served.workers()) == 2)
    before = served.workers()
    accepted = [served.accept() for _ in range(20)]
    assert served.jobs() == set(accepted)

    victim = min(before)
    os.kill(victim, signal.SIGKILL)

    assert eventually(lambda: len(served.workers() - {victim}) == 2)
    accepted += [served.accept() for _ in range(20)]
    assert served.jobs() == set(accepted)
    assert len(set(accepted)) == 40

    served.process.send_signal(signal.SIGTERM)
    _, errors = served.process.communicate(timeout=60)
    assert (served.process.returncode, errors) == (0, "")
    assert served.workers() == set()
    assert list(tmp_path.iterdir()) == []


def test_control_c_reaches_all_at_once_and_leaves_no_trace(served: Served, tmp_path: Path) -> None:
    served.accept()

    os.killpg(served.process.pid, signal.SIGINT)
    _, errors = served.process.communicate(timeout=60)

    assert (served.process.returncode, errors) == (0, "")
    assert served.workers() == set()
    assert list(tmp_path.iterdir()) == []


def test_workers_do_not_outlive_a_parent_that_is_killed(served: Served) -> None:
    served.accept()

    served.process.kill()

    assert eventually(lambda: served.workers() == set())
    assert not served.alive()


def test_what_keeps_a_worker_from_starting_is_told_once(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--workers", "2", "--state", "no/such"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )

    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("no/such: there is no folder") == 1
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["0", "-1", "x", "257"])
def test_a_wrong_number_of_workers_is_told(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", f"--workers={number}"])

    assert stopped.value.code == 2
    assert f"'{number}' is not a number of workers" in capsys.readouterr().err
