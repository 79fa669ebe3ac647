"""The pytest plugin `histdata`: the fixture `histdata_mock` gives each test a mock of its own.

The mock runs in a process of its own, started when the first test asks for it and once for all (under
pytest-xdist, once for each worker). Each test has a session of its own in it, so that no test sees another
one's jobs, requests, settings or clock.

This module is loaded in every run of pytest where histdata is installed, so it imports next to nothing before
a test asks for the mock.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.testing import HistdataMock

# How long the mock may take to start and to stop, in seconds.
START, STOP = 60.0, 10.0

# What the mock is started with: the name of the option in the configuration, and on the mock's command line.
_STARTED_WITH = {
    "histdata_world": "--world",
    "histdata_settings": "--settings",
    "histdata_nortech_revision": "--nortech-revision",
    "histdata_liverig_revision": "--liverig-revision",
}
_FILES = {"histdata_world", "histdata_settings"}
# Where the tokens of a mock are found that already runs.
_SECRETS = ("histdata_admin_token_env", "histdata_nortech_token_env")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the configuration file."""
    parser.addini("histdata_world", "YAML file of the objects that the mock knows, from this file's folder")
    parser.addini("histdata_settings", "YAML file of the settings that each test starts with")
    parser.addini("histdata_nortech_revision", "revision of the Nortech contract: documented or current")
    parser.addini("histdata_liverig_revision", "revision of the LiveRig contract: current or old")
    parser.addini("histdata_mock_url", "a mock that already runs, in place of one that is started")
    parser.addini("histdata_admin_token_env", "environment variable that holds that mock's admin token")
    parser.addini("histdata_nortech_token_env", "environment variable that holds its Nortech token")


@dataclass(frozen=True)
class Server:
    """A mock that runs.

    Attributes:
        url: Its address.
        admin_token: The token of its control API, where it wants one.
        nortech_token: The token of its Nortech endpoint, where it is not the usual one.
    """

    url: str
    admin_token: str | None = None
    nortech_token: str | None = None


@pytest.fixture(scope="session")
def _histdata_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    given = {name: str(pytestconfig.getini(name)) for name in _STARTED_WITH if pytestconfig.getini(name)}
    secrets = {name: _secret(pytestconfig, name) for name in _SECRETS}
    url = str(pytestconfig.getini("histdata_mock_url"))
    # A mock is started here or it runs already: what is for the other case is told, not ignored.
    for name in given if url else [name for name in secrets if secrets[name]]:
        which = "names one that runs" if url else "is not set, so one is started here"
        _fail(f"{name} says something of another mock: histdata_mock_url {which}")
    if url:
        server = Server(url, *secrets.values())
        _check(server)
        yield server
    else:
        with _started(_arguments(pytestconfig, given)) as address:
            yield Server(address)


@pytest.fixture
def histdata_mock(_histdata_server: Server, request: pytest.FixtureRequest) -> Iterator[HistdataMock]:
    """A session of its own in a mock of both vendors: address, credentials, clock, settings, requests."""
    from mock_server.testing import DEMO_TOKEN, Admin, HistdataMock

    # The test's name is for people who look at the mock meanwhile; what follows makes it one of a kind.
    test = re.sub(r"[^A-Za-z0-9_]+", "-", request.node.name).strip("-")[:30] or "test"
    session = f"{test}.{uuid.uuid4().hex[:16]}"
    admin = Admin(_histdata_server.url, session, _histdata_server.admin_token)
    yield HistdataMock(admin, _histdata_server.nortech_token or DEMO_TOKEN)
    admin.call("POST", "reset")


def _check(server: Server) -> None:
    from mock_server.testing import Admin, AdminError

    try:
        Admin(server.url, "default", server.admin_token).call("GET", "clock")
    except AdminError as error:
        _fail(f"histdata_mock_url: {error}")


@contextlib.contextmanager
def _started(arguments: list[str]) -> Iterator[str]:
    """A mock in a process of its own, for as long as the block runs; gives its address."""
    command = [sys.executable, "-P", "-m", "mock_server", "serve", "--port", "0", "--stop-at-eof", *arguments]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        watchdog = threading.Timer(START, process.kill)
        watchdog.start()
        try:
            first = process.stdout.readline()
            watchdog.cancel()
            address = re.search(r"listens on (\S+)", first)
            if address is None:
                process.kill()
                process.wait()
                errors.seek(0)
                _fail(f"the mock did not start: {_reason(errors.read().decode('utf-8', 'replace'))}")
            yield address[1]
        finally:
            watchdog.cancel()
            watchdog.join()
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()


def _reason(told: str) -> str:
    # Of a usage message only what is wrong matters here: nobody has typed that command.
    return told.rpartition("error: ")[2].removeprefix("histdata-mock: ").strip() or "it said nothing"


def _arguments(config: pytest.Config, given: dict[str, str]) -> list[str]:
    folder = config.inipath.parent if config.inipath else config.rootpath
    arguments = []
    for name, value in given.items():
        if value:
            arguments += [_STARTED_WITH[name], str(folder / value) if name in _FILES else value]
    return arguments


def _secret(config: pytest.Config, option: str) -> str | None:
    name = str(config.getini(option))
    if not name:
        return None
    if not os.environ.get(name):
        _fail(f"{option}: the environment variable {name} is not set")
    return os.environ[name]


def _fail(reason: str) -> NoReturn:
    pytest.fail(f"histdata_mock: {reason}", pytrace=False)
