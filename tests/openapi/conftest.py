"""The Node tools of package.json: present in CI, and where they are missing the tests say how to get them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).parents[2]
# No tool phones home, and none paints its output for a terminal that is not there.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


class Node(Protocol):
    """Runs a Node tool of package.json to its end."""

    def __call__(self, tool: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run the tool with these arguments in this folder; what came of it."""


def tool_path(tool: str) -> str:
    """Path of a Node tool; skips the test where it is missing, and in CI fails it."""
    path = ROOT / "node_modules" / ".bin" / tool
    if not path.exists():
        missing = f"{tool} is not installed: it needs Node, npm and `make tools`"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return str(path)


@pytest.fixture(scope="session")
def node() -> Node:
    def run(tool: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool_path(tool), *arguments],
            cwd=cwd,
            env={**os.environ, **QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run
