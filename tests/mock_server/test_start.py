"""What it takes to start: nothing is imported for an occasion that may never come."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["hypothesis", "numpy", "psycopg", "pyarrow", "pytest", "schemathesis"]
ONE = "from mock_server.app import create_app; import mock_server.serving.server; create_app()"
SUPERVISOR = "import mock_server.cli; from mock_server.serving import server, workers"


@pytest.mark.parametrize(
    "starting, needless", [(ONE, HEAVY), (SUPERVISOR, [*HEAVY, "connexion", "sqlalchemy"])]
)
def test_a_process_starts_without_what_it_does_not_need(starting: str, needless: list[str]) -> None:
    program = f"import sys; {starting}; print(*[name for name in {needless} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.split() == []
    # What others deprecate is nothing that a user could change.
    assert run.stderr == ""
