"""What was acknowledged is kept; ids are never given twice."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from mock_server import clock
from mock_server.exchange import Exchange
from mock_server.settings import DEMO_TOKEN, Settings
from mock_server.state.store import Child, StateError, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.mock_server.conftest import Mock

HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}
PARENT = {"qualifier": "q", "instance": "i", "source": "s", "rig_name": "r"}


@contextlib.contextmanager
def opened(place: Path | None = None) -> Iterator[Store]:
    store = Store(place)
    try:
        yield store
    finally:
        store.close()


def arriving(session: str = "default") -> Exchange:
    now_us = clock.real_us()
    return Exchange(session, {}, clock.Clock(), now_us, now_us)


def test_a_restart_keeps_the_state(start: Callable[[Settings], Mock], tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    first = start(Settings(state=state))
    body = first.liverig.examples()["mixedLogs"]
    job = first.admin(f"jobs/{first.backlog(body).json()['success']}").json()
    answer = first.history(HISTORY).json()
    content = requests.get(answer["outputFile"], timeout=30).content
    second = start(Settings(state=state))

    assert second.admin(f"jobs/{job['uuid']}").json() == job
    assert requests.get(answer["outputFile"].replace(first.url, second.url), timeout=30).content == content
    assert second.history(HISTORY).json()["requestId"] > answer["requestId"]


def test_a_killed_mock_loses_nothing_that_it_has_acknowledged(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
        ids = [
            requests.post(
                f"{url}/api/v1/historical-data/sync", json=HISTORY, headers=headers, timeout=30
            ).json()["requestId"]
            for _ in range(20)
        ]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()

    async def check() -> None:
        with opened(state) as store:
            for number in ids:
                assert await store.data_request(number) is not None
            assert store.add_data_request(arriving(), "Finished").id > max(ids)

    asyncio.run(check())


def test_ids_count_on_over_a_reset() -> None:
    async def check() -> None:
        with opened() as store:
            before = arriving()
            first = store.add_data_request(before, "Finished")
            store.add_job(before, "u" * 36, PARENT, [Child("w", "b", "l", "TIME", "1", "2")])
            await store.commit(before)
            assert await store.data_request(first.id) == first
            await store.reset("default")
            assert await store.data_request(first.id) is None
            assert await store.newest_jobs("default", 10) == ([], 0)
            after = arriving()
            assert store.add_data_request(after, "Finished").id > first.id
            store.add_job(after, "v" * 36, PARENT, [Child("w", "b", "l", "TIME", "1", "2")])
            await store.commit(after)
            job = await store.job("default", "V" * 36)
            assert job is not None
            assert job.children[0].number == 2

    asyncio.run(check())


def test_a_private_state_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = Store()
    assert list(tmp_path.iterdir())
    store.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["no folder", "a folder", "other content", "other tables"])
def test_a_state_that_cannot_be_kept_says_where_and_why(tmp_path: Path, kind: str) -> None:
    path = {
        "no folder": tmp_path / "none" / "state",
        "a folder": tmp_path,
        "other content": tmp_path / "text",
        "other tables": tmp_path / "tables",
    }[kind]
    if kind == "other content":
        path.write_text("This is not a database. " * 100, encoding="utf-8")

    if kind == "other tables":
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE liverig_jobs (id INTEGER)")

    with pytest.raises(StateError, match=str(path)):
        Store(path)
