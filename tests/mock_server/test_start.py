"""What it takes to start: nothing is imported for an occasion that may never come."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ["hypothesis", "numpy", "psycopg", "pyarrow", "pytest", "schemathesis"]


def test_a_mock_starts_without_what_only_files_databases_and_tests_need() -> None:
    program = (
        "import sys; from mock_server.app import create_app; import mock_server.serving.server; create_app();"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.split() == []
