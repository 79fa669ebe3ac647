"""What it takes to start: nothing is imported for an occasion that may never come."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["hypothesis", "httpx", "jinja2", "numpy", "psycopg", "pyarrow", "pytest", "requests", "schemathesis"]
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


LATER = """
import mock_server.framework
import connexion, httpx, jinja2, requests
from connexion import json_schema, security, spec
from connexion.middleware import swagger_ui
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient

assert isinstance(connexion.AsyncApp("other").test_client(), TestClient)
assert isinstance(swagger_ui.Jinja2Templates("."), Jinja2Templates)
assert json_schema.requests.get is requests.get
assert security.httpx.AsyncClient is httpx.AsyncClient
assert spec.jinja2.Template is jinja2.Template
"""


def test_another_user_of_connexion_has_all_of_it() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", LATER], check=True, timeout=60)
