"""What cannot be answered as it should is told in the vendor's words."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from mock_server.settings import Settings
from tests.mock_server.admin.conftest import checked
from tests.mock_server.conftest import COLLECTOR, LIVERIG, Mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}
REASON = "The state cannot be kept: "


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Somebody else is writing into the state, and takes time."""
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def test_a_state_that_does_not_answer_is_told_soon_and_has_no_lasting_effect(
    start: Callable[[Settings], Mock], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state.sqlite"
    mock = start(Settings(state=state, nortech_revision="current"))
    body = mock.liverig.examples()["dateTimeLog"]
    # Has ids at hand: its lock is waited for where the answer is kept, that of LiveRig where ids are taken.
    mock.history(HISTORY)

    asks: list[Callable[[], requests.Response]] = [
        lambda: requests.post(mock.url + LIVERIG, params=COLLECTOR, json=body, timeout=30),
        lambda: mock.history(HISTORY),
        lambda: mock.admin("settings", "PATCH", json={"liverig": {"windowMs": 1}}),
    ]
    # However many wait for the same, none waits for the others' turns.
    asks += asks[:1] * 5
    with locked(state), ThreadPoolExecutor(len(asks)) as pool:
        waiting = [pool.submit(ask) for ask in asks]
        # Nobody else waits for it meanwhile: neither who asks whether the mock is up, nor who only reads.
        while not all(each.done() for each in waiting):
            for path in ("health", "jobs"):
                answer = mock.admin(path)
                assert answer.status_code == 200
                assert answer.elapsed.total_seconds() < 1
        answers = [each.result() for each in waiting]
    vendor, other, own, *_ = answers

    assert [answer.status_code for answer in answers] == [503] * len(asks)
    assert all(answer.elapsed.total_seconds() < 5 for answer in answers)
    assert vendor.json()["failure"].startswith(REASON)
    assert other.json()["details"].startswith(REASON)
    assert checked(own)["detail"].startswith(REASON)
    assert all("database is locked" in answer.text for answer in answers)
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert [
        record.exc_info for record in caplog.records if REASON.lower() in record.getMessage().lower()
    ] == [None] * len(asks)
    assert "Traceback" not in caplog.text
    # Only what was acknowledged is there.
    assert mock.backlog(body).status_code == 200
    assert mock.history(HISTORY).status_code == 200
    assert mock.admin("requests").json()["meta"]["total"] == 3
    assert mock.admin("jobs").json()["meta"]["total"] == 1


def test_a_state_that_answers_again_in_time_is_waited_for(
    start: Callable[[Settings], Mock], tmp_path: Path
) -> None:
    state = tmp_path / "state.sqlite"
    mock = start(Settings(state=state))
    body = mock.liverig.examples()["dateTimeLog"]

    with ThreadPoolExecutor(2) as pool:
        with locked(state):
            waiting = [pool.submit(mock.backlog, body), pool.submit(mock.history, HISTORY)]
            # Each of these takes a turn of the event loop.
            for _ in range(10):
                assert mock.admin("jobs").json()["meta"]["total"] == 0
        assert [each.result().status_code for each in waiting] == [200, 200]
    assert mock.admin("jobs").json()["meta"]["total"] == 1
