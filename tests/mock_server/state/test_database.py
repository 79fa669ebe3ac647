"""A PostgreSQL server that is there and does not answer: nobody waits for it for long."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
import requests

from mock_server.app import create_app
from mock_server.serving import server
from mock_server.serving.server import serving
from mock_server.settings import DEMO_TOKEN, Settings
from mock_server.state import database as databases
from mock_server.state.store import StateError
from tests.mock_server.conftest import NORTECH
from tests.mock_server.state.conftest import GIVEN, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


def ask(url: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    return requests.post(url + NORTECH, json=HISTORY, headers=headers, timeout=30)


def refused(url: str, reason: str) -> None:
    """The state is told not to answer, soon and with the reason; and the mock is up."""
    answer = ask(url)
    assert answer.status_code == 503
    assert reason in answer.json()["error" if "error" in answer.json() else "details"]
    assert int(answer.headers["Retry-After"]) > 0
    assert requests.get(f"{url}/__admin/health", timeout=30).elapsed.total_seconds() < 1


def test_a_file_that_somebody_takes_away_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to it raises nothing, and all of it would be lost."""
    monkeypatch.setattr(databases, "WATCH", 0)
    place, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    with serving(create_app(Settings(state=place))) as url:
        assert ask(url).ok
        place.rename(elsewhere)
        refused(url, f"{place}: the file is gone: bring it back, or start the mock anew")
        place.write_bytes(b"")
        refused(url, f"{place}: another file is in its place")
        elsewhere.replace(place)
        assert ask(url).ok


def test_a_server_that_lets_nobody_in_is_given_up() -> None:
    # Whoever connects is in the queue of this one, for ever.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"postgresql://histdata@127.0.0.1:{silent.getsockname()[1]}/histdata?connect_timeout=2"
        began = time.monotonic()
        with pytest.raises(StateError, match="timeout"), opened(place):
            pass
        assert time.monotonic() - began < 10


@pytest.mark.postgres
@pytest.mark.parametrize("own, bound", [("", databases.BUSY), ("&options=-c%20lock_timeout%3D50ms", 0.05)])
def test_a_lock_is_not_waited_for_longer_than_the_url_says(database: str, own: str, bound: float) -> None:
    with serving(create_app(Settings(state=database + own))) as url, psycopg.connect(database) as other:
        assert ask(url).ok
        other.execute("LOCK TABLE histdata_nortech_requests IN ACCESS EXCLUSIVE MODE")

        began = time.monotonic()
        refused(url, "lock timeout")

        assert bound <= time.monotonic() - began < bound + 5
        other.rollback()
        assert ask(url).ok


@contextlib.contextmanager
def stopped(database: str) -> Iterator[None]:
    """The processes of the server that serve this database do nothing meanwhile."""
    if os.environ.get(GIVEN):
        pytest.skip(f"the server of {GIVEN} is not ours to stop")
    with psycopg.connect(database, autocommit=True) as own:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = [pid for (pid,) in own.execute(query)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.postgres
def test_a_server_that_stands_still_is_told_soon(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(create_app(Settings(state=database))) as url:
        assert ask(url).ok
        with stopped(database), monkeypatch.context() as patch:
            patch.setattr(databases, "ANSWER", 0.5)
            refused(url, "no answer in 0.5 s")
        assert ask(url).ok


@pytest.mark.postgres
@pytest.mark.parametrize("path", [NORTECH, "/__admin/jobs", "/__admin/snapshot"])
def test_a_mock_ends_although_the_server_stands_still(
    database: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "ANSWER", 0.5)
    monkeypatch.setitem(server.OPTIONS, "timeout_graceful_shutdown", 1)
    with contextlib.ExitStack() as after, ThreadPoolExecutor() as clients:
        with serving(create_app(Settings(state=database))) as url:
            assert ask(url).ok
            assert requests.get(f"{url}/__admin/snapshot", timeout=30).ok
            after.enter_context(stopped(database))
            waiting = clients.submit(requests.get, url + path, timeout=30)
            refused(url, "no answer in 0.5 s")
            began = time.monotonic()
        took = time.monotonic() - began

        assert waiting.result().status_code in {405, 503}
        assert took < 10
