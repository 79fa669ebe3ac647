"""`python -m benchmarks.files`: how fast the mock makes large data files, and in how much memory.

A mock of its own for each format: it is asked for the data of ten signals of a rig, the file is fetched
twice, and meanwhile somebody else asks for the mock's health, ten times a second. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "histdata-demo-token"
# Ten channels at 1 Hz in the default world.
SIGNALS = [101, 102, 111, 112, 121, 122, 131, 132, 133, 134]
START = datetime(2024, 1, 1, tzinfo=UTC)
FORMATS = ("parquet", "csv", "json")


@dataclass(frozen=True)
class Measured:
    """One file: seconds until its first byte, until its last, and until the last of a second download."""

    first: float
    whole: float
    again: float
    size: int
    peak: float
    """The largest resident memory of the server, in MB."""
    slowest: float
    """The longest that a request for the health took meanwhile, in ms."""


def main() -> int:
    """Run the command line; 0, or 2 when the mock does not do the work."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.files",
        description="Measure how fast the mock makes large data files, and in how much memory.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--days", type=float, default=30, help="length of the window")
    days = parser.parse_args().days
    rows = ["| format | MB | first byte, s | whole, s | again, s | peak RSS, MB | health at worst, ms |"]
    rows.append("| --- |" + " --- |" * 6)
    try:
        for file_format in FORMATS:
            print(f"measure {file_format}", file=sys.stderr)
            one = _measured(file_format, days)
            rows.append(
                f"| {file_format} | {one.size / 1e6:.0f} | {one.first:.1f} | {one.whole:.1f} "
                f"| {one.again:.1f} | {one.peak:.0f} | {one.slowest:.0f} |"
            )
    except (OSError, requests.RequestException, RuntimeError) as error:
        print(f"benchmarks.files: {error}", file=sys.stderr)
        return 2
    print(f"{len(SIGNALS)} signals at 1 Hz over {days:g} days, {datetime.now(UTC):%Y-%m-%d}\n")
    print("\n".join(rows))
    return 0


def _measured(file_format: str, days: float) -> Measured:
    with _mock() as (url, pid):
        end = START + timedelta(days=days)
        answer = requests.post(
            f"{url}/api/v1/historical-data/sync",
            json={
                "signals": SIGNALS,
                "timeWindow": {"start": START.isoformat(), "end": end.isoformat()},
                "format": file_format,
            },
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=300,
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{file_format}: {answer.status_code} {answer.text}")
        address = answer.json()["outputFile"]
        done = threading.Event()
        taken: list[float] = []
        watcher = threading.Thread(target=_watch, args=(url, done, taken))
        watcher.start()
        try:
            first, whole, size = _fetch(address)
            _, again, same = _fetch(address)
        finally:
            done.set()
            watcher.join()
        if same != size:
            raise RuntimeError(f"{file_format}: {size} bytes, and then {same}")
        return Measured(first, whole, again, size, _peak(pid), max(taken) * 1000)


def _fetch(address: str) -> tuple[float, float, int]:
    began, size, first = time.monotonic(), 0, 0.0
    with requests.get(address, stream=True, timeout=300) as response:
        response.raise_for_status()
        for piece in response.iter_content(1 << 20):
            first = first or time.monotonic() - began
            size += len(piece)
    return first, time.monotonic() - began, size


def _watch(url: str, done: threading.Event, taken: list[float]) -> None:
    with requests.Session() as session:
        while not done.wait(0.1):
            began = time.monotonic()
            session.get(f"{url}/__admin/health", timeout=300).raise_for_status()
            taken.append(time.monotonic() - began)


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) / 1000 if found else float("nan")


@contextmanager
def _mock() -> Iterator[tuple[str, int]]:
    """The address and the process id of a mock of the default world."""
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if not found:
                raise RuntimeError("the mock did not start")
            yield found[0], process.pid
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
