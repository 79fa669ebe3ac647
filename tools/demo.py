"""What `make demo` runs: the mock on a port of its own, the suite on it, and the way to the report.

Both are started as a user would start them, by their commands; nothing of either package is imported.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The mock's own default; `make run` prints it too.
TOKEN = "histdata-demo-token"
START_UP_SECONDS = 60


def main() -> int:
    """Run the demo; its exit code is the suite's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report-dir", type=Path, default=Path("build/demo"), help="where the reports go")
    folder: Path = parser.parse_args().report_dir
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder / "profile.yaml"

    started = time.monotonic()
    with mock() as url:
        print(f"The mock is up at {url}. The suite judges it now.\n", flush=True)
        code = suite("init", str(profile), "--force")
        code = code or suite("run", "--url", url, "--target", str(profile), "--report-dir", str(folder))
    print(f"\nDone in {time.monotonic() - started:.0f} s; the mock is stopped.")
    print(f"Look at {folder / 'report.html'} in a browser; `make run` keeps the mock up for you.")
    return code


@contextlib.contextmanager
def mock() -> Iterator[str]:
    """A mock on a free port of loopback, until the block ends; its base URL.

    Raises:
        SystemExit: it did not say in time that it listens; what it said instead is printed.
    """
    process = subprocess.Popen([command("histdata-mock"), "serve", "--port", "0"], stdout=subprocess.PIPE)
    try:
        yield listening(process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listening(process: subprocess.Popen[bytes]) -> str:
    """The base URL that the mock announces."""
    assert process.stdout is not None
    output = process.stdout.fileno()
    said, deadline = b"", time.monotonic() + START_UP_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([output], [], [], left)[0]:
        chunk = os.read(output, 4096)
        said += chunk
        if found := re.search(rb"listens on (http://\S+)\s", said):
            return found[1].decode()
        if not chunk:
            break
    sys.exit(
        f"demo: the mock did not start within {START_UP_SECONDS} s; it said:\n{said.decode(errors='replace')}"
    )


def suite(*arguments: str) -> int:
    """Exit code of `histdata-conformance` with these arguments; its output goes to the terminal."""
    environment = {**os.environ, "HISTDATA_NORTECH_TOKEN": TOKEN}
    return subprocess.run(
        [command("histdata-conformance"), *arguments], env=environment, check=False
    ).returncode


def command(name: str) -> str:
    """Path of a command that is installed beside this Python."""
    return str(Path(sys.executable).parent / name)


if __name__ == "__main__":
    sys.exit(main())
