"""What a mock keeps for itself goes with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.settings import DEMO_TOKEN
from tests.mock_server.conftest import NORTECH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there, nothing is removed for others")
HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


@contextlib.contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A mock in a process of its own, whose temporary folders are in this one, and a link to a file of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", *options],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
        answer = requests.post(url + NORTECH, json=HISTORY, headers=headers, timeout=30)
        link: str = answer.json()["outputFile"]
        assert requests.get(link, timeout=30).ok
        yield process, link
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.mark.parametrize("options", [(), ("--workers", "1"), ("--workers", "2")], ids=str)
def test_what_a_killed_mock_left_behind_goes_with_the_next_start(tmp_path: Path, options: tuple[str]) -> None:
    other = tmp_path / "histdata-mock-of-somebody-else"
    other.mkdir()
    with served(tmp_path) as (_, running):
        used = names(tmp_path)
        with served(tmp_path, *options) as (process, _):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
        left = names(tmp_path) - used
        assert {name.rpartition("-")[0] for name in left} == {"histdata-mock", "histdata-files"}

        with served(tmp_path):
            assert used < names(tmp_path)
            assert not left & names(tmp_path)
        assert names(tmp_path) == used
        # Whoever runs has all that it had.
        assert requests.get(running, timeout=30).ok
    assert names(tmp_path) == {other.name}
