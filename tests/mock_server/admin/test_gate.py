"""Who may use the control API."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.serving.origin import is_loopback
from mock_server.settings import Settings
from tests.mock_server.admin.conftest import CONTRACT, checked
from tests.mock_server.conftest import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.mock_server.admin.conftest import Control
    from tests.mock_server.conftest import Mock

TOKEN = "an-admin-token"
# Every operation but those that want no token, with something in the place of its parameters.
GUARDED = [
    (method.upper(), re.sub(r"\{[^}]*\}", "x", path))
    for path, item in CONTRACT["paths"].items()
    if path.startswith("/__admin") and path != "/__admin/health"
    for method in item
    if method != "parameters"
]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Mock]:
    yield from running(Settings(admin_token=TOKEN))


@pytest.mark.parametrize("method, path", GUARDED)
def test_every_operation_wants_the_token_but_health(guarded: Mock, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
        response = requests.request(method, guarded.url + path, headers=headers, timeout=30)

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        checked(response)
    assert guarded.admin("health").status_code == 200


def test_a_session_can_follow_the_token(guarded: Mock) -> None:
    requests.get(f"{guarded.url}/nowhere", headers={"X-Histdata-Session": "alice"}, timeout=30)

    for token, count in ((f"{TOKEN}~alice", 1), (f"{TOKEN}~bob", 0), (TOKEN, 0)):
        response = guarded.admin("requests", headers={"Authorization": f"Bearer {token}"})
        assert len(checked(response)["requests"]) == count
    assert guarded.admin("requests", headers={"Authorization": f"Bearer {TOKEN}~a b"}).status_code == 401


def test_with_the_token_any_name_and_page_may_come(guarded: Mock) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "mock.example", "Origin": "https://page.example"}

    assert guarded.admin("requests", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "page.example"},
        {"Host": "page.example:4010"},
        {"Host": "localhost.page.example"},
        {"Host": "127.0.0.1.page.example"},
        {"Host": "127.0.0.1@page.example"},
        {"Host": "192.0.2.1"},
        {"Host": "[2001:db8::1]"},
        {"Host": "[::1"},
        {"Host": ""},
        {"Origin": "https://page.example"},
        {"Origin": "http://localhost.page.example:4010"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Host": "localhost", "Origin": "http://192.0.2.1"},
    ],
    ids=str,
)
def test_no_web_page_gets_at_a_mock_on_loopback(control: Control, headers: dict[str, str]) -> None:
    control.send("/nowhere")

    problem = control("reset", "POST", status=403, headers=headers)

    assert repr(headers.get("Origin", headers.get("Host"))) in problem["detail"]
    assert len(control("requests")["requests"]) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:4010"},
        {"Host": "LOCALHOST."},
        {"Host": "mock.localhost"},
        {"Host": "127.1.2.3"},
        {"Host": "[::1]:80"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:5173"},
    ],
    ids=str,
)
def test_this_machine_needs_no_token(control: Control, headers: dict[str, str]) -> None:
    control("requests", headers=headers)


def test_the_public_address_is_this_machine_too(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings(public_url="https://mock.example/below"))

    assert own.admin("requests", headers={"Host": "mock.example"}).status_code == 200
    assert own.admin("requests", headers={"Host": "other.example"}).status_code == 403


def test_another_machine_is_refused_without_a_token(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings())

    # uvicorn takes a proxy on this machine at its word about who the client is.
    response = own.admin("requests", headers={"X-Forwarded-For": "192.0.2.7"})

    assert response.status_code == 403
    assert "192.0.2.7 is another machine" in checked(response)["detail"]


@pytest.mark.parametrize(
    "host, loopback",
    [
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("::", False),
        ("0.0.0.0", False),
    ],
)
def test_an_address_is_loopback_or_not(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def served(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def told_at_start(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The mock's address, and all that it says when it starts."""
    assert process.stdout is not None
    told = "".join(iter(process.stdout.readline, "Stop it with Ctrl-C.\n"))
    return told.splitlines()[0].split()[-1], told


def stopped(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_off_loopback_a_token_is_made_and_printed_once(workers: str) -> None:
    process = served("--host", "0.0.0.0", "--workers", workers)
    try:
        address, told = told_at_start(process)
        (token,) = [line.split()[-1] for line in told.splitlines() if "/__admin wants" in line]
        url = f"http://127.0.0.1:{address.rpartition(':')[2]}/__admin/requests"
        # As many connections as it takes to meet every worker; all of them know the token.
        statuses = {
            bool(headers): {requests.get(url, headers=headers, timeout=30).status_code for _ in range(8)}
            for headers in ({}, {"Authorization": f"Bearer {token}"})
        }
    finally:
        rest, errors = stopped(process)

    assert statuses == {False: {401}, True: {200}}
    assert len(token) >= 32
    assert (told + rest + errors).count(token) == 1


def test_a_given_token_is_wanted_on_loopback_and_not_printed() -> None:
    process = served("--admin-token-env", "HISTDATA_ADMIN", HISTDATA_ADMIN=TOKEN)
    try:
        url, told = told_at_start(process)
        statuses = [
            requests.get(f"{url}/__admin/requests", headers=headers, timeout=30).status_code
            for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
        ]
    finally:
        rest, errors = stopped(process)

    assert statuses == [401, 200]
    assert "/__admin wants: Authorization: Bearer $HISTDATA_ADMIN" in told
    assert TOKEN not in told + rest + errors


def test_a_mock_can_end_with_whoever_started_it() -> None:
    process = served("--stop-at-eof")
    try:
        url, _ = told_at_start(process)
        assert requests.get(f"{url}/__admin/health", timeout=30).status_code == 200
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()

    assert (process.returncode, errors) == (0, "")
